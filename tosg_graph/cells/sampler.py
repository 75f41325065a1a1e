"""In which order cells are delivered: a pure function of (seed, epoch), dealt out to ranks.

There is one global order per epoch. A step takes the next ``batch_size * world_size`` cells of it
and gives each rank ``batch_size`` of them, in the order of the ranks; so the order does not depend
on the number of ranks, every cell is delivered once, and no two ranks share one. The last step
deals what is left evenly; a rank gets nothing in it only when fewer cells are left than ranks.

A weighted order draws with replacement (:mod:`tosg_graph.cells.draws`). Shuffled orders are
permutations that are functions (:mod:`tosg_graph.cells.permutation`): they depend on no library's
random stream, and take the memory of a few thousand cells for a store of any size. Chosen cells
take 4 bytes each (8 above 2³²), weighted orders 8 bytes per block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from tosg_graph.cells.draws import Draws, Weights, fingerprint
from tosg_graph.cells.permutation import Index, Permutation
from tosg_graph.errors import UsageError

ORDERS = ("sequential", "shuffled", "weighted")
#: Raised when an order changes, so that no state goes on with the rest of another one.
_STATE_FORMAT = 2
#: Cells that are computed at a time where blocks are single cells.
_SINGLE = 8_192


class Sampler:
    """Yields batches of cell positions for one rank; remembers where it is.

    Iterating runs from the present position to the end of the epoch and then begins the next one.

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
        self._cells = None if isinstance(cells, int) else _narrow(cells)
        self.n = cells if isinstance(cells, int) else len(cells)
        _check(
            batch_size=batch_size, block_size=block_size, window=window, world_size=world_size
        )  # fmt: skip
        if order not in ORDERS:
            raise UsageError(f"order {order!r} is unknown; it is one of {', '.join(ORDERS)}")
        if not 0 <= rank < world_size:
            raise UsageError(f"rank {rank} of {world_size} ranks; ranks are 0 to {world_size - 1}")
        if self.n < 0 or not 0 <= seed < 2**63:
            raise UsageError(f"{self.n} cells with seed {seed}; both are at least 0")
        self.batch_size, self.seed, self.order = batch_size, seed, order
        self.block_size, self.window = block_size, window
        self.rank, self.world_size, self.drop_last = rank, world_size, drop_last
        self._draws: Draws | None = None
        if order == "weighted":
            self._draws = Draws(weights, self.n, block_size=block_size, window=window, seed=seed)
            self.n = self.n if draws is None else draws
            _check(draws=self.n)
        elif weights is not None or draws is not None:
            raise UsageError(f"weights and draws are for the order weighted, not for {order}")
        self.epoch = 0
        self.resumed = False  # whether a state was loaded and nothing delivered since
        self._position = 0  # cells of the global order that all ranks have had

    def __len__(self) -> int:
        """Batches of this rank in a whole epoch."""
        step = self.batch_size * self.world_size
        left = self.n % step
        return self.n // step + (not self.drop_last and left > self.rank)

    def __iter__(self) -> Iterator[Index]:
        """Yield the batches that are left of the epoch, then begin the next."""
        for cells, epoch, position in self.planned():
            self.go_to(epoch, position)  # before the yield: what is handed out is delivered
            yield cells
        if self._position:  # a rank that had no batch
            self.go_to(self.epoch + 1, 0)

    def planned(self) -> Iterator[tuple[Index, int, int]]:
        """Yield the batches that are left of the epoch, without going on.

        Each comes with the place (epoch, position) at which the sampler stands when it was
        delivered: after the last one, the beginning of the next epoch.
        """
        epoch, position = self.epoch, self._position
        ahead: tuple[Index, int] | None = None
        while step := self._step(position):
            share = self._share(epoch, position, position + step)
            position += step
            if len(share):
                if ahead is not None:
                    yield ahead[0], epoch, ahead[1]
                ahead = share, position
        if ahead is not None:
            yield ahead[0], epoch + 1, 0

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

        All ranks have the same state. It may be loaded with another batch size and another number
        of ranks: the rest of the epoch is delivered once, in the same global order.
        """
        place = {"epoch": self.epoch, "position": self._position}
        return {"format": _STATE_FORMAT, **place, **self._identity}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a sampler was.

        Raises
        ------
        UsageError
            If it was a sampler of other cells or another order.
        """
        other = [
            f"{key} {state.get(key)!r} in the state, {value!r} here"
            for key, value in {"format": _STATE_FORMAT, **self._identity}.items()
            if state.get(key) != value
        ]
        position = state.get("position")
        if other or not isinstance(position, int) or not 0 <= position <= self.n:
            what = "; ".join(other) or f"position {position!r} of {self.n} cells"
            raise UsageError(f"the state is that of another sampler: {what}")
        self.go_to(int(state["epoch"]), position)
        self.resumed = True

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

    def _share(self, epoch: int, first: int, last: int) -> Index:
        """Take the part of a step that is this rank's: as even as can be, in rank order."""
        size, more = divmod(last - first, self.world_size)
        start = first + self.rank * size + min(self.rank, more)
        end = start + size + (self.rank < more)
        return self.global_order(epoch, start, end)


def _check(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name} is {number}; at least 1 was expected")


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
