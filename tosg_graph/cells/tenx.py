"""What 10x Genomics' Cell Ranger writes: HDF5 of version 2 and 3, and Matrix Market folders.

Formats: https://www.10xgenomics.com/support/software/cell-ranger (feature-barcode matrices). The
matrix is features × cells by columns, that is, cells × features by rows.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from scipy.sparse import csr_matrix

from tosg_graph.cells import turned
from tosg_graph.cells.matrix import Matrix, check_range, raw_block, reading
from tosg_graph.cells.source import OneMatrix, Part, by_feature_type, left_out_types, unique_names
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]

#: Bytes of Matrix Market text that are parsed at a time.
_TEXT_BLOCK = 2**24


def is_tenx(file: h5py.File) -> bool:
    """Whether an HDF5 file is one of 10x's."""
    return "X" not in file and ("matrix/barcodes" in file or bool(_genomes(file)))


def _genomes(file: h5py.File) -> list[str]:
    return sorted(
        name
        for name, node in file.items()
        if isinstance(node, h5py.Group) and {"barcodes", "genes", "indptr"} <= set(node)
    )


def is_tenx_folder(path: Path) -> bool:
    """Whether a folder holds a Matrix Market matrix of 10x's."""
    return _named(path, "matrix.mtx") is not None


def _named(folder: Path, *names: str) -> Path | None:
    """The first file of these names, plain or gzipped."""
    tries = [folder / f"{name}{end}" for name in names for end in ("", ".gz")]
    return next((path for path in tries if path.is_file()), None)


class _Tenx(OneMatrix):
    """What the kinds share: cells with names only, features with types."""

    kind = "10x"
    matrix = "matrix"

    @property
    def barcodes(self) -> list[str]:
        """Names of the cells as written."""
        raise NotImplementedError

    @cached_property
    def cells(self) -> list[str]:
        """Names of the cells."""
        return unique_names(self.barcodes, f"{self.path}: barcodes", "cell", "barcode")

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.barcodes)

    @property
    def obs(self) -> pd.DataFrame:
        """The table of cells: it has no columns."""
        return pd.DataFrame(index=pd.Index(self.cells))

    def default_columns(self) -> dict[str, str]:
        """10x names no columns."""
        return {}

    def _split(self, features: pd.DataFrame, matrix: Any, where: str) -> list[Part]:
        unique_names(features.index, f"{where}: features", "feature", "feature id")
        parts = by_feature_type(features, matrix, where)
        if why := left_out_types(parts, len(features)):
            self.left_out["features (feature_types)"] = why
        return parts


class TenxH5(_Tenx):
    """A 10x HDF5 file; a :class:`~tosg_graph.cells.source.CellSource`.

    Parameters
    ----------
    path
        The file.
    genome
        Version 2 holds one matrix per genome: which one to take, where there are several.

    Raises
    ------
    CellsError
        If the genome is missing or must be chosen.
    """

    def __init__(self, path: Path, *, genome: str | None = None) -> None:
        super().__init__(path)
        self._file = h5py.File(path, "r")
        if "matrix/barcodes" in self._file:
            self.kind = "10x HDF5 v3"
            self.refuse_matrix(genome)
        else:
            self.matrix, self.kind = self._genome(genome), "10x HDF5 v2"
        self._node = self._file[self.matrix]

    def _genome(self, wanted: str | None) -> str:
        genomes = _genomes(self._file)
        if wanted is None and len(genomes) == 1:
            return genomes[0]
        if wanted not in genomes:
            self._file.close()
            found = "is not in it" if wanted else "must be chosen"
            raise CellsError(
                f"{self.path}: the genome {found}; it has {', '.join(genomes)} (matrix=…)"
            )
        return wanted

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @cached_property
    def barcodes(self) -> list[str]:
        """Names of the cells as written."""
        return _texts(self._node["barcodes"])

    def files(self) -> list[Path]:
        """The file."""
        return [self.path]

    def parts(self) -> list[Part]:
        """Find the modalities."""
        where = f"{self.path}: {self.matrix}"
        features = self._features(where)
        try:
            rows, columns = (int(n) for n in self._node["shape"][:][::-1])
        except (KeyError, ValueError) as error:
            raise CellsError(f"{where}: shape is missing; write the file again") from error
        if (rows, columns) != (self.n_cells, len(features)):
            raise CellsError(
                f"{where} has {rows} cells and {columns} features, but {self.n_cells} barcodes "
                f"and {len(features)} names; the file is damaged: fetch it again"
            )
        matrix = Matrix.sparse(self._node, "csr", (rows, columns), where)
        return self._split(features, matrix, where)

    def _features(self, where: str) -> pd.DataFrame:
        if "features" not in self._node:
            return pd.DataFrame(
                {"symbol": _texts(self._node["gene_names"])}, index=_texts(self._node["genes"])
            )
        node = self._node["features"]
        missing = {"id", "name", "feature_type"} - set(node)
        if missing:
            raise CellsError(f"{where}/features lacks {sorted(missing)}; fetch the file again")
        columns = {"symbol": _texts(node["name"]), "feature_types": _texts(node["feature_type"])}
        return _named_antibodies(pd.DataFrame(columns, index=_texts(node["id"])))


def _texts(node: Any) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in node[:]]


def _named_antibodies(features: pd.DataFrame) -> pd.DataFrame:
    """Call antibodies by name: their id is whatever the lab's list says, such as ``CD3_UCHT1``."""
    antibody = features["feature_types"].eq("Antibody Capture").to_numpy()
    names = np.where(antibody, features["symbol"], features.index)
    if len(set(names)) < len(names):  # two clones of one name: the ids tell them apart
        return features
    return features.set_axis(pd.Index(names), axis=0)


