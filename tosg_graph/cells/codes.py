"""Columns of words as codes: what a cell has is a number, what the number means is said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: Codes that may be looked up in a table of their own, 9 bytes each.
_FEW = 1 << 24


@dataclass(frozen=True, eq=False)
class Words:
    """A column of words.

    Parameters
    ----------
    values
        Its distinct values.
    codes
        int32 [cells]: place of each cell's value, -1 where it is null.
    """

    values: tuple[str, ...]
    codes: npt.NDArray[np.int32]

    def where(self, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Cells whose value is wanted, from one flag per value; null is not."""
        return np.append(wanted, False)[self.codes]


def as_words(column: pa.ChunkedArray) -> Words:
    """Give distinct values, in the order in which they come, and codes; numbers are written out."""
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    place: dict[str, int] = {}
    codes, at = np.empty(len(column), np.int32), 0
    for chunk in column.chunks:  # each with a dictionary of its own
        values = chunk.dictionary.to_pylist()
        new = np.array([*(place.setdefault(v, len(place)) for v in values), -1], np.int32)
        indices = chunk.indices.fill_null(-1) if chunk.indices.null_count else chunk.indices
        # wrapped, -1 reads the last entry
        np.take(new, np.asarray(indices), mode="wrap", out=codes[at : at + len(chunk)])
        at += len(chunk)
    return Words(tuple(place), codes)


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers.

    Parameters
    ----------
    values
        [cells], in the type of the column; yes and no are 1 and 0.
    null
        bool [cells]: where it says nothing; None where it always says something.
    """

    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_] | None


def as_numbers(column: pa.ChunkedArray) -> Numbers:
    """Give the values of a column of numbers; NaN says nothing either."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    null = np.asarray(column.is_null(nan_is_null=True)) if column.null_count else None
    values = np.asarray(column.fill_null(0) if column.null_count else column)
    if null is None and values.dtype.kind == "f" and np.isnan(values.sum()):
        null = np.isnan(values)
    return Numbers(values, null)


def nothing_known(n_cells: int) -> Words:
    """A column that says nothing of any cell."""
    return Words((), np.full(n_cells, -1, np.int32))


def joint_codes(
    columns: Sequence[Words], mask: npt.NDArray[np.bool_] | None = None
) -> tuple[list[tuple[str | None, ...]], npt.NDArray[np.int64]]:
    """Combinations of values that occur, and the place of each cell's among them.

    Parameters
    ----------
    columns
        The columns.
    mask
        The cells to look at; default: all.

    Returns
    -------
    tuple
        The combinations in the order of the columns' values, null (None) first, and
        int64 [cells looked at].
    """
    found: list[tuple[str | None, ...]] = [()]
    places = np.zeros(len(columns[0].codes) if mask is None else int(mask.sum()), np.int64)
    for column in columns:
        codes = column.codes if mask is None else column.codes[mask]
        width = len(column.values) + 1
        present, places = distinct(places * width + codes + 1, len(found) * width)
        values = (None, *column.values)
        found = [(*found[code // width], values[code % width]) for code in present.tolist()]
    return found, places


def pairs_present(
    first: npt.NDArray[Any], second: npt.NDArray[Any], sizes: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Distinct pairs of two codes as ``first * sizes[1] + second``, rising."""
    codes = first * np.int64(sizes[1]) + second
    if sizes[0] * sizes[1] > _FEW:
        return np.unique(codes)
    present = np.zeros(sizes[0] * sizes[1], bool)
    present[codes] = True
    return np.flatnonzero(present)


def distinct(
    codes: npt.NDArray[Any], size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Distinct codes below ``size``, rising, and the place of each; sorts only where it must."""
    if size > _FEW:
        found, inverse = np.unique(codes, return_inverse=True)
        return found, inverse.reshape(-1)
    present = np.zeros(size, bool)
    present[codes] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[codes]
