"""From an h5ad file to a cell store: bounded memory, all or nothing.

Besides the bound of :mod:`tosg_graph.cells.matrix`, the tables of cells and features (obs, var) and
the antibody counts of ``obsm`` are in memory; the matrix never is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pyarrow as pa

import tosg_graph
from tosg_graph.build.tables import Build, commit_folder, write_parquet
from tosg_graph.cells.features import join_features
from tosg_graph.cells.labels import LabelTerm, label_terms
from tosg_graph.cells.manifest import (
    BATCH_CELLS,
    FEATURES,
    FORMAT,
    OBS,
    SHARD_CELLS,
    STORE_NAME,
    file_record,
    sha256,
    write_manifest,
)
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.obs import (
    ObsTable,
    check_column,
    donor_ids,
    ontology_column,
    paired_terms,
    total_names,
)
from tosg_graph.cells.report import CellReport, ModalityReport
from tosg_graph.errors import CellsError, UsageError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from tosg_graph.cells.h5ad import H5ad, Part
    from tosg_graph.cells.shards import Shard

_Progress = Callable[[str], None]
_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Options:
    """What the user says about a file of cells; see :func:`add_h5ad`."""

    label: str | None = None
    label_map: Path | None = None
    donor: str | None = None
    dataset: str | None = None
    normalised: bool = False
    matrix: str = "X"
    antibodies: str | None = None
    shard_cells: int = SHARD_CELLS


@dataclass
class Counted:
    """One modality, stored: its shards and its sums.

    Parameters
    ----------
    features
        The joined features with ``total`` and ``cells``.
    shards
        The files.
    totals, detected
        Per cell: sum of its values, number of its features.
    """

    features: pa.Table
    shards: list[Shard]
    totals: _Array
    detected: _Array


def add_h5ad(
    source: Path,
    folder: Path,
    *,
    name: str,
    build: Build,
    label: str | None = None,
    label_map: Path | None = None,
    donor: str | None = None,
    dataset: str | None = None,
    normalised: bool = False,
    matrix: str = "X",
    antibodies: str | None = None,
    replace: bool = False,
    shard_cells: int = SHARD_CELLS,
    progress: _Progress | None = None,
) -> CellReport:
    """Convert an h5ad file into the store ``folder/name``, joined to a graph build.

    A conversion that fails leaves nothing behind, and an older store of that name as it was.

    Parameters
    ----------
    source, folder, name
        The h5ad file, the folder of all cell stores, its name (letters, digits, ``._-``).
    build
        The graph build that features and labels are joined to.
    label, donor, dataset
        Columns of obs: the label, such as the cell type; the donor; the data set of each cell.
    label_map
        A table (``label``, ``ontology_id``; tabs) that maps labels to ontology terms.
    normalised
        Keep values that are not counts, as 32-bit floats; everything downstream knows.
    matrix, antibodies
        Where the counts are: ``X``, ``raw/X`` or ``layers/<name>``; the key under ``obsm`` of the
        antibody counts (default: the one whose name says so).
    replace
        Whether a store of that name may be replaced.
    shard_cells
        Cells of a shard, a multiple of 1,024.
    progress
        Called with a line now and then.

    Raises
    ------
    UsageError
        If the name is none, or is taken.
    CellsError
        If the file is not what it should be; the message says where and what to do.
    """
    target = _free_place(folder, name, replace=replace)
    options = Options(label, label_map, donor, dataset, normalised, matrix, antibodies, shard_cells)
    with _making(folder, name) as temporary:
        report = _Conversion(Path(source), temporary, build, options, progress).run(name, target)
        if target.exists() and not replace:  # somebody was faster
            _free_place(folder, name, replace=replace)
        commit_folder(temporary, target)
    return report


def _free_place(folder: Path, name: str, *, replace: bool) -> Path:
    if not STORE_NAME.match(name):
        raise UsageError(
            f"{name!r} is no name for a cell store; letters, digits, '.', '_' and '-' make one"
        )
    target = folder / name
    if target.exists() and not replace:
        raise UsageError(
            f"there is a cell store {name!r} already; "
            "choose another name, or replace it (--replace)"
        )
    return target


@contextmanager
def _making(folder: Path, name: str) -> Iterator[Path]:
    """Make a folder beside the stores that is gone afterwards, whatever happened."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".new-{name}-{uuid4().hex}"
        temporary.mkdir()
    except OSError as error:
        raise CellsError(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield temporary
    except OSError as error:
        raise CellsError(
            f"the store could not be written to {folder} ({error}); nothing was kept. Make room "
            "and add the cells again"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _Conversion:
    """One file on its way into a store."""

    def __init__(
        self, source: Path, folder: Path, build: Build, options: Options, progress: _Progress | None
    ) -> None:
        self._source, self._folder, self._build = source, folder, build
        self._options = options
        self._say = progress or (lambda _: None)

    def run(self, name: str, target: Path) -> CellReport:
        from tosg_graph.cells.h5ad import H5ad

        with H5ad(self._source) as file:
            self._check_columns(file)
            before = self._source.stat()
            origin = {
                "file": self._source.name,
                "bytes": before.st_size,
                "matrix": self._options.matrix,
            }
            origin["sha256"] = sha256(self._source)
            parts = file.parts(matrix=self._options.matrix, antibodies=self._options.antibodies)
            counted = {part.modality: self._count(file, part) for part in parts}
            obs, terms = self._obs(file, name, counted)
            after = self._source.stat()
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise CellsError(f"{self._source} changed while it was read; add it again")
            table, metadata = standardise(obs.table(), self._build, label=self._options.label)
            obs.warnings += metadata.warnings
            report = self._report(name, target, file, counted, terms, obs.warnings)
        self._write(name, origin, counted, table, report)
        return report

    def _check_columns(self, file: H5ad) -> None:
        asked = {
            "label": self._options.label,
            "donor": self._options.donor,
            "data set": self._options.dataset,
        }
        for what, column in asked.items():
            if column is not None:
                check_column(file.obs, column, self._source, what)

    def _count(self, file: H5ad, part: Part) -> Counted:
        from tosg_graph.cells.shards import ShardWriter

        self._say(f"{part.modality}: joining {len(part.features):,} features")
        features = join_features(part.features, part.modality, self._build)
        writer = ShardWriter(
            self._folder,
            part.modality,
            len(part.features),
            normalised=self._options.normalised,
            shard_cells=self._options.shard_cells,
        )
        try:
            sums = self._copy(file, part, writer)
            shards = writer.finish()
        finally:
            writer.close()
        totals, detected, feature_totals, feature_cells = sums
        features = features.append_column("total", pa.array(feature_totals))
        features = features.append_column("cells", pa.array(feature_cells))
        return Counted(features, shards, totals, detected)

    def _copy(self, file: H5ad, part: Part, writer: Any) -> tuple[_Array, _Array, _Array, _Array]:
        """Check and write every block; sums per cell and per feature."""
        from tosg_graph.cells.values import ValueCheck

        names = [str(value) for value in part.features.index]
        check = ValueCheck(part.where, file.cells, names, self._options.normalised)
        width, kind = len(names), np.float64 if self._options.normalised else np.int64
        totals = np.zeros(len(file.cells), kind)
        detected = np.zeros(len(file.cells), np.int32)
        feature_totals, feature_cells = np.zeros(width, kind), np.zeros(width, np.int64)
        first = 0
        for raw in self._blocks(part):
            last = first + raw.shape[0]
            block = check.clean(raw, first)
            if block is not None:
                writer.append(block)
                totals[first:last] = np.asarray(block.sum(axis=1)).ravel()
                detected[first:last] = np.diff(block.indptr)
                np.add.at(feature_totals, block.indices, block.data)
                feature_cells += np.bincount(block.indices, minlength=width)
            first = last
            self._say(f"{part.modality}: {first:,} of {len(file.cells):,} cells")
        check.finish(elsewhere=file.other_matrices(self._options.matrix))
        return totals, detected, feature_totals, feature_cells

    def _blocks(self, part: Part) -> Iterator[csr_matrix]:
        from tosg_graph.cells.h5ad import small_blocks
        from tosg_graph.cells.matrix import Matrix

        spill = self._folder / ".spill"
        matrix = part.matrix
        blocks = matrix.blocks(spill) if isinstance(matrix, Matrix) else iter(small_blocks(matrix))
        for block in blocks:
            yield block if part.columns is None else block[:, part.columns]
        shutil.rmtree(spill, ignore_errors=True)

    def _obs(
        self, file: H5ad, name: str, counted: dict[str, Counted]
    ) -> tuple[ObsTable, list[LabelTerm]]:
        options, terms = self._options, list[LabelTerm]()
        totals = [column for modality in counted for column in total_names(modality)]
        ours = [ontology_column(options.label)] if options.label else []
        obs = ObsTable(file.cells, ["donor_id", *totals, *ours])
        obs.add_frame(file.obs, as_text=[options.label] if options.label else [])
        if options.label:
            label = obs.kept_as(options.label)
            terms = label_terms(
                obs.labels(label),
                self._build,
                label_map=options.label_map,
                from_file=paired_terms(file.obs, options.label),
            )
            obs.add_terms(label, ontology_column(options.label), terms)
        donors = donor_ids(
            file.obs, options.donor, source=self._source.stem, dataset=options.dataset, default=name
        )
        obs.add_strings("donor_id", donors)
        for modality, part in counted.items():
            for column, values in zip(
                total_names(modality), (part.totals, part.detected), strict=True
            ):
                obs.add_numbers(column, values)
        return obs, terms

    def _report(
        self, name: str, target: Path, file: H5ad, counted: dict[str, Counted],
        terms: list[LabelTerm], warnings: list[str],
    ) -> CellReport:  # fmt: skip
        return CellReport(
            name=name,
            path=target,
            n_cells=len(file.cells),
            value_kind="normalised" if self._options.normalised else "counts",
            modalities={
                modality: ModalityReport.of(
                    part.features, empty_cells=int(np.count_nonzero(part.detected == 0))
                )
                for modality, part in counted.items()
            },
            labels=terms,
            left_out=file.left_out,
            warnings=warnings,
        )

    def _write(
        self, name: str, origin: dict[str, Any], counted: dict[str, Counted],
        obs: pa.Table, report: CellReport,
    ) -> None:  # fmt: skip
        features = pa.concat_tables([part.features for part in counted.values()])
        write_parquet(features, self._folder / FEATURES)
        write_parquet(obs, self._folder / OBS)
        manifest = {
            "format": FORMAT,
            "tool_version": tosg_graph.__version__,
            "name": name,
            "n_cells": obs.num_rows,
            "value_kind": report.value_kind,
            "source": origin,
            "build_id": self._build.id,
            "label_column": self._options.label,
            "modalities": {modality: self._entry(part) for modality, part in counted.items()},
            "files": {
                FEATURES: file_record(self._folder / FEATURES, rows=features.num_rows),
                OBS: file_record(self._folder / OBS, rows=obs.num_rows),
            },
            "report": report.content(),
        }
        write_manifest(self._folder, manifest)

    def _entry(self, part: Counted) -> dict[str, Any]:
        value = "value" if self._options.normalised else "count"
        features, values = (
            max(getattr(shard, kind) for shard in part.shards)  # "uint32" is more than "uint16"
            for kind in ("feature_type", "value_type")
        )
        return {
            "n_features": part.features.num_rows,
            "n_values": int(part.detected.sum(dtype=np.int64)),
            "shard_cells": self._options.shard_cells,
            "batch_cells": BATCH_CELLS,
            "schema": {"feature": f"list<{features}>", value: f"list<{values}>"},
            "shards": [shard.record() for shard in part.shards],
        }
