"""The gate beside a real Neo4j: what it lets through, the server calls a read."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.ask.test_gate import FOLDER
from tosg_graph.ask.gate import check
from tosg_graph.graph.neo4j import Neo4jStore

pytestmark = pytest.mark.neo4j


def benign() -> list[Any]:
    entries = yaml.safe_load((FOLDER / "benign.yaml").read_text(encoding="utf-8"))
    return [entry for entry in entries if "neo4j" in entry.get("engines", ["neo4j"])]


def test_every_benign_query_is_a_read_for_the_server(neo4j_tiny: Neo4jStore) -> None:
    entries = benign()
    assert len(entries) > 50
    for entry in entries:
        parameters = entry.get("parameters", {})
        checked = check(entry["query"], engine="neo4j", known_parameters=parameters)
        found = neo4j_tiny.explain(checked.text, parameters)
        assert found.read_only is True, entry["why"]
