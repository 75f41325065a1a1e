from __future__ import annotations

import math
import shutil
from pathlib import Path

import pandas as pd
import pytest

from loaders.hetionet import KINDS, LEFT_OUT
from tests.loaders.reading import FIXTURES, read


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
        ("only a part is here: the whole has 147,164 edges of the kind", "GiG: 2 rows", 2),
        ("read from CbG-binding.tsv, which says more of each edge", "CbG: 1 row", 6),
    ]


def test_a_kind_is_read_where_the_list_holds_all_of_it(tmp_path: Path) -> None:
    edges = [f"Compound::DB{n:05}\tCbG\tGene::25" for n in range(11_571)]
    edges += [f"Disease::DOID:8552\tDaG\tGene::{n}" for n in range(12_623)]
    edges += [f"Gene::25\tGiG\tGene::{n}" for n in range(147_164)]
    edges += [f"Gene::{n}\tGr>G\tGene::25" for n in range(265_671)]  # one is missing
    edges += ["Compound::DB00619\tCtD\tDisease::DOID:8552", "Gene::1\tGpPW\tPathway::PC7_1"]
    lines = ["source\tmetaedge\ttarget", *edges]
    (tmp_path / "hetionet-v1.0-edges.sif").write_text("\n".join(lines) + "\n", encoding="utf-8")
    nodes = "hetionet-v1.0-nodes.tsv"
    shutil.copy(FIXTURES / "hetionet" / nodes, tmp_path / nodes)
    found = read("hetionet", tmp_path)
    assert found.pairs("TARGETS")[0] == ("DRUGBANK:DB00000", "NCBIGene:25")
    assert found.pairs("ASSOCIATED_WITH")[-1] == ("NCBIGene:12622", "DOID:8552")
    assert found.pairs("INTERACTS_WITH")[1] == ("NCBIGene:25", "NCBIGene:1")
    for edge_type, total in (
        ("TARGETS", 11_571),
        ("ASSOCIATED_WITH", 12_623),
        ("INTERACTS_WITH", 147_164),
        ("TREATS", 1),
        ("REGULATES", 0),
    ):
        assert found.count("statements", edge_type) == total
    licences = {row["licence"] for row in found.rows("statements", "TARGETS")}
    assert licences == {"unspecified"}
    assert found.rejects()[3:] == [
        (
            "only a part is here: the whole has 265,672 edges of the kind",
            "Gr>G: 265,671 rows",
            171_360,
        ),
        (LEFT_OUT["GpPW"], "GpPW: 1 row", 437_032),
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
    known = raw_table(real_data, "metaedges.tsv.gz").set_index("abbreviation")["edges"]
    assert {name: kind.total or edges[name] for name, kind in KINDS.items()} == {
        name: int(known[name]) for name in KINDS
    }
    assert set(known.index) == {*KINDS, *LEFT_OUT}
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
