"""One process at a time fills a database.

It says so by keeping a transaction open whose metadata name it (``SHOW TRANSACTIONS``). The
transaction writes nothing and locks nothing; it ends by itself with its process or its server.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tosg_graph.errors import StoreError
from tosg_graph.graph.neo4j_connection import FAULTS, Connection, Open
from tosg_graph.graph.store import Progress
from tosg_graph.lock import Holder

#: Seconds in which another that fills the same database may give way, or turn out to be gone.
_GIVES_WAY = 3.0
_PAUSE = 0.2
_CLAIMS = (
    "SHOW TRANSACTIONS YIELD transactionId, metaData, database "
    "WHERE metaData.tosg IS NOT NULL RETURN transactionId, metaData, database"
)


@contextmanager
def claimed(
    connection: Connection, command: str, build_id: str, *, progress: Progress | None = None
) -> Iterator[None]:
    """Be the one that fills a database, from here to the end of the block.

    Raises
    ------
    StoreError
        If another process is doing so; it is named.
    """
    _ = connection.version
    claim = Claim(connection, Holder.here(command), build_id, progress)
    with connection.errors():
        claim.take()
    connection.before_retry = claim.renew
    try:
        yield
    finally:
        connection.before_retry = None
        claim.drop()


def claims_on(connection: Connection) -> dict[int, dict[str, Any]]:
    """Find who fills the database, by the number of the transaction that says so."""
    home = connection.now("CALL db.info() YIELD name")[0][0]
    return {
        int(name.rpartition("-")[2]): {**data, "transaction": name}
        for name, data, database in connection.now(_CLAIMS)
        if database == home
    }


def holder_of(claim: Mapping[str, Any]) -> Holder:
    """Name the process that a claim speaks for."""
    return Holder(claim["pid"], claim["host"], claim["tosg"], claim["since"])


@dataclass
class Claim:
    """That one process fills a database, as an open transaction which says so.

    Parameters
    ----------
    connection
        The way to the server.
    holder
        The process, and what it does.
    build_id
        The build that it brings.
    progress
        Told when the server was away.
    """

    connection: Connection
    holder: Holder
    build_id: str
    progress: Progress | None = None
    _open: Open | None = None

    def take(self) -> None:
        """Open the transaction, and look whether anybody else has one.

        Of two that begin at the same moment the later gives way to the earlier. The server may
        take a moment to notice that a process is gone, so both look more than once.
        """
        deadline = time.monotonic() + _GIVES_WAY
        while True:
            if self._open is None:
                self._open = self.connection.open(self._metadata())
            own, others = self._claims()
            if not others:
                return
            first = min(others)
            if first < own:
                self.drop()
            if time.monotonic() > deadline:
                self.drop()
                raise StoreError(self._busy(others[first]))
            time.sleep(_PAUSE)

    def renew(self) -> None:
        """Take it again where the server, or a person, ended it."""
        try:
            if self._open is not None:
                self._open.check()
                return
        except FAULTS:
            self.drop()
        if self.progress:
            self.progress(f"waiting for {self.connection.address}")
        self.take()

    def drop(self) -> None:
        """End the transaction; it wrote nothing."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _metadata(self) -> dict[str, Any]:
        who = self.holder
        return {
            "tosg": who.command,
            "pid": who.pid,
            "host": who.host,
            "since": who.since,
            "build": self.build_id,
        }

    def _claims(self) -> tuple[int, dict[int, dict[str, Any]]]:
        """Give the number of the own transaction, and the claims of others."""
        claims, mine = claims_on(self.connection), self._metadata()
        own = max(number for number, data in claims.items() if mine.items() <= data.items())
        return own, {number: data for number, data in claims.items() if number != own}

    def _busy(self, other: Mapping[str, Any]) -> str:
        return (
            f"{holder_of(other)} fills the database at {self.connection.address} with build "
            f"{other['build']}; wait until it is done. If that process is gone for good: "
            f"TERMINATE TRANSACTIONS '{other['transaction']}'"
        )
