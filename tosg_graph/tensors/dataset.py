"""Batches of chosen cells: what a loader and the worker processes of others make them with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.label_codes import LabelCodes
from tosg_graph.cells.onto import PER_CELL, log1p_scaled
from tosg_graph.cells.rows import SparseRows
from tosg_graph.tensors.abundance import Abundance, Counts
from tosg_graph.tensors.cell_batch import (
    CellBatch,
    Shared,
    SparseCellBatch,
    dense_tensor,
    sparse_tensor,
)
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.subgraph import Index

#: ``raw``, or ``none``: as stored. ``log1p_10k``: log(1 + count · 10,000 / the cell's total in that
#: modality, over all features of the store, chosen or not).
NORMALISATIONS = ("log1p_10k", "raw", "none")
LAYOUTS = ("dense", "sparse")


Batch = CellBatch | SparseCellBatch


@dataclass(frozen=True, eq=False)
class CellDataset:
    """Makes batches of cells by position; may be sent to worker processes.

    For ``torch.utils.data.DataLoader``: it asks for whole batches (``__getitems__``), so that its
    ``batch_sampler`` must give positions, as :attr:`BatchLoader.sampler` does.
    """

    abundance: Abundance
    labels: LabelCodes
    shared: Shared
    channels: Mapping[str, tuple[str, ...]]
    normalise: str
    layout: str

    def __len__(self) -> int:
        return len(self.labels.codes)

    def __getitem__(self, cell: int) -> Batch:
        return self.batch(np.array([cell]))

    def __getitems__(self, cells: Sequence[int] | Index) -> Batch:
        return self.batch(np.asarray(cells))

    def batch(self, cells: npt.NDArray[np.integer[Any]]) -> Batch:
        """Return the batch of these cells, in this order."""
        torch = require("torch")
        positions: Index = np.asarray(cells, dtype=np.int64)
        divided = self.normalise == "log1p_10k"
        # sums of fractions depend on their order: batches are the same whatever the tier
        ordered = self.abundance.value_kind != "counts"
        counts = self.abundance.counts(positions, dtype=np.float32, totals=divided, ordered=ordered)
        common = (
            torch.from_numpy(self.labels.of(positions)),
            torch.from_numpy(positions),
            torch.from_numpy(self.abundance.datasets_of(positions)),
            self.shared,
            positions,
        )
        if self.layout == "sparse":
            sparse = {
                channel: sparse_tensor(self._normalised(counts, *channel))
                for channel in counts.channels
            }
            return SparseCellBatch(sparse, *common)
        dense = {
            node_label: dense_tensor([self._normalised(counts, node_label, m) for m in modalities])
            for node_label, modalities in self.channels.items()
        }
        return CellBatch(dense, *common)

    def _normalised(self, counts: Counts, label: str, modality: str) -> SparseRows:
        rows = counts.channels[label, modality]
        if self.normalise == "log1p_10k":
            return log1p_scaled(rows, counts.totals[modality], PER_CELL)
        return rows
