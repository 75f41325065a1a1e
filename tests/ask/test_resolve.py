"""What a text becomes, and the reason that is given for it."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.build import world as w
from tosg_graph.ask.link import Linker
from tosg_graph.ask.resolve import COLUMNS, resolve
from tosg_graph.errors import UsageError

P38 = w.source(
    "more",
    w.nodes(
        "Gene",
        {"id": "HGNC:6876", "symbol": "MAPK14", "name": "mitogen-activated protein kinase 14",
         "synonyms": ["p38-alpha", "CSBP"], "former_ids": ["HGNC:99999"]},
        {"id": "HGNC:11892", "symbol": "TNF", "name": "tumor necrosis factor", "synonyms": ["TNF-α"]},
        {"id": "HGNC:5992", "symbol": "IL1B", "name": "interleukin 1 beta"},
    ),
    w.nodes(
        "Protein",
        {"id": "UniProtKB:Q16539", "name": "Mitogen-activated protein kinase 14", "accession": "Q16539",
         "synonyms": ["Stress kinase p40 beta"], "former_ids": ["UniProtKB:A8K6P4"]},
    ),
    w.nodes("Drug", {"id": "DrugCentral:1423", "name": "imatinib", "xrefs": ["DRUGBANK:DB00619"]}),
    w.facts("ENCODES", {"a": "HGNC:6876", "b": "UniProtKB:Q16539"}, ends=("Gene", "Protein")),
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    build = w.build(tmp_path_factory.mktemp("resolve"), *w.base(), P38)
    linker = Linker.of(build)

    def ask(text: str, label: str | None = None) -> dict:
        rows = [
            dict(zip(COLUMNS, row, strict=True))
            for row in resolve(build, linker, [text], label=label)
        ]
        assert {row["text"] for row in rows} == {text}
        return {row["label"]: row for row in rows}

    return ask


@pytest.mark.parametrize(
    ("text", "label", "node", "kind", "why"),
    [
        ("EGFR", "Gene", "HGNC:3236", "symbol", "approved symbol of EGFR"),
        ("ERBB1", "Gene", "HGNC:3236", "synonym", "synonym of EGFR"),
        ("ERBB", "Protein", "UniProtKB:P00533", "previous", "previous symbol or name of EGFR"),
        ("HGNC:3236", "Gene", "HGNC:3236", "id", "the id of EGFR"),
        ("NCBIGene:1956", "Gene", "HGNC:3236", "xref", "cross-reference of EGFR"),
        ("HGNC:99999", "Gene", "HGNC:6876", "xref", "former id of MAPK14"),
        ("A8K6P4", "Protein", "UniProtKB:Q16539", "xref", "secondary accession of MAPK14"),
        ("A8K6P4", "Gene", "HGNC:6876", "xref", "MAPK14 is the gene of its protein"),
        ("1956", "Gene", "HGNC:3236", "xref", "read as an id of NCBI Gene; cross-reference of EGFR"),
        ("DB00619", "Drug", "DrugCentral:1423", "xref", "cross-reference of imatinib; read as 'DRUGBANK:DB00619'"),
        ("ENSG00000146648.12", "Gene", "HGNC:3236", "xref", "version suffix .12 stripped; cross-reference of EGFR"),
        ("ENSG00000146648.12", "Protein", "UniProtKB:P00533", "xref", "version suffix .12 stripped; EGFR is the canonical product of its gene"),
        ("P00533-2", "Protein", "UniProtKB:P00533", "id", "isoform 2 of P00533, read as the protein; the id of EGFR"),
        ("UniProtKB:P00533-PRO_0000016665", "Protein", "UniProtKB:P00533", "id", "chain PRO_0000016665 of P00533, read as the protein; the id of EGFR"),
        ("egfr", "Gene", "HGNC:3236", "symbol", "approved symbol of EGFR; written 'EGFR'; case aside"),
        ("erbb-1", "Gene", "HGNC:3236", "synonym", "synonym of EGFR; written 'ERBB1'; hyphens, spaces and case aside"),
        ("p38 alpha", "Gene", "HGNC:6876", "synonym", "synonym of MAPK14; written 'p38-alpha'; hyphens, spaces and case aside"),
        ("p38α", "Protein", "UniProtKB:Q16539", "synonym", "synonym of MAPK14; Greek letter spelt out: 'p38-alpha'"),
        ("TNF alpha", "Gene", "HGNC:11892", "synonym", "synonym of TNF; Greek letter spelt out: 'TNF-α'"),
        ("IL-1β", "Gene", "HGNC:5992", "symbol", "approved symbol of IL1B; Greek letter for a Latin one: 'IL1B'"),
    ],
)  # fmt: skip
def test_what_a_text_becomes_and_why(asked, text, label, node, kind, why):
    row = asked(text)[label]
    assert (row["id"], row["found as"], row["why"]) == (node, kind, why)
    assert row["candidates"] is None


def test_a_name_of_several_is_ambiguous_with_all_of_them(asked):
    rows = asked("CD16")
    assert rows["Gene"]["candidates"] == ["HGNC:3619", "HGNC:3620"]
    assert rows["Protein"]["candidates"] == ["UniProtKB:O75015", "UniProtKB:P08637"]
    assert all(row["id"] is None and row["found as"] == "ambiguous" for row in rows.values())
    assert rows["Gene"]["why"] == "ambiguous: a name of FCGR3A, FCGR3B; give the id of one"
    # written otherwise it is as ambiguous
    assert sorted(asked("cd-16")["Gene"]["candidates"]) == ["HGNC:3619", "HGNC:3620"]


def test_a_gene_without_a_protein(asked):
    row = asked("MALAT1")["Protein"]
    assert (row["id"], row["found as"]) == (None, "no_product")
    assert row["why"] == "names the gene MALAT1, which has no protein in this graph"


def test_near_misses_are_candidates_and_never_answers(asked):
    misspelt = asked("EGFRR")[None]
    assert (misspelt["id"], misspelt["found as"]) == (None, "near")
    assert "HGNC:3236" in misspelt["candidates"]
    assert "EGFR (EGFR)" in misspelt["why"]
    part = asked("p40 beta")[None]
    assert part["candidates"] == ["UniProtKB:Q16539"]
    assert part["why"] == "not known; part of Stress kinase p40 beta (MAPK14)"


@pytest.mark.parametrize(
    "text", ["ENSG00000146649", "ENSP00000275493", "P00534", "19561", "DB00618", "HGNC:32366"]
)
def test_an_identifier_is_never_taken_for_one_that_is_written_much_like_it(asked, text):
    row = asked(text)[None]
    assert (row["found as"], row["candidates"]) == ("unmapped", None)
    assert row["why"] == "has the form of an identifier, and the graph knows none that is equal"


def test_what_nothing_is_like_is_unmapped(asked):
    assert asked("xyzzy-qq")[None] == {
        "text": "xyzzy-qq", "label": None, "id": None, "name": None, "found as": "unmapped",
        "candidates": None, "why": "no name or identifier like it",
    }  # fmt: skip
    assert asked("")[None]["found as"] == "unmapped"
    assert asked("Q99999")[None]["id"] is None


def test_one_label_only(asked):
    assert list(asked("egfr", "Protein")) == ["Protein"]
    near = asked("EGFRR", "Protein")["Protein"]["candidates"]
    assert near[0] == "UniProtKB:P00533"
    assert all(node.startswith("UniProtKB:") for node in near)
    with pytest.raises(UsageError, match="unknown label 'Protien'"):
        asked("EGFR", "Protien")


@pytest.mark.real
def test_on_the_public_files(real_data, real_build):
    linker = Linker.of(real_build)
    texts = ["PD1", "ENSG00000146648.12", "P00533-2", "p38 alpha", "TNF-α", "imatinib"]
    rows = {(r[0], r[1]): dict(zip(COLUMNS, r, strict=True)) for r in resolve(real_build, linker, texts)}  # fmt: skip
    hgnc = pd.read_csv(
        real_data / "hgnc/hgnc_complete_set.txt.gz", sep="\t", dtype=str, keep_default_na=False
    )
    pd1 = hgnc.loc[hgnc["alias_symbol"].str.split("|").map(lambda names: "PD1" in names), "hgnc_id"]
    assert rows["PD1", "Gene"]["candidates"] == sorted(pd1)
    egfr = hgnc.loc[hgnc["ensembl_gene_id"].eq("ENSG00000146648")].iloc[0]
    assert rows["ENSG00000146648.12", "Gene"]["id"] == egfr["hgnc_id"]
    assert rows["ENSG00000146648.12", "Gene"]["why"].startswith("version suffix .12 stripped")
    assert rows["P00533-2", "Protein"]["id"] == f"UniProtKB:{egfr['uniprot_ids']}"
    mapk14 = hgnc.loc[hgnc["symbol"].eq("MAPK14"), "uniprot_ids"].item()
    assert rows["p38 alpha", None]["candidates"] == [f"UniProtKB:{mapk14}"]
    tnf = hgnc.loc[hgnc["symbol"].eq("TNF"), "hgnc_id"].item()
    assert rows["TNF-α", "Gene"]["id"] == tnf
    assert rows["imatinib", "Drug"]["found as"] == "name"
