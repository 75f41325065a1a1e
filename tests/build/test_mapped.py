"""Mappings between identifiers: exact ones make one node, others a cross-reference, none is lost."""

from __future__ import annotations

import pytest

from tests.build import world as w
from tosg_graph.sources import Chunk

EXACT, CLOSE = "skos:exactMatch", "skos:closeMatch"


def mapped(*rows: tuple[str, str, str]):
    said = [{"subject_ref": a, "predicate": p, "object_ref": b} for a, p, b in rows]
    return lambda file: Chunk.mappings(file, w.frame(said))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    first = w.source(
        "disease_ontology",
        w.nodes("Disease", *[{"id": f"DOID:{n}", "name": f"disease {n}"} for n in (1, 2, 3)]),
    )
    second = w.source("mondo", w.nodes("Disease", {"id": "MONDO:1", "name": "one"}))
    own = w.source(
        "own",
        mapped(
            ("MONDO:1", EXACT, "DOID:1"),
            ("DOID:2", EXACT, "UMLS:C2"),
            ("DOID:3", CLOSE, "DOID:2"),
            ("OMIM:7", EXACT, "UMLS:C7"),
        ),
    )
    return w.build(tmp_path_factory.mktemp("mapped"), first, second, own)


def test_an_exact_mapping_makes_one_node(built):
    nodes = w.by_id(built, "Disease")
    assert set(nodes) == {"DOID:1", "DOID:2", "DOID:3"}
    assert "MONDO:1" in nodes["DOID:1"]["xrefs"]
    assert "one" in nodes["DOID:1"]["synonyms"]


def test_an_id_that_is_no_node_becomes_a_cross_reference(built):
    assert w.by_id(built, "Disease")["DOID:2"]["xrefs"] == ["DOID:3", "UMLS:C2"]


def test_a_weaker_mapping_merges_nothing(built):
    assert w.by_id(built, "Disease")["DOID:3"]["xrefs"] == ["DOID:2"]


def test_a_mapping_between_unknown_identifiers_is_rejected(built):
    (reject,) = w.rows(built, "rejects")
    assert reject["source"] == "own"
    assert reject["reason"] == "mapping between unknown identifiers"
    assert reject["value"] == "OMIM:7 skos:exactMatch UMLS:C7"
    assert reject["line"] == 5


def test_the_merge_is_recorded(built):
    text = (built.path / "mappings.sssom.tsv").read_text(encoding="utf-8")
    (row,) = [line.split("\t") for line in text.splitlines() if line.startswith("MONDO:1")]
    assert row[2:4] == [EXACT, "DOID:1"]
    assert row[6] == "cross-reference"


def test_the_description_says_whose_it_is(tmp_path):
    one = w.source("disease_ontology", w.nodes("Disease", {"id": "DOID:1", "name": "a"}))
    two = w.source(
        "mondo",
        w.nodes("Disease", {"id": "MONDO:1", "same_as": ["DOID:1"], "description": "Told by two."}),
    )
    node = w.by_id(w.build(tmp_path, one, two), "Disease")["DOID:1"]
    assert (node["description"], node["description_source"]) == ("Told by two.", "mondo")


def test_the_edge_has_the_largest_score(tmp_path):
    scored = w.source(
        "scored",
        w.facts(
            "INTERACTS_WITH",
            {"a": "UniProtKB:P00533", "b": "UniProtKB:P01133", "score": 0.4, "record_id": "1"},
            {"a": "UniProtKB:P01133", "b": "UniProtKB:P00533", "score": 0.9, "record_id": "2"},
        ),
    )
    (edge,) = w.rows(w.build(tmp_path, *w.base(), scored), "edges/INTERACTS_WITH")
    assert (edge["score"], edge["n_evidence"]) == (0.9, 2)
