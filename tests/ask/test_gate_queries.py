"""Every named query passes the gate of the engine that it is written for."""

from __future__ import annotations

import pytest

from tests.ask.test_gate import ENGINES
from tosg_graph.ask.gate import check
from tosg_graph.graph.queries import load_queries

QUERIES = load_queries()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_named_query_passes(name: str, engine: str) -> None:
    query = QUERIES[name]
    declared = [parameter.name for parameter in query.parameters]
    for statement in query.statements(engine):
        checked = check(statement, engine=engine, known_parameters=declared)
        assert checked.warnings == ()
        assert checked.parameters == set(declared)
