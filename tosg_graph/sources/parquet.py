"""Tables that are published as Parquet, read as text like any other table.

A Parquet file has no lines: in their place stands the number of the row, counted from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tosg_graph.errors import SourceError

MAGIC = b"PAR1"
_DAMAGED = (pa.ArrowException, OSError, UnicodeDecodeError)


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet files do; a file that cannot be opened does not."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def column_names(path: Path) -> list[str]:
    """Give the names of the columns that hold one value per row; nested ones are passed over.

    Raises
    ------
    SourceError
        If the file is damaged.
    """
    with _open(path) as file:
        return [field.name for field in file.schema_arrow if not pa.types.is_nested(field.type)]


def read_tables(path: Path, columns: Sequence[str], *, rows: int) -> Iterator[pa.Table]:
    """Read columns as text, in file order.

    Parameters
    ----------
    columns
        Names as the file has them.
    rows
        Rows per table at most. Memory is bounded by a row group of the file.

    Yields
    ------
    pyarrow.Table
        The columns as strings, null where the file has null or an empty text, and ``line``
        (int64), the number of the row.

    Raises
    ------
    SourceError
        If the file is damaged, or a column holds what has no text.
    """
    line = 1
    with _open(path) as file:
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            batch.validate(full=True)
            arrays = [_text(batch.column(name)) for name in columns]
            arrays.append(pa.array(np.arange(line, line + batch.num_rows, dtype="int64")))
            line += batch.num_rows
            yield pa.table(arrays, names=[*columns, "line"])


def read_renamed(
    path: Path, names: Sequence[str], columns: Sequence[str], *, rows: int
) -> Iterator[pa.Table]:
    """Read columns as :func:`read_tables` does, by other names than the file has.

    Parameters
    ----------
    names
        What the columns of the file are called here, in the order of :func:`column_names`.
    columns
        Names of the columns to read; one that is not among ``names`` is null in every row.
    """
    written = dict(zip(names, column_names(path), strict=True))
    there = [name for name in columns if name in written]
    for table in read_tables(path, [written[name] for name in there], rows=rows):
        found = table.rename_columns([*there, "line"])
        for name in columns:
            if name not in written:
                found = found.append_column(name, pa.nulls(len(table), pa.string()))
        yield found.select([*columns, "line"])


@contextmanager
def _open(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except _DAMAGED as error:
        raise SourceError(
            f"the Parquet file is damaged or not readable ({error}); download it again", path=path
        ) from error


def _text(column: pa.Array) -> pa.Array:
    text = column.cast(pa.string())
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)
