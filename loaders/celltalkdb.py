"""CellTalkDB: human pairs of a ligand and its receptor, each with the publications that show it.

An end is named by its Entrez gene, which outlives its symbol; where the file has none, by the
symbol. The canonical product of the gene is meant. The table of the mouse has the same columns: its
rows are told by their Ensembl genes, and counted in the rejects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.columns import first_known, references
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

ENDS = ("ligand", "receptor")
COLUMNS = ("lr_pair", "ligand_gene_symbol", "receptor_gene_symbol", "evidence")
GENES = tuple(f"{end}_gene_id" for end in ENDS)
ENSEMBL = tuple(f"{end}_ensembl_gene_id" for end in ENDS)
PROTEINS = tuple(f"{end}_protein_id" for end in ENDS)

#: Ensembl genes of other species have letters behind ``ENS``: ``ENSMUSG00000017167``.
_FOREIGN = r"ENS[A-Z]{3,}G\d"
_PMID = re.compile(r"(?<![\w.])\d{1,8}(?![\w.])")


def read(files: Files) -> Iterator[Chunk]:
    """Read pairs in file order, then how many were of another species."""
    file = files["pairs"]
    foreign = Tally()
    for rows in file.frames():
        rows = rows.reindex(columns=[*COLUMNS, *GENES, *ENSEMBL, "line"])
        other = _is_foreign(rows)
        foreign.add(pd.Series("a gene of another species", rows.index)[other], rows["line"][other])
        rows = rows[~other]
        facts = _facts(rows)
        whole = facts["source_ref"].notna() & facts["target_ref"].notna()
        yield Chunk.rejects(file.name, _rejected(rows[~whole]))
        yield Chunk.statements("BINDS", file.name, facts[whole])
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _is_foreign(rows: pd.DataFrame) -> pd.Series[bool]:
    ligand, receptor = (rows[name].astype(object).str.match(_FOREIGN).eq(True) for name in ENSEMBL)
    return ligand | receptor


def _facts(rows: pd.DataFrame) -> pd.DataFrame:
    source, target = (_reference(rows, end) for end in ENDS)
    return pd.DataFrame(
        {
            "source_ref": source,
            "source_label": "Protein",
            "target_ref": target,
            "target_label": "Protein",
            "record_id": rows["lr_pair"],
            "pmids": rows["evidence"].map(_PMID.findall, na_action="ignore"),
            "line": rows["line"],
        }
    )


def _reference(rows: pd.DataFrame, end: str) -> pd.Series[str]:
    gene = rows[f"{end}_gene_id"].astype(object)
    gene = references("NCBIGene", gene.where(gene.str.fullmatch(r"\d+").eq(True)))
    return first_known(gene, references("symbol", rows[f"{end}_gene_symbol"].astype(object)))


def _rejected(rows: pd.DataFrame) -> pd.DataFrame:
    reason = "the pair lacks its ligand or its receptor"
    return pd.DataFrame({"reason": reason, "value": rows["lr_pair"], "line": rows["line"]})


SOURCE = Source(
    name="celltalkdb",
    title="CellTalkDB",
    gives="pairs of a ligand and its receptor, with publications",
    url="https://github.com/ZJUFanLab/CellTalkDB",
    # Neither the site nor the repository names terms, so that nothing is granted.
    licence=Licence(
        "LicenseRef-CellTalkDB-unspecified",
        "https://github.com/ZJUFanLab/CellTalkDB",
        redistribute=False,
        commercial=False,
    ),
    citation="Shao X et al., CellTalkDB: a manually curated database of ligand–receptor "
    "interactions in humans and mice, Briefings in Bioinformatics 22:bbaa269 (2021), "
    "doi:10.1093/bib/bbaa269",
    files=(
        FileSpec(
            "pairs",
            ("human_lr_pair*.txt", "celltalkdb*.txt", "celltalkdb*.tsv"),
            columns=COLUMNS,
            layouts=(("with proteins", PROTEINS), ("with genes", GENES), ("symbols", ())),
        ),
    ),
    read=read,
)
