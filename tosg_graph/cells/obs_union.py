"""Tables of cells of several data sets as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.errors import CellsError

#: The column that says which data set a cell is from.
DATA_SET = "data_set"
#: Row groups (131,072 cells each) that are in memory at a time while columns are read.
_GROUPS = 8
_TEXT = pa.dictionary(pa.int32(), pa.string())


class ObsFiles:
    """The tables of cells of several data sets, read column by column.

    A column that a data set does not have is null for its cells. Where two data sets have a column
    in different types, numbers become 64-bit floats, and anything else text. The last column names
    the data set of each cell.

    Parameters
    ----------
    files
        Per data set its table, as Parquet.
    names
        Per data set its name.
    """

    def __init__(self, files: Sequence[Path], names: Sequence[str]) -> None:
        self._files = list(zip(files, names, strict=True))
        self._piece = lru_cache(maxsize=_GROUPS)(self._group)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        schemas = []
        for path, _ in self._files:
            with _reading(path) as file:
                schemas.append(file.schema_arrow)
        return joined_schema(schemas).append(pa.field(DATA_SET, _TEXT))

    def pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Read some columns in the order of the cells, a million cells at a time."""
        schema = pa.schema([self.schema.field(name) for name in columns if name != DATA_SET])
        for path, dataset in self._files:
            with _reading(path) as file:
                own = [name for name in schema.names if name in file.schema_arrow.names]
                for first in range(0, file.num_row_groups, _GROUPS):
                    groups = range(first, min(first + _GROUPS, file.num_row_groups))
                    rows = sum(file.metadata.row_group(group).num_rows for group in groups)
                    table = file.read_row_groups(list(groups), columns=own)
                    yield _whole(table, rows, schema, dataset if DATA_SET in columns else None)

    def column(self, name: str) -> pa.ChunkedArray:
        """Read one column whole."""
        chunks = [chunk for table in self.pieces([name]) for chunk in table.column(name).chunks]
        return pa.chunked_array(chunks, self.schema.field(name).type).unify_dictionaries()

    def take(self, name: str, cells: np.ndarray[Any, Any]) -> pa.Array:
        """Read one column of cells by position, in the order asked for.

        Only the row groups that they are in are read, one at a time; the last few are kept.
        """
        starts, places = self._row_groups
        order = np.argsort(cells, kind="stable")
        wanted = np.asarray(cells)[order]
        bounds = np.searchsorted(wanted, starts)
        found = [pa.array([], self.schema.field(name).type)]
        for number in np.flatnonzero(np.diff(bounds)):
            part = wanted[bounds[number] : bounds[number + 1]] - starts[number]
            found.append(self._piece(name, *places[number]).take(pa.array(part)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        whole = pa.chunked_array(found).unify_dictionaries().combine_chunks()
        return whole.take(pa.array(back))

    @cached_property
    def _row_groups(self) -> tuple[np.ndarray[Any, Any], list[tuple[int, int]]]:
        """First cell of each row group, and the end; file and number of each."""
        sizes, places = [0], []
        for at, (path, _) in enumerate(self._files):
            with _reading(path) as file:
                for group in range(file.num_row_groups):
                    sizes.append(file.metadata.row_group(group).num_rows)
                    places.append((at, group))
        return np.cumsum(sizes), places

    def _group(self, name: str, number: int, group: int) -> pa.Array:
        """One column of one row group."""
        path, dataset = self._files[number]
        schema = pa.schema([self.schema.field(name)] if name != DATA_SET else [])
        with _reading(path) as file:
            rows = file.metadata.row_group(group).num_rows
            own = [column for column in schema.names if column in file.schema_arrow.names]
            table = file.read_row_group(group, columns=own, use_threads=False)
        table = _whole(table, rows, schema, dataset if name == DATA_SET else None)
        return table.column(name).combine_chunks()


def joined_obs(tables: Sequence[pa.Table], names: Sequence[str]) -> pa.Table:
    """Put tables of cells together, with the data set of each cell in the last column.

    A column that a data set does not have is null for its cells. Where two data sets have a column
    in different types, numbers become 64-bit floats, and anything else text.

    Parameters
    ----------
    tables
        Per data set its table.
    names
        Per data set its name.
    """
    schema = joined_schema([table.schema for table in tables])
    parts = [fitted(table, schema) for table in tables]
    whole = pa.concat_tables(parts).unify_dictionaries()
    return whole.append_column(DATA_SET, dataset_codes([t.num_rows for t in tables], names))


def joined_schema(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Columns of several data sets as one, without that of the data set itself."""
    columns = list(dict.fromkeys(name for schema in schemas for name in schema.names))
    return pa.schema(
        [
            (name, _common([s.field(name).type for s in schemas if name in s.names]))
            for name in columns
        ]
    )


def dataset_codes(sizes: Sequence[int], names: Sequence[str]) -> pa.Array:
    """Name the data set of each cell, given how many cells each has."""
    codes = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, pa.string()))


def _common(types: Sequence[pa.DataType]) -> pa.DataType:
    """One type for a column that has several."""
    kept = list(dict.fromkeys(t for t in types if not pa.types.is_null(t)))
    if len(kept) == 1:
        return kept[0]
    if all(pa.types.is_integer(t) or pa.types.is_floating(t) for t in kept):
        return pa.float64()
    if all(pa.types.is_string(t) for t in kept):
        return pa.string()
    return _TEXT


def _whole(table: pa.Table, rows: int, schema: pa.Schema, dataset: str | None) -> pa.Table:
    """Give some rows of one data set every column that was asked for."""
    if not table.num_columns:
        table = pa.table([pa.nulls(rows, field.type) for field in schema], schema=schema)
    table = fitted(table, schema) if len(schema) else table
    if dataset is None:
        return table
    codes = dataset_codes([rows], [dataset])
    return table.append_column(DATA_SET, codes) if len(schema) else pa.table({DATA_SET: codes})


def _reading(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, pre_buffer=True)  # maps cost more in page faults
    except FileNotFoundError:
        raise CellsError(f"{path} is missing; add the cells again") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise CellsError(f"{path} is damaged ({error}); add the cells again") from error


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a table the columns of a schema: cast, and null where it has none."""
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
            continue
        column = table.column(field.name)
        if column.type != field.type and pa.types.is_dictionary(field.type):
            column = column.cast(pa.string()).cast(field.type)
        columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)
