"""Tables of text read in blocks by Arrow: the way to read millions of rows without quoted fields.

The file is read here and not by Arrow: its reader calls Python from a thread of its own, and a
process that ends on an error while that thread is busy is aborted.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from tosg_graph.sources.faults import check_widths, unreadable
from tosg_graph.sources.layout import Layout
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import LONGEST_LINE, open_bytes, whole_lines

#: Bytes of a block of a table: no less than a line may have, so that each lies in two at most.
BLOCK = LONGEST_LINE


def read_blocks(
    path: Path, form: FileSpec, layout: Layout, columns: Sequence[str], *, block: int = BLOCK
) -> Iterator[pa.Table]:
    """Read columns as text, in file order; see :meth:`tosg_graph.sources.SourceFile.tables`."""
    names, skipped = layout
    read = list(dict.fromkeys([*columns, names[0]]))
    line = skipped + 1
    with open_bytes(path) as stream:
        for _ in range(skipped):
            stream.readline()
        for lines in whole_lines(stream, block):
            table = _parse(path, form, lines, layout, read)
            numbers = pa.array(np.arange(line, line + table.num_rows, dtype="int64"))
            line += table.num_rows
            table = table.append_column("line", numbers)
            yield _without_blank(table, read).select([*columns, "line"])


def _parse(
    path: Path, form: FileSpec, lines: bytes, layout: Layout, columns: list[str]
) -> pa.Table:
    """Parse a block of whole lines."""
    names = layout.names
    try:
        return pcsv.read_csv(
            pa.BufferReader(lines),
            read_options=pcsv.ReadOptions(column_names=names, block_size=len(lines)),
            parse_options=pcsv.ParseOptions(
                delimiter=form.separator, quote_char=False, ignore_empty_lines=False
            ),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys({*names, *columns}, pa.string()),
                include_columns=columns,
                include_missing_columns=True,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        check_widths(path, form, len(names), layout.header_lines)
        raise unreadable(path, form, str(error), 0) from error


def _without_blank(table: pa.Table, names: list[str]) -> pa.Table:
    """Drop the rows in which nothing stands; Arrow reads a blank line as one."""
    if any(not table[name].null_count for name in names):
        return table
    said = [pc.is_valid(table[name]) for name in names]
    return table.filter(functools.reduce(pc.or_, said))
