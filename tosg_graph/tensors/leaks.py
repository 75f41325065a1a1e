"""Is anything in two parts of a split? Then a test result is not one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.codes import pairs_present
from tosg_graph.errors import UsageError

#: Values other than zero from which on equal counts of two cells are no accident.
MIN_PROFILE = 50
_SHOWN = 5
_HASH = pa.binary(16)

_Values: TypeAlias = "Sequence[str | None] | npt.NDArray[Any] | pa.Array"


def check_leaks(
    parts: Sequence[str] | npt.NDArray[Any],
    *,
    donors: _Values | None = None,
    studies: _Values | None = None,
    cell_ids: _Values | None = None,
    profiles: _Values | None = None,
) -> None:
    """Check that nothing is in two parts of a split.

    Parameters
    ----------
    parts
        Part of each cell.
    donors, studies
        Donor and study of each cell; unknown ones are not compared.
    cell_ids
        Name (barcode) of each cell.
    profiles
        Hash of the counts of each cell (:func:`profile_hashes`); null ones are not compared.

    Raises
    ------
    UsageError
        Naming what is shared, and by which parts.
    """
    given = {
        "donors": donors,
        "studies": studies,
        "cells": cell_ids,
        "cells with the same counts": profiles,
    }
    found = [_shared(what, values, parts) for what, values in given.items() if values is not None]
    leaks = [leak for leak in found if leak]
    if leaks:
        raise UsageError(f"the split leaks: {'; '.join(leaks)}; split anew, or remove them")


def profile_hashes(matrix: Any, *, min_values: int = MIN_PROFILE) -> pa.Array:
    """Hash the counts of each row of a scipy CSR matrix; null for a row of too few values.

    Two cells with equal counts of many genes are one cell that was written twice; with equal
    counts of a few they may be two.

    Returns
    -------
    pyarrow.Array
        binary(16) [rows]. The hash is a sum over the values of a row of two mixed 64-bit words, so
        that it does not depend on their order: two different profiles among a hundred million
        cells share it with a probability of about 10⁻²³.
    """
    lengths = np.diff(matrix.indptr)
    words = np.zeros((matrix.shape[0], 2), np.uint64)
    feature, value = matrix.indices.astype(np.uint64), _bits(matrix.data)
    filled = np.flatnonzero(lengths > 0)
    for at, seed in enumerate((0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)):
        mixed = _mix(_mix(feature + np.uint64(seed)) ^ value * np.uint64(seed | 1))
        if len(filled):
            words[filled, at] = np.add.reduceat(mixed, matrix.indptr[filled])
    enough = pa.array(lengths >= min_values)
    hashes = pa.Array.from_buffers(_HASH, len(words), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(enough, hashes, pa.scalar(None, _HASH))


def _bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Counts as they are, other numbers by their bits."""
    if values.dtype.kind == "f":
        whole = values == np.rint(values)
        bits = values.astype(np.float64).view(np.uint64)
        return np.where(whole, values.astype(np.int64).astype(np.uint64), bits)
    return values.astype(np.uint64)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix as SplitMix64 does (Steele, Lea, Flood, OOPSLA 2014, doi:10.1145/2660193.2660195)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _shared(what: str, values: _Values, parts: Sequence[str] | npt.NDArray[Any]) -> str:
    """Say which values are in two parts, or nothing."""
    names, codes = _encoded(values)
    part_names, part_codes = _encoded(parts)
    known = codes >= 0
    pairs = pairs_present(codes[known], part_codes[known], (len(names), len(part_names)))
    places, spread = np.unique(pairs // max(len(part_names), 1), return_counts=True)
    leaking = places[spread > 1]
    if not len(leaking):
        return ""
    shown = []
    for place in leaking[:_SHOWN]:
        mine = pairs[pairs // len(part_names) == place] % len(part_names)
        where = ", ".join(sorted(str(part_names[part]) for part in mine))
        shown.append(f"{_readable(names[int(place)].as_py())} ({where})")
    more = f" and {len(leaking) - _SHOWN} more" if len(leaking) > _SHOWN else ""
    return f"{len(leaking)} {what} in two parts: {', '.join(shown)}{more}"


def _encoded(values: _Values) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return array.dictionary, codes


def _readable(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
