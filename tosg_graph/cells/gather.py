"""Compiled loops over mapped shards. Import inside functions only: numba takes a second to load.

One call reads rows of any number of shards, because arrays are given by address: a call for each
shard would cost more than its rows, where a batch has few of each. Every loop checks that what it
reads lies inside its file, so that a damaged shard gives an error and no crash, and that a row is
as long as it was found to be; it returns the number of the first bad one among those asked for,
or -1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.cgutils import voidptr_t
from numba.extending import intrinsic

#: The types of stored numbers; what loops call a kind is a place in it.
KINDS = tuple(np.dtype(name) for name in ("uint8", "uint16", "uint32", "float32"))
KINDS_BYTES = np.array([kind.itemsize for kind in KINDS])


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call, without the GIL; keep the machine code where that is possible."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no folder to keep it in: a read-only install without a home
        return numba.njit(nogil=True)(function)


def _as_pointer(_context: Any, _address: Any) -> Any:
    def code(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], voidptr_t)

    return types.voidptr(types.int64), code


#: Takes a whole number as an address; and makes an array of what lies there.
_pointer: Any = intrinsic(_as_pointer)
_array: Any = numba.carray  # type: ignore[attr-defined]


@compiled
def put(address: Any, kind: Any, out: Any) -> None:
    """Fill an array with the numbers of a kind that lie at an address, converted to its type."""
    n = len(out)
    if kind == 0:
        bytes_ = _array(_pointer(address), n, np.uint8)
        for k in range(n):
            out[k] = bytes_[k]
    elif kind == 1:
        shorts = _array(_pointer(address), n, np.uint16)
        for k in range(n):
            out[k] = shorts[k]
    elif kind == 2:
        words = _array(_pointer(address), n, np.uint32)
        for k in range(n):
            out[k] = words[k]
    else:
        floats = _array(_pointer(address), n, np.float32)
        for k in range(n):
            out[k] = floats[k]


@compiled
def row_lengths(files: Any, starts: Any, shards: Any, rows: Any, batch: int, out: Any) -> int:
    """Measure how many values each row of hot shards has.

    Parameters
    ----------
    files
        int64 [shards, 5]: where the file lies in memory, its bytes, bytes of a feature and of a
        value, and its first row in ``starts``.
    starts
        int64 [record batches of all shards, 3]: bytes from the beginning of the file to offsets
        (32-bit), features and values.
    shards, rows
        int64: the shard of each row asked for, and its place in it.
    batch
        Rows of a record batch.
    out
        int64, as long as ``rows``.
    """
    for i in range(len(rows)):
        file = files[shards[i]]
        start = starts[file[4] + rows[i] // batch]
        offsets = file[0] + start[0] + 4 * (rows[i] % batch)
        ends = _array(_pointer(offsets), 2, np.int32)
        first, last = np.int64(ends[0]), np.int64(ends[1])
        features, values = start[1] + last * file[2], start[2] + last * file[3]
        if first < 0 or last < first or features > file[1] or values > file[1]:
            return i
        out[i] = last - first
    return -1


@compiled
def copy_rows(
    files: Any, kinds: Any, starts: Any, shards: Any, rows: Any, lengths: Any, batch: int,
    at: Any, width: int, out_features: Any, out_values: Any,
) -> int:  # fmt: skip
    """Copy the stored values of rows of hot shards.

    Parameters
    ----------
    kinds
        int64 [shards, 2]: kinds of features and of values.
    lengths
        int64, as long as ``rows``: what :func:`row_lengths` found.
    at
        int64, as long as ``rows``: where each row begins in the output.
    width
        Length of the feature axis; an index beyond it is a bad row.
    out_features, out_values
        The output; values are converted to its types.
    """
    for i in range(len(rows)):
        file, kind = files[shards[i]], kinds[shards[i]]
        start = starts[file[4] + rows[i] // batch]
        offsets = file[0] + start[0] + 4 * (rows[i] % batch)
        ends = _array(_pointer(offsets), 2, np.int32)
        first = np.int64(ends[0])
        if np.int64(ends[1]) - first != lengths[i]:
            return i
        to_features = out_features[at[i] : at[i] + lengths[i]]
        put(file[0] + start[1] + first * file[2], kind[0], to_features)
        put(file[0] + start[2] + first * file[3], kind[1], out_values[at[i] : at[i] + lengths[i]])
        highest = to_features[0] if len(to_features) else -1
        for k in range(len(to_features)):
            highest = max(highest, to_features[k])
        if highest >= width:
            return i
    return -1


@compiled
def block_lengths(files: Any, starts: Any, shards: Any, rows: Any, batch: int, out: Any) -> int:
    """Measure how many values each row of compact shards has.

    Parameters
    ----------
    files
        int64 [shards, 3]: where the file lies in memory, features that the shard has, and its
        first row in ``starts``.
    starts
        int64 [record batches of all shards]: bytes from the beginning of the file to the lengths.
    """
    for i in range(len(rows)):
        file = files[shards[i]]
        place = file[0] + starts[file[2] + rows[i] // batch] + 4 * (rows[i] % batch)
        length = np.int64(_array(_pointer(place), 1, np.uint32)[0])
        if length > file[1]:
            return i
        out[i] = length
    return -1


@compiled
def count_features(features: Any, detected: Any) -> None:
    """Add 1 for every stored value to the count of its feature."""
    for k in range(len(features)):
        detected[features[k]] += 1


@compiled
def encode_gaps(
    offsets: Any, features: Any, values: Any, rank: Any, gaps: Any, ordered: Any
) -> None:
    """Number the features of each cell by prevalence, sort by the numbers, and write their gaps.

    Parameters
    ----------
    offsets
        int64 [cells + 1].
    features, values
        What the cells have; features are unique within a cell.
    rank
        uint32 [features]: the number of each feature.
    gaps, ordered
        The output: gaps between the numbers, of the type of the features, and the values in the
        same order.
    """
    wide = np.uint64(32)
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1]
        keys = np.empty(last - first, np.uint64)
        for k in range(last - first):
            keys[k] = (np.uint64(rank[features[first + k]]) << wide) | np.uint64(k)
        keys.sort()
        after = np.int64(-1)
        for k in range(len(keys)):
            number = np.int64(keys[k] >> wide)
            gaps[first + k] = number - after - 1
            ordered[first + k] = values[first + np.int64(keys[k] & np.uint64(0xFFFFFFFF))]
            after = number


@compiled
def read_numbers(where: Any, first: int, out: Any) -> None:
    """Fill an array with numbers of a block, from one on.

    Parameters
    ----------
    where
        int64 [5]: where their lowest bytes lie in memory (or they themselves) and the kind of
        these; where the places of the larger ones lie (uint32, ascending), what those have above
        the lowest byte (uint32), and how many of them there are.
    first
        The first number that is wanted.
    out
        The output; numbers are converted to its type.
    """
    put(where[0] + first * KINDS_BYTES[where[1]], where[1], out)
    places = _array(_pointer(where[2]), where[4], np.uint32)
    rest = _array(_pointer(where[3]), where[4], np.uint32)
    k = np.searchsorted(places, np.uint32(first))
    while k < len(places) and places[k] < first + len(out):
        out[places[k] - first] += rest[k]
        k += 1


#: Place of the lowest bit of a 64-bit word, by a de Bruijn sequence.
_SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
_LOWEST = np.zeros(64, np.uint8)
for _bit in range(64):
    _LOWEST[((int(_SEQUENCE) << _bit) & (2**64 - 1)) >> 58] = _bit


@compiled
def _ascend(features: Any, values: Any, words: Any, found: Any, value_of: Any) -> bool:
    """Bring one row into the order of the feature axis; whether each feature stood there once.

    A bitmap of the axis does it, in less time than sorting: one pass sets the bits, one reads them
    off, four at a time whether or not there are as many: a branch that cannot be foreseen costs
    more.

    Parameters
    ----------
    features, values
        The row, changed in place.
    words
        uint64, a bit for each feature of the axis: zeros, before and after.
    found, value_of
        Room for the features of the axis and 8 more, and for the value of each.
    """
    one, six, low, top = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(58)
    for k in range(len(features)):
        feature = np.uint64(features[k])
        words[feature >> six] |= one << (feature & low)
        value_of[feature] = values[k]
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
    if n != len(features):
        return False
    for k in range(n):
        features[k] = found[k]
        values[k] = value_of[found[k]]
    return True


@compiled
def decode_rows(
    blocks: Any, which: Any, rows: Any, lengths: Any, at: Any, width: int, ascending: bool,
    out_features: Any, out_values: Any,
) -> int:  # fmt: skip
    """Decode rows of blocks.

    Parameters
    ----------
    blocks
        int64 [blocks, 13]: where these lie in memory: the starts of the cells among gaps and values
        (int64, one more than cells), and the feature behind each number (uint32, all below
        ``width``, none twice); how many numbers there are; and gaps and values, each as
        :func:`read_numbers` takes them.
    which, rows
        int64: the block of each row asked for, and its place in it.
    lengths
        int64, as long as ``rows``: what :func:`block_lengths` found.
    at
        int64, as long as ``rows``: where each row begins in the output.
    width
        Length of the feature axis.
    ascending
        Whether the features of a row come out ascending, or the most prevalent first, in a quarter
        of the time.
    """
    gaps, room = np.empty(width, np.uint32), width if ascending else 0
    words, found = np.zeros((room + 63) // 64, np.uint64), np.empty(room + 8, np.uint32)
    value_of = np.empty(room, out_values.dtype)
    for i in range(len(rows)):
        block = blocks[which[i]]
        ends = _array(_pointer(block[0] + 8 * rows[i]), 2, np.int64)
        order = _array(_pointer(block[1]), block[2], np.uint32)
        first, length = ends[0], lengths[i]
        if ends[1] - first != length or length > width:
            return i
        read_numbers(block[3:8], first, gaps[:length])
        last = np.int64(length) - 1
        for k in range(length):
            last += np.int64(gaps[k])
        if last >= len(order):
            return i
        features = out_features[at[i] : at[i] + length]
        values = out_values[at[i] : at[i] + length]
        read_numbers(block[8:13], first, values)
        number = np.int64(-1)
        for k in range(length):
            number += np.int64(gaps[k]) + 1
            features[k] = order[number]
        if ascending and not _ascend(features, values, words, found, value_of):
            return i
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
