from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import read


def test_gene_has_its_names_and_ids() -> None:
    assert read("hgnc").rows("nodes", "Gene")[0] == {
        "id": "HGNC:3236",
        "name": "epidermal growth factor receptor",
        "symbol": "EGFR",
        "locus_group": "protein-coding gene",
        "locus_type": "gene with protein product",
        "location": "7p11.2",
        "synonyms": ["ERBB1", "ERRP"],
        "previous": ["ERBB"],
        "xrefs": ["ENSEMBL:ENSG00000146648", "NCBIGene:1956", "OMIM:131550"],
        "same_as": ["ENSEMBL:ENSG00000146648"],
        "line": 2,
    }


def test_antigen_names_are_synonyms_and_one_alias_may_name_two_genes() -> None:
    genes = {row["id"]: row for row in read("hgnc").rows("nodes", "Gene")}
    assert genes["HGNC:3619"]["synonyms"] == ["CD16", "CD16a"]
    assert genes["HGNC:3620"]["synonyms"] == ["CD16", "CD16b"]


def test_mane_transcript_without_versions_in_ids() -> None:
    assert read("hgnc").by_id("Transcript")["ENSEMBL:ENST00000275493"] == {
        "id": "ENSEMBL:ENST00000275493",
        "name": "EGFR MANE Select transcript",
        "symbol": "EGFR",
        "version": "7",
        "mane_select": True,
        "xrefs": ["RefSeq:NM_005228"],
        "line": 2,
    }


def test_central_dogma() -> None:
    found = read("hgnc")
    assert found.pairs("TRANSCRIBED_TO") == [
        ("HGNC:3236", "ENSEMBL:ENST00000275493"),
        ("HGNC:1787", "ENSEMBL:ENST00000304494"),
    ]
    # CDKN2A has two products, and the file does not say which the transcript gives.
    assert found.pairs("TRANSLATED_TO") == [("ENSEMBL:ENST00000275493", "UniProtKB:P00533")]
    assert found.pairs("ENCODES") == [
        ("HGNC:3236", "UniProtKB:P00533"),
        ("HGNC:3619", "UniProtKB:P08637"),
        ("HGNC:3620", "UniProtKB:O75015"),
        ("HGNC:1787", "UniProtKB:P42771"),
        ("HGNC:1787", "UniProtKB:Q8N726"),
        ("HGNC:4781", "UniProtKB:P62805"),
        ("HGNC:4789", "UniProtKB:P62805"),
    ]
    assert all("canonical" not in row for row in found.rows("statements", "ENCODES"))


def test_protein_of_several_genes_has_no_symbol() -> None:
    proteins = read("hgnc").by_id("Protein")
    assert proteins["UniProtKB:P00533"]["symbol"] == "EGFR"
    assert proteins["UniProtKB:P62805"] == {
        "id": "UniProtKB:P62805",
        "accession": "P62805",
        "line": 6,
    }


def test_withdrawn_symbol_is_rejected() -> None:
    assert read("hgnc").rejects() == [
        ("not an approved gene", "HGNC:1", 9),
        ("withdrawn without a successor", "HGNC:9004", 5),
        ("split into several genes", "HGNC:9003 → HGNC:3619, HGNC:3620", 4),
    ]


def test_merged_ids_follow_to_their_one_successor() -> None:
    rows = [row for row in read("hgnc").rows("nodes", "Gene") if "former_ids" in row]
    assert rows == [
        {"id": "HGNC:3236", "former_ids": ["HGNC:9001"], "previous": ["OLDR"], "line": 2},
        {"id": "HGNC:3236", "former_ids": ["HGNC:9002"], "previous": ["CHAINED"], "line": 3},
    ]


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(real_data / "hgnc/hgnc_complete_set.txt.gz", sep="\t", dtype=str)
    found = read("hgnc", real_data)
    assert found.count("nodes", "Gene") == len(raw) == 43_882
    assert found.count("nodes", "Transcript") == raw["mane_select"].notna().sum()
    products = raw["uniprot_ids"].dropna().str.split("|")
    assert found.count("statements", "ENCODES") == products.str.len().sum()
    assert found.count("nodes", "Protein") == products.explode().nunique()
    one = raw[raw["mane_select"].notna() & raw["uniprot_ids"].notna()]["uniprot_ids"]
    assert found.count("statements", "TRANSLATED_TO") == (~one.str.contains("|", regex=False)).sum()
    genes = found.rows("nodes", "Gene")
    entrez = {x for gene in genes for x in gene.get("xrefs", ()) if x.startswith("NCBIGene:")}
    assert entrez == set("NCBIGene:" + raw["entrez_id"].dropna())
    assert [gene["line"] for gene in genes] == list(range(2, len(raw) + 2))