class TenxFolder(_Tenx):
    """A folder with a Matrix Market matrix, barcodes and features (or genes).

    Text has no index: the matrix is parsed twice and turned on disk, once for all tasks.
    """

    kind = "10x Matrix Market"

    @property
    def _matrix(self) -> Path:
        return self._file("matrix.mtx")

    def _file(self, *names: str) -> Path:
        found = _named(self.path, *names)
        if found is None:
            raise CellsError(f"{self.path} has no {names[0]} (or .gz); fetch the folder again")
        return found

    @cached_property
    def barcodes(self) -> list[str]:
        """Names of the cells as written."""
        return [row[0] for row in _rows(self._file("barcodes.tsv"), 1)]

    def files(self) -> list[Path]:
        """Matrix, barcodes and features."""
        return [
            self._matrix,
            self._file("barcodes.tsv"),
            self._file("features.tsv", "genes.tsv"),
        ]

    def parts(self) -> list[Part]:
        """Find the modalities."""
        path = self._file("features.tsv", "genes.tsv")
        rows = _rows(path, 2)
        columns = {"symbol": [row[1] for row in rows]}
        if all(len(row) > 2 for row in rows):
            columns["feature_types"] = [row[2] for row in rows]
        features = pd.DataFrame(columns, index=[row[0] for row in rows])
        if "feature_types" in columns:
            features = _named_antibodies(features)
        matrix = MarketMatrix.open(self._matrix)
        if matrix.shape != (self.n_cells, len(features)):
            raise CellsError(
                f"{self._matrix} has {matrix.shape[0]} cells and {matrix.shape[1]} features, but "
                f"there are {self.n_cells} barcodes and {len(features)} features; the files do not "
                "belong together"
            )
        return self._split(features, matrix, str(self._matrix))


def _open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _rows(path: Path, least: int) -> list[list[str]]:
    """Rows of a table without a header, each with so many columns at least."""
    try:
        with _open_text(path) as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CellsError(f"{path} cannot be read ({error}); fetch it again") from error
    for line, row in enumerate(rows, start=1):
        if len(row) < least or not row[0]:
            raise CellsError(
                f"{path}:{line}: {row} found; {least} columns, separated by tabs, were expected"
            )
    return rows


@dataclass(frozen=True)
class MarketMatrix:
    """A Matrix Market file of features × cells.

    Parameters
    ----------
    path
        The file, plain or gzipped.
    shape
        Cells, features.
    entries
        How many values its head says that it has.
    whole
        Whether the head says that they are integers.
    skip
        Lines before the first entry.
    """

    path: Path
    shape: tuple[int, int]
    entries: int
    whole: bool
    skip: int

    @property
    def where(self) -> str:
        """The file, for messages."""
        return str(self.path)

    @classmethod
    def open(cls, path: Path) -> MarketMatrix:
        """Read the head of a file.

        Raises
        ------
        CellsError
            If it is no Matrix Market file of integers or reals by coordinates.
        """
        with reading(str(path)), _open_text(path) as file:
            head = file.readline().lower().split()
            if head[:3] != ["%%matrixmarket", "matrix", "coordinate"] or head[3:4] not in (
                ["integer"],
                ["real"],
            ):
                raise CellsError(
                    f"{path}:1: {' '.join(head)[:80]!r} found; '%%MatrixMarket matrix coordinate "
                    "integer' (or real) was expected"
                )
            line, text = 2, file.readline()
            while text.startswith("%"):
                line, text = line + 1, file.readline()
        size = text.split()
        if len(size) != 3 or not all(part.isdigit() for part in size):
            raise CellsError(f"{path}:{line}: {text.strip()!r} found; three sizes were expected")
        features, cells, entries = (int(part) for part in size)
        return cls(path, (cells, features), entries, head[3] == "integer", line)

    def prepare(self, folder: Path, bounds: Sequence[int]) -> None:
        """Turn the matrix."""
        kind = np.dtype(np.int64 if self.whole else np.float64)
        with reading(self.where):
            turned.turn(folder, self._triplets, kind, cells=self.shape[0], bounds=bounds)

    def rows(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order."""
        with reading(self.where):
            for values, columns, indptr in turned.turned_rows(folder, first, last):
                yield raw_block(values, columns, indptr, self.shape[1])

    def _triplets(self) -> Iterator[tuple[_Array, _Array, _Array]]:
        found = 0
        for batch in self._batches():
            feature, cell, value = (column.to_numpy() for column in batch.columns)
            check_range(cell - 1, self.shape[0], self.where)
            check_range(feature - 1, self.shape[1], self.where)
            found += len(cell)
            yield cell - 1, (feature - 1).astype(np.uint32), value
        if found != self.entries:
            raise CellsError(
                f"{self.path} has {found:,} entries, its head says {self.entries:,}; it is "
                "truncated: fetch it again"
            )

    def _batches(self) -> Iterator[pa.RecordBatch]:
        value = pa.int64() if self.whole else pa.float64()
        if self.entries == 0:
            return
        try:
            with pa.input_stream(str(self.path)) as stream:
                yield from pacsv.open_csv(
                    stream,
                    read_options=pacsv.ReadOptions(
                        skip_rows=self.skip,
                        column_names=["feature", "cell", "value"],
                        block_size=_TEXT_BLOCK,
                    ),
                    parse_options=pacsv.ParseOptions(delimiter=" "),
                    convert_options=pacsv.ConvertOptions(
                        column_types={"feature": pa.int64(), "cell": pa.int64(), "value": value},
                        null_values=[],
                    ),
                )
        except pa.ArrowInvalid as error:
            raise CellsError(
                f"{self.path} cannot be read ({error}); three numbers a line, separated by a "
                "space, were expected: fetch it again"
            ) from error
