"""Rows of a query as lines of a text file: made in DuckDB, written from Arrow's own memory."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa

from tosg_graph.build.engine import Engine

_LINE = pa.schema([pa.field("line", pa.string(), nullable=False)])


def write_lines(engine: Engine, line: str, rows: str, file: BinaryIO) -> int:
    """Write one line per row.

    No row becomes a Python object; one batch of lines is held in memory.

    Parameters
    ----------
    line
        SQL that makes the line from the columns of the rows, without its end.
    rows
        Query that gives the rows, in their order.

    Returns
    -------
    int
        The number of lines.
    """
    written = 0
    for batch in engine.stream(f"SELECT {line} || chr(10) AS line FROM ({rows})", _LINE):
        file.write(_text(batch.column(0)))
        written += batch.num_rows
    return written


def column_types(engine: Engine, rows: str) -> dict[str, str]:
    """Types of the columns of a query, by name, in order."""
    return {row[0]: str(row[1]) for row in engine.rows(f"DESCRIBE {rows}")}


def _text(lines: pa.Array) -> memoryview:
    """Text of the lines, one after the other, as it lies in the Arrow array."""
    offsets = memoryview(lines.buffers()[1]).cast("i")
    first, last = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[first:last]
