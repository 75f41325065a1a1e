"""One writer at a time in a workspace.

The lock is the kernel's (``flock``) on the file ``.lock`` of the workspace, so a process that is
killed lets go of it at once and the next one simply takes it. What the file says is only for
people: who holds it, where, what for and since when. Reading needs no lock: builds, the embedded
file and cell stores are written beside and moved into their place.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tosg_graph.errors import StoreError, WorkspaceBusy

#: Name of the file in the workspace.
LOCK_FILE = ".lock"
#: Seconds between two tries of one that waits.
_PAUSE = 0.1
#: What a file system answers that has no locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a workspace.

    Parameters
    ----------
    pid, host
        The process.
    command
        What it does, such as ``load``.
    since
        When it began, ISO 8601 in UTC.
    """

    pid: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.command}, since {self.since})"

    @classmethod
    def here(cls, command: str) -> Holder:
        """Name the process that runs, with the time."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return cls(os.getpid(), socket.gethostname(), command, now)


class WorkspaceLock:
    """The right to write to one workspace.

    Parameters
    ----------
    folder
        The workspace; it is made when the lock is taken.
    wait
        Seconds to wait for another writer before giving up.
    """

    def __init__(self, folder: Path, *, wait: float = 0.0) -> None:
        self.path = folder / LOCK_FILE
        self.wait = wait
        self._owner: int | None = None

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """Hold the lock while something is written; one thread may hold it more than once.

        Raises
        ------
        WorkspaceBusy
            If another process or thread holds it and does not let go within ``wait``.
        StoreError
            If the file cannot be made, or its file system has no locks.
        """
        if self._owner == threading.get_ident():
            yield
            return
        with self._file() as file:
            self._take(file)
            self._owner = threading.get_ident()
            try:
                _say(file, json.dumps(asdict(Holder.here(command))))
                yield
            finally:
                self._owner = None
                _say(file, "")

    def holder(self) -> Holder | None:
        """Who holds the lock now, or None; nothing is waited for or made."""
        try:
            file = self.path.open(encoding="utf-8")
        except OSError:
            return None
        with file:
            if self._try(file, shared=True):
                return None
        return self._named()

    def _file(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written ({error.strerror}), and whoever writes to a "
                "workspace holds it: check the folder and its rights"
            ) from None

    def _take(self, file: IO[str]) -> None:
        deadline = time.monotonic() + self.wait
        while not self._try(file):
            if time.monotonic() >= deadline:
                raise WorkspaceBusy(
                    f"{self._named() or 'another process'} writes to the workspace "
                    f"{self.path.parent}; wait until it is done, or let this command wait for it "
                    "(TOSG_LOCK_WAIT=600, in seconds). Reading goes on meanwhile"
                )
            time.sleep(_PAUSE)

    def _try(self, file: IO[str], *, shared: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise StoreError(
                f"the file system of {self.path} has no locks ({error.strerror}), so two writers "
                "could spoil the workspace: put it on a local disk, or mount with flock"
            ) from None
        return True

    def _named(self) -> Holder | None:
        """What the file says; None while it says nothing whole."""
        try:
            return Holder(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def _say(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
