"""Reads a source from its fixtures, or from the public files, into plain rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tosg_graph.sources import Chunk
from tosg_graph.sources.registry import discover, find_files

FIXTURES = Path(__file__).parent / "fixtures"
#: Files of other releases, apart: a test that looks in all the fixtures must find each file once.
LAYOUTS = Path(__file__).parent / "layouts"


class Read:
    """What a loader handed over, by kind and subject."""

    def __init__(self, chunks: list[Chunk]) -> None:
        self.chunks = chunks

    def rows(self, kind: str, subject: str = "") -> list[dict[str, Any]]:
        """Rows in the order they came; properties that are null are left out."""
        return [
            {key: value for key, value in row.items() if value is not None}
            for chunk in self.chunks
            if (chunk.kind, chunk.subject) == (kind, subject)
            for row in chunk.table.to_pylist()
        ]

    def by_id(self, label: str) -> dict[str, dict[str, Any]]:
        """Declared nodes of a label; an id may be declared once only."""
        rows = self.rows("nodes", label)
        nodes = {row["id"]: row for row in rows}
        assert len(nodes) == len(rows)
        return nodes

    def pairs(self, edge_type: str) -> list[tuple[str, str]]:
        """Both ends of every statement of a type."""
        rows = self.rows("statements", edge_type)
        return [(row["source_ref"], row["target_ref"]) for row in rows]

    def rejects(self) -> list[tuple[str, str | None, int]]:
        """Reason, value and line of every reject, in file order."""
        rows = self.rows("rejects")
        return [(row["reason"], row.get("value"), row["line"]) for row in rows]

    def count(self, kind: str, subject: str = "") -> int:
        """Number of rows."""
        found = (c for c in self.chunks if (c.kind, c.subject) == (kind, subject))
        return sum(chunk.table.num_rows for chunk in found)


def read(name: str, data: Path | None = None, overrides: Mapping[str, Path] | None = None) -> Read:
    """Read a source as the build does; by default from its own fixtures."""
    source = discover()[name]
    folder = FIXTURES / name if data is None and overrides is None else data
    located = find_files(folder, [source], overrides or {}, required=True)
    return Read(list(source.read(located.files[name])))
