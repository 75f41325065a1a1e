"""The two public files: every value, every sum, and the joins that were measured beforehand."""

from __future__ import annotations

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tosg_graph.cells.cohort import match_group
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.profiles import profiles
from tosg_graph.cells.reader import CellStore

pytestmark = pytest.mark.real
FILES = {"pbmc": "pbmc_facs_3774.h5ad", "cite": "citeseq_pbmc_500.h5ad"}

# Antibodies that stand for no one gene: complexes, isoforms, a glycolipid, isotype controls.
NOT_ONE_GENE = {
    "CD3", "CD45RA", "CD45RO", "CD77", "HLA-A,B,C", "IgG1", "IgG2a", "MHCII (HLA-DR)",
}  # fmt: skip


def raw_matrix(path):
    """X of a file, read with nothing but h5py."""
    with h5py.File(path) as file:
        x = file["X"]
        parts = x["data"][:], x["indices"][:], x["indptr"][:]
        return sparse.csr_matrix(parts, shape=tuple(x.attrs["shape"])).astype(np.int64)


def strings(path, *names):
    with h5py.File(path) as file:
        return [[v.decode() for v in file[name][:]] for name in names]


@pytest.fixture(scope="module")
def reports(real_data, real_build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    labels = {"pbmc": "celltype", "cite": None}
    return {
        name: add_h5ad(
            real_data / "cells" / file, folder, name=name, build=real_build, label=labels[name]
        )
        for name, file in FILES.items()
    }


@pytest.fixture(scope="module")
def stores(reports):
    return {name: CellStore.open(report.path) for name, report in reports.items()}


@pytest.fixture(scope="module")
def hgnc(real_data):
    return pd.read_csv(real_data / "hgnc" / "hgnc_complete_set.txt.gz", sep="\t", dtype=str)


@pytest.mark.parametrize("name", FILES)
def test_every_value_and_sum_is_that_of_the_file(stores, real_data, name):
    store, raw = stores[name], raw_matrix(real_data / "cells" / FILES[name])
    assert (store.gather("rna", np.arange(store.n_cells)).to_scipy() != raw).nnz == 0
    assert np.array_equal(store.values("total_count"), np.asarray(raw.sum(axis=1)).ravel())
    assert np.array_equal(store.features("rna")["total"], np.asarray(raw.sum(axis=0)).ravel())
    assert np.array_equal(store.values("n_features"), raw.getnnz(axis=1))
    assert np.array_equal(store.features("rna")["cells"], raw.getnnz(axis=0))
    (cells, genes) = strings(real_data / "cells" / FILES[name], "obs/_index", "var/_index")
    assert store.obs["cell_id"].to_pylist() == cells
    assert store.features("rna")["source_id"].to_pylist() == genes
    store.verify()


def test_every_antibody_count_is_that_of_the_file(stores, real_data):
    with h5py.File(real_data / "cells" / FILES["cite"]) as file:
        adt = file["obsm/ADT"]
        names = list(adt.attrs["column-order"])
        raw = np.stack([adt[name][:] for name in names], axis=1)
    store = stores["cite"]
    assert store.features("protein")["source_id"].to_pylist() == names
    assert np.array_equal(store.gather("protein", np.arange(500)).to_scipy().toarray(), raw)
    assert np.array_equal(store.values("protein_total_count"), raw.sum(axis=1))


def test_ensembl_ids_join_the_genes_that_hgnc_gives_them(stores, reports, hgnc):
    features = stores["pbmc"].features("rna").to_pandas()
    known = dict(zip(hgnc["ensembl_gene_id"], hgnc["hgnc_id"], strict=True))
    expected = features["source_id"].map(known)
    by_id = features[features["mapping"] == "xref"]
    assert len(by_id) == 15_059 == expected.notna().sum()
    assert by_id["graph_id"].tolist() == expected.dropna().tolist()
    part = reports["pbmc"].modalities["rna"]
    assert by_id["total"].sum() / features["total"].sum() >= 0.9940
    assert part.mapped_total >= 0.9940
    assert part.mapped_features >= 0.897


def test_symbols_join_approved_symbols_first(stores, reports, hgnc):
    features = stores["cite"].features("rna").to_pandas()
    approved = dict(zip(hgnc["symbol"], hgnc["hgnc_id"], strict=True))
    expected = features["source_id"].map(approved)
    exact = features[features["mapping"] == "exact"]
    assert exact["graph_id"].tolist() == expected.dropna().tolist()
    part = reports["cite"].modalities["rna"]
    assert round(part.mapped_features, 3) >= 0.831
    assert round(part.mapped_total, 4) >= 0.9951


def test_antibodies_join_the_products_of_their_genes(stores, reports, hgnc):
    rows = {row["source_id"]: row for row in stores["cite"].features("protein").to_pylist()}
    one_gene = {n for n, r in rows.items() if r["graph_id"] or r["mapping"] == "no_product"}
    assert len(one_gene) == 39
    assert {n for n, r in rows.items() if r["mapping"] in ("unmapped", "control")} == NOT_ONE_GENE
    assert {n for n, r in rows.items() if r["mapping"] == "control"} == {"IgG1", "IgG2a"}
    product = dict(zip(hgnc["symbol"], "UniProtKB:" + hgnc["uniprot_ids"], strict=True))
    for name, symbol in {
        "B7-H1 (PD-L1)": "CD274", "PD-1 (CD279)": "PDCD1", "CD8": "CD8A", "Siglec-8": "SIGLEC8",
        "CD45": "PTPRC", "C-kit (CD117)": "KIT", "CD1a": "CD1A", "CD26 (Adenosine)": "DPP4",
    }.items():  # fmt: skip
        assert rows[name]["graph_id"] == product[symbol], name
    several = {
        name: row["candidates"] for name, row in rows.items() if row["mapping"] == "ambiguous"
    }
    assert several == {
        "CD16": sorted(product[symbol] for symbol in ("FCGR3A", "FCGR3B")),
        "PD1 (CD279)": sorted(product[symbol] for symbol in ("PDCD1", "SNCA", "SPATA2")),
    }
    assert set(reports["cite"].left_out) == {"obsm/HTO"}
    assert reports["cite"].modalities["protein"].ambiguous.keys() == several.keys()


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("CD14+ monocytes", {"CD14+ Monocyte"}),
        ("monocytes", {"CD14+ Monocyte"}),
        ("CD14 positive monocyte", {"CD14+ Monocyte"}),
        ("B cells", {"CD19+ B"}),
        ("NK cells", {"CD56+ NK"}),
        ("CL:0000576", {"CD14+ Monocyte"}),
        ("regulatory T cells", {"CD4+/CD25 T Reg"}),
        (
            "T cell",
            {
                "CD4+ T Helper2", "CD4+/CD25 T Reg", "CD4+/CD45RA+/CD25- Naive T",
                "CD4+/CD45RO+ Memory", "CD8+ Cytotoxic T", "CD8+/CD45RA+ Naive Cytotoxic",
            },
        ),
    ],
)  # fmt: skip
def test_names_of_cells_are_understood(stores, real_build, text, labels):
    found = match_group(stores["pbmc"], text, build=real_build)
    assert (found.status, set(found.values)) == ("matched", labels)


def test_all_ten_labels_have_a_term_of_the_build(reports):
    terms = reports["pbmc"].labels
    assert len(terms) == 10
    assert all(term.how == "shipped" and term.in_build for term in terms)


def test_profiles_are_those_of_pandas(stores, real_data):
    path = real_data / "cells" / FILES["pbmc"]
    raw = raw_matrix(path)
    with h5py.File(path) as file:
        column = file["obs/celltype"]
        names = np.array([v.decode() for v in column["categories"][:]])[column["codes"][:]]
    found = profiles(stores["pbmc"])
    total = np.asarray(raw.sum(axis=1), float)
    scaled = sparse.csr_matrix(raw.multiply(1e4 / total))
    for number, group in enumerate(found.groups):
        mine = names == group
        assert found.n_cells[number] == mine.sum()
        assert np.array_equal(found.detecting[number], raw[mine].getnnz(axis=0))
        mean = np.asarray(scaled[mine].mean(axis=0)).ravel()
        assert np.allclose(found.mean_per_10k[number], mean, rtol=1e-10)
    assert len(found.groups) == len(set(names))
