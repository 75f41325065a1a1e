"""How fast a cohort is chosen and counted among millions of cells, beside DuckDB on the same file.

    python benchmarks/cells/cohort.py --data ../shared/data --cells 10000000 \
        --out benchmarks/results/cells_cohort.json

A seeded table of cells (data sets and donors in runs, as in a real collection) is written as the
table of cells of a store. Each query is answered ``--repeats`` times from a store that is opened
anew, so that every column it needs is read; the file is in the page cache. ``choose`` gives the
cells, ``choose_and_count`` adds joint counts with donors. DuckDB gets the same question as SQL,
ontology terms already resolved to ids, and has to count the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tosg_graph.build.assemble import build_graph  # noqa: E402 - the root must be on the path
from tosg_graph.build.tables import Build, write_parquet  # noqa: E402
from tosg_graph.cells.manifest import obs_file  # noqa: E402
from tosg_graph.cells.metadata import standardise  # noqa: E402
from tosg_graph.cells.reader import CellStore  # noqa: E402
from tosg_graph.cells.selection import choose  # noqa: E402
from tosg_graph.cells.terms import Terms  # noqa: E402
from tosg_graph.sources.registry import find_files, select  # noqa: E402

_T_CELLS = "CL:0000084"

#: Query, columns to count by, and the same as a condition of SQL.
QUERIES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "equality": ("sex = female", ("cell_type",), "sex_ontology_id = 'PATO:0000383'"),
    "ontology": (
        "cell_type under 'T cell'", ("tissue",), "cell_type_ontology_id IN {t_cells}",
    ),
    "joined": (
        "cell_type under 'T cell' and not (sex = male or age < 18) and "
        "assay in (\"10x 3' v3\", \"10x 3' v2\") and total_count between 1000 and 20000",
        ("cell_type", "sex", "assay"),
        "cell_type_ontology_id IN {t_cells} AND NOT (sex_ontology_id = 'PATO:0000384' OR "
        "age_years < 18) AND assay_ontology_id IN ('EFO:0009922', 'EFO:0009899') AND "
        "total_count BETWEEN 1000 AND 20000",
    ),
    "donor": ("donor_id = 'src/set3/donor31'", (), "donor_id = 'src/set3/donor31'"),
}  # fmt: skip


def ontologies(data: Path, folder: Path) -> Build:
    """Build the graph of cell types and tissues."""
    located = find_files(data, select(["cell_ontology", "uberon"]), {})
    return build_graph(located, folder / "graph")


def simulate(folder: Path, build: Build, *, cells: int, seed: int) -> CellStore:
    """Write the table of cells of a store without counts."""
    rng = np.random.default_rng(seed)
    terms = Terms.of(build)
    kinds = sorted(terms.names)[:600] + sorted(terms.descendants(_T_CELLS))
    names = sorted({terms.names[kind] for kind in kinds})
    tissues = sorted(Terms.of(build, "Tissue").names.values())[:300]
    sets = np.sort(rng.integers(0, 500, cells))
    donors = sets * 10 + np.arange(cells) // 997 % 10
    donor_stage = rng.integers(1, 90, donors.max() + 1)
    donor_sex = rng.integers(0, 3, donors.max() + 1)

    def words(codes: np.ndarray, values: list[str | None]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))

    obs = pa.table(
        {
            "cell_id": pa.array(np.arange(cells)).cast(pa.string()),
            "cell_type": words(rng.zipf(1.3, cells) % len(names), names),
            "tissue": words(sets % len(tissues), tissues),
            "assay": words(
                sets % 4, ["10x 3' v3", "10x 3' v2", "10x 5' v1", "Smart-seq2"]
            ),
            "sex": words(donor_sex[donors], ["female", "male", "unknown"]),
            "development_stage": words(
                donor_stage[donors], [f"{year}-year-old stage" for year in range(90)]
            ),
            "dataset": words(sets, [f"set{number}" for number in range(500)]),
            "donor_id": words(
                donors, [f"src/set{n // 10}/donor{n}" for n in range(donors.max() + 1)]
            ),
            "total_count": pa.array(rng.negative_binomial(2, 2 / 6002, cells), pa.int64()),
        }
    )  # fmt: skip
    table, _ = standardise(obs, build)
    (folder / "obs").mkdir()
    write_parquet(table, folder / obs_file(1))
    dataset = {"number": 1, "name": "simulated", "n_cells": cells}
    manifest = {"name": "simulated", "n_cells": cells, "label_column": None, "seed": seed}
    manifest["datasets"] = [dataset]
    return CellStore(folder, manifest)


@dataclass(frozen=True)
class Cost:
    """Seconds of a call on the wall, and of all its threads."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """Cost of a call, and what it gave."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu), found


def ask(store: CellStore, build: Build, query: str, by: tuple[str, ...]) -> tuple[int, Cost]:
    """Choose, hash and count; cells found, and the cost of the choosing alone."""
    cost, cohort = timed(lambda: choose(store, query, build=build))
    cohort.counts(*by)
    return cohort.n_cells, cost


def summary(costs: list[Cost]) -> dict[str, float]:
    """Median and range on the wall, and the median of all threads."""
    wall = [cost.wall for cost in costs]
    return {
        "median_s": round(statistics.median(wall), 4),
        "low_s": round(min(wall), 4),
        "high_s": round(max(wall), 4),
        "cpu_s": round(statistics.median(cost.cpu for cost in costs), 4),
    }


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Simulate, then ask both in turn."""
    build = ontologies(options.data, folder)
    store = simulate(folder, build, cells=options.cells, seed=options.seed)
    file = folder / obs_file(1)
    kinds = ", ".join(f"'{term}'" for term in sorted(Terms.of(build).descendants(_T_CELLS)))
    results = {}
    for name, (query, by, sql) in QUERIES.items():
        where = sql.format(t_cells=f"({kinds})")
        grouped = f"GROUP BY {', '.join(by)}" if by else ""
        statement = (
            f"SELECT sum(n) FROM (SELECT count(*) AS n, count(DISTINCT donor_id) "
            f"FROM read_parquet('{file}') WHERE {where} {grouped})"
        )
        times: dict[str, list[Cost]] = {"choose": [], "choose_and_count": [], "duckdb": []}
        for _ in range(options.repeats):
            whole, (found, choosing) = timed(
                lambda q=query, b=by: ask(CellStore(folder, store.manifest), build, q, b)
            )
            peer, rows = timed(lambda s=statement: duckdb.sql(s).fetchall())
            if int(rows[0][0] or 0) != found:
                raise AssertionError(f"{name}: {found} cells here, {rows[0][0]} in DuckDB")
            times["choose"].append(choosing)
            times["choose_and_count"].append(whole)
            times["duckdb"].append(peer)
        results[name] = {
            "query": query, "by": list(by), "cells": found,
            **{what: summary(seconds) for what, seconds in times.items()},
        }  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"file_mb": file.stat().st_size // 2**20, "peak_mb": peak, "results": results}


def main() -> None:
    """Run and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cells", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options, Path(folder))
    names = ("numpy", "pyarrow", "duckdb")
    found = {
        "machine": {
            "cores": os.cpu_count(),
            "load_before": [round(load, 1) for load in before],
            "system": platform.platform(),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in names},
        },
        "options": {"cells": options.cells, "repeats": options.repeats, "seed": options.seed},
        **found,
    }
    text = json.dumps(found, indent=1) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
