"""What LadybugDB takes and returns, against what :mod:`tosg_graph.graph.store` promises.

An edge id is 16 hexadecimal digits to everyone, and a UUID that begins with zeros inside the
database (see :mod:`tosg_graph.graph.ddl`). Nothing else there is a UUID, so that the type alone
tells which values to turn back, wherever they stand in a row.
"""

from __future__ import annotations

import base64
import datetime
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.errors import BuildError
from tosg_graph.graph.result import edges_ending_in

_ZEROS = "0" * 16
_EDGE_ID = re.compile(r"[0-9a-f]{16}")
_EDGE_ID_TEXT = re.compile(r"""(?<=')[0-9a-f]{16}(?=')|(?<=")[0-9a-f]{16}(?=")""")

#: An edge knows the places of its ends in their tables until their ids are looked up.
Place = tuple[int, int]


def keyed(rows: pa.Table, where: str) -> pa.Table:
    """Write the edge ids of a part of an edge table as the database reads them.

    Raises
    ------
    BuildError
        If one is not 16 hexadecimal digits.
    """
    ids = rows["edge_id"]
    if not pc.all(pc.match_substring_regex(ids, r"^[0-9a-f]{16}$")).as_py():
        raise BuildError(
            f"{where} has an edge_id that is not 16 hexadecimal digits; "
            "build again with this version"
        )
    place = rows.column_names.index("edge_id")
    return rows.set_column(place, "edge_id", pc.binary_join_element_wise(_ZEROS, ids, ""))


def asked(query: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Turn edge ids in a query and its parameters into what the database keeps.

    A query that does not speak of ``edge_id`` is left as it is.
    """
    if "edge_id" not in query:
        return query, dict(parameters)
    written = _EDGE_ID_TEXT.sub(lambda found: _ZEROS + found[0], query)
    return written, {name: _key(value) for name, value in parameters.items()}


def _key(value: Any) -> Any:
    if isinstance(value, str) and _EDGE_ID.fullmatch(value):
        return UUID(_ZEROS + value)
    if isinstance(value, (list, tuple)):
        return [_key(item) for item in value]
    if isinstance(value, dict):
        return {name: _key(item) for name, item in value.items()}
    return value


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
    if isinstance(value, UUID):
        return value.hex[16:]
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _from_mapping(value: dict[str, Any]) -> Any:
    if "_SRC" in value and "_LABEL" in value:
        return {
            "edge_id": plain(value.get("edge_id")),
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
