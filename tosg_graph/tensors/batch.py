"""Batches of cells on one shared topology.

A batch holds the abundance of its cells as ``x[label]`` of shape [cells, nodes, channels], while
the graph is there once: cells differ in their counts, not in their edges.
:meth:`CellBatch.block_diagonal` repeats the graph for layers that need one big graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.sampler import Sampler
from tosg_graph.errors import UsageError
from tosg_graph.tensors.abundance import Abundance, Counts, StoreAbundance
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.subgraph import Index, Subgraph

if TYPE_CHECKING:
    import torch
    from torch_geometric.data import HeteroData

#: ``raw``: as stored. ``log1p_10k``: log(1 + count · 10,000 / the cell's total in that modality).
NORMALISATIONS = ("log1p_10k", "raw")
PER_CELL = 10_000


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Some cells on the shared topology.

    Parameters
    ----------
    x
        Per label that counts can reach: float32 [cells, nodes, channels].
    measured
        Per label: bool [nodes, channels]. Where it is false, ``x`` is 0 and says nothing.
    channels
        Per label, the modality of each channel.
    label
        int64 [cells]: place in ``label_names``, −1 where it is not known.
    label_names
        The label values, sorted; the same for every batch and every choice of cells of a store.
    cell_ids
        Name of each cell.
    cell_index
        int64 [cells]: position of each cell in its store or export.
    topology
        The graph; the same object in every batch.
    """

    x: Mapping[str, torch.Tensor]
    measured: Mapping[str, torch.Tensor]
    channels: Mapping[str, tuple[str, ...]]
    label: torch.Tensor
    label_names: tuple[str, ...]
    cell_ids: list[str]
    cell_index: torch.Tensor
    topology: HeteroData

    def __len__(self) -> int:
        return len(self.cell_ids)

    def to(self, device: torch.device | str) -> Self:
        """Return the batch with its tensors on a device; the topology stays where it is."""
        return replace(
            self,
            x={label: values.to(device) for label, values in self.x.items()},
            measured={label: mask.to(device) for label, mask in self.measured.items()},
            label=self.label.to(device),
            cell_index=self.cell_index.to(device),
        )

    def block_diagonal(self) -> HeteroData:
        """Return the cells as one graph: the topology once per cell, with no edge between cells.

        The node n of cell c has the number ``c · nodes + n``. Node types have ``num_nodes``,
        ``batch`` (int64: the cell of each node), ``node_index`` (int64: its number in the
        topology, the way to ``x_text``) and, where counts can reach them, ``x`` float32
        [cells · nodes, channels]. The graph itself has ``y``, the labels.
        """
        torch = require("torch")
        data = require("torch_geometric.data").HeteroData()
        device, cells = self.label.device, len(self)
        for label in self.topology.node_types:
            nodes = self.topology[label].num_nodes
            data[label].num_nodes = cells * nodes
            data[label].batch = torch.arange(cells, device=device).repeat_interleave(nodes)
            data[label].node_index = torch.arange(nodes, device=device).repeat(cells)
            if label in self.x:
                data[label].x = self.x[label].flatten(0, 1)
        for source, name, target in self.topology.edge_types:
            store = self.topology[source, name, target]
            strides = [[self.topology[source].num_nodes], [self.topology[target].num_nodes]]
            data[source, name, target].edge_index = _repeated(
                store.edge_index.to(device), torch.tensor(strides, device=device), cells
            )
            data[source, name, target].edge_attr = store.edge_attr.to(device).repeat(cells, 1)
        data.y = self.label
        return data


def _repeated(edge_index: torch.Tensor, strides: torch.Tensor, cells: int) -> torch.Tensor:
    """Copy edges [2, E] for each cell, its numbers moved on by the nodes of the cells before it."""
    every: torch.Tensor = require("torch").arange(cells, device=edge_index.device)
    return edge_index.repeat(1, cells) + strides * every.repeat_interleave(edge_index.shape[1])


class LoaderOptions(TypedDict, total=False):
    """Options of every loader; :class:`BatchLoader` tells what they mean and their defaults."""

    batch_size: int
    cells: npt.NDArray[np.integer[Any]] | None
    shuffle: bool
    seed: int
    rank: int
    world_size: int
    normalise: str


