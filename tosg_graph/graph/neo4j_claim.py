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

#: Seconds in which one that began to fill the same database at the same moment gives way.
_GIVES_WAY = 3.0
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
        """Open the transaction, and look whether another was there before.

        Of two that begin at the same moment the later gives up, the earlier waits for that.
        """
        self._open = self.connection.open(self._metadata())
        deadline = time.monotonic() + _GIVES_WAY
        while others := self._others():
            own, number = others
            if min(number) < own or time.monotonic() > deadline:
                self.drop()
                raise StoreError(self._busy(number[min(number)]))
            time.sleep(0.1)

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

    def _others(self) -> tuple[int, dict[int, dict[str, Any]]] | None:
        """Give the number of the own transaction and the claims of others, if there are any."""
        claims = claims_on(self.connection)
        mine = self._metadata()
        own = max(n for n, data in claims.items() if mine.items() <= data.items())
        others = {n: data for n, data in claims.items() if n != own}
        return (own, others) if others else None

    def _busy(self, other: Mapping[str, Any]) -> str:
        who = Holder(other["pid"], other["host"], other["tosg"], other["since"])
        return (
            f"{who} fills the database at {self.connection.address} with build {other['build']}; "
            "wait until it is done. If that process is gone for good: "
            f"TERMINATE TRANSACTIONS '{other['transaction']}'"
        )
