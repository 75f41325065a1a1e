"""The embedded graph: LadybugDB, one file, no server.

The file is an index over a build. A load writes a new file beside the old one and moves it into
its place when it is whole, so that readers never see half a graph and an interrupted load leaves
the former one. The mark that says whose file it is, and of which build, is the comment of a table:
it is no node, so that ``MATCH (n) RETURN count(n)`` counts the graph and nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ladybug
import pyarrow.parquet as pq

from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.errors import ForeignDatabase, QueryError, StoreError, UsageError
from tosg_graph.filing import remove_abandoned
from tosg_graph.graph import embedded_values, parts
from tosg_graph.graph.canonical import Fingerprint
from tosg_graph.graph.ddl import copied_columns, embedded_tables
from tosg_graph.graph.parameters import check_parameters
from tosg_graph.graph.result import ResultTable, collect, cut, timed_out
from tosg_graph.graph.store import (
    DEFAULT_LIMITS,
    Counts,
    Explanation,
    LoadReport,
    Progress,
    UpdateReport,
)
from tosg_graph.schema import EDGE_TYPE, EDGE_TYPES, LABEL, LABELS, SCHEMA_VERSION

_MARK = re.compile(r"tosg-graph build=(?P<build>\S+) schema=(?P<schema>\S+?)(-(?P<layout>\d+))?")
#: Raised where a value is kept in another way than before, so that older files are loaded anew.
_LAYOUT = "2"
#: The table whose comment is the mark; every database of ours has it.
_MARKED = LABELS[0].name
#: Address space that one open database may reserve; the library's own default is 8 TiB.
_ADDRESS_SPACE = 1 << 40
#: Nodes whose rows, or whose outgoing edges, are read back at a time.
_PAGE = 50_000
#: With a parameter the library prepares a query, and then refuses two statements in one text.
_PREPARE = {"tosg_prepared": True}

Parameters = Mapping[str, Any]


class EmbeddedStore:
    """A graph in one LadybugDB file.

    Parameters
    ----------
    path
        The file. It need not exist before :meth:`load`.
    read_only
        Refuse to load. Reading never writes either way, and any number of processes may read.
    """

    engine = "ladybug"

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self.read_only = read_only
        self._database: ladybug.Database | None = None
        self._connection: ladybug.Connection | None = None
        self._readable = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"EmbeddedStore({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        if self._connection is not None:
            self._connection.close()
        if self._database is not None:
            self._database.close()
        self._connection = self._database = None
        self._readable = False

    # ---- loading -----------------------------------------------------------------------------

    def load(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make the file hold this build and nothing else; see :class:`GraphStore`."""
        if self.read_only:
            raise UsageError(f"{self.path} was opened to read only; open it without read_only")
        start = time.monotonic()
        counts = Counts.of_build(build)
        changed = self._own_build() != build.id
        if changed:
            self.close()
            self._replace(build, progress)
        return LoadReport(
            engine=self.engine,
            build_id=build.id,
            nodes=counts.n_nodes,
            edges=counts.n_edges,
            changed=changed,
            seconds=time.monotonic() - start,
        )

    def apply(self, diff: Diff, *, progress: Progress | None = None) -> UpdateReport:
        """Bring the file from one build to the next; see :class:`GraphStore`.

        The new build is loaded whole, beside the file, and moved into its place: changing the file
        costs as much and leaves it half as large again (docs/decisions.md), and readers keep what
        they have until the move.
        """
        start = time.monotonic()
        held = self._own_build()
        if held not in (diff.before.id, diff.after.id):
            found = "no build of this schema" if held is None else f"build {held}"
            raise StoreError(
                f"{self.path} holds {found}; this update goes from build {diff.before.id} to "
                f"{diff.after.id}: load anew with tosg load"
            )
        changed = self.load(diff.after, progress=progress).changed
        counts = diff.counts()
        return UpdateReport(
            engine=self.engine,
            from_build=held,
            build_id=diff.after.id,
            nodes=counts["nodes"],
            edges=counts["edges"],
            how="loaded" if changed else "unchanged",
            seconds=time.monotonic() - start,
        )

    def unfinished_update(self) -> tuple[str, str] | None:
        """None: an update of a file is there or not."""
        return None

    def _own_build(self) -> str | None:
        """Read which build the file holds; refuse a file that is not ours and not empty."""
        if not self.path.exists() or (self.path.is_file() and self.path.stat().st_size == 0):
            return None
        foreign = f"{self.path} was not written by this tool and is left untouched; "
        advice = "name another workspace, or move the file away"
        try:
            mark, tables = self._mark()
        except StoreError as error:
            raise ForeignDatabase(f"{foreign}{advice} ({error})") from error
        if mark is None and tables:
            found = f"it has the tables {', '.join(sorted(tables)[:5])}; "
            raise ForeignDatabase(foreign + found + advice)
        current = mark and (mark["schema"], mark["layout"]) == (SCHEMA_VERSION, _LAYOUT)
        return mark["build"] if mark and current else None

    def _mark(self) -> tuple[re.Match[str] | None, dict[str, str]]:
        """Read the mark, and every table's name with its kind."""
        rows = self._rows("CALL show_tables() RETURN name, type, comment")
        comments = {name: comment for name, _, comment in rows}
        mark = _MARK.fullmatch(comments.get(_MARKED, ""))
        return mark, {name: kind for name, kind, _ in rows}

    def _check_layout(self) -> None:
        """Refuse, once per opening, to ask a file in which values are kept in another way."""
        if self._readable:
            return
        mark, _ = self._mark()
        self._readable = True
        if mark and mark["layout"] != _LAYOUT:
            self.close()
            raise StoreError(
                f"{self.path} was written by another version of this tool; write it anew: tosg load"
            )

    def _replace(self, build: Build, progress: Progress | None) -> None:
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder, "loading")
        _check_room(build, folder)
        with tempfile.TemporaryDirectory(prefix=f".loading-{os.getpid()}-", dir=folder) as name:
            new = Path(name) / self.path.name
            with _engine_errors(new):
                # One checkpoint at the end: one after each COPY took six times as long.
                database = ladybug.Database(
                    str(new), max_db_size=_ADDRESS_SPACE, auto_checkpoint=False
                )
            try:
                connection = ladybug.Connection(database)
                _fill(connection, build, Path(name), progress)
                connection.close()
            finally:
                database.close()
            new.replace(self.path)

    # ---- reading -----------------------------------------------------------------------------

    def read(
        self,
        query: str,
        parameters: Parameters | None = None,
        *,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> ResultTable:
        """Run one query that reads; see :class:`GraphStore`."""
        self._check_layout()
        parameters = dict(parameters or {})
        check_parameters(query, parameters)
        deadline = time.monotonic() + limits.timeout
        with self._lock, self._result(query, parameters, limits) as result:
            found = collect(
                result.get_column_names(),
                (tuple(map(embedded_values.plain, row)) for row in result),
                limits,
                deadline=deadline,
            )
        if embedded_values.fill_ends(found.rows, self._ids):
            return cut(found, limits)
        return found

    def explain(self, query: str, parameters: Parameters | None = None) -> Explanation:
        """Show the physical plan; this engine does not say whether a query writes."""
        self._check_layout()
        parameters = dict(parameters or {})
        check_parameters(query, parameters)
        with self._lock, self._result(f"EXPLAIN {query}", parameters, DEFAULT_LIMITS) as result:
            plan = "\n".join(str(row[0]) for row in result)
        return Explanation(read_only=None, plan=plan)

    def build_id(self) -> str | None:
        """Id of the build in the file, or None where there is none."""
        if not self.path.exists():
            return None
        mark, _ = self._mark()
        return mark["build"] if mark and mark["layout"] == _LAYOUT else None

    def counts(self) -> Counts:
        """Count nodes and edges in the file."""
        nodes = {
            label.name: self._rows(f"MATCH (n:{label.name}) RETURN count(*)")[0][0]
            for label in LABELS
        }
        edges = {
            edge.name: self._rows(f"MATCH ()-[r:{edge.name}]->() RETURN count(*)")[0][0]
            for edge in EDGE_TYPES
        }
        return Counts(
            {name: n for name, n in nodes.items() if n}, {name: n for name, n in edges.items() if n}
        )

    def fingerprint(self) -> str:
        """Hash of everything that is in the file, read back page by page."""
        found = Fingerprint()
        _, tables = self._mark()
        for name, kind in tables.items():
            if kind == "NODE":
                found.add_nodes(([name], row) for row in self._pages(_NODES.format(name), name))
            else:
                ends = {a for a, _ in EDGE_TYPE[name].ends}
                found.add_edges(
                    (
                        name,
                        (row["a"], row["x"]),
                        (row["b"], row["y"]),
                        embedded_values.plain(row["e"]),
                    )
                    for row in self._pages(_EDGES.format(name), *sorted(ends))
                )
        return found.value()

    def _pages(self, query: str, *labels: str) -> Iterator[dict[str, Any]]:
        """Rows of a query over nodes or their outgoing edges, a range of nodes at a time."""
        sizes = [self._rows(f"MATCH (n:{label}) RETURN count(*)")[0][0] for label in labels]
        for first in range(0, max(sizes), _PAGE):
            page = {"first": first, "last": first + _PAGE}
            with self._lock, self._result(query, page, None) as result:
                for (row,) in result:
                    yield {name: value for name, value in row.items() if name[0] != "_"}

    def _ids(self, table: int, offsets: list[int]) -> dict[int, str]:
        """Node ids of places in a node table."""
        names = {row[0]: row[1] for row in self._rows("CALL show_tables() RETURN id, name")}
        query = (
            f"MATCH (n:{names[table]}) WHERE offset(id(n)) IN $offsets RETURN offset(id(n)), n.id"
        )
        return dict(self._rows(query, {"offsets": offsets}))

    # ---- the engine --------------------------------------------------------------------------

    def _open(self) -> ladybug.Connection:
        if self._connection is None:
            if not self.path.is_file():
                raise StoreError(f"{self.path} does not exist; load a build first: tosg load")
            with _engine_errors(self.path):
                self._database = ladybug.Database(
                    str(self.path), read_only=True, max_db_size=_ADDRESS_SPACE
                )
                self._connection = ladybug.Connection(self._database)
        return self._connection

    @contextmanager
    def _result(
        self, query: str, parameters: Parameters, limits: ReadLimits | None
    ) -> Iterator[Any]:
        """Run a query; the engine's errors while it runs and while rows are read become ours."""
        connection = self._open()
        query, parameters = embedded_values.asked(query, parameters)
        connection.set_query_timeout(0 if limits is None else max(1, int(limits.timeout * 1000)))
        try:
            result = connection.execute(query, {**parameters, **_PREPARE})
            assert isinstance(result, ladybug.QueryResult)  # one statement gives one result
            with result:
                yield result
        except RuntimeError as error:
            if limits is not None and "Interrupted" in str(error):
                raise timed_out(limits) from None
            raise QueryError(f"the embedded graph refused the query: {error}") from error

    def _rows(self, query: str, parameters: Parameters | None = None) -> list[list[Any]]:
        with self._lock, self._result(query, parameters or {}, None) as result:
            return list(result)


_NODES = "MATCH (n:{0}) WHERE offset(id(n)) >= $first AND offset(id(n)) < $last RETURN n"
_EDGES = (
    "MATCH (a)-[r:{0}]->(b) WHERE offset(id(a)) >= $first AND offset(id(a)) < $last "
    "RETURN {{a: label(a), x: a.id, b: label(b), y: b.id, e: properties(r)}}"
)


def _check_room(build: Build, folder: Path) -> None:
    """Refuse to begin where the disk is surely too small; a full one can end the whole process."""
    tables = [t for t in build.manifest["tables"] if t.startswith(("nodes/", "edges/"))]
    least = sum(build.file(t).stat().st_size for t in tables)
    free = shutil.disk_usage(folder).free
    if free < least:
        raise StoreError(
            f"the disk of {folder} has {free / 1e6:,.0f} MB free, and the graph takes more than "
            f"{least / 1e6:,.0f} MB: free space, or name another workspace"
        )


@contextmanager
def _engine_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        hint = "; free space on that disk, then do it again" if "Cannot write" in str(error) else ""
        raise StoreError(f"{path}: {error}{hint}") from error


def _fill(
    connection: ladybug.Connection, build: Build, folder: Path, progress: Progress | None
) -> None:
    """Create the tables and copy the build into them."""
    with _engine_errors(build.path):
        for statement in embedded_tables():
            connection.execute(statement)
        for label in build.labels:
            if progress:
                progress(f"{label}: {build.rows(f'nodes/{label}'):,} nodes")
            _copy_nodes(connection, build, label)
        for kind in build.edge_types:
            if progress:
                progress(f"{kind}: {build.rows(f'edges/{kind}'):,} edges")
            _copy_edges(connection, build, kind, folder)
        mark = f"tosg-graph build={build.id} schema={SCHEMA_VERSION}-{_LAYOUT}"
        connection.execute(f"COMMENT ON TABLE {_MARKED} IS '{mark}'")
        connection.execute("CHECKPOINT")  # from here on, everything is in the one file


def _copy_nodes(connection: ladybug.Connection, build: Build, label: str) -> None:
    for _ in parts.tables_of(build, f"nodes/{label}"):
        pass  # checked before the engine reads the file itself
    columns = ", ".join(p.name for p in LABEL[label].properties)
    path = _quoted(build.file(f"nodes/{label}"))
    connection.execute(f"COPY {label} FROM (LOAD FROM {path} RETURN {columns})")


def _copy_edges(connection: ladybug.Connection, build: Build, kind: str, folder: Path) -> None:
    """Write the edges of each pair of labels apart, in bounded memory, and copy each file."""
    writers: dict[tuple[str, str], pq.ParquetWriter] = {}
    columns = list(copied_columns(EDGE_TYPE[kind]))
    try:
        for part in parts.edge_parts(build, kind):
            rows = embedded_values.keyed(part.rows.select(columns), f"edges/{kind}")
            ends = part.source_label, part.target_label
            if ends not in writers:
                path = folder / f"{kind}-{ends[0]}-{ends[1]}.parquet"
                writers[ends] = pq.ParquetWriter(path, rows.schema)
            writers[ends].write_table(rows)
    finally:
        for writer in writers.values():
            writer.close()
    for a, b in writers:
        path = folder / f"{kind}-{a}-{b}.parquet"
        connection.execute(f"COPY {kind} FROM {_quoted(path)} (from='{a}', to='{b}')")
        path.unlink()


def _quoted(path: Path) -> str:
    """Write a path as a text literal of the engine."""
    text = str(path.resolve()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"
