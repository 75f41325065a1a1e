"""Guide to PHARMACOLOGY: ligands and the human proteins they act on, with action and affinity.

Affinity is read where its unit is a negative logarithm of a molar concentration (:data:`UNITS`):
the median, else the mean of the highest and the lowest value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.actions import action_words, signs
from tosg_graph.sources.columns import (
    flags,
    items,
    listed,
    merged,
    normal_form,
    numbers,
    references,
)
from tosg_graph.sources.source import Files

HUMAN = "Human"
UNITS = ("pKi", "pKd", "pIC50", "pEC50")
COLUMNS = (
    "Target",
    "Target UniProt ID",
    "Target Species",
    "Ligand",
    "Ligand ID",
    "Type",
    "Action",
    "Affinity Units",
    "Affinity High",
    "Affinity Median",
    "Affinity Low",
    "Primary Target",
    "PubMed ID",
)
#: Where the action says more than the type: (type, action) in lower case, and the word for both.
ACTIONS = {
    ("agonist", "inverse agonist"): "INVERSE AGONIST",
    ("agonist", "partial agonist"): "PARTIAL AGONIST",
    ("allosteric modulator", "negative"): "NEGATIVE ALLOSTERIC MODULATOR",
    ("allosteric modulator", "positive"): "POSITIVE ALLOSTERIC MODULATOR",
    ("allosteric modulator", "potentiation"): "POTENTIATOR",
}
#: Words of the types that other sources word otherwise; "none" says that nothing is known.
TYPES = {"channel blocker": "BLOCKER", "none": "UNKNOWN"}
#: Columns of the cross-references, and their namespaces.
SAME_AS = (
    ("DrugBank ID", "DRUGBANK"),
    ("ChEMBL ID", "CHEMBL.COMPOUND"),
    ("Chebi ID", "CHEBI"),
    ("PubChem CID", "PUBCHEM.COMPOUND"),
)
_VERSION = re.compile(r"Version:\s*(\S+)")


def read(files: Files) -> Iterator[Chunk]:
    """Read each ligand once, then the statements about its human targets."""
    file = files["interactions"]
    same = _same_as(files)
    declared: set[str] = set()
    for rows in file.frames():
        yield Chunk.nodes("Drug", file.name, _drugs(rows, declared, same))
        human = rows["Target Species"].eq(HUMAN)
        named = rows["Target UniProt ID"].notna() & rows["Ligand ID"].notna()
        yield Chunk.rejects(file.name, _rejected(rows[~human], "not human", "Target Species"))
        yield Chunk.rejects(file.name, _rejected(rows[human & ~named], "no accession", "Ligand"))
        yield Chunk.statements("TARGETS", file.name, _targets(rows[human & named]))


def _same_as(files: Files) -> dict[str, list[str]]:
    """Exact cross-references of each ligand; memory is bounded by the number of ligands."""
    same: dict[str, list[str]] = {}
    if "ligand_ids" not in files:
        return same
    for rows in files["ligand_ids"].frames():
        columns = [
            listed(namespace, rows[column].str.replace(f"{namespace}:", "", regex=False))
            for column, namespace in SAME_AS
            if column in rows and rows[column].notna().any()
        ]
        if columns:
            same.update(zip(rows["Ligand id"], merged(*columns), strict=True))
    return same


def _drugs(rows: pd.DataFrame, declared: set[str], same: dict[str, list[str]]) -> pd.DataFrame:
    known = rows[rows["Ligand ID"].notna()]
    fresh = known[~known["Ligand ID"].isin(list(declared))].drop_duplicates("Ligand ID")
    declared.update(fresh["Ligand ID"])
    same_as = [same.get(ligand) for ligand in fresh["Ligand ID"]]
    return pd.DataFrame(
        {
            "id": references("GTOPDB", fresh["Ligand ID"]),
            "name": normal_form(fresh["Ligand"]),
            "same_as": pd.Series(same_as, index=fresh.index, dtype=object),
            "line": fresh["line"],
        }
    )


def _targets(rows: pd.DataFrame) -> pd.DataFrame:
    words = action_words(_words(rows))
    statements = pd.DataFrame(
        {
            "source_ref": references("GTOPDB", rows["Ligand ID"]),
            "source_label": "Drug",
            "target_ref": items(rows["Target UniProt ID"]),
            "target_label": "Protein",
            "pmids": items(rows["PubMed ID"]),
            "sign": signs(words),
            "action": words.str.join("; "),
            "affinity": _affinity(rows),
            "mechanism_of_action": flags(rows["Primary Target"]),
            "line": rows["line"],
        }
    ).explode("target_ref", ignore_index=True)
    return statements.assign(target_ref=references("UniProtKB", statements["target_ref"]))


def _words(rows: pd.DataFrame) -> pd.Series[Any]:
    """One action word per row, in the words of :mod:`tosg_graph.sources.actions`."""
    types, actions = (rows[c].fillna("").str.lower() for c in ("Type", "Action"))
    pairs = zip(types, actions, strict=True)
    words = [ACTIONS.get(pair) or TYPES.get(pair[0], pair[0].upper()) for pair in pairs]
    return pd.Series(words, index=rows.index, dtype=object)


def _affinity(rows: pd.DataFrame) -> pd.Series[Any]:
    high, median, low = (numbers(rows[f"Affinity {c}"]) for c in ("High", "Median", "Low"))
    mean = pd.concat([high, low], axis=1).mean(axis=1)
    return median.fillna(mean).where(rows["Affinity Units"].isin(UNITS))


def _rejected(rows: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
    value = rows[column].fillna("no species" if column == "Target Species" else "no name")
    return pd.DataFrame({"reason": reason, "value": value, "line": rows["line"]})


def _version(files: Files) -> str | None:
    found = _VERSION.search(files["interactions"].head[0])
    return found[1] if found else None


SOURCE = Source(
    name="gtopdb",
    title="Guide to PHARMACOLOGY",
    gives="ligands, the proteins they act on, with action, affinity and primary target",
    url="https://www.guidetopharmacology.org/download.jsp",
    licence=Licence("ODbL-1.0 and CC-BY-SA-4.0", "https://www.guidetopharmacology.org/about.jsp"),
    citation="Harding SD et al., The IUPHAR/BPS Guide to PHARMACOLOGY in 2024, Nucleic Acids "
    "Research 52:D1438 (2024), doi:10.1093/nar/gkad944",
    files=(
        FileSpec(
            "interactions",
            ("interactions.tsv", "interactions.csv"),
            columns=COLUMNS,
            or_separator=",",
            quoted=True,
            comment='"#',
        ),
        FileSpec(
            "ligand_ids",
            ("ligand_id_mapping.tsv", "ligand_id_mapping.csv"),
            columns=("Ligand id", "PubChem CID"),
            also=(("Ligand ID", "Ligand id"), ("ChEBI ID", "Chebi ID"), ("ChEMBl ID", "ChEMBL ID")),
            layouts=(("with Ligand ID", ("Ligand ID",)), ("with Ligand id", ())),
            or_separator=",",
            quoted=True,
            optional=True,
            adds="ids of ligands in other vocabularies, by which drugs of two sources are one",
            comment='"#',
        ),
    ),
    read=read,
    version=_version,
    downloads=tuple(
        Download(role, f"https://www.guidetopharmacology.org/DATA/{file}", file)
        for role, file in (
            ("interactions", "interactions.tsv"),
            ("ligand_ids", "ligand_id_mapping.tsv"),
        )
    ),
)
