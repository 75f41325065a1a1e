"""From a reading of a question to its plan: types are checked and names become ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeGuard

from tosg_graph.ask.abundance import DETECTABLE, Abundance
from tosg_graph.ask.fit import Ends, Fit, fits, pairs
from tosg_graph.ask.lexicon import Link
from tosg_graph.ask.link import Linker
from tosg_graph.ask.names import Names
from tosg_graph.ask.nodes import NodeName
from tosg_graph.ask.outcome import Ended, Misfit, Status
from tosg_graph.ask.plan import (
    DEFAULT_HOPS,
    MOST_HOPS,
    Detection,
    Filter,
    Form,
    Join,
    NodeSet,
    Plan,
    Rank,
    Step,
)
from tosg_graph.ask.relations import RELATIONS
from tosg_graph.ask.syntax import Being, Clause, Phrase, Question, Related, Seen
from tosg_graph.schema import LABEL, LABELS, SIGNALLING

ALL = tuple(label.name for label in LABELS)


@dataclass(frozen=True, slots=True)
class Draft:
    """A node set whose names are not ids yet; clauses narrow its labels one after the other."""

    phrase: Phrase
    labels: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    joins: tuple[Join, ...] = ()
    detections: tuple[Detection, ...] = ()


class Planner:
    """Makes plans for one build and the cells that were given.

    Parameters
    ----------
    linker
        Knows the names.
    cells
        Knows the groups of cells.
    """

    def __init__(self, linker: Linker, cells: Abundance) -> None:
        self._names = Names(linker)
        self._shape = linker.names
        self._cells = cells

    def plan(self, question: Question) -> Plan:
        """Give the plan of a reading.

        Raises
        ------
        Misfit
            If the schema has no place for it; another reading may fit.
        Ended
            If a name is ambiguous or unknown, or cells are missing.
        """
        self._names.notes.clear()
        made = _SHAPES.get(question.form, Planner._listed)(self, question)
        return replace(made, notes=(*made.notes, *self._names.notes))

    # ---- the forms ---------------------------------------------------------------------------

    def _listed(self, question: Question) -> Plan:
        """List, count, exists: the nodes of the subject."""
        answer = self._finished(self._draft(question.subject))
        phrase = question.subject
        rank = question.rank
        if any(join.most for join in answer.joins):
            rank = Rank("count")
        elif phrase.ranked and rank is None:
            rank = Rank("evidence")
        if rank is not None and rank.by == "affinity" and "TARGETS" not in _edges(answer):
            raise Misfit("an affinity is known for what a drug targets, and for nothing else")
        if rank is not None and not answer.joins:
            raise Misfit("without a relation there is nothing to rank by")
        return Plan(question.form, answer, limit=phrase.top, rank=rank, notes=_notes(phrase))

    def _evidence(self, question: Question) -> Plan:
        answer = self._finished(self._draft(question.subject))
        if not answer.joins or not all(len(join.steps) == 1 for join in answer.joins):
            raise Misfit("evidence is kept for single facts, such as: EGF activates EGFR")
        return Plan(Form.EVIDENCE, answer, what=question.what)

    def _path(self, question: Question) -> Plan:
        assert question.to is not None
        starts = self._named(question.subject, ("Protein", "Complex", "Drug"))
        ends = self._named(question.to, ("Protein", "Complex"))
        edges = (*SIGNALLING, "TARGETS") if "Drug" in starts.labels else SIGNALLING
        step = Step(edges, "out", ("Protein", "Complex"), min_hops=1, max_hops=MOST_HOPS)
        return Plan(Form.PATH, replace(starts, joins=(Join((step,), ends, "lead to"),)), to=ends)

    def _one(self, question: Question) -> Plan:
        """Describe and neighbours: the named nodes, whatever they are."""
        said = [label for mention in question.subject.mentions for label in mention.labels]
        try:
            answer = self._named(question.subject, tuple(said) or ALL)
        except Ended as ended:
            strange = [m.text for m in question.subject.mentions if not m.looks_like_a_name]
            if ended.status is Status.UNKNOWN_ENTITY and strange:
                raise Misfit(f"{strange[0]!r} was not understood") from None
            raise
        return Plan(question.form, answer, what=question.what)

    def _chain(self, question: Question) -> Plan:
        return Plan(Form.CHAIN, self._named(question.subject, ("Gene",)))

    def _groups(self, question: Question) -> Plan:
        assert question.group is not None
        seen = question.group
        modality = seen.modality or "rna"
        store = self._cells.store_for(modality)
        label = ("Gene",) if modality == "rna" else ("Protein", "Complex")
        answer = self._named(question.subject, label)
        asked = self._cells.detection_of_all(store, modality, seen.share, strict=seen.strict)
        return Plan(Form.GROUPS, replace(answer, detections=(asked,)))

    def _counts(self, question: Question) -> Plan:
        return Plan(Form.COUNTS, NodeSet(ALL, "nodes"), what=question.what)

    def _named(self, phrase: Phrase, labels: tuple[str, ...]) -> NodeSet:
        draft = self._draft(phrase)
        kept = tuple(label for label in draft.labels if label in labels)
        if not kept:
            raise Misfit(f"{_text(phrase)!r} is no {_either(labels)}")
        return self._finished(replace(draft, labels=kept))

    # ---- node sets ---------------------------------------------------------------------------

    def _draft(self, phrase: Phrase) -> Draft:
        if phrase.mentions:
            labels = self._names.labels(phrase.mentions)
        else:
            labels = phrase.kind.labels if phrase.kind and phrase.kind.labels else ALL
        draft = Draft(phrase, labels)
        if phrase.kind is not None:
            draft = _with_filters(draft, phrase.kind.filters)
            if phrase.kind.links and not any(_same(c, phrase.kind.links) for c in phrase.clauses):
                draft = self._related(draft, Related(phrase.kind.links, Phrase()))
        for clause in phrase.clauses:
            if phrase.kind is not None and _same(clause, phrase.kind.links):
                clause = replace(clause, links=phrase.kind.links)
            draft = self._narrowed(draft, clause)
        if phrase.kind is not None and phrase.kind.modality and not draft.detections:
            raise Misfit(
                f"the graph does not say which are {phrase.kind.says}; ask which are detected in a "
                "group of cells"
            )
        return draft

    def _narrowed(self, draft: Draft, clause: Clause) -> Draft:
        if isinstance(clause, Seen):
            return self._seen(draft, clause)
        if isinstance(clause, Being):
            return self._being(draft, clause.phrase)
        return self._related(draft, clause)

    def _finished(self, draft: Draft) -> NodeSet:
        ids = None
        labels = draft.labels
        says = _kind_says(draft)
        if draft.phrase.mentions:
            nodes = [n for m in draft.phrase.mentions for n in self._names.nodes(m, draft.labels)]
            ids = tuple(dict.fromkeys(node.id for node in nodes))
            labels = tuple(label for label in ALL if any(node.label == label for node in nodes))
            says = _names_say(nodes, draft.phrase.every)
        return NodeSet(labels, says, ids, draft.filters, draft.joins, draft.detections)

    def _seen(self, draft: Draft, seen: Seen) -> Draft:
        labels = tuple(label for label in draft.labels if label in DETECTABLE)
        if not labels:
            raise Misfit(f"{_kind_says(draft)} are not counted in cells; genes and proteins are")
        kind = draft.phrase.kind
        modality = seen.modality or (kind.modality if kind else None)
        if draft.phrase.mentions and {"Gene", "Protein"} <= set(labels):
            labels = ("Protein",) if modality == "protein" else ("Gene",)
        found = [
            self._cells.detection(group.text, modality, seen.share, strict=seen.strict)
            for group in (seen.group, *seen.also)
        ]
        return replace(draft, labels=labels, detections=(*draft.detections, *found))

    def _being(self, draft: Draft, phrase: Phrase) -> Draft:
        """Read "… are receptors": what is said of the noun holds for the subject too."""
        if phrase.mentions or phrase.kind is None or phrase.most or phrase.top:
            raise Misfit(f"{_text(phrase)!r} does not say what kind of thing is asked for")
        other = self._draft(phrase)
        shared = tuple(label for label in draft.labels if label in other.labels)
        if shared:
            return replace(
                draft,
                labels=shared,
                filters=(*draft.filters, *other.filters),
                joins=(*draft.joins, *other.joins),
                detections=(*draft.detections, *other.detections),
            )
        for kept, direction in (("Gene", "out"), ("Protein", "in")):
            end = "Protein" if kept == "Gene" else "Gene"
            if kept in draft.labels and end in other.labels:
                target = self._finished(replace(other, labels=(end,)))
                join = Join((Step(("ENCODES",), direction, (end,)),), target, _ENCODING[direction])
                return replace(draft, labels=(kept,), joins=(*draft.joins, join))
        raise Misfit(f"{_kind_says(draft)} are never {phrase.kind.says}")

    def _related(self, draft: Draft, related: Related) -> Draft:
        objects = _apart(related.object)
        for phrase in objects:
            draft = self._joined(draft, replace(related, object=phrase))
        return draft

    def _joined(self, draft: Draft, related: Related) -> Draft:
        target = self._draft(related.object)
        for convert in (False, True):
            for link in related.links:
                ends = self._ends(link)
                found = fits(ends, draft.labels, target.labels, convert=convert)
                if found is not None:
                    objects = self._finished(replace(target, labels=found.object_labels))
                    if link.relation in ("ligand", "bind"):
                        objects, found = self._with_complexes(objects, found, ends)
                    steps = found.steps(_step(link, found.edges, related.hops))
                    relation = RELATIONS[link.relation]
                    says = relation.says_back if link.back else relation.says
                    join = Join(steps, objects, says, related.object.most)
                    return replace(draft, labels=found.subject_labels, joins=(*draft.joins, join))
        raise Misfit(_no_place(draft, related, target))

    def _with_complexes(self, objects: NodeSet, found: Fit, ends: Ends) -> tuple[NodeSet, Fit]:
        """Add the complexes of given proteins: what binds them binds their subunits."""
        more = [c for node in objects.ids or () for c in self._shape.complexes(node)]
        wider = fits(ends, found.subject_labels, (*found.object_labels, "Complex"), convert=False)
        if not more or wider is None or "Complex" not in wider.reached:
            return objects, found
        says = f"{objects.says} or a complex that it is part of"
        ids = tuple(dict.fromkeys((*(objects.ids or ()), *more)))
        return replace(objects, ids=ids, labels=wider.reached, says=says), wider

    def _ends(self, link: Link) -> Ends:
        return pairs(RELATIONS[link.relation], link.back, self._shape.ends)


_SHAPES = {
    Form.EVIDENCE: Planner._evidence,
    Form.PATH: Planner._path,
    Form.NEIGHBOURS: Planner._one,
    Form.DESCRIBE: Planner._one,
    Form.CHAIN: Planner._chain,
    Form.GROUPS: Planner._groups,
    Form.COUNTS: Planner._counts,
}
_ENCODING = {"out": "encode", "in": "are encoded by"}


def _step(link: Link, edges: tuple[str, ...], hops: int | None) -> Step:
    relation = RELATIONS[link.relation]
    most = 1
    if relation.chain or (hops or 1) > 1:
        most = DEFAULT_HOPS if hops is None else hops
    if most > 1 and not set(edges) <= set(SIGNALLING):
        raise Misfit(f"{relation.says!r} is one step; only signalling goes on from step to step")
    if most > MOST_HOPS or (hops is not None and hops < 1):
        raise Ended(Status.UNANSWERABLE, f"{hops} steps were asked for; 1 to {MOST_HOPS} can be")
    direction = "both" if not relation.directed else "in" if link.back else "out"
    return Step(
        edges, direction, (), relation.sign, relation.actions, relation.mechanism, max_hops=most
    )


def _with_filters(draft: Draft, filters: Iterable[tuple[str, bool | str]]) -> Draft:
    """Keep the labels that have the properties."""
    made = tuple(Filter(name, value) for name, value in filters)
    wanted = {f.name for f in made}
    kept = tuple(la for la in draft.labels if wanted <= {p.name for p in LABEL[la].properties})
    if not kept:
        raise Misfit(f"{_kind_says(draft)} have no property {', '.join(sorted(wanted))}")
    return replace(draft, labels=kept, filters=(*draft.filters, *made))


def _apart(phrase: Phrase) -> list[Phrase]:
    """Names that must each hold, one phrase for each."""
    if phrase.every and len(phrase.mentions) > 1:
        return [replace(phrase, mentions=(mention,)) for mention in phrase.mentions]
    return [phrase]


def _same(clause: Clause, links: tuple[Link, ...]) -> TypeGuard[Related]:
    """Whether a clause says what the noun says, as in "ligands that bind EGFR"."""
    if not isinstance(clause, Related) or not links:
        return False
    ours, theirs = links[0], clause.links[0]
    return theirs == ours or {ours.relation, theirs.relation} == {"ligand", "bind"}


def _edges(answer: NodeSet) -> set[str]:
    return {edge for join in answer.joins for step in join.steps for edge in step.edges}


def _kind_says(draft: Draft) -> str:
    kind = draft.phrase.kind
    if draft.phrase.mentions:
        return _text(draft.phrase)
    if kind is not None and kind.says:
        adjectives = [f.name.replace("_", " ") for f in draft.filters]
        wanted = [a for a in adjectives if a in ("secreted", "transmembrane", "mane select")]
        return " ".join([*wanted, kind.says])
    return "nodes" if len(draft.labels) == len(ALL) else _plural(draft.labels)


def _plural(labels: Iterable[str]) -> str:
    words = {"CellType": "cell types", "Complex": "complexes"}
    said = [words.get(label, label.lower() + "s") for label in labels]
    return " or ".join(filter(None, [", ".join(said[:-1]), said[-1]]))


def _names_say(nodes: Iterable[NodeName], every: bool) -> str:
    said = [f"{n.short} ({n.id})" if n.short != n.id else n.id for n in nodes]
    return (" and " if every else " or ").join(dict.fromkeys(said))


def _text(phrase: Phrase) -> str:
    if phrase.mentions:
        return (" and " if phrase.every else " or ").join(m.text for m in phrase.mentions)
    return phrase.kind.says if phrase.kind else "what"


def _either(labels: Iterable[str]) -> str:
    return " or ".join(label.lower() for label in labels)


def _notes(phrase: Phrase) -> tuple[str, ...]:
    kind = phrase.kind
    if kind is not None and kind.says == "inhibitors":
        return ('"inhibitors" was read as drugs; for proteins ask: Which proteins inhibit …?',)
    return ()


def _no_place(draft: Draft, related: Related, target: Draft) -> str:
    link = related.links[0]
    relation = RELATIONS[link.relation]
    says = relation.says_back if link.back else relation.says
    return (
        f"the graph has no facts of the kind: {_kind_says(draft)} that {says} {_kind_says(target)}"
    )
