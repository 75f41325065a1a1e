"""Conversions that are cut off, run elsewhere, or lose their workers: the store is the same."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cells.files import as_layout, cell_names, random_counts, write
from tests.faults import apart
from tests.tiny import tiny_tables, write_build
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.executors import Dask, Processes, Slurm
from tosg_graph.cells.job import Job, Unfinished, convert_task
from tosg_graph.cells.manifest import listed_files
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.rejoin import rejoin
from tosg_graph.cells.removal import remove_dataset
from tosg_graph.cells.tiers import pack, unpack
from tosg_graph.cells.versions import prune
from tosg_graph.errors import CellsError

COUNTS = random_counts(6000, 30, seed=4)
FEATURES = [f"GENE{number}" for number in range(30)]
TASKS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jobs")
    frames = {"obs": pd.DataFrame({"kind": ["a", "b"] * 3000}, index=cell_names(6000)),
              "var": pd.DataFrame(index=FEATURES)}  # fmt: skip
    for layout in ("csr", "csc"):
        write(folder / f"{layout}.h5ad", as_layout(COUNTS, layout), **frames)
    write(folder / "more.h5ad", as_layout(COUNTS[:3000], "csr"), var=frames["var"])
    return folder


@pytest.fixture(scope="module")
def whole(folder, tiny):
    """The store as one uninterrupted process makes it: file → bytes."""
    return {
        layout: contents(
            add_cells(folder / f"{layout}.h5ad", folder / layout, name="s", build=tiny, shard_cells=1024).path
        )
        for layout in ("csr", "csc")
    }  # fmt: skip


def contents(path):
    files = (p for p in sorted(Path(path).rglob("*")) if p.is_file())
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in files}


def dense(store):
    return store.gather("rna", np.arange(store.n_cells)).to_scipy().toarray()


def run_killed(code, **values):
    """Run code in a process of its own, which kills itself; it must not come to its end."""
    head = """
    import os, signal
    from pathlib import Path
    from tosg_graph.build.tables import Build
    from tosg_graph.cells import commit, job_folder, tiers, versions
    from tosg_graph.cells.convert import add_cells
    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)
    """
    values = {name: str(value) for name, value in values.items()}
    text = textwrap.dedent(head) + f"\nV = {values!r}\n" + textwrap.dedent(code)
    done = apart(text)
    assert done.returncode == -signal.SIGKILL, done.stderr


def append_killed(point, source, cells, build):
    """Append cells to the store ``s`` in a process that kills itself where ``point`` is called."""
    run_killed(
        f"""
        {point} = die
        add_cells(Path(V["source"]), Path(V["cells"]), name="s", build=Build.open(V["build"]),
                  append=True, shard_cells=1024)
        """,
        source=source, cells=cells, build=build.path,
    )  # fmt: skip


@pytest.mark.parametrize("layout", ["csr", "csc"])
@pytest.mark.parametrize("word", ["joining", "0 of 6 ranges", "2,048 of", "6,000 of"])
def test_a_conversion_that_was_killed_goes_on(tmp_path, folder, whole, tiny, layout, word):
    run_killed(
        """
        add_cells(Path(V["source"]), Path(V["cells"]), name="s", build=Build.open(V["build"]),
                  shard_cells=1024, progress=lambda line: die() if V["word"] in line else None)
        """,
        source=folder / f"{layout}.h5ad", cells=tmp_path / "cells", build=tiny.path, word=word,
    )  # fmt: skip
    assert not (tmp_path / "cells" / "s").exists()
    done = [len(Job.open(p.parent).done()) for p in (tmp_path / "cells").glob(".adding-*/job.json")]
    assert done == {"joining": [], "0 of 6 ranges": [0], "2,048 of": [2], "6,000 of": [6]}[word]
    lines = []
    report = add_cells(
        folder / f"{layout}.h5ad", tmp_path / "cells", name="s", build=tiny, shard_cells=1024,
        progress=lines.append,
    )  # fmt: skip
    assert f"{sum(done)} of 6 ranges of cells are done" in lines
    assert contents(report.path) == whole[layout]
    assert [p.name for p in (tmp_path / "cells").iterdir()] == ["s"]


@pytest.mark.parametrize("moves", range(0, 9, 2))
def test_a_commit_that_was_killed_is_finished(tmp_path, folder, whole, tiny, moves):
    run_killed(
        """
        moved = []
        real = commit._move
        def move(source, place):
            if len(moved) == int(V["moves"]):
                die()
            real(source, place)
            moved.append(place)
        commit._move = move
        add_cells(Path(V["source"]), Path(V["cells"]), name="s", build=Build.open(V["build"]),
                  shard_cells=1024)
        """,
        source=folder / "csr.h5ad", cells=tmp_path / "cells", build=tiny.path, moves=moves,
    )  # fmt: skip
    report = add_cells(
        folder / "csr.h5ad", tmp_path / "cells", name="s", build=tiny, shard_cells=1024
    )
    assert contents(report.path) == whole["csr"]
    assert [p.name for p in (tmp_path / "cells").iterdir()] == ["s"]


@pytest.mark.parametrize("append", [False, True])
def test_a_job_that_was_killed_after_its_commit_is_cleared_away(tmp_path, folder, tiny, append):
    cells = tmp_path / "cells"
    if append:
        add_cells(folder / "csr.h5ad", cells, name="s", build=tiny)
    run_killed(
        """
        job_folder.clear = die
        add_cells(Path(V["source"]), Path(V["cells"]), name="s", build=Build.open(V["build"]),
                  append=V["append"] == "True")
        """,
        source=folder / "more.h5ad", cells=cells, build=tiny.path, append=append,
    )  # fmt: skip
    assert (cells / "s" / "manifest.json").exists()
    report = add_cells(folder / "more.h5ad", cells, name="s", build=tiny, append=append)
    store = CellStore.open(cells / "s")
    assert (report.n_cells, store.version) == (3000, 2 if append else 1)
    assert np.array_equal(dense(store)[-3000:], COUNTS[:3000])
    assert [p.name for p in cells.iterdir()] == ["s"]


@pytest.mark.parametrize(
    "point", ["commit.next_number", "commit.write_json", "commit._move", "versions.write_manifest"]
)
def test_an_append_that_was_killed_leaves_the_store_and_goes_on(tmp_path, folder, tiny, point):
    cells = tmp_path / "cells"
    add_cells(folder / "csr.h5ad", cells, name="s", build=tiny, shard_cells=1024)
    before = CellStore.open(cells / "s")
    append_killed(point, folder / "more.h5ad", cells, tiny)
    between = CellStore.open(cells / "s")
    assert between.hash == before.hash
    between.verify(source=folder / "csr.h5ad")
    add_cells(folder / "more.h5ad", cells, name="s", build=tiny, append=True, shard_cells=1024)
    after = CellStore.open(cells / "s")
    assert np.array_equal(dense(after), np.concatenate([COUNTS, COUNTS[:3000]]))
    after.verify()
    assert [p.name for p in cells.iterdir() if not p.name.startswith(".lock")] == ["s"]


@pytest.mark.parametrize("point", ["commit._move", "versions.write_manifest"])
def test_an_append_that_was_killed_does_not_undo_what_came_between(tmp_path, folder, tiny, point):
    """Another version was made since, which may have the number that the append would have had."""
    cells = tmp_path / "cells"
    path = add_cells(folder / "csr.h5ad", cells, name="s", build=tiny, shard_cells=1024).path
    append_killed(point, folder / "more.h5ad", cells, tiny)
    pack(path)
    report = add_cells(
        folder / "more.h5ad", cells, name="s", build=tiny, append=True, shard_cells=1024
    )
    after = CellStore.open(path)
    assert (report.n_cells, after.version, after.dataset_names) == (3000, 3, ["csr", "more"])
    tiers = [shard["tier"] for shard in after.manifest["modalities"]["rna"]["shards"]]
    assert tiers == ["compact"] * 6 + ["hot"] * 3
    assert np.array_equal(dense(after), np.concatenate([COUNTS, COUNTS[:3000]]))
    after.verify()
    prune(path)
    CellStore.open(path).verify()
    listed = {p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()}
    assert listed == {"manifest.json", "versions/000003.json", *listed_files(after.manifest)}


def test_packing_that_was_killed_leaves_the_store_and_goes_on(tmp_path, folder, tiny):
    cells = tmp_path / "cells"
    report = add_cells(folder / "csr.h5ad", cells, name="s", build=tiny, shard_cells=1024)
    before = contents(report.path)
    run_killed(
        """
        tiers.pack(Path(V["store"]), progress=lambda line: die() if "000001" in line else None)
        """,
        store=report.path,
    )
    now = contents(report.path)
    assert {name: now[name] for name in before} == before
    lines = []
    pack(report.path, progress=lines.append)
    assert len(lines) == TASKS - 2  # two shards had been packed
    store = CellStore.open(report.path)
    assert np.array_equal(dense(store), COUNTS)
    store.verify(source=folder / "csr.h5ad")


@pytest.mark.parametrize("change", ["unpack", "remove_dataset", "rejoin"])
def test_a_change_that_was_killed_leaves_the_store_and_is_made_again(
    tmp_path, folder, tiny, change
):
    """Killed after its files are written, before the version that lists them is."""
    newer = write_build(tmp_path / "b", tiny_tables(), "newer000newer000")
    cells = tmp_path / "cells"
    path = add_cells(folder / "csr.h5ad", cells, name="s", build=tiny, shard_cells=1024).path
    add_cells(folder / "more.h5ad", cells, name="s", build=tiny, append=True)
    pack(path)
    prune(path)  # else the hot shards are there still
    before, bytes_before = CellStore.open(path), contents(path)
    again = {
        "unpack": lambda: unpack(path),
        "remove_dataset": lambda: remove_dataset(path, "more"),
        "rejoin": lambda: rejoin(path, newer),
    }[change]
    run_killed(
        """
        from tosg_graph.cells import rejoin, removal
        versions.write_manifest = die
        store = Path(V["store"])
        {"unpack": lambda: tiers.unpack(store),
         "remove_dataset": lambda: removal.remove_dataset(store, "more"),
         "rejoin": lambda: rejoin.rejoin(store, Build.open(V["build"]))}[V["change"]]()
        """,
        store=path, build=newer.path, change=change,
    )  # fmt: skip
    now = contents(path)
    assert {name: now[name] for name in bytes_before} == bytes_before
    assert len(now) > len(bytes_before)
    assert CellStore.open(path).hash == before.hash
    again()
    store = CellStore.open(path)
    assert store.version == before.version + 1
    assert np.array_equal(dense(store)[:6000], COUNTS)
    store.verify(source=folder / "csr.h5ad", dataset="csr")


@pytest.mark.parametrize("layout", ["csr", "csc"])
def test_processes_give_the_same_bytes(tmp_path, folder, whole, tiny, layout):
    report = add_cells(
        folder / f"{layout}.h5ad", tmp_path, name="s", build=tiny, shard_cells=1024,
        executor=Processes(2),
    )  # fmt: skip
    assert contents(report.path) == whole[layout]


def test_a_process_that_is_killed_costs_its_task_only(tmp_path, folder, whole, tiny):
    before = set(multiprocessing.active_children())
    killed, lines = [], []

    def kill_the_first():
        until = time.monotonic() + 60
        while not killed and time.monotonic() < until:
            killed.extend(set(multiprocessing.active_children()) - before)
            time.sleep(0.001)
        os.kill(killed[0].pid, signal.SIGKILL)  # it was given a task when it was started

    killer = threading.Thread(target=kill_the_first)
    killer.start()
    report = add_cells(
        folder / "csr.h5ad", tmp_path, name="s", build=tiny, shard_cells=1024,
        executor=Processes(2), progress=lines.append,
    )  # fmt: skip
    killer.join()
    assert contents(report.path) == whole["csr"]
    assert any("a process died" in line for line in lines)


def test_other_processes_end_with_the_one_that_is_killed(tmp_path, folder, tiny):
    script = """
