"""The way to a Neo4j server: connections, transactions, patience, and what its errors mean.

What is read for people fails at once when a server is away. What loads and updates is tried again,
for a bounded time: every statement of theirs may be sent twice, so that even a transaction whose
end was not heard is simply sent again.
"""

from __future__ import annotations

import functools
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import neo4j
from neo4j.exceptions import (
    AuthError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    UnsupportedServerProduct,
)

from tosg_graph.config import Neo4jSettings, ReadLimits
from tosg_graph.errors import QueryError, StoreError, TosgError, UsageError
from tosg_graph.graph.neo4j_batches import Batch
from tosg_graph.graph.neo4j_version import ServerVersion
from tosg_graph.graph.result import timed_out

T = TypeVar("T")
Parameters = Mapping[str, Any]

#: Seconds for which a load or an update waits for a server that is away.
PATIENCE = 120.0
#: Seconds until an address that does not answer is given up.
_CONNECT = 5.0
#: Seconds of the first pause between two tries, and of the longest.
_PAUSES = (0.5, 5.0)
_SCHEMES = re.compile(r"(bolt|neo4j)(\+s|\+ssc)?://")
#: What a server says while it starts, beside what its driver calls worth another try.
_STARTING = ("Neo.TransientError.", "Neo.DatabaseError.Database.Unknown")
_GIVEN_UP = ". It was waited for; run the same command again, and what was begun is completed"
#: Errors of the driver and the server, before they become ours.
FAULTS = (DriverError, Neo4jError)


@dataclass(frozen=True, slots=True)
class Open:
    """A transaction that stays open."""

    session: neo4j.Session
    transaction: neo4j.Transaction

    def check(self) -> None:
        """Fail if it has ended."""
        self.transaction.run("RETURN 1").consume()

    def close(self) -> None:
        """End it, whether or not its server is still there."""
        for part in (self.transaction, self.session):
            with suppress(*FAULTS):
                part.close()


_NAME_TAKEN = "Neo.ClientError.Schema.IndexWithNameAlreadyExists"
_CONSTRAINT = re.compile(r"CREATE CONSTRAINT `?(?P<name>\w+)`?")


class _Undone(Exception):
    """A transaction is not to be committed."""


