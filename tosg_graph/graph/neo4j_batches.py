"""What is sent to a Neo4j server, a batch at a time: a statement and the columns of its rows.

A batch travels as columns, not as one mapping per row: the driver would pack the names of all
properties again for every row, which costs more than the values. Columns without a value are left
out, and a value that all rows share is sent once.

There are two kinds. :func:`create_nodes` and :func:`create_edges` fill a database that this tool
emptied. A node of its own (:data:`PROGRESS_LABEL`) says how many rows are written; a batch is
written only if that number is the one before it, and raises it in the same transaction. So a batch
that is sent again, because nobody heard how its transaction ended, is written once, without
looking for each of its rows. The other statements change a graph that is there; they look each row
up, and may run twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tosg_graph.graph.ddl import EMBEDDING
from tosg_graph.graph.parts import EdgePart

#: Label of the node that stands beside the graph: what an import left, or how far a load is.
PROGRESS_LABEL = "TosgBuild"

_ROWS = "UNWIND range(0, $rows - 1) AS i "
#: Writing before reading takes the lock: two that send one batch do so one after the other.
_TURN = "MATCH (p) WHERE elementId(p) = $progress SET p.at = $before WITH p WHERE p.rows = $before "
#: Columns that are looked up, row by row.
_KEYS = ("source", "target", "id", "edge_id")
_ENDS = ("source", "target")
#: A batch has at most about so many bytes.
TRANSACTION_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """A statement that writes some rows, and returns how many it wrote.

    Parameters
    ----------
    statement
        With parameters; it returns one number.
    parameters
        Columns as lists of ``rows`` values, values that all rows share, and ``rows``.
    rows
        How many there are.
    what
        Name of the label or type, for errors.
    ends
        For edges: per label, the ids of nodes that must be there.
    """

    statement: str
    parameters: dict[str, Any] = field(repr=False)
    rows: int
    what: str
    ends: tuple[tuple[str, list[str]], ...] = field(default=(), repr=False)

    def after(self, progress: str, before: int) -> dict[str, Any]:
        """Parameters of a batch that creates: whose turn it is after so many rows.

        ``progress`` is the element id of the node that counts them.
        """
        turn = {"progress": progress, "before": before, "after": before + self.rows}
        return {**self.parameters, **turn}


# ---- into an empty database ------------------------------------------------------------------


def create_nodes(label: str, table: pa.Table) -> Iterator[Batch]:
    """Create nodes, each batch once and in turn."""
    for part in _by_size(table):
        given, values = _columns(part)
        yield Batch(
            f"{_TURN}SET p.rows = $after WITH p {_ROWS}"
            f"CREATE (n:{label} {_map(values)}) RETURN count(n) AS written",
            given,
            part.num_rows,
            label,
        )


def create_edges(kind: str, part: EdgePart) -> Iterator[Batch]:
    """Create edges between two labels, each batch once and in turn, whole or not at all.

    Each node is looked up once per batch; the rows name its place among those found.
    """
    for rows in _by_size(part.rows):
        given, values = _columns(rows.drop_columns(list(_ENDS)))
        ends = []
        for end, label in (("source", part.source_label), ("target", part.target_label)):
            places = rows[end].combine_chunks().dictionary_encode()
            given[end], ids = places.indices.to_pylist(), places.dictionary.to_pylist()
            given[f"{end}_ids"] = ids
            ends.append((label, ids))
        yield Batch(
            f"{_TURN}{_found('source', part.source_label, 'p')}"
            f"{_found('target', part.target_label, 'p, source')}"
            "WITH p, source, target WHERE size(source) = size($source_ids) "
            "AND size(target) = size($target_ids) "
            f"SET p.rows = $after WITH source, target {_ROWS}"
            "WITH i, source[$source[i]] AS a, target[$target[i]] AS b "
            f"CREATE (a)-[r:{kind} {_map(values)}]->(b) RETURN count(r) AS written",
            given,
            rows.num_rows,
            kind,
            tuple(ends),
        )


def _found(end: str, label: str, kept: str) -> str:
    """Look nodes up by their ids, in the order of these."""
    return (
        f"UNWIND range(0, size(${end}_ids) - 1) AS j MATCH (n:{label} {{id: ${end}_ids[j]}}) "
        f"WITH {kept}, j, n ORDER BY j WITH {kept}, collect(n) AS {end} "
    )


# ---- into a graph that is there --------------------------------------------------------------


def set_nodes(label: str, table: pa.Table) -> Iterator[Batch]:
    """Add or change nodes. The vector of a node stays while the text that it was made from does."""
    for part in _by_size(table):
        given, values = _columns(part)
        yield Batch(
            f"{_ROWS}MERGE (n:{label} {{id: $id[i]}}) "
            f"WITH n, i, CASE WHEN n.text = {values.get('text', 'null')} THEN n.{EMBEDDING} END "
            f"AS vector SET n = {_map(values)} SET n.{EMBEDDING} = vector "
            "RETURN count(n) AS written",
            given,
            part.num_rows,
            label,
        )


def set_edges(kind: str, part: EdgePart) -> Iterator[Batch]:
    """Add or change edges between two labels, whose ids the index over ``edge_id`` finds.

    ``MERGE`` would look through the edges of a hub for each. Removing a property that no node has
    takes the lock of the source, as ``MERGE`` does, so that nobody else adds the edge meanwhile.
    """
    for rows in _by_size(part.rows):
        given, values = _columns(rows)
        properties = _map({name: value for name, value in values.items() if name not in _ENDS})
        yield Batch(
            f"{_ROWS}MATCH (a:{part.source_label} {{id: $source[i]}}) "
            f"MATCH (b:{part.target_label} {{id: $target[i]}}) REMOVE a.tosg_lock WITH i, a, b "
            f"OPTIONAL {_by_id(kind)}WITH i, a, b, r "
            f"FOREACH (_ IN CASE WHEN r IS NULL THEN [i] ELSE [] END | "
            f"CREATE (a)-[:{kind} {properties}]->(b)) "
            f"FOREACH (_ IN CASE WHEN r IS NULL THEN [] ELSE [i] END | SET r = {properties}) "
            "RETURN count(i) AS written",
            given,
            rows.num_rows,
            kind,
            ((part.source_label, given["source"]), (part.target_label, given["target"])),
        )


def withdraw_edges(kind: str, table: pa.Table) -> Batch:
    """Remove edges, of which some may be gone."""
    given, _ = _columns(table.select(["edge_id"]))
    statement = f"{_ROWS}{_by_id(kind)}DELETE r RETURN count(*) AS removed"
    return Batch(statement, given, table.num_rows, kind)


def _by_id(kind: str) -> str:
    """Find an edge; the index is named, since nothing else would do."""
    return f"MATCH ()-[r:{kind} {{edge_id: $edge_id[i]}}]->() USING INDEX r:{kind}(edge_id) "


def withdraw_nodes(label: str, table: pa.Table) -> Batch:
    """Remove nodes, which must have no edges left, and of which some may be gone."""
    given, _ = _columns(table.select(["id"]))
    statement = f"{_ROWS}MATCH (n:{label} {{id: $id[i]}}) DELETE n RETURN count(*) AS removed"
    return Batch(statement, given, table.num_rows, label)


# ---- columns ---------------------------------------------------------------------------------


def _columns(table: pa.Table) -> tuple[dict[str, Any], dict[str, str]]:
    """Give the parameters of a table, and how each column is written for the row ``i``."""
    given: dict[str, Any] = {"rows": table.num_rows}
    values = {}
    for name in table.column_names:
        column = table[name]
        if column.null_count == table.num_rows and name not in _KEYS:
            continue
        listed = column.to_pylist()
        shared = _may_be_shared(name, column.type) and all(v == listed[0] for v in listed)
        given[name] = listed[0] if shared else listed
        values[name] = f"${name}" if shared else f"${name}[i]"
    return given, values


def _may_be_shared(name: str, kind: pa.DataType) -> bool:
    """Keys are looked up by place; among floats -0 and 0 are equal and yet two values."""
    return name not in _KEYS and not pa.types.is_floating(kind)


def _map(values: dict[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {value}' for name, value in values.items())}}}"


def _by_size(table: pa.Table) -> Iterator[pa.Table]:
    """Halve a batch until it fits in one transaction."""
    if table.num_rows > 1 and table.nbytes > TRANSACTION_BYTES:
        half = table.num_rows // 2
        yield from _by_size(table.slice(0, half))
        yield from _by_size(table.slice(half))
    else:
        yield table
