"""A file of a source: in which layout it is, and its rows as text in tables and data frames."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TextIO

import pandas as pd
import pyarrow as pa

from tosg_graph.sources.blocks import BLOCK, read_blocks
from tosg_graph.sources.frames import read_frames
from tosg_graph.sources.layout import Layout, find_layout, read_head, which_layout
from tosg_graph.sources.parquet import is_parquet, read_renamed
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import LONGEST_LINE, open_bytes, open_text

CHUNK_ROWS = 100_000


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
    def layout(self) -> Layout:
        """The columns that the file has.

        Raises
        ------
        SourceError
            If the file is empty, or neither its header nor its first line is what the spec says.
        """
        return find_layout(self.path, self._form, self.head)

    @property
    def layout_name(self) -> str | None:
        """Which of the layouts that its loader reads it has; None where there is only one."""
        return which_layout(self._form, self.head, self.layout)

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
        names = self.layout.names
        wanted = list(names if columns is None else columns)
        if self._is_parquet:
            yield from read_renamed(self.path, names, wanted, rows=CHUNK_ROWS)
        else:
            yield from read_blocks(self.path, self._form, self.layout, wanted, block=block)

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
        names = self.layout.names
        if self._is_parquet:
            for table in read_renamed(self.path, names, names, rows=rows):
                yield table.to_pandas()
        else:
            yield from read_frames(self.path, self._form, self.layout, rows=rows)

    def lines(self, *, rows: int = CHUNK_ROWS) -> Iterator[pd.DataFrame]:
        """Lines of a file that is no table: ``text`` (without its end) and ``line``."""
        self.layout  # noqa: B018 - raises if the file is not what it should be
        start = 1
        with self.open_text() as text:
            while block := [line.rstrip("\n") for line in islice(text, rows)]:
                yield pd.DataFrame({"text": block, "line": range(start, start + len(block))})
                start += len(block)

    @cached_property
    def _form(self) -> FileSpec:
        """The form of the spec that the file has."""
        return self.spec.fitting(self.head)

    @cached_property
    def _is_parquet(self) -> bool:
        return is_parquet(self.path)
