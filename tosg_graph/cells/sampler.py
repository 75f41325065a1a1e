"""In which order cells are delivered: a pure function of (seed, epoch), dealt out to ranks.

There is one global order per epoch. A step takes the next ``batch_size * world_size`` cells of it
and gives each rank ``batch_size`` of them, in the order of the ranks; so the order does not depend
on the number of ranks, every cell is delivered once, and no two ranks share one. The last step
deals what is left evenly; a rank gets nothing in it only when fewer cells are left than ranks.

A place is an epoch and a position: how many cells of the global order all ranks together have had.
Ranks that were asked equally often stand at the same place, also where the last step has nothing
for some of them: these begin the next epoch when they are asked for that step, or for the next
epoch, and not before.

A weighted order draws with replacement (:mod:`tosg_graph.cells.draws`). Shuffled orders are
permutations that are functions (:mod:`tosg_graph.cells.permutation`): they depend on no library's
random stream, and take the memory of a few thousand cells for a store of any size. Chosen cells
take 4 bytes each (8 above 2³²), weighted orders 8 bytes per block.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from tosg_graph.cells.draws import Draws, Weights, fingerprint
from tosg_graph.cells.permutation import Index, Permutation
from tosg_graph.errors import UsageError

ORDERS = ("sequential", "shuffled", "weighted")
#: Raised when an order changes, so that no state goes on with the rest of another one.
_STATE_FORMAT = 2
_DAMAGED = "the state is none that a sampler gave"
#: Cells that are computed at a time where blocks are single cells.
_SINGLE = 8_192


class Step(NamedTuple):
    """A batch of one rank.

    Parameters
    ----------
    cells
        Positions of its cells.
    first
        Place of its first cell in the global order of the epoch; the others follow it.
    epoch, position
        Where the sampler stands once the batch is delivered.
    last
        Whether this rank has no other batch in the epoch.
    """

    cells: Index
    first: int
    epoch: int
    position: int
    last: bool


class Sampler:
    """Yields batches of cell positions for one rank; remembers where it is.

    Iterating delivers the epoch from its beginning, or what a loaded state left of it, and then
    begins the next one. Who breaks off and iterates again gets the epoch anew.

    Parameters
    ----------
    cells
        Number of cells, or the positions of those to deliver.
    batch_size
        Cells of a batch, per rank.
    seed
        Same seed, same orders.
    order
        ``sequential``; ``shuffled``: blocks of neighbouring cells in random order, the cells of a
        window of blocks mixed; ``weighted``: cells drawn by weight, with replacement. Reading
        stays local and batches stay mixed.
    weights
        For ``weighted``: one number per cell, 0 for cells never drawn; an array is not copied.
    draws
        For ``weighted``: cells of an epoch; default: as many as there are cells.
    block_size
        Neighbouring cells of a block; 1 shuffles fully.
    window
        Blocks that are mixed with each other.
    rank, world_size
        Which of how many processes this is.
    drop_last
        Leave out the cells of the last, incomplete step.

    Raises
    ------
    UsageError
        If a number is out of range, the order is unknown, or weights are missing or of no use.
    """

    def __init__(
        self,
        cells: int | Sequence[int] | Index,
        *,
        batch_size: int,
        seed: int = 0,
        order: str = "shuffled",
        block_size: int = 64,
        window: int = 256,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
        weights: Weights | None = None,
        draws: int | None = None,
    ) -> None:
        self._cells = None if isinstance(cells, int | np.integer) else _narrow(cells)
        self.n = whole_number("cells", cells) if self._cells is None else len(self._cells)
        self.batch_size = whole_number("batch_size", batch_size, least=1)
        self.block_size = whole_number("block_size", block_size, least=1)
        self.window = whole_number("window", window, least=1)
        self.world_size = whole_number("world_size", world_size, least=1)
        self.rank, self.seed = whole_number("rank", rank), whole_number("seed", seed)
        if order not in ORDERS:
            raise UsageError(f"order {order!r} is unknown; it is one of {', '.join(ORDERS)}")
        if self.rank >= self.world_size:
            raise UsageError(f"rank {rank} of {world_size} ranks; ranks are 0 to {world_size - 1}")
        if self.seed >= 2**63:
            raise UsageError(f"seed={seed} found; a whole number below 2⁶³ expected")
        self.order, self.drop_last = order, drop_last
        self._draws: Draws | None = None
        if order == "weighted":
            self._draws = Draws(
                weights, self.n, block_size=self.block_size, window=self.window, seed=self.seed
            )
            self.n = self.n if draws is None else whole_number("draws", draws, least=1)
        elif weights is not None or draws is not None:
            raise UsageError(f"weights and draws are for the order weighted, not for {order}")
        self.epoch = 0
        self.resumed = False  # whether a state was loaded and nothing delivered since
        self._position = 0  # cells of the global order that all ranks have had

    def __len__(self) -> int:
        """Batches of this rank in a whole epoch."""
        return self._batches_from(0)

    def __iter__(self) -> Iterator[Index]:
        """Yield the batches of the epoch, or those that a state left of it; begin the next."""
        epoch = self.begin()
        for step in self.planned():
            self.go_to(step.epoch, step.position)  # before the yield: handed out is delivered
            yield step.cells
        self.finish(epoch)

    def begin(self) -> int:
        """Stand where an iteration begins: its epoch."""
        if not self.resumed:
            done = self._position > 0 and not self._batches_from(self._position)
            self.go_to(self.epoch + done, 0)
        return self.epoch

    def planned(self) -> Iterator[Step]:
        """Yield the batches that are left of the epoch, without going on."""
        epoch, position = self.epoch, self._position
        for left in range(self._batches_from(position), 0, -1):
            step = self._step(position)
            first, end = self._share(position, position + step)
            cells = self.global_order(epoch, first, end)
            position += step
            place = (epoch, position) if self._step(position) else (epoch + 1, 0)
            yield Step(cells, first, *place, last=left == 1)

    def finish(self, epoch: int) -> None:
        """Begin the next epoch at the end of one, also after a last step without a batch."""
        if self.epoch == epoch:
            self.go_to(epoch + 1, 0)

    @property
    def uneven(self) -> bool:
        """Whether ranks get different numbers of batches in what is left of the epoch."""
        left = (self.n - self._position) % (self.batch_size * self.world_size)
        return not self.drop_last and 0 < left < self.world_size

    def go_to(self, epoch: int, position: int) -> None:
        """Stand at a place of an epoch."""
        self.epoch, self._position, self.resumed = epoch, position, False

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch; to the place of a state that was just loaded for it."""
        if not (self.resumed and epoch == self.epoch):
            self.go_to(epoch, 0)

    def global_order(self, epoch: int, first: int = 0, last: int | None = None) -> Index:
        """Positions of cells in the order in which an epoch delivers them to all ranks together.

        Parameters
        ----------
        first, last
            Part of the order, 0 ≤ ``first`` ≤ ``last`` ≤ n; default: all of it.
        """
        last = self.n if last is None else last
        if self.order == "sequential":
            found = np.arange(first, last, dtype=np.int64)
        elif self._draws is not None:
            found = self._draws.part(self.n, epoch, first, last)
        else:
            found = _shuffled(self.n, self.block_size, self.window, self.seed, epoch, first, last)
        return found if self._cells is None else self._cells[found].astype(np.int64)

    def state_dict(self) -> dict[str, Any]:
        """Where the sampler is, in plain values.

        Ranks that were asked equally often have the same state. It may be loaded with another
        batch size and another number of ranks: the rest of the epoch is delivered once, in the
        same global order.
        """
        place = {"epoch": self.epoch, "position": self._position}
        return {"format": _STATE_FORMAT, **place, **self._identity}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a sampler was.

        Raises
        ------
        UsageError
            If it was a sampler of other cells or another order, or the state is damaged.
        """
        if not isinstance(state, Mapping):
            raise UsageError(f"{_DAMAGED}: {state!r}")
        other = [
            f"{key} {state.get(key)!r} in the state, {value!r} here"
            for key, value in {"format": _STATE_FORMAT, **self._identity}.items()
            if state.get(key) != value
        ]
        if other:
            raise UsageError(f"the state is that of another sampler: {'; '.join(other)}")
        epoch, position = state.get("epoch"), state.get("position")
        if not _is_whole(position) or not 0 <= position <= self.n:
            raise UsageError(f"{_DAMAGED}: position {position!r} of {self.n} cells")
        if not _is_whole(epoch) or epoch < 0:
            raise UsageError(f"{_DAMAGED}: epoch {epoch!r}")
        self.go_to(epoch, position)
        self.resumed = True

    @cached_property
    def order_id(self) -> str:
        """Short hash of what the order of an epoch is a function of, beside the epoch."""
        text = json.dumps(self._identity, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @cached_property
    def _identity(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "seed": self.seed,
            "order": self.order,
            "block_size": self.block_size,
            "window": self.window,
            "cells": None if self._cells is None else fingerprint(self._cells),
            "weights": None if self._draws is None else self._draws.fingerprint,
        }

    def _step(self, position: int) -> int:
        """Cells of the next step, over all ranks."""
        whole, left = self.batch_size * self.world_size, self.n - position
        return whole if left >= whole else 0 if self.drop_last else left

    def _share(self, first: int, last: int) -> tuple[int, int]:
        """Bounds of the part of a step that is this rank's: as even as can be, in rank order."""
        size, more = divmod(last - first, self.world_size)
        start = first + self.rank * size + min(self.rank, more)
        return start, start + size + (self.rank < more)

    def _batches_from(self, position: int) -> int:
        """Batches of this rank from a position to the end of the epoch."""
        steps, left = divmod(self.n - position, self.batch_size * self.world_size)
        return steps + (not self.drop_last and left > self.rank)


