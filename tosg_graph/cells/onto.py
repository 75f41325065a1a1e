"""Counts laid from features onto other places, such as the nodes of a graph.

The loops are compiled and run without the GIL; numba is imported at the first use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tosg_graph.cells.room import room
from tosg_graph.cells.rows import SparseRows

_Array = np.ndarray[Any, np.dtype[Any]]

#: What the counts of a cell are scaled to add up to.
PER_CELL = 10_000


@dataclass(frozen=True, eq=False)
class Join:
    """Which places each feature stands for.

    Parameters
    ----------
    starts
        int64 [features + 1]: where the places of each feature begin in ``places``.
    places
        int32 [pairs]: a feature may stand for several places, or none.
    n_places
        Number of places.
    """

    starts: _Array
    places: _Array
    n_places: int

    @classmethod
    def of_pairs(cls, features: _Array, places: _Array, *, n_features: int, n_places: int) -> Join:
        """Make a join of pairs (feature, place); a pair may stand there once only."""
        order = np.lexsort((places, features))
        lengths = np.bincount(features, minlength=n_features)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return cls(starts, places[order].astype(np.int32), n_places)

    @property
    def n_features(self) -> int:
        """Length of the feature axis."""
        return len(self.starts) - 1

    def reached(self, features: _Array) -> _Array:
        """Whether any of some features (bool [features]) stands for each place, bool [places]."""
        of_pair = np.repeat(features, np.diff(self.starts))
        found: _Array = np.bincount(self.places[of_pair], minlength=self.n_places) > 0
        return found

    @cached_property
    def _widths(self) -> _Array:
        """Places of each feature, int64 [features]."""
        return np.diff(self.starts)

    @cached_property
    def _slots(self) -> _Array:
        """Per pair, the number of its place among those of several features, or −1: int32."""
        shared = np.bincount(self.places, minlength=self.n_places) > 1
        numbers = np.where(shared, np.cumsum(shared) - 1, -1)
        found: _Array = numbers[self.places].astype(np.int32)
        return found

    @cached_property
    def _direct(self) -> _Array:
        """The place of a feature that has one, and has it alone: int32 [features].

        ``onto_loops.NOWHERE`` where it has none, ``onto_loops.SEVERAL`` where more is to be done.
        """
        from tosg_graph.cells import onto_loops

        found = np.full(self.n_features, onto_loops.SEVERAL, np.int32)
        found[self._widths == 0] = onto_loops.NOWHERE
        single = np.flatnonzero(self._widths == 1)
        alone = single[self._slots[self.starts[single]] < 0]
        found[alone] = self.places[self.starts[alone]]
        return found

    def lay(self, rows: SparseRows) -> SparseRows:
        """Lay the values of some cells onto the places.

        Returns
        -------
        SparseRows
            Its ``indices`` are places, int32, in no order within a cell and each once; values keep
            their type, and those of several features of one place are added up.
        """
        from tosg_graph.cells import onto_loops

        most = len(rows.indices)
        if self._widths.max(initial=0) > 1:
            most = int(onto_loops.pairs(rows.indices, self._widths))
        indptr = np.zeros(len(rows.indptr), np.int64)
        places, values = room(most + 1, np.int32), room(most + 1, rows.counts.dtype)
        seen = np.full(self._slots.max(initial=-1) + 1, -1, np.int64)
        onto_loops.lay(
            rows.indptr, rows.indices, rows.counts, self._direct, self.starts, self.places,
            self._slots, seen, indptr, places, values,
        )  # fmt: skip
        return SparseRows(indptr, places[: indptr[-1]], values[: indptr[-1]], self.n_places)


def totals_of(rows: SparseRows) -> _Array:
    """Sum of each cell over all features, float64 [cells]."""
    from tosg_graph.cells import onto_loops

    totals = np.empty(len(rows.indptr) - 1, np.float64)
    onto_loops.sums(rows.indptr, rows.counts, totals)
    return totals


def log1p_scaled(rows: SparseRows, totals: _Array, scale: float) -> SparseRows:
    """Return log(1 + value · scale / total of its cell) of every value, float32.

    A cell whose total is 0 has no values, and keeps none.
    """
    from tosg_graph.cells import onto_loops

    values = room(len(rows.counts), np.float32)
    onto_loops.log1p_scaled(rows.indptr, rows.counts, totals, scale, values)
    return SparseRows(rows.indptr, rows.indices, values, rows.n_features)


def into_dense(rows: SparseRows, out: _Array) -> None:
    """Write the values into a float32 array [cells, places] of zeros, which may be a view."""
    from tosg_graph.cells import onto_loops

    onto_loops.into_dense(rows.indptr, rows.indices, rows.counts, out)
