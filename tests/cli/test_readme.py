"""The sessions of the README, run as they stand there; what they print stands there too."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tosg_graph.cells.reader import CellStore
from tosg_graph.config import Settings
from tosg_graph.example import write_cells
from tosg_graph.graph.store import GraphStore
from tosg_graph.workspace import Workspace

README = Path(__file__).resolve().parents[2] / "README.md"
#: Commands whose output the README does not show.
SILENT = ("export",)


def sessions() -> Iterator[tuple[str, str]]:
    """Commands after ``$`` in fenced blocks, and the lines that follow each."""
    for block in re.findall(
        r"^```\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed


def pattern(printed: str) -> str:
    """What the README shows, as a pattern: `…` stands for anything in its line, a hash for any."""
    lines = (
        re.escape(line.rstrip()).replace("…", ".*") for line in printed.strip("\n").splitlines()
    )
    return re.sub(r"\b[0-9a-f]{16}\b", "[0-9a-f]{16}", "\n".join(f"{line} *" for line in lines))


@pytest.fixture(scope="module")
def demo(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of ``make demo``, whose cells have donors."""
    folder = tmp_path_factory.mktemp("demo")
    path = Path(shutil.copytree(work, folder / "tosg-demo"))
    shutil.rmtree(path / "cells" / "blood")
    with Workspace(path, settings=Settings(workspace=path)) as ws:
        cells = write_cells(folder / "simulated_blood.h5ad")
        ws.add_cells(cells, name="blood", label="celltype", donor="donor")
    return path


@pytest.mark.real
@pytest.mark.parametrize(("command", "printed"), list(sessions()))
def test_a_session_of_the_readme(
    tosg: Tosg, demo: Path, real_work: Workspace, real_store: GraphStore, real_cells: CellStore,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, printed: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").symlink_to(real_work.path)
    (tmp_path / "tosg-demo").symlink_to(demo)
    program, *words = shlex.split(command)
    ran = tosg(*words)
    assert (program, ran.code) == ("tosg", 0), ran.err
    found = re.fullmatch(pattern(printed), ran.out.strip("\n"))
    assert found is not None or words[0] in SILENT, ran.out
