"""The whole graph of the public files in the embedded database: kept whole, and answered right."""

from __future__ import annotations

import pytest

from tests.graph.oracle import ANSWER, CASES, Graph
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.queries import load_queries
from tosg_graph.graph.store import GraphStore

EVERY = ReadLimits(timeout=60, max_rows=1_000_000, max_bytes=1 << 30)
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def graph(real_build: Build) -> Graph:
    names = [f"nodes/{label}" for label in real_build.labels]
    names += [f"edges/{kind}" for kind in real_build.edge_types]
    return Graph({name: real_build.table(name).to_pylist() for name in names})


def test_the_database_is_the_build(real_store: GraphStore, real_build: Build) -> None:
    assert real_store.fingerprint() == fingerprint_of_build(real_build)


@pytest.mark.parametrize(
    ("name", "given"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v.values())
)
def test_named_queries(
    real_store: GraphStore, graph: Graph, name: str, given: dict[str, str]
) -> None:
    query = load_queries()[name]
    limited = any(p.name == "limit" for p in query.parameters)
    bound = query.bind({**given, "limit": 1_000_000} if limited else given)
    found = query.run(real_store, bound, limits=EVERY)
    assert not found.truncated
    assert found.rows == ANSWER[name](graph, **given)
