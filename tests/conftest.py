"""Rings of tests: pure and embedded always run; Neo4j and real data run where the machine has them.

``TOSG_REQUIRE=neo4j,real`` turns a ring that cannot run into a failure; without it the ring is
skipped and the end of the run says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tiny import tiny_build
from tosg_graph.build.tables import Build

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.graph.store import GraphStore
    from tosg_graph.workspace import Workspace

pytest_plugins = ["tests.neo4j_server"]
ROOT = Path(__file__).resolve().parent.parent
REQUIRED = frozenset(filter(None, os.environ.get("TOSG_REQUIRE", "").split(",")))
_skipped_rings: dict[str, str] = {}


def ring_absent(ring: str, why: str) -> None:
    """Skip the test, or fail it where the ring is required."""
    if ring in REQUIRED:
        pytest.fail(f"the ring {ring!r} is required and cannot run: {why}")
    _skipped_rings[ring] = why
    pytest.skip(why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for ring, why in sorted(_skipped_rings.items()):
        terminalreporter.write_line(f"ring {ring!r} did not run: {why}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The tiny graph of tests/tiny.py as a build; read only."""
    return tiny_build(tmp_path_factory.mktemp("tiny") / "build")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public files; the tests that use it carry the mark ``real``."""
    folder = Path(os.environ.get("TOSG_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "hgnc").is_dir():
        ring_absent("real", f"no public files in {folder}; set TOSG_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def real_work(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with the build of all public files, made once for the whole run; read only."""
    from tosg_graph.config import Settings
    from tosg_graph.workspace import Workspace

    path = tmp_path_factory.mktemp("real") / "work"
    with Workspace(path, settings=Settings(workspace=path)) as work:
        work.build(real_data)
        yield work


@pytest.fixture(scope="session")
def real_build(real_work: Workspace) -> Build:
    """All of the public files as one build; read only."""
    return real_work.graph


@pytest.fixture(scope="session")
def real_store(real_work: Workspace) -> GraphStore:
    """The build of the public files in the embedded graph; read only."""
    real_work.load()
    return real_work.store


@pytest.fixture(scope="session")
def real_cells(real_work: Workspace, real_data: Path) -> CellStore:
    """The sorted blood cells as the store ``pbmc``; read only."""
    source = real_data / "cells" / "pbmc_facs_3774.h5ad"
    real_work.add_cells(source, name="pbmc", label="celltype")
    return real_work.cells("pbmc")
