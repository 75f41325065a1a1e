"""Where cells come from: one protocol for every kind of file, and who reads which kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import pandas as pd

from tosg_graph.errors import CellsError, UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.matrix import RowMatrix

RNA = "geneexpression"
PROTEIN = "antibodycapture"
_SPIKE_IN = "spikein"
_ERCC = r"ERCC-\d{4,5}"


@dataclass(frozen=True)
class Part:
    """One modality of a source: where its matrix is and what its columns are.

    Parameters
    ----------
    modality
        ``rna`` or ``protein``.
    where
        File and path inside it, for messages.
    features
        One row per feature that is taken, the index holding the names as written.
    matrix
        The counts.
    columns
        Positions of the features among the columns of the matrix; None for all of them.
    measured
        bool, one per feature: whether a value that is not stored means zero. A feature that was
        taken out of the matrix (``feature_is_filtered``) was not measured. None: all were.
    """

    modality: str
    where: str
    features: pd.DataFrame
    matrix: RowMatrix
    columns: np.ndarray[Any, np.dtype[np.int64]] | None = None
    measured: np.ndarray[Any, np.dtype[np.bool_]] | None = None


class CellSource(Protocol):
    """A file, or a folder of files, with cells; a context manager.

    Nothing but names and tables is in memory; matrices give their rows by ranges, so that a part
    of the cells can be read without the rest (:class:`tosg_graph.cells.matrix.RowMatrix`).
    """

    #: The path that was given.
    path: Path
    #: What the source holds that is not stored, and why not; filled by :meth:`parts`.
    left_out: dict[str, str]
    #: What was found and decided that a user should know; filled by :meth:`parts`.
    notes: list[str]
    #: Which matrix was taken, as the source calls it; filled by :meth:`parts`.
    matrix: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def kind(self) -> str:
        """What kind of source it is, for people: ``h5ad``, ``10x HDF5 v3``."""
        ...

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        ...

    @property
    def obs(self) -> pd.DataFrame:
        """The table of cells, the index holding their names."""
        ...

    @property
    def cells(self) -> list[str]:
        """Names of the cells; each stands once."""
        ...

    def parts(self) -> list[Part]:
        """Find the modalities."""
        ...

    def files(self) -> list[Path]:
        """Every file that is read."""
        ...

    def other_matrices(self) -> list[str]:
        """Matrices that could hold the counts beside the one that was taken."""
        ...

    def default_columns(self) -> dict[str, str]:
        """Columns of obs that the kind of source has for ``label``, ``donor`` and ``dataset``."""
        ...


class OneMatrix:
    """What sources of one matrix share that have nothing to close."""

    kind: str
    matrix: str

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out: dict[str, str] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def other_matrices(self) -> list[str]:
        """There is no other matrix."""
        return []

    def refuse_matrix(self, wanted: str | None) -> None:
        """Refuse a choice where there is none.

        Raises
        ------
        UsageError
            If another matrix is wanted than the only one.
        """
        if wanted not in (None, self.matrix):
            self.__exit__(None, None, None)
            raise UsageError(
                f"{self.path} is {self.kind}, which has one matrix; there is no {wanted!r} to "
                "choose. --matrix (matrix=…) is for AnnData (X, raw/X, layers/NAME) and for 10x "
                "HDF5 v2 of several genomes"
            )


def open_source(
    path: Path, *, matrix: str | None = None, antibodies: str | None = None, counts: bool = True
) -> CellSource:
    """Open a source of any kind that is known.

    ==============================  =================================================
    h5ad                            anndata's HDF5, CELLxGENE's schema among it
    a folder ``.zarr``              anndata's zarr, version 2 or 3
    ``.h5``                         10x Genomics HDF5, version 2 or 3
    a folder with ``matrix.mtx``    10x Genomics Matrix Market, gzipped or not
    a folder with                   OmniCellTOSG's release
    ``cell_metadata…`` and
    ``expression_matrix``
    ==============================  =================================================

    Parameters
    ----------
    matrix
        Where the counts are: ``X``, ``raw/X``, ``layers/<name>`` (anndata) or the genome (10x
        version 2). Default: found and reported
        (:func:`tosg_graph.cells.count_matrix.choose`).
    antibodies
        The key under ``obsm`` with antibody counts. Default: the one whose name says so.
    counts
        Whether counts are wanted; if not, ``X`` is taken where nothing else is said.

    Raises
    ------
    UsageError
        If there is no such path.
    CellsError
        If it is damaged or of no known kind.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist; give the path of an h5ad file or a 10x folder")
    if path.is_dir():
        return _open_folder(path, matrix, antibodies, counts)
    import h5py

    from tosg_graph.cells.h5ad import H5ad
    from tosg_graph.cells.tenx import TenxH5, is_tenx

    try:
        with h5py.File(path, "r") as file:
            tenx = is_tenx(file)
    except OSError as error:
        raise CellsError(
            f"{path} cannot be opened as HDF5 ({error}): {_what_else(path)}"
        ) from error
    if tenx:
        _refuse_antibodies(path, antibodies)
        return TenxH5(path, genome=matrix)
    return H5ad(path, matrix=matrix, antibodies=antibodies, counts=counts)


