from __future__ import annotations

from pathlib import Path

import ftfy
import pandas as pd
import pytest

from tests.loaders.reading import FIXTURES, read


def test_statement_with_all_that_is_said() -> None:
    [row] = read("signor").rows("statements", "ACTIVATES")
    assert row == {
        "source_ref": "UniProtKB:Q5JWF2",
        "source_label": "Protein",
        "target_ref": "UniProtKB:Q08828",
        "target_label": "Protein",
        "record_id": "SIGNOR-130065",
        "pmids": ["22863277"],
        "sentence": "The α subunit wakes the cyclase.",
        "mechanism": "binding",
        "direct": True,
        "line": 1,
    }


def test_an_effect_spelt_two_ways_and_a_record_on_two_rows() -> None:
    rows = read("signor").rows("statements", "INHIBITS")
    assert [(row["record_id"], row["line"]) for row in rows] == [
        ("SIGNOR-114662", 2),
        ("SIGNOR-114662", 3),
        ("SIGNOR-60000", 4),
    ]
    assert rows[0]["residue"] == "Ser75"
    assert rows[0]["direct"] is False
    assert rows[0]["sentence"].startswith('"Quoted at its start only')


def test_unknown_stays_unknown() -> None:
    [row] = read("signor").rows("statements", "REGULATES")
    assert row["record_id"] == "SIGNOR-130820"
    assert {"sign", "direct", "residue", "sentence"}.isdisjoint(row)
    assert "direct" not in read("signor").rows("statements", "INHIBITS")[2]  # the file says UNK


def test_an_effect_that_is_not_known_is_rejected_with_its_line() -> None:
    assert read("signor").rejects() == [("the effect is no regulation", "Teleports", 6)]


def test_current_layout() -> None:
    found = read("signor", FIXTURES / "signor_current")
    [up] = found.rows("statements", "ACTIVATES")
    assert (up["source_ref"], up["target_ref"]) == ("UniProtKB:P01133", "UniProtKB:P00533")
    assert (up["record_id"], up["score"], up["direct"], up["line"]) == (
        "SIGNOR-263000",
        0.912,
        True,
        2,
    )
    [down] = found.rows("statements", "INHIBITS")
    assert (down["record_id"], down["direct"]) == ("SIGNOR-2", True)
    assert found.rejects() == [
        (
            "an end is not a protein with a UniProt accession",
            "complex SIGNOR:SIGNOR-C15 → protein UNIPROT:P49815",
            5,
        ),
        (
            "an end is not a protein with a UniProt accession",
            "chemical PUBCHEM:CID:176870 → protein UNIPROT:P00533",
            6,
        ),
        ("the effect is no regulation", "form complex", 4),
    ]


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(
        real_data / "signor/signor_ppi.tsv.gz",
        sep="\t",
        dtype=str,
        header=None,
        quoting=3,
        keep_default_na=False,
    )
    found = read("signor", real_data)
    effects = raw[8].value_counts()
    assert found.count("statements", "ACTIVATES") == effects["Activates"] == 1_531
    assert (
        found.count("statements", "INHIBITS")
        == effects["Inactivates"] + effects["Inactivate"]
        == 600
    )
    assert found.count("statements", "REGULATES") == effects["Unknown"] == 5
    assert found.rejects() == []
    rows = [
        row for t in ("ACTIVATES", "INHIBITS", "REGULATES") for row in found.rows("statements", t)
    ]
    assert {row["record_id"] for row in rows} == set(raw[23])
    assert sum(row.get("direct") is True for row in rows) == (raw[20] == "YES").sum()
    assert sum(row.get("direct") is False for row in rows) == (raw[20] == "NO").sum()
    text = " ".join(row.get("sentence", "") for row in rows)
    assert "Î±" in " ".join(raw[22])
    assert "Î±" not in text
    assert text.count("α") == ftfy.fix_encoding(" ".join(raw[22])).count("α") > 0
