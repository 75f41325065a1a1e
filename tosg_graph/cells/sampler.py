"""In which order cells are delivered: a pure function of (seed, epoch), dealt out to ranks.

There is one global order per epoch. A step takes the next ``batch_size * world_size`` cells of it
and gives each rank ``batch_size`` of them, in the order of the ranks; so the order does not depend
on the number of ranks, every cell is delivered once, and no two ranks share one. The last step
deals what is left evenly; a rank gets nothing in it only when fewer cells are left than ranks.

Keys are drawn with SplitMix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195)
and sorted, so that an order depends on no library's random stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from tosg_graph.errors import UsageError

_Array = np.ndarray[Any, np.dtype[np.int64]]
_U64 = np.uint64

ORDERS = ("sequential", "shuffled")
_STATE_FORMAT = 1


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
        window of blocks mixed. Reading stays local and batches stay mixed.
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
        If a number is out of range or the order is unknown.
    """

    def __init__(
        self,
        cells: int | Sequence[int] | _Array,
        *,
        batch_size: int,
        seed: int = 0,
        order: str = "shuffled",
        block_size: int = 64,
        window: int = 128,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        self._cells = None if isinstance(cells, int) else np.asarray(cells, np.int64)
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
        self.epoch = 0
        self._position = 0  # cells of the global order that all ranks have had

    def __len__(self) -> int:
        """Batches of this rank in a whole epoch."""
        step = self.batch_size * self.world_size
        left = self.n % step
        return self.n // step + (not self.drop_last and left > self.rank)

    def __iter__(self) -> Iterator[_Array]:
        """Yield the batches that are left of the epoch, then begin the next."""
        while True:
            first, last = self._position, self._position + self._step()
            if last == first:
                break
            share = self._share(first, last)
            self._position = last  # before the yield: what is handed out counts as delivered
            if len(share):
                yield share
        self.epoch, self._position = self.epoch + 1, 0

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self.epoch, self._position = epoch, 0

    def global_order(self, epoch: int, first: int = 0, last: int | None = None) -> _Array:
        """Positions of cells in the order in which an epoch delivers them to all ranks together.

        Parameters
        ----------
        first, last
            Part of the order, 0 ≤ ``first`` ≤ ``last`` ≤ n; default: all of it.
        """
        last = self.n if last is None else last
        if self.order == "sequential":
            found = np.arange(first, last, dtype=np.int64)
        else:
            found = _shuffled(self.n, self.block_size, self.window, self.seed, epoch, first, last)
        return found if self._cells is None else self._cells[found]

    def state_dict(self) -> dict[str, Any]:
        """Where the sampler is, in plain values.

        All ranks have the same state. It may be loaded with another batch size and another number
        of ranks: the rest of the epoch is delivered once, in the same global order.
        """
        return {"format": _STATE_FORMAT, "epoch": self.epoch, "position": self._position} | dict(
            self._identity()
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where a sampler was.

        Raises
        ------
        UsageError
            If it was a sampler of other cells or another order.
        """
        other = [
            f"{key} {state.get(key)!r} in the state, {value!r} here"
            for key, value in {"format": _STATE_FORMAT, **self._identity()}.items()
            if state.get(key) != value
        ]
        position = state.get("position")
        if other or not isinstance(position, int) or not 0 <= position <= self.n:
            what = "; ".join(other) or f"position {position!r} of {self.n} cells"
            raise UsageError(f"the state is that of another sampler: {what}")
        self.epoch, self._position = int(state["epoch"]), position

    def _identity(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "seed": self.seed,
            "order": self.order,
            "block_size": self.block_size,
            "window": self.window,
            "cells": None if self._cells is None else _fingerprint(self._cells),
        }

    def _step(self) -> int:
        """Cells of the next step, over all ranks."""
        whole, left = self.batch_size * self.world_size, self.n - self._position
        return whole if left >= whole else 0 if self.drop_last else left

    def _share(self, first: int, last: int) -> _Array:
        """Take the part of a step that is this rank's: as even as can be, in rank order."""
        size, more = divmod(last - first, self.world_size)
        start = first + self.rank * size + min(self.rank, more)
        end = start + size + (self.rank < more)
        return self.global_order(self.epoch, start, end)


def _check(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name} is {number}; at least 1 was expected")


def _fingerprint(cells: _Array) -> int:
    """Compute a number that tells lists of cells apart, order included."""
    with np.errstate(over="ignore"):
        keys = _mix(cells.astype(_U64) + _mix(np.arange(len(cells), dtype=_U64)))
    return int(np.bitwise_xor.reduce(keys, initial=_U64(len(cells))))


def _mix(values: np.ndarray[Any, np.dtype[np.uint64]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """SplitMix64's output function: a bijection of 64-bit numbers."""
    with np.errstate(over="ignore"):
        z = values + _U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> _U64(27))) * _U64(0x94D049BB133111EB)
        return z ^ (z >> _U64(31))


def _permutation(size: int, *key: int) -> _Array:
    """Permute 0 to size - 1 by nothing but the key."""
    state = np.zeros(1, _U64)
    for part in key:
        state = _mix(state ^ _U64(part))
    keys = _mix(state ^ _mix(np.arange(size, dtype=_U64)))
    return np.argsort(keys, kind="stable").astype(np.int64)


@lru_cache(maxsize=4)
def _blocks(n: int, block_size: int, seed: int, epoch: int) -> _Array:
    return _permutation(-(-n // block_size), seed, epoch)


@lru_cache(maxsize=8)
def _window(n: int, block_size: int, window: int, seed: int, epoch: int, number: int) -> _Array:
    """Cells of one window of blocks, mixed."""
    chosen = _blocks(n, block_size, seed, epoch)[number * window : (number + 1) * window]
    cells = (chosen[:, None] * block_size + np.arange(block_size)).ravel()
    cells = cells[cells < n]  # the last block may be short
    mixed: _Array = cells[_permutation(len(cells), seed, epoch, number + 1)]
    return mixed


def _shuffled(
    n: int, block_size: int, window: int, seed: int, epoch: int, first: int, last: int
) -> _Array:
    """Places ``first`` to ``last`` of the shuffled order."""
    if last <= first:
        return np.empty(0, np.int64)
    span = block_size * window
    short = -n % block_size  # cells that the short block lacks
    at = int(np.argmax(_blocks(n, block_size, seed, epoch))) // window  # the short block's window
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
