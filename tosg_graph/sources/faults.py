"""What is wrong with the rows of a table: a number of fields, or what no parser can read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from tosg_graph.errors import SourceError
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import open_text


def check_widths(path: Path, form: FileSpec, width: int) -> None:
    """Look, the slow way, for a row that has not as many fields as there are columns.

    Raises
    ------
    SourceError
        If there is one.
    """
    with open_text(path) as text:
        for line, fields in _records(text, form):
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
    found = re.search(r"(?:line|row) (\d+)", message)
    # pandas counts lines from 1 and rows from 0, both from where it began to read
    line = int(found[1]) + skipped + (found[0].startswith("row")) if found else None
    return SourceError(
        f"the table cannot be read ({message.strip()}); {form.again}",
        path=path,
        line=line,
    )


def _records(text: TextIO, form: FileSpec) -> Iterator[tuple[int, list[str]]]:
    """Split a table into its rows, each with the line on which it starts."""
    if not form.quoted:
        for line, content in enumerate(text, start=1):
            yield line, content.rstrip("\n").split(form.separator)
        return
    reader = csv.reader(text, delimiter=form.separator)
    start = 1
    for fields in reader:
        yield start, fields or [""]
        start = reader.line_num + 1
