from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from tests.loaders.reading import FIXTURES, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.sources.registry import discover, find_files

TABLE = FIXTURES / "hpa/subcellular_location.tsv"


def test_each_place_is_declared_once_and_two_names_may_share_an_id() -> None:
    rows = read("hpa").rows("nodes", "Compartment")
    assert [(row["id"], row["name"], row["line"]) for row in rows] == [
        ("GO:0030054", "Cell Junctions", 2),
        ("GO:0005886", "Plasma membrane", 2),
        ("GO:0005654", "Nucleoplasm", 3),
        ("GO:0005829", "Cytosol", 4),
        ("GO:0005730", "Nucleoli", 6),
        ("GO:0005730", "Nucleoli rim", 6),
        ("GO:0001650", "Nucleoli fibrillar center", 7),
    ]


def test_a_place_has_the_reliability_of_its_column() -> None:
    rows = read("hpa").rows("statements", "LOCATED_IN")
    assert rows[0] == {
        "source_ref": "ENSEMBL:ENSG00000146648",
        "source_label": "Protein",
        "target_ref": "GO:0005886",
        "target_label": "Compartment",
        "record_id": "ENSG00000146648",
        "mechanism": "main location",
        "reliability": "Enhanced",
        "line": 2,
    }
    assert [(r["target_ref"], r["reliability"], r["mechanism"], r["line"]) for r in rows[1:]] == [
        ("GO:0030054", "Approved", "additional location", 2),
        ("GO:0005654", "Enhanced", "main location", 3),
        ("GO:0005654", "Approved", "main location", 4),
        ("GO:0005829", "Supported", "main location", 5),
        ("GO:0005730", "Enhanced", "main location", 6),
        ("GO:0005730", "Approved", "additional location", 6),
    ]


def test_uncertain_places_and_places_without_an_id_are_rejected() -> None:
    assert sorted(read("hpa").rejects(), key=lambda row: row[2]) == [
        ("uncertain location", "ENSG00000106617: Cytosol", 4),
        ("location without a GO id", "ENSG00000178035: Rods & Rings", 5),
        ("uncertain location", "ENSG00000000003: Cell Junctions", 7),
        ("uncertain location", "ENSG00000000003: Nucleoli fibrillar center", 7),
    ]


def test_no_place_is_lost() -> None:
    raw = pd.read_csv(TABLE, sep="\t", dtype=str)
    columns = ["Enhanced", "Supported", "Approved", "Uncertain"]
    places = raw[columns].stack().str.split(";").str.len().sum()
    found = read("hpa")
    assert found.count("statements", "LOCATED_IN") + found.count("rejects") == places


def test_releases_before_the_weights_of_places(tmp_path: Path) -> None:
    raw = pd.read_csv(TABLE, sep="\t", dtype=str, keep_default_na=False)
    old = raw.drop(columns=["Main location", "Additional location", "Extracellular location"])
    old.to_csv(tmp_path / "subcellular_location.tsv", sep="\t", index=False)
    rows = read("hpa", tmp_path).rows("statements", "LOCATED_IN")
    assert all("mechanism" not in row for row in rows)
    assert [row["target_ref"] for row in rows] == [
        row["target_ref"] for row in read("hpa").rows("statements", "LOCATED_IN")
    ]


def test_a_gene_stands_for_its_canonical_protein(tmp_path: Path) -> None:
    for name in ("hgnc", "hpa"):
        shutil.copytree(FIXTURES / name, tmp_path / "data" / name)
    located = find_files(tmp_path / "data", [discover()["hgnc"], discover()["hpa"]], {})
    build = build_graph(located, tmp_path / "graph")
    edges = build.table("edges/LOCATED_IN").to_pylist()
    assert [(row["source"], row["target"], row["reliability"]) for row in edges] == [
        ("UniProtKB:P00533", "GO:0005886", "Enhanced"),
        ("UniProtKB:P00533", "GO:0030054", "Approved"),
    ]
    nodes = {row["id"]: row for row in build.table("nodes/Compartment").to_pylist()}
    assert nodes["GO:0005730"]["name"] == "Nucleoli"
    assert nodes["GO:0005730"]["synonyms"] == ["Nucleoli rim"]
