"""One writer at a time: in a workspace, a cell store, a data folder.

A lock is the kernel's (``flock``) on a file, so a process that is killed lets go of it at once and
the next one simply takes it. What the file says is only for people: who holds it, where, what for
and since when; it stays behind, empty. Reading needs no lock: builds, the embedded file and cell
stores are written beside and moved into their place.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tosg_graph.errors import StoreError, TosgError, WorkspaceBusy

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


class FileLock:
    """The right to write to something, held by whoever holds a file.

    Parameters
    ----------
    path
        The file; it and its folder are made when the lock is taken.
    what
        What is written to, in words.
    busy
        Makes the error that somebody else holds it, given who.
    error
        Class of the error that the file cannot be made or locked.
    wait
        Seconds to wait for another writer before giving up.
    stays
        Whether the file stays behind, empty; else it goes with the lock.
    """

    def __init__(
        self,
        path: Path,
        *,
        what: str,
        busy: Callable[[str], TosgError],
        error: type[TosgError] = StoreError,
        wait: float = 0.0,
        stays: bool = True,
    ) -> None:
        self.path, self.wait, self._stays = path, wait, stays
        self._what, self._busy, self._error = what, busy, error
        self._owner: int | None = None

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """Hold the lock while something is written; one thread may hold it more than once.

        Raises
        ------
        TosgError
            If another process or thread holds it and does not let go within ``wait``, the file
            cannot be made, or its file system has no locks.
        """
        if self._owner == threading.get_ident():
            yield
            return
        with self._taken() as file:
            self._owner = threading.get_ident()
            try:
                _say(file, json.dumps(asdict(Holder.here(command))))
                yield
            finally:
                self._owner = None
                if self._stays:
                    _say(file, "")
                else:
                    self.path.unlink(missing_ok=True)

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
            raise self._error(
                f"{self.path} cannot be written ({error.strerror}), and whoever writes to a "
                f"{self._what} holds it: check the folder and its rights"
            ) from None

    def _taken(self) -> IO[str]:
        """Open the file and lock it, once it is free."""
        deadline = time.monotonic() + self.wait
        while True:
            file = self._file()
            if not self._try(file):
                file.close()
                if time.monotonic() >= deadline:
                    raise self._busy(str(self._named() or "another process"))
                time.sleep(_PAUSE)
            elif self._is_there(file):
                return file
            else:
                file.close()  # the one before us took the file away: make it anew

    def _is_there(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def _try(self, file: IO[str], *, shared: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file.fileno(), kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            raise self._error(
                f"the file system of {self.path} has no locks ({error.strerror}), so two writers "
                f"could spoil the {self._what}: put it on a local disk, or mount with flock"
            ) from None
        return True

    def _named(self) -> Holder | None:
        """What the file says; None while it says nothing whole."""
        try:
            return Holder(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class WorkspaceLock(FileLock):
    """The right to write to one workspace; who finds it taken gets :class:`WorkspaceBusy`.

    Parameters
    ----------
    folder
        The workspace.
    wait
        Seconds to wait for another writer before giving up.
    """

    def __init__(self, folder: Path, *, wait: float = 0.0) -> None:
        def busy(who: str) -> WorkspaceBusy:
            return WorkspaceBusy(
                f"{who} writes to the workspace {folder}; wait until it is done, or let this "
                "command wait for it (TOSG_LOCK_WAIT=600, in seconds). Reading goes on meanwhile"
            )

        super().__init__(folder / LOCK_FILE, what="workspace", busy=busy, wait=wait)


def _say(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
