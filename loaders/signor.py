"""SIGNOR: signed, directed, causal relations between proteins, each with its publication.

Two layouts are read: the 25 columns without a header of the 2016 release, and the current one with
its header. A record that belongs to several pathways stands on several rows in the former.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
from ftfy import fix_encoding

from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.columns import normal_form, numbers, references, translated
from tosg_graph.sources.source import Files

ENTITY_A = ("ENTITYA", "TYPEA", "IDA", "DATABASEA")
ENTITY_B = ("ENTITYB", "TYPEB", "IDB", "DATABASEB")
COLUMNS = (
    *ENTITY_A,
    *ENTITY_B,
    "EFFECT",
    "MECHANISM",
    "RESIDUE",
    "TAX_ID",
    "PMID",
    "DIRECT",
    "SENTENCE",
    "SIGNOR_ID",
)
# The columns from 13 to 18 are all but empty; what two of them hold is their published name.
HEADERLESS = (
    *ENTITY_A,
    *ENTITY_B,
    "EFFECT",
    "MECHANISM",
    "RESIDUE",
    "SEQUENCE",
    "TAX_ID",
    "CELL_DATA",
    "TISSUE_DATA",
    "MODIFICATIONA",
    "MODASEQ",
    "MODIFICATIONB",
    "MODBSEQ",
    "PMID",
    "DIRECT",
    "NOTES",
    "SENTENCE",
    "SIGNOR_ID",
    "PATHWAY",
)

#: What an effect says of the target, by how its text starts; the first that fits counts.
EFFECTS = (
    ("ACTIVATES", re.compile(r"activates?$|up-regulates\b")),
    ("INHIBITS", re.compile(r"inactivates?$|inhibits?$|down-regulates\b")),
    ("REGULATES", re.compile(r"unknown$|regulates\b")),
)
DIRECT = {"YES": True, "T": True, "TRUE": True, "NO": False, "F": False, "FALSE": False}
_BEYOND_ASCII = "[^\x00-\x7f]"


def read(files: Files) -> Iterator[Chunk]:
    """Read statements between proteins; what is no protein, or has another effect, is rejected."""
    file = files["relations"]
    for rows in file.frames():
        proteins = _is_protein(rows, "A") & _is_protein(rows, "B")
        yield Chunk.rejects(file.name, _not_proteins(rows[~proteins]))
        rows = rows[proteins].reset_index(drop=True)
        edge_type = _edge_type(rows["EFFECT"])
        yield Chunk.rejects(file.name, _unknown_effect(rows[edge_type.isna()]))
        statements = _statements(rows)
        for name, _ in EFFECTS:
            yield Chunk.statements(name, file.name, statements[edge_type.eq(name)])


def _is_protein(rows: pd.DataFrame, end: str) -> pd.Series[bool]:
    typed = rows[f"TYPE{end}"].str.upper().eq("PROTEIN")
    return typed & rows[f"DATABASE{end}"].str.upper().eq("UNIPROT") & rows[f"ID{end}"].notna()


def _edge_type(effects: pd.Series[str]) -> pd.Series[str]:
    table = {text: _effect(text) for text in effects.dropna().unique()}
    return translated(effects, table)


def _effect(text: str) -> str | None:
    """Give the type of edge that an effect makes; ``form complex`` and the like make none."""
    words = text.strip().lower()
    return next((name for name, pattern in EFFECTS if pattern.match(words)), None)


def _statements(rows: pd.DataFrame) -> pd.DataFrame:
    score = numbers(rows["SCORE"]) if "SCORE" in rows else None
    return pd.DataFrame(
        {
            "source_ref": references("UniProtKB", rows["IDA"]),
            "source_label": "Protein",
            "target_ref": references("UniProtKB", rows["IDB"]),
            "target_label": "Protein",
            "record_id": rows["SIGNOR_ID"],
            "pmids": [[pmid] for pmid in rows["PMID"].where(rows["PMID"].str.isdigit().eq(True))],
            "sentence": _repaired(rows["SENTENCE"]),
            "mechanism": rows["MECHANISM"].str.lower(),
            "residue": rows["RESIDUE"],
            "direct": translated(rows["DIRECT"].str.upper(), DIRECT),
            "score": score,
            "line": rows["line"],
        }
    )


def _repaired(sentences: pd.Series[str]) -> pd.Series[str]:
    """Undo UTF-8 that was once read as another encoding: ``Î±`` was a Greek alpha."""
    damaged = sentences[sentences.str.contains(_BEYOND_ASCII, na=False)].unique()
    table = {text: fix_encoding(text) for text in damaged}
    return normal_form(pd.Series([table.get(s, s) for s in sentences], index=sentences.index))


def _not_proteins(rows: pd.DataFrame) -> pd.DataFrame:
    ends = [
        rows[f"TYPE{end}"] + " " + rows[f"DATABASE{end}"] + ":" + rows[f"ID{end}"] for end in "AB"
    ]
    return pd.DataFrame(
        {
            "reason": "an end is not a protein with a UniProt accession",
            "value": ends[0] + " → " + ends[1],
            "line": rows["line"],
        }
    )


def _unknown_effect(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {"reason": "the effect is no regulation", "value": rows["EFFECT"], "line": rows["line"]}
    )


def _is_headerless(head: list[str]) -> bool:
    fields = head[0].split("\t")
    return len(fields) == len(HEADERLESS) and fields[23].startswith("SIGNOR-")


SOURCE = Source(
    name="signor",
    title="SIGNOR, the SIGnaling Network Open Resource",
    gives="causal relations between proteins with sign, mechanism, sentence and publication",
    url="https://signor.uniroma2.it/downloads.php",
    licence=Licence("CC-BY-4.0", "https://signor.uniroma2.it/about/"),
    citation="Lo Surdo P et al., SIGNOR 3.0, the SIGnaling network open resource 3.0: 2022 update, "
    "Nucleic Acids Research 51:D631 (2023), doi:10.1093/nar/gkac883",
    files=(
        FileSpec(
            "relations",
            ("signor*.tsv", "signor*.txt", "all_data_*.tsv"),
            columns=COLUMNS,
            names=HEADERLESS,
            recognise=_is_headerless,
        ),
    ),
    read=read,
)
