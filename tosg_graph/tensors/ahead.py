"""How a loader makes its batches: when asked for, ahead in threads, or in worker processes.

Each way yields the batches in the order planned, each with its step, so that the loader knows what
it handed out, however many batches were made ahead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tosg_graph.cells.sampler import Sampler, Step
from tosg_graph.errors import UsageError
from tosg_graph.tensors.cell_batch import allow_sparse_rows
from tosg_graph.tensors.dataset import Batch, CellDataset
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.subgraph import Index
from tosg_graph.threads import in_threads

Made = Iterator[tuple[Batch, Step]]

#: What may be said of worker processes; the rest of a DataLoader's options is the loader's own.
WORKER_OPTIONS = (
    "multiprocessing_context",
    "persistent_workers",
    "prefetch_factor",
    "timeout",
    "worker_init_fn",
)


def made_here(dataset: CellDataset, planned: Iterator[Step]) -> Made:
    """Make each batch when it is asked for."""
    for step in planned:
        yield dataset.batch(step.cells), step


def made_in_threads(dataset: CellDataset, planned: Iterator[Step], threads: int) -> Made:
    """Make batches two ahead for each thread."""

    def made(step: Step) -> tuple[Batch, Step]:
        return dataset.batch(step.cells), step

    return in_threads(made, planned, threads=threads, ahead=2 * threads, name="cells")


class Workers:
    """Makes batches in the worker processes of a ``torch.utils.data.DataLoader``.

    The graph does not travel between processes: a batch finds the loader's again.

    Parameters
    ----------
    dataset
        Makes the batches.
    count
        How many processes.
    options
        Some of :data:`WORKER_OPTIONS`, as a DataLoader takes them.

    Raises
    ------
    UsageError
        If an option is none of them, or the DataLoader refuses it.
    """

    def __init__(self, dataset: CellDataset, count: int, options: Mapping[str, Any]) -> None:
        for name in options:
            if name not in WORKER_OPTIONS:
                known = ", ".join(WORKER_OPTIONS)
                raise UsageError(f"worker_options has {name!r}; it may have {known}")
        torch = require("torch")
        if dataset.layout == "sparse":
            allow_sparse_rows()  # here too: tensors of a worker are put together again
        self._plan = _Plan()
        try:
            self._loader = torch.utils.data.DataLoader(
                dataset,
                batch_sampler=self._plan,
                collate_fn=_through,
                num_workers=count,
                generator=torch.Generator(),  # that of the model's training stays as it is
                **options,
            )
        except (TypeError, ValueError) as error:
            raise UsageError(f"worker_options={dict(options)!r}: {error}") from error

    def made(self, planned: Iterator[Step]) -> Made:
        """Make batches ahead, ``prefetch_factor`` (2) for each process."""
        asked = self._plan.begin(planned)
        for batch in self._loader:
            yield batch, asked.popleft()


class _Plan:
    """A batch sampler that remembers the steps that it was asked for."""

    def begin(self, planned: Iterator[Step]) -> deque[Step]:
        self._planned, self._asked = planned, deque[Step]()
        return self._asked

    def __iter__(self) -> Iterator[Index]:
        planned, asked = self._planned, self._asked
        for step in planned:
            asked.append(step)
            yield step.cells


def _through(batch: Batch) -> Batch:
    """Hand a batch through: it is made already."""
    return batch


class LentSampler:
    """The order of a loader for a DataLoader of one's own, which asks for more than it hands out.

    Every epoch is delivered as the loader would. Where it stands is not known, so that the loader
    gives no state and no audit counts; nor may anyone share its batches out again.

    Parameters
    ----------
    sampler
        The order.
    audited
        Whether the loader has an audit.
    """

    def __init__(self, sampler: Sampler, *, audited: bool) -> None:
        self._sampler, self._audited = sampler, audited
        self.taken = False  # whether batches were asked for since the place was last known

    def __len__(self) -> int:
        """Batches of this rank in a whole epoch."""
        return len(self._sampler)

    def __iter__(self) -> Iterator[Index]:
        """Yield positions of cells, batch by batch.

        Raises
        ------
        UsageError
            If the loader has an audit.
        """
        if self._audited:
            raise UsageError(
                f"the loader has an audit, which cannot count what a DataLoader of your own "
                f"{_INSTEAD}"
            )
        for cells in self._sampler:
            self.taken = True
            yield cells

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self._sampler.set_epoch(epoch)

    @property
    def batch_size(self) -> int:
        """Refused: who asks is about to share the batches out among processes once more.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            "batches of a loader are about to be shared out among processes a second time; give "
            "the loader its rank and world_size, and hand the loader itself to the trainer (to "
            "accelerator.prepare), not a DataLoader around its sampler"
        )

    def check_known(self) -> None:
        """Refuse to say where an iteration stands that someone else runs.

        Raises
        ------
        UsageError
            If batches were asked for.
        """
        if self.taken:
            raise UsageError(f"where the loader stands is not known: a DataLoader {_INSTEAD}")


_INSTEAD = (
    "asks for batches before it hands them out; iterate over the loader itself, with workers=2 for "
    "worker processes"
)
