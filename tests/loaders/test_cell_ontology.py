from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_terms_and_the_former_ids_they_replace() -> None:
    assert read("cell_ontology").rows("nodes", "CellType") == [
        {
            "id": "CL:0000000",
            "name": "cell",
            "description": "The unit of life.",
            # CL:0000044 was replaced by CL:0000003, and that by this.
            "former_ids": ["CL:0000003", "CL:0000044"],
            "line": 1,
        },
        {"id": "CL:0000576", "name": "monocyte", "synonyms": ["monocytus"], "line": 1},
        {"id": "CL:0001054", "name": "CD14-positive monocyte", "line": 1},
    ]


def test_only_the_next_step_up_is_a_fact() -> None:
    assert read("cell_ontology").pairs("IS_A") == [
        ("CL:0000576", "CL:0000000"),
        ("CL:0001054", "CL:0000576"),
    ]


def test_deprecated_terms_say_what_to_use() -> None:
    assert [value for _, value, _ in read("cell_ontology").rejects()] == [
        "CL:0000003, replaced by CL:0000000",
        "CL:0000044, replaced by CL:0000003",
        "CL:0000004, consider CL:0000000, CL:0000003",
        "CL:0000002, replaced by CLO:0000019",
    ]


def test_release_is_in_the_name_of_the_file() -> None:
    source = discover()["cell_ontology"]
    files = find_files(FIXTURES / source.name, [source], {}).files[source.name]
    assert source.version is not None
    assert source.version(files) == "2026-03-26"


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "file", "label"),
    [
        ("cell_ontology", "CL-ontology-v2026-03-26.json.zst", "CellType"),
        ("uberon", "UBERON-ontology-v2026-04-01.json.zst", "Tissue"),
    ],
)
def test_real_counts(real_data: Path, name: str, file: str, label: str) -> None:
    with zstandard.open(real_data / "cellxgene_ontologies" / file, "rt", encoding="utf-8") as text:
        raw = json.load(text)
    current = {key: term for key, term in raw.items() if not term["deprecated"]}
    found = read(name, real_data)
    nodes = found.by_id(label)
    assert {key: node["name"] for key, node in nodes.items()} == {
        key: term["label"].strip() for key, term in current.items()
    }
    assert found.count("rejects") == len(raw) - len(current)
    steps = [
        (key, a) for key, term in current.items() for a, n in term["ancestors"].items() if n == 1
    ]
    assert found.pairs("IS_A") == steps
    former = [old for node in nodes.values() for old in node.get("former_ids", ())]
    direct = [
        k for k, term in raw.items() if term["deprecated"] and term.get("replaced_by") in current
    ]
    assert set(direct) <= set(former)
    assert len(former) == len(set(former))
