"""Features and labels join the graph by the best name they have, or say why not."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.tiny import GENES, INTEGRIN, gene, protein, tiny_tables, write_build
from tosg_graph.cells.antibodies import is_control, names_of
from tosg_graph.cells.features import join_features
from tosg_graph.cells.labels import label_terms, read_label_map, shipped_labels
from tosg_graph.errors import CellsError


def joined(build, index, modality="rna", **columns):
    return join_features(pd.DataFrame(columns, index=list(index)), modality, build).to_pylist()


@pytest.mark.parametrize(
    ("name", "symbol", "mapping"),
    [
        ("EGFR", "EGFR", "exact"),
        ("hg19_EGFR", "EGFR", "exact"),
        ("GRCh38_EGFR", "EGFR", "exact"),
        ("ENSG00000146648", "EGFR", "xref"),
        ("ENSG00000146648.18", "EGFR", "xref"),
        ("PRKM1", "MAPK1", "previous"),
        ("MEK1", "MAP2K1", "alias"),
        ("egfr", None, "unmapped"),
        ("mm10_EGFR", None, "unmapped"),
        ("NOTHING", None, "unmapped"),
    ],
)
def test_an_rna_feature_joins_its_gene(tiny, name, symbol, mapping):
    (row,) = joined(tiny, [name])
    assert (row["graph_id"], row["mapping"]) == (gene(symbol) if symbol else None, mapping)
    assert row["source_id"] == name
    assert row["candidates"] is None


def test_an_alias_of_two_genes_is_ambiguous_with_both(tiny):
    (row,) = joined(tiny, ["CD16"])
    assert (row["graph_id"], row["mapping"]) == (None, "ambiguous")
    assert row["candidates"] == sorted([gene("FCGR3A"), gene("FCGR3B")])


def test_the_ensembl_id_goes_before_the_symbol_and_the_symbol_helps_where_it_fails(tiny):
    rows = joined(
        tiny,
        ["ENSG00000146648", "ENSG00000000001", "ENSG00000000002"],
        gene_name=["ABL1", "ABL1", "CD16"],
    )
    assert [r["graph_id"] for r in rows] == [gene("EGFR"), gene("ABL1"), None]
    assert [r["mapping"] for r in rows] == ["xref", "exact", "ambiguous"]
    assert [r["name"] for r in rows] == ["ABL1", "ABL1", "CD16"]


def test_ensembl_ids_may_be_in_a_column(tiny):
    rows = joined(tiny, ["x", "y"], gene_ids=["ENSG00000146648", "ENSG00000097007"])
    assert [r["graph_id"] for r in rows] == [gene("EGFR"), gene("ABL1")]


def test_two_features_of_one_gene_are_both_kept(tiny):
    rows = joined(tiny, ["MAPK1", "PRKM1"])
    assert [r["graph_id"] for r in rows] == [gene("MAPK1")] * 2


@pytest.mark.parametrize(
    ("antibody", "expected", "mapping"),
    [
        ("CD14", protein("CD14"), "exact"),
        ("cd14", protein("CD14"), "exact"),
        ("CD29", protein("ITGB1"), "alias"),
        ("CD49B (integrin)", protein("ITGA2"), "previous"),
        ("unheard (CD29)", protein("ITGB1"), "alias"),
        ("ErbB-1", protein("EGFR"), "alias"),
        ("anti-human CD19", protein("CD19"), "exact"),
        ("CD19_TotalSeqB", protein("CD19"), "exact"),
        ("integrin a2b1 complex", INTEGRIN, "exact"),
        ("IgG1", None, "control"),
        ("Mouse IgG2a, kappa isotype Ctrl", None, "control"),
        ("CD3", None, "unmapped"),
        ("Adenosine", None, "unmapped"),
    ],
)
def test_an_antibody_joins_the_protein_of_its_target(tiny, antibody, expected, mapping):
    (row,) = joined(tiny, [antibody], "protein")
    assert (row["graph_id"], row["mapping"]) == (expected, mapping)


def test_an_antibody_of_two_genes_lists_both_proteins(tiny):
    (row,) = joined(tiny, ["CD16"], "protein")
    assert (row["graph_id"], row["mapping"]) == (None, "ambiguous")
    assert row["candidates"] == sorted([protein("FCGR3A"), protein("FCGR3B")])


def test_names_of_one_antibody_that_disagree_are_ambiguous(tiny):
    (row,) = joined(tiny, ["CD14 (CD19)"], "protein")
    assert row["mapping"] == "ambiguous"
    assert row["candidates"] == sorted([protein("CD14"), protein("CD19")])


def test_a_gene_without_a_product_says_so(tmp_path):
    tables = tiny_tables()
    tables["edges/ENCODES"] = [e for e in tables["edges/ENCODES"] if e["source"] != gene("CD14")]
    build = write_build(tmp_path / "b", tables)
    (row,) = joined(build, ["CD14"], "protein")
    assert (row["graph_id"], row["mapping"], row["candidates"]) == (
        None,
        "no_product",
        [gene("CD14")],
    )


def test_only_the_canonical_product_counts(tmp_path):
    tables = tiny_tables()
    edges = tables["edges/ENCODES"]
    edges.append({**edges[0], "target": protein("EGF"), "canonical": None})
    (row,) = joined(write_build(tmp_path / "b", tables), [symbol_of(edges[0])], "protein")
    assert row["graph_id"] == edges[0]["target"]


def symbol_of(edge):
    return next(symbol for symbol in GENES if gene(symbol) == edge["source"])


@pytest.mark.parametrize(
    ("antibody", "names"),
    [
        ("B7-H1 (PD-L1)", ["B7-H1", "PD-L1"]),
        ("CD14", ["CD14"]),
        ("HLA-A,B,C", ["HLA-A,B,C"]),
        ("ADT_CD4", ["CD4"]),
        ("CD4 (CD4)", ["CD4"]),
    ],
)
def test_names_of_an_antibody(antibody, names):
    assert names_of(antibody) == names


@pytest.mark.parametrize(
    ("antibody", "control"),
    [("IgG1", True), ("Rat IgG2b", True), ("isotype 3", True), ("IgM", False), ("IgD", False),
     ("CD14", False), ("IgG Fc", False)],
)  # fmt: skip
def test_isotype_controls(antibody, control):
    assert is_control(antibody) is control


def test_labels_take_the_users_map_before_the_file_the_table_and_the_names(tiny, tmp_path):
    mapping = tmp_path / "map.tsv"
    mapping.write_text(
        "label\tontology_id\tnote\nmine\tCL:0000236\tx\nCD14+ Monocyte\tCL:0000576\ty\n"
    )
    labels = ["mine", "CD14+ Monocyte", "CD19+ B", "b cell", "monocyte", "other"]
    found = label_terms(labels, tiny, label_map=mapping, from_file={"monocyte": "CL:0001054"})
    assert [(t.ontology_id, t.how) for t in found] == [
        ("CL:0000236", "map"),
        ("CL:0000576", "map"),
        ("CL:0000236", "shipped"),
        ("CL:0000236", "name"),
        ("CL:0001054", "file"),
        (None, "unmapped"),
    ]
    assert all(t.in_build for t in found if t.ontology_id)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\tid\n", r":1: columns \['name', 'id'\] found"),
        ("label\tontology_id\nB\tCL:1\nT\tT cell\n", r":3: label 'T' with 'T cell' found"),
        ("label\tontology_id\nB\n", r":2: label 'B' with '' found"),
        ("label\tontology_id\nB\tCL:1\nB\tCL:2\n", r":3: 'B' has a second term, CL:2"),
    ],
)
def test_a_wrong_label_map_names_the_line(tmp_path, text, message):
    path = tmp_path / "map.tsv"
    path.write_text(text)
    with pytest.raises(CellsError, match=message):
        read_label_map(path)


def test_a_missing_label_map(tmp_path):
    with pytest.raises(CellsError, match="cannot be read: No such file"):
        read_label_map(tmp_path / "none.tsv")


def test_the_shipped_table_maps_the_ten_facs_labels():
    assert shipped_labels() == {
        "CD19+ B": "CL:0000236",
        "CD14+ Monocyte": "CL:0001054",
        "CD56+ NK": "CL:0000623",
        "CD8+ Cytotoxic T": "CL:0000794",
        "CD4+/CD25 T Reg": "CL:0000792",
        "CD4+/CD45RO+ Memory": "CL:0000897",
        "CD4+ T Helper2": "CL:0000492",
        "CD34+": "CL:0008001",
        "CD4+/CD45RA+/CD25- Naive T": "CL:0000895",
        "CD8+/CD45RA+ Naive Cytotoxic": "CL:0000900",
    }
