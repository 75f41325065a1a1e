"""What identifiers become, and what was turned away, on the example graph."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Tosg
from tosg_graph.example import data_folder


def test_resolve_says_what_and_why(tosg: Tosg, work: Path) -> None:
    texts = ("ENSG00000146648.12", "P00533-2", "PD1", "pd-1", "xyzzyqq")
    ran = tosg("resolve", *texts, "-w", work, "--json")
    assert ran.code == 0
    assert ran.json["columns"] == [
        "text", "label", "id", "name", "found as", "candidates", "why"
    ]  # fmt: skip
    why = {(row[0], row[1]): row[6] for row in ran.json["rows"]}
    assert why["ENSG00000146648.12", "Gene"].startswith("version suffix .12 stripped")
    assert why["pd-1", "Gene"] == "synonym of PDCD1; written 'PD-1'; case aside"
    found = {(row[0], row[1]): (row[2], row[4]) for row in ran.json["rows"]}
    assert found["ENSG00000146648.12", "Gene"] == ("HGNC:3236", "xref")
    assert found["P00533-2", "Protein"] == ("UniProtKB:P00533", "id")
    assert found["PD1", "Gene"] == ("HGNC:8760", "synonym")
    assert found["xyzzyqq", None] == (None, "unmapped")


def test_resolve_for_one_label(tosg: Tosg, work: Path) -> None:
    ran = tosg("resolve", "EGFR", "--label", "Protein", "-w", work, "--json")
    assert [row[1:3] for row in ran.json["rows"]] == [["Protein", "UniProtKB:P00533"]]
    wrong = tosg("resolve", "EGFR", "--label", "Protien", "-w", work)
    assert wrong.code == 2
    assert "unknown label 'Protien'" in wrong.err


def _not_human() -> int:
    """Lines of Reactome's tables that another species stands on, counted in the files."""
    folder = data_folder() / "reactome"
    pathways = (folder / "ReactomePathways.txt").read_text().splitlines()
    relations = (folder / "ReactomePathwaysRelation.txt").read_text().splitlines()
    return sum("Homo sapiens" not in line for line in pathways) + sum(
        "R-HSA" not in line for line in relations
    )


def test_rejects_count_every_row(tosg: Tosg, work: Path) -> None:
    build = work / "graph" / (work / "graph" / "current").read_text().strip()
    frame = pq.read_table(build / "rejects.parquet").to_pandas()
    counted = frame.groupby(["source", "reason"])["rows"].sum().to_dict()
    ran = tosg("rejects", "-w", work, "--json")
    found = {(row[0], row[1]): row[2] for row in ran.json["rows"]}
    assert found == counted
    assert found["reactome", "not human"] == _not_human()
    sample = tosg("rejects", "--sample", "1", "-w", work, "--json")
    assert len(sample.json["rows"]) == len(counted)
    one = tosg("rejects", "--source", "reactome", "--sample", "9", "-w", work, "--json")
    assert {row[0] for row in one.json["rows"]} == {"reactome"}
    assert all(row[2] and row[3] for row in one.json["rows"])


@pytest.mark.parametrize(
    ("query", "given", "label"),
    [
        (
            "members_of_family",
            "family=ERK1/2",
            "no Family nodes; SIGNOR's list of protein families",
        ),
        ("families_of_protein", "protein=MAPK1", "no Family nodes; SIGNOR's list"),
        ("location_of_protein", "protein=TP53", "no Compartment nodes; the Human Protein Atlas"),
    ],
)
def test_a_query_without_rows_names_the_source_that_is_missing(
    tosg: Tosg, work: Path, query: str, given: str, label: str
) -> None:
    ran = tosg("query", query, given, "-w", work)
    assert f"this build has {label}" in " ".join((ran.out + ran.err).split())
