"""A cells × features matrix in a file, read by ranges of cells in bounded memory.

CSR and dense matrices are read in place. A CSC matrix is turned on disk first, once
(:mod:`tosg_graph.cells.turned`).

Memory: at most :data:`~tosg_graph.cells.turned.BLOCK_VALUES` stored values (or dense elements) are
in memory at a time, together with the copies that checking and sorting make of them, about 0.4 GB;
beside that, 8 bytes per cell for CSC and 8 bytes per feature. A record batch whose cells hold more
than that (1,024 cells of more than 8,192 values each) is read as one block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_matrix, vstack

from tosg_graph.cells import turned
from tosg_graph.cells.manifest import BATCH_CELLS, SHARD_CELLS
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]


class RowMatrix(Protocol):
    """A matrix that gives its rows by ranges."""

    @property
    def where(self) -> str:
        """File and path inside it, for messages."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, features."""
        ...

    def prepare(self, folder: Path, bounds: Sequence[int]) -> None:
        """Make what reading by rows needs, once; ``bounds`` are the ranges' first cells."""
        ...

    def rows(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order; every block but the last has a multiple of 1,024 rows.

        Parameters
        ----------
        folder
            The folder that :meth:`prepare` was given.

        Raises
        ------
        CellsError
            If the file cannot be read to its end or its indices are out of range.
        """
        ...


@dataclass(frozen=True)
class Matrix:
    """A matrix in an open HDF5 or zarr file.

    Parameters
    ----------
    node
        The group (sparse) or array (dense).
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
        """Recognise the layout of a group or array as anndata writes it.

        Raises
        ------
        CellsError
            If it is no matrix of a known layout.
        """
        if is_array(node):
            if node.ndim != 2 or node.dtype.kind not in "iufb":
                raise CellsError(f"{where}: a matrix of numbers was expected, {node!r} was found")
            return cls(node, "dense", (int(node.shape[0]), int(node.shape[1])), where)
        encoding = str(_attribute(node, "encoding-type", "h5sparse_format", where))
        layout = encoding.removesuffix("_matrix")
        if layout not in ("csr", "csc"):
            raise CellsError(f"{where}: encoding {encoding!r} found; csr, csc or dense expected")
        rows, columns = (int(n) for n in _attribute(node, "shape", "h5sparse_shape", where))
        return cls.sparse(node, layout, (rows, columns), where)

    @classmethod
    def sparse(cls, node: Any, layout: str, shape: tuple[int, int], where: str) -> Matrix:
        """Take a group with ``data``, ``indices`` and ``indptr``, and check their lengths.

        Raises
        ------
        CellsError
            If one of them is missing or has another length than the shape says.
        """
        missing = {"data", "indices", "indptr"} - set(node)
        if missing:
            raise CellsError(
                f"{where}: the {layout} matrix lacks {sorted(missing)}; is it truncated?"
            )
        matrix = cls(node, layout, shape, where)
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

    def sample(self, values: int = 100_000) -> _Array:
        """Read some stored values from the beginning, the middle and the end."""
        if self.layout == "dense":
            step = max(1, values // max(1, self.shape[1]) // 3)
            spots = {0, max(0, self.shape[0] // 2), max(0, self.shape[0] - step)}
            return np.concatenate([np.ravel(self.node[a : a + step]) for a in sorted(spots)])
        data, third = self.node["data"], values // 3
        size = int(data.shape[0])
        spots = {0, max(0, size // 2), max(0, size - third)}
        return np.concatenate([data[a : a + third] for a in sorted(spots)])

    def prepare(self, folder: Path, bounds: Sequence[int]) -> None:
        """Turn a CSC matrix; see :class:`RowMatrix`."""
        if self.layout == "csc":
            kind = self.node["data"].dtype.newbyteorder("=")
            with reading(self.where):
                turned.turn(folder, self._columns, kind, cells=self.shape[0], bounds=bounds)

    def rows(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order; see :class:`RowMatrix`."""
        read = {"csr": self._csr, "csc": self._turned, "dense": self._dense}[self.layout]
        source = read(first, last, folder)
        while True:
            with reading(self.where):
                block = next(source, None)
            if block is None:
                return
            yield block

    def _csr(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        for start in range(first, last, SHARD_CELLS):
            end = min(start + SHARD_CELLS, last)
            indptr = self.node["indptr"][start : end + 1].astype(np.int64)
            self._check_indptr(indptr)
            for a, b in turned.ranges(indptr):
                part = slice(int(indptr[a]), int(indptr[b]))
                columns, values = self.node["indices"][part], self.node["data"][part]
                yield self._block(values, columns, indptr[a : b + 1] - part.start)

    def _dense(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        return dense_rows(lambda a, b: self.node[a:b], first, last, self.shape[1])

    def _turned(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        for values, columns, indptr in turned.turned_rows(folder, first, last):
            yield self._block(values, columns, indptr)

    def _columns(self) -> Iterator[tuple[_Array, _Array, _Array]]:
        """Rows, columns and values of a CSC matrix, in its own order, a block at a time."""
        indptr = self.node["indptr"][:].astype(np.int64)
        self._check_indptr(indptr)
        for start in range(0, int(indptr[-1]), turned.BLOCK_VALUES):
            end = min(start + turned.BLOCK_VALUES, int(indptr[-1]))
            rows = self.node["indices"][start:end]
            self._check_range(rows, self.shape[0])
            lengths = np.diff(np.clip(indptr, start, end))
            columns = np.repeat(np.arange(self.shape[1], dtype=np.uint32), lengths)
            yield rows, columns, self.node["data"][start:end]

    def _check_indptr(self, indptr: _Array) -> None:
        if np.any(np.diff(indptr) < 0):
            raise CellsError(
                f"{self.where}: indptr of the matrix falls; the file is damaged: write it again"
            )

    def _block(self, values: _Array, columns: _Array, indptr: _Array) -> csr_matrix:
        if len(columns):
            self._check_range(columns, self.shape[1])
        return raw_block(values, columns, indptr, self.shape[1])

    def _check_range(self, found: _Array, size: int) -> None:
        check_range(found, size, self.where)


class reading:
    """Turn what goes wrong while a matrix is read into an error of ours."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, (OSError, RuntimeError, KeyError, EOFError)):
            raise CellsError(
                f"{self._where}: the matrix could not be read to its end ({error}); the file is "
                "truncated or damaged, or the disk is full"
            ) from error


def is_array(node: Any) -> bool:
    """Whether a node of an HDF5 or zarr file is an array, not a group."""
    return hasattr(node, "ndim")


def raw_block(values: _Array, columns: _Array, indptr: _Array, width: int) -> csr_matrix:
    """Put values into a CSR matrix as they are: neither sorted nor checked."""
    values = native(values)
    block = csr_matrix((len(indptr) - 1, width), dtype=values.dtype)
    wide = np.int32 if width < 2**31 and int(indptr[-1]) < 2**31 else np.int64
    block.data, block.indices = values, columns.astype(wide, copy=False)
    block.indptr = indptr.astype(wide, copy=False)
    return block


def dense_rows(read: Any, first: int, last: int, width: int) -> Iterator[csr_matrix]:
    """Yield 1,024 rows of a dense matrix at a time; ``read(a, b)`` gives rows from a to b."""
    step = max(1, min(BATCH_CELLS, turned.BLOCK_VALUES // max(1, width)))
    for start in range(first, last, BATCH_CELLS):
        end = min(start + BATCH_CELLS, last)
        parts = [csr_matrix(native(read(a, min(a + step, end)))) for a in range(start, end, step)]
        yield parts[0] if len(parts) == 1 else vstack(parts, format="csr")


def check_range(found: _Array, size: int, where: str) -> None:
    """Check that indices lie within an axis.

    Raises
    ------
    CellsError
        Naming one that does not.
    """
    low, high = (int(found.min()), int(found.max())) if len(found) else (0, -1)
    if low < 0 or high >= size:
        raise CellsError(
            f"{where}: index {low if low < 0 else high} found where 0 to {size - 1} were "
            "expected; the file is damaged: write it again"
        )


def native(values: _Array) -> _Array:
    """Values in a type that scipy has routines for: this machine's byte order, no half floats."""
    wide = np.dtype(np.float32) if values.dtype == np.float16 else values.dtype
    return values.astype(wide.newbyteorder("="), copy=False)


def _attribute(node: Any, name: str, older: str, where: str) -> Any:
    for key in (name, older):
        if key in node.attrs:
            return node.attrs[key]
    raise CellsError(
        f"{where}: neither {name!r} nor {older!r} says what the group holds; a matrix written by "
        "anndata was expected"
    )
