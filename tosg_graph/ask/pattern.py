"""Patterns of Cypher: joins, their conditions, and the parameters that they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tosg_graph.ask.dialect import Dialect
from tosg_graph.ask.plan import Join, NodeSet, Step


@dataclass(frozen=True, slots=True)
class Query:
    """One query and its parameters."""

    text: str
    parameters: Mapping[str, Any]


@dataclass(slots=True)
class Writer:
    """Lines of a query while it is written, and the values that it takes."""

    words: Dialect
    detected: Mapping[int, Sequence[str]]
    lines: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    joins: int = 0

    def value(self, name: str, value: Any) -> str:
        """Take a value as a parameter; its placeholder comes back."""
        self.parameters[name] = value
        return f"${name}"

    def query(self) -> Query:
        """Write what was written."""
        return Query("\n".join(self.lines), dict(self.parameters))


def match(writer: Writer, node: str, join: Join) -> list[str]:
    """Write a join as a pattern with its conditions; the names of its edges come back."""
    edges: list[str] = []
    wanted: list[str] = []
    pattern, here = f"({node})", node
    for step in join.steps:
        writer.joins += 1
        edge, there = f"r{writer.joins}", f"n{writer.joins}"
        pattern += _arrow(step, edge) + f"({there}:{labels(step.labels)})"
        wanted += _edge_conditions(writer, edge, step)
        edges.append(edge)
        here = there
    if not all(step.single for step in join.steps):
        wanted.append(f"{here}.id <> {node}.id")
    wanted += conditions(writer, here, join.target)
    writer.lines.append(f"MATCH {pattern}")
    where(writer, wanted)
    for inner in join.target.joins:
        edges += match(writer, here, inner)
    return edges


def end(writer: Writer, join: Join) -> str:
    """Give the variable of a join's own target; the joins inside it were written after it."""
    inside = sum(_size(inner) for inner in join.target.joins)
    return f"n{writer.joins - inside}"


def _size(join: Join) -> int:
    return len(join.steps) + sum(_size(inner) for inner in join.target.joins)


def _arrow(step: Step, edge: str) -> str:
    hops = "" if step.single else f"*{step.min_hops}..{step.max_hops}"
    inner = f"[{edge}:{'|'.join(step.edges)}{hops}]"
    return {"out": f"-{inner}->", "in": f"<-{inner}-", "both": f"-{inner}-"}[step.direction]


def _edge_conditions(writer: Writer, edge: str, step: Step) -> list[str]:
    found = []
    if step.sign is not None:
        found.append(f"{edge}.sign = {writer.value(f'{edge}_sign', step.sign)}")
    if step.mechanism is not None:
        # Sources write mechanisms in small letters or with a capital; LadybugDB takes no parameter
        # inside any(…), so both are asked for.
        spellings = (step.mechanism, step.mechanism.capitalize())
        names = [writer.value(f"{edge}_mechanism_{n}", m) for n, m in enumerate(spellings, start=1)]
        found.append("(" + " OR ".join(f"{name} IN {edge}.mechanisms" for name in names) + ")")
    if step.actions:
        # Actions of several statements stand in one text, joined by "; ": whole ones are compared.
        names = [
            writer.value(f"{edge}_action_{n}", f"; {action}; ")
            for n, action in enumerate(step.actions, start=1)
        ]
        whole = f"('; ' + {edge}.action + '; ')"
        found.append("(" + " OR ".join(f"{whole} CONTAINS {name}" for name in names) + ")")
    return found


def conditions(writer: Writer, node: str, nodes: NodeSet) -> list[str]:
    """Write what must hold for a node by itself: its id, its properties, its detection."""
    found = []
    if nodes.ids is not None:
        found.append(f"{node}.id IN {writer.value(f'{node}_ids', list(nodes.ids))}")
    for wanted in nodes.filters:
        found.append(
            f"{node}.{wanted.name} = {writer.value(f'{node}_{wanted.name}', wanted.value)}"
        )
    for number, detection in enumerate(nodes.detections, start=1):
        ids = list(writer.detected.get(id(detection), ()))
        found.append(f"{node}.id IN {writer.value(f'{node}_detected_{number}', ids)}")
    return found


def where(writer: Writer, wanted: Sequence[str]) -> None:
    """Write conditions, if there are any."""
    if wanted:
        writer.lines.append("WHERE " + " AND ".join(wanted))


def labels(names: Sequence[str]) -> str:
    """Write labels, any of which may be meant."""
    return "|".join(names)
