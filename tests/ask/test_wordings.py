"""Every kind of question in several wordings over the tiny graph; expectations from its constants."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.ask.brute import EDGE_IDS
from tests.ask.wordings import CASES, WORDINGS
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.ask import ask
from tosg_graph.ask.link import Linker
from tosg_graph.ask.run import guarded_read
from tosg_graph.build.tables import Build
from tosg_graph.graph.embedded import EmbeddedStore


def test_every_kind_has_at_least_five_wordings() -> None:
    assert {kind: len(q) for kind, (_, q) in WORDINGS.items() if len(set(q)) < 5} == {}


@pytest.mark.parametrize(
    ("question", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_wording_gives_what_the_graph_says(
    answer: Callable[[str], Answer], question: str, expected: set[Any]
) -> None:
    found = answer(question)
    assert found.status == "answered", found.text
    assert set(found.answers) == expected
    assert len(found.answers) == len(set(found.answers))


@pytest.mark.parametrize("question", [q[0] for _, q in WORDINGS.values()])
def test_every_claim_stands_on_an_edge_of_the_graph(
    answer: Callable[[str], Answer], question: str
) -> None:
    found = answer(question)
    for citation in found.citations:
        edge = EDGE_IDS[citation["edge_id"]]
        assert (citation["source"], citation["target"]) == (edge["source"], edge["target"])
        assert citation["sign"] == edge["sign"]
        assert citation["sources"] == edge["sources"]
        assert citation["pmids"] == (edge["pmids"] or [])
        assert citation["licences"] == edge["licences"]
        assert all(f"PMID {pmid}" in found.text for pmid in citation["pmids"][:3])
    ids = {node["id"] for node in found.subgraph["nodes"]}
    assert {end for e in found.subgraph["edges"] for end in (e["source"], e["target"])} <= ids
    assert json.loads(json.dumps(found.to_dict()))["answers"] == found.answers


def test_the_query_of_an_answer_can_be_run_again(
    answer: Callable[[str], Answer], tiny_store: EmbeddedStore
) -> None:
    found = answer("Which drugs target EGFR?")
    assert found.cypher is not None
    again = guarded_read(tiny_store, found.cypher, found.parameters)
    assert [list(row) for row in again.rows] == found.rows
    assert list(again.columns) == found.columns


def test_answers_come_in_the_order_of_their_names(answer: Callable[[str], Answer]) -> None:
    found = answer("Which drugs target EGFR?")
    assert [row[1] for row in found.rows] == ["erlotinib", "imatinib"]
    symbols = [row[2] for row in answer("Which genes are in Signaling by EGFR?").rows]
    assert symbols == ["EGF", "EGFR", "GRB2", "KRAS", "SOS1"]


def test_questions_are_answered_without_cells_and_without_a_linker(
    tiny: Build, tiny_store: EmbeddedStore
) -> None:
    found = ask("Which drugs target EGFR?", build=tiny, store=tiny_store)
    assert found.status == "answered"
    assert found.build_id == tiny.id
    assert set(found.timings) >= {"names", "plan", "query", "total"}


def test_the_names_of_one_linker_serve_many_questions(
    tiny: Build, tiny_store: EmbeddedStore, linker: Linker
) -> None:
    first = ask("Which drugs target EGFR?", build=tiny, store=tiny_store, linker=linker)
    second = ask("Which drugs target EGFR?", build=tiny, store=tiny_store, linker=linker)
    assert first.answers == second.answers
    assert first.rows == second.rows


def test_a_signed_path_says_its_sign_and_its_steps(answer: Callable[[str], Answer]) -> None:
    found = answer("What is the path from KRAS to SOS1?")
    row = dict(zip(found.columns, found.rows[0], strict=True))
    assert row["steps"] == 4
    assert row["sign"] == -1
    assert row["names"] == "KRAS → BRAF → MAP2K1 → MAPK1 ⊣ SOS1"
    assert "net effect negative" in found.text


def test_an_unknown_sign_stays_unknown_along_a_path(answer: Callable[[str], Answer]) -> None:
    found = answer("What is the path from ABL1 to PTEN?")
    signs = {tuple(row[4]): row[1] for row in found.rows}
    assert len(signs) == 2  # TP53 both activates and inhibits PTEN
    assert set(signs.values()) == {None}


def test_both_signs_of_one_pair_are_shown(answer: Callable[[str], Answer]) -> None:
    found = answer("Which proteins are regulated by TP53?")
    assert "TP53 activates PTEN" in found.text
    assert "TP53 inhibits PTEN" in found.text


def test_steps_that_were_not_said_are_stated(answer: Callable[[str], Answer]) -> None:
    found = answer("What is downstream of EGF?")
    assert any("1 step" in warning for warning in found.warnings)
    assert not answer("What is downstream of EGF within 2 steps?").warnings


def test_most_and_top_say_how_they_order(answer: Callable[[str], Answer]) -> None:
    most = answer("Which proteins are targeted by the most drugs?")
    assert most.answers == ["UniProtKB:P00533", "UniProtKB:P00519"]
    assert "most first" in most.reading
    top = answer("top 1 drugs targeting EGFR by affinity")
    assert top.answers == ["DrugCentral:1045"]
    assert "first 1" in top.reading
    assert "affinity" in top.reading


def test_yes_and_no_and_not_known_differ(answer: Callable[[str], Answer]) -> None:
    assert answer("Is EGFR a receptor?").answers == [True]
    assert answer("Is EGF a receptor?").answers == [False]
    unknown = answer("Is KRAS a receptor?")
    assert (unknown.status, unknown.answers) == ("empty", [])
    assert "unknown, not false" in unknown.text
    absent = answer("Does erlotinib target ABL1?")
    assert (absent.status, absent.answers) == ("empty", [])


def test_the_statements_behind_a_fact_are_shown(answer: Callable[[str], Answer]) -> None:
    found = answer("What is the evidence that EGF activates EGFR?")
    assert "signor" in found.text
    assert "PMID 12297049" in found.text
    assert [citation["type"] for citation in found.citations] == ["ACTIVATES"]


def test_a_description_is_of_the_node_that_is_named(answer: Callable[[str], Answer]) -> None:
    assert set(answer("What is EGFR?").answers) == {"HGNC:3236", "UniProtKB:P00533"}
    assert answer("What is the gene EGFR?").answers == ["HGNC:3236"]
    told = answer("What is the protein EGFR?").text
    assert told.endswith("EGFR. [uniprot; PMID 2790960, PMID 10805725, PMID 15118125, 1 more]")
    assert answer("Tell me about imatinib").answers == ["DrugCentral:1423"]
