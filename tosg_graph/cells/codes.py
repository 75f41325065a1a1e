"""Columns of words as codes: what a cell has is a number, what the number means is said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
        int8, int16 or int32 [cells]: place of each cell's value, -1 where it is null.
    """

    values: tuple[str, ...]
    codes: npt.NDArray[Any]

    def where(self, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Cells whose value is wanted, from one flag per value; null is not."""
        found: npt.NDArray[np.bool_] = np.append(wanted, False)[self.codes]
        return found


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


class WordsReader:
    """Takes a column of words piece by piece; codes are as narrow as the values allow.

    Parameters
    ----------
    n_cells
        Length of the column.
    """

    def __init__(self, n_cells: int) -> None:
        self._values = pa.array([], pa.string())
        self._codes: npt.NDArray[Any] = np.empty(n_cells, np.int8)
        self._at = 0

    def add(self, column: pa.ChunkedArray) -> None:
        """Take the next piece; numbers are written out."""
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        for chunk in column.chunks:  # each with a dictionary of its own
            new = np.append(self._places(chunk.dictionary.cast(pa.string())), np.int32(-1))
            self._make_room()
            indices = chunk.indices.fill_null(-1) if chunk.indices.null_count else chunk.indices
            out = self._codes[self._at : self._at + len(chunk)]
            # wrapped, -1 reads the last entry
            np.take(new.astype(out.dtype), np.asarray(indices), mode="wrap", out=out)
            self._at += len(chunk)

    def finish(self) -> Words:
        """Give the column: its values in the order in which they came."""
        return Words(tuple(self._values.to_pylist()), self._codes)

    def _places(self, dictionary: pa.Array) -> npt.NDArray[np.int32]:
        """Place of each value of a dictionary among the values; new ones go to the end."""
        found = pc.index_in(dictionary, value_set=self._values)
        if found.null_count:
            new = dictionary.filter(found.is_null()).unique()
            self._values = pa.concat_arrays([self._values, new])
            found = pc.index_in(dictionary, value_set=self._values)
        return np.asarray(found)

    def _make_room(self) -> None:
        while len(self._values) > np.iinfo(self._codes.dtype).max:
            wider = {1: np.int16, 2: np.int32}[self._codes.dtype.itemsize]
            self._codes = self._codes.astype(wider)


class NumbersReader:
    """Takes a column of numbers piece by piece; NaN says nothing, as null does.

    Parameters
    ----------
    n_cells
        Length of the column.
    """

    def __init__(self, n_cells: int) -> None:
        self._n_cells = n_cells
        self._values: npt.NDArray[Any] | None = None
        self._null: npt.NDArray[np.bool_] | None = None
        self._at = 0

    def add(self, column: pa.ChunkedArray) -> None:
        """Take the next piece."""
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        nothing = np.asarray(column.is_null(nan_is_null=True))
        values = np.asarray(column.fill_null(0) if column.null_count else column)
        if self._values is None:
            self._values = np.empty(self._n_cells, values.dtype)
        part = slice(self._at, self._at + len(values))
        self._values[part] = values
        if nothing.any():
            if self._null is None:
                self._null = np.zeros(self._n_cells, bool)
            self._null[part] = nothing
        self._at += len(values)

    def finish(self) -> Numbers:
        """Give the column."""
        values = np.empty(0, np.float64) if self._values is None else self._values
        return Numbers(values, self._null)


def as_words(column: pa.ChunkedArray) -> Words:
    """Give distinct values, in the order in which they come, and codes; numbers are written out."""
    reader = WordsReader(len(column))
    reader.add(column)
    return reader.finish()


def as_numbers(column: pa.ChunkedArray) -> Numbers:
    """Give the values of a column of numbers; NaN says nothing either."""
    reader = NumbersReader(len(column))
    reader.add(column)
    return reader.finish()


def nothing_known(n_cells: int) -> Words:
    """A column that says nothing of any cell."""
    return Words((), np.full(n_cells, -1, np.int32))


def joint_codes(
    columns: Sequence[Words], mask: npt.NDArray[np.bool_] | None = None
) -> tuple[list[tuple[str | None, ...]], npt.NDArray[Any]]:
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
        int32 or int64 [cells looked at].
    """
    found: list[tuple[str | None, ...]] = [()]
    places: npt.NDArray[Any] = np.zeros(1, np.int32)
    for column in columns:
        codes = column.codes if mask is None else column.codes[mask]
        width = len(column.values) + 1
        if len(found) * width > np.iinfo(np.int32).max:
            places = places.astype(np.int64)
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


def distinct(codes: npt.NDArray[Any], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Distinct codes below ``size``, rising, and the place of each; sorts only where it must."""
    if size > _FEW:
        found, inverse = np.unique(codes, return_inverse=True)
        return found, inverse.reshape(-1)
    present = np.zeros(size, bool)
    present[codes] = True
    place = (np.cumsum(present) - 1).astype(np.int32)
    return np.flatnonzero(present), place[codes]
