"""AnnData on disk, as HDF5 or zarr: its cells, its features, its matrices."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem
from scipy.sparse import csr_matrix

from tosg_graph.cells import cellxgene, count_matrix
from tosg_graph.cells.matrix import Matrix, RowMatrix, dense_rows, is_array, reading
from tosg_graph.cells.source import (
    Part,
    by_feature_type,
    fold,
    left_out_types,
    spike_ins,
    unique_names,
)
from tosg_graph.errors import CellsError, UsageError

#: Names under ``obsm`` that hold counts of antibodies against proteins, folded.
ANTIBODY_KEYS = frozenset(
    {
        "adt", "adtcounts", "antibody", "antibodies", "antibodycapture", "antibodycounts",
        "citeseq", "prot", "protein", "proteins", "proteincounts", "proteinexpression",
    }
)  # fmt: skip

#: Names under ``obsm`` that hold hashtags: they mark samples, not proteins.
HASHTAG_KEYS = frozenset({"hto", "htos", "hashtag", "hashtags", "hashing", "multiplexing"})


class H5ad:
    """An h5ad file, open for reading; a :class:`~tosg_graph.cells.source.CellSource`.

    Parameters
    ----------
    path
        The file.
    matrix
        Path of the cells × features matrix: ``X``, ``raw/X``, ``layers/<name>``; default:
        :func:`tosg_graph.cells.count_matrix.choose`.
    antibodies
        The key under ``obsm`` that holds antibody counts; default: the one whose name says so.
    counts
        Whether to look for whole numbers; if not, the default is ``X``.

    Raises
    ------
    CellsError
        If it is missing, truncated or no h5ad file.
    """

    def __init__(
        self,
        path: Path,
        *,
        matrix: str | None = None,
        antibodies: str | None = None,
        counts: bool = True,
    ) -> None:
        self.path = path
        self.left_out: dict[str, str] = {}
        self.notes: list[str] = []
        self.matrix = matrix or "X"
        self._choose = matrix is None and counts
        self._antibodies = antibodies
        self._file = self._open(path)

    def _open(self, path: Path) -> Any:
        try:
            return h5py.File(path, "r")
        except OSError as error:
            raise CellsError(
                f"{path} cannot be opened as HDF5 ({error}): it is truncated or no h5ad file; "
                "fetch or write it again"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._file, h5py.File):
            self._file.close()

    @property
    def kind(self) -> str:
        """``h5ad``, or the same of CELLxGENE's schema."""
        return "h5ad (CELLxGENE)" if self._cellxgene else "h5ad"

    @cached_property
    def _cellxgene(self) -> bool:
        node = self._file.get("obs")
        return node is not None and not is_array(node) and set(cellxgene.COLUMNS) <= set(node)

    @cached_property
    def obs(self) -> pd.DataFrame:
        """The table of cells."""
        obs = self._frame("obs")
        return cellxgene.tidied(obs, self._organism()) if self._cellxgene else obs

    @cached_property
    def cells(self) -> list[str]:
        """Names of the cells."""
        return unique_names(self.obs.index, f"{self.path}: obs", "cell", "barcode")

    @property
    def n_cells(self) -> int:
        """Number of cells, without reading their table where that is possible."""
        node = self._file.get("obs")
        if node is None or is_array(node):
            return len(self.obs)
        index = node.get(str(node.attrs.get("_index", "_index")))
        return int(index.shape[0]) if index is not None and is_array(index) else len(self.obs)

    def files(self) -> list[Path]:
        """The file."""
        return [self.path]

    def default_columns(self) -> dict[str, str]:
        """Columns that CELLxGENE's schema names."""
        return cellxgene.default_columns(set(self._file["obs"])) if self._cellxgene else {}

    def parts(self) -> list[Part]:
        """Find the modalities of the file."""
        _ = self.n_cells  # a file without obs is refused as such
        if self._choose:
            self._find_counts()
        found = self._main(self.matrix)
        key = self._antibody_key(self._antibodies)
        for name in self._keys("obsm"):
            if name != key:
                hashtag = fold(name) in HASHTAG_KEYS
                why = "hashtags mark samples, not proteins" if hashtag else "no counts of proteins"
                self.left_out[f"obsm/{name}"] = why
        if key is not None:
            if any(part.modality == "protein" for part in found):
                raise CellsError(
                    f"{self.path}: antibody counts are both in {self.matrix} (feature_types) and "
                    f"in obsm[{key!r}]; keep one of them"
                )
            found.append(self._from_obsm(key))
        if self._cellxgene:
            self.notes += self._cellxgene_notes()
        return found

    def other_matrices(self) -> list[str]:
        """Paths of the matrices that could hold the counts beside the one that was taken."""
        return [path for path in self._matrices() if path != self.matrix]

    def _matrices(self) -> list[str]:
        paths = ["X", "raw/X", *(f"layers/{name}" for name in self._keys("layers"))]
        return [path for path in paths if path in self._file]

    def _find_counts(self) -> None:
        """Take the matrix of the counts, by what some of the values of each are."""
        paths = self._matrices()
        looks = {path: self._look(path, needed=path == paths[0]) for path in paths}
        found, notes = count_matrix.choose(looks, self.path)
        if found is not None:
            self._choose, self.matrix = False, found
            self.notes += notes

    def _look(self, path: str, *, needed: bool) -> count_matrix.Look:
        """See what some values of a matrix are; one that is not needed may be anything."""
        where = f"{self.path}: {path}"
        try:
            with reading(where):
                return count_matrix.look_of(Matrix.of(self._file[path], where).sample())
        except CellsError:
            if needed:
                raise
            return "fractions"

    def _cellxgene_notes(self) -> list[str]:
        """What the columns say that are read for it alone: obs itself may be large."""
        columns = {
            name: pd.Series(self._element(f"obs/{name}"))
            for name in cellxgene.NOTED
            if name in self._file["obs"]
        }
        return cellxgene.notes(columns, self._organism().get(cellxgene.ORGANISM[0]))

    def _organism(self) -> dict[str, str]:
        """What uns says of the organism, each key with one value."""
        keys = [key for key in cellxgene.ORGANISM if key in self._keys("uns")]
        values = {key: np.ravel(self._element(f"uns/{key}")) for key in keys}
        return {key: str(found[0]) for key, found in values.items() if len(found) == 1}

    def _main(self, path: str) -> list[Part]:
        where = f"{self.path}: {path}"
        if path not in self._file:
            others = ", ".join(self.other_matrices()) or "no matrix at all"
            raise UsageError(f"{where} is not in the file; it has {others} (--matrix)")
        matrix = Matrix.of(self._file[path], where)
        var = "raw/var" if path.startswith("raw/") else "var"
        features = self._frame(var)
        names = unique_names(features.index, f"{self.path}: {var}", "feature", "feature name")
        if matrix.shape != (self.n_cells, len(names)):
            raise CellsError(
                f"{where} has shape {matrix.shape}, but obs has {self.n_cells} rows and {var} "
                f"{len(names)}; the file is damaged: write it again"
            )
        parts = by_feature_type(features, matrix, where, self._measured(features, path))
        spikes = int(spike_ins(features).sum())
        if spikes:
            self.left_out[f"{path} (spike-ins)"] = f"{spikes:,} spike-in controls are no genes"
        if why := left_out_types(parts, len(names) - spikes):
            self.left_out[f"{path} (feature_types)"] = why
        return parts

    def _measured(self, features: pd.DataFrame, path: str) -> Any:
        """Features that were not taken out of ``X``, the only matrix that the flag is about."""
        if "feature_is_filtered" not in features.columns or path != "X":
            return None
        filtered = features["feature_is_filtered"].map(str).str.casefold().eq("true").to_numpy()
        if not filtered.any():
            return None
        self.notes.append(
            f"{int(filtered.sum()):,} features were filtered out of {path} "
            "(feature_is_filtered): they count as not measured"
        )
        return ~filtered

    def _from_obsm(self, key: str) -> Part:
        where = f"{self.path}: obsm/{key}"
        node = self._file[f"obsm/{key}"]
        matrix: RowMatrix
        if not is_array(node) and node.attrs.get("encoding-type") == "dataframe":
            columns = [str(name) for name in node.attrs["column-order"]]
            matrix = ColumnMatrix(node, tuple(columns), self.n_cells, where)
            names = columns
        else:
            matrix = Matrix.of(node, where)
            names = self._names_in_uns(key, matrix.shape[1])
        if matrix.shape[0] != self.n_cells:
            raise CellsError(f"{where} has {matrix.shape[0]} rows, obs has {self.n_cells}")
        unique_names(names, where, "antibody", "antibody name")
        return Part("protein", where, pd.DataFrame(index=pd.Index(names)), matrix)

    def _names_in_uns(self, key: str, width: int) -> list[str]:
        """Names of the columns of a bare array: what ``uns`` lists for it, else their positions."""
        for name in (f"{key}_names", f"{key}_columns", "protein_names", "antibody_names"):
            if name in self._keys("uns"):
                listed = [str(value) for value in np.ravel(self._element(f"uns/{name}"))]
                if len(listed) == width:
                    return listed
        return [f"{key}:{number}" for number in range(width)]

    def _antibody_key(self, wanted: str | None) -> str | None:
        keys = self._keys("obsm")
        if wanted is not None:
            if wanted not in keys:
                known = ", ".join(keys) or "nothing"
                raise CellsError(f"{self.path}: obsm has no {wanted!r}; it has {known}")
            return wanted
        found = [key for key in keys if fold(key) in ANTIBODY_KEYS]
        if len(found) > 1:
            raise CellsError(
                f"{self.path}: obsm has {len(found)} tables of antibody counts, {', '.join(found)}"
                "; say which one to take (antibodies=…)"
            )
        return found[0] if found else None

    def _keys(self, group: str) -> list[str]:
        node = self._file.get(group)
        return sorted(node) if node is not None and not is_array(node) else []

    def _frame(self, path: str) -> pd.DataFrame:
        found = self._element(path)
        if not isinstance(found, pd.DataFrame):
            raise CellsError(f"{self.path}: {path} is no table; an h5ad file was expected")
        return found

    def _element(self, path: str) -> Any:
        if path not in self._file:
            raise CellsError(
                f"{self.path} has no {path}; an h5ad file with X, obs and var was expected"
            )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # old encodings are read all the same
                return read_elem(self._file[path])
        except (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError) as error:
            raise CellsError(
                f"{self.path}: {path} could not be read ({error}); the file is truncated, damaged "
                "or of an unknown encoding: write it again with anndata"
            ) from error


