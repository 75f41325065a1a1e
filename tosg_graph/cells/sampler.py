"""In which order cells are delivered: a pure function of (seed, epoch), dealt out to ranks.

There is one global order per epoch. A step takes the next ``batch_size * world_size`` cells of it
and gives each rank ``batch_size`` of them, in the order of the ranks; so the order does not depend
on the number of ranks, every cell is delivered once, and no two ranks share one. The last step
deals what is left evenly; a rank gets nothing in it only when fewer cells are left than ranks.

A weighted order draws with replacement: blocks of neighbouring cells by the sum of their weights,
then cells within a block by their own. So every draw is a cell with the probability that its
weight says, and reading stays local; a draw is a function of its place in the epoch alone.

Keys are drawn with SplitMix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195)
and sorted, so that an order depends on no library's random stream. Weights are taken as whole
numbers, so that it depends on no rounding of sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from tosg_graph.errors import UsageError

_Array = np.ndarray[Any, np.dtype[np.int64]]
_U64 = np.uint64

ORDERS = ("sequential", "shuffled", "weighted")
_STATE_FORMAT = 1
#: The largest weight as a whole number; a smaller one is its share of it, at least 1 if above 0.
_HEAVIEST = 1 << 24


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
        For ``weighted``: one number per cell, 0 for cells never drawn. Takes 8 bytes per cell.
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
        weights: Sequence[float] | np.ndarray[Any, Any] | None = None,
        draws: int | None = None,
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
        self._draws: _Draws | None = None
        if order == "weighted":
            self._draws = _Draws(
                _whole(weights, self.n), block_size=block_size, window=window, seed=seed
            )
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

    def __iter__(self) -> Iterator[_Array]:
        """Yield the batches that are left of the epoch, then begin the next."""
        for cells, epoch, position in self.planned():
            self.go_to(epoch, position)  # before the yield: what is handed out is delivered
            yield cells
        if self._position:  # a rank that had no batch
            self.go_to(self.epoch + 1, 0)

    def planned(self) -> Iterator[tuple[_Array, int, int]]:
        """Yield the batches that are left of the epoch, without going on.

        Each comes with the place (epoch, position) at which the sampler stands when it was
        delivered: after the last one, the beginning of the next epoch.
        """
        epoch, position = self.epoch, self._position
        ahead: tuple[_Array, int] | None = None
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
        elif self._draws is not None:
            found = self._draws.part(self.n, epoch, first, last)
        else:
            found = _shuffled(self.n, self.block_size, self.window, self.seed, epoch, first, last)
        return found if self._cells is None else self._cells[found]

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
            "cells": None if self._cells is None else _fingerprint(self._cells),
            "weights": None if self._draws is None else _fingerprint(self._draws.sums),
        }

    def _step(self, position: int) -> int:
        """Cells of the next step, over all ranks."""
        whole, left = self.batch_size * self.world_size, self.n - position
        return whole if left >= whole else 0 if self.drop_last else left

    def _share(self, epoch: int, first: int, last: int) -> _Array:
        """Take the part of a step that is this rank's: as even as can be, in rank order."""
        size, more = divmod(last - first, self.world_size)
        start = first + self.rank * size + min(self.rank, more)
        end = start + size + (self.rank < more)
        return self.global_order(epoch, start, end)


def _check(**numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name} is {number}; at least 1 was expected")


class _Draws:
    """Draws by weight, block by block.

    Parameters
    ----------
    weights
        Whole numbers, one per cell.
    block_size, window
        As of the sampler.
    seed
        As of the sampler.
    """

    def __init__(self, weights: _Array, *, block_size: int, window: int, seed: int) -> None:
        n = len(weights)
        ends = np.minimum(np.arange(block_size, n + block_size, block_size), n) - 1
        self.sums = np.cumsum(weights)  # up to each cell
        self._block_sums = self.sums[ends]
        self._block_size, self._span, self._seed = block_size, block_size * window, seed
        self._window = lru_cache(maxsize=8)(self._drawn)

    def part(self, n: int, epoch: int, first: int, last: int) -> _Array:
        """Places ``first`` to ``last`` of an epoch of ``n`` draws."""
        parts = [np.empty(0, np.int64)]
        for number in range(first // self._span, -(-last // self._span)):
            start = number * self._span
            cells = self._window(epoch, number, min(self._span, n - start))
            parts.append(cells[max(0, first - start) : max(0, last - start)])
        return np.concatenate(parts)

    def _drawn(self, epoch: int, number: int, size: int) -> _Array:
        """Draw the cells of one window and mix them."""
        key = (self._seed, epoch)
        places = np.arange(size) + number * self._span
        turns, turn = np.unique(places // self._block_size, return_inverse=True)
        chosen = _below(turns, self._block_sums[-1], *key, 1)
        blocks = np.searchsorted(self._block_sums, chosen, side="right")
        before = np.where(blocks > 0, self._block_sums[blocks - 1], 0)
        inside = self._block_sums[blocks] - before
        at = before[turn] + _below(places, inside[turn], *key, 2)
        cells = np.searchsorted(self.sums, at, side="right")
        mixed: _Array = cells[_permutation(size, *key, number + 1)]
        return mixed


def _whole(weights: Any, n: int) -> _Array:
    """Weights as whole numbers, the largest as :data:`_HEAVIEST`."""
    given = np.asarray([] if weights is None else weights, np.float64)
    if given.shape != (n,) or not n:
        raise UsageError(
            f"weights of shape {given.shape} found for {n} cells; one for each of at least one "
            "cell expected"
        )
    if not np.isfinite(given).all() or given.min() < 0 or given.max() <= 0:
        raise UsageError("weights must be finite and 0 or more, and one of them above 0")
    whole: _Array = np.rint(given * (_HEAVIEST / given.max())).astype(np.int64)
    whole[(whole == 0) & (given > 0)] = 1
    return whole


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


def _state(*key: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    state = np.zeros(1, _U64)
    for part in key:
        state = _mix(state ^ _U64(part))
    return state


def _permutation(size: int, *key: int) -> _Array:
    """Permute 0 to size - 1 by nothing but the key."""
    keys = _mix(_state(*key) ^ _mix(np.arange(size, dtype=_U64)))
    return np.argsort(keys, kind="stable").astype(np.int64)


def _below(places: _Array, limits: Any, *key: int) -> _Array:
    """Numbers from 0 up to below the limits, by nothing but key and place."""
    keys = _mix(_state(*key) ^ _mix(places.astype(_U64)))
    found: _Array = (keys % np.asarray(limits, _U64)).astype(np.int64)
    return found


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
