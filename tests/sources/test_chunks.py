from __future__ import annotations

import pandas as pd
import pytest

from tosg_graph.errors import BuildError
from tosg_graph.sources.chunks import STATEMENTS, Chunk, nodes_schema


def statement(**values: object) -> pd.DataFrame:
    row = {
        "source_ref": "symbol:EGF",
        "source_label": "Protein",
        "target_ref": "symbol:EGFR",
        "target_label": "Protein",
        "line": 2,
    }
    return pd.DataFrame([row | values])


def test_nothing_is_said_in_one_way() -> None:
    rows = statement(sentence="", pmids=[], mechanism=float("nan"), direct=None)
    [row] = Chunk.statements("ACTIVATES", "file", rows).table.to_pylist()
    assert {row[name] for name in ("sentence", "mechanism", "direct", "sign")} == {None}
    assert row["pmids"] is None


def test_tables_have_the_declared_columns_in_order() -> None:
    assert Chunk.statements("BINDS", "file", statement()).table.schema == STATEMENTS
    gene = pd.DataFrame({"line": [2], "symbol": ["EGFR"], "id": ["HGNC:3236"]})
    assert Chunk.nodes("Gene", "file", gene).table.schema == nodes_schema("Gene")


@pytest.mark.parametrize(
    ("edge_type", "values", "message"),
    [
        ("LOVES", {}, "unknown edge type 'LOVES'; known: TRANSCRIBED_TO"),
        ("BINDS", {"source_label": "Drug"}, r"BINDS cannot join \[\('Drug', 'Protein'\)\]"),
        ("BINDS", {"target_ref": ""}, "file:2: column 'target_ref' is empty"),
        ("BINDS", {"colour": "red"}, "columns \\['colour'\\] that no table takes"),
        ("BINDS", {"score": "high"}, "column 'score' does not hold double"),
    ],
)
def test_rows_that_break_the_contract(
    edge_type: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(BuildError, match=message):
        Chunk.statements(edge_type, "file", statement(**values))


def test_required_column_that_is_not_there() -> None:
    with pytest.raises(BuildError, match="lack the required column 'id'"):
        Chunk.nodes("Gene", "file", pd.DataFrame({"symbol": ["EGFR"], "line": [2]}))