def _refuse_antibodies(path: Path, wanted: str | None) -> None:
    if wanted is not None:
        raise UsageError(
            f"{path} is no AnnData: it has no obsm with {wanted!r}. --antibodies (antibodies=…) is "
            "for that; antibodies of 10x are found by their feature type"
        )


def _what_else(path: Path) -> str:
    """What a file that is no HDF5 may be, and what to do about it."""
    if "matrix.mtx" in path.name:
        return "give the folder that it is in, with barcodes.tsv and features.tsv beside it"
    with suppress(OSError), path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            return "it is gzipped; unpack it first (gunzip)"
    return "it is truncated or no h5ad file; fetch or write it again"


def _open_folder(
    path: Path, matrix: str | None, antibodies: str | None, counts: bool
) -> CellSource:
    from tosg_graph.cells.h5ad import ZarrAnnData
    from tosg_graph.cells.omnicell import OmniCell, is_omnicell
    from tosg_graph.cells.tenx import TenxFolder, is_tenx_folder

    for known, kind in ((is_tenx_folder, TenxFolder), (is_omnicell, OmniCell)):
        if known(path):
            _refuse_antibodies(path, antibodies)
            source = kind(path)
            source.refuse_matrix(matrix)
            return source
    if any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zattrs")):
        return ZarrAnnData(path, matrix=matrix, antibodies=antibodies, counts=counts)
    near = sorted(p.name for end in ("", ".gz") for p in path.glob(f"*matrix.mtx{end}"))
    hint = f". It has {', '.join(near[:3])}: rename the files, without a prefix" if near else ""
    raise CellsError(
        f"{path} is a folder of no known kind; a 10x folder (matrix.mtx.gz, barcodes.tsv.gz, "
        f"features.tsv.gz), a zarr store or a release of OmniCellTOSG was expected{hint}"
    )


def fold(name: object) -> str:
    """Letters and digits of a name, in lower case."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def unique_names(names: Sequence[Any] | pd.Index, where: str, thing: str, what: str) -> list[str]:
    """Check that there are names and that each stands once; return them as strings.

    Raises
    ------
    CellsError
        With how many stand more than once, and one of them.
    """
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


def by_feature_type(
    features: pd.DataFrame, matrix: RowMatrix, where: str,
    measured: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
) -> list[Part]:  # fmt: skip
    """Split a matrix by ``feature_types``, where the table of features has that column.

    Spike-ins are left out: they say how much was put in, and would count in a cell's total.

    Raises
    ------
    CellsError
        If none of the features is a gene or an antibody.
    """
    if "feature_types" in features.columns:
        kinds = features["feature_types"].map(fold).to_numpy(object)
    else:
        kinds = np.full(len(features), RNA, object)
    kinds[spike_ins(features)] = _SPIKE_IN
    parts = []
    for modality, kind in (("rna", RNA), ("protein", PROTEIN)):
        columns = np.flatnonzero(kinds == kind)
        if len(columns) == len(kinds):
            return [Part(modality, where, features, matrix, None, measured)]
        if len(columns):
            chosen = None if measured is None else measured[columns]
            parts.append(Part(modality, where, features.iloc[columns], matrix, columns, chosen))
    if not parts:
        raise CellsError(
            f"{where}: feature_types are {sorted(set(kinds))}; Gene Expression or Antibody Capture "
            "was expected among them"
        )
    return parts


def spike_ins(features: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which features are RNA that was put in (ERCC): by name, or by ``feature_biotype``."""
    found = pd.Series(features.index.map(str)).str.fullmatch(_ERCC).to_numpy(bool)
    if "feature_biotype" in features.columns:
        found |= (features["feature_biotype"].astype(object) == "spike-in").to_numpy(bool)
    return found


def left_out_types(parts: Sequence[Part], n_features: int) -> str | None:
    """Say how many features are neither genes nor antibodies."""
    kept = sum(len(part.features) for part in parts)
    if kept == n_features:
        return None
    return f"{n_features - kept} of {n_features} features are neither genes nor antibodies"
