"""What is read from a cell store: stored values of cells, or columns of graph nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class SparseRows:
    """The stored values of some cells as CSR.

    Parameters
    ----------
    indptr
        int64 [cells + 1]: where each cell begins.
    indices
        int32 (int64 above 2³¹ features): features, sorted within a cell.
    counts
        int32 (int64 where a shard has 32-bit counts; float32 in a normalised store), or the type
        that was asked for. What is not listed was measured as zero.
    n_features
        Length of the feature axis.
    """

    indptr: _Array
    indices: _Array
    counts: _Array
    n_features: int

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, features."""
        return len(self.indptr) - 1, self.n_features

    def to_scipy(self) -> csr_matrix:
        """Give the same as a scipy matrix; arrays are shared, not copied."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.counts, self.indices, self.indptr), shape=self.shape)


@dataclass(frozen=True, slots=True)
class Columns:
    """Values of some graph nodes over some cells.

    Parameters
    ----------
    graph_ids
        The nodes that the store measured, in the order asked for.
    not_measured
        The nodes that no feature of the store stands for: neither zero nor anything else.
    values
        [cells, nodes]: int64 counts (float64 in a normalised store); features of one node are
        added up.
    measured
        bool [cells, nodes]: whether the data set of the cell measured the node. Where it did not,
        the value is 0 and means nothing.
    """

    graph_ids: tuple[str, ...]
    not_measured: tuple[str, ...]
    values: _Array
    measured: _Array
