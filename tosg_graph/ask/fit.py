"""Whether the schema has a place for a relation between two kinds of nodes, and which edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tosg_graph.ask.plan import Step
from tosg_graph.ask.relations import Relation
from tosg_graph.schema import EDGE_TYPE, LABELS

#: Triples of edge type, label of the subject, label of the object.
Ends = tuple[tuple[str, str, str], ...]

_ORDER = {label.name: position for position, label in enumerate(LABELS)}
_TO_PROTEIN = Step(("ENCODES",), "out", ("Protein",))
_TO_GENE = Step(("ENCODES",), "in", ("Gene",))

# The label that a set has, the one that the edge needs → the step between the two.
_BRIDGES = {("Gene", "Protein"): _TO_PROTEIN, ("Protein", "Gene"): _TO_GENE}


@dataclass(frozen=True, slots=True)
class Fit:
    """Edges that join two sets, with a step from gene to protein, or back, where one is needed.

    Parameters
    ----------
    edges
        Their types.
    subject_labels, object_labels
        What is left of the labels of both sets.
    reached
        Labels of the node that the edge itself leads to.
    before, after
        Steps before and after it.
    """

    edges: tuple[str, ...]
    subject_labels: tuple[str, ...]
    object_labels: tuple[str, ...]
    reached: tuple[str, ...]
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()

    def steps(self, step: Step) -> tuple[Step, ...]:
        """Give the whole way from the subject to the object."""
        return (*self.before, replace(step, labels=self.reached), *self.after)


def pairs(
    relation: Relation, back: bool, ends: Callable[[str], tuple[tuple[str, str], ...]]
) -> Ends:
    """Give what a relation can join, seen from its subject (or, ``back``, from its object).

    Parameters
    ----------
    ends
        The pairs of labels that edges of a type have in the build.
    """
    found = []
    for edge in relation.edges:
        for source, target in ends(edge) or EDGE_TYPE[edge].ends:
            if not back or not relation.directed:
                found.append((edge, source, target))
            if back or not relation.directed:
                found.append((edge, target, source))
    return tuple(found)


def fits(ends: Ends, subject: Sequence[str], target: Sequence[str], *, convert: bool) -> Fit | None:
    """Give the edges between two sets of labels.

    Parameters
    ----------
    ends
        What the relation can join.
    subject, target
        Labels of both sets.
    convert
        Whether a gene may stand for its protein and a protein for its gene.
    """
    if not convert:
        return _fit(ends, set(subject), set(target))
    for after in (None, *_BRIDGES):
        for before in (None, *_BRIDGES):
            found = _bridged(ends, subject, target, before, after)
            if found is not None:
                return found
    return None


def _bridged(
    ends: Ends,
    subject: Sequence[str],
    target: Sequence[str],
    before: tuple[str, str] | None,
    after: tuple[str, str] | None,
) -> Fit | None:
    if (before and before[0] not in subject) or (after and after[0] not in target):
        return None
    found = _fit(
        ends, {before[1]} if before else set(subject), {after[1]} if after else set(target)
    )
    if found is None:
        return None
    if before:
        found = replace(found, subject_labels=(before[0],), before=(_BRIDGES[before],))
    if after:
        back = _BRIDGES[(after[1], after[0])]
        found = replace(found, object_labels=(after[0],), after=(back,))
    return found


def _fit(ends: Ends, subject: set[str], target: set[str]) -> Fit | None:
    chosen = [end for end in ends if end[1] in subject and end[2] in target]
    if not chosen:
        return None
    edges = tuple(dict.fromkeys(edge for edge, _, _ in chosen))
    ours, theirs = (_sorted(end[side] for end in chosen) for side in (1, 2))
    return Fit(edges, ours, theirs, theirs)


def _sorted(labels: object) -> tuple[str, ...]:
    assert not isinstance(labels, str)
    return tuple(sorted(set(labels), key=_ORDER.__getitem__))  # type: ignore[call-overload]
