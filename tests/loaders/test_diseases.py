from __future__ import annotations

from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover


def test_each_channel_has_its_confidence_as_score() -> None:
    rows = read("diseases").rows("statements", "ASSOCIATED_WITH")
    assert rows[0] == {
        "source_ref": "symbol:EGFR",
        "source_label": "Gene",
        "target_ref": "DOID:1324",
        "target_label": "Disease",
        "record_id": "ENSP00000275493 DOID:1324",
        "mechanism": "knowledge",
        "score": 1.0,
        "line": 1,
    }
    found = [(row["mechanism"], row["target_ref"]) for row in rows[1:]]
    assert found == [("experiments", "DOID:162"), ("textmining", "DOID:1324")]
    assert [row["score"] for row in rows[1:]] == pytest.approx([0.2694, 0.81])


def test_a_disease_without_an_id_is_rejected() -> None:
    assert read("diseases").rejects() == [("no symbol, or no id of a disease", "AmyCo", 2)]


def told_as(row: str) -> list[str]:
    """Which channels a file is that begins with a row."""
    return [spec.role for spec in discover()["diseases"].files if spec.matches_head([row])]


def test_a_file_may_begin_with_a_gene_that_is_no_protein(tmp_path: Path) -> None:
    page = "https://diseases.jensenlab.org/x"
    row = f"18S_rRNA\t18S_rRNA\tDOID:9643\tBabesiosis\t6.8\t3.4\t{page}\n"
    assert told_as(row) == ["textmining"]
    name = "human_disease_textmining_filtered.tsv"
    (tmp_path / name).write_text(row + (FIXTURES / "diseases" / name).read_text())
    knowledge = "human_disease_knowledge_filtered.tsv"
    (tmp_path / knowledge).write_text("7SK\t7SK\tDOID:1\tx\tMedlinePlus\tCURATED\t5\n")
    rows = read("diseases", tmp_path).rows("statements", "ASSOCIATED_WITH")
    assert [row["source_ref"] for row in rows] == ["symbol:7SK", "symbol:18S_rRNA", "symbol:EGFR"]


@pytest.mark.parametrize("term", ["BTO:0000142", "GO:0005829"])
def test_tissues_and_compartments_have_the_same_columns_and_are_told_apart(term: str) -> None:
    row = f"ENSP00000275493\tEGFR\t{term}\tBrain\tUniProtKB\tCURATED\t5"
    assert told_as(row) == []
    assert told_as(row.replace(term, "DOID:1324")) == ["knowledge"]
