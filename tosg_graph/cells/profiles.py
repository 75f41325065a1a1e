"""Per group of cells: how many there are, which features they have, and how much of each."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tosg_graph.build.tables import write_parquet
from tosg_graph.cells.measured import cells_measuring
from tosg_graph.cells.obs import total_names
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import UsageError

_Array = np.ndarray[Any, np.dtype[Any]]

#: Raised when the same store would give other numbers, so that older caches are not read.
REVISION = 2

#: Between the values of a group that several columns make.
_JOINT = " / "

_CACHE = pa.schema(
    [
        pa.field("group", pa.string(), nullable=False),
        pa.field("n_cells", pa.int64(), nullable=False),
        pa.field("n_empty", pa.int64(), nullable=False),
        pa.field("detecting", pa.list_(pa.int64()), nullable=False),
        pa.field("mean", pa.list_(pa.float64()), nullable=False),
        pa.field("variance", pa.list_(pa.float64()), nullable=False),
    ]
)


@dataclass(frozen=True)
class Profiles:
    """What the cells of each group have; g groups, f features.

    Parameters
    ----------
    modality
        ``rna`` or ``protein``.
    columns
        The obs columns that group the cells, jointly.
    values
        Per group its values of these columns, sorted.
    n_cells
        int64 [g]: cells of the group.
    n_empty
        int64 [g]: those of them without any count.
    n_ungrouped
        Cells whose group is not known; they are in no profile.
    features
        The features of the modality, in the order of the axis.
    detecting
        int64 [g, f]: cells with a value above 0.
    mean_per_10k
        float64 [g, f]: mean over cells of ``count / total_count * 10,000``, where ``total_count``
        is the sum over all features of the modality; cells without counts are left out of this
        mean (``n_empty``). In a normalised store, see ``scale``, the mean of the values as they
        are, over all cells.
    variance
        float64 [g, f]: sample variance over the same cells of what ``mean_per_10k`` is the mean of;
        0 for a group of one cell.
    scale
        ``per_10k`` or ``values``: what ``mean_per_10k`` holds.
    measuring, averaged
        int64 [g, f]: cells of the group whose data set measured the feature, and those of them that
        the mean is over. Where a data set did not measure a feature, its cells say nothing of it.
    """

    modality: str
    columns: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    n_cells: _Array
    n_empty: _Array
    n_ungrouped: int
    features: pa.Table
    detecting: _Array
    mean_per_10k: _Array
    variance: _Array
    scale: str
    measuring: _Array
    averaged: _Array

    @property
    def column(self) -> str:
        """The columns in one word."""
        return _JOINT.join(self.columns)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Name of each group: its value, or its values with `` / `` between them."""
        return tuple(_JOINT.join(values) for values in self.values)

    @property
    def detected(self) -> _Array:
        """float64 [g, f]: share of the group's cells (empty ones too) with a value above 0.

        Of those, that is, whose data set measured the feature.
        """
        return self.detecting / np.maximum(self.measuring, 1)

    def position(self, group: str) -> int:
        """Position of a group.

        Raises
        ------
        UsageError
            If there is none of that name, with those that there are.
        """
        if group not in self.groups:
            known = ", ".join(self.groups)
            raise UsageError(f"{self.column} has no value {group!r}; it has {known}")
        return self.groups.index(group)

    def grouped_by(
        self, names: Sequence[str], wanted: Collection[str] | None = None
    ) -> dict[tuple[str, ...], list[int]]:
        """Positions of the groups, by what they say in some of the columns, sorted.

        Parameters
        ----------
        wanted
            Values of the first column; groups of other ones are left out.
        """
        found: dict[tuple[str, ...], list[int]] = {}
        for at, values in enumerate(self.values):
            if wanted is None or values[0] in wanted:
                said = dict(zip(self.columns, values, strict=True))
                found.setdefault(tuple(said[name] for name in names), []).append(at)
        return dict(sorted(found.items()))

    def for_group(self, *groups: str) -> pa.Table:
        """One row per feature of a group; see :meth:`at`. Several groups are taken as one."""
        return self.at([self.position(group) for group in dict.fromkeys(groups)])

    def at(self, places: Sequence[int]) -> pa.Table:
        """One row per feature: what the cells of groups have, these taken as one group.

        Returns
        -------
        pyarrow.Table
            ``graph_id``, ``name``, ``cells`` (those that measured the feature), ``detected``,
            ``mean_per_10k``, ``variance`` (of what that is the mean of). Null where no cell says
            anything: what was not measured is not zero.
        """
        rows = list(places)
        cells, weights = self.measuring[rows].sum(axis=0), self.averaged[rows]
        total, means = weights.sum(axis=0), self.mean_per_10k[rows]
        mean = (weights * means).sum(axis=0) / np.maximum(total, 1)
        within = self.variance[rows] * np.maximum(weights - 1, 0)
        spread = (within + weights * (means - mean) ** 2).sum(axis=0)
        detected = self.detecting[rows].sum(axis=0) / np.maximum(cells, 1)
        return pa.table(
            {
                "graph_id": self.features.column("graph_id"),
                "name": self.features.column("name"),
                "cells": cells,
                "detected": pa.array(detected, mask=cells == 0),
                "mean_per_10k": pa.array(mean, mask=total == 0),
                "variance": pa.array(spread / np.maximum(total - 1, 1), mask=total == 0),
            }
        )


