"""The statements behind a fact come from the build's table, whole and in order."""

from __future__ import annotations

import pytest

from tests.tiny import evidence_rows, protein
from tosg_graph.build.tables import Build, edge_id
from tosg_graph.errors import UsageError
from tosg_graph.graph.evidence import statements_of


def test_all_statements_of_a_fact(tiny: Build) -> None:
    fact = edge_id(protein("EGF"), "ACTIVATES", protein("EGFR"))
    expected = [
        (row["pmids"], row["record_id"]) for row in evidence_rows() if row["edge_id"] == fact
    ]
    assert len(expected) == 2
    found = statements_of(tiny, fact)
    assert [(row["pmids"], row["record_id"]) for row in found] == expected
    assert "score" not in found.columns


def test_an_unknown_fact_is_an_error_that_says_where_ids_are_shown(tiny: Build) -> None:
    with pytest.raises(UsageError, match=r"no fact 'ffff'.*edge_id"):
        statements_of(tiny, "ffff")
