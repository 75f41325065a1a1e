"""The paragraph of a node: composed in a fixed order, in NFC, with a cap."""

from __future__ import annotations

import unicodedata

import pytest

from tests.build import world as w
from tosg_graph.build.text import CAP
from tosg_graph.schema import LABEL

SENTENCE = "Words of a sentence that says little. "
LONG = SENTENCE * 100
UNBROKEN = "word " * 800
DENSE = "x" * 3000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    extra = w.source(
        "extra",
        w.annotations("Gene", {"ref": "symbol:EGFR", "description": "What  it\ndoes"}),
        w.nodes("Transcript", {"id": "ENSEMBL:ENST00000275493", "name": "EGFR MANE Select transcript", "symbol": "EGFR", "mane_select": True}),
        w.nodes("Pathway", {"id": "REACT:R-HSA-1", "name": "top"}, {"id": "REACT:R-HSA-2", "name": "below"}, {"id": "REACT:R-HSA-3"}),
        w.facts("CHILD_OF", {"a": "REACT:R-HSA-2", "b": "REACT:R-HSA-1"}, {"a": "REACT:R-HSA-2", "b": "REACT:R-HSA-3"}, ends=("Pathway", "Pathway")),
        w.nodes("Drug", {"id": "DrugCentral:1", "name": "imatinib", "synonyms": ["Gleevec"]}),
        w.facts("TARGETS", {"a": "DrugCentral:1", "b": "UniProtKB:P00533"}, ends=("Drug", "Protein")),
        w.nodes(
            "Disease",
            {"id": "DOID:1", "name": "long", "description": LONG},
            {"id": "DOID:2", "name": "unbroken", "description": UNBROKEN},
            {"id": "DOID:3", "name": "dense", "description": DENSE},
            {"id": "DOID:4", "name": "cafe\u0301", "description": "Is it so?"},
            {"id": "DOID:5"},
        ),
        w.nodes("CellType", {"id": "CL:1", "name": "cell"}, {"id": "CL:2", "name": "monocyte"}),
        w.facts("IS_A", {"a": "CL:2", "b": "CL:1"}, ends=("CellType", "CellType")),
        w.nodes("Tissue", {"id": "UBERON:1", "name": "blood"}),
    )  # fmt: skip
    places = w.source(
        "places",
        w.annotations(
            "Protein",
            {"ref": "UniProtKB:P00533", "receptor": True, "secreted": False, "transmembrane": True},
        ),
    )
    return w.build(tmp_path_factory.mktemp("text"), *w.base(), extra, places)


@pytest.mark.parametrize(
    ("label", "node", "text"),
    [
        (
            "Gene",
            "HGNC:3236",
            "EGFR (epidermal growth factor receptor), human gene. Locus type: gene with protein product. "
            "What it does. Other names: ERBB; ERBB1.",
        ),
        ("Gene", "HGNC:3619", "FCGR3A, human gene. Other names: CD16."),
        (
            "Transcript",
            "ENSEMBL:ENST00000275493",
            "EGFR MANE Select transcript. Transcript ENST00000275493 of EGFR. Chosen by MANE to represent its gene.",
        ),
        (
            "Protein",
            "UniProtKB:P00533",
            "Epidermal growth factor receptor (EGFR), human protein. Length: 1210 amino acids. "
            "A receptor. Spans a membrane. Of its gene: What it does.",
        ),
        ("Pathway", "REACT:R-HSA-2", "below, pathway. Part of: top."),
        ("Drug", "DrugCentral:1", "imatinib, drug. Other names: Gleevec."),
        ("Disease", "DOID:4", "café, disease. Is it so?"),
        ("CellType", "CL:2", "monocyte, cell type. Kind of: cell."),
        ("Tissue", "UBERON:1", "blood, part of the body."),
    ],
)
def test_what_a_text_says_and_in_which_order(built, label, node, text):
    assert w.by_id(built, label)[node]["text"] == text


def test_a_node_of_which_nothing_is_known_has_no_text(built):
    assert "text" not in w.by_id(built, "Disease")["DOID:5"]
    coverage = built.manifest["report"]["text"]["Disease"]
    assert (coverage["nodes"], coverage["text"], coverage["rate"]) == (5, 4, 0.8)


def test_a_long_text_ends_with_a_whole_sentence_or_a_whole_word(built):
    diseases = w.by_id(built, "Disease")
    whole = diseases["DOID:1"]["text"]
    assert CAP - len(SENTENCE) <= len(whole) <= CAP
    assert whole == ("long, disease. " + LONG)[: len(whole)]
    assert whole.endswith("says little.")
    words = diseases["DOID:2"]["text"]
    assert CAP - 10 < len(words) <= CAP
    assert words.endswith("word…")
    # there is one blank early on, and no word after it fits
    assert diseases["DOID:3"]["text"] == "dense, disease.…"
    assert diseases["DOID:1"]["description"] == LONG


def test_every_text_is_nfc_within_the_cap(built):
    for label in LABEL:
        for row in w.rows(built, f"nodes/{label}"):
            text = row.get("text", "")
            assert len(text) <= CAP
            assert unicodedata.is_normalized("NFC", text)


def test_the_report_says_who_described_the_nodes_and_which_texts_were_cut(built):
    for label, said in built.manifest["report"]["text"].items():
        rows = w.rows(built, f"nodes/{label}")
        by = [row["description_source"] for row in rows if "description_source" in row]
        assert said["described_by"] == {name: by.count(name) for name in sorted(set(by))}
        assert said["description"] == len(by)
        assert said["described"] == round(len(by) / len(rows), 6)
        assert said["cap"] == CAP
    cut = {label: said["cut"] for label, said in built.manifest["report"]["text"].items()}
    assert cut.pop("Disease") == 3  # the three of the test before
    assert set(cut.values()) == {0}
