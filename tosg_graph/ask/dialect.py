"""The few places where the two engines call the same thing by another name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine writes what the other writes differently."""

    engine: str

    @property
    def _ladybug(self) -> bool:
        return self.engine == "ladybug"

    def type(self, edge: str) -> str:
        """Give the type of an edge."""
        return f"label({edge})" if self._ladybug else f"type({edge})"

    def label(self, node: str) -> str:
        """Give the label of a node; each has one."""
        return f"label({node})" if self._ladybug else f"labels({node})[0]"

    def hops(self, edges: str) -> str:
        """Length of a chain of edges that a pattern bound."""
        return f"length({edges})" if self._ladybug else f"size({edges})"

    @property
    def edges_of_path(self) -> str:
        """The edges of the path ``p``."""
        return "rels(p)" if self._ladybug else "relationships(p)"

    def shortest(self, start: str, types: str, hops: int, end: str) -> str:
        """All shortest chains of edges from one node to another."""
        if self._ladybug:
            return f"({start})-[e:{types}* ALL SHORTEST 1..{hops}]->({end})"
        return f"allShortestPaths(({start})-[:{types}*1..{hops}]->({end}))"


def dialect(engine: str) -> Dialect:
    """Give the dialect of an engine: ``ladybug`` or ``neo4j``."""
    return Dialect(engine)
