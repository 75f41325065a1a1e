"""Reading, guarded: the gate first, then the engine's own word, then a read with limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tosg_graph.ask.gate import check
from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryError, Refused
from tosg_graph.graph.result import ResultTable
from tosg_graph.graph.store import GraphStore


def guarded_read(
    store: GraphStore,
    query: str,
    parameters: Mapping[str, Any] | None = None,
    limits: ReadLimits | None = None,
) -> ResultTable:
    """Run a query that does nothing but read.

    Parameters
    ----------
    store
        The database.
    query, parameters
        What to run.
    limits
        Time, rows and bytes; default: those of :class:`ReadLimits`.

    Raises
    ------
    Refused
        If the gate, or the engine's plan, says that it could do anything but read.
    QueryTimeout, QueryError, StoreError
        From the store.
    """
    values = dict(parameters or {})
    checked = check(query, engine=store.engine, known_parameters=values)
    if store.engine == "neo4j" and store.explain(query, values).read_only is not True:
        raise Refused("the database says that this query writes; only queries that read are run")
    try:
        return store.read(query, values, limits=limits or ReadLimits())
    except QueryError as error:
        if not checked.warnings:
            raise
        raise QueryError(f"{error} ({'; '.join(checked.warnings)})") from error
