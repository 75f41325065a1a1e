"""A file of a source: in which layout it is, and its rows as text in tables and data frames."""

from __future__ import annotations

import csv
import difflib
import functools
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from tosg_graph.errors import SourceError
from tosg_graph.sources.parquet import column_names, is_parquet, read_tables
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import (
    LONGEST_LINE,
    SeparatorCount,
    open_bytes,
    open_text,
    whole_lines,
)

HEAD = 1 << 16
CHUNK_ROWS = 100_000
#: Bytes of a block of a table: no less than a line may have, so that each lies in two at most.
BLOCK = LONGEST_LINE


class Layout(NamedTuple):
    """How the columns of a table are called, and how many lines stand before its rows."""

    names: list[str]
    header_lines: int


@dataclass(frozen=True)
class SourceFile:
    """A file that was found for a source.

    Parameters
    ----------
    path
        Where it is.
    spec
        What it should look like.
    """

    path: Path
    spec: FileSpec

    @property
    def name(self) -> str:
        """Its name without the folders, as evidence quotes it."""
        return self.path.name

    def open_bytes(self) -> io.BufferedReader:
        """Open it, decompressed; see :func:`tosg_graph.sources.streams.open_bytes`."""
        return open_bytes(self.path)

    def open_text(self, *, longest_line: int = LONGEST_LINE) -> TextIO:
        """Open it, decompressed; see :func:`tosg_graph.sources.streams.open_text`."""
        return open_text(self.path, longest_line=longest_line)

    @cached_property
    def head(self) -> list[str]:
        """The first lines, as far as they lie within the first 65,536 characters."""
        return read_head(self.path)

    @cached_property
    def _form(self) -> FileSpec:
        """The form of the spec that the file has."""
        return self.spec.fitting(self.head)

    @cached_property
    def layout(self) -> Layout:
        """The columns that the file has.

        Raises
        ------
        SourceError
            If the file is empty, or neither its header nor its first line is what the spec says.
        """
        if self._is_parquet:
            return self._parquet_layout()
        if self.head == [""]:
            raise SourceError(f"the file is empty; {self._again}", path=self.path)
        before = self._form.comments(self.head)
        header = self._form.header(self._table_head[0])
        missing = [name for name in self._form.columns if name not in header]
        if self._form.columns and not missing:
            return Layout(self._unique(header), before + 1)
        if self._is_headerless_table():
            return Layout(list(self._form.names), before)
        if self._form.columns:
            raise self._wrong_header(header, missing)
        if self._form.names:
            raise self._wrong_width(header)
        if self._form.recognise is not None and not self._form.recognise(self.head):
            message = f"starts with {self.head[0][:60]!r}; expected {self._form.expects}"
            raise SourceError(f"{message}. {self._next}", path=self.path, line=1)
        return Layout([], 0)

    @property
    def _again(self) -> str:
        return "mend it" if self.spec.own else "download it again"

    @property
    def _next(self) -> str:
        """What to do about a file that is not what its loader reads."""
        if self.spec.own:
            return "Mend the file, or what is said of it."
        return "Download the file again, or name the right one with --file."

    @cached_property
    def _is_parquet(self) -> bool:
        return is_parquet(self.path)

    def _parquet_layout(self) -> Layout:
        header = self._form.respelt(column_names(self.path))
        missing = [name for name in self._form.columns if name not in header]
        if not self._form.columns:
            expected = self._form.expects or f"{len(self._form.names)} columns"
            raise SourceError(
                f"is a Parquet file; expected {expected}. {self._next}", path=self.path
            )
        if missing:
            raise self._wrong_header(header, missing)
        return Layout(self._unique(header), 0)

    @cached_property
    def _table_head(self) -> list[str]:
        """The first lines of the table itself, behind the comments; at least one."""
        return self.head[self._form.comments(self.head) :] or [""]

    @property
    def layout_name(self) -> str | None:
        """Which of the layouts that its loader reads it has; None where there is only one."""
        names, header_lines = self.layout
        if self._form.names and self._form.columns and not header_lines:
            several = f" ({len(names)} columns)" if self.spec.or_names else ""
            return f"without a header{several}"
        if not self._form.layouts:
            return None
        first = self._table_head[0]
        if self._form.columns:
            told = {*names, *self._form.split(first)}
            return next((n for n, by in self._form.layouts if told.issuperset(by)), None)
        return next((n for n, by in self._form.layouts if all(word in first for word in by)), None)

    def tables(
        self, columns: Sequence[str] | None = None, *, block: int = BLOCK
    ) -> Iterator[pa.Table]:
        """Rows of a table without quoted fields, in file order: the way to read millions of them.

        Parameters
        ----------
        columns
            The columns to read; default: all. One that the file lacks is null in every row.
        block
            Bytes of the file per table at about.

        Yields
        ------
        pyarrow.Table
            The columns as strings, null where the field is empty, and ``line`` (int64). Memory is
            bounded by a few blocks.

        Raises
        ------
        SourceError
            As :meth:`frames` does.
        """
        names, skipped = self.layout
        wanted = list(names if columns is None else columns)
        if self._is_parquet:
            yield from self._parquet_tables(names, wanted, CHUNK_ROWS)
            return
        read = list(dict.fromkeys([*wanted, names[0]]))
        line = skipped + 1
        with self.open_bytes() as stream:
            for _ in range(skipped):
                stream.readline()
            for table in self._batches(stream, names, read, block):
                lines = pa.array(np.arange(line, line + table.num_rows, dtype="int64"))
                line += table.num_rows
                table = table.append_column("line", lines)
                yield _without_blank(table, read).select([*wanted, "line"])

    def _parquet_tables(self, names: list[str], wanted: list[str], rows: int) -> Iterator[pa.Table]:
        """Rows of a Parquet file, by the names of the layout; absent columns are null."""
        written = dict(zip(names, column_names(self.path), strict=True))
        there = [name for name in wanted if name in written]
        for table in read_tables(self.path, [written[name] for name in there], rows=rows):
            found = table.rename_columns([*there, "line"])
            for name in wanted:
                if name not in written:
                    found = found.append_column(name, pa.nulls(len(table), pa.string()))
            yield found.select([*wanted, "line"])

    def _batches(
        self, stream: io.BufferedReader, names: list[str], wanted: list[str], block: int
    ) -> Iterator[pa.Table]:
        """Parse whole lines, a block at a time.

        The file is read here and not by Arrow: its reader calls Python from a thread of its own,
        and a process that ends on an error while that thread is busy is aborted.
        """
        options: dict[str, Any] = {
            "parse_options": pcsv.ParseOptions(
                delimiter=self._form.separator, quote_char=False, ignore_empty_lines=False
            ),
            "convert_options": pcsv.ConvertOptions(
                column_types=dict.fromkeys({*names, *wanted}, pa.string()),
                include_columns=wanted,
                include_missing_columns=True,
                strings_can_be_null=True,
                null_values=[""],
            ),
        }
        for lines in whole_lines(stream, block):
            size = pcsv.ReadOptions(column_names=names, block_size=len(lines))
            try:
                yield pcsv.read_csv(pa.BufferReader(lines), read_options=size, **options)
            except pa.ArrowInvalid as error:
                self._check_widths(len(names))
                raise self._unreadable(str(error), 0) from error

    def frames(self, *, rows: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
        """Rows of the table, in file order.

        Parameters
        ----------
        rows
            Rows per frame at most.

        Yields
        ------
        pandas.DataFrame
            Every column as text with None where the field is empty, and ``line`` (int64): the line
            of the decompressed file on which the row starts, counted from 1.

        Raises
        ------
        SourceError
            If the layout is wrong, a row has too few or too many fields, or the file is damaged.
        """
        names, skipped = self.layout
        if self._is_parquet:
            for table in self._parquet_tables(names, names, rows):
                yield table.to_pandas()
            return
        line, read = skipped + 1, 0
        with self.open_text() as text:
            for _ in range(skipped):
                text.readline()
            counted = SeparatorCount(text, self._form.separator, quoted=self._form.quoted)
            for frame in self._parse(counted, names, rows, skipped):
                extra = _inner_line_ends(frame) if self._form.quoted else None
                frame["line"] = range(line, line + len(frame))
                line += len(frame)
                if extra is not None:
                    frame["line"] += extra.cumsum() - extra
                    line += int(extra.sum())
                frame = self._checked(frame, names)
                read += len(frame)
                if len(frame):
                    yield frame
        if counted.n != read * (len(names) - 1):
            self._check_widths(len(names))

    def lines(self, *, rows: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
        """Lines of a file that is no table: ``text`` (without its end) and ``line``."""
        self.layout  # noqa: B018 - raises if the file is not what it should be
        start = 1
        with self.open_text() as text:
            while block := [line.rstrip("\n") for line in islice(text, rows)]:
                yield pd.DataFrame({"text": block, "line": range(start, start + len(block))})
                start += len(block)

    def _unique(self, header: list[str]) -> list[str]:
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise SourceError(
                f"the header names {', '.join(twice)} more than once; {self._next}",
                path=self.path,
                line=1,
            )
        return header

    def _is_headerless_table(self) -> bool:
        if not self._form.names or len(self._form.split(self._table_head[0])) != len(
            self._form.names
        ):
            return False
        return self._form.recognise is None or self._form.recognise(self._table_head)

    def _parse(
        self, text: SeparatorCount, names: list[str], rows: int, skipped: int
    ) -> Iterator[pd.DataFrame]:
        stream: Any = text  # `read` and `__iter__` are all that pandas asks for
        quoting: Any = csv.QUOTE_MINIMAL if self._form.quoted else csv.QUOTE_NONE
        try:
            with pd.read_csv(
                stream,
                sep=self._form.separator,
                names=names,
                header=None,
                dtype=str,
                keep_default_na=False,
                quoting=quoting,
                skip_blank_lines=False,
                chunksize=rows,
            ) as reader:
                yield from reader
        except pd.errors.ParserError as error:
            raise self._unreadable(str(error), skipped) from error

    def _checked(self, frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        """Turn empty fields into None, and drop blank lines."""
        if not isinstance(frame.index, pd.RangeIndex):  # pandas took surplus fields for an index
            raise self._ragged(int(frame["line"].min()), len(names) + 1, len(names))
        maybe = frame[frame[names[0]] == ""]
        blank = maybe.index[(maybe[names] == "").all(axis=1)]
        if len(blank):
            frame = frame.drop(blank).reset_index(drop=True)
        for name in names:
            values = frame[name].to_numpy(copy=True)
            values[values == ""] = None
            frame[name] = values
        return frame

    def _check_widths(self, width: int) -> None:
        """Look for a row that is cut short, which pandas fills up without a word."""
        with self.open_text() as text:
            for line, fields in _records(text, self._form):
                if fields != [""] and len(fields) != width:
                    raise self._ragged(line, len(fields), width)

    def _ragged(self, line: int, found: int, expected: int) -> SourceError:
        return SourceError(
            f"the row has {found} fields; expected {expected}, as many as there are columns. "
            f"The file is cut off or damaged: {self._again}",
            path=self.path,
            line=line,
        )

    def _unreadable(self, message: str, skipped: int) -> SourceError:
        found = re.search(r"(?:line|row) (\d+)", message)
        # pandas counts lines from 1 and rows from 0, both from where it began to read
        line = int(found[1]) + skipped + (found[0].startswith("row")) if found else None
        return SourceError(
            f"the table cannot be read ({message.strip()}); {self._again}",
            path=self.path,
            line=line,
        )

    def _wrong_header(self, found: list[str], missing: list[str]) -> SourceError:
        lacks = []
        for name in missing:
            near = difflib.get_close_matches(name, found, n=1)
            lacks.append(f"{name!r}" + (f" (nearest: {near[0]!r})" if near else ""))
        headerless = ""
        if self._form.names:
            widths = sorted({len(n) for n in (self.spec.names, *self.spec.or_names)})
            headerless = f", or {' or '.join(map(str, widths))} columns without a header"
        return SourceError(
            f"the header lacks {', '.join(lacks)}; expected columns "
            f"{', '.join(self._form.columns)}{headerless}; found {_some(found)}. {self._next}",
            path=self.path,
            line=1,
        )

    def _wrong_width(self, found: list[str]) -> SourceError:
        expected = f"{len(self._form.names)} columns ({', '.join(self._form.names)})"
        return SourceError(
            f"expected {self._form.expects or expected}; "
            f"found {len(found)} columns: {_some(found)}. {self._next}",
            path=self.path,
            line=1,
        )


def _without_blank(table: pa.Table, names: list[str]) -> pa.Table:
    """Drop the rows in which nothing stands; Arrow reads a blank line as one."""
    if any(not table[name].null_count for name in names):
        return table
    said = [pc.is_valid(table[name]) for name in names]
    return table.filter(functools.reduce(pc.or_, said))


def read_head(path: Path) -> list[str]:
    """Read the first lines of a file, as far as they lie within its first 65,536 characters.

    The columns of a Parquet file stand in for its lines, with tabs between them.
    """
    if is_parquet(path):
        return ["\t".join(column_names(path))]
    with open_text(path) as text:
        return text.read(HEAD).removesuffix("\n").split("\n")


def _records(text: TextIO, spec: FileSpec) -> Iterator[tuple[int, list[str]]]:
    """Split a table into its rows the slow way, each with the line on which it starts."""
    if not spec.quoted:
        for line, content in enumerate(text, start=1):
            yield line, content.rstrip("\n").split(spec.separator)
        return
    reader = csv.reader(text, delimiter=spec.separator)
    start = 1
    for fields in reader:
        yield start, fields or [""]
        start = reader.line_num + 1


def _some(fields: list[str]) -> str:
    shown = ", ".join(field[:40] for field in fields[:12])
    return shown + (f" and {len(fields) - 12} more" if len(fields) > 12 else "")


def _inner_line_ends(frame: pd.DataFrame) -> pd.Series[int]:
    """How many line ends lie inside the quoted fields of each row."""
    ends = pd.Series(0, index=frame.index, dtype="int64")
    for name in frame.columns:
        column = frame[name]
        if "\n" in "".join(column.dropna()):
            ends += column.str.count("\n").fillna(0).astype("int64")
    return ends
