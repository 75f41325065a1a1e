"""Loaders: batches of cells on one shared topology, in an order that seed and epoch give.

::

    loader = CellLoader(store, subgraph, batch_size=512, order="class_balanced", threads=1)
    for batch in loader: ...

A loader is an iterable with a length, ``set_epoch``, ``state_dict`` and ``load_state_dict``: what
trainers that take any iterable ask for. With ``workers=2`` the batches are made in the worker
processes of a torch ``DataLoader``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.audit import Audit
from tosg_graph.cells.draws import Weights
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.sampler import Sampler, Step, whole_number
from tosg_graph.cells.selection import Cohort
from tosg_graph.errors import UsageError
from tosg_graph.tensors.abundance import Abundance, StoreAbundance
from tosg_graph.tensors.ahead import LentSampler, Made, Workers, made_here, made_in_threads
from tosg_graph.tensors.cell_batch import Shared
from tosg_graph.tensors.dataset import LAYOUTS, Batch, CellDataset
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.labels import CellLabels
from tosg_graph.tensors.options import (
    LoaderOptions,
    cells_of,
    check_audit,
    check_names,
    check_normalisation,
    check_one_of,
    check_store,
    positions,
)
from tosg_graph.tensors.subgraph import Subgraph

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

#: ``block_shuffled``: blocks of neighbouring cells in random order, mixed within a window: reading
#: stays local. ``random``: any cell anywhere. ``weighted``, ``class_balanced``: drawn with
#: replacement, block by block; see :mod:`tosg_graph.cells.sampler`.
ORDERS = ("block_shuffled", "random", "sequential", "weighted", "class_balanced")


class BatchLoader:
    """Yields batches of cells from anything that knows their counts.

    Memory is that of the batches in flight (one, and two per thread or worker), 4 bytes per chosen
    cell, 8 per block of a weighted order, and the label codes (1 or 2 bytes per cell; those of a
    store of over a million cells stay in a file, see :mod:`tosg_graph.cells.label_codes`).

    Parameters
    ----------
    abundance
        The counts.
    topology
        Gives the graph that all batches share, when it is first asked for.
    labels
        Names and labels of all cells of ``abundance``.
    of
        What the cells are, by hash; a state of other cells and an audit of them are refused.
    batch_size
        Cells of a batch; the last one of an epoch may have fewer.
    cells
        Positions of the cells to deliver, or a mask; None stands for all.
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
        Leave out the last, incomplete step: all ranks have as many batches.
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
    workers, worker_options
        The same with processes, those of a torch ``DataLoader``, and what it is to be told of them:
        :data:`tosg_graph.tensors.ahead.WORKER_OPTIONS`.
    audit
        Counts what is delivered, once a batch was handed out.

    Raises
    ------
    UsageError
        If an option is out of range, normalised values are to be normalised again, or the audit is
        one of other cells.
    """

    def __init__(
        self,
        abundance: Abundance,
        topology: Callable[[], HeteroData],
        labels: CellLabels,
        *,
        of: str | None = None,
        batch_size: int = 64,
        cells: npt.NDArray[Any] | Sequence[int] | None = None,
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
        workers: int = 0,
        worker_options: Mapping[str, Any] | None = None,
        audit: Audit | None = None,
    ) -> None:
        check_normalisation(normalise, abundance.value_kind)
        check_one_of("layout", layout, LAYOUTS)
        check_one_of("order", order, ORDERS)
        check_audit(audit, abundance.n_cells, of)
        self._of, self.audit = of, audit
        self.threads, self.workers = (
            whole_number("threads", threads),
            whole_number("workers", workers),
        )
        if self.threads and self.workers:
            raise UsageError(f"threads={threads} and workers={workers} found; one of them expected")
        if worker_options and not self.workers:
            raise UsageError("worker_options found without workers; workers=2 expected, or more")
        chosen = positions(cells, abundance.n_cells)
        if order == "class_balanced":
            if weights is not None:
                raise UsageError("weights are for order='weighted'; class_balanced has its own")
            weights = labels.balance(None if isinstance(chosen, int) else chosen)
        self._sampler = Sampler(
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
        self.sampler = LentSampler(self._sampler, audited=audit is not None)
        self._pool = (
            Workers(self.dataset, self.workers, worker_options or {}) if self.workers else None
        )

    @property
    def topology(self) -> HeteroData:
        """The graph.

        Raises
        ------
        MissingExtra
            If torch_geometric is not installed.
        """
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
        return len(self._sampler)

    def __iter__(self) -> Iterator[Batch]:
        """Deliver the epoch from its beginning, or what a loaded state left of it.

        At its end the next epoch begins, with another order if cells are shuffled.
        """
        epoch = self._sampler.begin()
        self._warn_where_uneven()
        try:
            for batch, step in self._made(self._sampler.planned()):
                self._deliver(epoch, step)
                yield batch
            self._sampler.finish(epoch)
        finally:
            if self.audit is not None:
                self.audit.save()

    def __getitem__(self, number: object) -> NoReturn:
        """Refuse to be the data set of a ``DataLoader``: a loader makes whole batches, in order.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            "a loader yields batches and is no data set: iterate over it as it is, with workers=2 "
            "for worker processes, in the place of a DataLoader around it"
        )

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch: its order depends on seed and epoch alone.

        The epoch of a state that was just loaded is gone on with where the state stands.
        """
        self._sampler.set_epoch(whole_number("epoch", epoch))
        self.sampler.taken = False

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands; see :meth:`tosg_graph.cells.sampler.Sampler.state_dict`.

        What was handed out counts as delivered; batches that threads or workers made ahead do not.
        An audit is written, so that it holds what was delivered before the state.

        Raises
        ------
        UsageError
            If a ``DataLoader`` of the caller's own took batches from :attr:`sampler`.
        """
        self.sampler.check_known()
        if self.audit is not None:
            self.audit.save()
        return {**self._sampler.state_dict(), "of": self._of}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a loader was; the next iteration delivers what was left of its epoch.

        Raises
        ------
        UsageError
            If it was a loader of other cells or another order.
        """
        if isinstance(state, Mapping) and state.get("of") != self._of:
            raise UsageError(
                f"the state is one of other cells: of {state.get('of')!r} in the state, "
                f"{self._of!r} here; open the store that it was saved with"
            )
        self._sampler.load_state_dict(state)
        self.sampler.taken = False

    def batch(self, cells: npt.NDArray[np.integer[Any]]) -> Batch:
        """Return the batch of these cells, in this order."""
        return self.dataset.batch(cells)

    @staticmethod
    def collate(batch: Batch) -> Batch:
        """Hand a batch through: what ``DataLoader`` is to do with one that is made already."""
        return batch

    def _made(self, planned: Iterator[Step]) -> Made:
        if self._pool is not None:
            return self._pool.made(planned)
        if self.threads:
            return made_in_threads(self.dataset, planned, self.threads)
        return made_here(self.dataset, planned)

    def _deliver(self, epoch: int, step: Step) -> None:
        """Go on, and count, before a batch is handed out."""
        self.sampler.taken = False
        self._sampler.go_to(step.epoch, step.position)
        if self.audit is not None:
            self.audit.add(epoch, step.cells, first=step.first, order=self._sampler.order_id)
            if step.last:  # nobody need ask for what follows
                self.audit.save()

    def _warn_where_uneven(self) -> None:
        """Warn of ranks that would wait for each other."""
        distributed = require("torch").distributed
        if self._sampler.uneven and distributed.is_available() and distributed.is_initialized():
            warnings.warn(
                "some ranks have a batch more than others in this epoch, and one that waits for "
                "the gradients of the others hangs; pass drop_last=True, or train within "
                "model.join()",
                stacklevel=3,
            )


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
        The graph to hand out with each batch; None stands for ``subgraph.to_hetero_data()``, made
        when it is first asked for: batches alone need no torch_geometric.
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
        If torch is not installed.
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
        check_names(options, "label", "targets", "topology", "cohort")
        check_store(store, subgraph, targets)
        if cohort is not None:
            options["cells"] = cells_of(cohort, store, options.get("cells"))
        super().__init__(
            StoreAbundance.of(store, subgraph, targets=targets),
            subgraph.to_hetero_data if topology is None else lambda: topology,
            CellLabels.of_store(store, label),
            of=store.hash,
            **options,
        )
