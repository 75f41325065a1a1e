from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_disease_with_what_it_is_called_elsewhere() -> None:
    assert read("disease_ontology").by_id("Disease")["DOID:162"] == {
        "id": "DOID:162",
        "name": "cancer",
        "synonyms": ["malignant neoplasm", "malignant tumor"],
        "xrefs": [
            "ICD10CM:C80",
            "ICD10CM:C80.1",
            "ICD9:199",
            "MESH:D009369",
            "NCIT:C9305",
            "orphanet:1331",
            "SNOMEDCT:363346000",
            "UMLS:C0006826",
        ],
        "former_ids": ["DOID:267", "DOID:4508", "DOID:1800"],
        "line": 14,
    }


def test_definition_without_citation_and_escapes() -> None:
    disease = read("disease_ontology").by_id("Disease")["DOID:4"]
    assert (
        disease["description"] == 'Something that goes wrong, in a "body", for a time, or for good.'
    )
    assert disease["description_pmids"] == ["23327728"]


def test_hierarchy_without_comments_qualifiers_and_relations() -> None:
    found = read("disease_ontology")
    assert found.pairs("IS_A") == [("DOID:162", "DOID:4"), ("DOID:1324", "DOID:162")]
    # The file states another licence than today's releases.
    assert {row["licence"] for row in found.rows("statements", "IS_A")} == {"CC-BY-3.0"}


def test_obsolete_terms_say_what_to_use() -> None:
    assert read("disease_ontology").rejects() == [
        ("obsolete term", "DOID:1800, replaced by DOID:162", 38),
        ("obsolete term", "DOID:1801, consider DOID:162, DOID:4", 44),
    ]


def test_release() -> None:
    source = discover()["disease_ontology"]
    files = find_files(FIXTURES / source.name, [source], {}).files[source.name]
    assert source.version is not None
    assert source.version(files) == "2016-08-12"


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    with gzip.open(real_data / "disease_ontology/doid.obo.gz", "rt", encoding="utf-8") as text:
        stanzas = [s for s in text.read().split("\n\n") if s.strip().startswith("[Term]")]
    assert len(stanzas) == 9_339
    current = [s for s in stanzas if "\nis_obsolete: true" not in s]
    found = read("disease_ontology", real_data)
    nodes = found.by_id("Disease")
    assert set(nodes) == {s.split("\nid: ")[1].split("\n")[0] for s in current}
    assert len(found.rejects()) == len(stanzas) - len(current)
    assert found.count("statements", "IS_A") == sum(s.count("\nis_a: ") for s in current)
    assert sum("description" in node for node in nodes.values()) == sum(
        "\ndef: " in s for s in current
    )
    cited = [s.split("\ndef: ")[1].split("\n")[0] for s in current if "\ndef: " in s]
    assert sum("description_pmids" in node for node in nodes.values()) == sum(
        bool(re.search(r"PMID:\d|/pubmed/\d|term=\d", text)) for text in cited
    )
    alt = sum(s.count("\nalt_id: ") for s in current)
    assert sum(len(node.get("former_ids", ())) for node in nodes.values()) == alt
    umls = sum(s.count("\nxref: UMLS_CUI:") for s in current)
    xrefs = [x for node in nodes.values() for x in node.get("xrefs", ())]
    assert umls - 20 <= sum(x.startswith("UMLS:") for x in xrefs) <= umls + 1
