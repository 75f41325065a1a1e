"""Cells drawn by weight, block by block, with replacement.

A draw takes a block of neighbouring cells by the sum of their weights, then a cell of it by its
own: so every cell is drawn with the probability that its weight says, and reading stays local.
Weights are taken as whole numbers, so that a draw depends on no rounding of sums.

Memory: 8 bytes per block, beside the weights as they were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.permutation import Index, Permutation, drawn, mix
from tosg_graph.errors import UsageError

#: The largest weight as a whole number; a smaller one is its share of it, at least 1 if above 0.
_HEAVIEST = 1 << 24
#: Cells whose weights are looked at at a time.
_STEP = 1 << 16


@dataclass(frozen=True, eq=False)
class TabledWeights:
    """A weight per code instead of one per cell.

    Parameters
    ----------
    table
        float64 [codes + 1]: the weight of each code, and last that of the code −1.
    codes
        Whole numbers [cells], as narrow as they may be.
    """

    table: npt.NDArray[np.float64]
    codes: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, cells: Any) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = self.table[self.codes[cells]]
        return found


Weights: TypeAlias = Sequence[float] | npt.NDArray[Any] | TabledWeights


class Draws:
    """Draws cells by weight; a draw is a function of seed, epoch and its place in the epoch.

    Parameters
    ----------
    weights
        One number per cell, 0 for cells never drawn. An array is not copied: leave it as it is.
    n_cells
        How many there must be.
    block_size
        Neighbouring cells of a block.
    window
        Blocks whose draws are mixed.
    seed
        Seed of the draws.

    Raises
    ------
    UsageError
        If there is not one weight for each cell, or they are of no use.
    """

    def __init__(
        self, weights: Weights | None, n_cells: int, *, block_size: int, window: int, seed: int
    ) -> None:
        given: Any = [] if weights is None else weights
        self._weights = given if isinstance(given, TabledWeights) else np.asarray(given)
        self._n = n_cells
        self._heaviest = self._checked()
        self._block_size, self._span, self._seed = block_size, block_size * window, seed
        self._block_sums, self.fingerprint = self._summed()
        self._window = lru_cache(maxsize=8)(self._drawn)

    def part(self, n: int, epoch: int, first: int, last: int) -> Index:
        """Places ``first`` to ``last`` of an epoch of ``n`` draws."""
        parts = [np.empty(0, np.int64)]
        for number in range(first // self._span, -(-last // self._span)):
            start = number * self._span
            cells = self._window(epoch, number, min(self._span, n - start))
            parts.append(cells[max(0, first - start) : max(0, last - start)])
        return np.concatenate(parts)

    def _checked(self) -> float:
        """Look at every weight once; the largest."""
        shape = getattr(self._weights, "shape", (len(self._weights),))
        if shape != (self._n,) or not self._n:
            raise UsageError(
                f"weights of shape {shape} found for {self._n} cells; one for each of at least "
                "one cell expected"
            )
        heaviest = 0.0
        for first in range(0, self._n, _STEP):
            part = np.asarray(self._weights[first : first + _STEP], np.float64)
            if not np.isfinite(part).all() or part.min() < 0:
                raise UsageError(_USELESS)
            heaviest = max(heaviest, float(part.max()))
        if heaviest <= 0:
            raise UsageError(_USELESS)
        return heaviest

    def _whole(self, cells: Any) -> Index:
        """Weights as whole numbers, the largest as :data:`_HEAVIEST`."""
        given = np.asarray(self._weights[cells], np.float64)
        whole: Index = np.rint(given * (_HEAVIEST / self._heaviest)).astype(np.int64)
        whole[(whole == 0) & (given > 0)] = 1
        return whole

    def _sums(self) -> Iterator[tuple[int, Index]]:
        """Weights added up to each cell, some cells at a time, with the first of them."""
        total = 0
        for first in range(0, self._n, _STEP):
            sums = total + np.cumsum(self._whole(slice(first, first + _STEP)))
            total = int(sums[-1])
            yield first, sums

    def _summed(self) -> tuple[Index, int]:
        """Weights added up to the end of each block, and a number that tells weights apart."""
        ends = np.arange(self._block_size, self._n + self._block_size, self._block_size)
        ends = np.minimum(ends, self._n) - 1
        found, print_ = np.empty(len(ends), np.int64), np.uint64(self._n)
        for first, sums in self._sums():
            blocks = slice(*np.searchsorted(ends, [first, first + len(sums)]))
            found[blocks] = sums[ends[blocks] - first]
            print_ ^= _print_of(first, sums)
        return found, int(print_)

    def _drawn(self, epoch: int, number: int, size: int) -> Index:
        """Draw the cells of one window and mix them."""
        key = (self._seed, epoch)
        places = np.arange(size) + number * self._span
        turns, turn = np.unique(places // self._block_size, return_inverse=True)
        chosen = _below(turns, self._block_sums[-1], *key, 1)
        blocks = np.searchsorted(self._block_sums, chosen, side="right")
        cells = blocks[:, None] * self._block_size + np.arange(self._block_size)
        inside = np.where(cells < self._n, self._whole(np.minimum(cells, self._n - 1)), 0)
        sums = np.cumsum(inside)  # over the blocks of the window, one after the other
        ends = sums[self._block_size - 1 :: self._block_size]
        before = np.concatenate([[0], ends[:-1]])
        at = before[turn] + _below(places, (ends - before)[turn], *key, 2)
        found = cells.ravel()[np.searchsorted(sums, at, side="right")]
        return found[Permutation(size, *key, number + 1).of(np.arange(size))]


_USELESS = "weights must be finite and 0 or more, and one of them above 0"


def _below(places: Index, limits: Any, *key: int) -> Index:
    """Numbers from 0 up to below the limits, by nothing but key and place."""
    found: Index = (drawn(places, *key) % np.asarray(limits, np.uint64)).astype(np.int64)
    return found


def fingerprint(values: npt.NDArray[Any]) -> int:
    """Compute a number that tells lists of whole numbers apart, order included."""
    found = np.uint64(len(values))
    for first in range(0, len(values), _STEP):
        found ^= _print_of(first, values[first : first + _STEP])
    return int(found)


def _print_of(first: int, values: npt.NDArray[Any]) -> np.uint64:
    """Share of some neighbouring values in the fingerprint of all."""
    places = mix(np.arange(first, first + len(values), dtype=np.uint64))
    with np.errstate(over="ignore"):
        found: np.uint64 = np.bitwise_xor.reduce(mix(values.astype(np.uint64) + places))
    return found
