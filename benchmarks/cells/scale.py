"""What reading costs as a store grows: opening, the first batch, cells per second, memory.

    python benchmarks/cells/scale.py --out benchmarks/results/cells_scale.json

A store of simulated cells (``simulated.py``) is tiled: its shards are copied, so that all bytes are
there, its table of cells is repeated under new names, and the sums of its features are multiplied,
so that ``verify`` holds for the large store as well. Every measurement is a process of its own,
which imports what a user of the loader does and nothing of what made the stores. It tells apart
what importing costs, opening (store and loader), the first batch, and a number of batches after it,
and reports anonymous memory: that of the kernel (``smaps_rollup``), so that pages of mapped files,
which the system takes back when it needs them, are not counted. ``before_mb`` is the anonymous
memory after imports; ``most_mb`` the largest while reading; ``with_topology_mb`` the same after
asking for the graph, which imports torch_geometric.

A rate is that of cells which the page cache holds, if the machine has room for them: the files of
a store are read once before, and ``major_faults`` says how often the disk was waited for. Every
size is read for as many cells, all of the largest store unless ``--read`` says otherwise, a small
store in several epochs; a store is opened anew for each: blocks of a compact one that an epoch
before decompressed would say nothing of its size. A part of an epoch opens as many shards as a
whole one, which is why a whole one is the default.
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
from collections.abc import Callable
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

BASE = 20_480
TIERS = ("hot", "compact")


def tile(base: Path, target: Path, times: int) -> None:
    """Make a store of so many copies of another one of one data set; same graph, same features."""
    import pyarrow.parquet as pq

    from tosg_graph.cells.manifest import (
        axis_file,
        file_record,
        measured_file,
        obs_file,
        read_manifest,
        write_manifest,
    )

    manifest = read_manifest(base)
    shard = manifest["modalities"]["rna"]["shards"][0]
    dataset = manifest["datasets"][0]
    for part in ("rna", "obs", "measured", "features"):
        (target / part).mkdir(parents=True)
    suffix = "".join(Path(shard["file"]).suffixes)
    shards = []
    for number in range(times):
        file = f"rna/{number:06d}{suffix}"
        shutil.copyfile(base / shard["file"], target / file)
        shards.append({**shard, "file": file})
    cells = obs_file(dataset["number"])
    _tile_cells(base / cells, target / cells, times)
    records = {cells: file_record(target / cells, rows=times * manifest["n_cells"])}
    for file in (measured_file(dataset["number"]), axis_file(manifest)):
        table = pq.read_table(base / file)
        for name in ("total", "cells"):
            values = pq_times(table[name], times)
            table = table.set_column(table.column_names.index(name), name, values)
        pq.write_table(table, target / file)
        records[file] = file_record(target / file, rows=table.num_rows)
    axis = axis_file(manifest)
    manifest["files"] = {axis: records.pop(axis)}
    dataset["files"], dataset["n_cells"] = records, times * dataset["n_cells"]
    manifest["n_cells"] = dataset["n_cells"]
    entry = manifest["modalities"]["rna"]
    entry["shards"], entry["n_values"] = shards, times * entry["n_values"]
    write_manifest(target, manifest)


def pq_times(column: Any, times: int) -> Any:
    """Multiply a column by a number; its type stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.multiply(column, pa.scalar(times, column.type))


def _tile_cells(source: Path, target: Path, times: int) -> None:
    """Repeat a table of cells under new names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tosg_graph.build.tables import write_parquet

    table = pq.read_table(source)
    size = table.num_rows
    whole = pa.concat_tables([table] * times).unify_dictionaries()
    names = pa.array((f"cell{number}" for number in range(times * size)), pa.string())
    write_parquet(whole.set_column(0, "cell_id", names), target)


def anonymous() -> float:
    """Anonymous memory of this process in MB."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Anonymous:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise RuntimeError("smaps_rollup has no line Anonymous")


