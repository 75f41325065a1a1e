"""Cells per second into torch: this project and the peers, in one run, alternating.

    python benchmarks/cells/feed.py --cells 200000 --out benchmarks/results/feed.json \
        --peers PYTHON --scdl PYTHON

Every reader is a process of its own over its own format of the same h5ad, batches of 512, sparse
tensors and label codes out, warm. The sums of all counts and labels that a reader delivers are
compared with those of the file: one that delivers anything else stops the run. ``--peers`` names a
Python (3.12 or newer) with annbatch, scdataset, pylance, tiledbsoma-ml and anndata, ``--scdl`` one
with bionemo-scdl. ``--real cells.h5ad`` takes the counts and labels of a real file, written again
and again until there are so many cells, in place of simulated ones. Slow readers read a part of the
cells only; the JSON says how many.

Beside that: how mixed the labels of a batch are against true random order where cells of one label
lie together, the first batch of stores of growing size, and batches on a shared topology against
``Batch.from_data_list`` of PyTorch Geometric.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anndata
import numpy as np
from scipy import sparse

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers"), str(HERE.parents[1])]

import simulated  # noqa: E402
from readers import WINDOWS  # noqa: E402

from tosg_graph.cells.sampler import Sampler  # noqa: E402

#: Cells that slow readers read per round, by order.
SLOW = {"block_64": 40_960, "random": 16_384}
FAST = ("hot", "compact")


def command(name: str, given: argparse.Namespace, folder: Path, h5ad: Path) -> list[str]:
    """Words that call a reader; the step and its options follow."""
    if name in FAST:
        return [sys.executable, str(HERE / "ours.py"), name]
    python = given.scdl if name == "scdl" else given.peers
    return [str(python), str(HERE / "peers" / "readers.py"), name]


def run(words: list[str]) -> dict[str, Any]:
    """Run a reader; the JSON that it prints last."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise RuntimeError(done.stderr[-1500:])
    return dict(json.loads(lines[-1]))


def prepared(name: str, given: argparse.Namespace, folder: Path, h5ad: Path) -> float:
    """Write the format of a reader, if it is not there; bytes per cell."""
    target = folder / name
    if not target.is_dir():
        target.mkdir()
        (target / "width.json").write_text(str(given.features))
        words = [*command(name, given, folder, h5ad), "prepare", str(h5ad), str(target)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr[-1500:]}")
    files = [path for path in target.rglob("*") if path.is_file()]
    if name in FAST:
        files = [p for p in files if p.parent.name == "rna"]
    size = sum(path.stat().st_size for path in files)
    own = name not in ("scdataset", "backed")  # these read the file as it is
    return (size if own else h5ad.stat().st_size) / given.cells


def checked(found: dict[str, Any], totals: np.ndarray, codes: np.ndarray) -> dict[str, Any]:
    """Compare what was delivered with the file, where all of it was read."""
    if found["cells"] == len(totals):
        expected = (float(totals.sum()), int(codes.sum()))
        if (found["counts"], found["labels"]) != expected:
            raise AssertionError(f"delivered {found}, the file has {expected}")
        found["exact"] = True
    return found


