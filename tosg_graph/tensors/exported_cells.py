"""The cells of an export: their names, labels, parts and counts, written to its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.diagnostics import Thresholds, diagnose
from tosg_graph.cells.primary import count_copies
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import cohort_of
from tosg_graph.cells.studies import study_words
from tosg_graph.tensors.abundance import Abundance, Channel, StoreAbundance
from tosg_graph.tensors.copies import Profiles, cell_names
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.layout import ABUNDANCE, CELLS, channel_key, write_arrays, write_arrow
from tosg_graph.tensors.leaks import check_leaks
from tosg_graph.tensors.splits import (
    Split,
    split_by_donor,
    split_by_label,
    split_by_study,
    split_cells,
    with_donors,
)
from tosg_graph.tensors.subgraph import Index, Subgraph

#: Cells whose counts are read from the store at a time.
_STEP = 8_192


@dataclass(frozen=True)
class SplitOptions:
    """How to split: ``by`` is ``auto``, ``donor``, ``study`` or ``label``; see :mod:`.splits`."""

    by: str
    fractions: Mapping[str, float]
    seed: int


class CellWriter:
    """Writes the counts, names, labels and parts of chosen cells.

    Parameters
    ----------
    folder
        The export.
    store
        The cells.
    subgraph
        The nodes.
    cells
        Positions of the cells in the store.
    thresholds
        Those of the diagnostics; None stands for the default ones.
    """

    def __init__(
        self,
        folder: Path,
        store: CellStore,
        subgraph: Subgraph,
        cells: Index,
        thresholds: Thresholds | None = None,
    ) -> None:
        self._folder, self._store, self._cells = folder, store, cells
        self._thresholds = thresholds
        self._abundance = StoreAbundance.of(store, subgraph)

    def write(self, label: str | None, split: SplitOptions | None) -> dict[str, Any]:
        """Write everything and return what the manifest says of it."""
        column = self._store.label_column if label is None else label
        labels = CellLabels.of_store(self._store, column)
        counts, totals = gathered(self._abundance, self._cells)
        chosen = cohort_of(self._store, self._cells)
        parts, compared = None, None
        if split is not None:
            parts = self._split(split, labels)
            compared = self._check_leaks(parts)
        write_arrow(self._table(labels, totals, parts), self._folder / CELLS)
        self._write_counts(counts)
        return {
            "store": self._store.name,
            "store_hash": self._store.hash,
            "store_build_id": self._store.build_id,
            "rows": len(self._cells),
            "cohort": chosen.hash,
            "copies": count_copies(chosen.columns, chosen.mask),
            "value_kind": self._store.value_kind,
            "label": column,
            "label_names": list(labels.names),
            "data_sets": self._store.dataset_names,
            "channels": {k: list(v) for k, v in self._abundance.channels.items()},
            "split": None if parts is None else {**parts.record(), "profiles": compared},
            "diagnostics": diagnose(
                ObsColumns(self._store),
                column,
                cells=np.asarray(self._cells),
                thresholds=self._thresholds,
                as_written=True,
            ).to_dict(),
        }

    def _split(self, how: SplitOptions, labels: CellLabels) -> Split:
        donors = self._donors()
        codes = labels.coded.of(self._cells)
        values = [None if code < 0 else labels.names[code] for code in codes]
        if how.by == "donor":
            return split_by_donor(donors, fractions=how.fractions, seed=how.seed)
        if how.by == "study":
            return split_by_study(self._studies(), fractions=how.fractions, seed=how.seed)
        if how.by == "label":
            split = split_by_label(values, fractions=how.fractions, seed=how.seed)
            return with_donors(split, donors)
        return split_cells(donors=donors, labels=values, fractions=how.fractions, seed=how.seed)

    def _check_leaks(self, split: Split) -> dict[str, int]:
        """Refuse a split in which a cell, or a known donor, is in two parts.

        A split by label may have donors in two parts: its note says so. Returns how many cells
        were compared by their counts.
        """
        check_leaks(
            split.parts,
            donors=None if split.by == "label" else self._donors(),
            cell_ids=cell_names(self._store, self._cells),
        )
        profiles = Profiles.of(self._store, self._cells)
        profiles.check(split.parts)
        return profiles.record()

    def _donors(self) -> list[str | None]:
        if "donor_id" not in self._store.columns:
            return [None] * len(self._cells)
        return self._column("donor_id")

    def _studies(self) -> list[str | None]:
        found = study_words(ObsColumns(self._store))
        values = np.array([*found.values, None], dtype=object)
        return list(values[found.codes[self._cells]])

    def _column(self, name: str) -> list[str | None]:
        values = self._store.values(name).take(pa.array(self._cells))
        return list(values.cast(pa.string()).to_pylist())

    def _table(
        self, labels: CellLabels, totals: Mapping[str, Any], split: Split | None
    ) -> pa.Table:
        codes = labels.coded.of(self._cells)
        known = [None if code < 0 else labels.names[code] for code in codes]
        columns: dict[str, pa.Array] = {
            "cell_id": pa.array(self._column("cell_id"), pa.string()),
            "store_index": pa.array(self._cells, pa.int64()),
            "label": pa.array(known, pa.string()),
            "code": pa.array(codes, pa.int64()),
            "donor_id": pa.array(self._donors(), pa.string()),
            "data_set": pa.array(self._abundance.datasets_of(self._cells), pa.int64()),
        }
        for modality, values in totals.items():
            columns[f"{modality}_total"] = pa.array(values, pa.float64())
        if split is not None:
            columns["split"] = pa.array(split.parts, pa.string())
        return pa.table(columns)

    def _write_counts(self, counts: Mapping[Channel, Any]) -> None:
        arrays: dict[str, npt.NDArray[Any]] = {}
        for channel, matrix in counts.items():
            arrays[channel_key(channel, "indptr")] = matrix.indptr.astype(np.int64)
            arrays[channel_key(channel, "node")] = matrix.indices.astype(np.int32)
            arrays[channel_key(channel, "count")] = _narrow(matrix.data)
        for label, mask in self._abundance.measured_by.items():
            arrays[f"{label}/measured_by"] = np.ascontiguousarray(mask)
        write_arrays(self._folder / ABUNDANCE, arrays)


def gathered(
    abundance: Abundance, cells: Index
) -> tuple[dict[Channel, Any], dict[str, npt.NDArray[np.float64]]]:
    """Read the counts of all these cells: a matrix per channel, totals per modality."""
    parts = [abundance.counts(cells[at : at + _STEP]) for at in range(0, len(cells), _STEP)]
    matrices = {
        channel: sparse.vstack([p.channels[channel].to_scipy() for p in parts], format="csr")
        for channel in parts[0].channels
    }
    for matrix in matrices.values():
        matrix.sort_indices()
    totals = {m: np.concatenate([part.totals[m] for part in parts]) for m in parts[0].totals}
    return matrices, totals


def _narrow(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Lay counts out as int32 where they fit, normalised values as float32, as the store does."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    fits = values.size == 0 or values.max() <= np.iinfo(np.int32).max
    return values.astype(np.int32 if fits else np.int64)
