"""An h5ad file, opened for conversion: its cells, its features, its matrices."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
import pandas as pd
from anndata.io import read_elem
from scipy.sparse import csr_matrix, issparse

from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.cells.matrix import Matrix
from tosg_graph.errors import CellsError

#: Names under ``obsm`` that hold counts of antibodies against proteins, folded.
ANTIBODY_KEYS = frozenset(
    {
        "adt", "adtcounts", "antibody", "antibodies", "antibodycapture", "antibodycounts",
        "citeseq", "prot", "protein", "proteins", "proteincounts", "proteinexpression",
    }
)  # fmt: skip

#: Names under ``obsm`` that hold hashtags: they mark samples, not proteins.
HASHTAG_KEYS = frozenset({"hto", "htos", "hashtag", "hashtags", "hashing", "multiplexing"})

_RNA = "geneexpression"
_PROTEIN = "antibodycapture"


@dataclass(frozen=True)
class Part:
    """One modality of a file: where its matrix is and what its columns are.

    Parameters
    ----------
    modality
        ``rna`` or ``protein``.
    where
        File and path inside it, for messages.
    features
        One row per feature, the index holding the names as written.
    matrix
        The counts: a matrix in the file, or a frame that is small enough to be in memory.
    columns
        Positions of the features among the columns of the matrix; None for all of them.
    """

    modality: str
    where: str
    features: pd.DataFrame
    matrix: Matrix | csr_matrix
    columns: np.ndarray[Any, np.dtype[np.int64]] | None = None


def _fold(name: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


class H5ad:
    """An h5ad file, open for reading; a context manager.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CellsError
        If it is missing, truncated or no h5ad file, has no cells, or names two cells alike.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: What the file holds that is not stored, and why not; filled by :meth:`parts`.
        self.left_out: dict[str, str] = {}
        try:
            self._file = h5py.File(path, "r")
        except FileNotFoundError:
            raise CellsError(f"{path} does not exist; give the path of an h5ad file") from None
        except OSError as error:
            raise CellsError(
                f"{path} cannot be opened as HDF5 ({error}): it is truncated or no h5ad file; "
                "fetch or write it again"
            ) from error
        try:
            self.obs = self._frame("obs")
            self.cells = _unique(self.obs.index, f"{path}: obs", "cell", "barcode")
        except CellsError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def parts(self, *, matrix: str = "X", antibodies: str | None = None) -> list[Part]:
        """Find the modalities of the file.

        Parameters
        ----------
        matrix
            Path of the cells × features matrix: ``X``, ``raw/X``, ``layers/<name>``.
        antibodies
            The key under ``obsm`` that holds antibody counts; default: the one whose name says so.
        """
        found = self._main(matrix)
        key = self._antibody_key(antibodies)
        for name in self._keys("obsm"):
            if name != key:
                hashtag = _fold(name) in HASHTAG_KEYS
                why = "hashtags mark samples, not proteins" if hashtag else "no counts of proteins"
                self.left_out[f"obsm/{name}"] = why
        if key is not None:
            if any(part.modality == "protein" for part in found):
                raise CellsError(
                    f"{self.path}: antibody counts are both in {matrix} (feature_types) and in "
                    f"obsm[{key!r}]; keep one of them"
                )
            found.append(self._from_obsm(key))
        return found

    def other_matrices(self, matrix: str) -> list[str]:
        """Paths of the matrices that could hold the counts beside the one named."""
        paths = ["X", "raw/X", *(f"layers/{name}" for name in self._keys("layers"))]
        return [path for path in paths if path != matrix and path in self._file]

    def _main(self, path: str) -> list[Part]:
        where = f"{self.path}: {path}"
        if path not in self._file:
            others = ", ".join(self.other_matrices(path)) or "no matrix at all"
            raise CellsError(f"{where} is not in the file; it has {others} (matrix=…)")
        matrix = Matrix.of(self._file[path], where)
        var = "raw/var" if path.startswith("raw/") else "var"
        features = self._frame(var)
        names = _unique(features.index, f"{self.path}: {var}", "feature", "feature name")
        if matrix.shape != (len(self.cells), len(names)):
            raise CellsError(
                f"{where} has shape {matrix.shape}, but obs has {len(self.cells)} rows and {var} "
                f"{len(names)}; the file is damaged: write it again"
            )
        parts = _by_type(features, matrix, where)
        kept = sum(len(part.features) for part in parts)
        if kept < len(names):
            self.left_out[f"{path} (feature_types)"] = (
                f"{len(names) - kept} of {len(names)} features are neither genes nor antibodies"
            )
        return parts

    def _from_obsm(self, key: str) -> Part:
        where = f"{self.path}: obsm/{key}"
        found = self._element(f"obsm/{key}")
        if isinstance(found, pd.DataFrame):
            names: Sequence[str] = [str(name) for name in found.columns]
            values = found.to_numpy()
        else:
            values = found
            names = self._names_in_uns(key, values.shape[1])
        if not issparse(values) and values.dtype.kind not in "iufb":
            raise CellsError(f"{where}: numbers were expected, {values.dtype} was found")
        if values.shape[0] != len(self.cells):
            raise CellsError(f"{where} has {values.shape[0]} rows, obs has {len(self.cells)}")
        _unique(pd.Index(names), where, "antibody", "antibody name")
        return Part("protein", where, pd.DataFrame(index=pd.Index(names)), csr_matrix(values))

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
        found = [key for key in keys if _fold(key) in ANTIBODY_KEYS]
        if len(found) > 1:
            raise CellsError(
                f"{self.path}: obsm has {len(found)} tables of antibody counts, {', '.join(found)}"
                "; say which one to take (antibodies=…)"
            )
        return found[0] if found else None

    def _keys(self, group: str) -> list[str]:
        return sorted(self._file[group]) if isinstance(self._file.get(group), h5py.Group) else []

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


def _by_type(features: pd.DataFrame, matrix: Matrix, where: str) -> list[Part]:
    """Split a matrix by ``feature_types``, where the table of features has that column."""
    if "feature_types" not in features.columns:
        return [Part("rna", where, features, matrix)]
    kinds = features["feature_types"].map(_fold).to_numpy()
    parts = []
    for modality, kind in (("rna", _RNA), ("protein", _PROTEIN)):
        columns = np.flatnonzero(kinds == kind)
        if len(columns) == len(kinds):
            return [Part(modality, where, features, matrix)]
        if len(columns):
            parts.append(Part(modality, where, features.iloc[columns], matrix, columns))
    if not parts:
        raise CellsError(
            f"{where}: feature_types are {sorted(set(kinds))}; Gene Expression or Antibody Capture "
            "was expected among them"
        )
    return parts


def _unique(names: pd.Index, where: str, thing: str, what: str) -> list[str]:
    """Check that there are names and that each stands once; return them as strings."""
    found = [str(name) for name in names]
    if not found:
        raise CellsError(f"{where} has no {thing}s; there is nothing to store")
    twice = pd.Index(found)[pd.Index(found).duplicated()]
    if len(twice):
        raise CellsError(
            f"{where}: {len(twice):,} {what}s occur more than once, for example {twice[0]!r}; "
            f"every {thing} needs a name of its own: make them unique first"
        )
    return found


def small_blocks(matrix: csr_matrix) -> list[csr_matrix]:
    """Rows of a matrix in memory, 1,024 at a time."""
    return [matrix[a : a + BATCH_CELLS] for a in range(0, matrix.shape[0], BATCH_CELLS)]