import multiprocessing, os, signal, sys, time
from pathlib import Path
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.executors import Processes

def die(line):
    while line.endswith(" cells") and not multiprocessing.active_children():
        time.sleep(0.01)
    if children := multiprocessing.active_children():
        print(*(child.pid for child in children), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    source, build, target = map(Path, sys.argv[1:])
    add_cells(source, target, name="s", build=Build.open(build), shard_cells=1024,
              executor=Processes(3), progress=die)
"""
    (tmp_path / "add.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "add.py", folder / "csr.h5ad", tiny.path, tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    others = [Path("/proc", pid) for pid in done.stdout.split()]
    until = time.monotonic() + 60
    while any(other.exists() for other in others) and time.monotonic() < until:
        time.sleep(0.05)
    assert others
    assert not any(other.exists() for other in others)


@pytest.mark.filterwarnings("ignore")
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(tmp_path, folder, whole, tiny):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        with distributed.Client(cluster) as client:
            workers = client.run(os.getpid)
        killed = []

        def kill_one(line):
            if line.endswith(" cells") and "done" not in line and not killed:
                killed.append(next(iter(workers.values())))
                os.kill(killed[0], signal.SIGKILL)

        report = add_cells(
            folder / "csr.h5ad", tmp_path, name="s", build=tiny, shard_cells=1024,
            executor=Dask(cluster.scheduler_address), progress=kill_one,
        )  # fmt: skip
    assert killed
    assert contents(report.path) == whole["csr"]


@pytest.mark.filterwarnings("ignore")
def test_no_dask_cluster_at_an_address(tmp_path, folder, tiny, monkeypatch):
    distributed = pytest.importorskip("distributed")
    real = distributed.Client
    monkeypatch.setattr(distributed, "Client", lambda address, timeout: real(address, timeout=1))
    with pytest.raises(CellsError, match=r"no Dask cluster answers at tcp://127\.0\.0\.1:9"):
        add_cells(
            folder / "csr.h5ad", tmp_path, name="s", build=tiny, executor=Dask("tcp://127.0.0.1:9")
        )
    assert list(tmp_path.iterdir()) == []


SBATCH = """#!/bin/sh
# A SLURM of one machine: runs an array's tasks one by one, and what depends on it afterwards.
for word in "$@"; do
  case "$word" in
    --wrap=*) sh -c "${word#--wrap=}" >> "$LOG" 2>&1; exit $? ;;
    *.sbatch) script=$word ;;
  esac
