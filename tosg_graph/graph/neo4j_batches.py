"""What is sent to a Neo4j server, a batch at a time: a statement and the columns of its rows.

A batch travels as columns, not as one mapping per row: the driver would pack the names of all
properties again for every row, which costs more than the values. Columns without a value are left
out, and a value that all rows share is sent once.

There are two kinds. :func:`create_nodes` and :func:`create_edges` fill a database that this tool
emptied. A node of its own (:data:`PROGRESS_LABEL`) says how many rows are written; a batch goes in
the transaction that raises this number (:func:`turn`), which nobody can if it is not the one
before. So a batch that is sent again, because nobody heard how its transaction ended, is written
once, without looking for each of its rows. The other statements change a graph that is there; they
look each row up, and may run twice.

A small graph is loaded in the time that the server needs to plan these statements, one for each
kind of edge and pair of labels; so they have few clauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from tosg_graph.graph.ddl import EMBEDDING
from tosg_graph.graph.parts import EdgePart
from tosg_graph.schema import EDGE_ENDS

#: Label of the node that stands beside the graph: what an import left, or how far a load is.
PROGRESS_LABEL = "TosgBuild"

_ROWS = "UNWIND range(0, $rows - 1) AS i "
#: Columns that are looked up, row by row.
_KEYS = ("source", "target", "id", "edge_id")
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
    some
        Whether fewer rows may be written, since some are gone.
    """

    statement: str
    parameters: dict[str, Any] = field(repr=False)
    rows: int
    what: str
    ends: tuple[tuple[str, list[str]], ...] = field(default=(), repr=False)
    some: bool = False


# ---- into an empty database ------------------------------------------------------------------


def turn(progress: str, before: int, rows: int) -> Batch:
    """Raise the number of rows written, if it is ``before``: whoever does may write the next.

    ``progress`` is the element id of the node that counts. Writing before reading takes its lock:
    two that send one batch do so one after the other.
    """
    return Batch(
        "MATCH (p) WHERE elementId(p) = $progress SET p.at = $before WITH p WHERE p.rows = $before "
        "SET p.rows = $after RETURN count(p) AS turns",
        {"progress": progress, "before": before, "after": before + rows},
        1,
        PROGRESS_LABEL,
    )


def create_nodes(label: str, table: pa.Table) -> Iterator[Batch]:
    """Create nodes; in a transaction with their :func:`turn`."""
    for part in _by_size(table):
        given, values = _columns(part)
        statement = f"{_ROWS}CREATE (n:{label} {_map(values)}) RETURN count(n) AS written"
        yield Batch(statement, given, part.num_rows, label)


def create_edges(kind: str, part: EdgePart) -> Iterator[Batch]:
    """Create edges between two labels; in a transaction with their :func:`turn`."""
    for rows in _by_size(part.rows):
        given, values = _columns(rows)
        properties = _map({name: value for name, value in values.items() if name not in EDGE_ENDS})
        yield Batch(
            f"{_ROWS}MATCH (a:{part.source_label} {{id: $source[i]}}) "
            f"MATCH (b:{part.target_label} {{id: $target[i]}}) "
            f"CREATE (a)-[r:{kind} {properties}]->(b) RETURN count(r) AS written",
            given,
            rows.num_rows,
            kind,
            ((part.source_label, given["source"]), (part.target_label, given["target"])),
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


def add_edges(kind: str, part: EdgePart) -> Iterator[tuple[Batch, ...]]:
    """Add edges between two labels, of which some may be there: batches for one transaction each.

    What is there goes first, found by the index over ``edge_id``; ``MERGE`` would look through the
    edges of a hub for each row. If a batch is sent again, the lock of one of its nodes lets it wait
    for the end of the transaction that was not heard.
    """
    for batch in create_edges(kind, part):
        lock = Batch(
            f"MATCH (n:{part.source_label} {{id: $id}}) REMOVE n.tosg_lock RETURN count(n)",
            {"id": batch.parameters["source"][0]},
            1,
            part.source_label,
        )
        ids = {name: batch.parameters[name] for name in ("rows", "edge_id")}
        yield lock, _withdraw(kind, ids, batch.rows), batch


def change_edges(kind: str, table: pa.Table) -> Iterator[Batch]:
    """Give edges that are there new properties."""
    ends = [name for name in table.column_names if name in EDGE_ENDS]
    for rows in _by_size(table.drop_columns(ends)):
        given, values = _columns(rows)
        statement = f"{_ROWS}{_by_id(kind)}SET r = {_map(values)} RETURN count(r) AS written"
        yield Batch(statement, given, rows.num_rows, kind)


def withdraw_edges(kind: str, table: pa.Table) -> Batch:
    """Remove edges, of which some may be gone."""
    given, _ = _columns(table.select(["edge_id"]))
    return _withdraw(kind, given, table.num_rows)


def _withdraw(kind: str, ids: dict[str, Any], rows: int) -> Batch:
    statement = f"{_ROWS}{_by_id(kind)}DELETE r RETURN count(*) AS removed"
    return Batch(statement, ids, rows, kind, some=True)


def _by_id(kind: str) -> str:
    """Find an edge; the index is named, since nothing else would do."""
    return f"MATCH ()-[r:{kind} {{edge_id: $edge_id[i]}}]->() USING INDEX r:{kind}(edge_id) "


def withdraw_nodes(label: str, table: pa.Table) -> Batch:
    """Remove nodes, which must have no edges left, and of which some may be gone."""
    given, _ = _columns(table.select(["id"]))
    statement = f"{_ROWS}MATCH (n:{label} {{id: $id[i]}}) DELETE n RETURN count(*) AS removed"
    return Batch(statement, given, table.num_rows, label, some=True)


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
