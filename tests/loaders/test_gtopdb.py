from __future__ import annotations

import csv
from pathlib import Path

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_ligands_with_exact_cross_references() -> None:
    drugs = read("gtopdb").by_id("Drug")
    assert set(drugs) == {"GTOPDB:5687", "GTOPDB:3364", "GTOPDB:1267", "GTOPDB:9"}
    assert drugs["GTOPDB:5687"]["name"] == "imatinib"
    assert set(drugs["GTOPDB:5687"]["same_as"]) == {
        "DRUGBANK:DB00619",
        "CHEMBL.COMPOUND:CHEMBL941",
        "CHEBI:45783",
        "PUBCHEM.COMPOUND:5291",
    }


def test_statement_with_the_mean_of_the_bounds() -> None:
    assert read("gtopdb").rows("statements", "TARGETS")[0] == {
        "source_ref": "GTOPDB:5687",
        "source_label": "Drug",
        "target_ref": "UniProtKB:P00519",
        "target_label": "Protein",
        "pmids": ["11423618", "15799618"],
        "sign": -1,
        "action": "INHIBITOR",
        "affinity": 7.5,
        "mechanism_of_action": True,
        "line": 3,
    }


def test_action_outranks_type_and_other_units_are_no_affinity() -> None:
    *pair, inverse = read("gtopdb").rows("statements", "TARGETS")[1:]
    assert [(r["target_ref"], r["sign"], r["affinity"]) for r in pair] == [
        ("UniProtKB:P14867", 1, 7.5),
        ("UniProtKB:P47869", 1, 7.5),
    ]
    assert (inverse["action"], inverse["sign"], "affinity" in inverse) == (
        "INVERSE AGONIST",
        -1,
        False,
    )


def test_rejects_with_the_line_in_the_file() -> None:
    assert read("gtopdb").rejects() == [("not human", "Rat", 6), ("no accession", "ligand d", 7)]


def test_release() -> None:
    source = discover()["gtopdb"]
    files = find_files(FIXTURES / "gtopdb", [source], {}, required=True).files["gtopdb"]
    assert source.version is not None
    assert source.version(files) == "2025.3"


def test_tables_with_commas_are_read_alike(tmp_path: Path) -> None:
    for file in (FIXTURES / "gtopdb").glob("*.tsv"):
        with file.open(newline="") as old, (tmp_path / f"{file.stem}.csv").open("w") as new:
            csv.writer(new, quoting=csv.QUOTE_ALL).writerows(csv.reader(old, delimiter="\t"))
    there = read("gtopdb", tmp_path)
    assert there.rows("statements", "TARGETS") == read("gtopdb").rows("statements", "TARGETS")
    assert there.by_id("Drug") == read("gtopdb").by_id("Drug")
    assert there.rejects() == read("gtopdb").rejects()
