"""Where a store is made: its place, its lock, and the hidden folders of the jobs that make it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

from tosg_graph.cells.job import Unfinished
from tosg_graph.cells.manifest import STORE_NAME
from tosg_graph.cells.versions import store_lock
from tosg_graph.errors import CellsError, UsageError


def target_of(folder: Path, name: str, *, append: bool, replace: bool) -> Path:
    """Find the folder of a store that is added to or made.

    Raises
    ------
    UsageError
        If the name is none, is taken, or is that of no store to append to.
    """
    if not STORE_NAME.match(name):
        raise UsageError(
            f"{name!r} is no name for a cell store; letters, digits, '.', '_' and '-' make one"
        )
    if append and replace:
        raise UsageError("a store is either appended to or replaced; say one of the two")
    target = folder / name
    if append and not target.exists():
        raise UsageError(f"there is no cell store {name!r} to append to; add it without --append")
    if target.exists() and not (append or replace) and not finished(target):
        taken(name)
    return target


def taken(name: str) -> NoReturn:
    """Say that there is a store of that name."""
    raise UsageError(
        f"there is a cell store {name!r} already; choose another name, add to it (--append) or "
        "replace it (--replace)"
    )


def jobs(target: Path) -> list[Path]:
    """Folders of jobs that were started for a store."""
    return sorted(target.parent.glob(f".adding-{target.name}-*"))


def finished(target: Path) -> list[Path]:
    """Jobs whose store is in its place, but which were killed before they were cleared away."""
    return [job for job in jobs(target) if committed(job) and not (job / "store").exists()]


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Keep others from writing to a store, or to the place where one is made."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = store_lock(target)
        lock.__enter__()
    except OSError as error:
        raise CellsError(f"{target.parent} cannot be written: {error.strerror}") from error
    with ExitStack() as stack:
        stack.push(lock.__exit__)
        yield


@contextmanager
def job_folder(target: Path, key: str) -> Iterator[Path]:
    """Make the folder of the job; it goes when the job ends, well or with an error of ours.

    It stays when the process is killed or interrupted, and when the tasks run elsewhere.
    """
    parent = target.parent
    folder = (parent / f".adding-{target.name}-{key}").absolute()  # others work elsewhere
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CellsError(f"{parent} cannot be written: {error.strerror}") from error
    try:
        yield folder
    except (KeyboardInterrupt, SystemExit, Unfinished):
        raise
    except OSError as error:
        clear(folder)
        raise CellsError(
            f"the store could not be written to {parent} ({error}); nothing was kept. Make "
            "room and add the cells again"
        ) from error
    except BaseException:
        clear(folder)
        raise
    clear(folder)


def clear(folder: Path) -> None:
    """Remove the folder of a job."""
    shutil.rmtree(folder, ignore_errors=True)


def committed(folder: Path) -> bool:
    """Whether it is settled what a job puts where."""
    return (folder / "commit.json").exists()
