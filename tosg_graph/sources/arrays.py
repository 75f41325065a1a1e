"""Arrow columns turned into columns of references and lists, for tables with millions of rows.

What :mod:`tosg_graph.sources.columns` does for data frames. Everything here takes and returns whole
Arrow columns of the same length; fields that are empty in the file are null in every result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = "pa.Array | pa.ChunkedArray"

TEXT = pa.string()
TEXTS = pa.list_(pa.string())


def prefixed(namespace: str, column: Column) -> Column:
    """Put a namespace before identifiers: ``1956`` becomes ``NCBIGene:1956``."""
    return pc.binary_join_element_wise(f"{namespace}:", column, "")


def repeated(value: object, rows: int, kind: pa.DataType = TEXT) -> pa.Array:
    """Give a column that says the same in every row."""
    return pa.repeat(pa.scalar(value, kind), rows)


def by_value(column: Column, function: Callable[[str], Any], kind: pa.DataType = TEXT) -> Column:
    """Work out each distinct text once, and give every row the result of its text.

    Parameters
    ----------
    column
        Text; the function is not asked about nulls.
    function
        Gives the result of one text, or None.
    kind
        Type of the results.

    Examples
    --------
    >>> by_value(pa.array(["a|b", None]), lambda text: text.split("|"), TEXTS).to_pylist()
    [['a', 'b'], None]
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = whole.dictionary_encode()
    results = pa.array([function(value) for value in coded.dictionary.to_pylist()], kind)
    return results.take(coded.indices)


def singly(column: Column) -> pa.ListArray:
    """Put each text into a list of its own, for properties that are lists; null stays null."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    offsets = pa.array(range(len(values) + 1), pa.int32())
    return pa.ListArray.from_arrays(offsets, values, mask=pc.is_null(values))


def without(column: Column, nothing: str) -> Column:
    """Make the word that a file writes for an empty field null."""
    return pc.if_else(pc.equal(column, nothing), pa.scalar(None, TEXT), column)
