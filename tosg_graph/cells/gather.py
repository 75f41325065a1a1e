"""Compiled loops over mapped shards. Import inside functions only: numba takes a second to load.

A shard lies in memory as its file does: three views of one mapping (offsets as 32-bit words,
features and values in their own widths), and per record batch where its three buffers begin. Every
loop checks that what it reads lies inside the file, so that a damaged shard gives an error and no
crash; it returns the first bad row, or -1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, without the GIL; keep the machine code where that is possible."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder to keep it in: a read-only install without a home
        return numba.njit(nogil=True)(function)


@compiled
def row_lengths(offsets: Any, starts: Any, limits: Any, rows: Any, batch: int, out: Any) -> int:
    """Measure how many values each row has.

    Parameters
    ----------
    offsets
        The file as int32.
    starts
        int64 [batches, 3]: where offsets, features and values begin, each in items of its view.
    limits
        int64 [2]: items in the views of features and values.
    rows
        int64: rows within the shard.
    batch
        Rows of a record batch.
    out
        int64, as long as ``rows``.
    """
    for i in range(len(rows)):
        b = rows[i] // batch
        at = starts[b, 0] + rows[i] - b * batch
        first, last = np.int64(offsets[at]), np.int64(offsets[at + 1])
        inside = last + starts[b, 1] <= limits[0] and last + starts[b, 2] <= limits[1]
        if first < 0 or last < first or not inside:
            return int(rows[i])
        out[i] = last - first
    return -1


@compiled
def copy_rows(
    offsets: Any, features: Any, values: Any, starts: Any, rows: Any, batch: int,
    at: Any, width: int, out_features: Any, out_values: Any,
) -> int:  # fmt: skip
    """Copy the stored values of rows whose lengths :func:`row_lengths` has checked.

    Parameters
    ----------
    features, values
        The file in the widths of its features and values.
    at
        int64, as long as ``rows``: where each row begins in the output.
    width
        Length of the feature axis; an index beyond it is a bad row.
    out_features, out_values
        The output; values are converted to its types.
    """
    for i in range(len(rows)):
        b = rows[i] // batch
        place = starts[b, 0] + rows[i] - b * batch
        first = np.int64(offsets[place])
        length = np.int64(offsets[place + 1]) - first
        from_features = features[starts[b, 1] + first : starts[b, 1] + first + length]
        from_values = values[starts[b, 2] + first : starts[b, 2] + first + length]
        to_features = out_features[at[i] : at[i] + length]
        to_values = out_values[at[i] : at[i] + length]
        highest = np.uint32(0)
        for k in range(length):  # two loops over slices: each compiles to vector instructions
            feature = from_features[k]
            to_features[k] = feature
            highest = max(highest, np.uint32(feature))
        for k in range(length):
            to_values[k] = from_values[k]
        if highest >= width:
            return int(rows[i])
    return -1


@compiled
def count_features(features: Any, detected: Any) -> None:
    """Add 1 for every stored value to the count of its feature."""
    for k in range(len(features)):
        detected[features[k]] += 1


@compiled
def encode_gaps(offsets: Any, features: Any, rank: Any, gaps: Any) -> None:
    """Number the features of each cell by prevalence, sort the numbers, and write their gaps.

    Parameters
    ----------
    offsets
        int64 [cells + 1].
    features
        What the cells have; features are unique within a cell.
    rank
        uint32 [features]: the number of each feature.
    gaps
        The output, of the type of the features.
    """
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        numbers = np.empty(last - first, np.uint32)
        for k in range(first, last):
            numbers[k - first] = rank[features[k]]
        numbers.sort()
        after = np.int64(-1)
        for k in range(len(numbers)):
            number = np.int64(numbers[k])
            gaps[first + k] = number - after - 1
            after = number


@compiled
def join_planes(low: Any, high: Any, out: Any) -> None:
    """Put 16-bit numbers together from their bytes; an empty plane is one of zeros."""
    if len(low) == 0:
        out[:] = 0
    else:
        for k in range(len(out)):
            out[k] = low[k]
    if len(high):
        for k in range(len(out)):
            out[k] |= np.uint16(high[k]) << np.uint16(8)


#: Place of the lowest bit of a 64-bit word, by a de Bruijn sequence.
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_LOWEST = np.zeros(64, np.uint8)
for _bit in range(64):
    _LOWEST[((int(_SEQUENCE) << _bit) & (2**64 - 1)) >> 58] = _bit


@compiled
def decode_rows(
    gaps: Any, values: Any, starts: Any, rows: Any, order: Any,
    at: Any, width: int, out_features: Any, out_values: Any,
) -> int:  # fmt: skip
    """Decode rows of a block; features come out ascending.

    A bitmap of the feature axis puts them in order: one pass sets the bits, one reads them off,
    four at a time whether or not there are as many: a branch that cannot be foreseen costs more.

    Parameters
    ----------
    starts
        int64 [cells of the block + 1]: where each cell begins among gaps and values.
    rows
        int64: rows within the block.
    order
        uint32: the feature behind each number; all below ``width``.
    at
        int64, as long as ``rows``: where each row begins in the output.
    width
        Length of the feature axis.
    """
    words = np.zeros((width + 63) // 64, np.uint64)
    found = np.empty(width + 8, np.uint32)
    one, six, low, top = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(58)
    for i in range(len(rows)):
        first, length = starts[rows[i]], starts[rows[i] + 1] - starts[rows[i]]
        from_gaps, from_values = gaps[first : first + length], values[first : first + length]
        last = np.int64(length) - 1
        for k in range(length):
            last += np.int64(from_gaps[k])
        if last >= len(order):
            return int(rows[i])
        number = np.int64(-1)
        for k in range(length):
            number += np.int64(from_gaps[k]) + 1
            feature = np.uint64(order[number])
            words[feature >> six] |= one << (feature & low)
        n = 0
        for w in range(len(words)):
            bits = words[w]
            words[w] = 0
            while bits:
                for _ in range(4):
                    single = bits & (~bits + one)
                    found[n] = np.uint32(w * 64 + _LOWEST[(single * _SEQUENCE) >> top])
                    n += int(bits != 0)
                    bits ^= single
        if n != length:  # a feature twice in ``order``
            return int(rows[i])
        to_features = out_features[at[i] : at[i] + length]
        to_values = out_values[at[i] : at[i] + length]
        for k in range(length):
            to_features[k] = found[k]
        for k in range(length):
            to_values[k] = from_values[k]
    return -1


@compiled
def scatter_columns(indptr: Any, indices: Any, values: Any, column_of: Any, out: Any) -> None:
    """Add the values of chosen features into dense columns.

    Parameters
    ----------
    column_of
        int64, one per feature: its column in ``out``, or -1.
    out
        [rows, columns]; features with the same column are added up.
    """
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            column = column_of[indices[k]]
            if column >= 0:
                out[row, column] += values[k]


@compiled
def add_sums(
    indptr: Any, indices: Any, values: Any, totals: Any, per_feature: Any, cells: Any
) -> None:
    """Add up values per row and per feature, and count the cells of each feature.

    Parameters
    ----------
    totals
        [rows]: sums of the rows.
    per_feature, cells
        [features]: added to.
    """
    for row in range(len(indptr) - 1):
        for k in range(indptr[row], indptr[row + 1]):
            totals[row] += values[k]
            per_feature[indices[k]] += values[k]
            cells[indices[k]] += 1


@compiled
def add_profiles(
    indptr: Any, indices: Any, values: Any, group: Any, scale: Any, detected: Any, sums: Any,
    squares: Any,
) -> None:  # fmt: skip
    """Add cells to the profiles of their groups.

    Parameters
    ----------
    group
        int64, one per cell: its group, or -1.
    scale
        float64, one per cell: what its values are multiplied with.
    detected
        int64 [groups, features]: cells with a value above 0.
    sums
        float64 [groups, features]: sums of scaled values.
    squares
        float64 [groups, features]: sums of their squares.
    """
    for row in range(len(indptr) - 1):
        g = group[row]
        if g < 0:
            continue
        for k in range(indptr[row], indptr[row + 1]):
            feature = indices[k]
            detected[g, feature] += 1
            scaled = values[k] * scale[row]
            sums[g, feature] += scaled
            squares[g, feature] += scaled * scaled
