"""The life of a cell store by its commands: grow, pack, verify, shrink; errors say what to do."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pytest

from tests.cli.conftest import Tosg
from tosg_graph.example import data_folder, write_cells
from tosg_graph.workspace import Workspace


@pytest.fixture
def own(work: Path, tmp_path: Path) -> Path:
    """A workspace that may be changed."""
    shutil.copytree(work, tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """Other cells of the same kind, half of their genes left out."""
    data = anndata.read_h5ad(write_cells(tmp_path / "more.h5ad", seed=1))
    data[:, : data.n_vars // 2].copy().write_h5ad(tmp_path / "half.h5ad")
    return tmp_path / "half.h5ad"


def test_the_life_of_a_store(tosg: Tosg, own: Path, more: Path, tmp_path: Path) -> None:
    added = tosg("cells", "add", more, "--name", "blood", "--append", "-w", own, "--json").json
    assert (added["n_cells"], added["dataset"], added["new_features"]["rna"]) == (600, "half", 0)
    rows = tosg("cells", "versions", "blood", "-w", own, "--json").json["rows"]
    assert [row[:3] for row in rows] == [[1, "added blood", 600], [2, "added half", 1200]]
    before = Workspace(own).cells("blood").gather("rna", np.arange(1200)).to_scipy()
    packed = tosg("cells", "pack", "blood", "--codec", "lz4", "-w", own, "--json").json
    assert (packed["version"], packed["tier"]) == (3, "compact")
    assert packed["after"] < packed["before"]
    info = tosg("cells", "info", "blood", "-w", own, "--json").json
    assert info["tiers"] == {"rna": ["compact"], "protein": ["compact"]}
    assert [d["name"] for d in info["datasets"]] == ["blood", "half"]
    after = Workspace(own).cells("blood").gather("rna", np.arange(1200)).to_scipy()
    assert (before != after).nnz == 0
    words = ("cells", "verify", "blood", "--source", more, "--dataset-name", "half")
    files, cells, values, compared = tosg(*words, "-w", own, "--json").json["rows"][0]
    assert (files, cells) == (9, 1200)
    assert 0 < compared < values
    left = tosg("cells", "remove", "blood", "half", "-w", own, "--json").json["rows"][0]
    assert left == ["blood", 4, 600, ["blood"]]
    gone, files, size = tosg("cells", "prune", "blood", "-w", own, "--json").json["rows"][0]
    assert gone == [1, 2, 3]
    assert size > packed["before"]
    assert tosg("cells", "unpack", "blood", "-w", own).code == 0
    assert tosg("cells", "verify", "blood", "-w", own).code == 0


def test_damage_is_named_and_the_exit_code_says_so(tosg: Tosg, own: Path, tmp_path: Path) -> None:
    path = own / "cells/blood/rna/000000.arrow"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    export = ("export", "--pathway", "R-HSA-1280215", "--cells", "blood", "--out", tmp_path / "e")
    for words in (("cells", "verify", "blood"), ("cells", "pack", "blood"), export):
        ran = tosg(*words, "-w", own)
        assert ran.code == 1
        assert "rna/000000.arrow" in ran.err.replace("\n", "")
    assert not (tmp_path / "e").exists()
    assert Workspace(own).cells("blood").versions == [1]


def test_a_store_follows_the_graph_to_another_build(tosg: Tosg, own: Path) -> None:
    rows = tosg("cells", "list", "-w", own, "--json").json["rows"]
    older = rows[0][-2]
    assert rows[0][-1] is True
    again = ("build", "--data", data_folder(), "--source", "hgnc", "--source", "uniprot")
    assert tosg(*again, "-w", own).code == 0
    assert tosg("cells", "list", "-w", own, "--json").json["rows"][0][-2:] == [older, False]
    check = tosg("doctor", "-w", own, "--json").json["checks"][-1]
    assert (check["name"], check["status"]) == ("cells blood", "warn")
    assert "tosg cells rejoin blood" in check["advice"]
    done = tosg("cells", "rejoin", "blood", "-w", own, "--json").json
    assert (done["version"], done["before"]) == (2, older)
    assert done["modalities"]["rna"]["joined_after"] == done["modalities"]["rna"]["joined_before"]
    assert tosg("cells", "list", "-w", own, "--json").json["rows"][0][-1] is True
    assert tosg("doctor", "-w", own, "--json").json["checks"][-1]["status"] == "ok"
    assert tosg("cells", "verify", "blood", "-w", own).code == 0
    shown = tosg("cells", "rejoin", "blood", "-w", own)
    assert (shown.code, "nothing to do" in shown.out) == (0, True)


def test_wrong_uses(tosg: Tosg, own: Path, more: Path) -> None:
    words = ("cells", "add", more, "--name", "x", "-w", own)
    ran = tosg(*words, "--processes", "2", "--slurm")
    assert ran.code == 2
    assert "exclude each other" in ran.err
    for size in ("1000", "0", "-1024"):
        ran = tosg(*words, "--shard-cells", size)
        assert ran.code == 2
        assert f"(--shard-cells) is {size}; expected a multiple of 1,024" in ran.err.replace(
            "\n", " "
        )
    for said in (("donor",), ("=P1",), ("donor=P1", "--set", "donor=P2")):
        ran = tosg(*words, "--set", *said)
        assert ran.code == 2
        assert "expected one value each, as --set donor=P1" in ran.err.replace("\n", " ")
    assert [path.name for path in (own / "cells").iterdir()] == ["blood"]
    assert tosg("cells", "pack", "blood", "--codec", "gzip", "-w", own).code == 2
    assert tosg("cells", "add", more, "--name", "none", "--append", "-w", own).code == 2
    assert tosg("cells", "remove", "blood", "blood", "-w", own).code == 2


def test_a_slurm_conversion_is_written_done_and_committed(
    tosg: Tosg, own: Path, more: Path
) -> None:
    table = own.parent / "runs.csv"
    names = anndata.read_h5ad(more, backed="r").obs_names
    table.write_text("cell,run\n" + "".join(f"{name},01\n" for name in names))
    said = ("--obs", table, "--set", "batch=7")
    words = ("cells", "add", more, "--name", "far", "--slurm", *said, "-w", own)
    waiting = tosg(*words, "--json").json
    job = Path(waiting["job"])
    assert waiting["next"].endswith(f"sh {shlex.quote(str(job / 'submit.sh'))}")
    assert not (own / "cells" / "far").exists()
    submit = (job / "submit.sh").read_text()
    assert "-m tosg_graph.cli cells add" in submit
    assert "--dependency" in submit
    script = (job / "tasks.sbatch").read_text()
    done = subprocess.run(
        ["sh", job / "tasks.sbatch"], env={"SLURM_ARRAY_TASK_ID": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, (done.stderr, script)
    assert sys.executable in script
    assert tosg(*words).code == 0
    far = Workspace(own).cells("far")
    assert far.n_cells == 600
    assert [set(far.obs[name].to_pylist()) for name in ("run", "batch")] == [{"01"}, {7}]
    assert not job.exists()
    assert tosg("cells", "convert-task", job, "0").code == 1
