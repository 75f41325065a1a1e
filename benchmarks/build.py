"""How long a graph build takes, and how much memory.

    python benchmarks/build.py --data ../shared/data --out benchmarks/build.json

Every build runs in a process of its own, on ``--threads`` cores, into a folder that is removed
afterwards. The JSON holds the machine, versions, medians and ranges of wall and CPU seconds, the
peak of resident memory over all runs, and the rows of every table.
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
from importlib.metadata import version
from pathlib import Path
from typing import Any


def build_once(data: Path, threads: int) -> dict[str, Any]:
    """Build in this process; give seconds, bytes and rows."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    from tosg_graph.build.assemble import build_graph
    from tosg_graph.sources.registry import find_files, select

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        build = build_graph(find_files(data, select(None), {}), Path(folder), threads=threads)
        wall = time.perf_counter() - began
        size = sum(path.stat().st_size for path in build.path.rglob("*") if path.is_file())
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_mb": usage.ru_maxrss / 1024,
        "size_mb": size / 1e6,
        "build_id": build.id,
        "rows": {name: table["rows"] for name, table in build.manifest["tables"].items()},
    }


def measure(data: Path, threads: int, repeats: int) -> dict[str, Any]:
    """Build several times, each in a fresh process."""
    command = [sys.executable, __file__, "--data", str(data), "--threads", str(threads), "--once"]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(repeats)
    ]
    return {
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "threads": threads},
        "load_before": os.getloadavg(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "pandas", "pyarrow", "tosg-graph")},
        },
        "repeats": repeats,
        **{key: spread([run[key] for run in runs]) for key in ("wall_s", "cpu_s")},
        "peak_rss_mb": round(max(run["peak_rss_mb"] for run in runs), 1),
        "size_mb": round(runs[0]["size_mb"], 1),
        "build_id": runs[0]["build_id"],
        "rows": runs[0]["rows"],
    }


def spread(values: list[float]) -> dict[str, float]:
    """Give the median and the range."""
    return {
        "median": round(statistics.median(values), 2),
        "min": round(min(values), 2),
        "max": round(max(values), 2),
    }


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of public files")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where the JSON goes, beside standard output")
    parser.add_argument("--once", action="store_true", help="one build in this process")
    options = parser.parse_args()
    if options.once:
        print(json.dumps(build_once(options.data, options.threads)))
        return
    found = json.dumps(measure(options.data, options.threads, options.repeats), indent=1)
    if options.out:
        options.out.write_text(found + "\n", encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main()
