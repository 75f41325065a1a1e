"""Loading a build into a living Neo4j, and recognising what is there already.

The mark that says which build a database holds, and whether it holds all of it, is the *name of an
index* over a property that no node has. It is no node, so that ``MATCH (n) RETURN count(n)``
counts the graph and nothing else. An offline import cannot make an index (Community refuses
``--schema``); it leaves one node ``TosgBuild`` instead, which the next load turns into the mark.
While a load is under way such a node counts its rows, see :mod:`tosg_graph.graph.neo4j_batches`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tosg_graph.build.tables import Build
from tosg_graph.errors import ForeignDatabase, StoreError
from tosg_graph.graph.ddl import neo4j_constraints
from tosg_graph.graph.neo4j_batches import (
    PROGRESS_LABEL,
    TRANSACTION_BYTES,
    Batch,
    create_edges,
    create_nodes,
    turn,
)
from tosg_graph.graph.neo4j_indexes import repair_indexes
from tosg_graph.graph.neo4j_vectors import Vectors
from tosg_graph.graph.parts import edge_parts, tables_of
from tosg_graph.graph.store import Counts, Progress, tell
from tosg_graph.schema import EDGE_TYPES, LABELS, SCHEMA_VERSION

#: A batch has at most so many rows in one transaction.
TRANSACTION_ROWS = {"nodes": 2_000, "edges": 10_000}
_DELETED = 20_000
_MARK = re.compile(
    r"tosg-graph (?P<state>emptying|loading|complete) build=(?P<build>\S+) schema=(?P<schema>\S+)"
)
_PREFIX = "tosg-graph "


def batches_of(build: Build, *, progress: Progress | None = None) -> Iterator[Batch]:
    """Yield what a load into an empty database sends: nodes, then edges, always in one order."""
    for label in build.labels:
        tell(progress, f"{label}: {build.rows(f'nodes/{label}'):,} nodes")
        for table in tables_of(build, f"nodes/{label}", rows=TRANSACTION_ROWS["nodes"]):
            yield from create_nodes(label, table)
    for kind in build.edge_types:
        tell(progress, f"{kind}: {build.rows(f'edges/{kind}'):,} edges")
        for part in edge_parts(build, kind, rows=TRANSACTION_ROWS["edges"]):
            yield from create_edges(kind, part)


def order_of(build: Build) -> dict[str, str]:
    """Name the build and the sizes of batches: with both the same, so is the order of the rows."""
    sizes = (*TRANSACTION_ROWS.values(), TRANSACTION_BYTES)
    return {"build": build.id, "sizes": " ".join(map(str, sizes))}


@dataclass(frozen=True)
class Loader:
    """Loads builds through a few ways of talking to a server.

    Parameters
    ----------
    rows, write
        Called with a query and, if it has any, a mapping of parameters: read rows; write in one
        transaction, and give the number that the query returns.
    write_all
        Called with batches: write them in one transaction, or none of them; whether all of
        their rows are.
    define
        Run schema statements in one transaction.
    where
        The server in words, for errors.
    """

    rows: Callable[..., list[list[Any]]]
    write: Callable[..., int]
    write_all: Callable[[Sequence[Batch]], bool]
    define: Callable[[Sequence[str]], None]
    where: str

    def load(self, build: Build, *, progress: Progress | None = None) -> bool:
        """Make the database hold the build; False if it did already."""
        marks = self._marks()
        if marks == [_mark("complete", build)]:
            self._settle_indexes(progress)
            self._leave_the_graph_alone()
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
        nodes = {label.name: f"(:{label.name})" for label in LABELS}
        edges = {edge.name: f"()-[:{edge.name}]->()" for edge in EDGE_TYPES}
        return Counts(self._there(nodes), self._there(edges))

    def _there(self, patterns: Mapping[str, str]) -> dict[str, int]:
        return {name: number for name, number in self._count_each(patterns).items() if number}

    def _count_each(self, patterns: Mapping[str, str]) -> dict[str, int]:
        """Read how many there are of each pattern from what the server counts as it writes."""
        parts = ", ".join(f"COUNT {{ {pattern} }} AS {name}" for name, pattern in patterns.items())
        (numbers,) = self.rows(f"RETURN {parts}")
        return dict(zip(patterns, map(int, numbers), strict=True))

    # ---- whose database ----------------------------------------------------------------------

    def _marks(self) -> list[str]:
        return self._indexes(_PREFIX)

    def _indexes(self, prefix: str) -> list[str]:
        query = "SHOW INDEXES YIELD name WHERE name STARTS WITH $prefix RETURN name ORDER BY name"
        return [name for (name,) in self.rows(query, {"prefix": prefix})]

    def _imported(self) -> str | None:
        query = f"MATCH (n:{PROGRESS_LABEL}) WHERE n.schema = $schema RETURN n.build LIMIT 2"
        found = self.rows(query, {"schema": SCHEMA_VERSION})
        return str(found[0][0]) if len(found) == 1 else None

    def check_ours(self) -> None:
        """Refuse a database that holds anything but a graph of ours."""
        marks = self._marks()
        all_of = {"nodes": "()", "edges": "()-->()", "imported": f"(:{PROGRESS_LABEL})"}
        nodes, edges, imported = self._count_each(all_of).values()
        nodes -= imported
        ours = self.counts() if marks or imported else Counts({}, {})
        if (nodes, edges) != (ours.n_nodes, ours.n_edges):
            raise ForeignDatabase(
                f"the database at {self.where} holds {nodes - ours.n_nodes:,} nodes and "
                f"{edges - ours.n_edges:,} edges that this tool did not write; it is left "
                "untouched. Name another database (TOSG_NEO4J_DATABASE) or server, or empty it"
            )

    def _take(self, build: Build, marks: list[str], progress: Progress | None) -> None:
        """Make the database ours and empty, or leave in it what it has of this build already."""
        loading, order = _mark("loading", build), order_of(build)
        if marks == [loading] and self._counters(order):
            return
        emptying = _mark("emptying", build)
        self._set_mark(emptying)
        self._drop_marks({*marks, loading} - {emptying})
        Vectors(self.rows, self.write, self.define, self.where).forget()
        self._clear(progress)
        self._count_rows(order)
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
        """Write what is not written yet."""
        self.define(neo4j_constraints())
        node, done = self._progress(order_of(build))
        before = 0
        for batch in batches_of(build, progress=progress):
            if before >= done:
                self._create(batch, node, before)
            before += batch.rows

    def _progress(self, order: Mapping[str, str]) -> tuple[str, int]:
        """Read the element id of the node that counts the rows of a load, and how many they are."""
        return next(iter(self._counters(order)))

    def _counters(self, order: Mapping[str, str]) -> list[tuple[str, int]]:
        query = (
            f"MATCH (p:{PROGRESS_LABEL}) WHERE p.loading = $build AND p.sizes = $sizes "
            "RETURN elementId(p), p.rows"
        )
        return [(node, int(rows)) for node, rows in self.rows(query, order)]

    def _count_rows(self, order: Mapping[str, str]) -> None:
        """Make the node that counts the rows, in a database that is empty."""
        self.write(
            f"MERGE (p:{PROGRESS_LABEL} {{loading: $build, sizes: $sizes}}) "
            "ON CREATE SET p.rows = 0 RETURN count(p) AS counters",
            order,
        )

    def _create(self, batch: Batch, node: str, before: int) -> None:
        """Write a batch, or see that it was written by a transaction whose end was not heard."""
        if self.write_all([turn(node, before, batch.rows), batch]):
            return
        query = "MATCH (p) WHERE elementId(p) = $progress RETURN p.rows"
        found = self.rows(query, {"progress": node})
        if found != [[before + batch.rows]]:
            raise self._lost(batch)

    def _lost(self, batch: Batch) -> StoreError:
        absent = [name for label, ids in batch.ends for name in self._absent(label, ids)]
        why = f"no {', '.join(absent[:3])} is there" if absent else "somebody else writes there"
        return StoreError(
            f"{self.where} did not take {batch.rows:,} rows of {batch.what}: {why}; "
            "build again, empty the database and load again"
        )

    def _absent(self, label: str, ids: list[str]) -> list[str]:
        query = f"UNWIND $ids AS id MATCH (n:{label} {{id: id}}) RETURN n.id"
        there = {found for (found,) in self.rows(query, {"ids": ids})}
        return [f"{label} {name}" for name in dict.fromkeys(ids) if name not in there]

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
        complete = _mark("complete", build)
        self._set_mark(complete)
        self._drop_marks(set(self._marks()) - {complete})
        self._leave_the_graph_alone()

    def _leave_the_graph_alone(self) -> None:
        """Remove the node that an import left, or that counted the rows of a load."""
        self.write(f"MATCH (n:{PROGRESS_LABEL}) DELETE n RETURN count(*) AS deleted")

    def _settle_indexes(self, progress: Progress | None) -> None:
        repair_indexes(self.rows, self.define, lambda text: tell(progress, text))


def _mark(state: str, build: Build) -> str:
    return f"{_PREFIX}{state} build={build.id} schema={SCHEMA_VERSION}"
