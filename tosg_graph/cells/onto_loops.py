"""The compiled loops of :mod:`tosg_graph.cells.onto`. Import inside functions only."""

from __future__ import annotations

from typing import Any

import numpy as np

from tosg_graph.cells.gather import compiled

#: Logarithms of whole numbers below this are computed once per cell: most counts are small.
_SMALL = 64


#: What stands for the place of a feature that has none, and of one for which more is to be done.
NOWHERE, SEVERAL = -1, -2


@compiled
def pairs(indices: Any, widths: Any) -> int:
    """Count the places of all values, those of several features as often as they are met."""
    found = 0
    for k in range(len(indices)):
        found += widths[indices[k]]
    return found


@compiled
def lay(
    indptr: Any, indices: Any, values: Any, direct: Any, starts: Any, places: Any, slots: Any,
    seen: Any, out_indptr: Any, out_places: Any, out_values: Any,
) -> None:  # fmt: skip
    """Write places and values of each cell, one cell after the other.

    The output is one longer than what can be in it.

    Parameters
    ----------
    direct
        int32 [features]: the one place of a feature, :data:`NOWHERE` or :data:`SEVERAL`.
    starts, places
        As in :class:`tosg_graph.cells.onto.Join`.
    slots
        int32, one per pair: the number of a place that several features have, or −1.
    seen
        int64 [such places] of −1.
    """
    end = 0
    widest = 0
    for row in range(len(indptr) - 1):
        widest = max(widest, indptr[row + 1] - indptr[row])
    looked_up = np.empty(widest, np.int32)
    for row in range(len(indptr) - 1):
        begin, first, n = end, indptr[row], indptr[row + 1] - indptr[row]
        lowest = np.int32(0)
        for k in range(n):  # apart from the writing: the processor looks several up at once
            looked_up[k] = direct[indices[first + k]]
            lowest = min(lowest, looked_up[k])
        if lowest >= 0:
            out_places[end : end + n] = looked_up[:n]
            out_values[end : end + n] = values[first : first + n]
            end += n
        elif lowest == NOWHERE:
            for k in range(n):  # written in any case: whether it stays cannot be foreseen
                out_places[end] = looked_up[k]
                out_values[end] = values[first + k]
                end += looked_up[k] >= 0
        else:
            for k in range(first, first + n):
                place = looked_up[k - first]
                if place != SEVERAL:
                    out_places[end] = place
                    out_values[end] = values[k]
                    end += place >= 0
                    continue
                for j in range(starts[indices[k]], starts[indices[k] + 1]):
                    slot = slots[j]
                    if slot >= 0 and seen[slot] >= begin:
                        out_values[seen[slot]] += values[k]
                        continue
                    if slot >= 0:
                        seen[slot] = end
                    out_places[end] = places[j]
                    out_values[end] = values[k]
                    end += 1
        out_indptr[row + 1] = end


@compiled
def sums(indptr: Any, values: Any, out: Any) -> None:
    """Sum the values of each cell in float64: four sums side by side, always of the same values."""
    for row in range(len(indptr) - 1):
        of_row = values[indptr[row] : indptr[row + 1]]
        fours = len(of_row) // 4 * 4
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        for k in range(0, fours, 4):
            a += of_row[k]
            b += of_row[k + 1]
            c += of_row[k + 2]
            d += of_row[k + 3]
        for k in range(fours, len(of_row)):
            a += of_row[k]
        out[row] = (a + b) + (c + d)


@compiled
def log1p_scaled(indptr: Any, values: Any, totals: Any, scale: Any, out: Any) -> None:
    """Compute log(1 + value · scale / total) in float64; equal whole numbers once per cell."""
    known = np.empty(_SMALL, np.float64)
    for row in range(len(indptr) - 1):
        known[:] = -1.0
        for k in range(indptr[row], indptr[row + 1]):
            value = np.float64(values[k])
            whole = int(value)
            if 0 <= whole < _SMALL and whole == value:
                if known[whole] < 0:
                    known[whole] = np.log1p(value * scale / totals[row])
                out[k] = known[whole]
            else:
                out[k] = np.log1p(value * scale / totals[row])


@compiled
def into_dense(indptr: Any, indices: Any, values: Any, out: Any) -> None:
    """Write values where they belong in [cells, places]."""
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            out[row, indices[k]] = values[k]