class BatchLoader:
    """Yields batches of cells from anything that knows their counts.

    Parameters
    ----------
    abundance
        The counts.
    topology
        The graph, shared by all batches.
    labels
        Names and labels of all cells of ``abundance``.
    batch_size
        Cells of a batch; the last one of an epoch may have fewer.
    cells
        Positions of the cells to deliver; None stands for all.
    shuffle
        Whether to draw a new order in each epoch; else cells come in the order of ``cells``.
    seed
        Seed of the order.
    rank, world_size
        Which share of the cells this loader delivers, of how many; see
        :class:`tosg_graph.cells.sampler.Sampler`.
    normalise
        One of :data:`NORMALISATIONS`.

    Raises
    ------
    UsageError
        If an option is out of range, or normalised values are to be normalised again.
    """

    def __init__(
        self,
        abundance: Abundance,
        topology: HeteroData,
        labels: CellLabels,
        *,
        batch_size: int = 64,
        cells: npt.NDArray[np.integer[Any]] | None = None,
        shuffle: bool = True,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        normalise: str = "log1p_10k",
    ) -> None:
        _check_normalisation(normalise, abundance.value_kind)
        self.topology = topology
        self.label_names = labels.names
        self.channels = dict(abundance.channels)
        self.normalise = normalise
        self.sampler = Sampler(
            _positions(cells, abundance.n_cells),
            batch_size=batch_size,
            seed=seed,
            order="shuffled" if shuffle else "sequential",
            rank=rank,
            world_size=world_size,
        )
        torch = require("torch")
        self.measured = {k: torch.from_numpy(m.copy()) for k, m in abundance.measured.items()}
        self._abundance, self._labels = abundance, labels
        self._resumed = False

    def __len__(self) -> int:
        """Batches of an epoch on this rank."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[CellBatch]:
        """Deliver the epoch from its beginning, or what a loaded state left of it.

        At its end the next epoch begins, with another order if cells are shuffled.
        """
        if not self._resumed:
            self.sampler.set_epoch(self.sampler.epoch)
        self._resumed = False
        for cells in self.sampler:
            yield self.batch(cells)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch: its order depends on seed and epoch alone."""
        if epoch < 0:
            raise UsageError(f"epoch={epoch} found, a number from 0 up expected")
        self.sampler.set_epoch(epoch)
        self._resumed = False

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands; see :meth:`tosg_graph.cells.sampler.Sampler.state_dict`."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a loader was; the next iteration delivers what was left of its epoch.

        Raises
        ------
        UsageError
            If it was a loader of other cells or another order.
        """
        self.sampler.load_state_dict(state)
        self._resumed = True

    def batch(self, cells: npt.NDArray[np.integer[Any]]) -> CellBatch:
        """Return the batch of these cells, in this order."""
        torch = require("torch")
        positions: Index = np.asarray(cells, dtype=np.int64)
        counts = self._abundance.counts(positions)
        x = {
            label: torch.from_numpy(_dense(counts, label, channels, self.normalise))
            for label, channels in self.channels.items()
        }
        return CellBatch(
            x=x,
            measured=self.measured,
            channels=self.channels,
            label=torch.from_numpy(self._labels.codes[positions]),
            label_names=self.label_names,
            cell_ids=[self._labels.cell_ids[cell] for cell in positions],
            cell_index=torch.from_numpy(positions),
            topology=self.topology,
        )


class CellLoader(BatchLoader):
    """Yields batches of the cells of a store on the nodes of a subgraph.

    Parameters
    ----------
    store
        The cells.
    subgraph
        The nodes; counts are joined to them by graph id (:mod:`tosg_graph.tensors.abundance`).
    label
        Column of ``obs`` to predict; None stands for the one that was named when the cells were
        added.
    topology
        The graph to hand out with each batch; None stands for ``subgraph.to_hetero_data()``.
    **options
        See :class:`BatchLoader`: ``batch_size, cells, shuffle, seed, rank, world_size,
        normalise``.

    Raises
    ------
    UsageError
        If the store has no such column, an option is out of range, or no feature of the store
        stands for a node.
    MissingExtra
        If torch or torch_geometric is not installed.
    """

    def __init__(
        self,
        store: CellStore,
        subgraph: Subgraph,
        *,
        label: str | None = None,
        topology: HeteroData | None = None,
        **options: Unpack[LoaderOptions],
    ) -> None:
        super().__init__(
            StoreAbundance.of(store, subgraph),
            subgraph.to_hetero_data() if topology is None else topology,
            CellLabels.of_store(store, label),
            **options,
        )


def _dense(
    counts: Counts, label: str, channels: tuple[str, ...], normalise: str
) -> npt.NDArray[np.float32]:
    """Lay counts out as float32 [cells, nodes, channels]; counts above 2²⁴ are rounded."""
    layers = []
    for modality in channels:
        values = counts.channels[label, modality]
        if normalise == "log1p_10k":
            values = _log1p_10k(values, counts.totals[modality])
        layers.append(values.astype(np.float32).toarray())
    return np.stack(layers, axis=-1)


def _log1p_10k(values: Any, totals: npt.NDArray[np.float64]) -> Any:
    """log(1 + count · 10,000 / total) per stored value; a cell without counts stays empty."""
    per_value = np.repeat(totals, np.diff(values.indptr))
    scaled = values.astype(np.float64)
    scaled.data = np.log1p(scaled.data * PER_CELL / per_value)
    return scaled


def _check_normalisation(normalise: str, value_kind: str) -> None:
    if normalise not in NORMALISATIONS:
        known = ", ".join(NORMALISATIONS)
        raise UsageError(f"normalise={normalise!r} found; expected one of {known}")
    if normalise != "raw" and value_kind != "counts":
        raise UsageError(
            f"the cells hold {value_kind} values, which {normalise!r} must not change again; "
            "pass normalise='raw'"
        )


def _positions(cells: npt.NDArray[np.integer[Any]] | None, n_cells: int) -> Index:
    if cells is None:
        return np.arange(n_cells, dtype=np.int64)
    found = np.asarray(cells)
    whole = found.ndim == 1 and (found.size == 0 or found.dtype.kind in "iu")
    if not whole or found.size == 0:
        raise UsageError(
            f"cells of shape {found.shape} and type {found.dtype} found; a list of at least one "
            "position expected"
        )
    if found.min() < 0 or found.max() >= n_cells:
        raise UsageError(
            f"cells {found.min()} to {found.max()} asked for; there are 0 to {n_cells - 1}"
        )
    return found.astype(np.int64)
