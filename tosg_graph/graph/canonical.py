"""A hash of a whole graph that does not depend on who stores it, or in which order.

Every node becomes one line, ``["Gene", {properties}]``, and every edge another,
``["TARGETS", ["Drug", "DrugCentral:1423"], ["Protein", "UniProtKB:P00519"], {properties}]``: JSON
with sorted keys, texts as they are, lists in their order, numbers in the shortest form that reads
back to the same value, absent properties left out. Vectors of texts (``embedding``) are no part
of a graph and are left out too. The SHA-256 of the lines are added up modulo
2**256, nodes and edges apart, so that rows may come in any order and no sorting is needed: memory
is bounded by the page that is being read. A sum can be forged on purpose; this hash guards
against defects, not against an adversary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from tosg_graph.build.tables import Build
from tosg_graph.graph.ddl import EMBEDDING
from tosg_graph.graph.parts import edge_parts, rows_of, tables_of

_MODULUS = 1 << 256


class Fingerprint:
    """Adds up the lines of a graph."""

    def __init__(self) -> None:
        self._nodes = [0, 0]
        self._edges = [0, 0]

    def add_nodes(self, rows: Iterable[tuple[Iterable[str], Mapping[str, Any]]]) -> None:
        """Add nodes: (labels, properties)."""
        for labels, properties in rows:
            kept = {name: value for name, value in properties.items() if name != EMBEDDING}
            _add(self._nodes, [*sorted(labels), _present(kept)])

    def add_edges(
        self,
        rows: Iterable[tuple[str, tuple[str, str], tuple[str, str], Mapping[str, Any]]],
    ) -> None:
        """Add edges: (type, (label, id) of the source, (label, id) of the target, properties)."""
        for kind, source, target, properties in rows:
            _add(self._edges, [kind, source, target, _present(properties)])

    def value(self) -> str:
        """Give the hash so far: 64 hexadecimal digits."""
        (n, nodes), (m, edges) = self._nodes, self._edges
        return hashlib.sha256(f"{n} {nodes:064x} {m} {edges:064x}".encode()).hexdigest()


def _present(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


def _add(total: list[int], line: list[Any]) -> None:
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    total[0] += 1
    total[1] += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    total[1] %= _MODULUS


def fingerprint_of_build(build: Build) -> str:
    """Compute what :meth:`GraphStore.fingerprint` must give after the build was loaded.

    Memory is bounded by one batch of a Parquet file.
    """
    found = Fingerprint()
    for label in build.labels:
        for batch in tables_of(build, f"nodes/{label}"):
            found.add_nodes(([label], row) for row in rows_of(batch))
    for kind in build.edge_types:
        for part in edge_parts(build, kind):
            ends = part.source_label, part.target_label
            found.add_edges(
                (kind, (ends[0], row.pop("source")), (ends[1], row.pop("target")), row)
                for row in rows_of(part.rows)
            )
    return found.value()
