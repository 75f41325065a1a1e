"""One protocol in front of both graph databases, and what it hands over.

Values that come out of a read are plain Python and the same on both engines: a node is
``{"id", "label", …properties}``, an edge ``{"edge_id", "type", "source", "target", …properties}``,
a path ``{"nodes": […], "edges": […]}``; dates and times are ISO 8601 texts. Properties that are
absent are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.graph.result import ResultTable

Progress = Callable[[str], None]


def tell(progress: Progress | None, text: str) -> None:
    """Say what begins, where somebody listens."""
    if progress:
        progress(text)


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Parameters
    ----------
    engine
        ``ladybug`` or ``neo4j``.
    build_id
        The build that the database holds now.
    nodes, edges
        How many of each it holds.
    changed
        False when the database held this build already and was left as it was.
    seconds
        Wall time.
    next_step
        What is left to do by hand, or None.
    """

    engine: str
    build_id: str
    nodes: int
    edges: int
    changed: bool
    seconds: float
    next_step: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the same as a mapping, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did.

    Parameters
    ----------
    engine
        ``ladybug`` or ``neo4j``.
    from_build, build_id
        The build that the database held (None where an unfinished update leaves that open), and
        the one that it holds now.
    nodes, edges
        How many of each were added, withdrawn and changed.
    how
        ``unchanged`` (the database held this build already), ``changes`` (they were applied to the
        living graph), ``completed`` (an interrupted update was completed), or ``loaded`` (the
        whole build was loaded).
    seconds
        Wall time of the database's part.
    note
        Why it was done in that way, where that needs saying, or None.
    """

    engine: str
    from_build: str | None
    build_id: str
    nodes: dict[str, int]
    edges: dict[str, int]
    how: str
    seconds: float
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the same as a mapping, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an engine says of a query without running it.

    Parameters
    ----------
    read_only
        Whether the engine says that it only reads; None where it does not say.
    plan
        The plan as text, one operator per line where the engine gives a tree.
    """

    read_only: bool | None
    plan: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of nodes per label and of edges per type; those with none are left out."""

    nodes: dict[str, int]
    edges: dict[str, int]

    @property
    def n_nodes(self) -> int:
        """Nodes of all labels."""
        return sum(self.nodes.values())

    @property
    def n_edges(self) -> int:
        """Edges of all types."""
        return sum(self.edges.values())

    @classmethod
    def of_build(cls, build: Build) -> Self:
        """Count what a database must hold after the build was loaded."""
        return cls(
            {label: build.rows(f"nodes/{label}") for label in build.labels},
            {kind: build.rows(f"edges/{kind}") for kind in build.edge_types},
        )


@runtime_checkable
class GraphStore(Protocol):
    """A graph database that holds one build."""

    engine: str

    def load(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make the database hold this build and nothing else.

        Loading the build that is there already changes nothing; an interrupted load leaves the
        former graph, or one that the next load completes.

        Raises
        ------
        ForeignDatabase
            If the database holds anything that this tool did not write.
        """

    def apply(self, diff: Diff, *, progress: Progress | None = None) -> UpdateReport:
        """Bring a database that holds ``diff.before`` to ``diff.after``.

        Afterwards it holds what a load of ``diff.after`` would give. An interrupted update is
        completed by applying the same difference again.

        Raises
        ------
        StoreError
            If the database holds neither build.
        """

    def unfinished_update(self) -> tuple[str, str] | None:
        """Ids of the builds (from, to) of an update that was interrupted, or None."""

    def read(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: ReadLimits = ...,
    ) -> ResultTable:
        """Run one query that reads.

        Raises
        ------
        QueryError
            If the engine refuses it.
        QueryTimeout
            If it ran longer than ``limits.timeout``.
        UsageError
            If a parameter that it names was not given.
        """

    def explain(self, query: str, parameters: Mapping[str, Any] | None = None) -> Explanation:
        """Plan a query without running it."""

    def build_id(self) -> str | None:
        """Id of the build that the database holds completely, or None."""

    def counts(self) -> Counts:
        """Count nodes and edges in the database."""

    def fingerprint(self) -> str:
        """Canonical hash over everything read back; see :mod:`tosg_graph.graph.canonical`."""

    def close(self) -> None:
        """Let go of the database."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
