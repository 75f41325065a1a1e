"""The graph on a Neo4j server (5.26 LTS or a calendar version, Community), through its driver.

Every call opens a transaction of its own. Errors of the driver become errors of this package and
never hold the password.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import neo4j
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, ReadLimits
from tosg_graph.errors import QueryError, StoreError, TosgError, UsageError
from tosg_graph.graph import neo4j_values
from tosg_graph.graph.canonical import Fingerprint
from tosg_graph.graph.neo4j_load import IMPORT_LABEL, Loader
from tosg_graph.graph.neo4j_update import Updater
from tosg_graph.graph.store import (
    DEFAULT_LIMITS,
    Counts,
    Explanation,
    LoadReport,
    Progress,
    ResultTable,
    UpdateReport,
    check_parameters,
    collect,
    cut,
    timed_out,
)

T = TypeVar("T")
Parameters = Mapping[str, Any]

#: Seconds until an address that does not answer is given up.
_CONNECT = 5.0
#: Seconds for which a transaction is tried again after a passing fault.
_RETRY_READ = 0.0  # a server that does not answer is reported at once
_RETRY_WRITE = 60.0
_SCHEMES = re.compile(r"(bolt|neo4j)(\+s|\+ssc)?://")

_NODES = (
    f"MATCH (n) WHERE NOT n:{IMPORT_LABEL} RETURN labels(n) AS labels, properties(n) AS properties"
)
_EDGES = (
    "MATCH (a)-[r]->(b) RETURN type(r) AS type, labels(a) AS a, a.id AS x, "
    "labels(b) AS b, b.id AS y, properties(r) AS properties"
)


class Neo4jStore:
    """A graph in a database of a Neo4j server.

    Parameters
    ----------
    settings
        Address, user, password and database. Nothing is sent before the first call.
    """

    engine = "neo4j"

    def __init__(self, settings: Neo4jSettings) -> None:
        self.settings = settings
        if not _SCHEMES.match(settings.uri):
            raise UsageError(
                f"the address {self.address!r} of Neo4j must start with bolt:// or neo4j:// "
                "(TOSG_NEO4J_URI=bolt://host:7687)"
            )
        with self._errors():
            self._readers = self._driver(_RETRY_READ)
            self._writers = self._driver(_RETRY_WRITE)

    def _driver(self, retry: float) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(
            self.settings.uri,
            auth=(self.settings.user, self.settings.password),
            connection_timeout=_CONNECT,
            max_transaction_retry_time=retry,
            notifications_min_severity="OFF",
            user_agent="tosg-graph",
        )

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
        return re.sub(r"//[^/@]*@", "//", self.settings.uri)

    def close(self) -> None:
        """Close the connections."""
        self._readers.close()
        self._writers.close()

    # ---- loading -----------------------------------------------------------------------------

    @property
    def _loader(self) -> Loader:
        return Loader(rows=self._rows, write=self._write, define=self._define, where=self.address)

    def load(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make the database hold this build and nothing else; see :class:`GraphStore`.

        Rows go in batches, each in a transaction of its own. An interrupted load is completed by
        the next one of the same build, and replaced by one of another.
        """
        start = time.monotonic()
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
        return Updater(rows=self._rows, write=self._write, define=self._define, where=self.address)

    def apply(self, diff: Diff, *, progress: Progress | None = None) -> UpdateReport:
        """Bring the database from one build to the next; see :class:`GraphStore`.

        Changes go in batches, each in a transaction of its own, while the graph is read.
        """
        start = time.monotonic()
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
        return self._updater.unfinished()

    def last_update(self) -> dict[str, str] | None:
        """What the update did that made the present graph; None where it was loaded whole."""
        return self._updater.last_update()

    def finish_import(self, build: Build, *, progress: Progress | None = None) -> LoadReport:
        """Make constraints and indexes after an offline import; :meth:`load` does the same."""
        return self.load(build, progress=progress)

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

        with self._errors(limits):
            return self._reading(work, timeout=limits.timeout)

    def explain(self, query: str, parameters: Parameters | None = None) -> Explanation:
        """Show the plan, and whether the server says that the query only reads."""
        parameters = dict(parameters or {})
        check_parameters(query, parameters)

        def work(tx: neo4j.ManagedTransaction) -> neo4j.ResultSummary:
            return tx.run(f"EXPLAIN {query}", parameters).consume()

        with self._errors():
            summary = self._reading(work, timeout=DEFAULT_LIMITS.timeout)
        plan = "\n".join(_plan_lines(summary.plan or {}))
        return Explanation(read_only=summary.query_type == "r", plan=plan)

    def build_id(self) -> str | None:
        """Id of the build that the database holds completely, or None."""
        return self._loader.complete_build()

    def counts(self) -> Counts:
        """Count nodes and edges from the server's own counters."""
        return self._loader.counts()

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

        with self._errors():
            return self._reading(work, timeout=0)

    # ---- the server --------------------------------------------------------------------------

    def _reading(self, work: Callable[[neo4j.ManagedTransaction], T], *, timeout: float) -> T:
        with self._readers.session(
            database=self.settings.database, default_access_mode=neo4j.READ_ACCESS
        ) as session:
            return session.execute_read(neo4j.unit_of_work(timeout=timeout)(work))

    def _rows(self, query: str, parameters: Parameters | None = None) -> list[list[Any]]:
        """Rows of a read without limits."""

        def work(tx: neo4j.ManagedTransaction) -> list[list[Any]]:
            return tx.run(query, dict(parameters or {})).values()

        with self._errors():
            return self._reading(work, timeout=0)

    def _write(self, query: str, parameters: Parameters | None = None) -> int:
        """Run a write in a managed transaction; the single number that it returns."""

        def work(tx: neo4j.ManagedTransaction) -> int:
            record = tx.run(query, dict(parameters or {})).single(strict=True)
            return int(record[0])

        with self._errors(), self._writers.session(database=self.settings.database) as session:
            return session.execute_write(neo4j.unit_of_work(timeout=0)(work))

    def _define(self, statements: Sequence[str]) -> None:
        """Run schema statements in one transaction, which may not hold data beside them."""

        def work(tx: neo4j.ManagedTransaction) -> None:
            for statement in statements:
                tx.run(statement).consume()

        with self._errors(), self._writers.session(database=self.settings.database) as session:
            session.execute_write(neo4j.unit_of_work(timeout=0)(work))

    @contextmanager
    def _errors(self, limits: ReadLimits | None = None) -> Iterator[None]:
        """Turn errors of the driver and the server into ours, without the password."""
        try:
            yield
        except AuthError:
            raise StoreError(
                f"Neo4j at {self.address} refused the user {self.settings.user!r}; check "
                "TOSG_NEO4J_USER and TOSG_NEO4J_PASSWORD"
            ) from None
        except Neo4jError as error:
            raise self._of_server(error, limits) from None
        except (DriverError, ValueError, TypeError) as error:
            raise StoreError(
                f"no Neo4j answers at {self.address} ({self._clean(str(error))}); check that the "
                "server runs and that TOSG_NEO4J_URI is right (bolt://host:7687)"
            ) from None

    def _of_server(self, error: Neo4jError, limits: ReadLimits | None) -> TosgError:
        code, message = error.code or "", self._clean(error.message or str(error))
        if "TransactionTimedOut" in code and limits is not None:
            return timed_out(limits)
        if code.endswith("Statement.AccessMode"):
            return QueryError(f"the query writes, and only reading is allowed here: {message}")
        if code.startswith("Neo.ClientError.Statement"):
            return QueryError(f"Neo4j refused the query: {message}")
        if code.endswith("DatabaseNotFound"):
            return StoreError(f"{message} ({self.address}); check TOSG_NEO4J_DATABASE")
        return StoreError(f"Neo4j at {self.address} could not do it: {message} ({code})")

    def _clean(self, text: str) -> str:
        secret = self.settings.password
        return text.replace(secret, "***") if secret else text


def _node_ids(tx: neo4j.ManagedTransaction, elements: list[str]) -> dict[str, str]:
    query = "MATCH (n) WHERE elementId(n) IN $ids RETURN elementId(n), n.id"
    return {row[0]: row[1] for row in tx.run(query, ids=elements).values()}


def _plan_lines(plan: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    if not plan:
        return
    details = plan.get("args", {}).get("Details", "")
    yield f"{'  ' * depth}{plan['operatorType'].split('@')[0]} {details}".rstrip()
    for child in plan.get("children", ()):
        yield from _plan_lines(child, depth + 1)
