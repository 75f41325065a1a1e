"""Names that are hard to find, and vectors of texts, on real servers of both versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.graph.plans import operators, scans
from tests.neo4j_server import Server
from tests.tiny import node_rows, write_build
from tosg_graph.build.diff import diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, Settings
from tosg_graph.errors import StoreError, UsageError
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.ddl import neo4j_constraints, neo4j_vector_index, vector_index
from tosg_graph.graph.neo4j import NODE_IDS, Neo4jStore
from tosg_graph.graph.neo4j_vectors import (
    VectorNote,
    similar_statement,
    vector_of_statement,
    vector_statement,
)
from tosg_graph.schema import LABELS
from tosg_graph.tensors.text import vectors_of_texts
from tosg_graph.workspace import Workspace

#: What is looked for, and what must not come before it.
SYMBOLS = {
    "NF-kB": ["NF-Y", "kB-Ras1", "NF-kB p65 binding protein"],
    "IL-2": ["IL-12", "IL-2 receptor alpha", "IL2RA"],
    "HLA-A": ["HLA-B", "HLA-DRA", "HLA"],
    "p38α": ["p38β", "p38", "alpha"],
    "5-HT1A": ["5-HT1B", "5-HT2A", "HT1A"],
    "a": ["agouti", "the", "A4GALT"],
    "it": ["itch", "is"],
}

FIND = "CALL db.index.fulltext.queryNodes('tosg_names', $words) YIELD node RETURN node.id"


@pytest.fixture
def server(neo4j_settings: Neo4jSettings) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_settings) as store:
        yield store


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A gene per symbol, each beside names that look like it."""
    names = [*SYMBOLS, *(name for near in SYMBOLS.values() for name in near)]
    genes = [{"id": f"X:{name}", "symbol": name, "sources": ["hgnc"]} for name in sorted(names)]
    return write_build(tmp_path_factory.mktemp("named") / "b", {"nodes/Gene": genes}, "named")


@pytest.mark.neo4j
def test_symbols_are_found_as_they_are_written(
    server: Neo4jStore, neo4j_server: Server, named: Build, tmp_path: Path
) -> None:
    """An index of another analyser, which knows stop words, is replaced by a load and an update."""
    server.load(named)
    _first_is_the_symbol(neo4j_server)
    for again in (server.load, lambda b: server.apply(diff(_other(tmp_path), b, tmp_path))):
        _make_it_english(neo4j_server)
        assert neo4j_server.run(FIND, words='"a"') == []
        again(named)
        _first_is_the_symbol(neo4j_server)
    neo4j_server.run("DROP INDEX tosg_Gene_symbol")
    assert not server.load(named).changed  # the graph was whole; its index came back
    assert neo4j_server.run("SHOW INDEXES YIELD name, state WHERE name = 'tosg_Gene_symbol'")


def _first_is_the_symbol(server: Server) -> None:
    found = {s: server.run(FIND, words=f'"{s}"')[:1] for s in SYMBOLS}
    assert found == {s: [[f"X:{s}"]] for s in SYMBOLS}


def _make_it_english(server: Server) -> None:
    server.run("DROP INDEX tosg_names")
    server.run(
        "CREATE FULLTEXT INDEX tosg_names FOR (n:Gene) ON EACH [n.name, n.symbol] "
        "OPTIONS {indexConfig: {`fulltext.analyzer`: 'english'}}"
    )
    server.run("CALL db.awaitIndexes(60)")


def _other(folder: Path) -> Build:
    genes = [{"id": "X:1", "sources": ["hgnc"]}]
    return write_build(folder / "other", {"nodes/Gene": genes}, "other")


# ---- vectors ---------------------------------------------------------------------------------


def _nearest(build: Build, label: str, vector: np.ndarray) -> list[str]:
    """By brute force: every node of a label, the nearest by cosine first."""
    ids, rows = vectors_of_texts(build)[label]
    unit = rows.astype(float)
    cosine = unit @ vector / np.linalg.norm(unit, axis=1) / np.linalg.norm(vector)
    return [ids[i] for i in np.lexsort((ids, -np.round(cosine, 6)))]


@pytest.mark.neo4j
def test_texts_become_vectors_that_are_found_and_are_no_part_of_the_graph(
    neo4j_server: Server, tiny: Build, tmp_path: Path, neo4j_settings: Neo4jSettings
) -> None:
    with _workspace(tmp_path, tiny, neo4j_settings) as ws:
        with pytest.raises(StoreError, match=r"holds no whole build, not the build .* tosg load"):
            ws.embed()
        ws.load()
        report = ws.embed()
        texts = {label: sum("text" in r and bool(r["text"]) for r in rows) for label, rows in node_rows().items()}  # fmt: skip
        assert report.vectors == {label: n for label, n in texts.items() if n}
        assert (report.changed, report.dims) == (True, 64)
        assert ws.store.fingerprint() == fingerprint_of_build(tiny)
        (protein,) = ws.store.read("MATCH (p:Protein) RETURN p ORDER BY p.id LIMIT 1").column("p")
        assert "embedding" not in protein
        _found_as_by_brute_force(ws, tiny)
        _made_again_after_a_load_anew(ws, neo4j_server, tiny)
        short = ws.embed(dims=8)
        assert (short.changed, short.dims) == (True, 8)
        assert not ws.embed(dims=8).changed
        assert ws.similar("EGFR", label="Protein").rows


def _workspace(folder: Path, build: Build, server: Neo4jSettings | None) -> Workspace:
    graph = folder / "work" / "graph"
    graph.mkdir(parents=True)
    (graph / build.id).symlink_to(build.path)
    (graph / "current").write_text(build.id)
    return Workspace(folder / "work", settings=Settings(neo4j=server))


