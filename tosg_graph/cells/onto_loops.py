"""The compiled loops of :mod:`tosg_graph.cells.onto`. Import inside functions only."""

from __future__ import annotations

from typing import Any

import numpy as np

from tosg_graph.cells.gather import compiled

#: Logarithms of whole numbers below this are computed once per cell: most counts are small.
_SMALL = 64


@compiled
def lengths(indptr: Any, indices: Any, starts: Any, places: Any, seen: Any, out: Any) -> None:
    """Count the places that each cell has values on.

    ``seen`` is int64 [places] of −1 where features share places, else empty.
    """
    once = len(seen) == 0
    for row in range(len(indptr) - 1):
        found = 0
        for k in range(indptr[row], indptr[row + 1]):
            first, last = starts[indices[k]], starts[indices[k] + 1]
            if once:
                found += last - first
            else:
                for j in range(first, last):
                    if seen[places[j]] != row:
                        seen[places[j]] = row
                        found += 1
        out[row] = found


@compiled
def lay(
    indptr: Any, indices: Any, values: Any, starts: Any, places: Any, seen: Any, at: Any,
    out_places: Any, out_values: Any,
) -> None:  # fmt: skip
    """Write places and values of each cell, from ``at`` on; ``seen`` as in :func:`lengths`."""
    once = len(seen) == 0
    for row in range(len(indptr) - 1):
        place, begin = at[row], at[row]
        for k in range(indptr[row], indptr[row + 1]):
            for j in range(starts[indices[k]], starts[indices[k] + 1]):
                node = places[j]
                if not once and seen[node] >= begin:
                    out_values[seen[node]] += values[k]
                    continue
                if not once:
                    seen[node] = place
                out_places[place] = node
                out_values[place] = values[k]
                place += 1


@compiled
def sums(indptr: Any, values: Any, out: Any) -> None:
    """Sum the values of each cell in float64."""
    for row in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[row], indptr[row + 1]):
            total += values[k]
        out[row] = total


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