def rates(
    given: argparse.Namespace, folder: Path, h5ad: Path, totals: np.ndarray
) -> dict[str, Any]:
    """Rounds of all readers in turn."""
    codes = np.asarray(anndata.read_h5ad(h5ad, backed="r").obs["cell_type"].cat.codes, np.int64)
    names = [*FAST]
    if given.peers:
        names += ["annbatch", "scdataset", "backed", "lance", "soma"]
    if given.scdl:
        names += ["scdl"]
    names = [name for name in names if name not in given.without]
    found: dict[str, Any] = {}
    for name in names:
        size = prepared(name, given, folder, h5ad)
        found[name] = {"bytes_per_cell": round(size)}
        print(f"{name}: {size:,.0f} bytes per cell", flush=True)
    for order in ("block_64", "random"):
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for number in range(given.repeats):
            for name in names:
                most = given.cells if name in FAST else min(given.cells, SLOW[order])
                words = [*command(name, given, folder, h5ad), "read", str(h5ad), str(folder / name)]
                words += ["--order", order, "--cells", str(most), "--seed", str(number)]
                one = checked(run(words), totals, codes)
                runs[name].append(one)
                print(f"{order} {name}: {one['cells'] / one['seconds']:,.0f} cells/s", flush=True)
        for name in names:
            found[name][order] = summary(runs[name])
    return found


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and range of the rounds."""
    wall = [one["cells"] / one["seconds"] for one in runs]
    return {
        "cells_per_s": round(statistics.median(wall)),
        "low": round(min(wall)),
        "high": round(max(wall)),
        "per_cpu_s": round(statistics.median(one["cells"] / one["cpu"] for one in runs)),
        "anonymous_mb": max(one["anonymous_mb"] for one in runs),
        "cells": runs[0]["cells"],
        "exact": all(one.get("exact", False) for one in runs),
    }


def entropies(cells: int, batch: int) -> dict[str, float]:
    """Label entropy of batches, as a share of that under true random order.

    The hardest case: 50 labels, the cells of each lying together.
    """
    labels = np.sort(np.random.default_rng(0).integers(0, 50, cells))

    def mean(batches: Iterator[np.ndarray]) -> float:
        values = []
        for part in batches:
            shares = np.bincount(labels[part]) / len(part)
            shares = shares[shares > 0]
            values.append(-(shares * np.log2(shares)).sum())
        return float(np.mean(values))

    whole = cells // batch * batch
    truth = mean(iter(np.random.default_rng(1).permutation(cells)[:whole].reshape(-1, batch)))
    return {
        f"{order} ({WINDOWS[order]['window']} blocks)": mean(
            iter(Sampler(cells, batch_size=batch, drop_last=True, **WINDOWS[order]))
        )
        / truth
        for order in ("block_64", "block_16")
    }


def shared_topology(nodes: int, edges: int, batch: int) -> dict[str, Any]:
    """Batches of cells on one topology against copies of it per cell."""
    import torch
    from torch_geometric.data import Batch, Data

    from tosg_graph.cells.onto import Join, log1p_scaled, totals_of
    from tosg_graph.cells.rows import SparseRows
    from tosg_graph.tensors.cell_batch import dense_tensor

    rng = np.random.default_rng(0)
    rows = sparse.random(batch, nodes, density=1550 / 40_000, format="csr", random_state=0)
    rows.data[:] = rng.integers(1, 9, rows.nnz)
    counts = SparseRows(
        rows.indptr.astype(np.int64), rows.indices, rows.data.astype(np.float32), nodes
    )
    join = Join.of_pairs(np.arange(nodes), np.arange(nodes), n_features=nodes, n_places=nodes)
    edge_index = torch.from_numpy(rng.integers(0, nodes, (2, edges)))

    def ours() -> None:
        dense_tensor([log1p_scaled(join.lay(counts), totals_of(counts), 1e4)])

    def theirs(cells: int) -> None:
        dense = torch.from_numpy(rows[:cells].toarray().astype(np.float32))
        Batch.from_data_list([Data(x=x[:, None], edge_index=edge_index) for x in dense])

    ours()
    a, b = [], []
    for _ in range(5):
        start = time.perf_counter()
        ours()
        a.append(batch / (time.perf_counter() - start))
        start = time.perf_counter()
        theirs(32)
        b.append(32 / (time.perf_counter() - start))
    return {
        "ours_cells_per_s": round(statistics.median(a)),
        "pyg_cells_per_s": round(statistics.median(b)),
        "times": round(statistics.median(a) / statistics.median(b), 1),
    }


def main() -> None:
    """Run everything and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--scdl", type=Path)
    parser.add_argument("--without", nargs="*", default=[], help="readers to leave out")
    parser.add_argument("--real", type=Path, help="real cells to tile, in place of simulated ones")
    parser.add_argument("--label", default="celltype", help="label column of the real cells")
    parser.add_argument("--h5ad", type=Path, help="cells that simulated.py wrote before")
    parser.add_argument("--folder", type=Path, help="where formats are, or stay for another run")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="tosg-feed-"))
    try:
        h5ad = given.h5ad or folder / "cells.h5ad"
        if given.h5ad is None and given.real is not None:
            given.features, given.values = simulated.tile(
                h5ad, given.real, cells=given.cells, label=given.label
            )
        elif given.h5ad is None:
            options = {"cells": given.cells, "features": given.features, "values": given.values}
            simulated.write(h5ad, seed=0, **options)
        x = anndata.read_h5ad(h5ad, backed="r").X
        step = range(0, given.cells, 8192)
        totals = np.concatenate(
            [np.asarray(x[i : i + 8192].sum(axis=1, dtype=np.float64)).ravel() for i in step]
        )
        result = {
            "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
            "versions": {n: version(n) for n in ("numpy", "numba", "pyarrow", "torch")},
            "options": {k: v for k, v in vars(given).items() if isinstance(v, int)},
            "cells_of": "simulated" if given.real is None else given.real.name,
            "readers": rates(given, folder, h5ad, totals),
            "entropy_of_random": entropies(200_000, 512),
            "shared_topology": shared_topology(20_000, 200_000, 512),
        }
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(result, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
