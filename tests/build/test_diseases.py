"""One disease is one node, whichever vocabulary names it."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.build import world as w

IS_A = ("Disease", "Disease")
GENE_DISEASE = ("Gene", "Disease")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    doid = w.source(
        "disease_ontology",
        w.nodes(
            "Disease",
            *[{"id": f"DOID:{n}", "name": f"disease {n}"} for n in (1, 2, 3, 4)],
        ),
        w.facts("IS_A", {"a": "DOID:2", "b": "DOID:1"}, ends=IS_A),
    )
    mondo = w.source(
        "mondo",
        w.nodes(
            "Disease",
            {"id": "MONDO:1", "name": "one", "same_as": ["DOID:1", "UMLS:C1"]},
            {"id": "MONDO:2", "name": "two", "same_as": ["DOID:2"]},
            {"id": "MONDO:34", "name": "both", "same_as": ["DOID:3", "DOID:4"]},
        ),
        w.facts(
            "IS_A",
            {"a": "MONDO:2", "b": "MONDO:1"},
            {"a": "MONDO:2", "b": "DOID:2"},
            ends=IS_A,
        ),
    )
    genes = w.source(
        "hetionet",
        w.facts(
            "ASSOCIATED_WITH",
            {"a": "NCBIGene:1956", "b": "DOID:1"},
            {"a": "NCBIGene:1956", "b": "MONDO:1"},
            {"a": "NCBIGene:1950", "b": "UMLS:C1"},
            ends=GENE_DISEASE,
        ),
    )
    return w.build(tmp_path_factory.mktemp("diseases"), *w.base(), doid, mondo, genes)


def facts(built, edge_type: str) -> set[tuple[str, str, int]]:
    rows = w.rows(built, f"edges/{edge_type}")
    return {(row["source"], row["target"], row["n_evidence"]) for row in rows}


def test_the_id_of_the_disease_ontology_is_kept(built):
    nodes = w.by_id(built, "Disease")
    assert set(nodes) == {"DOID:1", "DOID:2", "DOID:3", "DOID:4", "MONDO:34"}
    assert {"MONDO:1", "UMLS:C1"} <= set(nodes["DOID:1"]["xrefs"])
    assert nodes["DOID:1"]["sources"] == ["disease_ontology", "mondo"]


def test_edges_of_both_meet(built):
    assert facts(built, "IS_A") == {("DOID:2", "DOID:1", 2)}
    assert facts(built, "ASSOCIATED_WITH") == {
        ("HGNC:3236", "DOID:1", 2),
        ("HGNC:3229", "DOID:1", 1),
    }


def test_a_loop_that_a_merge_made_and_a_doubtful_merge_are_rejected(built):
    rejects = [row for row in w.rows(built, "rejects") if row["source"] == "mondo"]
    found = {row["value"]: (row["reason"], row.get("candidates")) for row in rejects}
    assert found == {
        "MONDO:34": (
            "cross-reference between nodes that one source tells apart",
            ["DOID:3", "DOID:4", "MONDO:34"],
        ),
        "MONDO:2 → DOID:2": ("self-loop: two identifiers of one node", None),
    }


def test_the_merges_are_mappings(built):
    path = built.path / "mappings.sssom.tsv"
    table = pd.read_csv(path, sep="\t", comment="#", keep_default_na=False)
    exact = table[table["predicate_id"] == "skos:exactMatch"]
    pairs = set(zip(exact["subject_id"], exact["object_id"], strict=True))
    assert {("MONDO:1", "DOID:1"), ("MONDO:2", "DOID:2")} <= pairs
    assert not any("MONDO:34" in pair for pair in pairs)
