"""A matrix that lies the wrong way round, turned on disk, once for all tasks.

One pass counts the values of each cell, a second writes every value to the file of its range of
cells. Memory is bounded by what the passes hand over at a time and by 8 bytes per cell; disk takes
12 or 16 bytes per value until the conversion ends.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from tosg_graph.cells.manifest import BATCH_CELLS

_Array = np.ndarray[Any, np.dtype[Any]]

#: Cells, columns and values of a matrix, in its own order, some of them at a time.
Triplets = Callable[[], Iterator[tuple[_Array, _Array, _Array]]]

#: Stored values, or elements of a dense matrix, that are in memory at a time.
BLOCK_VALUES = 2**23


def turn(
    folder: Path, triplets: Triplets, kind: np.dtype[Any], *, cells: int, bounds: Sequence[int]
) -> None:
    """Write a matrix by ranges of cells; nothing is done where that was done before.

    Parameters
    ----------
    folder
        Where the files go; it appears when they are complete.
    triplets
        Gives the values; called twice.
    kind
        Type of the values.
    bounds
        Where the ranges of cells of the tasks begin; no file crosses one.
    """
    if folder.exists():
        return
    fresh = folder.with_name(f".new-{folder.name}-{uuid4().hex}")
    fresh.mkdir(parents=True)
    try:
        counts = np.zeros(cells, np.int64)
        for rows, _, _ in triplets():
            counts += np.bincount(rows, minlength=cells)
        indptr = np.concatenate(([0], np.cumsum(counts)))
        starts = np.array([a for a, _ in _ranges_within(indptr, bounds)], np.int64)
        np.save(fresh / "indptr.npy", indptr)
        np.save(fresh / "starts.npy", starts)
        _spill(fresh, triplets, starts, kind)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def turned_rows(folder: Path, first: int, last: int) -> Iterator[tuple[_Array, _Array, _Array]]:
    """Yield values, columns and indptr of the ranges of cells from first to last."""
    indptr = np.load(folder / "indptr.npy", mmap_mode="r")
    starts = np.load(folder / "starts.npy")
    ends = np.append(starts[1:], len(indptr) - 1)
    kind = np.load(folder / "kind.npy").dtype
    for number in np.flatnonzero((starts >= first) & (starts < last)):
        a, b = int(starts[number]), int(ends[number])
        path = folder / f"{number}.bin"
        found = np.fromfile(path, kind) if path.exists() else np.empty(0, kind)
        found = found[_order(found["row"] - a, b - a)]
        yield found["value"], found["column"], np.array(indptr[a : b + 1] - indptr[a])


def _ranges_within(indptr: _Array, bounds: Sequence[int]) -> Iterator[tuple[int, int]]:
    for first, last in zip(bounds, [*bounds[1:], len(indptr) - 1], strict=True):
        for a, b in ranges(indptr[first : last + 1]):
            yield first + a, first + b


def _spill(folder: Path, triplets: Triplets, starts: _Array, value: np.dtype[Any]) -> None:
    """Append every value to the file of its range of cells, keeping the order of columns."""
    kind = np.dtype([("row", np.uint32), ("column", np.uint32), ("value", value)])
    np.save(folder / "kind.npy", np.empty(0, kind))
    for rows, columns, values in triplets():
        places = np.searchsorted(starts, rows, side="right") - 1
        order = _order(places, len(starts))
        record = np.empty(len(order), kind)
        record["row"], record["column"], record["value"] = (
            part[order] for part in (rows, columns, values)
        )
        sizes = np.bincount(places, minlength=len(starts))
        ends = np.concatenate(([0], np.cumsum(sizes)))
        for place in np.flatnonzero(sizes):
            with (folder / f"{place}.bin").open("ab") as file:
                file.write(record[ends[place] : ends[place + 1]].tobytes())


def _order(keys: _Array, size: int) -> _Array:
    """Sort keys below ``size``, keeping equal ones in order; 16-bit keys take a radix sort."""
    small = keys.astype(np.uint16) if size <= 2**16 else keys
    return np.argsort(small, kind="stable")


def ranges(indptr: _Array) -> Iterator[tuple[int, int]]:
    """Ranges of rows: whole record batches, at most BLOCK_VALUES values, at least one batch."""
    rows = len(indptr) - 1
    first = 0
    while first < rows:
        most = int(np.searchsorted(indptr, indptr[first] + BLOCK_VALUES, side="right")) - 1
        batches = max(1, (most - first) // BATCH_CELLS)
        last = rows if most >= rows else min(rows, first + batches * BATCH_CELLS)
        yield first, last
        first = last
