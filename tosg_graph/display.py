"""What the command line prints: tables that people can read, JSON for programs, progress."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pyarrow as pa

#: Lists in a table cell are cut after this many items; ``--json`` has them all.
SHOWN_ITEMS = 2

#: A word that is this short, such as an id, is not broken over lines, in characters.
WHOLE = 24

#: Width of a table that goes into a file or a pipe, in characters.
PIPE_WIDTH = 150


def console() -> Console:
    """Standard output, for results. Made anew so that it follows a redirected stream."""
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(width=width, soft_wrap=False, highlight=False)


def errors() -> Console:
    """Standard error, for progress, notes and errors."""
    return Console(stderr=True, highlight=False)


def say(text: str, style: str = "") -> None:
    """Print a line on standard output as it is: nothing in it is markup, and it is not broken."""
    console().print(text, style=style, markup=False, soft_wrap=True)


def note(text: str, style: str = "yellow") -> None:
    """Print a line on standard error as it is."""
    errors().print(text, style=style, markup=False, soft_wrap=True)


def rows_of(table: pa.Table) -> list[list[Any]]:
    """Rows of a table that is short enough to be shown."""
    return [list(row.values()) for row in table.to_pylist()]


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def cell_text(value: object) -> str:
    """One value as a person reads it in a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        shown = ", ".join(cell_text(item) for item in value[:SHOWN_ITEMS])
        rest = len(value) - SHOWN_ITEMS
        return f"{shown} +{rest}" if rest > 0 else shown
    if isinstance(value, dict):
        named = value.get("symbol") or value.get("name") or value.get("type") or value.get("id")
        return str(named) if named else json.dumps(value, ensure_ascii=False)
    return str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _least_width(column: str, values: list[object]) -> int:
    """Width below which a column would break a word that is not longer than :data:`WHOLE`."""
    words = [column, *(word for value in values for word in cell_text(value).split())]
    return min(max(map(len, words)), WHOLE)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    most: int | None = None,
) -> None:
    """Print rows as a table; numbers stand to the right.

    Parameters
    ----------
    columns, rows
        The table.
    title
        A line above it.
    most
        Rows shown; a line below says how many more there are.
    """
    rows = list(rows)
    shown = rows if most is None else rows[:most]
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for position, column in enumerate(columns):
        values = [row[position] for row in shown if row[position] is not None]
        table.add_column(
            column,
            justify="right" if values and all(map(_is_number, values)) else "left",
            overflow="fold",
            min_width=_least_width(column, values),
        )
    for row in shown:
        table.add_row(*[Text(cell_text(value)) for value in row])
    out = console()
    out.print(table)
    if len(rows) > len(shown):
        out.print(f"… {len(rows) - len(shown)} more rows; --json prints them all", style="dim")


class Steps:
    """Progress of long work: a line per step on standard error, with the time that it took.

    On a terminal the running step shows a spinner; in a log it is one line when it is done.
    """

    def __init__(self) -> None:
        self._console = errors()
        self._status = self._console.status("") if self._console.is_terminal else None
        self._step: str | None = None
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Say that a step begins; the one before it is over."""
        self._finish()
        self._step, self._since = step, time.perf_counter()
        if self._status is not None:
            self._status.update(step)
            self._status.start()

    def _finish(self) -> None:
        if self._step is not None:
            took = time.perf_counter() - self._since
            self._console.print(f"  {self._step} ({took:.1f} s)", style="dim")
        self._step = None

    def close(self) -> None:
        """End the last step."""
        self._finish()
        if self._status is not None:
            self._status.stop()


@contextmanager
def steps() -> Iterator[Steps]:
    """Progress for the length of a block; nothing is left running when it fails."""
    progress = Steps()
    try:
        yield progress
    finally:
        progress.close()


class Transfers:
    """Progress of downloads: a bar per file on standard error, on a terminal only.

    Parameters
    ----------
    progress
        The bars.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, file: str, have: int, total: int | None) -> None:
        """Say how many bytes of a file are there, of how many if that is known."""
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(file)
        self._progress.update(self._tasks[file], completed=have, total=total)


@contextmanager
def transfers() -> Iterator[Transfers]:
    """Bars for the length of a block; they stay when it is over."""
    out = errors()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out, disable=not out.is_terminal) as progress:
        yield Transfers(progress)
