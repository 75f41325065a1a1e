"""Permutations that are functions of a key: of a hundred million cells in no memory to speak of.

Keys are drawn with SplitMix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195),
so that an order depends on no library's random stream. Up to :data:`SORTED` places are put in the
order of their keys. More are permuted by a Feistel network over the two halves of their bits with
SplitMix64 as its function (Luby and Rackoff 1988, https://doi.org/10.1137/0217022), again and again
until the place lies within the size (Black and Rogaway 2002,
https://doi.org/10.1007/3-540-45760-7_9): nothing is kept, and any place is computed by itself.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

Index = np.ndarray[Any, np.dtype[np.int64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]

_U64 = np.uint64
#: Places that are sorted by their keys; more would take 8 bytes each.
SORTED = 1 << 16
_ROUNDS = 6


def mix(values: Words) -> Words:
    """SplitMix64's output function: a bijection of 64-bit numbers."""
    with np.errstate(over="ignore"):
        z = values + _U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> _U64(30))) * _U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> _U64(27))) * _U64(0x94D049BB133111EB)
        return z ^ (z >> _U64(31))


def drawn(places: Any, *key: int) -> Words:
    """Draw a 64-bit number per place, by nothing but key and place: uint64, shaped as the places.

    Parameters
    ----------
    places
        Whole numbers from 0 up.
    key
        Whole numbers below 2⁶⁴.
    """
    state = np.zeros(1, _U64)
    for part in key:
        state = mix(state ^ _U64(part))
    found: Words = mix(state ^ mix(np.asarray(places, _U64)))
    return found


class Permutation:
    """A permutation of 0 to size − 1, by nothing but its size and key.

    Parameters
    ----------
    size
        How many places it has.
    key
        Whole numbers below 2⁶⁴.
    """

    def __init__(self, size: int, *key: int) -> None:
        self.size, self._key = size, key
        bits = max(2, (size - 1).bit_length())
        self._low = _U64(bits // 2)
        self._masks = _U64((1 << (bits // 2)) - 1), _U64((1 << (bits - bits // 2)) - 1)

    @cached_property
    def _sorted(self) -> Index | None:
        """The whole of it, where that is small."""
        if self.size > SORTED:
            return None
        keys = drawn(np.arange(self.size), *self._key)
        return np.argsort(keys, kind="stable").astype(np.int64)

    def of(self, places: Index) -> Index:
        """What stands at some places, int64."""
        if self._sorted is not None:
            return self._sorted[places]
        return self._walked(places, range(_ROUNDS))

    def place_of(self, value: int) -> int:
        """Where a value stands."""
        if self._sorted is not None:
            return int(np.flatnonzero(self._sorted == value)[0])
        return int(self._walked(np.array([value]), range(_ROUNDS - 1, -1, -1))[0])

    def _walked(self, places: Index, rounds: range) -> Index:
        """Go through the network until every place lies within the size."""
        found = self._network(places.astype(_U64), rounds)
        while len(outside := np.flatnonzero(found >= self.size)):
            found[outside] = self._network(found[outside], rounds)
        return found.astype(np.int64)

    def _network(self, words: Words, rounds: range) -> Words:
        """Change each half by the other in turn; each round undoes itself."""
        low, high = words & self._masks[0], words >> self._low
        for number in rounds:
            if number % 2:
                low = low ^ (drawn(high, *self._key, number) & self._masks[0])
            else:
                high = high ^ (drawn(low, *self._key, number) & self._masks[1])
        found: Words = (high << self._low) | low
        return found
