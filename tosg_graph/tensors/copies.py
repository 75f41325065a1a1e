"""Cells of a store that were written twice, told by their counts, and how cells are named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.obs_union import DATA_SET
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import Cohort
from tosg_graph.tensors.leaks import check_leaks, profile_hashes
from tosg_graph.tensors.subgraph import Index

#: Cells whose counts are read from the store at a time.
_STEP = 2_048


def cell_names(store: CellStore, cells: Index) -> pa.Array:
    """Name cells by barcode and data set: two runs share barcodes, as they share a whitelist."""
    words = [store.take(column, cells).cast(pa.string()) for column in ("cell_id", DATA_SET)]
    return pc.binary_join_element_wise(*words, " of ")


def first_of_each(cohort: Cohort) -> Cohort:
    """Leave out cells whose counts an earlier cell of the cohort has; reads all of their counts.

    Cells of too few values to tell (:data:`tosg_graph.tensors.leaks.MIN_PROFILE`) stay.
    """
    cells = cohort.cells
    again = np.zeros(len(cells), bool)
    for hashes in Profiles.of(cohort.store, cells).hashes:
        codes = hashes.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        first = np.zeros(len(cells), bool)
        first[np.unique(codes, return_index=True)[1]] = True
        again |= ~first & (codes >= 0)
    mask = cohort.mask.copy()
    mask[cells[again]] = False
    return Cohort(cohort.columns, f"the first of each cell of: {cohort.query}", mask, cohort.notes)


@dataclass(frozen=True, eq=False)
class Profiles:
    """What the counts of some cells are, as hashes.

    Parameters
    ----------
    store, cells
        The cells, by position.
    hashes
        Per modality a hash of each cell; null for one of too few values.
    """

    store: CellStore
    cells: Index = field(repr=False)
    hashes: tuple[pa.Array, ...] = field(repr=False)

    @classmethod
    def of(cls, store: CellStore, cells: Index) -> Self:
        """Read the counts of all these cells, a few thousand at a time.

        All of their counts are taken, not those on some nodes: few nodes make many cells alike.
        """
        hashes = [
            pa.concat_arrays(
                [
                    profile_hashes(rows.to_scipy())
                    for _, rows in store.scan(modality, cells=cells, step=_STEP)
                ]
            ).dictionary_encode()
            for modality in store.modalities
        ]
        return cls(store, cells, tuple(hashes))

    def record(self) -> dict[str, int]:
        """Count cells that were compared, and those that have too few values for it."""
        known = np.zeros(len(self.cells), bool)
        for hashes in self.hashes:
            known |= hashes.is_valid().to_numpy(zero_copy_only=False)
        compared = int(np.count_nonzero(known))
        return {"compared": compared, "too_small": len(known) - compared}

    def check(self, parts: npt.NDArray[Any]) -> None:
        """Check that no cell is in two parts under two names.

        Raises
        ------
        UsageError
            Naming such cells, and the parts.
        """
        for hashes in self.hashes:
            check_leaks(parts, profiles=hashes, names=self._names)

    def _names(self, places: Index) -> list[str]:
        return list(cell_names(self.store, self.cells[places]).to_pylist())
