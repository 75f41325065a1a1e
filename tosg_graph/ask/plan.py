"""The plan of a question: what is asked for, in types, with every name resolved to ids."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

#: Share of the cells of a group in which a feature must be counted to be called detected.
DEFAULT_SHARE = 0.25
#: Steps that "downstream" and "upstream" go when the question does not say how many.
DEFAULT_HOPS = 1
#: Steps that a question may go at most.
MOST_HOPS = 4


class Form(StrEnum):
    """What an answer is."""

    LIST = "list"  # the nodes
    COUNT = "count"  # how many there are
    EXISTS = "exists"  # whether there is one
    PATH = "path"  # a signed path between two nodes
    EVIDENCE = "evidence"  # the statements behind facts
    NEIGHBOURS = "neighbours"  # everything that one edge joins to a node
    CHAIN = "chain"  # gene, transcript, protein
    DESCRIBE = "describe"  # the node itself
    GROUPS = "groups"  # the groups of cells that detect a feature
    COUNTS = "counts"  # nodes per label, or edges per type


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a pattern, or a chain of edges of the same types.

    Parameters
    ----------
    edges
        Edge types, any of them.
    direction
        ``out`` (from the nearer node), ``in`` or ``both``.
    labels
        Labels of the node that it leads to.
    sign
        Only edges with this sign.
    actions
        Only edges whose action is one of these.
    mechanism
        Only edges that name this mechanism.
    min_hops, max_hops
        How many edges; 1 and 1 for a single one.
    """

    edges: tuple[str, ...]
    direction: str
    labels: tuple[str, ...]
    sign: int | None = None
    actions: tuple[str, ...] = ()
    mechanism: str | None = None
    min_hops: int = 1
    max_hops: int = 1

    @property
    def single(self) -> bool:
        """Whether it is one edge."""
        return self.min_hops == self.max_hops == 1


@dataclass(frozen=True, slots=True)
class Filter:
    """A property that a node must have."""

    name: str
    value: bool | str


@dataclass(frozen=True, slots=True)
class NodeSet:
    """Some nodes: those of given ids, or all of some labels; and what must hold for each.

    Parameters
    ----------
    labels
        Labels, any of them.
    says
        How a reader calls the set.
    ids
        The only nodes that may be in it; None for all.
    filters, joins, detections
        What must hold, all of it.
    """

    labels: tuple[str, ...]
    says: str
    ids: tuple[str, ...] | None = None
    filters: tuple[Filter, ...] = ()
    joins: tuple[Join, ...] = ()
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """Edges must lead from the node to one of a set.

    Parameters
    ----------
    steps
        The edges, from the node on.
    target
        The set.
    says
        How a reader calls the relation ("are targeted by").
    most
        Whether nodes with more of the set go first.
    """

    steps: tuple[Step, ...]
    target: NodeSet
    says: str
    most: bool = False

    @property
    def flat(self) -> bool:
        """Whether it is one edge to nodes that are given by id, and nothing more."""
        plain = not (self.target.joins or self.target.detections or self.target.filters)
        one = len(self.steps) == 1 and self.steps[0].single
        return one and plain and self.target.ids is not None


@dataclass(frozen=True, slots=True)
class Detection:
    """The node's feature must be counted in enough cells of a group.

    Parameters
    ----------
    store, modality
        Where the cells are, and which counts are meant.
    groups
        Values of the label column.
    asked
        The group as the question calls it.
    min_share
        Share of the cells, between 0 and 1.
    strict
        Whether the share must be greater, not only as great.
    stated
        Whether the question said the share; else it is :data:`DEFAULT_SHARE`.
    """

    store: str
    modality: str
    groups: tuple[str, ...]
    asked: str
    min_share: float = DEFAULT_SHARE
    strict: bool = False
    stated: bool = False

    def admits(self, share: float) -> bool:
        """Whether a share of the cells reaches the threshold."""
        return share > self.min_share or (share == self.min_share and not self.strict)


@dataclass(frozen=True, slots=True)
class Rank:
    """What goes first.

    Parameters
    ----------
    by
        ``evidence`` (number of statements), ``affinity`` or ``count`` (of the related nodes).
    top
        How many are asked for; None for all.
    """

    by: str
    top: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of a question.

    Parameters
    ----------
    form
        What the answer is.
    answer
        The nodes in question.
    to
        The other end of a path.
    limit
        How many answers are asked for; None for all.
    rank
        What goes first; None for the order of names.
    what
        For counts: ``nodes`` or ``edges``; for evidence: ``publications`` or ``statements``.
    notes
        What a reader should know about how the question was understood.
    """

    form: Form
    answer: NodeSet
    to: NodeSet | None = None
    limit: int | None = None
    rank: Rank | None = None
    what: str | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as plain values, without what is not used."""
        cleaned = _clean(asdict(self))
        return dict(cleaned)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _clean(v) for k, v in value.items() if v not in (None, (), [], "")}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return str(value) if isinstance(value, StrEnum) else value
