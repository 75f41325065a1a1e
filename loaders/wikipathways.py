"""WikiPathways: human pathways and the genes that take part, from its file of gene sets."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.columns import listed, normal_form, references
from tosg_graph.sources.source import Files

HUMAN = "Homo sapiens"
#: Name, release, id and species stand in the first column.
_HEAD = r"^(.*)%WikiPathways_(\d{8})%(WP\d+)%([^\t]+)\t[^\t]*\t?(.*)$"


def read(files: Files) -> Iterator[Chunk]:
    """Read a pathway per line, and its members; a line of another species is rejected."""
    file = files["members"]
    for lines in file.lines():
        sets = lines["text"].str.extract(_HEAD).assign(line=lines["line"], text=lines["text"])
        human = sets[3].eq(HUMAN)
        found = sets[human].assign(id=references("WIKIPATHWAYS", sets.loc[human, 2]))
        pathways = pd.DataFrame(
            {"id": found["id"], "name": normal_form(found[0]), "line": found["line"]}
        )
        yield Chunk.nodes("Pathway", file.name, pathways)
        yield Chunk.statements("MEMBER_OF", file.name, _members(found))
        yield Chunk.rejects(file.name, _rejected(sets[~human & sets["text"].ne("")]))


def version(files: Files) -> str | None:
    """Read the date of the release from the first line."""
    found = re.match(_HEAD, files["members"].head[0])
    return found[2] if found else None


def _members(sets: pd.DataFrame) -> pd.DataFrame:
    genes = sets.assign(gene=listed("NCBIGene", sets[4], "\t"))
    pairs = genes.explode("gene", ignore_index=True).dropna(subset="gene")
    return pd.DataFrame(
        {
            "source_ref": pairs["gene"],
            "source_label": "Gene",
            "target_ref": pairs["id"],
            "target_label": "Pathway",
            "line": pairs["line"],
        }
    )


def _rejected(sets: pd.DataFrame) -> pd.DataFrame:
    value = sets["text"].str.split("\t").str[0]
    return pd.DataFrame({"reason": "no human pathway", "value": value, "line": sets["line"]})


#: A release of each month is kept for about a year; a later one is found under "current" there.
_RELEASE = "20260910"
_FILE = f"wikipathways-{_RELEASE}-gmt-Homo_sapiens.gmt"

SOURCE = Source(
    name="wikipathways",
    title="WikiPathways",
    gives="pathways and the genes that take part",
    url="https://www.wikipathways.org/",
    licence=Licence("CC0-1.0", "https://www.wikipathways.org/about.html"),
    citation="Agrawal A et al., WikiPathways 2024: next generation pathway database, "
    "Nucleic Acids Research 52:D679 (2024), doi:10.1093/nar/gkad960",
    files=(
        FileSpec(
            "members",
            ("wikipathways*homo_sapiens.gmt",),
            recognise=lambda head: bool(re.match(_HEAD, head[0])),
            expects="gene sets: name%WikiPathways_DATE%WP…%species, address, an Entrez id a column",
        ),
    ),
    read=read,
    version=version,
    release=_RELEASE,
    downloads=(
        Download("members", f"https://data.wikipathways.org/{_RELEASE}/gmt/{_FILE}", _FILE),
    ),
    by_hand="take the newest wikipathways-…-gmt-Homo_sapiens.gmt from "
    "https://data.wikipathways.org/current/gmt/",
)