def profiles(
    store: CellStore,
    *,
    group: str | Sequence[str] | None = None,
    modality: str = "rna",
    cache: bool = True,
) -> Profiles:
    """Compute the profiles of a store's groups, a few thousand cells in memory at a time.

    Memory is 32 bytes per group and feature. The result is kept under the store's folder, by the
    hash of the store and the grouping, where that folder can be written.

    Parameters
    ----------
    group
        The obs column that groups the cells, or several that do so jointly, such as cell type and
        donor; default: the label column. A cell of which one is null is in no group.
    cache
        Whether to read and keep the result.

    Raises
    ------
    UsageError
        If there is no such column or modality, or no label column to fall back to.
    """
    asked = [group] if isinstance(group, str) else list(group or ())
    columns = asked or ([store.label_column] if store.label_column else [])
    if not columns:
        raise UsageError(f"the store {store.name!r} has no label column; say which column groups")
    groups, codes = joint_group_codes(store, columns)
    names = [_JOINT.join(values) for values in groups]
    path = _cache_path(store, columns, modality)
    table = _read_cache(path, names, store.n_features(modality)) if cache else None
    if table is None:
        table = _compute(store, modality, names, codes)
        if cache:
            _keep(table, path)
    shape = (len(names), store.n_features(modality))
    measuring, averaged = _cells_of_means(store, modality, codes, len(names))
    return Profiles(
        modality=modality,
        columns=tuple(columns),
        values=tuple(groups),
        n_cells=table["n_cells"].to_numpy(),
        n_empty=table["n_empty"].to_numpy(),
        n_ungrouped=int(np.count_nonzero(codes < 0)),
        features=store.features(modality),
        detecting=_matrix(table["detecting"], shape),
        mean_per_10k=_matrix(table["mean"], shape),
        variance=_matrix(table["variance"], shape),
        scale="per_10k" if store.value_kind == "counts" else "values",
        measuring=measuring,
        averaged=averaged,
    )


def _cells_of_means(
    store: CellStore, modality: str, codes: _Array, groups: int
) -> tuple[_Array, _Array]:
    """Per group and feature the cells that measured it, and those that its mean is over."""
    measuring = cells_measuring(store, modality, codes, groups)
    if store.value_kind != "counts":
        return measuring, measuring
    filled = np.where(_sums(store, modality)[1] > 0, codes, -1)
    return measuring, cells_measuring(store, modality, filled, groups)


def _sums(store: CellStore, modality: str) -> tuple[_Array, _Array]:
    """Sum and number of features per cell; 0 where the cell's data set lacks the modality."""
    first, second = (
        pc.fill_null(store.values(name), 0).to_numpy() for name in total_names(modality)
    )
    return first, second


