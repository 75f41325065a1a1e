"""The simulated cells: whole counts, the right programmes, plainly labelled, always the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tosg_graph.example import data_folder, write_cells

CELLS = {
    "CD14+ Monocyte": 120,
    "CD19+ B": 100,
    "CD56+ NK": 90,
    "CD4+ T Helper2": 130,
    "CD8+ Cytotoxic T": 100,
    "CD34+": 60,
}
#: Cell type → a gene and an antibody that it alone shows strongly.
MARKERS = {
    "CD14+ Monocyte": ("CD14", "CD14"),
    "CD19+ B": ("CD19", "CD19"),
    "CD56+ NK": ("NCAM1", "CD56"),
    "CD4+ T Helper2": ("CD40LG", "CD4"),
    "CD8+ Cytotoxic T": ("CD8A", "CD8"),
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> ad.AnnData:
    return ad.read_h5ad(write_cells(tmp_path_factory.mktemp("cells") / "new" / "cells.h5ad"))


def test_the_file_says_that_the_cells_are_simulated(cells: ad.AnnData) -> None:
    assert cells.obs["simulated"].dtype == bool
    assert cells.obs["simulated"].all()
    assert cells.uns["note"].startswith("SIMULATED CELLS. ")
    assert cells.obs_names.str.startswith("SIMULATED-").all()
    assert cells.obs["donor"].cat.categories.str.startswith("simulated donor ").all()


def test_shapes_labels_and_donors(cells: ad.AnnData) -> None:
    assert cells.shape == (600, 227)
    assert cells.obs["celltype"].value_counts().to_dict() == CELLS
    assert pd.crosstab(cells.obs["celltype"], cells.obs["donor"]).min(axis=None) > 0
    assert cells.obs["donor"].nunique() == 4
    assert list(cells.obsm["ADT"].columns) == [
        *("CD14", "CD19", "CD3", "CD4", "CD8", "CD56", "CD16", "IgG1")
    ]


def test_values_are_counts(cells: ad.AnnData) -> None:
    for values in (cells.X.data, cells.obsm["ADT"].to_numpy()):
        assert np.issubdtype(values.dtype, np.integer)
        assert values.min() >= 0
    assert (cells.X.sum(axis=1) > 0).all()


def test_features_are_the_genes_of_the_data_and_five_that_map_to_nothing(cells: ad.AnnData) -> None:
    genes = pd.read_csv(data_folder() / "hgnc/hgnc_complete_set.txt", sep="\t", dtype=str)
    of_genes = cells.var.loc[cells.var_names.isin(genes["ensembl_gene_id"]), "symbol"]
    expected = genes.set_index("ensembl_gene_id")["symbol"]
    assert of_genes.to_dict() == expected.to_dict()
    others = cells.var_names.difference(genes["ensembl_gene_id"])
    assert len(others) == 5
    assert not set(cells.var.loc[others, "symbol"]) & set(genes["symbol"])


@pytest.mark.parametrize("celltype", MARKERS)
def test_a_cell_type_shows_its_own_markers_most(cells: ad.AnnData, celltype: str) -> None:
    gene, antibody = MARKERS[celltype]
    column = int(np.flatnonzero(cells.var["symbol"] == gene)[0])
    rna = pd.Series(cells.X[:, [column]].toarray().ravel(), index=cells.obs_names)
    for values in (rna, cells.obsm["ADT"][antibody]):
        means = values.groupby(cells.obs["celltype"], observed=True).mean()
        assert means.idxmax() == celltype
        assert means[celltype] > 2 * means.drop(celltype).max()


def test_receptors_that_drugs_target_are_detected_in_monocytes(cells: ad.AnnData) -> None:
    monocytes = cells[(cells.obs["celltype"] == "CD14+ Monocyte").to_numpy()]
    share = np.asarray((monocytes.X > 0).mean(axis=0)).ravel()
    detected = set(cells.var["symbol"][share >= 0.25])
    assert {"CSF1R", "CSF3R", "CXCR4", "CCR2", "TLR4", "IL4R"} <= detected
    assert not {"CD19", "KIT", "CD34", "PDCD1"} & detected


def test_the_isotype_control_is_background_in_every_cell_type(cells: ad.AnnData) -> None:
    control = cells.obsm["ADT"]["IgG1"].groupby(cells.obs["celltype"], observed=True).mean()
    assert control.between(1, 6).all()


def test_counts_are_more_spread_than_poisson_within_a_cell_type(cells: ad.AnnData) -> None:
    b_cells = cells[(cells.obs["celltype"] == "CD19+ B").to_numpy()]
    counts = b_cells.X[:, (b_cells.var["symbol"] == "HLA-DRA").to_numpy()].toarray()
    assert counts.var() > 2 * counts.mean()


def test_one_seed_gives_one_file_and_another_seed_another(tmp_path: Path) -> None:
    first = write_cells(tmp_path / "a.h5ad").read_bytes()
    code = (
        "import sys; from pathlib import Path; from tosg_graph.example import write_cells; "
        "write_cells(Path(sys.argv[1]))"
    )
    again = tmp_path / "b.h5ad"
    subprocess.run([sys.executable, "-c", code, str(again)], check=True)
    assert again.read_bytes() == first
    assert write_cells(tmp_path / "a.h5ad", seed=1).read_bytes() != first


def test_the_package_imports_nothing_heavy() -> None:
    code = "import sys, tosg_graph.example; print({'anndata', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"
