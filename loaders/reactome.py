"""Reactome: human pathways, which is part of which, and the genes and proteins that take part.

The gene sets say which genes take part, by symbol; the file of UniProt accessions says which
proteins do, and how that is known. It is published twice: with the lowest pathways only, and with
all levels. The latter holds every row of the former, so where both are at hand it alone is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.arrays import prefixed, repeated
from tosg_graph.sources.columns import items, normal_form, references
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

HUMAN = "Homo sapiens"
HUMAN_ID = "R-HSA-"
#: Columns of the files of proteins; the code is TAS (a statement of an author) or IEA (inferred).
PROTEINS = ("accession", "pathway", "url", "event", "code", "species")
#: The files of proteins, the one that is read if both are there first.
LEVELS = ("proteins_all_levels", "proteins")
_PATTERNS = ("uniprot2reactome_all_levels*.txt", "uniprot2reactome.txt")

_ID = re.compile(r"R-[A-Z]{3}-\d+")


def read(files: Files) -> Iterator[Chunk]:
    """Read pathways, then their hierarchy, then their members; other species are only counted."""
    yield from _pathways(files["pathways"])
    yield from _hierarchy(files["hierarchy"])
    yield from _members(files["members"])
    found = [files[role] for role in LEVELS if role in files]
    for file in found[:1]:
        yield from _proteins(file)
    for file in found[1:]:
        yield Chunk.rejects(file.name, _unread(instead=found[0]))


def _pathways(file: SourceFile) -> Iterator[Chunk]:
    foreign = Tally()
    for rows in file.frames():
        human = rows["species"].eq(HUMAN)
        other = rows[~human]
        foreign.add(other["species"].fillna("no species"), other["line"])
        found = rows[human]
        pathways = pd.DataFrame(
            {
                "id": references("REACT", found["id"]),
                "name": normal_form(found["name"]),
                "line": found["line"],
            }
        )
        yield Chunk.nodes("Pathway", file.name, pathways)
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _hierarchy(file: SourceFile) -> Iterator[Chunk]:
    foreign = Tally()
    for rows in file.frames():
        human = rows["parent"].str.startswith(HUMAN_ID) & rows["child"].str.startswith(HUMAN_ID)
        other = rows[~human]
        foreign.add(other["parent"].str.split("-").str[1], other["line"])
        found = rows[human]
        relations = pd.DataFrame(
            {
                "source_ref": references("REACT", found["child"]),
                "source_label": "Pathway",
                "target_ref": references("REACT", found["parent"]),
                "target_label": "Pathway",
                "line": found["line"],
            }
        )
        yield Chunk.statements("CHILD_OF", file.name, relations)
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _members(file: SourceFile) -> Iterator[Chunk]:
    """Read a gene set per line: name, id, and a symbol per further column."""
    for lines in file.lines():
        fields = lines["text"].str.split("\t", n=2, expand=True).reindex(columns=range(3))
        symbols = fields.assign(symbol=items(fields[2], "\t"), line=lines["line"])
        whole = symbols["symbol"].notna() & symbols[1].str.startswith(HUMAN_ID, na=False)
        yield Chunk.rejects(file.name, _empty(symbols[~whole]))
        pairs = symbols[whole].explode("symbol", ignore_index=True)
        statements = pd.DataFrame(
            {
                "source_ref": references("symbol", pairs["symbol"]),
                "source_label": "Gene",
                "target_ref": references("REACT", pairs[1]),
                "target_label": "Pathway",
                "line": pairs["line"],
            }
        )
        yield Chunk.statements("MEMBER_OF", file.name, statements)


def _proteins(file: SourceFile) -> Iterator[Chunk]:
    """Read the proteins of each pathway; memory is bounded by a block of the file."""
    foreign = Tally()
    for table in file.tables(PROTEINS):
        human = pc.fill_null(pc.equal(table["species"], HUMAN), False)
        other = table.filter(pc.invert(human))
        foreign.add_columns(pc.coalesce(other["species"], "no species"), other["line"])
        yield Chunk.statements("MEMBER_OF", file.name, _takes_part(table.filter(human)))
    yield Chunk.rejects(file.name, foreign.rows("not human"))


def _takes_part(rows: pa.Table) -> pa.Table:
    return pa.table(
        {
            "source_ref": prefixed("UniProtKB", rows["accession"]),
            "source_label": repeated("Protein", len(rows)),
            "target_ref": prefixed("REACT", rows["pathway"]),
            "target_label": repeated("Pathway", len(rows)),
            "mechanism": rows["code"],
            "line": rows["line"],
        }
    )


def _empty(rows: pd.DataFrame) -> pd.DataFrame:
    reason = "the set has no human pathway id, or no members"
    return pd.DataFrame({"reason": reason, "value": rows[1].fillna(rows[0]), "line": rows["line"]})


def _unread(*, instead: SourceFile) -> pd.DataFrame:
    reason = "not read: another file holds all of its rows"
    return pd.DataFrame({"reason": [reason], "value": [instead.name], "line": [1]})


def _is_pathways(head: list[str]) -> bool:
    fields = head[0].split("\t")
    return len(fields) == 3 and bool(_ID.fullmatch(fields[0])) and not _ID.fullmatch(fields[1])


def _is_hierarchy(head: list[str]) -> bool:
    fields = head[0].split("\t")
    return len(fields) == 2 and all(_ID.fullmatch(field) for field in fields)


def _is_proteins(head: list[str]) -> bool:
    fields = head[0].split("\t")
    return len(fields) == len(PROTEINS) and bool(_ID.fullmatch(fields[1])) and "://" in fields[2]


def _is_gene_sets(head: list[str]) -> bool:
    fields = head[0].split("\t")
    return len(fields) > 2 and bool(_ID.fullmatch(fields[1])) and "://" not in fields[2]


_AT = "https://reactome.org/download/current"

SOURCE = Source(
    name="reactome",
    title="Reactome",
    gives="pathways, their hierarchy, and the genes and proteins in them",
    url="https://reactome.org/download-data",
    licence=Licence("CC0-1.0", "https://reactome.org/license"),
    citation="Milacic M et al., The Reactome Pathway Knowledgebase 2024, "
    "Nucleic Acids Research 52:D672 (2024), doi:10.1093/nar/gkad1025",
    files=(
        FileSpec(
            "pathways",
            ("reactomepathways.txt",),
            names=("id", "name", "species"),
            recognise=_is_pathways,
            expects="3 columns without a header: pathway id (R-HSA-…), name, species",
        ),
        FileSpec(
            "hierarchy",
            ("reactomepathwaysrelation.txt",),
            names=("parent", "child"),
            recognise=_is_hierarchy,
            expects="2 columns without a header: id of the parent, id of the child",
        ),
        FileSpec(
            "members",
            ("reactome*.gmt",),
            recognise=_is_gene_sets,
            expects="gene sets: name, pathway id (R-HSA-…), then a symbol per column",
        ),
        *(
            FileSpec(
                role,
                (pattern,),
                names=PROTEINS,
                optional=True,
                adds="proteins of pathways" if role == LEVELS[0] else "",
                recognise=_is_proteins,
                expects=f"6 columns without a header: {', '.join(PROTEINS)}",
            )
            for role, pattern in zip(LEVELS, _PATTERNS, strict=True)
        ),
    ),
    read=read,
    downloads=(
        Download("pathways", f"{_AT}/ReactomePathways.txt", "ReactomePathways.txt"),
        Download(
            "hierarchy", f"{_AT}/ReactomePathwaysRelation.txt", "ReactomePathwaysRelation.txt"
        ),
        Download(
            "members",
            f"{_AT}/ReactomePathways.gmt.zip",
            "ReactomePathways.gmt",
            member="ReactomePathways.gmt",
        ),
        Download(
            "proteins_all_levels",
            f"{_AT}/UniProt2Reactome_All_Levels.txt",
            "UniProt2Reactome_All_Levels.txt",
        ),
    ),
    revision=2,
)