def whole_number(name: str, value: Any, *, least: int = 0) -> int:
    """Take a whole number that an option is to be.

    Raises
    ------
    UsageError
        If it is another thing, or too small.
    """
    if not _is_whole(value) or value < least:
        raise UsageError(f"{name}={value!r} found; a whole number from {least} up expected")
    return int(value)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


@lru_cache(maxsize=4)
def _blocks(n: int, block_size: int, seed: int, epoch: int) -> Permutation:
    return Permutation(-(-n // block_size), seed, epoch)


@lru_cache(maxsize=8)
def _window(n: int, block_size: int, window: int, seed: int, epoch: int, number: int) -> Index:
    """Cells of one window of blocks, mixed."""
    permuted = _blocks(n, block_size, seed, epoch)
    last = min((number + 1) * window, permuted.size)
    chosen = permuted.of(np.arange(number * window, last))
    if block_size == 1:
        return chosen
    cells = (chosen[:, None] * block_size + np.arange(block_size)).ravel()
    cells = cells[cells < n]  # the last block may be short
    return cells[Permutation(len(cells), seed, epoch, number + 1).of(np.arange(len(cells)))]


@lru_cache(maxsize=4)
def _short_window(n: int, block_size: int, window: int, seed: int, epoch: int) -> int:
    """The window of the last block, which may be short."""
    permuted = _blocks(n, block_size, seed, epoch)
    return permuted.place_of(permuted.size - 1) // window


def _shuffled(
    n: int, block_size: int, window: int, seed: int, epoch: int, first: int, last: int
) -> Index:
    """Places ``first`` to ``last`` of the shuffled order."""
    if last <= first:
        return np.empty(0, np.int64)
    window = _SINGLE if block_size == 1 else window
    span = block_size * window
    short = -n % block_size  # cells that the short block lacks
    at = _short_window(n, block_size, window, seed, epoch)
    parts = []
    number = first // span
    while True:
        start = number * span - (short if number > at else 0)
        if start >= last:
            break
        cells = _window(n, block_size, window, seed, epoch, number)
        parts.append(cells[max(0, first - start) : max(0, last - start)])
        number += 1
    return np.concatenate(parts)


def _narrow(cells: Sequence[int] | Index) -> np.ndarray[Any, Any]:
    """Copy positions in half the bytes, where they fit."""
    found = np.asarray(cells, np.int64)
    if len(found) and found.min() >= 0 and found.max() < 2**32:
        return found.astype(np.uint32)
    return found.copy()
