"""Tables of text read as data frames by pandas, with or without quoted fields."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tosg_graph.sources.faults import check_widths, ragged, unreadable
from tosg_graph.sources.layout import Layout
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import SeparatorCount, open_text


def read_frames(path: Path, form: FileSpec, layout: Layout, *, rows: int) -> Iterator[pd.DataFrame]:
    """Read all columns as text, in file order; see :meth:`tosg_graph.sources.SourceFile.frames`."""
    names, skipped = layout
    line, read = skipped + 1, 0
    with open_text(path) as text:
        for _ in range(skipped):
            text.readline()
        counted = SeparatorCount(text, form.separator, quoted=form.quoted)
        for frame in _parse(path, form, counted, layout, rows):
            extra = _inner_line_ends(frame) if form.quoted else None
            frame["line"] = range(line, line + len(frame))
            line += len(frame)
            if extra is not None:
                frame["line"] += extra.cumsum() - extra
                line += int(extra.sum())
            frame = _checked(path, form, frame, names)
            read += len(frame)
            if len(frame):
                yield frame
    if counted.n != read * (len(names) - 1):  # pandas fills up a row that is cut short
        check_widths(path, form, len(names), skipped)


def _parse(
    path: Path, form: FileSpec, text: SeparatorCount, layout: Layout, rows: int
) -> Iterator[pd.DataFrame]:
    stream: Any = text  # `read` and `__iter__` are all that pandas asks for
    quoting: Any = csv.QUOTE_MINIMAL if form.quoted else csv.QUOTE_NONE
    try:
        with pd.read_csv(
            stream,
            sep=form.separator,
            names=layout.names,
            header=None,
            dtype=str,
            keep_default_na=False,
            quoting=quoting,
            skip_blank_lines=False,
            chunksize=rows,
        ) as reader:
            yield from reader
    except pd.errors.ParserError as error:
        if "fields" in str(error):  # pandas counts rows, which may have several lines each
            check_widths(path, form, len(layout.names), layout.header_lines)
        raise unreadable(path, form, str(error), layout.header_lines) from error


def _checked(path: Path, form: FileSpec, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Turn empty fields into None, and drop blank lines."""
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took surplus fields for an index
        raise ragged(path, form, int(frame["line"].min()), len(names) + 1, len(names))
    maybe = frame[frame[names[0]] == ""]
    blank = maybe.index[(maybe[names] == "").all(axis=1)]
    if len(blank):
        frame = frame.drop(blank).reset_index(drop=True)
    for name in names:
        values = frame[name].to_numpy(copy=True)
        values[values == ""] = None
        frame[name] = values
    return frame


def _inner_line_ends(frame: pd.DataFrame) -> pd.Series[int]:
    """How many line ends lie inside the quoted fields of each row."""
    ends = pd.Series(0, index=frame.index, dtype="int64")
    for name in frame.columns:
        column = frame[name]
        if "\n" in "".join(column.dropna()):
            ends += column.str.count("\n").fillna(0).astype("int64")
    return ends
