"""The schema statements follow the schema."""

from __future__ import annotations

from pathlib import Path

from tosg_graph.graph import ddl
from tosg_graph.schema import EDGE_TYPES, LABELS

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_file_is_what_the_schema_gives() -> None:
    committed = (ROOT / "cypher" / "schema.cypher").read_text(encoding="utf-8")
    assert committed == ddl.schema_cypher(), "run: python -m tosg_graph.graph.ddl"


def test_every_label_has_a_constraint_and_every_type_an_index() -> None:
    text = ddl.schema_cypher()
    for label in LABELS:
        assert f"FOR (n:{label.name}) REQUIRE n.id IS UNIQUE;" in text
        assert f"FOR (n:{label.name}) ON (n.name);" in text
    for edge in EDGE_TYPES:
        assert f"FOR ()-[r:{edge.name}]-() ON (r.edge_id);" in text
    assert "ON EACH [n.name, n.synonyms, n.symbol] OPTIONS" in text
    assert "`fulltext.analyzer`: 'standard-no-stop-words'" in text


def test_the_embedded_tables_have_every_property_and_pair_of_ends() -> None:
    tables = {statement.split("(")[0]: statement for statement in ddl.embedded_tables()}
    for label in LABELS:
        for p in label.properties:
            assert f"{p.name} " in tables[f"CREATE NODE TABLE {label.name}"]
    for edge in EDGE_TYPES:
        for a, b in edge.ends:
            assert f"FROM {a} TO {b}" in tables[f"CREATE REL TABLE {edge.name}"]