def measure(folder: Path, store_path: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Open a store, take the first batch, then as many as ``--read`` cells, in this process."""
    started = time.perf_counter()
    import numba  # noqa: F401 - what reading needs is imported before it is timed
    import torch  # noqa: F401

    from tosg_graph.cells.reader import CellStore
    from tosg_graph.tensors.batch import CellLoader
    from tosg_graph.tensors.subgraph import Subgraph
    from tosg_graph.workspace import Workspace

    subgraph = Subgraph.whole(Workspace(folder / "work").graph)
    found: dict[str, Any] = {"imports_and_graph_s": time.perf_counter() - started}
    found["before_mb"] = anonymous()
    started, cpu = time.perf_counter(), time.process_time()

    def opened() -> CellLoader:
        return CellLoader(
            CellStore.open(store_path), subgraph, targets=["Gene"], layout="sparse",
            normalise="raw", batch_size=512, seed=given.seed, threads=given.threads,
            order=given.order,
        )  # fmt: skip

    loader = opened()
    found["open_s"] = time.perf_counter() - started
    batches = iter(loader)
    batch = next(batches)
    found["first_batch_s"] = time.perf_counter() - started
    found["first_batch_cpu_s"] = time.process_time() - cpu
    found["after_first_mb"] = anonymous()
    started = time.perf_counter()
    list(batch.cell_ids)
    found["names_s"] = time.perf_counter() - started
    batches.close()
    del loader, batches, batch
    brought_in(store_path)
    found |= passed(opened, given.read)
    assert opened().topology["Gene"].num_nodes
    found["with_topology_mb"] = anonymous()
    return {key: round(v, 3) if isinstance(v, float) else v for key, v in found.items()}


def brought_in(store: Path) -> None:
    """Read the shards, so that the page cache holds what it has room for."""
    room = bytearray(1 << 24)
    for path in sorted((store / "rna").iterdir()):
        with path.open("rb", buffering=0) as file:
            while file.readinto(room):
                pass


def passed(opened: Callable[[], Any], wanted: int) -> dict[str, Any]:
    """Take so many cells, of as many epochs as that needs, each from a store that is opened anew.

    Neither opening nor looking at the memory is timed.
    """
    import resource

    read, wall, cpu, most = 0, 0.0, 0.0, 0.0
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_majflt
    while read < wanted:
        batches = iter(opened())
        while read < wanted:
            begun = time.perf_counter(), time.process_time()
            size = sum(len(batch) for batch in islice(batches, 64))
            wall, cpu = wall + time.perf_counter() - begun[0], cpu + time.process_time() - begun[1]
            if not size:
                break
            read, most = read + size, max(most, anonymous())
        batches.close()
    return {
        "read": read,
        "cells_per_s": round(read / wall),
        "per_cpu_s": round(read / cpu),
        "major_faults": resource.getrusage(resource.RUSAGE_SELF).ru_majflt - faults,
        "most_mb": most,
    }


def run(folder: Path, store: Path, given: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Measure once, in a process of its own."""
    words = [sys.executable, __file__, "--measure", str(folder), str(store), "--seed", str(seed)]
    words += ["--order", given.order, "--read", str(given.read), "--threads", str(given.threads)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def summed_up(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians; of memory and faults the largest."""
    largest = ("before_mb", "after_first_mb", "most_mb", "major_faults", "with_topology_mb")
    return {
        key: (max if key in largest else statistics.median)(one[key] for one in runs)
        for key in runs[0]
    }


def scale(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """All sizes of both tiers, in turn, so that what else the machine does meets all alike."""
    import ours
    import simulated

    h5ad = folder / "cells.h5ad"
    options = {"features": given.features, "values": given.values, "seed": 0}
    if not h5ad.exists():
        simulated.write(h5ad, cells=BASE, **options)
    found: dict[str, Any] = {}
    for tier in given.tiers:
        if not (folder / tier).exists():
            ours.prepare(h5ad, folder / tier, tier)
        tiled = folder / "tiled"
        runs: dict[int, list[dict[str, Any]]] = {}
        try:
            for times in (-(-cells // BASE) for cells in given.sizes):
                tile(folder / tier / "work" / "cells" / "cells", tiled / str(times), times)
                runs[times] = []
            for number in range(given.repeats):
                for times, done in runs.items():
                    done.append(run(folder / tier, tiled / str(times), given, number))
        finally:
            shutil.rmtree(tiled, ignore_errors=True)
        found[tier] = {str(times * BASE): summed_up(done) for times, done in runs.items()}
        for cells, one in found[tier].items():
            print(f"{tier} {int(cells):,}: {one}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    """Parse, run, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_480, 204_800, 2_007_040])
    parser.add_argument("--tiers", nargs="+", default=list(TIERS), choices=TIERS)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--order", default="block_shuffled")
    parser.add_argument("--read", type=int, help="cells per measurement (the largest size)")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the small stores here, for another run")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.read = given.read or max(given.sizes)
    if given.measure:
        json.dump(measure(*given.measure, given), sys.stdout)
        return
    folder = given.folder or Path(tempfile.mkdtemp(prefix="tosg-scale-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        result = {
            "machine": {
                "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
                "python": platform.python_version(),
                "versions": {n: version(n) for n in ("numpy", "numba", "pyarrow", "torch")},
            },
            "options": {k: v for k, v in vars(given).items() if isinstance(v, (int, str))},
            "stores": scale(folder, given),
        }  # fmt: skip
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(result, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
