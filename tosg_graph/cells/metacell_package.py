"""Meta-cells as the ``metacells`` package groups them, from raw counts.

Its divide-and-conquer pipeline (Ben-Kiki, Bercovich, Lifshitz and Tanay 2022,
https://doi.org/10.1186/s13059-022-02667-1) decides which genes tell cells apart, and declares cells
that resemble no others outliers, which are in no meta-cell. Memory is that of the counts of one
piece of a partition, several times over.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from tosg_graph.cells.extras import require
from tosg_graph.errors import UsageError

EXTRA = "metacells-package"
#: Cells whose counts are in memory at a time.
PIECE = 50_000
#: A meta-cell is aimed at ``size`` cells and may have this share of them.
_LEAST = 4


def grouped(counts: csr_matrix, *, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Group cells: int64 [cells], from 0 without a gap; −1 for an outlier.

    Parameters
    ----------
    counts
        Whole numbers [cells, genes].
    size
        Cells per group that are aimed at; the counts of so many median cells are its second aim.
    seed
        Seed of the package's random numbers; at least 1.

    Raises
    ------
    UsageError
        If the package can make nothing of the cells, such as too few of them or of their genes.
    MissingExtra
        If the package is not installed.
    """
    package = require("metacells", EXTRA)
    wanted = max(1, round(counts.shape[0] / size))
    if wanted == 1:
        return np.zeros(counts.shape[0], np.int64)
    depth = float(np.median(np.asarray(counts.sum(axis=1))))
    cells = _annotated(package, counts)
    with _quietly(package):
        try:
            package.pl.divide_and_conquer_pipeline(
                cells,
                target_metacell_size=size,
                target_metacell_umis=max(1, round(size * depth)),
                min_metacell_size=max(2, size // _LEAST),
                random_seed=seed,
            )
        except (AssertionError, ValueError, ArithmeticError, IndexError) as error:
            raise UsageError(
                f"the metacells package could not group {counts.shape[0]:,} cells ({error}); "
                "choose more cells, a smaller size, or method='kmeans'"
            ) from error
    return np.asarray(cells.obs["metacell"], dtype=np.int64)


def _annotated(package: Any, counts: csr_matrix) -> Any:
    """The counts as the package wants them: no gene is set aside."""
    import anndata
    import pandas as pd

    obs = pd.DataFrame(index=[f"c{number}" for number in range(counts.shape[0])])
    var = pd.DataFrame(index=[f"g{number}" for number in range(counts.shape[1])])
    var["lateral_gene"] = var["noisy_gene"] = False
    cells = anndata.AnnData(counts.astype(np.float32), obs, var)
    package.ut.set_name(cells, "cells")
    return cells


@contextmanager
def _quietly(package: Any) -> Iterator[None]:
    """One processor, so that the same seed gives the same groups; no progress on standard error."""
    package.ut.set_processors_count(1)
    log = package.ut.logger()
    level = log.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        log.setLevel(logging.WARNING)
        try:
            yield
        finally:
            log.setLevel(level)
