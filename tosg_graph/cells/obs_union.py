"""Tables of cells of several data sets as one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

#: The column that says which data set a cell is from.
DATA_SET = "data_set"
_TEXT = pa.dictionary(pa.int32(), pa.string())


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