done
last=$(sed -n 's/^#SBATCH --array=1-\\([0-9]*\\)%.*/\\1/p' "$script")
for n in $(seq 1 "$last"); do SLURM_ARRAY_TASK_ID=$n sh "$script" >> "$LOG" 2>&1 || exit 1; done
echo 77
"""


def test_a_slurm_array_gives_the_same_bytes(tmp_path, folder, tiny, monkeypatch):
    from tosg_graph.build.tables import Build

    again = (
        "import sys; from pathlib import Path; from tosg_graph.build.tables import Build; "
        "from tosg_graph.cells.convert import add_cells; "
        "from tosg_graph.cells.executors import Slurm; "
        "add_cells(Path(sys.argv[1]), Path(sys.argv[2]), name='s', build=Build.open(sys.argv[3]), "
        "shard_cells=1024, executor=Slurm(()))"
    )
    cells = Path("cells")  # the call is made in one folder, the scripts are submitted in another
    monkeypatch.chdir(tmp_path)
    source = folder / "more.h5ad"  # three tasks
    whole = add_cells(source, tmp_path / "whole", name="s", build=tiny, shard_cells=1024)
    command = (sys.executable, "-c", again, str(source), str(cells), str(tiny.path))
    slurm = Slurm(command, at_most=2, options=("--partition=short",))
    with pytest.raises(Unfinished, match="3 tasks wait for SLURM") as waiting:
        add_cells(
            source, cells, name="s", build=Build.open(tiny.path), shard_cells=1024, executor=slurm
        )
    job = waiting.value.job
    assert job.folder == tmp_path / "cells" / job.folder.name
    convert_task(job.folder, 1)  # one is done already: the script lists the others when made anew
    with pytest.raises(Unfinished, match="2 tasks wait"):
        add_cells(source, cells, name="s", build=tiny, shard_cells=1024, executor=slurm)
    text = (job.folder / "tasks.sbatch").read_text()
    assert "#SBATCH --array=1-2%2" in text
    assert "#SBATCH --partition=short" in text
    assert (job.folder / "tasks.txt").read_text().split() == ["0", "2"]
    (tmp_path / "sbatch").write_text(SBATCH)
    (tmp_path / "sbatch").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(tmp_path / "log")}
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    done = subprocess.run(
        ["sh", str(job.folder / "submit.sh")], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stderr, (tmp_path / "log").read_text())
    monkeypatch.chdir(tmp_path)
    assert contents(cells / "s") == contents(whole.path)
    assert [p.name for p in cells.iterdir()] == ["s"]


def test_a_task_done_twice_and_one_that_is_none(tmp_path, folder, tiny):
    with pytest.raises(Unfinished) as waiting:
        add_cells(
            folder / "csr.h5ad", tmp_path, name="s", build=tiny, shard_cells=1024,
            executor=Slurm(("true",)),
        )  # fmt: skip
    job = waiting.value.job
    assert convert_task(job.folder, 1) == 1
    first = contents(job.task_folder(1))
    convert_task(job.folder, 1)
    assert contents(job.task_folder(1)) == first
    with pytest.raises(CellsError, match="has no task 6; it has 0 to 5"):
        convert_task(job.folder, 6)
    with pytest.raises(CellsError, match=r"holds no conversion: job\.json is missing"):
        convert_task(tmp_path, 0)


def test_a_source_that_changes_between_tasks_is_refused(tmp_path, folder, tiny):
    source = tmp_path / "a.h5ad"
    source.write_bytes((folder / "csr.h5ad").read_bytes())
    with pytest.raises(Unfinished) as waiting:
        add_cells(
            source, tmp_path / "cells", name="s", build=tiny, shard_cells=1024,
            executor=Slurm(("true",)),
        )  # fmt: skip
    job = waiting.value.job
    os.utime(source, ns=(1, 1))
    with pytest.raises(CellsError, match="changed while it was read"):
        convert_task(job.folder, 0)
    assert job.done() == []


def test_faults_of_all_tasks_are_counted(tmp_path, tiny):
    values = COUNTS.astype(float)
    values[10, 3], values[5000, 4], values[5500, 5] = -1, -2, np.nan
    path = write(tmp_path / "a.h5ad", as_layout(values, "csr"))
    for executor in (Processes(), Processes(2)):
        with pytest.raises(CellsError) as error:
            add_cells(
                path, tmp_path / "cells", name="s", build=tiny, shard_cells=1024, executor=executor
            )
        assert "values are NaN or infinite, for example nan for gene5 in cell cell5500" in str(
            error.value
        )
        assert "2 of " in str(error.value)
        assert "values are negative, for example -1.0 for gene3 in cell cell10" in str(error.value)
        assert list((tmp_path / "cells").iterdir()) == []


@pytest.mark.parametrize("what", ["pack", "append", "unpack"])
def test_a_full_disk_leaves_the_store_as_it_was(tmp_path, folder, tiny, what):
    """The system refuses every file beyond a size, as a full disk would."""
    cells = tmp_path / "cells"
    report = add_cells(folder / "csr.h5ad", cells, name="s", build=tiny)
    if what == "unpack":
        pack(report.path)
        prune(report.path)
    before = contents(report.path)
    code = f"""
