"""DrugCentral: drugs and the human proteins they act on, with action, affinity and mechanism.

``ACT_VALUE`` is the negative decadic logarithm of a molar concentration. It is taken as affinity
where the relation is ``=`` or empty: ``>``, ``<`` and ``~`` bound or guess it. Measures of
something else than the drug's hold on the protein (:data:`OTHER_MEASURES`) are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source
from tosg_graph.sources.actions import action_words, signs
from tosg_graph.sources.columns import (
    items,
    merged,
    normal_form,
    numbers,
    pmids,
    references,
    translated,
)
from tosg_graph.sources.source import Files

COLUMNS = (
    "DRUG_NAME",
    "STRUCT_ID",
    "ACCESSION",
    "ACT_VALUE",
    "ACT_TYPE",
    "RELATION",
    "MOA",
    "ACT_SOURCE_URL",
    "MOA_SOURCE_URL",
    "ACTION_TYPE",
    "ORGANISM",
)
HUMAN = "Homo sapiens"
#: Growth of germs or cells, effects near the maximum, and turnover of a substrate.
OTHER_MEASURES = ("MIC", "MIC90", "MEC", "MPC", "GI50", "IC90", "EC90", "Km", "app Km")


def read(files: Files) -> Iterator[Chunk]:
    """Read each drug once, then the statements about its human targets."""
    file = files["targets"]
    declared: set[str] = set()
    for rows in file.frames():
        yield Chunk.nodes("Drug", file.name, _drugs(rows, declared))
        human = rows["ORGANISM"].eq(HUMAN)
        named = rows["ACCESSION"].notna()
        yield Chunk.rejects(file.name, _rejected(rows[~human], "not human", "ORGANISM"))
        yield Chunk.rejects(file.name, _rejected(rows[human & ~named], "no accession", "DRUG_NAME"))
        yield Chunk.statements("TARGETS", file.name, _targets(rows[human & named]))


def _drugs(rows: pd.DataFrame, declared: set[str]) -> pd.DataFrame:
    """One row per drug that no earlier chunk has declared, whatever its targets are."""
    fresh = rows[~rows["STRUCT_ID"].isin(list(declared))].drop_duplicates("STRUCT_ID")
    declared.update(fresh["STRUCT_ID"])
    return pd.DataFrame(
        {
            "id": references("DrugCentral", fresh["STRUCT_ID"]),
            "name": normal_form(fresh["DRUG_NAME"]),
            "line": fresh["line"],
        }
    )


def _targets(rows: pd.DataFrame) -> pd.DataFrame:
    """One statement per protein: a target may be a group of them, ``Q01668|Q13936``."""
    measured = rows["RELATION"].isna() | rows["RELATION"].eq("=")
    measured &= ~rows["ACT_TYPE"].isin(OTHER_MEASURES)
    words = action_words(rows["ACTION_TYPE"])
    statements = pd.DataFrame(
        {
            "source_ref": references("DrugCentral", rows["STRUCT_ID"]),
            "source_label": "Drug",
            "target_ref": items(rows["ACCESSION"]),
            "target_label": "Protein",
            "pmids": merged(pmids(rows["ACT_SOURCE_URL"]), pmids(rows["MOA_SOURCE_URL"])),
            "sign": signs(words),
            "action": words.str.join("; "),
            "affinity": numbers(rows["ACT_VALUE"]).where(measured),
            "mechanism_of_action": translated(rows["MOA"], {"1": True}),
            "line": rows["line"],
        }
    ).explode("target_ref", ignore_index=True)
    return statements.assign(target_ref=references("UniProtKB", statements["target_ref"]))


def _rejected(rows: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
    return pd.DataFrame({"reason": reason, "value": rows[column], "line": rows["line"]})


SOURCE = Source(
    name="drugcentral",
    title="DrugCentral",
    gives="drugs, the proteins they act on, with action, affinity and mechanism",
    url="https://drugcentral.org/download",
    licence=Licence("CC-BY-SA-4.0", "https://drugcentral.org/privacy"),
    citation="Avram S et al., DrugCentral 2023 extends human clinical data and integrates "
    "veterinary drugs, Nucleic Acids Research 51:D1276 (2023), doi:10.1093/nar/gkac1085",
    files=(
        FileSpec(
            "targets",
            ("drug.target.interaction*.tsv",),
            columns=COLUMNS,
            quoted=True,
        ),
    ),
    read=read,
    release="2021_09_01",
    downloads=(
        Download(
            "targets",
            "https://unmtid-dbs.net/download/DrugCentral/2021_09_01/drug.target.interaction.tsv.gz",
            "drug.target.interaction.tsv.gz",
        ),
    ),
)
