"""UniProt: the reviewed human proteins with their names and lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.columns import integers, items, references
from tosg_graph.sources.source import Files

COLUMNS = ("Entry", "Entry name", "Protein names", "Gene names", "Organism", "Length")
# The website renamed columns in 2022; both layouts are read.
SPELLINGS = (("Entry Name", "Entry name"), ("Gene Names", "Gene names"))

_PARTS = re.compile(r" \[(?:Cleaved into|Includes): .*$")
_NO_NAME = re.compile(r"EC [\d.n-]+|Fragments?")
_ANTIGEN = re.compile(r"CD antigen (CD\w+)")


def read(files: Files) -> Iterator[Chunk]:
    """Read proteins, and the genes that the file names as theirs."""
    file = files["proteins"]
    for rows in file.frames():
        human = rows["Organism"].str.startswith("Homo sapiens", na=False)
        yield Chunk.rejects(file.name, _foreign(rows[~human]))
        proteins = rows[human].reset_index(drop=True)
        yield Chunk.nodes("Protein", file.name, _proteins(proteins))
        yield Chunk.statements("ENCODES", file.name, _encodes(proteins))


def names_of(text: str) -> tuple[str, list[str]]:
    """Take a field of protein names apart: the recommended name, and the other ones.

    The recommended name may hold parentheses itself (``DNA (cytosine-5)-methyltransferase 1``), so
    the names in parentheses are peeled off from the end, each with its parentheses in balance.
    Names of fragments and of included domains belong to other things; EC numbers are classes of
    reactions and no names.
    """
    rest = _PARTS.sub("", text).strip()
    found: list[str] = []
    while (start := _last_group(rest)) > 0:
        found.append(rest[start + 2 : -1])
        rest = rest[:start].rstrip()
    names = [_ANTIGEN.sub(r"\1", name) for name in reversed(found) if not _NO_NAME.fullmatch(name)]
    return rest, names


def _last_group(text: str) -> int:
    """Where the blank before the parenthesised end of a text stands, or 0 if it has no such end."""
    if not text.endswith(")"):
        return 0
    depth = 0
    for position in range(len(text) - 1, 0, -1):
        depth += (text[position] == ")") - (text[position] == "(")
        if depth == 0:
            return position - 1 if text[position - 1] == " " else 0
    return 0


def _proteins(rows: pd.DataFrame) -> pd.DataFrame:
    names = [names_of(text or "") for text in rows["Protein names"]]
    return pd.DataFrame(
        {
            "id": references("UniProtKB", rows["Entry"]),
            "name": [name for name, _ in names],
            "synonyms": [others for _, others in names],
            "accession": rows["Entry"],
            "entry_name": rows["Entry name"],
            "length": integers(rows["Length"]),
            "line": rows["line"],
        }
    )


def _encodes(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per gene: groups are separated by ``;``, the first name of a group is the gene's."""
    pairs = rows[["Entry", "line"]].assign(group=items(rows["Gene names"], ";"))
    pairs = pairs.explode("group", ignore_index=True).dropna(subset="group")
    return pd.DataFrame(
        {
            "source_ref": references("symbol", pairs["group"].str.split().str[0]),
            "source_label": "Gene",
            "target_ref": references("UniProtKB", pairs["Entry"]),
            "target_label": "Protein",
            "record_id": pairs["Entry"],
            "line": pairs["line"],
        }
    )


def _foreign(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"reason": "not human", "value": rows["Organism"], "line": rows["line"]})


SOURCE = Source(
    name="uniprot",
    title="UniProt Knowledgebase",
    gives="proteins with their names, accessions and lengths",
    url="https://www.uniprot.org/uniprotkb?query=organism_id:9606+AND+reviewed:true",
    licence=Licence("CC-BY-4.0", "https://www.uniprot.org/help/license"),
    citation="The UniProt Consortium, UniProt: the Universal Protein Knowledgebase in 2025, "
    "Nucleic Acids Research 53:D609 (2025), doi:10.1093/nar/gkae1010",
    files=(
        FileSpec("proteins", ("uniprot*.tab", "uniprot*.tsv"), columns=COLUMNS, also=SPELLINGS),
    ),
    read=read,
)
