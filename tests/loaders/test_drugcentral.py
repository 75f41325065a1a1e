from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import read


def test_each_drug_once_whatever_its_targets() -> None:
    drugs = read("drugcentral").by_id("Drug")
    assert {key: drug["name"] for key, drug in drugs.items()} == {
        "DrugCentral:1423": "imatinib",
        "DrugCentral:5": "(S)-nicardipine",
        "DrugCentral:105": "salbutamol",
        "DrugCentral:9": "water",
    }


def test_statement() -> None:
    assert read("drugcentral").rows("statements", "TARGETS")[0] == {
        "source_ref": "DrugCentral:1423",
        "source_label": "Drug",
        "target_ref": "UniProtKB:P00519",
        "target_label": "Protein",
        "pmids": ["18183025"],
        "sign": -1,
        "action": "INHIBITOR",
        "affinity": 7.4,
        "mechanism_of_action": True,
        "line": 2,
    }


def test_several_accessions_give_several_statements() -> None:
    rows = read("drugcentral").rows("statements", "TARGETS")[1:3]
    # The first row spans lines 2 to 4, so the third starts on line 6.
    assert [(row["target_ref"], row["action"], row["line"]) for row in rows] == [
        ("UniProtKB:Q01668", "BLOCKER", 6),
        ("UniProtKB:Q13936", "BLOCKER", 6),
    ]


def test_a_bound_or_another_measure_is_no_affinity() -> None:
    bound, turnover, unrelated = read("drugcentral").rows("statements", "TARGETS")[3:]
    assert (bound["sign"], "affinity" in bound) == (1, False)
    assert {"affinity", "action", "sign", "mechanism_of_action"}.isdisjoint(turnover)
    assert unrelated["affinity"] == 6.1


def test_rejects_with_the_line_in_the_file() -> None:
    assert read("drugcentral").rejects() == [
        ("not human", "Mus musculus", 5),
        ("no accession", "water", 10),
    ]


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(
        real_data / "drugcentral/drug.target.interaction.tsv.gz",
        sep="\t",
        dtype=str,
        keep_default_na=False,
    )
    found = read("drugcentral", real_data)
    assert found.count("nodes", "Drug") == raw["STRUCT_ID"].nunique()
    human = raw[raw["ORGANISM"] == "Homo sapiens"]
    assert len(human) == 12_217
    assert found.count("rejects") == len(raw) - len(human)
    rows = found.rows("statements", "TARGETS")
    accessions = human["ACCESSION"].str.split("|")
    assert [row["target_ref"] for row in rows] == ("UniProtKB:" + accessions.explode()).to_list()
    moa = accessions[human["MOA"] == "1"].str.len().sum()
    assert sum(row.get("mechanism_of_action") is True for row in rows) == moa
    inhibitors = accessions[human["ACTION_TYPE"] == "INHIBITOR"].str.len().sum()
    assert sum(row.get("action") == "INHIBITOR" for row in rows) == inhibitors
    strongest = pd.to_numeric(human.loc[human["RELATION"] == "=", "ACT_VALUE"]).max()
    assert max(row.get("affinity", 0) for row in rows) == strongest
