"""Plans, rows and edges in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tosg_graph.ask.nodes import NodeNames
from tosg_graph.ask.plan import DEFAULT_HOPS, Detection, Form, Join, NodeSet, Plan, Step

#: Answers that the text spells out; the rows have them all.
SPELT_OUT = 20
_PMIDS = 3

_VERBS = {
    "TRANSCRIBED_TO": "is transcribed to",
    "TRANSLATED_TO": "is translated to",
    "ENCODES": "encodes",
    "PART_OF": "is a subunit of",
    "ACTIVATES": "activates",
    "INHIBITS": "inhibits",
    "REGULATES": "regulates, with a sign that is not known,",
    "BINDS": "binds",
    "INTERACTS_WITH": "interacts with",
    "MEMBER_OF": "takes part in",
    "IS_A": "is a kind of",
    "CHILD_OF": "is a sub-pathway of",
    "ASSOCIATED_WITH": "is associated with",
    "TARGETS": "targets",
    "TREATS": "treats",
    "PALLIATES": "palliates",
}


def percent(share: float) -> str:
    """Say a share as a reader sees it.

    Examples
    --------
    >>> percent(0.25), percent(0.333)
    ('25 %', '33.3 %')
    """
    return f"{round(100 * share, 1):g} %"


def group(detection: Detection) -> str:
    """Say the group of cells, and the values of the label column that it stands for."""
    values = ", ".join(detection.groups)
    read = f" ({values})" if values and values != detection.asked else ""
    return f"{detection.asked}{read} of the cells {detection.store!r}"


def threshold(detection: Detection) -> str:
    """Say the condition on the share of cells."""
    what = "RNA" if detection.modality == "rna" else "surface protein"
    return f"with {what} counted in {_bound(detection)} of {group(detection)}"


def _bound(detection: Detection) -> str:
    return f"{'more than' if detection.strict else 'at least'} {percent(detection.min_share)}"


# ---- the reading ---------------------------------------------------------------------------------


def reading(plan: Plan) -> str:
    """Say the question as it was understood."""
    write = _READINGS.get(plan.form)
    return write(plan) if write else _listed(plan)


def _listed(plan: Plan) -> str:
    if plan.form in (Form.EXISTS, Form.EVIDENCE):
        asked = (
            "whether it is recorded that" if plan.form is Form.EXISTS else "statements saying that"
        )
        return f"{asked} {statement(plan.answer)}"
    said = nodes(plan.answer)
    if plan.form is Form.COUNT:
        return f"number of {said}"
    if plan.rank is not None:
        by = {"count": "the most first", "evidence": "by number of statements, most first"}
        said += ", " + by.get(plan.rank.by, f"by {plan.rank.by}, highest first")
    return said if plan.limit is None else f"the first {plan.limit} of: {said}"


_SAID = {"synonyms": "other names", "xrefs": "ids in other databases"}
_READINGS = {
    Form.PATH: lambda p: (
        f"shortest signalling paths of at most {p.answer.joins[0].steps[0].max_hops} steps from "
        f"{p.answer.says} to {p.to.says}"
    ),
    Form.NEIGHBOURS: lambda p: f"everything that one edge joins to {p.answer.says}",
    Form.CHAIN: lambda p: f"transcripts and proteins of {p.answer.says}",
    Form.DESCRIBE: lambda p: f"{_SAID.get(p.what, 'what the graph says')} of {p.answer.says}",
    Form.GROUPS: lambda p: (
        f"groups of the cells {p.answer.detections[0].store!r} in which {p.answer.says} is counted "
        f"in {_bound(p.answer.detections[0])} of the cells"
    ),
    Form.COUNTS: lambda p: {
        "nodes": "number of nodes per label",
        "edges": "number of edges per type",
    }.get(p.what, "number of nodes per label and of edges per type"),
}


def nodes(chosen: NodeSet) -> str:
    """Say a node set with all that must hold."""
    said = chosen.says
    conditions = [_join(join) for join in chosen.joins]
    conditions += [threshold(detection) for detection in chosen.detections]
    noun_says_it = {
        "receptors",
        "receptor proteins",
        "receptor complexes",
        "secreted",
        "mane select",
    }
    hidden = [f for f in chosen.filters if not any(word in said for word in noun_says_it)]
    conditions += [f"marked as {f.name.replace('_', ' ')}" for f in hidden]
    return " and ".join([f"{said} {conditions[0]}", *conditions[1:]]) if conditions else said


def statement(chosen: NodeSet) -> str:
    """Say what is said of named nodes, as a sentence."""
    said = [f"{_one(join.says)} {_object(join)}" for join in chosen.joins]
    said += [f"is found {threshold(detection)}" for detection in chosen.detections]
    said += [f"is marked as {wanted.name.replace('_', ' ')}" for wanted in chosen.filters]
    return f"{chosen.says} {' and '.join(said)}"


def _one(says: str) -> str:
    """Say a relation of many as one of a single thing: "are bound by" becomes "is bound by"."""
    found, bend = [], True
    for word in says.split(" "):
        bare = word.rstrip(",")
        bent = _BENT.get(bare, bare + "s") + word[len(bare) :] if bend else word
        found.append(bent)
        bend = word.endswith(",") or word == "or"
    return " ".join(found)


_BENT = {"are": "is", "have": "has"}


def _join(join: Join) -> str:
    return f"that {join.says} {_object(join)}"


def _object(join: Join) -> str:
    target = nodes(join.target)
    if join.target.ids is None:
        target = f"the most {target}" if join.most else f"at least one of the {target}"
    return target + _through(join.steps)


def _through(steps: Sequence[Step]) -> str:
    chained = [step for step in steps if not step.single]
    if chained:
        most = chained[0].max_hops
        return f" within {most} steps" if most > 1 else ""
    if any(set(step.edges) <= {"ACTIVATES", "INHIBITS", "REGULATES"} for step in steps):
        return ""
    return " (through the protein that the gene encodes)" if _bridged(steps) else ""


def _bridged(steps: Sequence[Step]) -> bool:
    return len(steps) > 1 and any(step.edges == ("ENCODES",) for step in steps)


# ---- claims --------------------------------------------------------------------------------------


def claim(edge: Mapping[str, Any], names: NodeNames) -> str:
    """One fact as a sentence, with its sources and publications.

    The sentence says what the edge says: its own direction, type and action.
    """
    source, target = names.get(edge["source"]).short, names.get(edge["target"]).short
    extras = [edge.get("action")] if edge.get("action") else []
    if edge.get("affinity") is not None:
        extras.append(f"affinity {edge['affinity']:.3g}")
    extras += list(edge.get("mechanisms") or ())
    told = f" ({', '.join(map(str, extras))})" if extras else ""
    return f"{source} {_VERBS[edge['type']]} {target}{told} {cited(edge)}"


def cited(edge: Mapping[str, Any]) -> str:
    """Say sources and publications of an edge, or of a description, in brackets."""
    sources = ", ".join(edge.get("sources") or ("source not given",))
    pmids = [f"PMID {pmid}" for pmid in edge.get("pmids") or ()]
    more = f", {len(pmids) - _PMIDS} more" if len(pmids) > _PMIDS else ""
    return f"[{'; '.join([sources, *([', '.join(pmids[:_PMIDS]) + more] if pmids else [])])}]"


def lines(
    answers: Iterable[str],
    chains: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]],
    shares: Sequence[tuple[Detection, Mapping[str, float]]],
    names: NodeNames,
) -> list[str]:
    """One line per answer: what it is, the facts behind it, and where it is detected."""
    found = []
    for node in answers:
        said = ["; ".join(claim(edge, names) for edge in chain) for chain in chains.get(node, ())]
        for detection, share in shares:
            if node in share:
                said.append(f"counted in {percent(share[node])} of {detection.asked}")
        called = names.get(node)
        head = called.short if called.short == node else f"{called.short} ({node})"
        found.append(f"- {head}" + (": " + "; ".join(dict.fromkeys(said)) if said else ""))
    return found


def path_line(path: Sequence[Mapping[str, Any]], names: NodeNames) -> str:
    """Say a path as a sentence, with the sign of the whole."""
    said = "; ".join(claim(edge, names) for edge in path)
    return f"- {path_names(path, names)} (net effect {sign_words(net_sign(path))}): {said}"


def path_names(path: Sequence[Mapping[str, Any]], names: NodeNames) -> str:
    """Say the nodes of a path with signed arrows."""
    arrows = {1: " → ", -1: " ⊣ ", None: " –?→ "}
    said = names.get(path[0]["source"]).short
    for edge in path:
        said += arrows[edge.get("sign")] + names.get(edge["target"]).short
    return said


def net_sign(path: Sequence[Mapping[str, Any]]) -> int | None:
    """Say the product of the signs; None where one is not known."""
    product = 1
    for edge in path:
        if edge.get("sign") is None:
            return None
        product *= edge["sign"]
    return product


def sign_words(sign: int | None) -> str:
    """Say a sign in words."""
    return {1: "positive", -1: "negative", None: "not known"}[sign]


def step_notes(plan: Plan) -> list[str]:
    """How far up or downstream was gone, where the question did not say."""
    notes = []
    for join in plan.answer.joins:
        if join.says in ("are upstream of", "are downstream of"):
            most = max(step.max_hops for step in join.steps)
            if most == DEFAULT_HOPS:
                walked = (
                    "1 step of signalling was" if most == 1 else f"{most} steps of signalling were"
                )
                notes.append(f"{walked} followed; say 'within 3 steps' to go further")
    return notes
