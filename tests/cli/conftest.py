"""A workspace made by the commands themselves, from the example data, once for all tests here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tosg_graph import cli
from tosg_graph.example import data_folder, write_cells
from tosg_graph.workspace import Workspace


class Ran(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Tosg = Callable[..., Ran]


@pytest.fixture
def tosg(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tosg:
    """Run a command in this process, as the entry point does."""

    def run(*words: str | Path) -> Ran:
        monkeypatch.setattr("sys.argv", ["tosg", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return Ran(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the example graph, loaded, and its simulated cells; do not change it."""
    folder = tmp_path_factory.mktemp("cli")
    path = folder / "work"
    cells = write_cells(folder / "blood.h5ad")
    for words in (
        ["build", "--data", str(data_folder()), "-w", str(path)],
        ["load", "-w", str(path)],
        ["cells", "add", str(cells), "--name", "blood", "--label", "celltype", "-w", str(path)],
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["tosg", *words])
            with pytest.raises(SystemExit) as end:
                cli.main()
            assert not end.value.code, words
    return path


@pytest.fixture(scope="session")
def mine(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workspace that commands may change, with cells that know their donors."""
    folder = tmp_path_factory.mktemp("every")
    shutil.copytree(work, folder / "work")
    cells = write_cells(folder / "cells.h5ad")
    with Workspace(folder / "work") as ws:
        add = {"label": "celltype", "donor": "donor"}
        ws.add_cells(cells, name="blood", replace=True, **add)
        ws.add_cells(cells, name="twice", **add)
        ws.add_cells(cells, name="twice", append=True, dataset_name="again", **add)
    return folder
