"""Is anything in two parts of a split? Then a test result is not one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

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

#: What is shared, and what keeps it apart.
_ADVICE = {
    "donors": "split by donor",
    "studies": "split by study",
    "cells": "take each once",
    "cells with the same counts": "take one of each (tosg_graph.tensors.copies.first_of_each)",
}
_Values: TypeAlias = "Sequence[str | None] | npt.NDArray[Any] | pa.Array"


def check_leaks(
    parts: Sequence[str] | npt.NDArray[Any],
    *,
    donors: _Values | None = None,
    studies: _Values | None = None,
    cell_ids: _Values | None = None,
    profiles: _Values | None = None,
    names: Callable[[npt.NDArray[np.int64]], Sequence[str]] | None = None,
) -> None:
    """Check that nothing is in two parts of a split.

    Parameters
    ----------
    parts
        Part of each cell.
    donors, studies
        Donor and study of each cell; unknown ones are not compared.
    cell_ids
        Name of each cell: a barcode with its data set, as runs share barcodes.
    profiles
        Hash of the counts of each cell (:func:`profile_hashes`); null ones are not compared.
    names
        Names cells by position in ``parts``, for those whose counts are the same.

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
    naming = {"cells with the same counts": names}
    of_parts = _encoded(parts)
    leaks = {
        what: leak
        for what, values in given.items()
        if values is not None
        and (leak := _shared(what, _encoded(values), of_parts, naming.get(what)))
    }
    if leaks:
        advice = " and ".join(dict.fromkeys(_ADVICE[what] for what in leaks))
        raise UsageError(f"the split leaks: {'; '.join(leaks.values())}; {advice}")


def count_shared(values: _Values, parts: _Values) -> tuple[int, int]:
    """Count the known values that are in two parts, and all known values."""
    words = _encoded(values)
    known = np.unique(words.codes[words.codes >= 0])
    return len(_spread(words, _encoded(parts))[0]), len(known)


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
    from tosg_graph.tensors.profile_loop import hash_rows

    lengths = np.diff(matrix.indptr)
    words = np.zeros((matrix.shape[0], 2), np.uint64)
    hash_rows(matrix.indptr, matrix.indices, _bits(matrix.data), words)
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


def _shared(
    what: str,
    values: _Encoded,
    parts: _Encoded,
    names: Callable[[npt.NDArray[np.int64]], Sequence[str]] | None,
) -> str:
    """Say which values are in two parts, or nothing."""
    leaking, pairs = _spread(values, parts)
    if not len(leaking):
        return ""
    shown = []
    for place in leaking[:_SHOWN]:
        mine = pairs[pairs // len(parts.words) == place] % len(parts.words)
        if names is not None:
            shown.append(_members(int(place), mine, values, parts, names))
            continue
        where = ", ".join(sorted(str(parts.words[part]) for part in mine))
        shown.append(f"{_readable(values.words[int(place)].as_py())} ({where})")
    more = f" and {len(leaking) - _SHOWN} more" if len(leaking) > _SHOWN else ""
    return f"{len(leaking)} {what} in two parts: {', '.join(shown)}{more}"


def _spread(
    values: _Encoded, parts: _Encoded
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of the values that are in two parts; pairs of value and part."""
    known = values.codes >= 0
    shape = (len(values.words), len(parts.words))
    pairs = pairs_present(values.codes[known], parts.codes[known], shape)
    places, spread = np.unique(pairs // max(len(parts.words), 1), return_counts=True)
    return places[spread > 1], pairs


def _members(
    place: int,
    in_parts: npt.NDArray[np.int64],
    values: _Encoded,
    parts: _Encoded,
    names: Callable[[npt.NDArray[np.int64]], Sequence[str]],
) -> str:
    """Name the first cell of a value in each of its parts."""
    mine = np.flatnonzero(values.codes == place)
    first = np.array([mine[parts.codes[mine] == part][0] for part in in_parts])
    told = zip(names(first), in_parts, strict=True)
    return " = ".join(sorted(f"{name} ({parts.words[part]})" for name, part in told))


class _Encoded(NamedTuple):
    """The distinct words of a column, and the place of each row's word; −1 where there is none."""

    words: pa.Array
    codes: npt.NDArray[np.int64]


def _encoded(values: _Values) -> _Encoded:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _Encoded(array.dictionary, codes)


def _readable(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
