"""A cells × features matrix in an HDF5 file, read by rows in bounded memory.

CSR and dense matrices are read in order. A CSC matrix lies the wrong way round: it is turned with
one pass that counts the values of each cell and one that spills them to disk by range of cells, so
that memory stays bounded whatever the size, at the price of up to 16 bytes of disk per value for a
moment.

Memory: at most :data:`BLOCK_VALUES` stored values (or dense elements) are in memory at a time,
together with the copies that checking and sorting make of them, about 0.4 GB; beside that, 8 bytes
per cell for CSC and 8 bytes per feature. A record batch whose cells hold more than that (1,024
cells of more than 8,192 values each) is read as one block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.sparse import csr_matrix, vstack

from tosg_graph.cells.manifest import BATCH_CELLS, SHARD_CELLS
from tosg_graph.errors import CellsError

#: Stored values, or elements of a dense matrix, that are in memory at a time.
BLOCK_VALUES = 2**23

_Ints = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Matrix:
    """A matrix in an open HDF5 file.

    Parameters
    ----------
    node
        The group (sparse) or data set (dense).
    layout
        ``csr``, ``csc`` or ``dense``.
    shape
        Cells, features.
    where
        File and path inside it, for messages.
    """

    node: Any
    layout: str
    shape: tuple[int, int]
    where: str

    @classmethod
    def of(cls, node: Any, where: str) -> Matrix:
        """Recognise the layout of a group or data set.

        Raises
        ------
        CellsError
            If it is no matrix of a known layout.
        """
        if isinstance(node, h5py.Dataset):
            if node.ndim != 2 or node.dtype.kind not in "iufb":
                raise CellsError(f"{where}: a matrix of numbers was expected, {node!r} was found")
            return cls(node, "dense", (int(node.shape[0]), int(node.shape[1])), where)
        encoding = str(_attribute(node, "encoding-type", "h5sparse_format", where))
        layout = encoding.removesuffix("_matrix")
        if layout not in ("csr", "csc"):
            raise CellsError(f"{where}: encoding {encoding!r} found; csr, csc or dense expected")
        rows, columns = (int(n) for n in _attribute(node, "shape", "h5sparse_shape", where))
        missing = {"data", "indices", "indptr"} - set(node)
        if missing:
            raise CellsError(
                f"{where}: the {layout} matrix lacks {sorted(missing)}; is it truncated?"
            )
        matrix = cls(node, layout, (rows, columns), where)
        matrix._check_ends()
        return matrix

    def _check_ends(self) -> None:
        major = self.shape[0] if self.layout == "csr" else self.shape[1]
        indptr, values = self.node["indptr"], self.node["data"].shape[0]
        ends = (int(indptr[0]), int(indptr[-1])) if indptr.shape[0] else (0, 0)
        if indptr.shape[0] != major + 1 or ends != (0, values):
            raise CellsError(
                f"{self.where}: indptr has {indptr.shape[0]} entries from {ends[0]} to {ends[1]}; "
                f"{major + 1} from 0 to {values} were expected. The file is damaged: write it again"
            )

    def blocks(self, spill: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order; every block but the last has a multiple of 1,024 rows.

        Parameters
        ----------
        spill
            A folder for the moment; used for CSC only.

        Raises
        ------
        CellsError
            If the file cannot be read to its end or its indices are out of range.
        """
        read = {"csr": self._csr, "csc": self._csc, "dense": self._dense}[self.layout]
        source = read(spill)
        while True:
            try:
                block = next(source)
            except StopIteration:
                return
            except (OSError, RuntimeError, KeyError) as error:
                raise CellsError(
                    f"{self.where}: the matrix could not be read to its end ({error}); the file is "
                    "truncated or damaged, or the disk is full"
                ) from error
            yield block

    def _csr(self, spill: Path) -> Iterator[csr_matrix]:
        for first in range(0, self.shape[0], SHARD_CELLS):
            last = min(first + SHARD_CELLS, self.shape[0])
            indptr = self.node["indptr"][first : last + 1].astype(np.int64)
            for a, b in _ranges(indptr):
                start, end = int(indptr[a]), int(indptr[b])
                columns = self.node["indices"][start:end]
                values = self.node["data"][start:end]
                yield self._block(values, columns, indptr[a : b + 1] - start)

    def _dense(self, spill: Path) -> Iterator[csr_matrix]:
        step = max(1, min(BATCH_CELLS, BLOCK_VALUES // max(1, self.shape[1])))
        for first in range(0, self.shape[0], BATCH_CELLS):
            last = min(first + BATCH_CELLS, self.shape[0])
            parts = [
                csr_matrix(_native(self.node[a : min(a + step, last)]))
                for a in range(first, last, step)
            ]
            yield parts[0] if len(parts) == 1 else vstack(parts, format="csr")

    def _csc(self, spill: Path) -> Iterator[csr_matrix]:
        counts = np.zeros(self.shape[0], np.int64)
        for rows, _, _ in self._columns():
            counts += np.bincount(rows, minlength=self.shape[0])
        indptr = np.concatenate(([0], np.cumsum(counts)))
        ranges = list(_ranges(indptr))
        spill.mkdir(parents=True, exist_ok=True)
        kind = self._spill(spill, np.array([a for a, _ in ranges]))
        for number, (a, b) in enumerate(ranges):
            path = spill / f"{number}.bin"
            found = np.fromfile(path, kind) if path.exists() else np.empty(0, kind)
            path.unlink(missing_ok=True)
            found = found[_order(found["row"] - a, b - a)]
            yield self._block(found["value"], found["column"], indptr[a : b + 1] - indptr[a])

    def _columns(self) -> Iterator[tuple[_Ints, _Ints, _Ints]]:
        """Rows, columns and values of a CSC matrix, in its own order, a block at a time."""
        indptr = self.node["indptr"][:].astype(np.int64)
        for start in range(0, int(indptr[-1]), BLOCK_VALUES):
            end = min(start + BLOCK_VALUES, int(indptr[-1]))
            rows = self.node["indices"][start:end]
            self._check_range(rows, self.shape[0])
            lengths = np.diff(np.clip(indptr, start, end))
            columns = np.repeat(np.arange(self.shape[1], dtype=np.uint32), lengths)
            yield rows, columns, self.node["data"][start:end]

    def _spill(self, folder: Path, starts: _Ints) -> np.dtype[Any]:
        """Write every value to the file of its range of cells, keeping the order of columns."""
        value = self.node["data"].dtype.newbyteorder("=")
        kind = np.dtype([("row", np.uint32), ("column", np.uint32), ("value", value)])
        for rows, columns, values in self._columns():
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
                    record[ends[place] : ends[place + 1]].tofile(file)
        return kind

    def _block(self, values: _Ints, columns: _Ints, indptr: _Ints) -> csr_matrix:
        if len(columns):
            self._check_range(columns, self.shape[1])
        values = _native(values)
        block = csr_matrix((len(indptr) - 1, self.shape[1]), dtype=values.dtype)
        wide = np.int32 if self.shape[1] < 2**31 and int(indptr[-1]) < 2**31 else np.int64
        block.data, block.indices = values, columns.astype(wide, copy=False)
        block.indptr = indptr.astype(wide, copy=False)
        return block

    def _check_range(self, found: _Ints, size: int) -> None:
        low, high = int(found.min()), int(found.max())
        if low < 0 or high >= size:
            raise CellsError(
                f"{self.where}: index {low if low < 0 else high} found where 0 to {size - 1} were "
                "expected; the file is damaged: write it again"
            )


def _native(values: _Ints) -> _Ints:
    """Values in a type that scipy has routines for: this machine's byte order, no half floats."""
    wide = np.dtype(np.float32) if values.dtype == np.float16 else values.dtype
    return values.astype(wide.newbyteorder("="), copy=False)


def _order(keys: _Ints, size: int) -> _Ints:
    """Sort keys below ``size``, keeping equal ones in order; 16-bit keys take a radix sort."""
    small = keys.astype(np.uint16) if size <= 2**16 else keys
    return np.argsort(small, kind="stable")


def _ranges(indptr: _Ints) -> Iterator[tuple[int, int]]:
    """Ranges of rows: whole record batches, at most BLOCK_VALUES values, at least one batch."""
    rows = len(indptr) - 1
    if np.any(np.diff(indptr) < 0):
        raise CellsError("indptr of the matrix falls; the file is damaged: write it again")
    first = 0
    while first < rows:
        most = int(np.searchsorted(indptr, indptr[first] + BLOCK_VALUES, side="right")) - 1
        batches = max(1, (most - first) // BATCH_CELLS)
        last = rows if most >= rows else min(rows, first + batches * BATCH_CELLS)
        yield first, last
        first = last


def _attribute(node: Any, name: str, older: str, where: str) -> Any:
    for key in (name, older):
        if key in node.attrs:
            return node.attrs[key]
    raise CellsError(
        f"{where}: neither {name!r} nor {older!r} says what the group holds; a matrix written by "
        "anndata was expected"
    )
