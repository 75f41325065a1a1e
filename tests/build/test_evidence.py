"""From statements to evidence and facts; a plain evaluator in Python says what is expected."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.build import world as w
from tosg_graph.build.tables import edge_id
from tosg_graph.errors import BuildError

EGFR, EGF, CALM, FCGR = (
    "UniProtKB:P00533",
    "UniProtKB:P01133",
    "UniProtKB:P0DP23",
    "UniProtKB:P08637",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    said = {
        "record_id": "S-1",
        "mechanism": "phosphorylation",
        "pmids": ["20", "3", "20"],
        "direct": True,
    }
    signor = w.source(
        "signor",
        w.facts(
            "ACTIVATES",
            {"a": EGF, "b": EGFR, **said, "line": 1},
            {"a": EGF, "b": EGFR, **said, "line": 5},  # the same record, for another pathway
            {"a": EGF, "b": EGFR, **said, "residue": "Tyr1", "line": 6},
            {"a": EGFR, "b": EGFR, "line": 7},
            {"a": "UniProtKB:P00533-2", "b": EGFR, "line": 8},
            {"a": "UniProtKB:Q99999", "b": EGFR, "line": 9},
            {"a": EGFR, "b": "symbol:CD16", "line": 10},
            {"a": "symbol:MALAT1", "b": "symbol:NOBODY", "line": 11},
            {"a": EGFR, "b": "symbol:NOBODY", "line": 12},
        ),
        w.facts("INHIBITS", {"a": EGF, "b": EGFR, "line": 13}),
        w.facts("INTERACTS_WITH", {"a": "symbol:EGF", "b": EGFR, "line": 14}, {"a": EGFR, "b": EGF, "line": 15}, {"a": EGF, "b": EGF, "line": 16}),
        w.rejects({"reason": "no effect", "value": "?", "line": 17}),
    )  # fmt: skip
    other = w.source(
        "omnipath",
        w.facts("ACTIVATES", {"a": "symbol:EGF", "b": "symbol:ERBB1", "pmids": ["100"], "mechanism": "binding", "line": 2}),
        w.nodes("Disease", {"id": "DOID:1", "name": "a"}, {"id": "DOID:2", "name": "b"}),
        w.facts("IS_A", {"a": "DOID:2", "b": "DOID:1", "line": 3}, {"a": "DOID:1", "b": "DOID:1", "line": 4}, {"a": "DOID:2", "b": "DOID:7", "line": 5},
                ends=("Disease", "Disease")),
        w.nodes("Drug", {"id": "DrugCentral:1", "name": "x"}),
        w.facts(
            "TARGETS",
            {"a": "DrugCentral:1", "b": EGFR, "action": "INHIBITOR", "affinity": 8.5, "sign": -1, "line": 6},
            {"a": "DrugCentral:1", "b": EGFR, "action": "INHIBITOR; BLOCKER", "affinity": 9.25, "sign": -1, "mechanism_of_action": True, "line": 7},
            {"a": "DrugCentral:1", "b": EGF, "action": "AGONIST", "sign": 1, "mechanism_of_action": False, "line": 8},
            {"a": "DrugCentral:1", "b": EGF, "action": "ANTAGONIST", "sign": -1, "line": 9},
            {"a": "DrugCentral:1", "b": CALM, "line": 10},
            ends=("Drug", "Protein"),
        ),
    )  # fmt: skip
    return w.build(tmp_path_factory.mktemp("evidence"), signor, other, *w.base())


def test_statements_of_all_sources_make_one_fact(built):
    fact = next(r for r in w.rows(built, "edges/ACTIVATES") if r["source"] == EGF)
    assert fact == {
        "source": EGF,
        "target": EGFR,
        "source_label": "Protein",
        "target_label": "Protein",
        "edge_id": edge_id(EGF, "ACTIVATES", EGFR),
        "sign": 1,
        "directed": True,
        "mechanisms": ["binding", "phosphorylation"],
        "sources": ["omnipath", "signor"],
        "licences": ["CC0-1.0"],
        "pmids": ["3", "20", "100"],
        "n_evidence": 3,
    }


def test_a_line_that_repeats_another_word_for_word_is_the_same_statement(built):
    rows = [r for r in w.rows(built, "evidence") if r["edge_id"] == edge_id(EGF, "ACTIVATES", EGFR)]
    assert [(r["source"], r["line"], r.get("residue")) for r in rows] == [
        ("omnipath", 2, None),
        ("signor", 1, None),
        ("signor", 6, "Tyr1"),
    ]
    assert rows[1] == {
        "edge_id": edge_id(EGF, "ACTIVATES", EGFR),
        "source": "signor",
        "record_id": "S-1",
        "pmids": ["3", "20"],
        "mechanism": "phosphorylation",
        "direct": True,
        "sign": 1,
        "licence": "CC0-1.0",
        "source_as_written": EGF,
        "target_as_written": EGFR,
        "file": "signor.tsv",
        "line": 1,
    }
    assert built.manifest["report"]["sources"]["signor"]["repeated"] == 1


def test_both_signs_recorded_means_that_both_edges_exist(built):
    assert [(r["source"], r["target"], r["sign"]) for r in w.rows(built, "edges/INHIBITS")] == [
        (EGF, EGFR, -1)
    ]


def test_an_undirected_fact_is_stored_once_with_the_smaller_id_first(built):
    rows = w.rows(built, "edges/INTERACTS_WITH")
    assert [(r["source"], r["target"], r["directed"], r["n_evidence"]) for r in rows] == [
        (EGFR, EGF, False, 2),
        (EGF, EGF, False, 1),
    ]
    turned = next(r for r in w.rows(built, "evidence") if r["line"] == 14)
    assert (turned["source_as_written"], turned["target_as_written"]) == (EGFR, "symbol:EGF")


def test_a_self_loop_is_a_fact_only_if_the_source_means_it(built):
    assert (EGFR, EGFR) in {(r["source"], r["target"]) for r in w.rows(built, "edges/ACTIVATES")}
    assert [(r["source"], r["target"]) for r in w.rows(built, "edges/IS_A")] == [
        ("DOID:2", "DOID:1")
    ]


def test_every_other_row_is_rejected_with_the_reason(built):
    assert [
        (r["source"], r["line"], r["reason"], r["value"], r.get("candidates"))
        for r in w.rows(built, "rejects")
    ] == [
        ("omnipath", 4, "self-loop", "DOID:1", None),
        ("omnipath", 5, "unknown node", "DOID:7", None),
        (
            "signor",
            8,
            "self-loop: two identifiers of one node",
            "UniProtKB:P00533-2 → UniProtKB:P00533",
            None,
        ),
        ("signor", 9, "unknown node", "UniProtKB:Q99999", None),
        ("signor", 10, "ambiguous", "symbol:CD16", ["UniProtKB:O75015", "UniProtKB:P08637"]),
        ("signor", 11, "no product", "symbol:MALAT1", ["HGNC:29665"]),
        ("signor", 12, "unmapped", "symbol:NOBODY", None),
        ("signor", 17, "no effect", "?", None),
    ]


def test_properties_of_statements_become_those_of_the_fact(built):
    facts = {r["target"]: r for r in w.rows(built, "edges/TARGETS")}
    assert (facts[EGFR]["action"], facts[EGFR]["affinity"]) == ("BLOCKER; INHIBITOR", 9.25)
    assert (facts[EGFR]["mechanism_of_action"], facts[EGFR]["sign"]) == (True, -1)
    assert (facts[EGF]["mechanism_of_action"], facts[EGF].get("sign")) == (False, None)
    assert not {"action", "affinity", "mechanism_of_action", "sign"} & set(facts[CALM])


def test_nothing_is_said_by_an_empty_string_or_list(built):
    for name in built.manifest["tables"]:
        for row in w.rows(built, name):
            assert not [k for k, v in row.items() if v in ("", [])], (name, row)


def test_a_sign_that_the_type_excludes_names_the_loader_and_the_line(tmp_path):
    wrong = w.source("wrong", w.facts("INHIBITS", {"a": EGF, "b": EGFR, "sign": 1, "line": 4}))
    with pytest.raises(
        BuildError, match=r"'wrong' gave sign 1 for wrong\.tsv:4; the sign of INHIBITS is -1"
    ):
        w.build(tmp_path, wrong, *w.base())


# ---- any statements, against a plain evaluator -----------------------------------------------

NODES = {
    "symbol:EGF": EGF,
    "symbol:ERBB1": EGFR,
    "NCBIGene:1956": EGFR,
    EGF: EGF,
    EGFR: EGFR,
    CALM: CALM,
}
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["ACTIVATES", "INHIBITS", "REGULATES", "INTERACTS_WITH"]),
            "a": st.sampled_from([*NODES, "symbol:CD16", "symbol:NOBODY"]),
            "b": st.sampled_from([*NODES, "symbol:MALAT1"]),
            "pmids": st.sampled_from([None, ["9"], ["10", "9"]]),
            "mechanism": st.sampled_from([None, "binding"]),
        }
    ),
    max_size=25,
)


def expected_facts(statements: list[dict]) -> tuple[dict, int]:
    """Facts by (type, source, target), and the number of rejected statements."""
    facts: dict = defaultdict(set)
    rejected = 0
    for said in statements:
        a, b = NODES.get(said["a"]), NODES.get(said["b"])
        if a is None or b is None or (a == b and said["a"] != said["b"]):
            rejected += 1
            continue
        written = (said["a"], said["b"])
        if said["type"] == "INTERACTS_WITH" and a > b:
            a, b, written = b, a, written[::-1]
        facts[said["type"], a, b].add(
            (*written, tuple(sorted(set(said["pmids"] or ()), key=int)), said["mechanism"])
        )
    return facts, rejected


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STATEMENTS)
def test_facts_are_those_of_a_plain_evaluator(tmp_path_factory, statements):
    chunks = [
        w.facts(kind, *({**{k: v for k, v in s.items() if k != "type"}, "line": i} for i, s in enumerate(statements) if s["type"] == kind))
        for kind in ("ACTIVATES", "INHIBITS", "REGULATES", "INTERACTS_WITH")
        if any(s["type"] == kind for s in statements)
    ]  # fmt: skip
    built = w.build(tmp_path_factory.mktemp("any"), *w.base(), w.source("signor", *chunks))
    facts, rejected = expected_facts(statements)
    found = {
        (kind, r["source"], r["target"]): (r["n_evidence"], r.get("pmids"), r.get("mechanisms"))
        for kind in ("ACTIVATES", "INHIBITS", "REGULATES", "INTERACTS_WITH")
        for r in w.rows(built, f"edges/{kind}")
    }
    assert found == {
        key: (
            len(said),
            sorted({p for _, _, pmids, _ in said for p in pmids}, key=int) or None,
            sorted({m for *_, m in said if m}) or None,
        )
        for key, said in facts.items()
    }
    assert len(w.rows(built, "rejects")) == rejected
