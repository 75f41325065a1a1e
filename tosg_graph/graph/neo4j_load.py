"""Loading a build into a living Neo4j, and recognising what is there already.

The mark that says which build a database holds, and whether it holds all of it, is the *name of an
index* over a property that no node has. It is no node, so that ``MATCH (n) RETURN count(n)``
counts the graph and nothing else. An offline import cannot make an index (Community refuses
``--schema``); it leaves one node ``TosgBuild`` instead, which the next load turns into the mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tosg_graph.build.tables import Build
from tosg_graph.errors import ForeignDatabase, StoreError
from tosg_graph.graph.ddl import EMBEDDING, neo4j_constraints
from tosg_graph.graph.neo4j_indexes import repair_indexes
from tosg_graph.graph.neo4j_vectors import Vectors
from tosg_graph.graph.parts import edge_parts, rows_of, tables_of
from tosg_graph.graph.store import Counts, Progress, tell
from tosg_graph.schema import EDGE_TYPES, LABELS, SCHEMA_VERSION

#: Label of the node that an offline import leaves.
IMPORT_LABEL = "TosgBuild"

#: A batch has at most so many rows, and about so many bytes, in one transaction.
TRANSACTION_ROWS = {"nodes": 2_000, "edges": 10_000}
_BYTES = 8_000_000
_DELETED = 20_000
_MARK = re.compile(
    r"tosg-graph (?P<state>emptying|loading|complete) build=(?P<build>\S+) schema=(?P<schema>\S+)"
)
_PREFIX = "tosg-graph "


def node_statement(label: str) -> str:
    """Write a batch ``$rows`` of nodes; may run twice.

    The vector of a node stays while the text that it was made from does.
    """
    return (
        f"UNWIND $rows AS row MERGE (n:{label} {{id: row.id}}) "
        f"WITH n, row, CASE WHEN n.text = row.text THEN n.{EMBEDDING} END AS vector "
        f"SET n = row SET n.{EMBEDDING} = vector RETURN count(n) AS written"
    )


def edge_statement(kind: str, source_label: str, target_label: str) -> str:
    """Write a batch ``$rows`` of edges between two labels; may run twice."""
    return (
        "UNWIND $rows AS row "
        f"MATCH (a:{source_label} {{id: row.source}}) MATCH (b:{target_label} {{id: row.target}}) "
        f"MERGE (a)-[r:{kind} {{edge_id: row.properties.edge_id}}]->(b) SET r = row.properties "
        "RETURN count(r) AS written"
    )


@dataclass(frozen=True)
class Loader:
    """Loads builds through three ways of talking to a server.

    Parameters
    ----------
    rows, write
        Called with a query and, if it has any, a mapping of parameters: read rows; write in one
        transaction, and give the number that the query returns.
    define
        Run schema statements in one transaction.
    where
        The server in words, for errors.
    """

    rows: Callable[..., list[list[Any]]]
    write: Callable[..., int]
    define: Callable[[Sequence[str]], None]
    where: str

    def load(self, build: Build, *, progress: Progress | None = None) -> bool:
        """Make the database hold the build; False if it did already."""
        marks = self._marks()
        if marks == [_mark("complete", build)]:
            self._settle_indexes(progress)
            return False
        if self._imported() != build.id:
            self.check_ours()
            self._take(build, marks, progress)
            self._fill(build, progress)
        self._finish(build, progress)
        return True

    def complete_build(self) -> str | None:
        """Read which build the database holds completely, by load or by import."""
        marks = [_MARK.fullmatch(mark) for mark in self._marks()]
        if len(marks) == 1 and marks[0] is not None and marks[0]["state"] == "complete":
            return marks[0]["build"]
        return None if marks else self._imported()

    def counts(self) -> Counts:
        """Nodes per label and edges per type."""
        nodes = {label.name: self._count(f"(n:{label.name})") for label in LABELS}
        edges = {edge.name: self._count(f"()-[n:{edge.name}]->()") for edge in EDGE_TYPES}
        return Counts(
            {name: n for name, n in nodes.items() if n}, {name: n for name, n in edges.items() if n}
        )

    def _count(self, pattern: str) -> int:
        return int(self.rows(f"MATCH {pattern} RETURN count(n)")[0][0])

    # ---- whose database ----------------------------------------------------------------------

    def _marks(self) -> list[str]:
        return self._indexes(_PREFIX)

    def _indexes(self, prefix: str) -> list[str]:
        query = "SHOW INDEXES YIELD name WHERE name STARTS WITH $prefix RETURN name ORDER BY name"
        return [name for (name,) in self.rows(query, {"prefix": prefix})]

    def _imported(self) -> str | None:
        query = f"MATCH (n:{IMPORT_LABEL}) WHERE n.schema = $schema RETURN n.build LIMIT 2"
        found = self.rows(query, {"schema": SCHEMA_VERSION})
        return str(found[0][0]) if len(found) == 1 else None

    def check_ours(self) -> None:
        """Refuse a database that holds anything but a graph of ours."""
        marks = self._marks()
        imported = self._count(f"(n:{IMPORT_LABEL})")
        nodes, edges = self._count("(n)") - imported, self._count("()-[n]->()")
        ours = self.counts() if marks or imported else Counts({}, {})
        if (nodes, edges) != (ours.n_nodes, ours.n_edges):
            raise ForeignDatabase(
                f"the database at {self.where} holds {nodes - ours.n_nodes:,} nodes and "
                f"{edges - ours.n_edges:,} edges that this tool did not write; it is left "
                "untouched. Name another database (TOSG_NEO4J_DATABASE) or server, or empty it"
            )

    def _take(self, build: Build, marks: list[str], progress: Progress | None) -> None:
        """Make the database ours and empty, or leave in it what it has of this build already."""
        loading = _mark("loading", build)
        if marks == [loading]:
            return
        emptying = _mark("emptying", build)
        self._set_mark(emptying)
        self._drop_marks({*marks, loading} - {emptying})
        Vectors(self.rows, self.write, self.define, self.where).forget()
        self._clear(progress)
        self._set_mark(loading)
        self._drop_marks({emptying})

    def _set_mark(self, mark: str) -> None:
        """Make the index whose name is the mark; one property each, since marks may overlap."""
        on = f"FOR (n:{LABELS[0].name}) ON (n.tosg_{mark.split()[1]})"
        self.define([f"CREATE INDEX `{mark}` IF NOT EXISTS {on}"])

    def _drop_marks(self, marks: set[str]) -> None:
        self.define([f"DROP INDEX `{mark}` IF EXISTS" for mark in sorted(marks)])

    def _clear(self, progress: Progress | None) -> None:
        for what, pattern in (("edges", "()-[x]->()"), ("nodes", "(x)")):
            query = f"MATCH {pattern} WITH x LIMIT {_DELETED} DELETE x RETURN count(*) AS deleted"
            total = 0
            while deleted := self.write(query):
                total += deleted
                tell(progress, f"removed {total:,} {what} of the former build")

    # ---- rows --------------------------------------------------------------------------------

    def _fill(self, build: Build, progress: Progress | None) -> None:
        self.define(neo4j_constraints())
        for label in build.labels:
            tell(progress, f"{label}: {build.rows(f'nodes/{label}'):,} nodes")
            for table in tables_of(build, f"nodes/{label}", rows=TRANSACTION_ROWS["nodes"]):
                self._send(node_statement(label), table, list)
        for kind in build.edge_types:
            tell(progress, f"{kind}: {build.rows(f'edges/{kind}'):,} edges")
            for part in edge_parts(build, kind, rows=TRANSACTION_ROWS["edges"]):
                statement = edge_statement(kind, part.source_label, part.target_label)
                self._send(statement, part.rows, edge_rows)

    def _send(self, statement: str, table: pa.Table, shape: Any) -> None:
        for batch in _by_size(table):
            rows = shape(rows_of(batch))
            written = self.write(statement, {"rows": rows})
            if written != len(rows):
                raise StoreError(
                    f"{len(rows) - written} of {len(rows)} rows found no ends in {self.where} "
                    f"({statement.partition('MERGE')[2].strip()}); build again"
                )

    def _finish(self, build: Build, progress: Progress | None) -> None:
        """Check what is there, make the indexes, and set the mark last."""
        found, expected = self.counts(), Counts.of_build(build)
        if found != expected:
            raise StoreError(
                f"{self.where} holds {found.n_nodes:,} nodes and {found.n_edges:,} edges, the "
                f"build {expected.n_nodes:,} and {expected.n_edges:,}; somebody else writes there: "
                "empty the database and load again"
            )
        self._settle_indexes(progress)
        self.write(f"MATCH (n:{IMPORT_LABEL}) DELETE n RETURN count(*) AS deleted")
        complete = _mark("complete", build)
        self._set_mark(complete)
        self._drop_marks(set(self._marks()) - {complete})

    def _settle_indexes(self, progress: Progress | None) -> None:
        repair_indexes(self.rows, self.define, lambda text: tell(progress, text))


def _mark(state: str, build: Build) -> str:
    return f"{_PREFIX}{state} build={build.id} schema={SCHEMA_VERSION}"


def edge_rows(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shape rows of an edge table as :func:`edge_statement` takes them."""
    return [
        {"source": row.pop("source"), "target": row.pop("target"), "properties": row}
        for row in rows
    ]


def _by_size(table: pa.Table) -> Iterator[pa.Table]:
    """Halve a batch until it fits in one transaction."""
    if table.num_rows > 1 and table.nbytes > _BYTES:
        half = table.num_rows // 2
        yield from _by_size(table.slice(0, half))
        yield from _by_size(table.slice(half))
    else:
        yield table
