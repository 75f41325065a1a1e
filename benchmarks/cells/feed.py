"""Cells per second into torch: this project and the peers, in one run, alternating.

    python benchmarks/cells/feed.py --cells 200000 --out benchmarks/results/feed.json \
        --peers PYTHON --scdl PYTHON --soma PYTHON

Every reader is a process of its own over its own format of the same h5ad, batches of 512, sparse
tensors and label codes out, warm. Of each run over 8,000 cells are looked at one by one: the sum
of the counts together with the label must be that of a cell of the file, and as often as there; of
a reader that reads all cells the sums of all counts and labels are compared too. One that delivers
anything else stops the run. ``--peers`` names a Python (3.12 or newer) with annbatch[zarrs],
scdataset, pylance and anndata, ``--scdl`` one with bionemo-scdl, ``--soma`` one with tiledbsoma-ml,
whose tiledbsoma 2.3 needs anndata 0.12. ``--real cells.h5ad`` takes the counts and labels of a real
file, written again and again until there are so many cells, in place of simulated ones. Slow
readers read a part of the cells only; the JSON says how many.

Beside that: how mixed the labels of a batch are against true random order where cells of one label
lie together, and batches on a shared topology, from the store to the tensors, against
``Batch.from_data_list`` of PyTorch Geometric, which is given its tensors. :mod:`scale` measures
the first batch and the rates of stores of growing size.
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
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anndata
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers"), str(HERE.parents[1])]

import simulated  # noqa: E402
from readers import WINDOWS  # noqa: E402

from tosg_graph.cells.sampler import Sampler  # noqa: E402

#: Cells that slow readers read per round, by order.
SLOW = {"block_64": 40_960, "random": 16_384}
FAST = ("hot", "compact")
#: What prints the versions that a Python has of the peers' packages.
PEER_VERSIONS = """
import importlib.metadata as m, json
names = ("annbatch", "zarr", "zarrs", "scdataset", "pylance", "tiledbsoma", "tiledbsoma-ml",
         "bionemo-scdl", "anndata", "h5py", "torch", "numpy")
found = {d.metadata["Name"].lower(): d.version for d in m.distributions()}
print(json.dumps({n: found[n] for n in names if n in found}))
"""


def command(name: str, given: argparse.Namespace, folder: Path, h5ad: Path) -> list[str]:
    """Words that call a reader; the step and its options follow."""
    if name in FAST:
        return [sys.executable, str(HERE / "ours.py"), name]
    python = {"scdl": given.scdl, "soma": given.soma}.get(name, given.peers)
    return [str(python), str(HERE / "peers" / "readers.py"), name]


def run(words: list[str]) -> dict[str, Any]:
    """Run a reader; the JSON that it prints last."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise RuntimeError(done.stderr[-1500:])
    return dict(json.loads(lines[-1]))


def peer_versions(given: argparse.Namespace) -> dict[str, str]:
    """Versions of the peers' packages."""
    pythons = [p for p in (given.soma, given.scdl, given.peers) if p is not None]
    return {k: v for python in pythons for k, v in run([str(python), "-c", PEER_VERSIONS]).items()}


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
    """Compare what was delivered with the file: some cells one by one, and the sums of all."""
    rows = Counter((total, code) for total, code in found.pop("rows"))
    file = Counter(zip(totals.tolist(), codes.tolist(), strict=True))
    if other := rows - file:
        raise AssertionError(f"cells that the file has not, or not as often: {other}")
    found["looked_at"] = rows.total()
    if found["cells"] == len(totals):
        expected = (float(totals.sum()), int(codes.sum()))
        if (found["counts"], found["labels"]) != expected:
            raise AssertionError(f"delivered {found}, the file has {expected}")
    return found


def rates(
    given: argparse.Namespace, folder: Path, h5ad: Path, totals: np.ndarray
) -> dict[str, Any]:
    """Rounds of all readers in turn."""
    codes = np.asarray(anndata.read_h5ad(h5ad, backed="r").obs["cell_type"].cat.codes, np.int64)
    names = [*FAST]
    if given.peers:
        names += ["annbatch", "scdataset", "backed", "lance"]
    if given.soma:
        names += ["soma"]
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
        "looked_at": sum(one["looked_at"] for one in runs),
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


def main() -> None:
    """Run everything and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--scdl", type=Path)
    parser.add_argument("--soma", type=Path)
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
            "versions_of_peers": peer_versions(given),
            "options": {k: v for k, v in vars(given).items() if isinstance(v, int)},
            "cells_of": "simulated" if given.real is None else given.real.name,
            "readers": rates(given, folder, h5ad, totals),
            "entropy_of_random": entropies(200_000, 512),
            "shared_topology": run(
                [
                    sys.executable,
                    str(HERE / "ours.py"),
                    "hot",
                    "topology",
                    str(h5ad),
                    str(folder / "hot"),
                ]
            ),
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
