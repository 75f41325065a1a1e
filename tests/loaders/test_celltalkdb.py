from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_ligand_and_receptor_are_named_by_their_genes() -> None:
    egf, cd80, sema3f = read("celltalkdb").rows("statements", "BINDS")
    assert egf == {
        "source_ref": "NCBIGene:1950",
        "source_label": "Protein",
        "target_ref": "NCBIGene:1956",
        "target_label": "Protein",
        "record_id": "EGF_EGFR",
        "pmids": ["12297049", "12297050"],
        "line": 2,
    }
    assert (cd80["source_ref"], cd80["pmids"]) == ("NCBIGene:941", ["7507411"])
    assert (sema3f["source_ref"], sema3f["target_ref"]) == ("symbol:SEMA3F", "NCBIGene:55558")
    assert "pmids" not in sema3f


def test_genes_of_the_mouse_and_a_pair_without_its_ligand_are_rejected() -> None:
    assert read("celltalkdb").rejects() == [
        ("the pair lacks its ligand or its receptor", "Sema3f_Plxna3", 6),
        ("not human", "a gene of another species: 1 row", 5),
    ]


def test_the_table_of_the_mouse(tmp_path: Path) -> None:
    header, *rows = (
        (FIXTURES / "celltalkdb/human_lr_pair.txt").read_text(encoding="utf-8").splitlines()
    )
    mouse = [row for row in rows if "ENSMUSG" in row]
    (tmp_path / "mouse_lr_pair.txt").write_text("\n".join([header, *mouse, ""]), encoding="utf-8")
    found = read("celltalkdb", tmp_path)
    assert found.rejects() == [("not human", "a gene of another species: 1 row", 2)]
    assert found.count("statements", "BINDS") == 0


@pytest.mark.parametrize(
    ("extra", "layout"),
    [
        (
            "ligand_gene_id\treceptor_gene_id\tligand_protein_id\treceptor_protein_id",
            "with proteins",
        ),
        ("ligand_gene_id\treceptor_gene_id", "with genes"),
        ("note", "symbols"),
    ],
)
def test_layouts(tmp_path: Path, extra: str, layout: str) -> None:
    ids = {"ligand_gene_id": "1950", "receptor_gene_id": "1956"}
    names = [
        "lr_pair",
        "ligand_gene_symbol",
        "receptor_gene_symbol",
        *extra.split("\t"),
        "evidence",
    ]
    row = ["EGF_EGFR", "EGF", "EGFR", *[ids.get(name, "x") for name in extra.split("\t")], "1; 23"]
    content = "\n".join(["\t".join(names), "\t".join(row), ""])
    (tmp_path / "human_lr_pair.txt.gz").write_bytes(gzip.compress(content.encode()))
    [fact] = read("celltalkdb", tmp_path).rows("statements", "BINDS")
    by_symbol = ("symbol:EGF", "symbol:EGFR")
    by_gene = ("NCBIGene:1950", "NCBIGene:1956")
    assert (fact["source_ref"], fact["target_ref"]) == (
        by_symbol if layout == "symbols" else by_gene
    )
    assert fact["pmids"] == ["1", "23"]
    source = discover()["celltalkdb"]
    files = find_files(tmp_path, [source], {}, required=True).files["celltalkdb"]
    assert files["pairs"].layout_name == layout


def test_the_fixture_is_the_layout_with_genes() -> None:
    source = discover()["celltalkdb"]
    files = find_files(FIXTURES / "celltalkdb", [source], {}, required=True).files["celltalkdb"]
    assert files["pairs"].layout_name == "with genes"
