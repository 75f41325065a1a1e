"""The tables of a build as a database takes them: in bounded, checked parts, by pair of labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError
from tosg_graph.schema import EDGE_TYPE

#: Rows of a table that are in memory at a time.
BATCH_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class EdgePart:
    """Edges of one type between two labels.

    Parameters
    ----------
    source_label, target_label
        Labels of the ends.
    rows
        Columns ``source`` and ``target``, then the properties.
    """

    source_label: str
    target_label: str
    rows: pa.Table


def tables_of(build: Build, name: str, *, rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """Read a table of a build in batches.

    Raises
    ------
    BuildError
        If the file is missing or damaged, or holds an empty text or list: what is not known is
        null, or the ways of loading a graph would differ in what they keep.
    """
    for table in build.batches(name, rows=rows):
        _check(table, name)
        yield table


def edge_parts(build: Build, edge_type: str, *, rows: int = BATCH_ROWS) -> Iterator[EdgePart]:
    """Read the edges of a type in batches, each between one pair of labels, in schema order."""
    where = str(build.file(f"edges/{edge_type}"))
    for table in tables_of(build, f"edges/{edge_type}", rows=rows):
        yield from by_ends(table, edge_type, where)


def by_ends(table: pa.Table, edge_type: str, where: str) -> Iterator[EdgePart]:
    """Split edges of a type by the pair of labels that they join, in schema order.

    Parameters
    ----------
    table
        Rows of an edge table.
    edge_type
        Their type.
    where
        The file that they come from, for the error.

    Raises
    ------
    BuildError
        If an edge joins labels that its type does not join.
    """
    left = table.num_rows
    for a, b in EDGE_TYPE[edge_type].ends:
        same = pc.and_(pc.equal(table["source_label"], a), pc.equal(table["target_label"], b))
        found = table.filter(same).drop_columns(["source_label", "target_label"])
        left -= found.num_rows
        if found.num_rows:
            yield EdgePart(a, b, found)
    if left:
        raise BuildError(
            f"{where} has {left} edges between labels that "
            f"{edge_type} does not join; allowed: {EDGE_TYPE[edge_type].ends}"
        )


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Turn rows into mappings without the absent values."""
    for row in table.to_pylist():
        yield {name: value for name, value in row.items() if value is not None}


def _check(table: pa.Table, name: str) -> None:
    for column in table.column_names:
        if _says_nothing(table[column].combine_chunks()):
            raise BuildError(
                f"{name} of the build has an empty text or list in {column!r}; "
                "what is not known must be null: build again with this version"
            )


def _says_nothing(values: pa.Array) -> bool:
    """Whether a text or a list is empty, or a list holds an empty text or null."""
    if pa.types.is_list(values.type):
        items = values.flatten()
        return bool(
            items.null_count
            or pc.any(pc.equal(pc.list_value_length(values), 0)).as_py()
            or _says_nothing(items)
        )
    if pa.types.is_string(values.type):
        return bool(pc.any(pc.equal(pc.binary_length(values), 0)).as_py())
    return False
