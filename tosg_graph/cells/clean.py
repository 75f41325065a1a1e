"""Compiled loop over raw rows: check, select, order, sum. Import inside functions only.

See :mod:`tosg_graph.cells.gather` for why.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tosg_graph.cells.gather import compiled

#: Places of the kinds of fault in the array of faults.
NOT_FINITE, NEGATIVE, FRACTIONAL, TOO_LARGE = 0, 1, 2, 3

#: The largest count, and the largest normalised value, that a store holds.
MOST_COUNT = float(np.iinfo(np.uint32).max)
MOST_VALUE = float(np.finfo(np.float32).max)


@compiled
def _count(faults: Any, kind: int, row: int, at: int) -> None:
    """Count a fault, and keep where the first of its kind is."""
    if faults[kind, 0] == 0:
        faults[kind, 1] = row
        faults[kind, 2] = at
    faults[kind, 0] += 1


@compiled
def _count_faults(faults: Any, value: float, normalised: bool, row: int, at: int) -> None:
    """Count each way in which a value is wrong."""
    if not np.isfinite(value):
        _count(faults, NOT_FINITE, row, at)
        return
    if value < 0:
        _count(faults, NEGATIVE, row, at)
    if not normalised and np.rint(value) != value:
        _count(faults, FRACTIONAL, row, at)
    if value > (MOST_VALUE if normalised else MOST_COUNT):
        _count(faults, TOO_LARGE, row, at)


@compiled
def _put_in_order(indices: Any, data: Any, start: int, end: int) -> int:
    """Sort the values of one row by feature, adding up those of one; give the new end."""
    order = np.argsort(indices[start:end], kind="mergesort")
    features = indices[start:end][order]
    values = data[start:end][order]
    at = start
    for k in range(len(features)):
        if at > start and indices[at - 1] == features[k]:
            data[at - 1] += values[k]
        else:
            indices[at] = features[k]
            data[at] = values[k]
            at += 1
    return at


@compiled
def _listed(place: Any, indices: Any, start: int, feature: int) -> int:
    """Where a row that begins at ``start`` first lists a feature."""
    at = start
    while place[indices[at]] != feature:
        at += 1
    return at


@compiled
def clean_rows(
    indptr: Any, indices: Any, data: Any, place: Any, normalised: bool,
    out_indptr: Any, out_indices: Any, out_data: Any,
    totals: Any, detected: Any, feature_totals: Any, feature_cells: Any, faults: Any,
) -> int:  # fmt: skip
    """Check the rows of a block and put them in order.

    Rows come out with ascending, unique features and without zeros; what a file lists twice for one
    cell and feature is added up.

    Parameters
    ----------
    indptr, indices, data
        The block as CSR, as it was read; indices were checked to be in range.
    place
        int64 [columns of the matrix]: place of each column on the axis, or -1 to leave it out.
    normalised
        Whether fractions are welcome.
    out_indptr, out_indices, out_data
        The output: int64 [rows + 1], and room for as many values as the block has; of counts int64,
        since what is listed twice may add up to more than a store holds.
    totals, detected
        Per row: sum of values, number of features.
    feature_totals, feature_cells
        Per place on the axis: sum of values and number of cells, added to.
    faults
        int64 [4, 3]: per kind of fault how many there are, and row and place in the block of the
        first one; see :data:`NOT_FINITE`. The first is only written where the number was 0.

    Returns
    -------
    int
        How many values above or below zero were looked at.
    """
    seen = 0
    at = 0
    most = MOST_VALUE if normalised else MOST_COUNT
    out_indptr[0] = 0
    for row in range(len(indptr) - 1):
        start = at
        ascending = True
        before = np.int64(-1)
        for k in range(indptr[row], indptr[row + 1]):
            feature = place[indices[k]]
            value = data[k]
            if feature < 0 or value == 0:
                continue
            seen += 1
            wide = np.float64(value)
            if not 0 < wide <= most or not (normalised or np.rint(wide) == wide):
                _count_faults(faults, wide, normalised, row, k)
                continue
            out_indices[at] = feature
            out_data[at] = value
            ascending &= feature > before
            before = feature
            at += 1
        if not ascending:
            at = _put_in_order(out_indices, out_data, start, at)
            for k in range(start, at):
                if np.float64(out_data[k]) > most:  # what a file lists twice, added up
                    listed = _listed(place, indices, indptr[row], out_indices[k])
                    _count(faults, TOO_LARGE, row, listed)
        out_indptr[row + 1] = at
        detected[row] = at - start
        total = totals[row]
        for k in range(start, at):
            total += out_data[k]
            feature_totals[out_indices[k]] += out_data[k]
            feature_cells[out_indices[k]] += 1
        totals[row] = total
    return seen
