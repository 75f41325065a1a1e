"""h5ad files written by hand, with what they hold known beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from tests.tiny import GENES

#: Feature → the gene of tests/tiny.py that it must join, or None.
RNA = {
    "ENSG00000146648.15": "EGFR",
    "ENSG00000097007": "ABL1",
    "ENSG00000157764": "BRAF",
    "ENSG00000170458": "CD14",
    "ENSG99999999999": None,
    "ENSG00000177455": "CD19",
}


def random_counts(n_cells: int, n_features: int, *, seed: int = 0, high: int = 40) -> np.ndarray:
    """Counts with about 30 % above zero; the third cell is empty."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, high, (n_cells, n_features)) * (
        rng.random((n_cells, n_features)) < 0.3
    )
    counts[2:3] = 0
    return counts


def as_layout(counts: np.ndarray, layout: str, dtype: Any = np.float32) -> Any:
    values = counts.astype(dtype)
    return {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "dense": np.asarray}[layout](values)


def cell_names(n: int) -> list[str]:
    return [f"cell{i}" for i in range(n)]


def write(
    path: Path,
    x: Any,
    *,
    obs: pd.DataFrame | None = None,
    var: pd.DataFrame | None = None,
    **parts: Any,
) -> Path:
    """Write an h5ad file; names are made up where none are given."""
    n, m = x.shape
    obs = pd.DataFrame(index=cell_names(n)) if obs is None else obs
    var = pd.DataFrame(index=[f"gene{i}" for i in range(m)]) if var is None else var
    anndata.AnnData(x, obs=obs, var=var, **parts).write_h5ad(path)
    return path


def blood(path: Path, n: int = 60) -> tuple[Path, np.ndarray]:
    """A labelled file over the genes of the tiny build: half CD14+ monocytes, half B cells."""
    counts = random_counts(n, len(RNA), seed=7)
    obs = pd.DataFrame(
        {
            "celltype": pd.Categorical(["CD14+ Monocyte", "CD19+ B"] * (n // 2)),
            "donor": ["D1", "D2", "unknown"] * (n // 3),
            "age": np.arange(n) % 80,
        },
        index=cell_names(n),
    )
    var = pd.DataFrame({"symbol": [gene or "NOVEL1" for gene in RNA.values()]}, index=list(RNA))
    return write(path, as_layout(counts, "csr"), obs=obs, var=var), counts


def panels(folder: Path, build: Any) -> tuple[Any, list[np.ndarray]]:
    """A store of two data sets: the sick were measured in 20 genes, the healthy in 12 of them.

    The counts of both are alike. The first has antibodies and the second has not; every third cell
    of the second is marked as a copy.
    """
    from tosg_graph.cells.convert import add_cells
    from tosg_graph.cells.reader import CellStore

    rng = np.random.default_rng(5)
    mean = rng.uniform(2, 9, 20)
    counts = [rng.poisson(mean, (60, 20))[:, :n] for n in (20, 12)]
    for at, (name, disease) in enumerate((("full", "lung cancer"), ("part", "normal"))):
        obs = pd.DataFrame(
            {"donor": [f"D{n % 4}" for n in range(60)], "disease": disease, "cell_type": "monocyte",
             "study": "S", "is_primary_data": np.arange(60) % 3 > 0 if at else True},
            index=cell_names(60),
        )  # fmt: skip
        adt = pd.DataFrame(counts[0][:, :2], columns=["CD14", "IgG1"], index=obs.index)
        write(folder / f"{name}.h5ad", as_layout(counts[at], "csr"), obs=obs,
              **({} if at else {"obsm": {"ADT": adt}}))  # fmt: skip
        made = add_cells(
            folder / f"{name}.h5ad", folder / "cells", name="p", build=build, label="cell_type",
            donor="donor", append=bool(at),
        )  # fmt: skip
    return CellStore.open(made.path), counts


def symbols() -> list[str]:
    return list(GENES)
