"""One protocol in front of both graph databases, and what it hands over.

Values that come out of a read are plain Python and the same on both engines: a node is
``{"id", "label", …properties}``, an edge ``{"edge_id", "type", "source", "target", …properties}``,
a path ``{"nodes": […], "edges": […]}``; dates and times are ISO 8601 texts. Properties that are
absent are left out.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryTimeout, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Progress = Callable[[str], None]


def tell(progress: Progress | None, text: str) -> None:
    """Say what begins, where somebody listens."""
    if progress:
        progress(text)


DEFAULT_LIMITS = ReadLimits()

#: Rows that a notebook shows.
_SHOWN = 20


@dataclass(frozen=True)
class ResultTable:
    """Rows of a read.

    Parameters
    ----------
    columns
        Names of the columns, in the order of the query.
    rows
        One tuple per row, as long as ``columns``.
    truncated
        Whether the rows were cut short by a limit.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """One mapping from column to value per row."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """Values of one column, in row order."""
        if name not in self.columns:
            raise UsageError(f"no column {name!r}; columns: {', '.join(self.columns)}")
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def node_ids(self) -> list[str]:
        """Ids of the nodes in the rows, each once, in the order of the rows.

        Raises
        ------
        UsageError
            If the rows were cut short, or a value is neither a node id, a node, a path, nor a list
            of these.
        """
        if self.truncated:
            raise UsageError(
                f"the query returns more than {len(self.rows):,} rows; choose nodes with fewer "
                "rows, such as RETURN DISTINCT p.id"
            )
        found: dict[str, None] = {}
        for row in self.rows:
            for column, value in zip(self.columns, row, strict=True):
                found.update(dict.fromkeys(_ids_of(value, column)))
        return list(found)

    def to_dict(self) -> dict[str, Any]:
        """``{"columns": […], "rows": [[…]], "truncated": bool}``, ready for JSON."""
        return {
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "truncated": self.truncated,
        }

    def to_pandas(self) -> pd.DataFrame:
        """Make a frame, each column of Python objects or of the type that pandas infers."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(self.columns))

    def to_arrow(self) -> pa.Table:
        """Make an Arrow table; a column whose values have no common type becomes JSON text."""
        import pyarrow as pa

        columns = [[row[i] for row in self.rows] for i in range(len(self.columns))]
        return pa.table([_arrow(values) for values in columns], names=list(self.columns))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(v))}</td>" for v in row) + "</tr>"
            for row in self.rows[:_SHOWN]
        )
        more = ", cut short by a limit" if self.truncated else ""
        note = f"<p>{len(self.rows)} rows{more}; {min(len(self.rows), _SHOWN)} shown</p>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _ids_of(value: object, column: str) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _ids_of(item, column)
    elif isinstance(value, dict) and isinstance(value.get("nodes"), list):
        yield from _ids_of(value["nodes"], column)
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        yield value["id"]
    elif value is not None:
        raise UsageError(
            f"column {column!r} holds {value!r}; a query that chooses nodes returns node ids, "
            "nodes or paths, such as RETURN p.id"
        )


def edges_ending_in(kind: type, value: Any) -> Iterator[dict[str, Any]]:
    """Edges anywhere in the rows of a read whose ends an engine has yet to look up.

    Until then an end is a value of ``kind``, which no finished value is.
    """
    if isinstance(value, dict):
        if isinstance(value.get("source"), kind):
            yield value
        else:
            for item in value.values():
                yield from edges_ending_in(kind, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from edges_ending_in(kind, item)


def _arrow(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in values]
        return pa.array(texts, pa.string())


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


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


def collect(
    columns: Iterable[str],
    rows: Iterable[tuple[Any, ...]],
    limits: ReadLimits,
    *,
    deadline: float | None = None,
) -> ResultTable:
    """Take rows until a limit is reached; one row more than the limit is asked for, none kept.

    Parameters
    ----------
    columns
        Names of the columns.
    rows
        Plain rows, read lazily.
    limits
        ``max_rows`` and ``max_bytes`` (of the rows as UTF-8 JSON).
    deadline
        Value of ``time.monotonic()`` at which to give up.
    """
    kept: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        if deadline is not None and time.monotonic() > deadline:
            raise timed_out(limits)
        size += json_size(row)
        if len(kept) == limits.max_rows or size > limits.max_bytes:
            return ResultTable(tuple(columns), kept, truncated=True)
        kept.append(row)
    return ResultTable(tuple(columns), kept)


def cut(table: ResultTable, limits: ReadLimits) -> ResultTable:
    """Apply the limits again after values were filled in."""
    again = collect(table.columns, table.rows, limits)
    return ResultTable(again.columns, again.rows, table.truncated or again.truncated)


def json_size(row: tuple[Any, ...]) -> int:
    """Bytes of a row as UTF-8 JSON."""
    return len(json.dumps(row, ensure_ascii=False).encode())


def timed_out(limits: ReadLimits) -> QueryTimeout:
    """Make the error of a query that ran too long; says the limit and what to do."""
    return QueryTimeout(
        f"the query ran longer than its {limits.timeout:g} s and was cancelled; narrow it (name a "
        "label, an id, fewer hops, a LIMIT) or raise the timeout"
    )


_PARAMETER = re.compile(
    r"""
      '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*"     # texts
    | //[^\n]* | /\*.*?\*/                      # comments
    | \$(?:`((?:``|[^`])+)`|(\w+))              # $name, $`any name`
    | `(?:``|[^`])*`                            # names in back-ticks
    """,
    re.VERBOSE | re.DOTALL,
)


def parameter_names(query: str) -> list[str]:
    """Names of the parameters that a query uses, sorted."""
    found = {match[1] or match[2] for match in _PARAMETER.finditer(query)}
    return sorted(name for name in found if name)


def check_parameters(query: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a query that uses a parameter which was not given.

    LadybugDB would take it for null and answer with no rows; Neo4j would refuse. Both refuse here.
    """
    missing = [name for name in parameter_names(query) if name not in parameters]
    if missing:
        given = ", ".join(sorted(parameters)) or "none"
        raise UsageError(f"the query uses ${', $'.join(missing)}; parameters given: {given}")
