"""The compiled loop of :func:`tosg_graph.tensors.leaks.profile_hashes`. Import inside functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tosg_graph.cells.gather import compiled

_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xD1B54A32D192ED03)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _1 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(1)


@compiled
def _mix(x: Any) -> Any:
    """Mix as SplitMix64 does (Steele, Lea, Flood, OOPSLA 2014, doi:10.1145/2660193.2660195)."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@compiled
def hash_rows(indptr: Any, indices: Any, bits: Any, words: Any) -> None:
    """Add up two mixed words of each value of a row: uint64 [rows, 2]."""
    for row in range(len(words)):
        first, second = np.uint64(0), np.uint64(0)
        for k in range(indptr[row], indptr[row + 1]):
            feature, value = np.uint64(indices[k]), bits[k]
            first += _mix(_mix(feature + _FIRST) ^ (value * (_FIRST | _1)))
            second += _mix(_mix(feature + _SECOND) ^ (value * (_SECOND | _1)))
        words[row, 0], words[row, 1] = first, second