class ZarrAnnData(H5ad):
    """AnnData in a zarr folder, version 2 or 3."""

    def _open(self, path: Path) -> Any:
        import zarr

        try:
            return zarr.open_group(path, mode="r")
        except (OSError, ValueError, KeyError) as error:
            raise CellsError(
                f"{path} cannot be opened as zarr ({error}); fetch or write it again"
            ) from error

    @property
    def kind(self) -> str:
        """``zarr``, or the same of CELLxGENE's schema."""
        return "zarr (CELLxGENE)" if self._cellxgene else "zarr"

    def files(self) -> list[Path]:
        """Every file of the folder."""
        return sorted(p for p in self.path.rglob("*") if p.is_file())


@dataclass(frozen=True)
class ColumnMatrix:
    """A table on disk, one array per column, read by rows.

    Parameters
    ----------
    node
        The group that holds the columns.
    columns
        Their names, in order.
    n_cells
        Rows.
    where
        File and path inside it.
    """

    node: Any
    columns: tuple[str, ...]
    n_cells: int
    where: str

    @property
    def shape(self) -> tuple[int, int]:
        """Cells, features."""
        return self.n_cells, len(self.columns)

    def prepare(self, folder: Path, bounds: Sequence[int]) -> None:
        """Check that the columns hold numbers for every cell."""
        for name in self.columns:
            column = self.node[name]
            found = str(getattr(column, "dtype", "a table"))
            if not is_array(column) or column.dtype.kind not in "iufb":
                raise CellsError(f"{self.where}: numbers were expected, {name} holds {found}")
            if column.shape != (self.n_cells,):
                raise CellsError(
                    f"{self.where}: {name} has {column.shape[0]} rows, obs has {self.n_cells}"
                )

    def rows(self, first: int, last: int, folder: Path) -> Iterator[csr_matrix]:
        """Yield the rows in order, 1,024 at a time."""
        with reading(self.where):
            yield from dense_rows(self._read, first, last, len(self.columns))

    def _read(self, first: int, last: int) -> Any:
        return np.stack([self.node[name][first:last] for name in self.columns], axis=1)
