"""Complexes are named by their members, whoever lists them."""

from __future__ import annotations

import pytest

from tests.build import world as w

EGFR, EGF, CALM = "UniProtKB:P00533", "UniProtKB:P01133", "UniProtKB:P0DP23"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    first = w.source(
        "cellphonedb",
        w.complexes(
            {"ref": "cellphonedb:pair", "name": "the pair", "members": [EGFR, EGF], "receptor": True, "xrefs": ["ComplexPortal:CPX-1"]},
            {"ref": "cellphonedb:twice", "name": "a dimer", "members": [EGFR, "symbol:EGFR", EGF], "line": 20},
        ),
        w.facts("BINDS", {"a": EGF, "b": "cellphonedb:pair"}, ends=("Protein", "Complex")),
    )  # fmt: skip
    second = w.source(
        "omnipath",
        w.complexes(
            {"ref": "omnipath:EGF_ERBB1", "name": "pair again", "members": ["symbol:EGF", "symbol:ERBB1"], "line": 3},
            {"ref": "omnipath:part", "members": ["symbol:CD16", "symbol:CALM2", "CHEBI:1", "symbol:CALM1"], "line": 4},
            {"ref": "omnipath:none", "members": ["symbol:CD16", "symbol:GAG", "symbol:MALAT1"], "line": 5},
        ),
        w.facts("ACTIVATES", {"a": "omnipath:EGF_ERBB1", "b": "symbol:CALM1"}, {"a": "omnipath:none", "b": "symbol:EGF", "line": 6},
                ends=("Complex", "Protein")),
        w.annotations("Complex", {"ref": "cellphonedb:pair", "description": "told", "synonyms": ["duo"], "xrefs": ["ComplexPortal:CPX-2"]}),
        w.facts("INHIBITS", {"a": "ComplexPortal:CPX-2", "b": "omnipath:part"}, ends=("Complex", "Complex")),
    )  # fmt: skip
    return w.build(tmp_path_factory.mktemp("complexes"), second, *w.base(), first)


def test_two_sources_that_list_the_same_members_name_one_node(built):
    assert w.by_id(built, "Complex")["COMPLEX:P00533-P01133"] == {
        "id": "COMPLEX:P00533-P01133",
        "name": "the pair",
        "text": "the pair, protein complex. Members: EGF, EGFR. A receptor. told. Other names: duo; pair again.",
        "description": "told",
        "description_source": "omnipath",
        "synonyms": ["duo", "pair again"],
        "xrefs": ["ComplexPortal:CPX-1", "ComplexPortal:CPX-2"],
        "sources": ["cellphonedb", "omnipath"],
        "members": [EGFR, EGF],
        "receptor": True,
    }


def test_members_stand_in_the_id_as_often_as_they_are_listed(built):
    assert w.by_id(built, "Complex")["COMPLEX:P00533-P00533-P01133"]["members"] == [EGFR, EGFR, EGF]


def test_an_incomplete_complex_keeps_what_is_not_known(built):
    part = w.by_id(built, "Complex")["COMPLEX:P0DP23-P0DP23-?CHEBI:1-?symbol:CD16"]
    assert part["unresolved"] == ["CHEBI:1", "symbol:CD16"]
    assert part["members"] == [CALM, CALM]
    assert part["name"] == "CALM1:CALM1:?:?"
    assert part["text"] == (
        "CALM1:CALM1:?:?, protein complex. Members: CALM1, CALM1. Members not identified: CHEBI:1, CD16."
    )


def test_a_complex_of_unknown_members_is_rejected_and_so_is_what_is_said_of_it(built):
    rejected = {(r["source"], r["line"], r["reason"], r["value"]) for r in w.rows(built, "rejects")}
    assert rejected == {
        ("omnipath", 5, "no member of the complex is known", "omnipath:none"),
        ("omnipath", 6, "unmapped", "omnipath:none"),
    }
    assert len(w.by_id(built, "Complex")) == 3


def test_the_local_name_leads_to_the_node(built):
    assert [(r["source"], r["target"]) for r in w.rows(built, "edges/BINDS")] == [
        (EGF, "COMPLEX:P00533-P01133")
    ]
    assert [(r["source"], r["target"]) for r in w.rows(built, "edges/ACTIVATES")] == [
        ("COMPLEX:P00533-P01133", CALM)
    ]
    names = {(r["namespace"], r["alias"]) for r in w.rows(built, "aliases")
             if r["id"] == "COMPLEX:P00533-P01133" and "namespace" in r}  # fmt: skip
    assert names == {
        ("COMPLEX", "P00533-P01133"),
        ("ComplexPortal", "CPX-1"),
        ("ComplexPortal", "CPX-2"),
        ("cellphonedb", "pair"),
        ("omnipath", "EGF_ERBB1"),
    }


def test_a_complex_is_known_by_what_an_annotation_adds(built):
    ends = [(r["source"], r["target"]) for r in w.rows(built, "edges/INHIBITS")]
    assert ends == [("COMPLEX:P00533-P01133", "COMPLEX:P0DP23-P0DP23-?CHEBI:1-?symbol:CD16")]


def test_subunits_are_facts_with_their_number_and_the_line_of_the_complex(built):
    parts = {(r["source"], r["target"]): r for r in w.rows(built, "edges/PART_OF")}
    assert {key: row["stoichiometry"] for key, row in parts.items()} == {
        (EGFR, "COMPLEX:P00533-P01133"): 1,
        (EGF, "COMPLEX:P00533-P01133"): 1,
        (EGFR, "COMPLEX:P00533-P00533-P01133"): 2,
        (EGF, "COMPLEX:P00533-P00533-P01133"): 1,
        (CALM, "COMPLEX:P0DP23-P0DP23-?CHEBI:1-?symbol:CD16"): 2,
    }
    pair = parts[EGFR, "COMPLEX:P00533-P01133"]
    assert (pair["sources"], pair["n_evidence"]) == (["cellphonedb", "omnipath"], 2)
    evidence = [r for r in w.rows(built, "evidence") if r["edge_id"] == pair["edge_id"]]
    assert [
        (r["source"], r["source_as_written"], r["target_as_written"], r["line"]) for r in evidence
    ] == [
        ("cellphonedb", EGFR, "cellphonedb:pair", 2),
        ("omnipath", "symbol:ERBB1", "omnipath:EGF_ERBB1", 3),
    ]


def test_members_are_counted_in_the_report(built):
    joins = built.manifest["report"]["sources"]["omnipath"]["joins"]
    members = {j["namespace"]: j["kinds"] for j in joins if j["what"] == "members"}
    assert members == {
        "CHEBI": {"unmapped": 1},
        "symbol": {"ambiguous": 2, "no_product": 1, "symbol": 3, "synonym": 1, "unmapped": 1},
    }
