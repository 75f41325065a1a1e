from __future__ import annotations

import pytest

from tests.loaders.reading import read


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
