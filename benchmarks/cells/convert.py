"""How fast cells become a store, and how fast and small the tiers are.

    python benchmarks/cells/convert.py --cells 20480 --out benchmarks/results/cells_convert.json

    python benchmarks/cells/convert.py --cells 92160 --processes 2 --rounds 3 --no-tiers

Simulated cells (``simulated.py``) are converted by the command itself, by it and one other process,
up to ``--processes``. A conversion may use as many cores as it has processes, as where a cluster
gives them: otherwise the thread that makes the checksum of the source would have a core of its own
beside one process, and none beside two. They take turns for ``--rounds`` rounds, each time in a
process of its own that reports its time, CPU time and peak memory; medians and ranges are given,
``speedup``, the median over the rounds of the rate of so many processes over that of one in the
same round, and ``speedup_of_ranges``, the same while ranges of cells are converted, without what
is done once. The stores must be equal byte for byte. ``two_at_once`` says what the machine gives:
two conversions that share nothing, each in a process and on a core of its own, at the same time;
their rates added up, against that of one alone.
Then the store is packed with either codec and read in batches by a block shuffle; the sum of every
batch is checked against the source. CPU seconds stand beside wall time: on a shared machine they
are what can be compared. A conversion's CPU seconds are those of all its processes, its fixed cost
(joining the features, starting) included.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import simulated  # noqa: E402 - the folders must be on the path first

from tests.tiny import tiny_build  # noqa: E402
from tosg_graph.build.tables import Build  # noqa: E402
from tosg_graph.cells.convert import add_cells  # noqa: E402
from tosg_graph.cells.executors import Processes  # noqa: E402
from tosg_graph.cells.reader import CellStore  # noqa: E402
from tosg_graph.cells.sampler import Sampler  # noqa: E402
from tosg_graph.cells.tiers import pack, unpack  # noqa: E402
from tosg_graph.filing import sha256  # noqa: E402


def convert(
    folder: Path, processes: int, first_core: int, shard_cells: int, name: str
) -> dict[str, Any]:
    """Convert once to warm caches and compiled code, once to measure, on as many cores."""
    cores = sorted(os.sched_getaffinity(0))[first_core:][:processes]
    os.sched_setaffinity(0, cores)
    build = Build.open(folder / "build")
    for place in ("warm", name):
        others: dict[int, tuple[float, int]] = {}
        said: list[tuple[float, str]] = []

        def look(line: str, others: Any = others, said: Any = said) -> None:
            said.append((time.perf_counter(), line))
            others.update({p.pid: _used(p.pid) for p in multiprocessing.active_children()})

        wall, cpu = time.perf_counter(), time.process_time()
        report = add_cells(
            folder / "cells.h5ad", folder / place / name, name="s", build=build, label="cell_type",
            donor="donor", shard_cells=shard_cells, executor=Processes(processes), replace=True,
            progress=look,
        )  # fmt: skip
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    began = next(at for at, line in said if line.endswith("ranges of cells are done"))
    return {
        "processes": processes,
        "cells_per_second": round(report.n_cells / wall),
        "cells_per_second_of_ranges": round(report.n_cells / (said[-1][0] - began)),
        "cells_per_cpu_second": round(report.n_cells / (cpu + sum(s for s, _ in others.values()))),
        "peak_memory_mb": {
            "this_process": _used(os.getpid())[1],
            **({"others": max(mb for _, mb in others.values())} if others else {}),
        },
    }


def _used(pid: int) -> tuple[float, int]:
    """CPU seconds of a process and its peak memory in MB; of one that is gone nothing."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return 0.0, 0
    ticks = int(words[11]) + int(words[12])
    peak = int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
    return ticks / os.sysconf("SC_CLK_TCK"), round(peak / 1024)


