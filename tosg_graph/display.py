"""What the command line prints: tables that people can read, JSON for programs, progress."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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

#: A list in a table cell that is not longer than this is shown whole, in characters.
LIST_WIDTH = 40

#: A longer one is cut after this many items; ``--json`` has them all.
SHOWN_ITEMS = 2

#: What stands for an item of a list that is not known, and is not left out of it.
UNKNOWN = "–"

#: A word that is this short, such as an id, is not broken over lines, in characters.
WHOLE = 40

#: The same on a terminal where the columns would not fit otherwise, in characters.
WHOLE_IF_NARROW = 20

#: Width of a table that goes into a file or a pipe, in characters; one that needs more is wider.
PIPE_WIDTH = 150

_PADDING = 2  # blanks that a column takes beside its text


def console(least: int = 0) -> Console:
    """Standard output, for results. Made anew so that it follows a redirected stream.

    Parameters
    ----------
    least
        Width that a table needs, in characters. A file or a pipe gets it; a terminal is as wide as
        it is.
    """
    width = None if sys.stdout.isatty() else max(PIPE_WIDTH, least)
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
        return _list_text(value)
    if isinstance(value, dict):
        named = value.get("symbol") or value.get("name") or value.get("type") or value.get("id")
        return str(named) if named else json.dumps(value, ensure_ascii=False)
    return str(value)


def _list_text(values: Sequence[object]) -> str:
    texts = [UNKNOWN if value is None else cell_text(value) for value in values]
    whole, rest = ", ".join(texts), len(texts) - SHOWN_ITEMS
    if rest <= 0 or len(whole) <= LIST_WIDTH:
        return whole
    return f"{', '.join(texts[:SHOWN_ITEMS])} +{rest}"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where there is not one."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _least_width(column: str, values: list[object], whole: int) -> int:
    """Width below which a column would break a word that is not longer than ``whole``."""
    words = [column, *(word for value in values for word in cell_text(value).split())]
    return min(max(map(len, words)), whole)


def _least_widths(columns: Sequence[str], values: Sequence[list[object]], whole: int) -> list[int]:
    return [_least_width(*column, whole) for column in zip(columns, values, strict=True)]


def _fitted(least: Sequence[int], texts: Sequence[list[str]], room: int) -> list[int]:
    """Widths of columns that fill a line at most; what has to give way are the widest."""
    widest = [max(map(len, column)) for column in texts]
    widths = [max(low, min(high, room)) for low, high in zip(least, widest, strict=True)]
    while sum(widths) > room:
        give = max(
            range(len(widths)), key=lambda place: (widths[place] > least[place], widths[place])
        )
        widths[give] -= 1
    return widths


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    most: int | None = None,
    none: str = "no rows",
    unfold: bool = False,
) -> None:
    """Print rows as a table; numbers stand to the right.

    On a terminal that is too narrow for the columns, each row is a block with a column in a line.

    Parameters
    ----------
    columns, rows
        The table.
    title
        A line above it.
    most
        Rows shown; a line below says how many more there are.
    none
        What is printed in place of a table without rows.
    unfold
        Whether the items of lists stand one below the other, so that those of one step of a path
        are in one line.
    """
    rows = list(rows)
    shown = rows if most is None else rows[:most]
    if not rows:
        say(none if title is None else f"{title}: {none}")
        return
    lines = _unfolded(shown) if unfold else shown
    values = [[line[place] for line in lines] for place in range(len(columns))]
    whole = _least_widths(columns, values, WHOLE)
    out = console(sum(whole) + _PADDING * len(whole))
    room = out.width - _PADDING * len(whole)
    least = whole if sum(whole) <= room else _least_widths(columns, values, WHOLE_IF_NARROW)
    if sum(least) <= room:
        _write(out, _grid(columns, values, least, room, title))
    else:
        _write(out, _blocks(columns, shown, title, _in_order if unfold else cell_text))
    if len(rows) > len(shown):
        more = counted(len(rows) - len(shown), "more row")
        out.print(f"… {more}; --json prints them all", style="dim")


def _unfolded(rows: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """Rows whose lists stand one below the other, with an empty line between two rows."""
    lines: list[Sequence[object]] = []
    for row in rows:
        if lines:
            lines.append([None] * len(row))
        lists = [value if isinstance(value, (list, tuple)) else [value] for value in row]
        depth = max((len(values) for values in lists), default=0)
        for place in range(depth):
            pairs = zip(lists, row, strict=True)
            lines.append([_item(values, place, whole) for values, whole in pairs])
    return lines


def _in_order(value: object) -> str:
    """One value, every item of a list with an arrow to the next."""
    if not isinstance(value, (list, tuple)):
        return cell_text(value)
    return " → ".join(UNKNOWN if item is None else cell_text(item) for item in value)


def _item(values: Sequence[object], place: int, whole: object) -> object:
    if place >= len(values):
        return None
    value = values[place]
    return UNKNOWN if value is None and isinstance(whole, (list, tuple)) else value


def _empty_table(title: str | None, **options: Any) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, **options
    )


def _grid(
    columns: Sequence[str],
    values: Sequence[list[object]],
    least: Sequence[int],
    room: int,
    title: str | None,
) -> Table:
    texts = [list(map(cell_text, column)) for column in values]
    named = [[column, *cells] for column, cells in zip(columns, texts, strict=True)]
    table = _empty_table(title, header_style="bold")
    for column, found, width in zip(columns, values, _fitted(least, named, room), strict=True):
        numbers = [value for value in found if value is not None and value != UNKNOWN]
        table.add_column(
            column,
            justify="right" if numbers and all(map(_is_number, numbers)) else "left",
            overflow="fold",
            width=width,
        )
    for line in zip(*texts, strict=True):
        table.add_row(*map(Text, line))
    return table


def _blocks(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str | None,
    text: Callable[[object], str],
) -> Table:
    table = _empty_table(title, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        if number:
            table.add_row()
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                table.add_row(column, Text(text(value)))
    return table


def _write(out: Console, table: Table) -> None:
    """Print a table without the blanks that would fill up its lines."""
    with out.capture() as captured:
        out.print(table)
    out.file.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


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
