"""OmniCellTOSG's own release: dense ``.npy`` shards, a table of metadata, an index of genes.

Layout (https://github.com/FuhaiLiAiLab/OmniCellTOSG)::

    cell_metadata_with_mappings.parquet (or .csv)   one row per meta-cell: matrix_file_path,
                                                    matrix_row_idx, and its labels
    bmg_gene_index.csv (or .csv.gz)                 gene_name, indices ("23;212174")
    expression_matrix/*.npy                         float32 [meta-cells, 412,039 transcripts]

A gene may stand in several columns: each data set behind the release filled some of them. Every
column that the index names becomes a feature of its own, so that nothing is lost and nothing
depends on the cells chosen; columns of one gene join to one graph id and are added up on reading.
Columns without a gene are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from tosg_graph.cells.matrix import check_range, dense_rows, reading
from tosg_graph.cells.source import OneMatrix, Part, unique_names
from tosg_graph.errors import CellsError

_METADATA = ("cell_metadata_with_mappings.parquet", "cell_metadata_with_mappings.csv")
_GENES = ("bmg_gene_index.csv", "bmg_gene_index.csv.gz")
_MATRICES = "expression_matrix"
_FILE, _ROW = "matrix_file_path", "matrix_row_idx"


def is_omnicell(path: Path) -> bool:
    """Whether a folder holds a release."""
    return (path / _MATRICES).is_dir() and any((path / name).is_file() for name in _METADATA)


class OmniCell(OneMatrix):
    """A release of OmniCellTOSG; a :class:`~tosg_graph.cells.source.CellSource`.

    Cells come in the order of the shards' names and their rows; a cell is named after both.
    """

    kind = "OmniCellTOSG"
    matrix = _MATRICES

    @cached_property
    def obs(self) -> pd.DataFrame:
        """The table of metadata, put in the order of the cells."""
        path = self._first(_METADATA)
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        missing = {_FILE, _ROW} - set(table.columns)
        if missing:
            raise CellsError(f"{path} lacks the columns {sorted(missing)}; fetch it again")
        table = table.sort_values([_FILE, _ROW], kind="stable").reset_index(drop=True)
        names = table[_FILE].map(lambda name: Path(name).stem) + ":" + table[_ROW].astype(str)
        return table.set_axis(pd.Index(names), axis=0)

    @cached_property
    def cells(self) -> list[str]:
        """Names of the cells: shard and row."""
        return unique_names(self.obs.index, str(self._first(_METADATA)), "cell", "row")

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.obs)

    def files(self) -> list[Path]:
        """Metadata, genes, and the shards that the metadata names."""
        shards = [self.path / _MATRICES / name for name in sorted(self.obs[_FILE].unique())]
        for shard in shards:
            if not shard.is_file():
                raise CellsError(f"{shard} is missing; the metadata names it: fetch it")
        return [self._first(_METADATA), self._first(_GENES), *shards]

    def default_columns(self) -> dict[str, str]:
        """Columns of the release, where it has them."""
        known = {"label": "CMT_name", "donor": "donor_id", "dataset": "dataset_id"}
        return {what: name for what, name in known.items() if name in self.obs.columns}

    def parts(self) -> list[Part]:
        """Give the one matrix and its genes."""
        matrix = ShardedDense.of(self.path / _MATRICES, self.obs[_FILE], self.obs[_ROW])
        path = self._first(_GENES)
        genes = pd.read_csv(path, dtype=str, keep_default_na=False)
        if list(genes.columns) != ["gene_name", "indices"]:
            raise CellsError(
                f"{path}:1: columns {list(genes.columns)} found; gene_name and indices expected"
            )
        table = genes.assign(column=genes["indices"].str.split(";")).explode("column")
        wrong = ~table["column"].str.fullmatch(r"\d+").fillna(value=False).to_numpy(bool)
        if wrong.any():
            line = int(table.index[wrong][0]) + 2
            raise CellsError(f"{path}:{line}: indices {table['indices'][wrong].iloc[0]!r} found")
        columns = table["column"].astype(np.int64).to_numpy()
        check_range(columns, matrix.shape[1], str(path))
        features = pd.DataFrame(
            {"symbol": table["gene_name"].to_numpy()},
            index=[
                f"{gene}@{column}" for gene, column in zip(table["gene_name"], columns, strict=True)
            ],
        )
        return self._parts(matrix, features, columns)

    def _parts(
        self, matrix: ShardedDense, features: pd.DataFrame, columns: np.ndarray[Any, Any]
    ) -> list[Part]:
        """Leave out columns that stand for several genes, and those for none."""
        several = pd.Series(columns).duplicated(keep=False).to_numpy()
        number, several_columns = len(set(columns)), len(set(columns[several]))
        if several_columns:
            self.left_out[f"{_MATRICES} (columns of several genes)"] = (
                f"{several_columns:,} columns stand for {int(several.sum()):,} genes"
            )
        self.left_out[f"{_MATRICES} (columns without a gene)"] = (
            f"{matrix.shape[1] - number:,} of {matrix.shape[1]:,} columns are not in the gene index"
        )
        kept = np.flatnonzero(~several)
        order = kept[np.argsort(columns[kept], kind="stable")]
        where = str(self.path / _MATRICES)
        return [Part("rna", where, features.iloc[order], matrix, columns[order])]

    def _first(self, names: Sequence[str]) -> Path:
        found = next((self.path / name for name in names if (self.path / name).is_file()), None)
        if found is None:
            raise CellsError(f"{self.path} has no {' or '.join(names)}; put it there")
        return found


@dataclass(frozen=True)
class ShardedDense:
    """Rows of several ``.npy`` files as one matrix.

    Parameters
    ----------
    folder
        Where the files are.
    names
        The file of each run of cells, in order.
    starts
        int64 [runs + 1]: where each run begins among the cells.
    rows_of
        int64 [cells]: row of each cell in its file.
    width
        Columns of every file.
    """

    folder: Path
    names: tuple[str, ...]
    starts: np.ndarray[Any, np.dtype[np.int64]]
    rows_of: np.ndarray[Any, np.dtype[np.int64]]
    width: int

    @property
    def where(self) -> str:
        """The folder, for messages."""
        return str(self.folder)

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, columns."""
        return len(self.rows_of), self.width

    @classmethod
    def of(cls, folder: Path, files: pd.Series, rows: pd.Series) -> ShardedDense:
        """Check the files' heads against the rows that the metadata names.

        Raises
        ------
        CellsError
            If a file is no matrix of numbers, has another width, or too few rows.
        """
        names = [str(name) for name in files.unique()]
        starts = np.searchsorted(files.to_numpy(), names)
        rows_of = rows.to_numpy(np.int64)
        width = -1
        for name, part in zip(names, np.split(rows_of, starts[1:]), strict=True):
            matrix = _load(folder / name)
            if matrix.ndim != 2 or matrix.dtype.kind not in "iufb":
                raise CellsError(f"{folder / name} holds {matrix.dtype} of shape {matrix.shape}")
            if width not in (-1, matrix.shape[1]):
                raise CellsError(f"{folder / name} has {matrix.shape[1]} columns, {width} expected")
            width = int(matrix.shape[1])
            check_range(part, int(matrix.shape[0]), f"{folder / name}: {_ROW}")
        return cls(folder, tuple(names), np.append(starts, len(rows_of)), rows_of, width)

    def prepare(self, folder: Path, bounds: Sequence[int]) -> None:
        """Nothing needs to be made."""

    def rows(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order, 1,024 at a time."""
        with reading(self.where):
            yield from dense_rows(self._read, first, last, self.width)

    def _read(self, first: int, last: int) -> Any:
        parts = []
        for name, start, end in zip(self.names, self.starts, self.starts[1:], strict=False):
            a, b = max(first, int(start)), min(last, int(end))
            if a < b:
                parts.append(_load(self.folder / name)[self.rows_of[a:b]])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _load(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise CellsError(f"{path} is no whole .npy file ({error}); fetch it again") from error
