"""Rings of tests: pure and embedded always run; Neo4j and real data run where the machine has them.

``TOSG_REQUIRE=neo4j,real`` turns a ring that cannot run into a failure; without it the ring is
skipped and the end of the run says so.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tiny import tiny_build
from tosg_graph.build.tables import Build

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
def real_build(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """All of the public files as one build, made once for the whole run; read only."""
    from tosg_graph.build.assemble import build_graph
    from tosg_graph.sources.registry import find_files, select

    located = find_files(real_data, select(None), {})
    return build_graph(located, tmp_path_factory.mktemp("real") / "graph")
