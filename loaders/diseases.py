"""DISEASES: genes associated with diseases, from curated knowledge, experiments and text mining.

A gene is named by its symbol: the Ensembl protein beside it stands in the record id. The score is
the confidence of 0 to 5 stars, divided by 5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.columns import numbers, references
from tosg_graph.sources.source import Files

FIRST = ("gene_id", "symbol", "disease_id", "disease")
#: What stands in the columns after the disease, by channel.
CHANNELS = {
    "knowledge": ("database", "evidence", "confidence"),
    "experiments": ("database", "source_score", "confidence"),
    "textmining": ("z_score", "confidence", "url"),
}
STARS = 5
#: How the terms begin that databases of the same layout have: TISSUES and COMPARTMENTS.
SIBLINGS = ("BTO:", "GO:")
_STARS = re.compile(r"[0-5](?:\.\d+)?")
_SITE = "https://download.jensenlab.org/"


def read(files: Files) -> Iterator[Chunk]:
    """Read the associations of each channel; rows without the id of a disease are rejected."""
    for channel in CHANNELS:
        if channel in files:
            yield from _associations(files[channel], channel)


def _associations(file: SourceFile, channel: str) -> Iterator[Chunk]:
    for rows in file.frames():
        named = rows["disease_id"].str.contains(":", na=False) & rows["symbol"].notna()
        found = rows[named]
        statements = pd.DataFrame(
            {
                "source_ref": references("symbol", found["symbol"]),
                "source_label": "Gene",
                "target_ref": found["disease_id"],
                "target_label": "Disease",
                "record_id": found["gene_id"] + " " + found["disease_id"],
                "mechanism": channel,
                "score": numbers(found["confidence"]) / STARS,
                "line": found["line"],
            }
        )
        yield Chunk.statements("ASSOCIATED_WITH", file.name, statements)
        other = rows[~named]
        value = other["disease_id"].fillna(other["disease"])
        reason = "no symbol, or no id of a disease"
        rejected = pd.DataFrame({"reason": reason, "value": value, "line": other["line"]})
        yield Chunk.rejects(file.name, rejected)


def _is_channel(channel: str, head: list[str]) -> bool:
    """Tell the channel by its first row: only a measured evidence has a number in its words.

    The gene need not be an Ensembl protein: a file may begin with ``18S_rRNA``.
    """
    fields = head[0].rstrip("\n").split("\t")
    if len(fields) != len(FIRST) + len(CHANNELS[channel]) or fields[2].startswith(SIBLINGS):
        return False
    textmining, measured = "://" in fields[6], any(character.isdigit() for character in fields[5])
    stars = fields[CHANNELS["textmining" if textmining else "knowledge"].index("confidence") + 4]
    told = "textmining" if textmining else "experiments" if measured else "knowledge"
    return told == channel and bool(_STARS.fullmatch(stars))


def _spec(channel: str) -> FileSpec:
    return FileSpec(
        channel,
        (f"human_disease_{channel}_filtered*.tsv",),
        names=(*FIRST, *CHANNELS[channel]),
        optional=channel != "knowledge",
        recognise=lambda head: _is_channel(channel, head),
        expects=f"7 columns without a header: {', '.join((*FIRST, *CHANNELS[channel]))}",
    )


SOURCE = Source(
    name="diseases",
    title="DISEASES",
    gives="genes associated with diseases, with the confidence of each association",
    url="https://diseases.jensenlab.org/",
    licence=Licence("CC-BY-4.0", "https://diseases.jensenlab.org/Downloads"),
    citation="Grissa D et al., DISEASES 2.0: a weekly updated database of disease-gene "
    "associations from text mining and data integration, Database 2022:baac019 (2022), "
    "doi:10.1093/database/baac019",
    files=tuple(_spec(channel) for channel in CHANNELS),
    read=read,
    downloads=tuple(
        Download(c, f"{_SITE}human_disease_{c}_filtered.tsv", f"human_disease_{c}_filtered.tsv")
        for c in CHANNELS
    ),
    knowledge_level="not_provided",
)
