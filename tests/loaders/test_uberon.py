from __future__ import annotations

from tests.loaders.reading import read


def test_terms_with_the_line_on_which_each_starts() -> None:
    found = read("uberon")
    assert found.rows("nodes", "Tissue") == [
        {"id": "UBERON:0001062", "name": "anatomical entity", "line": 2},
        {
            "id": "UBERON:0000178",
            "name": "blood",
            "description": "What the heart moves.",
            "synonyms": ["portion of blood"],
            "former_ids": ["UBERON:0000027"],
            "line": 7,
        },
    ]
    assert found.pairs("IS_A") == [("UBERON:0000178", "UBERON:0001062")]
    assert found.rejects() == [
        ("deprecated term", "UBERON:0000027, replaced by UBERON:0000178", 18)
    ]
