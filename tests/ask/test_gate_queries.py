"""Every named query passes the gate of the engine that it is written for."""

from __future__ import annotations

import re

import pytest

from tests.ask.test_gate import ENGINES
from tosg_graph.ask.gate import check
from tosg_graph.graph.queries import load_queries

QUERIES = load_queries()


#: How to join, which a file may say and a person may not: names, JOIN and brackets alone, so that it
#: can do nothing else.
HINTS = {
    "ladybug": re.compile(r"^HINT [()a-z0-9 JOIN]+$", re.MULTILINE),
    "neo4j": re.compile(r"^USING JOIN ON [a-z, ]+$", re.MULTILINE),
}
GIVES = re.compile(r"^// @gives (.+)$", re.MULTILINE)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_named_query_passes(name: str, engine: str) -> None:
    query = QUERIES[name]
    declared = {parameter.name for parameter in query.parameters}
    known, used = set(declared), set()
    for statement in query.statements(engine):
        plain = HINTS[engine].sub("", statement)
        checked = check(plain, engine=engine, known_parameters=sorted(known))
        assert checked.warnings == ()
        given = GIVES.search(statement)
        if given:
            known |= set(given[1].split())
        else:
            assert declared & checked.parameters or not declared
        used |= checked.parameters
    assert used == known
