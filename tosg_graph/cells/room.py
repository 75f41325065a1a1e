"""Room for the values of batches.

The C library gives large arrays back to the system when they are let go, so that each batch pays
for new pages: more than for the copying. Arrow's memory pool keeps them for the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def room(length: int, dtype: npt.DTypeLike) -> np.ndarray[Any, np.dtype[Any]]:
    """Return an array of that length, not filled, from Arrow's memory pool."""
    kind = np.dtype(dtype)
    return np.frombuffer(pa.allocate_buffer(length * kind.itemsize), kind)
