"""What may stand in a graph, and what named queries ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tosg_graph import display
from tosg_graph.schema import COMMON, EDGE_COMMON, EDGE_TYPES, LABELS, SCHEMA_VERSION, Property

if TYPE_CHECKING:
    from tosg_graph.graph.queries import NamedQuery


def _properties(properties: tuple[Property, ...]) -> list[dict[str, str]]:
    return [{"name": p.name, "type": str(p.type), "doc": p.doc} for p in properties]


def schema_dict() -> dict[str, Any]:
    """The schema as plain values, for ``--json``."""
    return {
        "version": SCHEMA_VERSION,
        "node_properties": _properties(COMMON),
        "edge_properties": _properties(EDGE_COMMON),
        "labels": [
            {
                "label": label.name,
                "category": label.category,
                "prefixes": label.prefixes,
                "doc": label.doc,
                "properties": _properties(label.own),
            }
            for label in LABELS
        ],
        "edge_types": [
            {
                "type": edge.name,
                "predicate": edge.predicate,
                "ends": edge.ends,
                "sign": edge.sign,
                "directed": edge.directed,
                "doc": edge.doc,
                "properties": _properties(edge.own),
            }
            for edge in EDGE_TYPES
        ],
    }


def print_schema() -> None:
    """Print labels, edge types and properties as tables."""
    display.print_table(
        ("label", "ids", "own properties", "what it is"),
        [
            (one.name, [f"{p}:" for p in one.prefixes], ", ".join(p.name for p in one.own), one.doc)
            for one in LABELS
        ],
        title="Nodes",
    )
    display.print_table(
        ("type", "from → to", "own properties", "what it says"),
        [
            (
                edge.name,
                ", ".join(f"{a} → {b}" for a, b in edge.ends),
                ", ".join(p.name for p in edge.own),
                edge.doc,
            )
            for edge in EDGE_TYPES
        ],
        title="\nEdges",
    )
    for title, properties in (("Every node has", COMMON), ("Every edge has", EDGE_COMMON)):
        rows = [(p.name, str(p.type), p.doc) for p in properties]
        display.print_table(("property", "type", "what it says"), rows, title=f"\n{title}")


# ---- builds and loads ------------------------------------------------------------------------


def query_dict(query: NamedQuery) -> dict[str, Any]:
    """A named query as plain values, for ``--json``."""
    return {
        "query": query.name,
        "answers": query.sentence,
        "usage": query.usage,
        "parameters": [
            {
                "name": p.name, "kind": p.kind, "required": p.required, "default": p.default,
                "doc": p.doc, "example": p.example,
            }
            for p in query.parameters
        ],
        "columns": [{"name": c.name, "doc": c.doc} for c in query.columns],
    }  # fmt: skip


def print_query(query: NamedQuery, *, as_json: bool) -> None:
    """Print what a named query answers, takes and gives, or JSON."""
    if as_json:
        display.print_json(query_dict(query))
        return
    display.say(f"{query.name}: {query.sentence}", "bold")
    if query.parameters:
        display.print_table(
            ("parameter", "kind", "default", "what it means", "example"),
            [(p.name, p.kind, p.default, p.doc, p.example) for p in query.parameters],
        )
    display.print_table(("column", "what it holds"), [(c.name, c.doc) for c in query.columns])
    display.say(f"\nRun: tosg query {query.name} {query.example}".rstrip())