import json, resource
from pathlib import Path
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.tiers import pack, unpack
from tosg_graph.errors import CellsError
cells, source = Path({str(cells)!r}), Path({str(folder / "more.h5ad")!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
try:
    if {what!r} == "pack":
        pack(cells / "s")
    elif {what!r} == "unpack":
        unpack(cells / "s")
    else:
        add_cells(source, cells, name="s", build=Build.open({str(tiny.path)!r}), append=True)
except CellsError as error:
    print("refused:", error)
"""
    done = apart(code)
    assert done.stdout.startswith("refused: "), done.stderr
    assert "could not be written" in done.stdout
    assert contents(report.path) == before
    assert [p.name for p in cells.iterdir()] == ["s"]
    if what != "append":
        {"pack": pack, "unpack": unpack}[what](report.path)
    else:
        add_cells(folder / "more.h5ad", cells, name="s", build=tiny, append=True)
    CellStore.open(report.path).verify()


def test_two_writers_do_not_meet(tmp_path, folder, tiny):
    from tosg_graph.cells.versions import store_lock

    cells = tmp_path / "cells"
    report = add_cells(folder / "csr.h5ad", cells, name="s", build=tiny)
    with store_lock(report.path):
        with pytest.raises(CellsError, match="another process is writing"):
            pack(report.path)
        with pytest.raises(CellsError, match="another process is writing"):
            add_cells(folder / "more.h5ad", cells, name="s", build=tiny, append=True)
    pack(report.path)
    assert json.loads((report.path / "manifest.json").read_text())["version"] == 2
    assert [p.name for p in cells.iterdir()] == ["s"]
