"""What a graph of OmniCellTOSG's size costs, from source files to a database and tensors.

    python benchmarks/graph/run.py --scales 0.01 0.1 1 --out benchmarks/results/graph.json
    python benchmarks/graph/run.py --data DIR --out benchmarks/results/graph.json

Every step is a process of its own, so that its peak memory is its own: the sources are written
(:mod:`synthetic`), built, loaded into the embedded graph, and the whole topology is taken into
``HeteroData``; then every named query is asked about hubs and others (:mod:`queries`). The JSON
holds the machine, versions, rows, wall seconds and largest resident memory per step and scale.
``--data DIR`` takes the public files of a folder in place of synthetic ones. What the JSON holds of
other scales stays there. ``--keep FOLDER`` keeps sources and workspaces, for ``server.py --older``.
``--skip embedded queries`` leaves steps out; without the embedded graph there is nothing to query.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
#: What the JSON calls the graph of real files among the scales.
PUBLIC = "public files"
_BUILD = """
import sys; from tosg_graph.workspace import Workspace
Workspace(sys.argv[1]).build(sys.argv[2])
"""
_EMBEDDED = "import sys; from tosg_graph.workspace import Workspace; Workspace(sys.argv[1]).load()"
_TOPOLOGY = """
import sys, warnings; warnings.simplefilter("ignore")
import time, json, torch_geometric; from tosg_graph.workspace import Workspace
start = time.perf_counter(); data = Workspace(sys.argv[1]).subgraph().to_hetero_data()
seconds = time.perf_counter() - start
json.dump({"seconds_without_imports": seconds, "edges": data.num_edges}, sys.stdout)
"""
_QUERIES = """
import sys; sys.path.insert(0, sys.argv[2]); import json, pathlib, queries
json.dump(queries.measure(pathlib.Path(sys.argv[1])), sys.stdout)
"""


def step(code: str, *words: str) -> dict[str, Any]:
    """Run one step in a process: wall seconds, peak memory in MB, and the JSON that it prints."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    said = child.stdout.read().decode().strip()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"a step ended with {os.waitstatus_to_exitcode(status)}: {code.strip()}")
    found: dict[str, Any] = {
        "seconds": round(time.perf_counter() - began, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }
    return found | (json.loads(said) if said else {})


def written(scale: float, folder: Path, lacking: int | None) -> Path:
    """Write the sources of a synthetic graph."""
    words = [str(HERE / "synthetic.py"), "--scale", str(scale), "--out", str(folder / "data")]
    if lacking is not None:
        words += ["--lacking", str(lacking)]
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return folder / "data"


def measure(data: Path, folder: Path, skip: set[str]) -> dict[str, Any]:
    """Measure every step on the sources of a folder."""
    work = folder / "work"
    found: dict[str, Any] = {"build": step(_BUILD, str(work), str(data))}
    manifest = json.loads(next((work / "graph").glob("*/manifest.json")).read_text())
    found["rows"] = {
        "nodes": sum(manifest["report"]["nodes"].values()),
        "edges": sum(manifest["report"]["edges"].values()),
        "evidence": manifest["report"]["evidence"],
    }
    for name, code in (("topology", _TOPOLOGY), ("embedded", _EMBEDDED)):
        if name not in skip:
            found[name] = step(code, str(work))
    if not skip & {"embedded", "queries"}:
        found["queries"] = step(_QUERIES, str(work), str(HERE))
    return found


def main() -> None:
    """Run the scales one after the other and write the JSON after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scales", type=float, nargs="+", default=[0.01, 0.1])
    parser.add_argument("--data", type=Path, help="a folder of public files, in place of scales")
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument(
        "--keep", type=Path, help="make the older of two releases, and keep it below this folder"
    )
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    scales = [PUBLIC] if given.data else [str(scale) for scale in given.scales]
    taken = [given.keep / s for s in scales if given.keep and (given.keep / s).exists()]
    if taken:
        raise SystemExit(f"{taken[0]} is there already; give another folder, or remove it")
    packages = ("tosg-graph", "duckdb", "ladybug", "pyarrow", "torch", "torch_geometric")
    result: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}
    result |= {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "versions": {name: version(name) for name in packages},
        "scales": result.get("scales", {}),
    }
    for scale in scales:
        lacking = None if given.keep is None else 0
        folder = Path(tempfile.mkdtemp(prefix="tosg-scale-", dir=given.keep))
        try:
            data = given.data or written(float(scale), folder, lacking)
            result["scales"][scale] = measure(data, folder, set(given.skip))
            if given.keep is not None:
                folder.rename(given.keep / scale)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        given.out.write_text(json.dumps(result, indent=1) + "\n")
        print(json.dumps(result["scales"][scale]))


if __name__ == "__main__":
    main()
