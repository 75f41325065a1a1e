"""LIANA: the pairs of ligands and receptors of many resources, and their consensus, in one file.

A row is a pair in one resource; each becomes a statement of its own, and its record id names the
resource. The file gives UniProt accessions beside the symbols: the accession is read where there is
one. Complexes are written as their parts, ``COMPLEX:P04626_P21860`` or ``ERBB2_ERBB3``. Resources
of the mouse have symbols of the mouse beside human accessions: they are counted and left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.columns import first_known, plain
from tosg_graph.sources.composites import Composites, statement_ends
from tosg_graph.sources.source import Download, Files
from tosg_graph.sources.tally import Tally

NAME = "liana"
COLUMNS = ("source_genesymbol", "target_genesymbol", "resource")
ACCESSIONS = ("source", "target")
#: How the names of resources begin that speak of another species.
FOREIGN = ("mouse", "rat", "zebrafish")
#: What R writes for an absent value.
NOTHING = "NA"


def read(files: Files) -> Iterator[Chunk]:
    """Read pairs in file order, complexes before what is said of them, then what was left out."""
    file = files["pairs"]
    complexes, foreign = Composites(NAME), Tally()
    for rows in file.frames():
        other = rows["resource"].str.lower().str.startswith(FOREIGN).eq(True)
        foreign.add(rows["resource"][other], rows["line"][other])
        rows = rows[~other]
        rows = rows.assign(ligand=_end(rows, "source"), receptor=_end(rows, "target"))
        whole = rows[["ligand", "receptor", "resource"]].notna().all(axis=1)
        yield Chunk.rejects(file.name, _rejected(rows[~whole]))
        rows = rows[whole]
        ends = rows[["ligand", "receptor", "line"]].melt("line", value_name="node")
        yield Chunk.complexes(file.name, complexes.fresh(ends["node"], ends["line"]))
        yield Chunk.statements("BINDS", file.name, _facts(rows))
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _end(rows: pd.DataFrame, end: str) -> pd.Series[str]:
    symbol = _known(rows[f"{end}_genesymbol"])
    return first_known(_known(rows[end]), symbol) if end in rows else symbol


def _known(column: pd.Series[str]) -> pd.Series[str]:
    return plain(column.str.strip().mask(column.str.strip().eq(NOTHING)))


def _facts(rows: pd.DataFrame) -> pd.DataFrame:
    symbols = rows["source_genesymbol"].fillna("?") + "/" + rows["target_genesymbol"].fillna("?")
    return pd.DataFrame(
        {
            **statement_ends(rows["ligand"], rows["receptor"], source=NAME),
            "record_id": rows["resource"] + ":" + symbols,
            "line": rows["line"],
        }
    )


def _rejected(rows: pd.DataFrame) -> pd.DataFrame:
    value = rows["source_genesymbol"].fillna("?") + " " + rows["target_genesymbol"].fillna("?")
    reason = "the pair lacks its ligand, its receptor or its resource"
    return pd.DataFrame({"reason": reason, "value": value, "line": rows["line"]})


_AT = "https://raw.githubusercontent.com/saezlab/liana-py/main/src/liana/resource"

SOURCE = Source(
    name=NAME,
    title="LIANA",
    gives="pairs of ligands and receptors, by resource and in consensus, with complexes",
    url="https://github.com/saezlab/liana-py",
    # The rows come from many resources through OmniPath, each with terms of its own.
    licence=Licence(
        "LicenseRef-OmniPath-composite-academic",
        "https://omnipathdb.org/info",
        redistribute=False,
        commercial=False,
    ),
    citation="Dimitrov D et al., Comparison of methods and resources for cell-cell communication "
    "inference from single-cell RNA-Seq data, Nature Communications 13:3224 (2022), "
    "doi:10.1038/s41467-022-30755-0",
    files=(
        FileSpec(
            "pairs",
            ("omni_resource*.csv", "liana*.csv"),
            columns=COLUMNS,
            separator=",",
            quoted=True,
            layouts=(("with accessions", ACCESSIONS), ("symbols", ())),
        ),
    ),
    read=read,
    downloads=(Download("pairs", f"{_AT}/omni_resource.csv", "omni_resource.csv"),),
)
