"""The queries that plans become: for both engines, through the gate, without a value in the text."""

from __future__ import annotations

import re

import pytest

from tests.ask.wordings import WORDINGS
from tosg_graph.ask.abundance import Abundance
from tosg_graph.ask.compile import cited_query, main_query
from tosg_graph.ask.gate import check
from tosg_graph.ask.interpret import interpret
from tosg_graph.ask.link import Linker
from tosg_graph.ask.plan import Form, Plan
from tosg_graph.build.tables import Build

QUESTIONS = [questions[0] for _, questions in WORDINGS.values()]


@pytest.fixture(scope="module")
def plan_of(tiny: Build, linker: Linker):
    cells = Abundance({}, tiny, linker.names)
    return lambda question: interpret(question, linker, cells)


@pytest.mark.parametrize("engine", ["neo4j", "ladybug"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_query_passes_the_gate_with_an_order_and_a_limit(
    plan_of, engine: str, question: str
) -> None:
    plan: Plan = plan_of(question)
    queries = [main_query(plan, engine, limit=100)]
    if plan.form in (Form.LIST, Form.EVIDENCE, Form.EXISTS):
        queries += [cited_query(plan, join, engine, ["X:1"]) for join in plan.answer.joins]
    for query in queries:
        checked = check(query.text, engine=engine, known_parameters=query.parameters)
        assert checked.parameters == set(query.parameters)
        assert not checked.warnings
        assert "ORDER BY" in query.text
        assert re.search(r"LIMIT \d+$", query.text)


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_name_or_id_stands_in_a_query(plan_of, question: str) -> None:
    plan: Plan = plan_of(question)
    query = main_query(plan, "neo4j", limit=100)
    for value in query.parameters.values():
        for part in value if isinstance(value, list) else [value]:
            assert str(part) not in re.findall(r"[\w:;. -]{4,}", query.text)
    assert not re.search(r"UniProtKB|HGNC:|DrugCentral|DOID|REACT:", query.text)


def test_the_two_engines_differ_only_where_they_must(plan_of) -> None:
    plan = plan_of("Which drugs target EGFR?")
    neo4j, ladybug = (main_query(plan, engine, limit=10) for engine in ("neo4j", "ladybug"))
    assert neo4j.text.replace("type(r1)", "label(r1)") == ladybug.text
    assert neo4j.parameters == ladybug.parameters


def test_a_plan_is_plain_values(plan_of) -> None:
    plan = plan_of("Which drugs that target EGFR treat lung cancer?").to_dict()
    assert plan["form"] == "list"
    assert plan["answer"]["labels"] == ["Drug"]
    assert [join["target"]["ids"] for join in plan["answer"]["joins"]] == [
        ["UniProtKB:P00533"], ["DOID:1324"],
    ]  # fmt: skip
