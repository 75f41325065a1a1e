"""Loaders: batches of cells on one shared topology, in an order that seed and epoch give.

::

    loader = CellLoader(store, subgraph, batch_size=512, order="class_balanced", threads=1)
    for batch in loader: ...

A loader is an iterable with a length, ``set_epoch``, ``state_dict`` and ``load_state_dict``: what
trainers that take any iterable ask for. ``DataLoader(loader.dataset, batch_sampler=loader.sampler,
collate_fn=loader.collate, num_workers=2)`` makes the same batches in worker processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.audit import Audit
from tosg_graph.cells.draws import Weights
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.sampler import Sampler, Step
from tosg_graph.cells.selection import Cohort
from tosg_graph.errors import UsageError
from tosg_graph.tensors.abundance import Abundance, StoreAbundance
from tosg_graph.tensors.cell_batch import Shared
from tosg_graph.tensors.dataset import LAYOUTS, NORMALISATIONS, Batch, CellDataset
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.subgraph import Index, Subgraph

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

#: ``block_shuffled``: blocks of neighbouring cells in random order, mixed within a window: reading
#: stays local. ``random``: any cell anywhere. ``weighted``, ``class_balanced``: drawn with
#: replacement, block by block; see :mod:`tosg_graph.cells.sampler`.
ORDERS = ("block_shuffled", "random", "sequential", "weighted", "class_balanced")


class LoaderOptions(TypedDict, total=False):
    """Options of every loader; :class:`BatchLoader` tells what they mean and their defaults."""

    batch_size: int
    cells: npt.NDArray[np.integer[Any]] | None
    order: str
    block_size: int
    window: int
    weights: Weights | None
    draws: int | None
    drop_last: bool
    seed: int
    rank: int
    world_size: int
    normalise: str
    layout: str
    threads: int
    audit: Audit | None


class BatchLoader:
    """Yields batches of cells from anything that knows their counts.

    Memory is that of the batches in flight (one, and two per thread), 4 bytes per chosen cell,
    8 per block of a weighted order, and the label codes (1 or 2 bytes per cell; those of a store
    of over a million cells stay in a file, see :mod:`tosg_graph.cells.label_codes`).

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
    order
        One of :data:`ORDERS`. ``class_balanced`` draws each label as often as any other, and no
        cell whose label is not known.
    block_size, window
        Neighbouring cells that are read together, and how many such blocks are mixed: so many that,
        where cells of one label lie together, a batch has 97 % of the label entropy that true
        random order would give it (docs/scale.md).
    weights
        For ``weighted``: one number per cell that may be delivered.
    draws
        For ``weighted`` and ``class_balanced``: cells of an epoch; default: as many as there are.
    drop_last
        Leave out the last, incomplete step.
    seed
        Seed of the order.
    rank, world_size
        Which share of the cells this loader delivers, of how many; see
        :class:`tosg_graph.cells.sampler.Sampler`.
    normalise
        One of :data:`NORMALISATIONS`.
    layout
        ``dense`` yields :class:`CellBatch`, ``sparse`` :class:`SparseCellBatch`.
    threads
        Threads that make batches ahead of the one in use; 0: they are made when asked for.
    audit
        Counts what is delivered, once a batch was handed out.

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
        order: str = "block_shuffled",
        block_size: int = 64,
        window: int = 256,
        weights: Weights | None = None,
        draws: int | None = None,
        drop_last: bool = False,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        normalise: str = "log1p_10k",
        layout: str = "dense",
        threads: int = 0,
        audit: Audit | None = None,
    ) -> None:
        _check_normalisation(normalise, abundance.value_kind)
        _check_one_of("layout", layout, LAYOUTS)
        _check_one_of("order", order, ORDERS)
        if threads < 0:
            raise UsageError(f"threads={threads} found; a number from 0 up expected")
        chosen = _positions(cells, abundance.n_cells)
        if order == "class_balanced":
            if weights is not None:
                raise UsageError("weights are for order='weighted'; class_balanced has its own")
            weights = labels.balance(None if cells is None else np.asarray(cells))
        self.sampler = Sampler(
            chosen,
            batch_size=batch_size,
            seed=seed,
            order=_SAMPLED.get(order, order),
            block_size=1 if order == "random" else block_size,
            window=window,
            rank=rank,
            world_size=world_size,
            drop_last=drop_last,
            weights=weights,
            draws=draws,
        )
        torch = require("torch")
        measured = {k: torch.from_numpy(m.copy()) for k, m in abundance.measured_by.items()}
        channels = dict(abundance.channels)
        shared = Shared(topology, measured, channels, labels)
        self.dataset = CellDataset(abundance, labels.coded, shared, channels, normalise, layout)
        self.threads, self.audit = threads, audit

    @property
    def topology(self) -> HeteroData:
        """The graph."""
        return self.dataset.shared.topology

    @property
    def label_names(self) -> tuple[str, ...]:
        """The label values, sorted."""
        return self.dataset.shared.labels.names

    @property
    def channels(self) -> Mapping[str, tuple[str, ...]]:
        """Per label, the modality of each channel."""
        return self.dataset.channels

    def __len__(self) -> int:
        """Batches of an epoch on this rank."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[Batch]:
        """Deliver the epoch from its beginning, or what a loaded state left of it.

        At its end the next epoch begins, with another order if cells are shuffled.
        """
        epoch = self.sampler.begin()
        for batch, step in self._made(self.sampler.planned()):
            self.sampler.go_to(step.epoch, step.position)
            if self.audit is not None:
                self.audit.add(epoch, step.cells)
                if step.last:
                    self.audit.close()
            yield batch
        self.sampler.finish(epoch)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch: its order depends on seed and epoch alone.

        The epoch of a state that was just loaded is gone on with where the state stands.
        """
        if epoch < 0:
            raise UsageError(f"epoch={epoch} found, a number from 0 up expected")
        self.sampler.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands; see :meth:`tosg_graph.cells.sampler.Sampler.state_dict`.

        What was handed out counts as delivered, batches that threads made ahead do not.
        """
        return self.sampler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a loader was; the next iteration delivers what was left of its epoch.

        Raises
        ------
        UsageError
            If it was a loader of other cells or another order.
        """
        self.sampler.load_state_dict(state)

    def batch(self, cells: npt.NDArray[np.integer[Any]]) -> Batch:
        """Return the batch of these cells, in this order."""
        return self.dataset.batch(cells)

    @staticmethod
    def collate(batch: Batch) -> Batch:
        """Hand a batch through: what ``DataLoader`` is to do with one that is made already."""
        return batch

    def _made(self, planned: Iterator[Step]) -> Iterator[tuple[Batch, Step]]:
        """Make the batches here, or in threads, two ahead for each, in the order planned."""
        if not self.threads:
            for step in planned:
                yield self.dataset.batch(step.cells), step
            return
        waiting: deque[tuple[Future[Batch], Step]] = deque()
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="cells")
        try:
            for step in planned:
                waiting.append((pool.submit(self.dataset.batch, step.cells), step))
                if len(waiting) > 2 * self.threads:
                    yield _result(waiting.popleft())
            while waiting:
                yield _result(waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _result(made: tuple[Future[Batch], Step]) -> tuple[Batch, Step]:
    return made[0].result(), made[1]


#: What the sampler calls an order.
_SAMPLED = {"block_shuffled": "shuffled", "random": "shuffled", "class_balanced": "weighted"}


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
    targets
        Labels whose nodes get counts: ``Gene``, ``Transcript``, ``Protein``, ``Complex``; None
        stands for all but transcripts, which repeat the counts of their genes.
    topology
        The graph to hand out with each batch; None stands for ``subgraph.to_hetero_data()``.
    cohort
        The cells to deliver, as ``ws.cohort`` or a part of ``ws.split`` gives them; it takes the
        place of ``cells``.
    **options
        See :class:`BatchLoader`.

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
        targets: Sequence[str] | None = None,
        topology: HeteroData | None = None,
        cohort: Cohort | None = None,
        **options: Unpack[LoaderOptions],
    ) -> None:
        if cohort is not None:
            options["cells"] = _cells_of(cohort, store, options.get("cells"))
        super().__init__(
            StoreAbundance.of(store, subgraph, targets=targets),
            subgraph.to_hetero_data() if topology is None else topology,
            CellLabels.of_store(store, label),
            **options,
        )


def _cells_of(cohort: Cohort, store: CellStore, cells: Any) -> Index:
    """Positions of a cohort that is of this store, and stands alone."""
    if cells is not None:
        raise UsageError("cohort and cells are both given; one of them chooses the cells")
    if cohort.store.hash != store.hash:
        raise UsageError(f"the cohort is of the store {cohort.store.name!r}, not of {store.name!r}")
    return cohort.cells


def _check_normalisation(normalise: str, value_kind: str) -> None:
    _check_one_of("normalise", normalise, NORMALISATIONS)
    if normalise == "log1p_10k" and value_kind != "counts":
        raise UsageError(
            f"the cells hold {value_kind} values, which {normalise!r} must not change again; "
            "pass normalise='none'"
        )


def _check_one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UsageError(f"{name}={value!r} found; expected one of {', '.join(known)}")


def _positions(cells: npt.NDArray[np.integer[Any]] | None, n_cells: int) -> Index | int:
    if cells is None:
        return n_cells
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
    return found