def read(store: CellStore, totals: np.ndarray, *, batch: int, repeats: int) -> dict[str, Any]:
    """Read all cells by a block shuffle; the median over repeats, after a warm one."""
    batches = list(Sampler(store.n_cells, batch_size=batch, seed=0, block_size=64))
    rates = []
    for _ in range(repeats + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        sums = [
            store.gather("rna", b, dtype=np.float32).counts.sum(dtype=np.float64) for b in batches
        ]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        if sums != [totals[b].sum() for b in batches]:
            raise AssertionError("other counts were read than the source has")
        rates.append((store.n_cells / wall, store.n_cells / cpu))
    wall, cpu = (round(float(np.median([rate[k] for rate in rates[1:]]))) for k in (0, 1))
    return {"cells_per_second": wall, "cells_per_cpu_second": cpu}


def tiers(folder: Path, totals: np.ndarray, options: argparse.Namespace) -> dict[str, Any]:
    """Pack, read and unpack with each codec, and read the hot store."""
    batch, repeats = options.batch, options.repeats
    path, results = folder / "store1" / "store1" / "s", {}
    hot = CellStore.open(path)
    results["hot"] = read(hot, totals, batch=batch, repeats=repeats)
    for codec in ("zstd", "lz4"):
        started = time.process_time()
        done = pack(path, codec=codec)
        packed = time.process_time() - started
        store = CellStore.open(path)
        results["hot"]["bytes_per_cell"] = round(done.before / done.n_cells)
        results[codec] = {
            "bytes_per_cell": round(done.after / done.n_cells),
            "packed_per_cpu_second": round(done.n_cells / packed),
            **read(store, totals, batch=batch, repeats=repeats),
        }
        unpack(path)
    return results


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Simulate, convert, pack, read; the whole result."""
    totals = simulated.write(
        folder / "cells.h5ad", cells=options.cells, features=options.features,
        values=options.values, seed=options.seed,
    )  # fmt: skip
    tiny_build(folder / "build")
    numbers = range(1, options.processes + 1)
    rounds, pairs = [], []
    for _ in range(options.rounds):
        rounds.append([measured(folder, options.shard_cells, {f"store{n}": n})[0] for n in numbers])
        pair = measured(folder, options.shard_cells, {"together0": 1, "together1": 1}, apart=True)
        pairs.append(sum(run["cells_per_second"] for run in pair))
        for made in ("together0", "together1"):
            shutil.rmtree(folder / made)
    stores = [folder / f"store{n}" / f"store{n}" / "s" for n in numbers]
    if any(_hashes(store) != _hashes(stores[0]) for store in stores):
        raise AssertionError("another number of processes made another store")
    tiers_read = {} if options.no_tiers else {"tiers": tiers(folder, totals, options)}
    return {
        "what": "conversion of simulated h5ad; tiers read by block shuffle (64), CSR batches, warm",
        "options": {k: v for k, v in vars(options).items() if k not in ("out", "worker")},
        "machine": {
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "python": platform.python_version(),
            "versions": {n: version(n) for n in ("numpy", "pyarrow", "numba", "h5py")},
        },
        "source_bytes_per_cell": round((folder / "cells.h5ad").stat().st_size / options.cells),
        "conversion": [summary(rounds, number) for number in numbers],
        "two_at_once": round(
            statistics.median(
                pair / found[0]["cells_per_second"]
                for pair, found in zip(pairs, rounds, strict=True)
            ),
            2,
        ),
        **tiers_read,
    }


def measured(
    folder: Path, shard_cells: int, stores: dict[str, int], *, apart: bool = False
) -> list[dict[str, Any]]:
    """Convert in processes of their own, at the same time; what each reports.

    Parameters
    ----------
    stores
        Name of the store → the number of processes that convert into it.
    apart
        Whether each has cores of its own.
    """
    started = [
        subprocess.Popen(
            [sys.executable, __file__, "--worker", str(folder), str(processes),
             str(number if apart else 0), name, "--shard-cells", str(shard_cells)],
            stdout=subprocess.PIPE,
        )
        for number, (name, processes) in enumerate(stores.items())
    ]  # fmt: skip
    said = [process.communicate()[0] for process in started]
    shutil.rmtree(folder / "warm", ignore_errors=True)
    return [dict(json.loads(text)) for text in said]


def summary(rounds: list[list[dict[str, Any]]], processes: int) -> dict[str, Any]:
    """Medians and ranges over the rounds, and the speed-up over one process."""
    mine = [found[processes - 1] for found in rounds]
    rates = [found["cells_per_second"] for found in mine]

    def speedup(what: str) -> float:
        return round(
            statistics.median(f[what] / r[0][what] for f, r in zip(mine, rounds, strict=True)), 2
        )

    return {
        "processes": processes,
        "cells_per_second": round(statistics.median(rates)),
        "cells_per_second_range": [min(rates), max(rates)],
        "cells_per_cpu_second": round(statistics.median(f["cells_per_cpu_second"] for f in mine)),
        "speedup": speedup("cells_per_second"),
        "speedup_of_ranges": speedup("cells_per_second_of_ranges"),
        "peak_memory_mb": {
            who: max(found["peak_memory_mb"][who] for found in mine)
            for who in mine[0]["peak_memory_mb"]
        },
    }


def _hashes(path: Path) -> dict[str, str]:
    files = (p for p in sorted(path.rglob("*")) if p.is_file())
    return {p.relative_to(path).as_posix(): sha256(p) for p in files}


def main() -> None:
    """Parse, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_480)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--shard-cells", type=int, default=4_096)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2, help="at most")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-tiers", action="store_true", help="convert only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        folder, processes, first_core, name = options.worker
        found = convert(Path(folder), int(processes), int(first_core), options.shard_cells, name)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(run(options, Path(folder)), indent=1)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
