"""Tables of cells of several data sets as one table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

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
    columns = list(dict.fromkeys(name for table in tables for name in table.column_names))
    types = {name: _common([t.schema.field(name).type for t in tables if name in t.column_names])
             for name in columns}  # fmt: skip
    schema = pa.schema([(name, types[name]) for name in columns])
    parts = [_cast(table, schema) for table in tables]
    whole = pa.concat_tables(parts).unify_dictionaries()
    return whole.append_column("data_set", _codes([t.num_rows for t in tables], names))


def _codes(sizes: Sequence[int], names: Sequence[str]) -> pa.Array:
    import numpy as np

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


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
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
