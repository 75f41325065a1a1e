"""What each command of the main line costs on public data, as a user types it.

    python benchmarks/line.py --data ../shared/data --out benchmarks/results/line.json

Every command is a process of its own, start-up included. The JSON holds the machine, versions and,
per command, median and range of the wall seconds and the largest resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

QUESTION = "Which receptors detected in CD14+ monocytes are targeted by a drug?"


def commands(data: Path, work: Path) -> dict[str, list[str]]:
    """The commands in the order of the line, by what they do."""
    cells = data / "cells" / "pbmc_facs_3774.h5ad"
    return {
        "build of all sources": ["build", "--data", str(data)],
        "load into the embedded graph": ["load"],
        "add 3,774 cells": [
            *("cells", "add", str(cells), "--name", "pbmc", "--label", "celltype", "--replace"),
        ],
        "named query": ["query", "drug_targets", "drug=imatinib"],
        "question with abundance": ["ask", QUESTION, "--cells", "pbmc"],
        "export of a pathway with cells": [
            *("export", "--pathway", "R-HSA-1280215", "--cells", "pbmc"),
            *("--out", str(work / "export"), "--overwrite"),
        ],
    }


def run(words: list[str], work: Path) -> tuple[float, float]:
    """Run one command; give wall seconds and peak resident memory in MB."""
    tosg = Path(sys.executable).parent / "tosg"
    began = time.perf_counter()
    child = subprocess.Popen(
        [str(tosg), *words, "-w", str(work), "--json"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"tosg {' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_maxrss / 1024


def measure(data: Path, repeats: int) -> dict[str, Any]:
    """Run the line several times, each in a fresh workspace."""
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder) / "work"
            for what, words in commands(data, work).items():
                found.setdefault(what, []).append(run(words, work))
            sizes = {
                part: sum(p.stat().st_size for p in (work / part).rglob("*") if p.is_file()) / 1e6
                for part in ("graph", "embedded", "cells")
            }
    return {
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("duckdb", "ladybug", "pyarrow", "tosg-graph")},
        },
        "repeats": repeats,
        "sizes_mb": {part: round(size, 1) for part, size in sizes.items()},
        "commands": {
            what: {
                "median_s": round(statistics.median(wall for wall, _ in runs), 2),
                "range_s": [round(min(w for w, _ in runs), 2), round(max(w for w, _ in runs), 2)],
                "peak_mb": round(max(peak for _, peak in runs)),
            }
            for what, runs in found.items()
        },
    }


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of public files")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where the JSON goes, beside standard output")
    options = parser.parse_args()
    text = json.dumps(measure(options.data, options.repeats), indent=1)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
