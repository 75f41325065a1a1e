"""What LadybugDB returns, as the plain values that :mod:`tosg_graph.graph.store` promises."""

from __future__ import annotations

import base64
import datetime
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from tosg_graph.graph.store import edges_ending_in

#: An edge knows the places of its ends in their tables until their ids are looked up.
Place = tuple[int, int]


def plain(value: Any) -> Any:
    """One value; ends of edges are places (table, offset) until :func:`fill_ends`."""
    if isinstance(value, dict):
        return _from_mapping(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    if isinstance(value, (datetime.timedelta, UUID)):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _from_mapping(value: dict[str, Any]) -> Any:
    if "_SRC" in value and "_LABEL" in value:
        return {
            "edge_id": value.get("edge_id"),
            "type": value["_LABEL"],
            "source": _place(value["_SRC"]),
            "target": _place(value["_DST"]),
            **_properties(value, "edge_id"),
        }
    if "_ID" in value and "_LABEL" in value:
        return {"id": value.get("id"), "label": value["_LABEL"], **_properties(value, "id")}
    if "_NODES" in value and "_RELS" in value:
        return _path(plain(value["_NODES"]), plain(value["_RELS"]))
    return {str(name): plain(item) for name, item in value.items()}


def _path(nodes: list[Any], edges: list[Any]) -> Any:
    """Tell paths, which have both ends, from variables of many steps, which are lists of edges."""
    return {"nodes": nodes, "edges": edges} if len(nodes) > len(edges) else edges


def _properties(value: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        name: plain(item)
        for name, item in sorted(value.items())
        if item is not None and name != key and not name.startswith("_")
    }


def _place(internal: dict[str, int]) -> Place:
    return internal["table"], internal["offset"]


def fill_ends(rows: Iterable[Any], ids: Callable[[int, list[int]], dict[int, str]]) -> bool:
    """Replace the places of edges' ends by node ids, in place.

    Parameters
    ----------
    rows
        Plain rows.
    ids
        Looks up the ids of offsets in a table.

    Returns
    -------
    bool
        Whether there was any edge.
    """
    edges = list(edges_ending_in(tuple, rows))
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for edge in edges:
        for end in ("source", "target"):
            table, offset = edge[end]
            wanted[table].add(offset)
    found = {table: ids(table, sorted(offsets)) for table, offsets in wanted.items()}
    for edge in edges:
        for end in ("source", "target"):
            table, offset = edge[end]
            edge[end] = found[table][offset]
    return bool(edges)
