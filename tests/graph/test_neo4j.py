"""The graph on real Neo4j servers of both versions: load, read, refuse, report."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.graph.graphs import NASTY, n_nodes, nasty_tables
from tests.graph.plans import one_edge, one_node, operators
from tests.neo4j_server import PASSWORD, Server, free_port
from tests.tiny import _edge as edge
from tests.tiny import edge_rows, node_rows, tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, ReadLimits
from tosg_graph.errors import (
    ForeignDatabase,
    QueryError,
    QueryTimeout,
    StoreError,
    UsageError,
)
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.ddl import schema_cypher
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.neo4j_batches import Batch, create_edges, create_nodes, turn
from tosg_graph.graph.neo4j_load import batches_of
from tosg_graph.graph.parts import EdgePart
from tosg_graph.graph.store import GraphStore
from tosg_graph.schema import LABELS, triplets

ALL = "MATCH (n) RETURN count(n) AS n"
HEAVY = "MATCH (a)-[*1..12]-(b)-[*1..12]-(c) RETURN count(*) AS n"


@pytest.fixture
def empty(neo4j_settings: Neo4jSettings) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_settings) as store:
        yield store


# ---- reading (these need no server of their own state, and come first) -----------------------


@pytest.mark.neo4j
def test_it_is_a_graph_store(neo4j_tiny: Neo4jStore) -> None:
    assert isinstance(neo4j_tiny, GraphStore)
    assert neo4j_tiny.counts().nodes == {label: len(rows) for label, rows in node_rows().items()}
    assert neo4j_tiny.counts().edges == {kind: len(rows) for kind, rows in edge_rows().items()}


SAME = {
    "nodes": "MATCH (n) RETURN n ORDER BY n.id",
    "edges without their nodes": "MATCH ()-[r]->() RETURN r ORDER BY r.edge_id",
    "paths": "MATCH p = (d:Drug)-[:TARGETS]->(x:Protein) RETURN p ORDER BY d.id, x.id",
    "edges of a path": "MATCH p = (:Pathway)-[:CHILD_OF*1..2]->(x) RETURN relationships(p) AS r, length(p) AS n",
    "functions": "MATCH ()-[r]->() RETURN type(r) AS t, count(*) AS n, collect(DISTINCT r.sign) AS s ORDER BY t",
    "values": "RETURN 1 AS i, 2.5 AS f, true AS b, null AS x, 'é' AS t, [1, 2] AS l, {a: [1]} AS m",
    "texts": "RETURN toString(3) AS a, toInteger('4') AS b, toFloat('1.5') AS c",
    "dates": "RETURN date('2020-01-02') AS d",
    "parameters": "MATCH (g:Gene) WHERE g.symbol IN $symbols AND $yes RETURN g.id AS id ORDER BY id",
    "nulls": "MATCH (p:Protein) RETURN p.receptor AS r, p.symbol AS s ORDER BY r, s",
    "nulls, descending": "MATCH (p:Protein) RETURN p.receptor AS r, p.symbol AS s ORDER BY r DESC, s",
}


@pytest.mark.neo4j
@pytest.mark.parametrize("what", SAME)
def test_both_engines_hand_over_the_same(
    neo4j_tiny: Neo4jStore, embedded_tiny: EmbeddedStore, what: str
) -> None:
    given = {"symbols": ["EGF", "KRAS"], "yes": True} if what == "parameters" else {}
    found = neo4j_tiny.read(SAME[what], given)
    assert found.rows
    assert found.to_dict() == embedded_tiny.read(SAME[what], given).to_dict()


@pytest.mark.neo4j
def test_values_that_only_this_engine_has(neo4j_tiny: Neo4jStore) -> None:
    query = "RETURN duration('P1DT2H') AS d, point({x: 1, y: 2}) AS p, datetime('2020-01-02T03:04:05Z') AS t"
    (row,) = neo4j_tiny.read(query)
    assert row["d"] == "P1DT2H"
    assert row["p"] == {"srid": 7203, "coordinates": [1.0, 2.0]}
    assert row["t"].startswith("2020-01-02T03:04:05")


@pytest.mark.neo4j
def test_limits(neo4j_tiny: Neo4jStore) -> None:
    query = "MATCH (g:Gene) RETURN g.symbol AS symbol ORDER BY symbol"
    cut = neo4j_tiny.read(query, limits=ReadLimits(max_rows=3))
    assert cut.rows == [("ABL1",), ("BRAF",), ("CD14",)]
    assert cut.truncated
    assert not neo4j_tiny.read(query, limits=ReadLimits(max_rows=18)).truncated
    small = neo4j_tiny.read(query, limits=ReadLimits(max_bytes=2 * len('["ABL1"]')))
    assert small.rows == [("ABL1",), ("BRAF",)]
    assert small.truncated
    many = neo4j_tiny.read("UNWIND range(1, 10000000) AS i RETURN i", limits=ReadLimits(max_rows=2))
    assert many.rows == [(1,), (2,)]


@pytest.mark.neo4j
def test_a_heavy_query_is_cancelled(neo4j_tiny: Neo4jStore) -> None:
    with pytest.raises(QueryTimeout, match=r"longer than its 0\.5 s"):
        neo4j_tiny.read(HEAVY, limits=ReadLimits(timeout=0.5))
    assert neo4j_tiny.read("RETURN 1 AS one").rows == [(1,)]


@pytest.mark.neo4j
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("MATCH (n:Gene RETURN n", "Invalid input"),
        ("RETURN 1 AS a; RETURN 2 AS b", "exactly one statement"),
        ("CREATE (:Gene {id: 'x'})", "the query writes, and only reading is allowed"),
        ("MATCH (n:Gene) SET n.name = 'x'", "the query writes, and only reading is allowed"),
        ("CREATE INDEX x FOR (n:Gene) ON (n.x)", "allowed"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "allow_csv_import_from_file_urls"),
    ],
)
def test_what_is_refused(neo4j_tiny: Neo4jStore, query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        neo4j_tiny.read(query)


@pytest.mark.neo4j
def test_a_missing_parameter_is_named(neo4j_tiny: Neo4jStore) -> None:
    with pytest.raises(UsageError, match=r"uses \$x; parameters given: none"):
        neo4j_tiny.read("RETURN $x")


@pytest.mark.neo4j
def test_explain_tells_reading_from_writing_and_runs_neither(neo4j_tiny: Neo4jStore) -> None:
    read = neo4j_tiny.explain("MATCH (n:Gene) WHERE n.id = $x RETURN n", {"x": "HGNC:76"})
    assert read.read_only is True
    assert "NodeUniqueIndexSeek" in read.plan
    for query in ("CREATE (:Gene {id: 'x'})", "MATCH (n) DETACH DELETE n", "DROP INDEX tosg_names"):
        assert neo4j_tiny.explain(query).read_only is False
    assert neo4j_tiny.read(ALL).rows == [(sum(len(rows) for rows in node_rows().values()),)]


# ---- loading ---------------------------------------------------------------------------------


@pytest.mark.neo4j
def test_load_load_again_replace(
    empty: Neo4jStore, neo4j_server: Server, nasty: Build, small: Build, tmp_path: Path
) -> None:
    assert empty.build_id() is None
    said: list[str] = []
    report = empty.load(nasty, progress=said.append)
    assert report.changed
    assert report.nodes == n_nodes(nasty_tables())
    assert "Gene: 18 nodes" in said
    _same_graph_as_embedded(empty, nasty, tmp_path)
    _texts_survived(empty)
    _schema_is_there(neo4j_server)

    marks = neo4j_server.run("SHOW INDEXES YIELD name RETURN collect(name)")
    again = empty.load(nasty)
    assert not again.changed
    assert empty.fingerprint() == fingerprint_of_build(nasty)
    assert neo4j_server.run("SHOW INDEXES YIELD name RETURN collect(name)") == marks

    assert empty.load(small).changed
    assert empty.build_id() == small.id
    assert empty.fingerprint() == fingerprint_of_build(small)
    assert empty.read(ALL).rows == [(sum(small.rows(f"nodes/{x}") for x in small.labels),)]


def _same_graph_as_embedded(store: Neo4jStore, build: Build, folder: Path) -> None:
    """Two engines and the build itself: one fingerprint."""
    with EmbeddedStore(folder / "graph.lbug") as embedded:
        embedded.load(build)
        assert store.fingerprint() == embedded.fingerprint() == fingerprint_of_build(build)
    assert store.build_id() == build.id


def _texts_survived(store: Neo4jStore) -> None:
    query = "MATCH (p:Protein) WHERE p.text IN $texts RETURN p.text AS text"
    found = store.read(query, {"texts": list(NASTY)}, limits=ReadLimits(max_bytes=16 << 20))
    assert sorted(found.column("text")) == sorted(NASTY)


def _schema_is_there(server: Server) -> None:
    """Every name in cypher/schema.cypher is a constraint or an index, and the full-text one finds."""
    expected = set(re.findall(r"(?:CONSTRAINT|INDEX) (tosg_\w+)", schema_cypher()))
    found = {
        name
        for (name,) in server.run(
            "SHOW INDEXES YIELD name, state WHERE state = 'ONLINE' RETURN name"
        )
    }
    assert expected <= found
    query = "CALL db.index.fulltext.queryNodes('tosg_names', 'Gleevec') YIELD node RETURN node.name"
    assert server.run(query) == [["imatinib"]]


@pytest.mark.neo4j
def test_the_schema_file_runs_as_it_stands(
    neo4j_settings: Neo4jSettings, neo4j_server: Server
) -> None:
    for statement in filter(str.strip, schema_cypher().split(";")):
        neo4j_server.run(statement)
    _, *names = sorted(name for (name,) in neo4j_server.run("SHOW CONSTRAINTS YIELD name"))
    assert len(names) == len(LABELS) - 1


@pytest.mark.neo4j
def test_load_statements_never_scan(neo4j_settings: Neo4jSettings, neo4j_server: Server) -> None:
    for line in schema_cypher().splitlines():
        if line.startswith("CREATE CONSTRAINT"):
            neo4j_server.run(line.rstrip(";"))
    batches = [batch for label in LABELS for batch in create_nodes(label.name, one_node(label))]
    for a, kind, b in triplets():
        batches += create_edges(kind, EdgePart(a, b, one_edge(kind)))
    taken = turn("4:x:0", 0, 1)
    assert "NodeByElementIdSeek" in operators(neo4j_server, taken.statement, **taken.parameters)
    for batch in [taken, *batches]:
        found = operators(neo4j_server, batch.statement, **batch.parameters)
        sought = [o for o in found if "IndexSeek" in o]
        assert len(sought) == len(batch.ends), found
        assert not [o for o in found if "Scan" in o], batch.statement


@pytest.mark.neo4j
def test_a_batch_that_is_sent_twice_is_written_once(
    empty: Neo4jStore, neo4j_server: Server, tmp_path: Path
) -> None:
    """Two at once, as where nobody knows whether the first transaction will end: one writes."""
    tables = {
        "nodes/Protein": [{"id": f"X:{i}"} for i in range(40)],
        "edges/ACTIVATES": [
            edge("ACTIVATES", f"X:{i}", "Protein", f"X:{j}", "Protein", "signor")
            for i in range(40)
            for j in range(40)
        ],
    }
    build = write_build(tmp_path / "b", tables, "dense")
    neo4j_server.run("CREATE CONSTRAINT FOR (n:Protein) REQUIRE n.id IS UNIQUE")
    (node,) = neo4j_server.run("CREATE (p:TosgBuild {rows: 0}) RETURN elementId(p)")[0]
    before = 0
    for batch in batches_of(build):
        both = [turn(str(node), before, batch.rows), batch]

        def write(_: int, both: list[Batch] = both) -> bool:
            return empty.connection.write_all(both)

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(write, range(4))) == [False, False, False, True]
        before += batch.rows
    assert neo4j_server.run("MATCH (p:TosgBuild) RETURN p.rows") == [[before]]
    assert empty.fingerprint() == fingerprint_of_build(build)


@pytest.mark.neo4j
def test_a_database_of_somebody_else_is_refused_and_left(
    empty: Neo4jStore, neo4j_server: Server, tiny: Build, small: Build
) -> None:
    neo4j_server.run("CREATE (:Gene {id: 'HGNC:76', mine: true})-[:LIKES]->(:Person {name: 'me'})")
    before = neo4j_server.run(
        "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN n.id, n.mine, n.name, type(r)"
    )
    with pytest.raises(ForeignDatabase, match=r"2 nodes and 1 edges that this tool did not write"):
        empty.load(tiny)
    assert (
        neo4j_server.run(
            "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN n.id, n.mine, n.name, type(r)"
        )
        == before
    )
    assert neo4j_server.run("SHOW CONSTRAINTS") == []
    assert empty.build_id() is None

    neo4j_server.run("MATCH (n) DETACH DELETE n")
    empty.load(small)
    neo4j_server.run("CREATE (:Person {name: 'me'})")
    with pytest.raises(ForeignDatabase, match="1 nodes and 0 edges"):
        empty.load(tiny)
    assert empty.build_id() == small.id


class Broken(Exception):
    """The machine stopped here."""


def _break_after(store: Neo4jStore, build: Build, writes: int) -> None:
    """Load with a connection that breaks after some batches."""
    whole = store._loader
    left = iter(range(writes))

    def breaking(write: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            if next(left, None) is None:
                raise Broken
            return write(*given)

        return counted

    broken = dataclasses.replace(
        whole, write=breaking(whole.write), write_all=breaking(whole.write_all)
    )
    with pytest.raises(Broken):
        broken.load(build)


@pytest.mark.neo4j
def test_an_interrupted_load_is_completed_or_replaced(
    empty: Neo4jStore, tiny: Build, small: Build
) -> None:
    _break_after(empty, tiny, 15)
    assert empty.build_id() is None
    assert empty.counts().edges
    assert empty.load(tiny).changed
    assert empty.fingerprint() == fingerprint_of_build(tiny)
    _break_after(empty, small, 2)  # while the former build is being removed
    assert empty.build_id() is None
    empty.load(small)
    assert empty.fingerprint() == fingerprint_of_build(small)
    assert not empty.load(small).changed


@pytest.mark.neo4j
def test_an_edge_without_its_end_is_no_silent_loss(
    empty: Neo4jStore, neo4j_server: Server, tmp_path: Path
) -> None:
    tables = {
        name: rows for name, rows in tiny_tables().items() if "Drug" in name or "Disease" in name
    }
    treats = [dict(row) for row in edge_rows()["TREATS"]]
    treats[0]["target"] = "DOID:0"
    bad = write_build(tmp_path / "bad", {**tables, "edges/TREATS": treats}, "bad")
    with pytest.raises(
        StoreError, match=r"2 rows of TREATS: no Disease DOID:0 is there; build again"
    ):
        empty.load(bad)
    assert empty.build_id() is None


# ---- what can be wrong with a server ---------------------------------------------------------


def test_a_server_that_is_gone_is_reported_at_once_without_the_password() -> None:
    settings = Neo4jSettings(f"bolt://127.0.0.1:{free_port()}", password="s3cret-word")
    with Neo4jStore(settings) as store:
        for call in (store.build_id, lambda: store.read("RETURN 1"), store.counts):
            with pytest.raises(StoreError) as raised:
                call()
            assert f"no Neo4j answers at {settings.uri}" in str(raised.value)
            assert "check that the server runs and that TOSG_NEO4J_URI is right" in str(
                raised.value
            )
            assert "s3cret-word" not in repr(raised.value) + repr(store) + repr(settings)


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"'http://127.0.0.1:7474' .* bolt:// or neo4j://"
    ) as raised:
        Neo4jStore(Neo4jSettings("http://me:s3cret-word@127.0.0.1:7474", password="s3cret-word"))
    assert "s3cret-word" not in str(raised.value)


@pytest.mark.neo4j
def test_a_wrong_password_says_what_to_check(neo4j_server: Server) -> None:
    settings = Neo4jSettings(neo4j_server.settings.uri, password="s3cret-word")
    with Neo4jStore(settings) as store, pytest.raises(StoreError) as raised:
        store.read("RETURN 1")
    assert "refused the user 'neo4j'; check TOSG_NEO4J_USER and TOSG_NEO4J_PASSWORD" in str(
        raised.value
    )
    assert "s3cret-word" not in str(raised.value)


@pytest.mark.neo4j
def test_an_unknown_database_is_named(neo4j_server: Server) -> None:
    settings = Neo4jSettings(neo4j_server.settings.uri, password=PASSWORD, database="nope")
    with (
        Neo4jStore(settings) as store,
        pytest.raises(StoreError, match=r"nope.*TOSG_NEO4J_DATABASE"),
    ):
        store.counts()


@pytest.mark.neo4j
def test_an_index_that_a_constraint_left_is_made_way_for(
    neo4j_settings: Neo4jSettings, neo4j_server: Server, tiny: Build
) -> None:
    """A server that is killed while it makes a constraint may keep the index under its name."""
    neo4j_server.empty()
    for label in ("Gene", "Protein"):
        neo4j_server.run(f"CREATE INDEX tosg_{label}_id FOR (n:{label}) ON (n.other)")
    with Neo4jStore(neo4j_settings) as store:
        assert store.load(tiny).changed
        assert store.fingerprint() == fingerprint_of_build(tiny)
    found = neo4j_server.run("SHOW CONSTRAINTS YIELD name RETURN name")
    assert {"tosg_Gene_id", "tosg_Protein_id"} <= {name for (name,) in found}
