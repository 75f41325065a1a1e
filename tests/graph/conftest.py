"""Builds and stores that the tests of the databases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.graph.graphs import nasty_build, small_build
from tosg_graph.build.tables import Build
from tosg_graph.graph.embedded import EmbeddedStore


@pytest.fixture(scope="session")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return nasty_build(tmp_path_factory.mktemp("nasty") / "build")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return small_build(tmp_path_factory.mktemp("small") / "build")


@pytest.fixture(scope="session")
def embedded_tiny(tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """An embedded store that holds the tiny graph; for tests that read."""
    path = tmp_path_factory.mktemp("embedded") / "graph.lbug"
    with EmbeddedStore(path) as store:
        store.load(tiny)
    with EmbeddedStore(path, read_only=True) as store:
        yield store
