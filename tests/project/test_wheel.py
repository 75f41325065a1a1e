"""The wheel works in an empty environment and an empty folder, without its extras."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(
    *words: str | Path, cwd: Path | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def tosg(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel alone into an environment of its own."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    constraints = ROOT / "constraints.txt"
    python = environment / "bin" / "python"
    if shutil.which("uv"):
        run("uv", "venv", "--quiet", "--python", sys.executable, environment)
        run("uv", "pip", "install", "--quiet", "--python", python, "-c", constraints, wheel)
    else:
        run(sys.executable, "-m", "venv", environment)
        run(python, "-m", "pip", "install", "--quiet", "-c", constraints, wheel)
    return environment / "bin" / "tosg"


def test_the_wheel_holds_queries_loaders_and_example_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {Path(n).name for n in names if n.startswith("tosg_graph/cypher/queries/")}
    assert shipped == {p.name for p in (ROOT / "cypher" / "queries").glob("*.cypher")}
    assert {n for n in names if n.startswith("loaders/")} >= {
        "loaders/hgnc.py",
        "loaders/signor.py",
    }
    assert "tosg_graph/example/data/hgnc/hgnc_complete_set.txt" in names
    assert "tosg_graph/py.typed" in names
    assert not [n for n in names if n.startswith(("tests/", "docs/", "benchmarks/"))]


def test_the_main_job_runs_from_an_empty_folder(tosg: Path, tmp_path: Path) -> None:
    where = "import tosg_graph.example as e; print(e.data_folder())"
    data = run(tosg.parent / "python", "-c", where, cwd=tmp_path).stdout.strip()
    run(tosg, "build", "--data", data, "-w", "work", cwd=tmp_path)
    run(tosg, "load", "-w", "work", cwd=tmp_path)
    answer = run(
        tosg, "query", "drug_targets", "drug=imatinib", "-w", "work", "--json", cwd=tmp_path
    )
    table = json.loads(answer.stdout)
    symbols = {row[table["columns"].index("symbol")] for row in table["rows"]}
    assert "ABL1" in symbols
    asked = run(tosg, "ask", "What does imatinib target?", "-w", "work", "--json", cwd=tmp_path)
    assert json.loads(asked.stdout)["status"] == "answered"


def test_a_missing_extra_is_named(tosg: Path, tmp_path: Path) -> None:
    done = run(tosg, "demo", "-w", "demo", cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "tosg-graph[pyg]" in done.stderr
    assert not (tmp_path / "demo").exists()