class Connection:
    """Transactions on one database of a server.

    Parameters
    ----------
    settings
        Address, user, password and database. Nothing is sent before the first call.
    patience
        Seconds for which a write is tried again while the server is away.
    """

    def __init__(self, settings: Neo4jSettings, *, patience: float = PATIENCE) -> None:
        self.settings = settings
        self.patience = patience
        #: Called before a write is tried again; see :mod:`tosg_graph.graph.neo4j_claim`.
        self.before_retry: Callable[[], None] | None = None
        if not _SCHEMES.match(settings.uri):
            raise UsageError(
                f"the address {self.address!r} of Neo4j must start with bolt:// or neo4j:// "
                "(TOSG_NEO4J_URI=bolt://host:7687)"
            )
        with self.errors():
            self._driver = neo4j.GraphDatabase.driver(
                settings.uri,
                auth=(settings.user, settings.password),
                connection_timeout=_CONNECT,
                max_transaction_retry_time=0,
                notifications_min_severity="OFF",
                user_agent="tosg-graph",
            )

    @property
    def address(self) -> str:
        """The address without anything secret in it."""
        return re.sub(r"//[^/@]*@", "//", self.settings.uri)

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    @functools.cached_property
    def version(self) -> ServerVersion:
        """Version of the server.

        Raises
        ------
        StoreError
            If no server answers, or one that is older than 5.26 or none of Neo4j's.
        """
        with self.errors():
            return ServerVersion.parse(self._driver.get_server_info().agent, self.address)

    # ---- transactions ------------------------------------------------------------------------

    def read(self, work: Callable[[neo4j.ManagedTransaction], T], *, timeout: float = 0) -> T:
        """Run a unit of work that reads; ``timeout`` in seconds, 0 for none.

        A connection may be one to a server that was restarted since, so a second is tried.
        """
        try:
            return self._read(work, timeout)
        except (ServiceUnavailable, SessionExpired):
            return self._read(work, timeout)

    def rows(self, query: str, parameters: Parameters | None = None) -> list[list[Any]]:
        """Rows of a read without limits; a server that is away is reported at once."""
        _ = self.version
        with self.errors():
            return self.read(lambda tx: tx.run(query, dict(parameters or {})).values())

    def patient_rows(self, query: str, parameters: Parameters | None = None) -> list[list[Any]]:
        """Rows of a read without limits; a server that is away is waited for."""
        return self._patiently(lambda: self._rows(query, parameters))

    def write(self, query: str, parameters: Parameters | None = None) -> int:
        """Run a write, which may be sent twice, in a transaction; the number that it returns."""

        def work(tx: neo4j.ManagedTransaction) -> int:
            record = tx.run(query, dict(parameters or {})).single(strict=True)
            return int(record[0])

        return self._patiently(lambda: self._write(work))

    def write_all(self, batches: Sequence[Batch]) -> bool:
        """Run writes in one transaction; undone, and False, if one writes fewer rows than it has.

        As with :meth:`write`, they may be sent twice.
        """

        def work(tx: neo4j.ManagedTransaction) -> None:
            for batch in batches:
                record = tx.run(batch.statement, batch.parameters).single(strict=True)
                if record[0] != batch.rows and not batch.some:
                    raise _Undone

        try:
            self._patiently(lambda: self._write(work))
        except _Undone:
            return False
        return True

    def define(self, statements: Sequence[str]) -> None:
        """Run schema statements in one transaction, which may not hold data beside them."""

        def work(tx: neo4j.ManagedTransaction) -> None:
            for statement in statements:
                tx.run(statement).consume()

        self._patiently(lambda: self._defined(work, statements))

    def _defined(
        self, work: Callable[[neo4j.ManagedTransaction], None], statements: Sequence[str]
    ) -> None:
        """Do it; the index of a constraint that a server left when it went down is removed first.

        A constraint is made of an index and itself, and a server that is killed between the two
        keeps an index under the name of the constraint.
        """
        left = _constraints(statements)
        while True:
            try:
                return self._write(work)
            except Neo4jError as error:
                taken = [name for name in left if f"'{name}'" in str(error)]
                if error.code != _NAME_TAKEN or not taken:
                    raise
            left.remove(taken[0])
            self._write(functools.partial(_drop_index, taken[0]))

    def _read(self, work: Callable[[neo4j.ManagedTransaction], T], timeout: float = 0) -> T:
        with self._driver.session(
            database=self.settings.database, default_access_mode=neo4j.READ_ACCESS
        ) as session:
            return session.execute_read(neo4j.unit_of_work(timeout=timeout)(work))

    def _rows(self, query: str, parameters: Parameters | None = None) -> list[list[Any]]:
        return self._read(lambda tx: tx.run(query, dict(parameters or {})).values())

    def _write(self, work: Callable[[neo4j.ManagedTransaction], T]) -> T:
        with self._driver.session(database=self.settings.database) as session:
            return session.execute_write(neo4j.unit_of_work(timeout=0)(work))

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do it, again and again while the server is away, but not for longer than patience."""
        with self.errors():
            try:
                return work()
            except FAULTS as error:
                if not _passing(error):
                    raise
            try:
                return self._again(work)
            except FAULTS as error:
                if _passing(error):
                    error.add_note(_GIVEN_UP)
                raise

    def _again(self, work: Callable[[], T]) -> T:
        deadline, pause = time.monotonic() + self.patience, _PAUSES[0]
        while True:
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(2 * pause, _PAUSES[1])
            try:
                if self.before_retry is not None:
                    self.before_retry()
                return work()
            except FAULTS as error:
                if not _passing(error) or time.monotonic() >= deadline:
                    raise

    def open(self, metadata: Parameters) -> Open:
        """Open a transaction that reads nothing and is only there, under a name."""
        session = self._driver.session(
            database=self.settings.database, default_access_mode=neo4j.READ_ACCESS
        )
        try:
            found = Open(session, session.begin_transaction(metadata=dict(metadata), timeout=0))
            found.check()
        except FAULTS:
            with suppress(*FAULTS):
                session.close()
            raise
        return found

    def now(self, query: str) -> list[list[Any]]:
        """Rows of a read; errors stay those of the driver."""
        return self._rows(query)

    # ---- errors ------------------------------------------------------------------------------

    @contextmanager
    def errors(self, limits: ReadLimits | None = None) -> Iterator[None]:
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
        except UnsupportedServerProduct as error:
            raise StoreError(
                f"what answers at {self.address} is no Neo4j of 5.26 or newer "
                f"({self._clean(str(error))})"
            ) from None
        except (DriverError, ValueError, TypeError) as error:
            raise StoreError(self._no_answer(error) + _notes(error)) from None

    def _no_answer(self, error: Exception) -> str:
        failed = next((e for e in _causes(error) if isinstance(e, ssl.SSLError)), None)
        if isinstance(failed, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {self.address} is not trusted ({failed.verify_message}); "
                "make its issuer known to this machine, or write +ssc for +s in TOSG_NEO4J_URI to "
                "accept any certificate"
            )
        if failed is not None:
            plain = re.sub(r"\+s(sc)?(?=://)", "", self.address)
            return (
                f"the server at {self.address} did not accept an encrypted connection (TLS); "
                f"name it as {plain} in TOSG_NEO4J_URI, or set up TLS there "
                "(dbms.ssl.policy.bolt.enabled)"
            )
        return (
            f"no Neo4j answers at {self.address} ({self._clean(str(error))}); check that the "
            "server runs and that TOSG_NEO4J_URI is right (bolt://host:7687)"
        )

    def _of_server(self, error: Neo4jError, limits: ReadLimits | None) -> TosgError:
        code, message = error.code or "", self._clean(error.message or str(error))
        if "TransactionTimedOut" in code and limits is not None:
            return timed_out(limits)
        if code.endswith("AuthenticationRateLimit"):
            return StoreError(
                f"Neo4j at {self.address} lets {self.settings.user!r} wait after too many wrong "
                "passwords; check TOSG_NEO4J_PASSWORD and try again in some seconds"
            )
        if code.endswith("Statement.AccessMode"):
            return QueryError(f"the query writes, and only reading is allowed here: {message}")
        if "read-only" in message or "ReadOnly" in code:
            return StoreError(
                f"the database at {self.address} is read-only ({message}); name a server that "
                "may be written to (TOSG_NEO4J_URI), or see server.databases.default_to_read_only "
                "and server.databases.read_only of this one"
            )
        if code.startswith("Neo.ClientError.Statement"):
            return QueryError(f"Neo4j refused the query: {message}")
        if code.endswith("DatabaseNotFound"):
            return StoreError(f"{message} ({self.address}); check TOSG_NEO4J_DATABASE")
        if code.startswith("Neo.DatabaseError.Transaction."):
            return StoreError(
                f"Neo4j at {self.address} cannot write ({message}, {code}); its logs say why. If "
                "it is a full disk, make room on its disk, restart it and run the same command "
                "again: what was begun is completed"
            )
        return StoreError(
            f"Neo4j at {self.address} could not do it: {message} ({code}){_notes(error)}"
        )

    def _clean(self, text: str) -> str:
        secret, text = self.settings.password, " ".join(text.split())
        return text.replace(secret, "***") if secret else text


def _passing(error: DriverError | Neo4jError) -> bool:
    """Whether the same may work in a moment, as when a server is being restarted.

    What is wrong with an address, a login or TLS was seen before: reading the version comes first.
    """
    if isinstance(error, (IncompleteCommit, SessionExpired)):
        return True
    if isinstance(error, Neo4jError) and (error.code or "").startswith(_STARTING):
        return True
    return error.is_retryable()


def _notes(error: BaseException) -> str:
    return "".join(getattr(error, "__notes__", ()))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    while error is not None:
        yield error
        for part in getattr(error, "exceptions", ()):
            yield from _causes(part)
        error = error.__cause__ or error.__context__


def _drop_index(name: str, tx: neo4j.ManagedTransaction) -> None:
    tx.run(f"DROP INDEX `{name}` IF EXISTS").consume()


def _constraints(statements: Sequence[str]) -> list[str]:
    """Names of the constraints that statements make."""
    return [found["name"] for text in statements if (found := _CONSTRAINT.match(text))]
