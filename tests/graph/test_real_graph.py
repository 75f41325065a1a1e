"""The whole graph of the public files in the embedded database: kept whole, and answered right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.graph.oracle import ANSWER, CASES, Graph
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.queries import load_queries

EVERY = ReadLimits(timeout=60, max_rows=1_000_000, max_bytes=1 << 30)
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def graph(real_build: Build) -> Graph:
    names = [f"nodes/{label}" for label in real_build.labels]
    names += [f"edges/{kind}" for kind in real_build.edge_types]
    return Graph({name: real_build.table(name).to_pylist() for name in names})


@pytest.fixture(scope="module")
def store(real_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path_factory.mktemp("real") / "graph.lbug") as store:
        store.load(real_build)
        yield store


def test_the_database_is_the_build(store: EmbeddedStore, real_build: Build) -> None:
    assert store.fingerprint() == fingerprint_of_build(real_build)


@pytest.mark.parametrize(
    ("name", "given"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v.values())
)
def test_named_queries(
    store: EmbeddedStore, graph: Graph, name: str, given: dict[str, str]
) -> None:
    query = load_queries()[name]
    limited = any(p.name == "limit" for p in query.parameters)
    bound = query.bind({**given, "limit": 1_000_000} if limited else given)
    found = query.run(store, bound, limits=EVERY)
    assert not found.truncated
    assert found.rows == ANSWER[name](graph, **given)
