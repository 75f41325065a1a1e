"""The statements behind one fact, from the build: a database keeps the fact, not the statements."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.graph.result import ResultTable

_ALWAYS = ("source", "record_id", "pmids", "sentence", "licence", "file", "line")


def statements_of(build: Build, edge_id: str) -> ResultTable:
    """Every statement that stands behind a fact, in the order of source, file and line.

    Evidence is sorted by edge id, so that only the row groups that can hold the id are read.

    Parameters
    ----------
    build
        The build that the fact is of.
    edge_id
        Its id, as queries and answers show it.

    Returns
    -------
    ResultTable
        One row per statement; columns in which no statement says anything are left out.

    Raises
    ------
    UsageError
        If the build has no fact of that id.
    """
    table = pq.read_table(build.file("evidence"), filters=[("edge_id", "=", edge_id)])
    if not table.num_rows:
        raise UsageError(
            f"no fact {edge_id!r} in build {build.id}; queries and answers show ids as edge_id"
        )
    said = [name for name in table.column_names[1:] if name in _ALWAYS or _says(table[name])]
    rows = list(zip(*[table[name].to_pylist() for name in said], strict=True))
    return ResultTable(tuple(said), rows)


def _says(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count < len(column))
