from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import read


def raw_table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "hetionet" / name, sep="\t", dtype=str, keep_default_na=False)


def test_only_compounds_are_declared() -> None:
    found = read("hetionet")
    assert found.rows("nodes", "Drug") == [
        {"id": "DRUGBANK:DB00619", "name": "Imatinib", "line": 3},
        {"id": "DRUGBANK:DB00530", "name": "Erlotinib", "line": 4},
    ]
    assert found.rejects()[:3] == [
        ("kind of node that other sources give", "Anatomy: 1 row", 2),
        ("kind of node that other sources give", "Disease: 1 row", 5),
        ("kind of node that other sources give", "Gene: 2 rows", 6),
    ]


def test_treatments_and_what_else_the_sample_holds() -> None:
    found = read("hetionet")
    assert found.pairs("TREATS") == [("DRUGBANK:DB00619", "DOID:8552")]
    assert found.pairs("PALLIATES") == [("DRUGBANK:DB00530", "DOID:1324")]
    assert found.rejects()[3:] == [
        ("kind of edge that is not read", "GiG: 2 rows", 2),
        ("kind of edge that is not read", "CbG: 1 row", 6),
    ]


def test_bindings() -> None:
    first, mixed, unknown, vague = read("hetionet").rows("statements", "TARGETS")
    assert first == {
        "source_ref": "DRUGBANK:DB00619",
        "source_label": "Drug",
        "target_ref": "NCBIGene:25",
        "target_label": "Protein",
        "pmids": ["11752352", "12176010"],
        "sign": -1,
        "action": "INHIBITOR",
        "affinity": 8.0,
        "licence": "CC BY-NC 4.0",
        "line": 2,
    }
    assert (mixed["action"], mixed["sign"]) == ("INHIBITOR; SUBSTRATE", -1)
    # Agonist and antagonist: no sign. No licence: nobody has granted one. 0 nM: no logarithm.
    assert unknown["licence"] == "unspecified"
    assert {"sign", "affinity"}.isdisjoint(unknown)
    assert "action" not in vague
    assert vague["affinity"] == 9.0


def test_genes_of_diseases_with_the_licence_of_the_row() -> None:
    rows = read("hetionet").rows("statements", "ASSOCIATED_WITH")
    assert [(row["source_ref"], row["target_ref"], row["licence"]) for row in rows] == [
        ("NCBIGene:25", "DOID:8552", "unspecified"),
        ("NCBIGene:1956", "DOID:1324", "ODbL 1.0"),
    ]


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    found = read("hetionet", real_data)
    kinds = raw_table(real_data, "hetionet-v1.0-nodes.tsv.gz")["kind"].value_counts()
    assert found.count("nodes", "Drug") == kinds["Compound"] == 1_552
    edges = raw_table(real_data, "edges-5k.sif.gz")["metaedge"].value_counts()
    assert found.count("statements", "TREATS") == edges["CtD"] == 755
    assert found.count("statements", "PALLIATES") == edges["CpD"] == 390
    assert found.count("rejects") == (len(kinds) - 1) + (len(edges) - 2)
    genes = raw_table(real_data, "DaG-association.tsv.gz")
    rows = found.rows("statements", "ASSOCIATED_WITH")
    assert len(rows) == len(genes) == 12_623
    licences = pd.Series([row["licence"] for row in rows]).value_counts().to_dict()
    expected = genes["license"].replace("", "unspecified").value_counts().to_dict()
    assert licences == expected
    bindings = raw_table(real_data, "CbG-binding.tsv.gz")
    targets = found.rows("statements", "TARGETS")
    assert len(targets) == len(bindings) == 24_687
    nanomolar = pd.to_numeric(bindings["affinity_nM"].replace("", None)).dropna()
    assert math.isclose(
        sum(row.get("affinity", 0) for row in targets),
        sum(-math.log10(value * 1e-9) for value in nanomolar),
    )
    pmids = bindings["pubmed_ids"].replace("", None).dropna().str.split("|").str.len().sum()
    assert sum(len(row.get("pmids", ())) for row in targets) == pmids
