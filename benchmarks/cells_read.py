"""How fast cells are read: this store, backed h5ad and Arrow's own take, in turn, on the same data.

    python benchmarks/cells_read.py --cells 20000 --out benchmarks/cells_read.json

Simulated counts (seeded; about ``--values`` stored per cell) are written as h5ad and converted.
Then each reader delivers all cells in batches of ``--batch`` as CSR, warm, in the same random and
block-shuffled orders, alternating, ``--repeats`` times; the sum of every batch is checked against
the source. The JSON holds the machine, versions, medians and ranges of cells per second, and the
same per CPU second.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pyarrow as pa
from scipy import sparse

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.tiny import tiny_build  # noqa: E402 - the root must be on the path first
from tosg_graph.cells.convert import add_h5ad  # noqa: E402
from tosg_graph.cells.reader import CellStore  # noqa: E402
from tosg_graph.cells.sampler import Sampler  # noqa: E402

Read = Callable[[np.ndarray], int]


def simulate(path: Path, *, cells: int, features: int, values: int, seed: int) -> np.ndarray:
    """Write simulated counts as a CSR h5ad and return the sum of each cell."""
    rng = np.random.default_rng(seed)
    lengths = rng.negative_binomial(8, 8 / (8 + values), cells).clip(1, features // 2)
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    indices = np.empty(indptr[-1], np.int32)
    step = features // (int(lengths.max()) + 1)
    for i, length in enumerate(lengths):  # distinct and ascending: one per stretch of features
        stretch = max(step, features // int(length))
        indices[indptr[i] : indptr[i + 1]] = np.arange(length) * stretch + rng.integers(
            0, stretch, length
        )
    data = rng.geometric(0.4, indptr[-1]).astype(np.float32)
    x = sparse.csr_matrix((data, indices, indptr), shape=(cells, features))
    anndata.AnnData(x).write_h5ad(path)
    return np.asarray(x.sum(axis=1)).ravel().astype(np.int64)


def readers(h5ad: Path, store: CellStore) -> dict[str, Read]:
    """Make the readers: each reads a batch as CSR and returns the sum of its counts."""
    backed = anndata.read_h5ad(h5ad, backed="r")
    files = sorted((store.folder / "rna").glob("*.arrow"))
    table = pa.concat_tables(pa.ipc.open_file(pa.memory_map(str(f))).read_all() for f in files)

    def read_store(cells: np.ndarray) -> int:
        rows = store.gather("rna", cells, dtype=np.float32)
        return int(rows.counts.sum(dtype=np.float64))

    def read_backed(cells: np.ndarray) -> int:
        order = np.sort(cells)
        return int(backed.X[order][np.argsort(np.argsort(cells))].data.sum(dtype=np.float64))

    def read_take(cells: np.ndarray) -> int:
        found = table.take(cells).combine_chunks()
        return int(found["count"].combine_chunks().flatten().to_numpy().sum(dtype=np.int64))

    return {"tosg_graph": read_store, "h5ad_backed": read_backed, "arrow_take": read_take}


def measure(read: Read, batches: list[np.ndarray], totals: np.ndarray) -> tuple[float, float]:
    """Cells per second, and per CPU second; every batch's sum is checked."""
    wall, cpu = time.perf_counter(), time.process_time()
    sums = [read(batch) for batch in batches]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    expected = [int(totals[batch].sum()) for batch in batches]
    if sums != expected:
        raise AssertionError("a reader delivered other counts than the file has")
    cells = sum(map(len, batches))
    return cells / wall, cells / cpu


def machine() -> dict[str, Any]:
    """Where this ran, and with what."""
    names = ("numpy", "scipy", "pyarrow", "numba", "anndata", "h5py")
    return {
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "unknown")


def summary(rates: list[tuple[float, float]]) -> dict[str, float]:
    """Median and range of cells per second."""
    wall = [rate for rate, _ in rates]
    return {
        "median": round(statistics.median(wall)),
        "low": round(min(wall)),
        "high": round(max(wall)),
        "per_cpu_second": round(statistics.median(rate for _, rate in rates)),
    }


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Simulate, convert, read; the whole result."""
    h5ad = folder / "cells.h5ad"
    totals = simulate(
        h5ad,
        cells=options.cells,
        features=options.features,
        values=options.values,
        seed=options.seed,
    )
    started = time.perf_counter()
    report = add_h5ad(h5ad, folder / "cells", name="simulated", build=tiny_build(folder / "build"))
    converted = time.perf_counter() - started
    store = CellStore.open(report.path)
    found = readers(h5ad, store)
    results: dict[str, Any] = {}
    for order, block in (("random", 1), ("block_64", 64)):
        sampler = Sampler(
            options.cells, batch_size=options.batch, seed=options.seed, block_size=block
        )
        batches = list(sampler)
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in found}
        found["tosg_graph"](batches[0])  # compile
        for repeat in range(options.repeats + 1):
            for name, read in found.items():
                rate = measure(read, batches, totals)
                if repeat:  # the first round warms the caches
                    rates[name].append(rate)
        results[order] = {name: summary(values) for name, values in rates.items()}
    with h5py.File(h5ad) as file:
        stored = int(file["X/data"].shape[0])
    size = sum(path.stat().st_size for path in (store.folder / "rna").iterdir())
    return {
        "what": "cells per second, CSR batches, warm",
        "options": {k: v for k, v in vars(options).items() if k != "out"},
        "machine": machine(),
        "values_per_cell": round(stored / options.cells),
        "bytes_per_cell": round(size / options.cells),
        "conversion_cells_per_second": round(options.cells / converted),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "commit": _commit(),
        "results": results,
    }


def _commit() -> str | None:
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return git.stdout.strip() if git.returncode == 0 else None


def main() -> None:
    """Parse, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(options, Path(folder))
    text = json.dumps(result, indent=1)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
