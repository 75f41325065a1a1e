"""The sessions of the README, run as they stand there; what they print stands there too."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tosg_graph.cells.reader import CellStore
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
    """What the README shows, as a pattern: a `…` in it stands for anything in that line."""
    lines = (line.rstrip() for line in printed.strip("\n").splitlines())
    return "\n".join(re.escape(line).replace("…", ".*") + r" *" for line in lines)


@pytest.mark.real
@pytest.mark.parametrize(("command", "printed"), list(sessions()))
def test_a_session_of_the_readme(
    tosg: Tosg, work: Path, real_work: Workspace, real_store: GraphStore, real_cells: CellStore,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, printed: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "work").symlink_to(real_work.path)
    (tmp_path / "tosg-demo").symlink_to(work)
    program, *words = shlex.split(command)
    ran = tosg(*words)
    assert (program, ran.code) == ("tosg", 0), ran.err
    assert re.fullmatch(pattern(printed), ran.out.strip("\n")) or words[0] in SILENT, ran.out