def group_codes(store: CellStore, column: str) -> tuple[list[str], _Array]:
    """Values of an obs column, sorted, and per cell the position of its value, -1 where null."""
    values = store.values(column)
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    dictionary = values.dictionary.to_pylist()
    codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    used = sorted(dictionary[code] for code in np.unique(codes[codes >= 0]))
    place = {name: number for number, name in enumerate(used)}
    order = np.array([place.get(name, -1) for name in dictionary] + [-1], np.int64)
    return used, order[codes]  # -1 reads the last entry


def cells_of(store: CellStore, column: str, values: Collection[str]) -> int:
    """Count the cells that have one of some values in an obs column."""
    found = pc.is_in(store.values(column), value_set=pa.array(sorted(values), pa.string()))
    return int(pc.sum(found).as_py() or 0)


def joint_group_codes(
    store: CellStore, columns: Sequence[str]
) -> tuple[list[tuple[str, ...]], _Array]:
    """Values that columns have jointly, sorted, and each cell's place among them (-1: a null)."""
    groups: list[tuple[str, ...]] = [()]
    codes = np.zeros(store.n_cells, np.int64)
    for column in columns:
        names, own = group_codes(store, column)
        joint = np.where((codes < 0) | (own < 0), -1, codes * len(names) + own)
        used = np.unique(joint[joint >= 0])
        groups = [(*groups[at // len(names)], names[at % len(names)]) for at in used.tolist()]
        codes = np.where(joint < 0, -1, np.searchsorted(used, joint))
    return groups, codes


def _compute(store: CellStore, modality: str, names: list[str], codes: _Array) -> pa.Table:
    from tosg_graph.cells.gather import add_profiles

    totals, detected_features = _sums(store, modality)
    shape = (len(names), store.n_features(modality))
    detecting = np.zeros(shape, np.int64)
    sums, squares = np.zeros(shape, np.float64), np.zeros(shape, np.float64)
    counts = store.value_kind == "counts"
    scale = np.ones(len(totals))
    if counts:
        scale = 1e4 / np.maximum(totals, 1)
    store.check_shards(modality=modality)  # the result is kept under the hash of the store
    for cells, rows in store.scan(modality, ascending=False):
        add_profiles(
            rows.indptr, rows.indices, rows.counts, codes[cells], scale[cells],
            detecting, sums, squares,
        )  # fmt: skip
    n_cells = np.bincount(codes[codes >= 0], minlength=len(names))
    empty = (detected_features == 0) & (codes >= 0)
    n_empty = np.bincount(codes[empty], minlength=len(names))
    _, weights = _cells_of_means(store, modality, codes, len(names))
    mean = sums / np.maximum(weights, 1)
    spread = squares - weights * mean**2
    variance = np.maximum(spread, 0) / np.maximum(weights - 1, 1)
    columns = [names, n_cells, n_empty, list(detecting), list(mean), list(variance)]
    arrays = [pa.array(c, field.type) for c, field in zip(columns, _CACHE, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_CACHE)


def _matrix(column: pa.ChunkedArray, shape: tuple[int, int]) -> _Array:
    flat = column.combine_chunks().flatten()
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(shape)


def _cache_path(store: CellStore, columns: Sequence[str], modality: str) -> Path:
    key = "|".join([str(REVISION), store.hash, modality, *columns])
    return store.folder / "profiles" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.parquet"


def _read_cache(path: Path, names: list[str], width: int) -> pa.Table | None:
    """Read a kept result, unless there is none or it is not whole."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid):
        return None
    if table.schema != _CACHE or table["group"].to_pylist() != names:
        return None
    whole = all(len(row) == width for row in table["mean"]) and table["mean"].null_count == 0
    return table if whole else None


def _keep(table: pa.Table, path: Path) -> None:
    """Write the result beside its place and move it there, so that no reader sees half of it.

    A store that may only be read, or a full disk, is no error: the result is not kept.
    """
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
            fresh = Path(folder) / path.name
            write_parquet(table, fresh)
            fresh.replace(path)
