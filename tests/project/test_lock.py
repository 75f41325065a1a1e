"""One writer at a time: with real processes, one of which is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tiny import tiny_build
from tosg_graph.config import Settings
from tosg_graph.errors import UsageError, WorkspaceBusy
from tosg_graph.example import data_folder
from tosg_graph.lock import WorkspaceLock
from tosg_graph.workspace import Workspace

#: Takes the lock, says so, and lets go when its input ends.
HOLD = """
import sys
from pathlib import Path
from tosg_graph.lock import WorkspaceLock
with WorkspaceLock(Path(sys.argv[1])).hold(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path, command: str = "load") -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", HOLD, str(folder), command]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace with the tiny graph as its current build."""
    build = tiny_build(tmp_path / "work" / "graph" / "tiny0000tiny0000")
    (tmp_path / "work" / "graph" / "current").write_text(f"{build.id}\n")
    return tmp_path / "work"


@pytest.mark.parametrize("method", ["build", "load", "update", "bulk_load", "diff"])
def test_a_second_writer_says_who_holds_the_workspace(work: Path, method: str) -> None:
    given = {
        "build": ((data_folder(),), {"sources": ["hgnc"]}),
        "diff": (("current", "current"), {}),
    }
    words, named = given.get(method, ((), {}))
    before = sorted(work.rglob("*"))
    with holder(work) as process, Workspace(work, settings=Settings()) as ws:
        found = ws.lock.holder()
        assert found is not None
        assert (found.pid, found.host, found.command) == (process.pid, socket.gethostname(), "load")
        who = rf"process {process.pid} on \S+ \(load, since 20\d\d-.*Z\) writes to the workspace"
        with pytest.raises(WorkspaceBusy, match=rf"{who}.*TOSG_LOCK_WAIT=600"):
            getattr(ws, method)(*words, **named)
        assert ws.graph.id  # reading needs no lock
        end(process)
    assert {p for p in work.rglob("*") if p not in before} == {work / ".lock"}


def test_the_lock_of_a_killed_process_is_taken_over(work: Path) -> None:
    with holder(work) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert str(process.pid) in (work / ".lock").read_text()  # it could not tidy up
        with Workspace(work, settings=Settings()) as ws:
            assert ws.lock.holder() is None
            assert ws.load().changed
    assert (work / ".lock").read_text() == ""


def test_one_that_waits_gets_it_and_sees_what_was_made_meanwhile(work: Path) -> None:
    with (
        holder(work, "build") as process,
        Workspace(work, settings=Settings(lock_wait=60)) as ws,
    ):
        other = tiny_build(work / "graph" / "newer")
        threading.Timer(0.5, end, [process]).start()
        threading.Timer(0.2, (work / "graph" / "current").write_text, ["newer\n"]).start()
        with ws._builds.on_build("load") as build:
            assert build.path == other.path
        process.wait(30)


def test_the_wait_is_bounded(work: Path) -> None:
    with holder(work) as process:
        with (
            pytest.raises(WorkspaceBusy, match=str(process.pid)),
            WorkspaceLock(work, wait=0.3).hold("load"),
        ):
            pass
        end(process)


def test_a_thread_may_hold_it_twice_and_another_may_not(work: Path) -> None:
    lock, found = WorkspaceLock(work), list[Exception]()

    def other() -> None:
        try:
            with lock.hold("load"):
                pass
        except WorkspaceBusy as error:
            found.append(error)

    with lock.hold("update"), lock.hold("diff"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert f"process {os.getpid()} on" in str(found[0])
    with lock.hold("load"):
        assert lock.holder() is not None
    assert lock.holder() is None


def test_nothing_is_made_before_there_is_something_to_write(tmp_path: Path) -> None:
    with Workspace(tmp_path / "none", settings=Settings()) as ws:
        with pytest.raises(UsageError, match="has no graph build"):
            ws.load()
        assert ws.lock.holder() is None
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("word", ["soon", "-1", "inf", "nan"])
def test_a_wait_that_is_no_time_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match=f"TOSG_LOCK_WAIT='{word}'"):
        Settings.from_environment({"TOSG_LOCK_WAIT": word})
    assert Settings.from_environment({"TOSG_LOCK_WAIT": "2.5"}).lock_wait == 2.5
