"""What the named queries cost on a loaded graph, with hubs among what they are asked about.

    python benchmarks/graph/queries.py -w WORK --name "embedded, 10%" --out queries.json

``-w`` is a workspace whose build is loaded, into the embedded graph or into the server that
``TOSG_NEO4J_URI`` names. The build says what to ask about: the nodes of the label that a parameter
takes, ranked by their number of edges of the types that the query follows first. A quarter of the
samples are the largest hubs, the others are drawn from all nodes that have such an edge; the same
seed asks the same. The JSON holds, per query, the median, the 95th percentile and the largest of
the wall times in seconds, the median over the hubs alone, the rows, and how many reads were stopped
by the timeout. A query for which the build has nothing to ask about is null.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits, Settings
from tosg_graph.errors import QueryTimeout
from tosg_graph.graph.queries import NamedQuery, Parameter, load_queries
from tosg_graph.graph.store import GraphStore
from tosg_graph.schema import EDGE_TYPE, EDGE_TYPES, LABELS
from tosg_graph.workspace import Workspace

#: Share of the samples that are the nodes with the most edges.
HUBS = 0.25
_COMMENT = re.compile(r"^//.*$", re.MULTILINE)


@dataclass
class Samples:
    """What queries are asked about, drawn from a build.

    Parameters
    ----------
    build
        The build that the database holds.
    number
        Values per parameter.
    seed
        Seed of the draw.
    """

    build: Build
    number: int
    seed: int
    _ranked: dict[tuple[str, tuple[str, ...]], list[str]] = field(default_factory=dict)

    def of(self, query: NamedQuery) -> list[dict[str, Any]]:
        """Values of the required parameters, hubs first; none if the build has nothing to ask."""
        rng = np.random.default_rng([self.seed, *query.name.encode()])
        columns = {p.name: self._values(query, p, rng) for p in query.parameters if p.required}
        if not all(columns.values()):
            return []
        return [
            {name: values[i % len(values)] for name, values in columns.items()}
            for i in range(self.number if columns else 1)
        ]

    def _values(self, query: NamedQuery, p: Parameter, rng: np.random.Generator) -> Sequence[Any]:
        if p.is_node:
            return self._nodes(query, p, rng)
        if p.kind == "label":
            return [a for t in self.build.edge_types for a, _ in EDGE_TYPE[t].ends[:1]]
        if p.kind == "type":
            return list(self.build.edge_types)
        if p.kind == "sign":
            return [1, -1]
        return self._texts(p.name, rng)

    def _nodes(self, query: NamedQuery, p: Parameter, rng: np.random.Generator) -> list[str]:
        """Hubs, then nodes at random; the second of two nodes is the next hub, another node."""
        ranked = self._by_degree(p.label, types_of(query))
        place = [q.name for q in query.parameters if q.is_node].index(p.name)
        n_hubs = min(len(ranked), max(1, round(self.number * HUBS)))
        hubs = [ranked[(i + place) % len(ranked)] for i in range(n_hubs)] if ranked else []
        others = rng.integers(0, max(1, len(ranked)), self.number - len(hubs))
        return hubs + [ranked[i] for i in others if ranked]

    def _by_degree(self, label: str | None, types: tuple[str, ...]) -> list[str]:
        key = (label or "", types)
        if key not in self._ranked:
            self._ranked[key] = self._rank(label, types)
        return self._ranked[key]

    def _rank(self, label: str | None, types: tuple[str, ...]) -> list[str]:
        """Ids of nodes by their number of edges, the most first; counted out of core."""
        ends = " UNION ALL ".join(
            f"SELECT {end} AS id, {end}_label AS label FROM '{self.build.file(f'edges/{kind}')}'"
            for kind in types
            if kind in self.build.edge_types
            for end in ("source", "target")
        )
        if not ends:
            return []
        of_label = f"WHERE label = '{label}'" if label else ""
        query = f"SELECT id FROM ({ends}) {of_label} GROUP BY label, id ORDER BY count(*) DESC, id"
        return [row[0] for row in duckdb.sql(query).fetchall()]

    def _texts(self, name: str, rng: np.random.Generator) -> list[str]:
        """Ids of facts, or the first four letters of symbols."""
        if name == "edge_id":
            kind = max(self.build.edge_types, key=lambda t: self.build.rows(f"edges/{t}"))
            table, column = f"edges/{kind}", "edge_id"
        else:
            table, column = "nodes/Gene", "symbol"
        file, rows = self.build.file(table), self.build.rows(table)
        chosen = sorted({int(i) for i in rng.integers(0, rows, self.number)})
        found = duckdb.sql(
            f"SELECT {column} FROM '{file}' WHERE file_row_number IN {(*chosen, -1)}"
        ).fetchall()
        return [row[0] if name == "edge_id" else row[0][:4] for row in found if row[0]]


def types_of(query: NamedQuery) -> tuple[str, ...]:
    """Types that a query follows first: those in the first pattern that names any; else all."""
    for pattern in _COMMENT.sub("", query.cypher).split("MATCH"):
        named = tuple(t.name for t in EDGE_TYPES if re.search(rf"\b{t.name}\b", pattern))
        if named:
            return named
    return tuple(t.name for t in EDGE_TYPES)


def timed(store: GraphStore, query: NamedQuery, given: dict[str, Any], limits: ReadLimits) -> Any:
    """Seconds and rows of one read; no rows where the timeout stopped it."""
    began = time.perf_counter()
    try:
        rows = len(query.run(store, query.bind(given), limits=limits))
    except QueryTimeout:
        rows = None
    return time.perf_counter() - began, rows


def measured(store: GraphStore, query: NamedQuery, samples: Samples, limits: ReadLimits) -> Any:
    """One query over its samples, after one read that is not counted."""
    asked = samples.of(query)
    if not asked:
        return None
    timed(store, query, asked[-1], limits)
    runs = [timed(store, query, given, limits) for given in asked]
    seconds = np.array([run[0] for run in runs])
    hubs = seconds[: max(1, round(len(runs) * HUBS))]
    rows = [run[1] for run in runs if run[1] is not None]
    return {
        "samples": len(runs),
        "p50": round(float(np.median(seconds)), 4),
        "p95": round(float(np.percentile(seconds, 95)), 4),
        "max": round(float(seconds.max()), 4),
        "hubs_p50": round(float(np.median(hubs)), 4),
        "rows_median": int(np.median(rows)) if rows else None,
        "stopped": len(runs) - len(rows),
    }


def measure(
    workspace: Path,
    *,
    samples: int = 20,
    seed: int = 0,
    only: Sequence[str] = (),
    settings: Settings | None = None,
) -> dict[str, Any]:
    """Measure every named query, or some, on the database of a workspace."""
    with Workspace(workspace, settings=settings) as ws:
        build, store = ws.graph, ws.store
        if store.build_id() != build.id:
            raise SystemExit(f"the database does not hold the build {build.id}: tosg load")
        drawn = Samples(build, samples, seed)
        limits = replace(ws.settings.limits, max_bytes=1 << 28)
        queries = {n: q for n, q in load_queries().items() if not only or n in only}
        return {
            "engine": store.engine,
            "build": build.id,
            "nodes": sum(
                build.rows(f"nodes/{label.name}") for label in LABELS if label.name in build.labels
            ),
            "edges": sum(build.rows(f"edges/{kind}") for kind in build.edge_types),
            "seed": seed,
            "timeout": limits.timeout,
            "queries": {n: measured(store, q, drawn, limits) for n, q in queries.items()},
        }


def main() -> None:
    """Measure, and put the run under its name into the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-w", "--workspace", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], help="names of queries")
    parser.add_argument("--name", required=True, help="name of the run in the JSON")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    run = measure(given.workspace, samples=given.samples, seed=given.seed, only=given.only)
    found: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}
    packages = ("tosg-graph", "ladybug", "neo4j")
    found["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
    found["versions"] = {name: version(name) for name in packages}
    found["runs"] = {**found.get("runs", {}), given.name: run}
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    for name, cost in run["queries"].items():
        print(f"{name:24}", "nothing to ask" if cost is None else json.dumps(cost))


if __name__ == "__main__":
    main()
