"""How many cells measured a feature: what a share of cells is a share of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore

_Array = np.ndarray[Any, np.dtype[Any]]


def cells_measuring(store: CellStore, modality: str, codes: _Array, groups: int) -> _Array:
    """Count, per group and feature, the cells whose data set measured the feature.

    Parameters
    ----------
    codes
        int64 [cells]: the group of each cell, or -1 to leave it out.
    groups
        Number of groups.

    Returns
    -------
    numpy.ndarray
        int64 [groups, features].
    """
    cells = cells_of_datasets(store, codes, groups)
    return cells @ store.measured(modality).astype(np.int64)


def cells_of_datasets(store: CellStore, codes: _Array, groups: int) -> _Array:
    """Count the cells that a group has of each data set: int64 [groups, data sets]."""
    datasets = store.dataset_of(np.arange(store.n_cells))
    number = len(store.dataset_names)
    known = codes >= 0
    pairs = codes[known] * number + datasets[known]
    return np.bincount(pairs, minlength=groups * number).reshape(groups, number)
