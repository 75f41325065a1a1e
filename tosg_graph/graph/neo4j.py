"""The graph on a Neo4j server: 5.26 LTS or a calendar version, Community is enough.

Every call opens a transaction of its own, on a :class:`Connection`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, ReadLimits
from tosg_graph.errors import StoreError, UsageError
from tosg_graph.graph import neo4j_values
from tosg_graph.graph.canonical import Fingerprint
from tosg_graph.graph.neo4j_batches import PROGRESS_LABEL
from tosg_graph.graph.neo4j_claim import claimed
from tosg_graph.graph.neo4j_connection import PATIENCE, Connection
from tosg_graph.graph.neo4j_load import Loader
from tosg_graph.graph.neo4j_update import Updater
from tosg_graph.graph.neo4j_vectors import (
    EmbedReport,
    VectorNote,
    Vectors,
    labels_to_search,
    search_parameters,
    similar_statement,
    vector_of_statement,
)
from tosg_graph.graph.parameters import check_parameters
from tosg_graph.graph.result import ResultTable, collect, cut
from tosg_graph.graph.store import (
    DEFAULT_LIMITS,
    Counts,
    Explanation,
    LoadReport,
    Progress,
    UpdateReport,
)

if TYPE_CHECKING:
    import neo4j
    import numpy as np
    import numpy.typing as npt

    NodeVectors = Mapping[str, tuple[Sequence[str], npt.NDArray[np.float32]]]

Parameters = Mapping[str, Any]

_NODES = (
    f"MATCH (n) WHERE NOT n:{PROGRESS_LABEL} "
    "RETURN labels(n) AS labels, properties(n) AS properties"
)
_EDGES = (
    "MATCH (a)-[r]->(b) RETURN type(r) AS type, labels(a) AS a, a.id AS x, "
    "labels(b) AS b, b.id AS y, properties(r) AS properties"
)

#: Ids of the nodes at the ends of edges that a query returned.
NODE_IDS = "MATCH (n) WHERE elementId(n) IN $ids RETURN elementId(n), n.id"


class Neo4jStore:
    """A graph in a database of a Neo4j server.

    Parameters
    ----------
    settings
        Address, user, password and database. Nothing is sent before the first call.
    patience
        Seconds for which a load or an update waits for a server that is away. Reading does not.
    """

    engine = "neo4j"

    def __init__(self, settings: Neo4jSettings, *, patience: float = PATIENCE) -> None:
        self.settings = settings
        self.connection = Connection(settings, patience=patience)

    def __repr__(self) -> str:
        return f"Neo4jStore({self.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        """The address without anything secret in it."""
        return self.connection.address

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    # ---- loading -----------------------------------------------------------------------------

    @property
    def _loader(self) -> Loader:
        return Loader(**self._ways)

    @property
    def _ways(self) -> dict[str, Any]:
        """The ways of talking to the server that a load or an update is given."""
        there = self.connection
        return {
            "rows": there.patient_rows,
            "write": there.write,
            "write_all": there.write_all,
            "define": there.define,
            "where": self.address,
        }

    @property
    def _held(self) -> Updater:
        """For a look at what the database holds; a server that is away is reported at once."""
        return Updater(**{**self._ways, "rows": self.connection.rows})

    def load(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make the database hold this build and nothing else; see :class:`GraphStore`.

        Rows go in batches, each in a transaction of its own. An interrupted load is completed by
        the next one of the same build, and replaced by one of another.
        """
        start = time.monotonic()
        with claimed(self.connection, "load", build.id, progress=progress):
            changed = self._loader.load(build, progress=progress)
        counts = Counts.of_build(build)
        return LoadReport(
            engine=self.engine,
            build_id=build.id,
            nodes=counts.n_nodes,
            edges=counts.n_edges,
            changed=changed,
            seconds=time.monotonic() - start,
        )

    @property
    def _updater(self) -> Updater:
        return Updater(**self._ways)

    def apply(self, diff: Diff, *, progress: Progress | None = None) -> UpdateReport:
        """Bring the database from one build to the next; see :class:`GraphStore`.

        Changes go in batches, each in a transaction of its own, while the graph is read.
        """
        start = time.monotonic()
        with claimed(self.connection, "update", diff.after.id, progress=progress):
            how = self._updater.update(diff, progress=progress)
        counts = diff.counts()
        return UpdateReport(
            engine=self.engine,
            from_build=diff.before.id,
            build_id=diff.after.id,
            nodes=counts["nodes"],
            edges=counts["edges"],
            how=how,
            seconds=time.monotonic() - start,
        )

    def unfinished_update(self) -> tuple[str, str] | None:
        """Ids of the builds (from, to) of an update that was interrupted, or None."""
        return self._held.unfinished()

    def last_update(self) -> dict[str, str] | None:
        """What the update did that made the present graph; None where it was loaded whole."""
        return self._held.last_update()

    def check_ours(self) -> None:
        """Look whether the database holds nothing but a graph of ours, or nothing at all.

        Raises
        ------
        ForeignDatabase
            If it holds anything else.
        """
        self._held.check_ours()

    def finish_import(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make constraints and indexes after an offline import; :meth:`load` does the same."""
        return self.load(build, progress=progress)

    # ---- vectors of texts --------------------------------------------------------------------

    @property
    def vectors(self) -> Vectors:
        """The vectors of the nodes' texts that the database holds."""
        there = self.connection
        return Vectors(there.rows, there.write, there.define, self.address)

    def embed(
        self,
        build: Build,
        encoder: str,
        encode: Callable[[], NodeVectors],
        *,
        progress: Progress | None = None,
    ) -> EmbedReport:
        """Give the nodes vectors of their texts, and index them by cosine per label.

        Parameters
        ----------
        build
            The build whose texts they are.
        encoder
            What makes them: a name without blanks. With that name and this build in the database,
            and all of it, nothing is done.
        encode
            Called for the vectors where they are needed: per label, ids [n] and float32 [n, dims].
        progress
            Called with a line of text when a step begins.

        Raises
        ------
        StoreError
            If the database does not hold the build.
        """
        start = time.monotonic()
        with claimed(self.connection, "embed", build.id, progress=progress):
            held = self.build_id()
            if held != build.id:
                raise StoreError(
                    f"the database at {self.address} holds {held or 'no whole build'}, not the "
                    f"build {build.id} whose texts are wanted; load it first: tosg load"
                )
            note = self.vectors.note()
            changed = note is None or (note.encoder, note.build) != (encoder, build.id)
            if changed:
                note = self._put_vectors(build, encoder, encode(), progress)
            assert note is not None
            return EmbedReport(
                engine=self.engine,
                build_id=build.id,
                encoder=encoder,
                dims=note.dims,
                vectors=self.vectors.counts(),
                changed=changed,
                seconds=time.monotonic() - start,
            )

    def _put_vectors(
        self, build: Build, encoder: str, vectors: NodeVectors, progress: Progress | None
    ) -> VectorNote:
        dims = {rows.shape[1] for _, rows in vectors.values()}
        if len(dims) != 1:
            raise UsageError(
                f"the texts became vectors of {sorted(dims) or 'no'} numbers; one length for all "
                "labels is needed, and at least one text"
            )
        note = VectorNote(encoder, dims.pop(), build.id)
        there = self.connection
        waiting = Vectors(there.patient_rows, there.write, there.define, self.address)
        waiting.put(vectors, note, progress=progress)
        return note

    def similar(
        self, vector: Sequence[float], label: str | None = None, k: int = 10
    ) -> ResultTable:
        """Nodes whose texts lie next to a vector, the nearest first.

        Parameters
        ----------
        vector
            Numbers, as many as the vectors in the database have, from the same encoder.
        label
            Search among nodes of this label; default: all that have vectors.
        k
            How many, from 1 to 1,000.

        Returns
        -------
        ResultTable
            ``id, label, name, score``; a score is (1 + cosine) / 2, from 0 to 1.

        Raises
        ------
        UsageError
            If there are no such vectors, or the vector is not one of theirs.
        """
        held = self.vectors.indexes()
        found: list[tuple[Any, ...]] = []
        for name in labels_to_search(label, held):
            query = similar_statement(name, search=self.connection.version.has_search)
            given = search_parameters(vector, k, held[name], name)
            found += map(tuple, self.connection.rows(query, given))
        nearest = sorted(found, key=lambda row: (-row[3], row[1], row[0]))[:k]
        return ResultTable(("id", "label", "name", "score"), nearest)

    def similar_to(self, node: str, label: str | None = None, k: int = 10) -> ResultTable:
        """Nodes whose texts lie next to that of a node, without the node itself.

        Raises
        ------
        UsageError
            If the node is not there or has no vector; else as :meth:`similar`.
        """
        for held in self.vectors.indexes():
            for (vector,) in self.connection.rows(vector_of_statement(held), {"id": node}):
                if vector is not None:
                    near = self.similar(vector, label, k + 1)
                    others = [row for row in near.rows if (row[0], row[1]) != (node, held)]
                    return ResultTable(near.columns, others[:k])
        raise UsageError(f"{node} has no vector in the database; make them: tosg embed")

    # ---- reading -----------------------------------------------------------------------------

    def read(
        self,
        query: str,
        parameters: Parameters | None = None,
        *,
        limits: ReadLimits = DEFAULT_LIMITS,
    ) -> ResultTable:
        """Run one query that reads; see :class:`GraphStore`.

        The server looks at timeouts every two seconds, so that a query may run that much longer.
        """
        parameters = dict(parameters or {})
        check_parameters(query, parameters)
        deadline = time.monotonic() + limits.timeout

        def work(tx: neo4j.ManagedTransaction) -> ResultTable:
            result = tx.run(query, parameters)
            rows = (tuple(map(neo4j_values.plain, record.values())) for record in result)
            found = collect(result.keys(), rows, limits, deadline=deadline)
            result.consume()
            filled = neo4j_values.fill_ends(found.rows, lambda ids: _node_ids(tx, ids))
            return cut(found, limits) if filled else found

        _ = self.connection.version
        with self.connection.errors(limits):
            return self.connection.read(work, timeout=limits.timeout)

    def explain(self, query: str, parameters: Parameters | None = None) -> Explanation:
        """Show the plan, and whether the server says that the query only reads."""
        parameters = dict(parameters or {})
        check_parameters(query, parameters)

        def work(tx: neo4j.ManagedTransaction) -> neo4j.ResultSummary:
            return tx.run(f"EXPLAIN {query}", parameters).consume()

        _ = self.connection.version
        with self.connection.errors():
            summary = self.connection.read(work, timeout=DEFAULT_LIMITS.timeout)
        plan = "\n".join(_plan_lines(summary.plan or {}))
        return Explanation(read_only=summary.query_type == "r", plan=plan)

    def build_id(self) -> str | None:
        """Id of the build that the database holds completely, or None."""
        return self._held.complete_build()

    def counts(self) -> Counts:
        """Count nodes and edges from the server's own counters."""
        return self._held.counts()

    def fingerprint(self) -> str:
        """Hash of everything on the server, streamed; memory is bounded by the driver's buffer."""

        def work(tx: neo4j.ManagedTransaction) -> str:
            found = Fingerprint()
            found.add_nodes((r["labels"], r["properties"]) for r in tx.run(_NODES))
            found.add_edges(
                (r["type"], (r["a"][0], r["x"]), (r["b"][0], r["y"]), r["properties"])
                for r in tx.run(_EDGES)
            )
            return found.value()

        _ = self.connection.version
        with self.connection.errors():
            return self.connection.read(work)


def _node_ids(tx: neo4j.ManagedTransaction, elements: list[str]) -> dict[str, str]:
    return {row[0]: row[1] for row in tx.run(NODE_IDS, ids=elements).values()}


def _plan_lines(plan: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    if not plan:
        return
    details = plan.get("args", {}).get("Details", "")
    yield f"{'  ' * depth}{plan['operatorType'].split('@')[0]} {details}".rstrip()
    for child in plan.get("children", ()):
        yield from _plan_lines(child, depth + 1)
