"""What a server would do with a statement, without doing it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tests.neo4j_server import Server
from tosg_graph.schema import EDGE_TYPE, Label, Property, PropertyType


def operators(server: Server, statement: str, **parameters: object) -> list[str]:
    """Operators of the plan."""
    prefix, text = ("", statement)
    if statement.startswith("CYPHER 25 "):
        prefix, text = "CYPHER 25 ", statement.removeprefix("CYPHER 25 ")
    with server.driver() as driver:
        _, summary, _ = driver.execute_query(f"{prefix}EXPLAIN {text}", parameters)
    return _names(summary.plan)


def scans(server: Server, statement: str, **parameters: object) -> list[str]:
    """Operators of the plan that look at every node, edge or entry of an index."""
    return [name for name in operators(server, statement, **parameters) if "Scan" in name]


def _names(plan: dict[str, Any]) -> list[str]:
    below = [name for child in plan.get("children", ()) for name in _names(child)]
    return [plan["operatorType"].split("@")[0], *below]


_VALUES = {
    PropertyType.STRING: "x",
    PropertyType.STRINGS: ["x"],
    PropertyType.INTEGER: 1,
    PropertyType.FLOAT: 0.5,
    PropertyType.BOOLEAN: True,
}


def one_node(label: Label) -> pa.Table:
    """A node of a label with every property that it may have."""
    return pa.table(_row(label.properties), schema=label.arrow)


def one_edge(kind: str) -> pa.Table:
    """An edge of a type with every property that it may have, and its ends without their labels."""
    edge = EDGE_TYPE[kind]
    ends = pa.table({"source": ["a"], "target": ["b"]})
    for name, value in _row(edge.properties).items():
        ends = ends.append_column(edge.arrow.field(name), pa.array(value))
    return ends


def _row(properties: tuple[Property, ...]) -> dict[str, list[Any]]:
    return {p.name: [_VALUES[p.type]] for p in properties}
