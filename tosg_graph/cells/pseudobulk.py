"""Pseudobulk: counts added up over the cells of a donor, or of a donor and a kind of cell.

Sums of integers, so that nothing is lost: the groups and the cells of no group together have every
count of the cohort, which is checked each time. A sum is of the cells whose data set measured the
feature; where none did there is no sum, which is not a sum of zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tosg_graph.build.tables import write_parquet
from tosg_graph.cells.codes import joint_codes
from tosg_graph.cells.fields import DONOR
from tosg_graph.cells.manifest import file_record
from tosg_graph.cells.matching import AGE_BAND, stratum_words
from tosg_graph.cells.measured import cells_of_datasets
from tosg_graph.cells.obs import total_names
from tosg_graph.cells.selection import Cohort, column_of
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import commit_folder, folder_beside, write_json, writing

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_KIND = "tosg pseudobulk"
_FORMAT = 1

#: Cells whose counts are in memory at a time.
STEP = 32_768


@dataclass(frozen=True, eq=False)
class Pseudobulk:
    """Summed counts of groups of cells; g groups, f features.

    Parameters
    ----------
    cohort
        The cells.
    modality
        ``rna`` or ``protein``.
    by
        The columns that make the groups.
    groups
        One row per group, sorted: the values of these columns (text), ``cells`` and ``total``
        (int64: sum of the group's counts).
    features
        The features of the modality, in the order of the axis.
    counts
        int64 CSR matrix [g, f]; see ``measured`` for what its zeros mean.
    datasets
        int64 [g, data sets of the store]: cells that the group has of each.
    left_out, left_out_total
        Cells of the cohort that are in no group because a value is not known, and their counts.
    """

    cohort: Cohort
    modality: str
    by: tuple[str, ...]
    groups: pa.Table
    features: pa.Table
    counts: csr_matrix
    datasets: npt.NDArray[np.int64]
    left_out: int
    left_out_total: int

    @cached_property
    def measuring(self) -> npt.NDArray[np.int64]:
        """Cells of the group whose data set measured the feature, int64 [g, f]."""
        return self.datasets @ self.cohort.store.measured(self.modality).astype(np.int64)

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Whether every cell of the group measured the feature, bool [g, f].

        A group with cells of a data set that did not is not taken as measured: its sum is that of
        a part of its cells, and smaller for that reason alone.
        """
        found: npt.NDArray[np.bool_] = self.measuring == self.datasets.sum(axis=1, keepdims=True)
        return found

    def save(self, folder: Path | str) -> None:
        """Write ``groups``, ``features`` and ``counts`` as Parquet, and a manifest, to a folder.

        ``counts.parquet`` has a row per value above zero: ``group`` and ``feature`` (positions in
        the other two), ``graph_id`` (null for a feature without a node), ``count`` and ``cells``,
        the cells of the group that measured the feature. Where these are not all cells of the
        group there is a row whatever the sum; ``count`` is null where they are none. So what has
        no row is zero.

        Raises
        ------
        UsageError
            If the folder is there already.
        """
        folder = Path(folder)
        tables = {
            "groups.parquet": self.groups,
            "features.parquet": self.features,
            "counts.parquet": self._long(),
        }
        write_aggregate(folder, tables, self.record())

    def record(self) -> dict[str, Any]:
        """Say what it is, as its manifest does."""
        return {
            "kind": _KIND,
            "format": _FORMAT,
            **origin(self.cohort, self.modality),
            "by": list(self.by),
            "groups": self.groups.num_rows,
            "left_out_cells": self.left_out,
            "left_out_total": self.left_out_total,
            "not_measured": int(np.count_nonzero(self.measuring == 0)),
            "measured_in_part": int(np.count_nonzero(~self.measured & (self.measuring > 0))),
        }

    def _long(self) -> pa.Table:
        width = self.features.num_rows
        lengths = np.diff(self.counts.indptr)
        summed = np.repeat(np.arange(len(lengths)), lengths) * width + self.counts.indices
        places = np.union1d(summed, np.flatnonzero(~self.measured))
        counts = np.zeros(len(places), np.int64)
        counts[np.searchsorted(places, summed)] = self.counts.data
        cells = self.measuring.ravel()[places]
        features = pa.array(places % width, pa.int32())
        return pa.table(
            {
                "group": pa.array(places // width, pa.int32()),
                "feature": features,
                "graph_id": self.features["graph_id"].combine_chunks().take(features),
                "count": pa.array(counts, pa.int64(), mask=cells == 0),
                "cells": pa.array(cells, pa.int64()),
            }
        )


def pseudobulk(
    cohort: Cohort, *, by: Sequence[str] = (DONOR,), modality: str | None = None
) -> Pseudobulk:
    """Add up the counts of the cells of each group.

    Memory: the result twice, and the counts of 32,768 cells; when it is asked what was measured, 8
    bytes per group and feature.

    Parameters
    ----------
    cohort
        The cells.
    by
        Columns whose values make the groups; fields are taken by their terms, ``age_band`` is ten
        years. A cell of which one is not known is in no group and counted as left out.
    modality
        ``rna`` or ``protein``; default: the store's first.

    Raises
    ------
    UsageError
        If the store holds normalised values, no cell is in a group, or a column is not known.
    CellsError
        If a shard of the cells is not what the manifest says, or the sums do not add up to those of
        the cells: the store is damaged.
    """
    store = cohort.store
    modality = modality or store.modalities[0]
    if store.value_kind != "counts":
        raise UsageError(f"the store {store.name!r} holds normalised values; sums need counts")
    names = [n if n == AGE_BAND else column_of(cohort.columns, n) for n in by]
    codes, table = _groups(cohort, names)
    store.check_shards(cohort.cells, modality=modality)
    counts = _summed(cohort, modality, codes, table.num_rows)
    placed = np.full(store.n_cells, -1, np.int64)
    placed[cohort.mask] = codes
    depth = cohort.columns.numbers(total_names(modality)[0]).values
    totals = np.asarray(counts.sum(axis=1)).ravel().astype(np.int64)
    left = cohort.cells[codes < 0]
    left_total = int(depth[left].sum())
    if int(totals.sum()) + left_total != int(depth[cohort.mask].sum()):
        raise CellsError(f"{store.folder}: counts and obs do not agree; verify the store")
    return Pseudobulk(
        cohort=cohort,
        modality=modality,
        by=tuple(names),
        groups=table.append_column("total", pa.array(totals)),
        features=store.features(modality),
        counts=counts,
        datasets=cells_of_datasets(store, placed, table.num_rows),
        left_out=len(left),
        left_out_total=left_total,
    )


def _groups(cohort: Cohort, names: Sequence[str]) -> tuple[npt.NDArray[np.int64], pa.Table]:
    """Group of each cell of the cohort (-1: none), and the groups in the order of their values."""
    words = [stratum_words(cohort.columns, name) for name in names]
    found, places = joint_codes(words, cohort.mask)
    known = [at for at, values in enumerate(found) if None not in values]
    order = sorted(known, key=lambda at: tuple(map(str, found[at])))
    if not order:
        raise UsageError(
            f"no cell of {cohort.query!r} has a known {' and '.join(names)}; nothing to add up"
        )
    rank = np.full(len(found), -1, np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[places]
    columns: dict[str, Any] = {
        name: pa.array([found[at][column] for at in order], pa.string())
        for column, name in enumerate(names)
    }
    columns["cells"] = pa.array(np.bincount(codes[codes >= 0], minlength=len(order)), pa.int64())
    return codes, pa.table(columns)


def _summed(
    cohort: Cohort, modality: str, codes: npt.NDArray[np.int64], n_groups: int
) -> csr_matrix:
    from scipy.sparse import csr_matrix

    cells, known = cohort.cells, codes >= 0
    cells, codes = cells[known], codes[known]
    total = csr_matrix((n_groups, cohort.store.n_features(modality)), dtype=np.int64)
    for first in range(0, len(cells), STEP):
        part = slice(first, first + STEP)
        rows = cohort.store.gather(modality, cells[part], dtype=np.int64).to_scipy()
        number = rows.shape[0]
        member = csr_matrix(
            (np.ones(number, np.int64), (codes[part], np.arange(number))), (n_groups, number)
        )
        total = total + member @ rows
    total.sum_duplicates()
    return total


def origin(cohort: Cohort, modality: str) -> dict[str, Any]:
    """Say of which cells an aggregate is."""
    return {
        "store": cohort.store.name,
        "store_hash": cohort.store.hash,
        "build_id": cohort.store.build_id,
        "modality": modality,
        "query": cohort.query,
        "cohort": cohort.hash,
        "cells": cohort.n_cells,
        "notes": list(cohort.notes),
    }


def write_aggregate(folder: Path, tables: dict[str, pa.Table], about: dict[str, Any]) -> None:
    """Write tables and a manifest to a new folder, all or nothing.

    Raises
    ------
    UsageError
        If the folder is there already, or cannot be written.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists; it is left as it is: name another")
    with writing(folder, UsageError), folder_beside(folder) as fresh:
        for name, table in tables.items():
            write_parquet(table, fresh / name)
        records = {name: file_record(fresh / name, rows=t.num_rows) for name, t in tables.items()}
        write_json(fresh / "manifest.json", {**about, "files": records})
        commit_folder(fresh, folder)
