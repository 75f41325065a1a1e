"""One process at a time fetches into a data folder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tosg_graph.errors import SourceError

#: Name of the file in the data folder that says who fetches into it.
LOCK = ".fetching"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the data folder for the length of a block.

    The lock is the system's: it ends with the process, however that ends, and the file that stays
    behind locks nothing.

    Raises
    ------
    SourceError
        If another process holds it; the message says which.
    """
    data.mkdir(parents=True, exist_ok=True)
    path = data / LOCK
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise SourceError(
                f"{holder} is fetching into this folder; wait for it, or end it", path=data
            ) from error
        file.truncate(0)
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        file.write(f"process {os.getpid()} on {socket.gethostname()} (since {since})\n")
        file.flush()
        yield
        file.truncate(0)
