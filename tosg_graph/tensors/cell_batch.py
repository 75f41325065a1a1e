"""A batch of cells on one shared topology.

The abundance of its cells is ``x[label]`` of shape [cells, nodes, channels], or a sparse matrix
[cells, nodes] per channel, while the graph is there once: cells differ in their counts, not in
their edges. :meth:`CellBatch.block_diagonal` repeats the graph for layers that need one big graph.
"""

from __future__ import annotations

import uuid
import warnings
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import numpy as np

from tosg_graph.cells.onto import into_dense
from tosg_graph.cells.rows import SparseRows
from tosg_graph.errors import UsageError
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.subgraph import Index

if TYPE_CHECKING:
    import torch
    from torch_geometric.data import HeteroData


Key = TypeVar("Key")


class Shared:
    """What all batches of a loader have in common; it never travels between processes.

    A batch that a worker process made finds the one of the loader again by its token.

    Parameters
    ----------
    topology
        Gives the graph, when it is first asked for: batches can be made without it.
    measured_by
        Per label: bool [data sets, nodes, channels].
    channels
        Per label, the modality of each channel.
    labels
        Names and labels of all cells.
    """

    def __init__(
        self,
        topology: Callable[[], HeteroData],
        measured_by: Mapping[str, torch.Tensor],
        channels: Mapping[str, tuple[str, ...]],
        labels: CellLabels,
    ) -> None:
        self._make_topology, self.measured_by = topology, measured_by
        self.measured = {label: mask.any(dim=0) for label, mask in measured_by.items()}
        self.channels, self.labels = channels, labels
        self._devices: dict[str, Shared] = {}
        self.token = uuid.uuid4().hex
        _SHARED[self.token] = self

    @cached_property
    def topology(self) -> HeteroData:
        """The graph."""
        return self._make_topology()

    def on(self, device: torch.device | str) -> Shared:
        """Return the same with the masks on a device; the topology stays where it is."""
        found = self._devices.get(str(device))
        if found is None:
            masks = {label: mask.to(device) for label, mask in self.measured_by.items()}
            found = Shared(lambda: self.topology, masks, self.channels, self.labels)
            self._devices[str(device)] = found
        return found

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _again, (self.token,)


_SHARED: weakref.WeakValueDictionary[str, Shared] = weakref.WeakValueDictionary()


def _again(token: str) -> Shared:
    """Find it in this process, or make one that knows its token alone: that of a worker."""
    found = _SHARED.get(token)
    if found is None:
        found = Shared.__new__(Shared)
        found.token = token
    return found


@dataclass(frozen=True, eq=False)
class _Batch(Generic[Key]):
    """What batches of either layout have.

    Parameters
    ----------
    x
        Values of the nodes.
    label
        int64 [cells]: place in ``label_names``, −1 where it is not known.
    cell_index
        int64 [cells]: position of each cell in its store or export.
    data_set
        int64 [cells]: number of the data set of each cell.
    """

    x: Mapping[Key, torch.Tensor]
    label: torch.Tensor
    cell_index: torch.Tensor
    data_set: torch.Tensor
    _shared: Shared = field(repr=False)
    _cells: Index = field(repr=False)  # on the host, whatever the device of the tensors

    def __len__(self) -> int:
        return len(self.label)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Self:
        """Return the batch with its tensors on a device; the topology stays where it is."""
        return replace(
            self,
            x={k: values.to(device, non_blocking=non_blocking) for k, values in self.x.items()},
            label=self.label.to(device, non_blocking=non_blocking),
            cell_index=self.cell_index.to(device, non_blocking=non_blocking),
            data_set=self.data_set.to(device, non_blocking=non_blocking),
            _shared=self._shared.on(device),
        )

    @property
    def topology(self) -> HeteroData:
        """The graph; the same object in every batch."""
        return self._shared.topology

    @property
    def measured(self) -> Mapping[str, torch.Tensor]:
        """Per label: bool [nodes, channels]: whether any data set measured the node.

        Where it is false, ``x`` is 0 and says nothing.
        """
        return self._shared.measured

    def measured_of(self, label: str) -> torch.Tensor:
        """Whether the data set of each cell measured each node: bool [cells, nodes, channels].

        Where it is false, ``x`` is 0 and says nothing. In a store of one data set all cells are
        alike, and :attr:`measured` says the same.

        Raises
        ------
        UsageError
            If no counts reach nodes of the label.
        """
        found = self._shared.measured_by.get(label)
        if found is None:
            known = ", ".join(self._shared.measured_by)
            raise UsageError(f"no counts reach {label!r} nodes; they reach {known}")
        return found[self.data_set]

    @property
    def channels(self) -> Mapping[str, tuple[str, ...]]:
        """Per label, the modality of each channel."""
        return self._shared.channels

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label values, sorted; the same for every batch and choice of cells of a store."""
        return self._shared.labels.names

    @property
    def cell_ids(self) -> list[str]:
        """Name of each cell; read when asked for."""
        return self._shared.labels.ids_of(self._cells)


@dataclass(frozen=True, eq=False)
class CellBatch(_Batch[str]):
    """Some cells on the shared topology, dense.

    ``x`` holds per label that counts can reach a float32 tensor [cells, nodes, channels].
    """

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


@dataclass(frozen=True, eq=False)
class SparseCellBatch(_Batch[tuple[str, str]]):
    """Some cells on the shared topology, sparse: for models that gather, and for speed.

    ``x`` holds per (label, modality) a float32 tensor [cells, nodes] in compressed rows; the nodes
    of a cell stand in no order, each once. What is not listed is 0.
    """

    def dense(self) -> CellBatch:
        """Return the same cells in the other layout."""
        torch = require("torch")
        x = {
            label: torch.stack([self.x[label, m].to_dense() for m in modalities], dim=-1)
            for label, modalities in self.channels.items()
        }
        common = (self.label, self.cell_index, self.data_set, self._shared, self._cells)
        return CellBatch(x, *common)


def dense_tensor(layers: list[SparseRows]) -> torch.Tensor:
    """Lay the channels of a label out as float32 [cells, nodes, channels]."""
    out = np.zeros((*layers[0].shape, len(layers)), np.float32)
    for place, rows in enumerate(layers):
        into_dense(rows, out[:, :, place])
    found: torch.Tensor = require("torch").from_numpy(out)
    return found


def sparse_tensor(rows: SparseRows) -> torch.Tensor:
    """Lay a channel out as a float32 tensor [cells, nodes] in compressed rows."""
    torch = require("torch")
    allow_sparse_rows()
    kind = rows.indices.dtype
    return torch.sparse_csr_tensor(  # type: ignore[no-any-return]
        torch.from_numpy(rows.indptr.astype(kind)),
        torch.from_numpy(rows.indices),
        torch.from_numpy(rows.counts.astype(np.float32, copy=False)),
        size=rows.shape,
        check_invariants=False,  # they hold, and checking costs more than reading
    )


@lru_cache(maxsize=1)
def allow_sparse_rows() -> None:
    """Make one such tensor: torch says once per process that their support is young."""
    torch = require("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.sparse_csr_tensor([0, 0], torch.zeros(0, dtype=torch.int64), [], size=(1, 1))


def _repeated(edge_index: torch.Tensor, strides: torch.Tensor, cells: int) -> torch.Tensor:
    """Copy edges [2, E] for each cell, its numbers moved on by the nodes of the cells before it."""
    every: torch.Tensor = require("torch").arange(cells, device=edge_index.device)
    return edge_index.repeat(1, cells) + strides * every.repeat_interleave(edge_index.shape[1])
