"""RefSeq: what the curators of NCBI say of a gene, in a paragraph."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.columns import normal_form, pmids, references
from tosg_graph.sources.source import Files

COLUMNS = ("Taxon_ID", "Gene_ID", "Gene_summary")
#: How NCBI's own file of summaries calls them.
SPELLINGS = (("tax_id", "Taxon_ID"), ("GeneID", "Gene_ID"), ("Summary", "Gene_summary"))
HUMAN = "9606"


def read(files: Files) -> Iterator[Chunk]:
    """Read one description per gene."""
    file = files["summaries"]
    for rows in file.frames():
        human = rows["Taxon_ID"].eq(HUMAN)
        # One row of the published file says "<NA>" in place of a gene.
        whole = rows["Gene_ID"].str.isdigit().eq(True) & rows["Gene_summary"].notna()
        other, empty = rows[~human], rows[human & ~whole]
        named = "Gene_ID " + empty["Gene_ID"].fillna("missing")
        yield Chunk.rejects(file.name, _rejected(other, "not human", other["Taxon_ID"]))
        yield Chunk.rejects(file.name, _rejected(empty, "no gene or no summary", named))
        yield Chunk.annotations("Gene", file.name, _summaries(rows[human & whole]))


def _summaries(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ref": references("NCBIGene", rows["Gene_ID"]),
            "description": normal_form(rows["Gene_summary"]),
            "description_pmids": pmids(rows["Gene_summary"]),
            "line": rows["line"],
        }
    )


def _rejected(rows: pd.DataFrame, reason: str, value: pd.Series[str]) -> pd.DataFrame:
    return pd.DataFrame({"reason": reason, "value": value, "line": rows["line"]})


SOURCE = Source(
    name="refseq",
    title="NCBI Reference Sequence Database, gene summaries",
    gives="descriptions of genes",
    url="https://www.ncbi.nlm.nih.gov/refseq/",
    licence=Licence(
        "LicenseRef-NCBI-public-domain", "https://www.ncbi.nlm.nih.gov/home/about/policies/"
    ),
    citation="O'Leary NA et al., Reference sequence (RefSeq) database at NCBI: current status, "
    "taxonomic expansion, and functional annotation, Nucleic Acids Research 44:D733 (2016), "
    "doi:10.1093/nar/gkv1189",
    files=(
        FileSpec(
            "summaries",
            ("gene_summary", "*gene_summary*.tsv", "*gene_summary*.txt"),
            columns=COLUMNS,
            also=SPELLINGS,
        ),
    ),
    read=read,
    revision=2,
    downloads=(
        Download(
            "summaries",
            "https://ftp.ncbi.nlm.nih.gov/gene/DATA/gene_summary.gz",
            "gene_summary.gz",
        ),
    ),
)
