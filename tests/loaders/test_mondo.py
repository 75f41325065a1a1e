from __future__ import annotations

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_only_what_mondo_calls_equivalent_is_the_same() -> None:
    diseases = read("mondo").by_id("Disease")
    assert diseases["MONDO:0004992"] == {
        "id": "MONDO:0004992",
        "name": "cancer",
        "description": 'A growth that does not stop, and "spreads".',
        "synonyms": ["malignant neoplasm", "CA"],
        "xrefs": ["ICD10CM:C80", "DOID:1800"],
        "same_as": ["DOID:162", "MESH:D009369", "NCIT:C9305", "UMLS:C0006826"],
        "former_ids": ["MONDO:0000002"],
        "line": 12,
    }
    assert diseases["MONDO:0000001"]["same_as"] == ["DOID:4", "SNOMEDCT:64572001"]
    assert diseases["MONDO:0008903"]["xrefs"] == ["orphanet:1"]


def test_terms_of_other_ontologies_and_other_animals_are_left_out() -> None:
    found = read("mondo")
    assert set(found.by_id("Disease")) == {"MONDO:0000001", "MONDO:0004992", "MONDO:0008903"}
    assert found.pairs("IS_A") == [
        ("MONDO:0004992", "MONDO:0000001"),
        ("MONDO:0008903", "MONDO:0004992"),
    ]


def test_rejected_terms_say_why() -> None:
    assert read("mondo").rejects() == [
        ("obsolete term", "MONDO:0000002, replaced by MONDO:0004992", 50),
        ("obsolete term", "MONDO:0000003, consider MONDO:0004992, MONDO:0008903", 56),
        ("disease of another animal", "MONDO:0005583", 35),
        ("disease of another animal", "MONDO:1010001", 40),
        ("disease of another animal", "MONDO:1010002", 45),
    ]


def test_release() -> None:
    source = discover()["mondo"]
    files = find_files(FIXTURES / source.name, [source], {}).files[source.name]
    assert source.version is not None
    assert source.version(files) == "2024-09-03"
