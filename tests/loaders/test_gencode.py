from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.identifiers import Resolver
from tosg_graph.sources.inventory import take_inventory
from tosg_graph.sources.registry import discover, find_files

ENSEMBL = """#!genome-build GRCh38.p14
7\thavana\tgene\t1\t2\t.\t+\t.\tgene_id "ENSG00000146648"; gene_version "22"; gene_name "EGFR"; \
gene_biotype "protein_coding";
7\thavana\ttranscript\t1\t2\t.\t+\t.\tgene_id "ENSG00000146648"; gene_version "22"; \
transcript_id "ENST00000275493"; transcript_version "7"; gene_name "EGFR"; \
gene_biotype "protein_coding"; transcript_name "EGFR-201"; transcript_biotype "protein_coding"; \
tag "MANE_Select";
7\thavana\tCDS\t1\t2\t.\t+\t0\tgene_id "ENSG00000146648"; transcript_id "ENST00000275493"; \
protein_id "ENSP00000275493"; protein_version "2";
"""
EGFR_TRANSCRIPT = {
    "id": "ENSEMBL:ENST00000275493",
    "name": "EGFR-201",
    "symbol": "EGFR",
    "version": "7",
    "biotype": "protein_coding",
    "mane_select": True,
}


def test_gencode_dialect() -> None:
    found = read("gencode")
    transcripts = found.by_id("Transcript")
    assert transcripts["ENSEMBL:ENST00000275493"] == {**EGFR_TRANSCRIPT, "line": 7}
    assert "mane_select" not in transcripts["ENSEMBL:ENST00000456328"]
    assert found.by_id("Gene")["ENSEMBL:ENSG00000290825"] == {
        "id": "ENSEMBL:ENSG00000290825",
        "name": "DDX11L16",
        "biotype": "lncRNA",
        "synonyms": ["DDX11L16"],
        "line": 11,
    }
    assert found.pairs("TRANSCRIBED_TO") == [
        ("ENSEMBL:ENSG00000146648", "ENSEMBL:ENST00000275493"),
        ("ENSEMBL:ENSG00000290825", "ENSEMBL:ENST00000456328"),
    ]
    assert found.pairs("TRANSLATED_TO") == [("ENSEMBL:ENST00000275493", "ENSEMBL:ENSP00000275493")]


def test_ensembl_dialect_reads_alike(tmp_path: Path) -> None:
    (tmp_path / "Homo_sapiens.GRCh38.115.gtf").write_text(ENSEMBL, encoding="utf-8")
    found = read("gencode", tmp_path)
    assert found.rows("nodes", "Transcript") == [{**EGFR_TRANSCRIPT, "line": 3}]
    (stock,) = take_inventory([discover()["gencode"]], tmp_path).stocks
    assert stock.version == "Ensembl 115"
    assert found.rows("nodes", "Gene")[0]["biotype"] == "protein_coding"
    assert found.pairs("TRANSLATED_TO") == [("ENSEMBL:ENST00000275493", "ENSEMBL:ENSP00000275493")]


def test_no_gene_doubles_and_histories_are_followed(tmp_path: Path) -> None:
    sources = [discover()[name] for name in ("gencode", "hgnc", "uniprot")]
    build = build_graph(find_files(FIXTURES, sources, {}), tmp_path)
    genes = {row["id"]: row for row in build.table("nodes/Gene").to_pylist()}
    assert len(genes) == 8  # the seven of HGNC, and one that HGNC lacks
    assert genes["HGNC:3236"]["biotype"] == "protein_coding"
    assert genes["HGNC:3236"]["symbol"] == "EGFR"
    assert "ENSEMBL:ENSG00000146648" not in genes
    assert "ENSEMBL:ENSG00000290825" in genes
    asked = ["ENSEMBL:ENSG00000146648.5", "HGNC:9001", "HGNC:9002", "symbol:CHAINED"]
    found = Resolver.of(build).resolve(asked, label="Gene")
    assert found["id"].to_pylist() == ["HGNC:3236"] * 4


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    """The biotypes table describes what HGNC has, and no more; pandas reads both files."""
    table = pd.read_csv(real_data / "gencode/genes_homo_sapiens.csv.gz", header=None, dtype=str)
    hgnc = pd.read_csv(real_data / "hgnc/hgnc_complete_set.txt.gz", sep="\t", dtype=str)
    found = read("gencode", real_data)
    assert found.count("annotations", "Gene") == len(table) == 78_894
    assert {row["ref"] for row in found.rows("annotations", "Gene")} == set("ENSEMBL:" + table[0])
    owners = hgnc["ensembl_gene_id"].value_counts()
    assert table[0].isin(owners.index[owners.eq(1)]).sum() == 41_046
    assert table[0].isin(owners.index[owners.gt(1)]).sum() == 1
