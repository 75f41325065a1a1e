"""An export keeps to what the Biolink model demands of its classes, predicates and qualifiers.

``biolink.json`` holds that for what an export uses, as version 4.4.3 of the model has it: the
predicates and the categories of nodes with all that they are kinds of, the ranges, required
qualifiers and kinds of predicates of each association, and the words of its enumerations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.build.test_kgx import jsonl
from tosg_graph.build.kgx import write_kgx
from tosg_graph.build.tables import Build
from tosg_graph.example import data_folder
from tosg_graph.schema import EDGE_TYPES, LABELS
from tosg_graph.workspace import Workspace

MODEL = json.loads((Path(__file__).parent / "biolink.json").read_text(encoding="utf-8"))
ASSOCIATIONS, PREDICATES, ENUMS = MODEL["associations"], MODEL["predicates"], MODEL["enums"]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return Workspace(tmp_path_factory.mktemp("work")).build(data_folder())


@pytest.fixture(scope="module")
def exported(example: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kgx(example, tmp_path_factory.mktemp("kgx") / "out", file_format="jsonl").path


def short(name: str) -> str:
    assert name.startswith("biolink:")
    return name.removeprefix("biolink:")


def is_said(value: str, rule: dict[str, Any]) -> bool:
    """Whether a predicate or a qualifier is one that a rule allows."""
    words = ENUMS.get(rule.get("range", ""), [value])
    return value in words and (
        "subproperty_of" not in rule or rule["subproperty_of"] in PREDICATES[short(value)]
    )


def faults(edge: dict[str, Any], categories: dict[str, str]) -> list[str]:
    """What an edge does that its association does not allow."""
    (association,) = edge["category"]
    found = []
    for slot, rule in ASSOCIATIONS[short(association)].items():
        value = edge.get(slot)
        if value is None:
            if rule.get("required"):
                found.append(f"{slot} is missing")
        elif slot in ("subject", "object"):
            kinds = MODEL["categories"][categories[value]]
            if rule.get("range", "named thing") not in kinds:
                found.append(f"{slot} is a {categories[value]}")
        elif not is_said(value, rule):
            found.append(f"{slot} is {value}")
    return found


def test_every_edge_keeps_the_rules_of_its_association(exported: Path) -> None:
    categories = {node["id"]: short(node["category"][0]) for node in jsonl(exported, "nodes")}
    edges = jsonl(exported, "edges")
    broken = {
        (edge["fact_type"], edge["category"][0], fault)
        for edge in edges
        for fault in faults(edge, categories)
    }
    assert broken == set()
    # what a complex does is said by no class of genes
    assert {
        edge["category"][0]
        for edge in edges
        if categories[edge["object"]] == "MacromolecularComplex"
    } == {"biolink:Association"}
    assert {short(e["category"][0]) for e in edges} > {
        "GeneRegulatesGeneAssociation",
        "GeneToDiseaseAssociation",
        "ChemicalAffectsGeneAssociation",
        "PairwiseGeneToGeneInteraction",
    }


def test_knowledge_level_and_agent_are_words_of_the_model(exported: Path) -> None:
    edges = jsonl(exported, "edges")
    assert {edge["knowledge_level"] for edge in edges} <= set(ENUMS["KnowledgeLevelEnum"])
    assert {edge["agent_type"] for edge in edges} <= set(ENUMS["AgentTypeEnum"])


def test_predicates_and_categories_of_the_schema_are_in_the_model() -> None:
    assert {short(label.category) for label in LABELS} <= set(MODEL["categories"])
    assert {short(edge.predicate) for edge in EDGE_TYPES} <= set(PREDICATES)
