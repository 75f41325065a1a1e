"""What is wrong with the rows of a table: a number of fields, or what no parser can read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from tosg_graph.errors import SourceError
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import open_text


def check_widths(path: Path, form: FileSpec, width: int, skipped: int) -> None:
    """Look, the slow way, for a row that has not as many fields as there are columns.

    Parameters
    ----------
    width
        How many columns there are.
    skipped
        Lines of comments and header before the rows.

    Raises
    ------
    SourceError
        If there is one.
    """
    # Of what the other parser cannot read either, nothing can be said.
    with open_text(path) as text, suppress(csv.Error):
        for _ in range(skipped):
            text.readline()
        for line, fields in _records(text, form, skipped + 1):
            if fields != [""] and len(fields) != width:
                raise ragged(path, form, line, len(fields), width)


def ragged(path: Path, form: FileSpec, line: int, found: int, expected: int) -> SourceError:
    """Say that a row has too few or too many fields."""
    return SourceError(
        f"the row has {found} fields; expected {expected}, as many as there are columns. "
        f"The file is cut off or damaged: {form.again}",
        path=path,
        line=line,
    )


def unreadable(path: Path, form: FileSpec, message: str, skipped: int) -> SourceError:
    """Say that a parser, which began behind ``skipped`` lines, could not go on."""
    found = re.search(r"(?: in| starting at)? (?:line|row) (\d+)", message)
    # pandas counts lines from 1 and rows from 0, both from where it began to read
    line = int(found[1]) + skipped + ("row" in found[0]) if found else None
    if found:  # the place of the error says the line of the file: not two that differ
        message = message.replace(found[0], "", 1)
    return SourceError(
        f"the table cannot be read ({message.strip()}); {form.again}",
        path=path,
        line=line,
    )


def _records(text: TextIO, form: FileSpec, first: int) -> Iterator[tuple[int, list[str]]]:
    """Split a table into its rows, each with the line on which it starts."""
    if not form.quoted:
        for line, content in enumerate(text, start=first):
            yield line, content.rstrip("\n").split(form.separator)
        return
    reader = csv.reader(text, delimiter=form.separator)
    start = first
    for fields in reader:
        yield start, fields or [""]
        start = first + reader.line_num
