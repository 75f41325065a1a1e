"""Every named query gives the rows that plain Python finds, on every engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graph.graphs import FAMILY, crowded_tables, nasty_tables
from tests.graph.oracle import ANSWER, CASES, Graph
from tests.neo4j_server import Server
from tests.tiny import protein, tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, ReadLimits
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.queries import load_queries
from tosg_graph.graph.store import GraphStore

TINY = Graph(tiny_tables())
NASTY = Graph(nasty_tables())
EACH_CASE = pytest.mark.parametrize(
    ("name", "given"), CASES, ids=lambda v: v if isinstance(v, str) else "-".join(v.values())
)


@pytest.fixture(scope="module")
def embedded_nasty(
    nasty: Build, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path_factory.mktemp("nasty") / "graph.lbug") as store:
        store.load(nasty)
        yield store


@pytest.fixture
def server_nasty(neo4j_server: Server, nasty: Build) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_server.settings) as store:
        store.load(nasty)
        neo4j_server.run("CALL db.prepareForReplanning(60)")  # plans from what is there now
        yield store


def check(store: GraphStore, graph: Graph, name: str, given: dict[str, str]) -> None:
    query = load_queries()[name]
    found = query.run(store, query.bind(given))
    assert found.rows == ANSWER[name](graph, **given)
    assert found.columns == tuple(column.name for column in query.columns)
    assert not found.truncated


def test_every_query_has_a_case_that_finds_something() -> None:
    answered = {name for name, given in CASES if ANSWER[name](NASTY, **given)}
    assert answered == set(load_queries()) == set(ANSWER)


@EACH_CASE
def test_embedded_tiny(embedded_tiny: EmbeddedStore, name: str, given: dict[str, str]) -> None:
    check(embedded_tiny, TINY, name, given)


@EACH_CASE
def test_embedded_nasty(embedded_nasty: EmbeddedStore, name: str, given: dict[str, str]) -> None:
    check(embedded_nasty, NASTY, name, given)


def test_roles_in_a_chain_are_those_of_the_field(embedded_nasty: EmbeddedStore) -> None:
    """GRB2 is no kinase whatever is said of it, a kinase or a ligand no transcription factor."""
    query = load_queries()["signal_chain"]
    found = query.run(embedded_nasty, query.bind({"ligand": "EGF"}))
    chains = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    assert ["EGF", "EGFR", "TP53", "MDM2"] in [chain["symbols"] for chain in chains]
    assert {chain["kinase_id"] for chain in chains} == {
        FAMILY, *map(protein, ("EGFR", "ABL1", "MAP2K1"))
    }  # fmt: skip
    assert {chain["nodes"][-2] for chain in chains} == {protein("TP53")}
    assert all(len(chain["nodes"]) == len(chain["effects"]) + 1 for chain in chains)


@pytest.mark.neo4j
@EACH_CASE
def test_server(server_nasty: Neo4jStore, name: str, given: dict[str, str]) -> None:
    check(server_nasty, NASTY, name, given)


#: Queries that begin at no node; they read a label or a type, and say so by what they ask.
WHOLE_GRAPH = {"conflicting_signs", "counts", "hubs", "targeted_receptors"}


def test_only_queries_of_the_whole_graph_begin_at_no_node() -> None:
    anchored = {
        name
        for name, query in load_queries().items()
        if any(p.is_node or p.name in ("edge_id", "beginning") for p in query.parameters)
    }
    assert set(load_queries()) - anchored == WHOLE_GRAPH


@pytest.mark.neo4j
@pytest.mark.parametrize("name", sorted(load_queries()))
def test_no_query_scans_all_nodes(server_nasty: Neo4jStore, name: str) -> None:
    """Seeks only, but for the queries that list everything of a kind."""
    query = load_queries()[name]
    bound = query.bind({p.name: p.example for p in query.parameters})
    for statement in query.statements("neo4j"):
        explained = server_nasty.explain(statement, bound)
        assert explained.read_only is True
        assert "AllNodesScan" not in explained.plan
        assert "AllRelationshipsScan" not in explained.plan
        if name not in WHOLE_GRAPH:
            # Over a few edges the planner may read a whole index where it would otherwise seek,
            # and of a label that has but a few nodes all of them.
            scans = set(re.findall(r"\w+Scan\b[^\n]*", explained.plan))
            few = {f"NodeByLabelScan d:{label}" for label in ("Drug",)}
            assert not {
                scan
                for scan in scans
                if not scan.startswith("DirectedRelationshipIndexScan") and scan not in few
            }
            assert "IndexSeek" in explained.plan


LIMITED = [n for n, q in load_queries().items() if any(p.name == "limit" for p in q.parameters)]


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_cuts_in_the_same_order(embedded_nasty: EmbeddedStore, name: str) -> None:
    query = load_queries()[name]
    given = next(g for n, g in CASES if n == name and ANSWER[name](NASTY, **g))
    expected = ANSWER[name](NASTY, **given)
    for limit in {1, max(1, len(expected) // 2), len(expected)}:
        found = query.run(embedded_nasty, query.bind({**given, "limit": limit}))
        assert found.rows == expected[:limit]


CROWDED = Graph(crowded_tables())
ENDS = [("UniProtKB:T00000", "UniProtKB:T00001"), ("UniProtKB:T00030", "UniProtKB:T00007")]
EVERY = ReadLimits(max_rows=100_000, max_bytes=100_000_000)


def check_paths(store: GraphStore, build: Build) -> None:
    """Thousands of paths: engines' list functions have gone wrong where a handful was right."""
    store.load(build)
    query = load_queries()["signed_path"]
    for source, target in ENDS:
        expected = ANSWER["signed_path"](CROWDED, source=source, target=target)
        bound = query.bind({"source": source, "target": target, "limit": 100_000})
        assert len(expected) > 500
        assert query.run(store, bound, limits=EVERY).rows == expected
        assert query.run(store, {**bound, "limit": 20}).rows == expected[:20]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return write_build(tmp_path_factory.mktemp("crowded") / "build", crowded_tables(), "crowded")


def test_many_paths_embedded(crowded: Build, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "graph.lbug") as store:
        check_paths(store, crowded)


@pytest.mark.neo4j
def test_many_paths_server(neo4j_settings: Neo4jSettings, crowded: Build) -> None:
    with Neo4jStore(neo4j_settings) as store:
        check_paths(store, crowded)
