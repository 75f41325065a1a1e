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


def symbols() -> list[str]:
    return list(GENES)
