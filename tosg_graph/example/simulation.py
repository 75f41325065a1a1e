"""Counts of blood cells that no one measured, drawn from marker programmes.

A count is negative binomial: a cell's depth × a donor's effect on the feature × the mean of the
feature in the cell type (``programmes.tsv``), blurred by a gamma variable, gives the rate of a
Poisson variable. Antibody counts are drawn alike, on top of a background that even the isotype
control shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import anndata as ad
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

PROGRAMMES = Path(__file__).resolve().parent / "programmes.tsv"

#: Cells of each type; the names are the labels of the FACS-sorted blood cells of 10x Genomics.
CELLS = {
    "CD14+ Monocyte": 120,
    "CD19+ B": 100,
    "CD56+ NK": 90,
    "CD4+ T Helper2": 130,
    "CD8+ Cytotoxic T": 100,
    "CD34+": 60,
}
DONORS = ("simulated donor 1", "simulated donor 2", "simulated donor 3", "simulated donor 4")
NOTE = (
    "SIMULATED CELLS. No person and no experiment is behind these counts: they were drawn from "
    "a random generator to show how TOSG Graph works. Draw no biological conclusion from them."
)

_DEPTH_SPREAD = 0.35  # standard deviation of the logarithm of a cell's depth
_DONOR_SPREAD = 0.15  # the same of a donor's effect on a feature
_SHAPE = 4.0  # of the gamma variable: a count of mean m has variance m + m² / 4
_BACKGROUND = 3.0  # antibody counts that a cell shows without the target

#: Mean antibody counts above the background, by cell type; what is not named is 0.
_ANTIBODIES: dict[str, dict[str, float]] = {
    "CD14": {"CD14+ Monocyte": 150.0},
    "CD19": {"CD19+ B": 120.0},
    "CD3": {"CD4+ T Helper2": 180.0, "CD8+ Cytotoxic T": 170.0},
    "CD4": {"CD4+ T Helper2": 200.0, "CD14+ Monocyte": 25.0},
    "CD8": {"CD8+ Cytotoxic T": 220.0, "CD56+ NK": 20.0},
    "CD56": {"CD56+ NK": 90.0},
    "CD16": {"CD56+ NK": 110.0, "CD14+ Monocyte": 10.0},
    "IgG1": {},
}

_Rates = NDArray[np.float64]


class Draws(NamedTuple):
    """Per cell, in the order of the file: its type, its donor, its depth relative to 1."""

    types: NDArray[np.int64]
    donors: NDArray[np.int64]
    depth: _Rates


def simulate(seed: int) -> ad.AnnData:
    """Draw the cells.

    Parameters
    ----------
    seed
        Seed of every draw.

    Returns
    -------
    anndata.AnnData
        600 cells × 227 features; see :func:`tosg_graph.example.write_cells`.
    """
    random = np.random.default_rng(seed)
    programmes = pd.read_csv(PROGRAMMES, sep="\t")
    draws = _draw_cells(random)
    return ad.AnnData(
        X=sparse.csr_matrix(_rna(random, programmes, draws)),
        obs=_obs(draws),
        var=pd.DataFrame(
            {"symbol": programmes["symbol"].to_numpy(dtype=object)},
            index=pd.Index(programmes["feature_id"].to_numpy(dtype=object)),
        ),
        obsm={"ADT": _antibodies(random, draws)},
        uns={"note": NOTE, "seed": seed},
    )


def _draw_cells(random: np.random.Generator) -> Draws:
    types = np.repeat(np.arange(len(CELLS)), list(CELLS.values()))
    random.shuffle(types)
    donors = random.integers(len(DONORS), size=len(types))
    depth = random.lognormal(-(_DEPTH_SPREAD**2) / 2, _DEPTH_SPREAD, size=len(types))
    return Draws(types, donors, depth)


def _rna(random: np.random.Generator, programmes: pd.DataFrame, draws: Draws) -> NDArray[np.int32]:
    means = programmes[list(CELLS)].to_numpy(dtype=np.float64).T  # [cell types, features]
    effects = random.lognormal(0.0, _DONOR_SPREAD, size=(len(DONORS), means.shape[1]))
    rates = means[draws.types] * effects[draws.donors] * draws.depth[:, None]
    return _counts(random, rates)


def _antibodies(random: np.random.Generator, draws: Draws) -> pd.DataFrame:
    means = np.array(
        [[by_type.get(name, 0.0) for by_type in _ANTIBODIES.values()] for name in CELLS]
    )
    rates = (means[draws.types] + _BACKGROUND) * draws.depth[:, None]
    counts = _counts(random, rates)
    return pd.DataFrame(counts, index=_names(len(draws.types)), columns=list(_ANTIBODIES))


def _counts(random: np.random.Generator, rates: _Rates) -> NDArray[np.int32]:
    blurred = rates * random.gamma(_SHAPE, 1.0 / _SHAPE, size=rates.shape)
    return random.poisson(blurred).astype(np.int32)


def _obs(draws: Draws) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "celltype": _labels(draws.types, CELLS),
            "donor": _labels(draws.donors, DONORS),
            "simulated": np.ones(len(draws.types), dtype=bool),
        },
        index=_names(len(draws.types)),
    )


def _labels(codes: NDArray[np.int64], names: Iterable[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes.tolist(), categories=pd.Index(list(names)))


def _names(n: int) -> pd.Index[str]:
    return pd.Index([f"SIMULATED-{i:04d}" for i in range(1, n + 1)])
