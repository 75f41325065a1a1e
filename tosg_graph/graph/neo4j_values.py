"""What the Neo4j driver returns, as the plain values that :mod:`tosg_graph.graph.store` promises.

The driver's types are told apart by what they have, so that this module does not need the driver.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tosg_graph.graph.ddl import EMBEDDING
from tosg_graph.graph.result import edges_ending_in


def plain(value: Any) -> Any:
    """One value; ends of edges are element ids until :func:`fill_ends`."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if hasattr(value, "relationships"):
        return {
            "nodes": [plain(node) for node in value.nodes],
            "edges": [plain(edge) for edge in value.relationships],
        }
    if hasattr(value, "start_node"):
        return _edge(value)
    if hasattr(value, "labels"):
        return _node(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return _other(value)


def _other(value: Any) -> Any:
    """Dates, times and durations have an ISO form; points are tuples."""
    if hasattr(value, "iso_format"):
        return value.iso_format()
    if hasattr(value, "srid"):
        return {"srid": value.srid, "coordinates": list(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)


def _node(node: Any) -> dict[str, Any]:
    """A whole node comes without the vector of its text, as the embedded engine gives it."""
    label = min(node.labels, default=None)
    return {"id": node.get("id"), "label": label, **_properties(node, "id", EMBEDDING)}


class _End(str):
    """The element id of a node, where an edge's end is not looked up yet."""

    __slots__ = ()


def _edge(edge: Any) -> dict[str, Any]:
    return {
        "edge_id": edge.get("edge_id"),
        "type": edge.type,
        "source": _End(edge.start_node.element_id),
        "target": _End(edge.end_node.element_id),
        **_properties(edge, "edge_id"),
    }


def _properties(entity: Any, *left_out: str) -> dict[str, Any]:
    return {name: plain(item) for name, item in sorted(entity.items()) if name not in left_out}


def fill_ends(rows: Iterable[Any], ids: Callable[[list[str]], dict[str, str]]) -> bool:
    """Replace the element ids at edges' ends by node ids, in place.

    Parameters
    ----------
    rows
        Plain rows.
    ids
        Looks up node ids by element id.

    Returns
    -------
    bool
        Whether there was any edge.
    """
    edges = list(edges_ending_in(_End, rows))
    wanted = sorted({str(edge[end]) for edge in edges for end in ("source", "target")})
    found = ids(wanted) if wanted else {}
    for edge in edges:
        for end in ("source", "target"):
            edge[end] = found.get(edge[end])
    return bool(edges)