def _found_as_by_brute_force(ws: Workspace, build: Build) -> None:
    store = ws._databases.server
    ids, rows = vectors_of_texts(build)["Protein"]
    for node, vector in list(zip(ids, rows, strict=True))[:5]:
        found = store.similar(vector.tolist(), "Protein", 5)
        assert found.column("id") == _nearest(build, "Protein", vector)[:5]
        assert found.rows[0][0] == node
        assert found.rows[0][3] == pytest.approx(1.0, abs=1e-6)
        scores = ws.similar(node, k=4).column("score")
        assert scores == sorted(scores, reverse=True)
        assert node not in ws.similar(node, k=4).column("id")
    for wrong, match in (
        (([1.0] * 3, "Protein", 5), "a vector of 3 numbers .* which have 64"),
        (([0.0] * 64, "Protein", 5), "not all of them zero"),
        (([float("nan")] * 64, "Protein", 5), "finite"),
        ((rows[0], "Protein", 0), "k=0"),
        ((rows[0], "Nonsense", 5), "no label 'Nonsense'"),
    ):
        with pytest.raises(UsageError, match=match):
            store.similar(*wrong)


def _made_again_after_a_load_anew(ws: Workspace, server: Server, build: Build) -> None:
    """A second load leaves vectors alone; one that begins anew drops them, and they can be made."""
    before = server.run("MATCH (p:Protein) RETURN p.id, p.embedding ORDER BY p.id")
    assert not ws.load().changed
    mark = server.run("SHOW INDEXES YIELD name WHERE name STARTS WITH 'tosg-graph' RETURN name")
    server.run(f"DROP INDEX `{mark[0][0]}`")
    loading = mark[0][0].replace("complete", "loading")
    server.run(f"CREATE INDEX `{loading}` FOR (n:Gene) ON (n.tosg_loading)")
    server.run("MATCH (p:Protein) SET p.name = 'half done'")
    assert ws.load().changed
    assert ws.store.fingerprint() == fingerprint_of_build(build)
    assert server.run("MATCH (p:Protein) WHERE p.embedding IS NOT NULL RETURN count(p)") == [[0]]
    assert ws.embed().changed
    assert server.run("MATCH (p:Protein) RETURN p.id, p.embedding ORDER BY p.id") == before


@pytest.mark.neo4j
def test_vectors_of_another_build_are_forgotten_and_of_changed_texts_dropped(
    server: Neo4jStore, neo4j_server: Server, small: Build, tmp_path: Path
) -> None:
    texts = {"X:0": "A kinase.", "X:1": "A receptor."}
    nodes = [{"id": node, "text": text} for node, text in texts.items()]
    before = write_build(tmp_path / "a", {"nodes/Protein": nodes}, "before")
    nodes[1] = nodes[1] | {"text": "A ligand."}
    after = write_build(tmp_path / "b", {"nodes/Protein": nodes}, "after")
    server.load(before)
    server.embed(before, "test", lambda: vectors_of_texts(before))
    server.apply(diff(before, after, tmp_path))
    held = "MATCH (n:Protein) WHERE n.embedding IS NOT NULL RETURN n.id"
    assert neo4j_server.run(held) == [["X:0"]]
    assert server.vectors.note() == VectorNote("test", 64, "before")  # so they are not taken for
    assert server.embed(after, "test", lambda: vectors_of_texts(after)).vectors == {"Protein": 2}
    assert server.vectors.note() == VectorNote("test", 64, "after")
    server.load(small)
    assert (server.vectors.note(), server.vectors.indexes()) == (None, {})
    with pytest.raises(UsageError, match=r"holds no vectors; make them: tosg embed"):
        server.similar([1.0], None, 1)
    rows = np.zeros((1, 2), dtype=np.float32)
    with pytest.raises(StoreError, match=r"1 of 1 nodes Gene are not in .* tosg load"):
        server.embed(small, "test", lambda: {"Gene": (["X:none"], rows)})
    assert server.vectors.note() is None


@pytest.mark.neo4j
def test_vector_statements_never_scan(neo4j_settings: Neo4jSettings, neo4j_server: Server) -> None:
    for statement in neo4j_constraints() + [neo4j_vector_index(x.name, 4) for x in LABELS]:
        neo4j_server.run(statement)
    assert scans(neo4j_server, NODE_IDS, ids=[]) == []
    search = neo4j_server.release.version.startswith("2026")
    for label in (x.name for x in LABELS):
        assert scans(neo4j_server, vector_statement(label), rows=[]) == []
        assert scans(neo4j_server, vector_of_statement(label), id="X:1") == []
        given = {"k": 1, "asked": 1, "vector": [0.0, 0.0, 0.0, 1.0]}
        query = similar_statement(label, search=search)
        assert scans(neo4j_server, query, **given) == []
        plan = "".join(operators(neo4j_server, query, **given))
        assert ("VectorIndex" in plan) == search, plan
        assert vector_index(label) in query


def test_without_a_server_there_are_no_vectors(tiny: Build, tmp_path: Path) -> None:
    with _workspace(tmp_path, tiny, None) as ws:
        for call in (ws.embed, lambda: ws.similar("EGFR")):
            with pytest.raises(UsageError, match=r"on a Neo4j server.*TOSG_NEO4J_URI.*tosg load"):
                call()
        with pytest.raises(UsageError, match="needs a name"):
            ws.embed(embedder=lambda texts: np.ones((len(texts), 2)))
