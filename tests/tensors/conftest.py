"""Cells for the tensor tests: a small h5ad over the genes of tests/tiny.py, converted for real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tests.tiny import GENES
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore

N_CELLS = 90
LABELS = ("B cell", "Monocyte", "NK cell")
UNMEASURED = ("CD19", "ITGA2")
# Two features of one gene: their counts are added up.
TWICE = "EGFR"
ANTIBODIES = {"CD14": "CD14", "CD19": "CD19", "CD16": None, "EGFR": "EGFR"}


@dataclass(frozen=True)
class Cells:
    """The file and what was written to it.

    ``rna`` is int64 [cells, features]; ``symbols`` names the gene of each feature, None where it is
    no gene of the tiny graph. ``antibodies`` is int64 [cells, 4], columns of ANTIBODIES.
    """

    path: Path
    rna: np.ndarray
    symbols: list[str | None]
    antibodies: np.ndarray
    labels: list[str | None]
    donors: list[str]
    names: list[str]

    def of_gene(self, symbol: str) -> np.ndarray:
        """Counts of a gene in every cell, over all of its features."""
        return self.rna[:, [s == symbol for s in self.symbols]].sum(axis=1)


def write_cells(path: Path) -> Cells:
    rng = np.random.default_rng(11)
    symbols: list[str | None] = [s for s in GENES if s not in UNMEASURED]
    features = [GENES[s][2] for s in symbols] + [
        "ENSG00000146648.7",
        "ENSG99999999990",
        "ENSG99999999991",
    ]
    symbols += [TWICE, None, None]
    rna = rng.poisson(0.8, (N_CELLS, len(features)))
    rna[3] = 0
    rna[:, features.index(GENES["PTEN"][2])] = 0
    antibodies = rng.poisson(4.0, (N_CELLS, len(ANTIBODIES)))
    labels = [None if i % 10 == 9 else LABELS[i % 3] for i in range(N_CELLS)]
    donors = [f"d{i // 10}" for i in range(N_CELLS)]
    names = [f"cell{i:03d}" for i in range(N_CELLS)]
    obs = pd.DataFrame({"kind": pd.Categorical(labels), "person": donors}, index=names)
    data = anndata.AnnData(
        sparse.csr_matrix(rna.astype(np.float32)), obs, pd.DataFrame(index=features)
    )
    data.obsm["ADT"] = pd.DataFrame(antibodies, index=names, columns=list(ANTIBODIES))
    data.write_h5ad(path)
    return Cells(path, rna, symbols, antibodies, labels, donors, names)


@pytest.fixture(scope="session")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return write_cells(tmp_path_factory.mktemp("cells") / "small.h5ad")


@pytest.fixture(scope="session")
def store(cells: Cells, tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> CellStore:
    folder = tmp_path_factory.mktemp("stores")
    add_h5ad(cells.path, folder, name="small", build=tiny, label="kind", donor="person")
    return CellStore.open(folder / "small")


@pytest.fixture(scope="session")
def donorless(cells: Cells, tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> CellStore:
    folder = tmp_path_factory.mktemp("stores")
    add_h5ad(cells.path, folder, name="donorless", build=tiny)
    return CellStore.open(folder / "donorless")
