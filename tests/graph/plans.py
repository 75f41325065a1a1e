"""What a server would do with a statement, without doing it."""

from __future__ import annotations

from typing import Any

from tests.neo4j_server import Server


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
