"""What a process does that converts beside others: tasks of one job, whose source stays open.

Such processes are forked from a server (:class:`tosg_graph.cells.executors.Processes`) that has
imported this module, and with it all that takes long: pandas, anndata, and the compiled loops,
which a first call loads.
"""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread

import numpy as np

from tosg_graph.cells import h5ad as h5ad  # most sources; others are imported when they are met
from tosg_graph.cells import shards as shards
from tosg_graph.cells.job import Converter
from tosg_graph.cells.matrix import raw_block
from tosg_graph.cells.values import Sums, ValueCheck

_converter: Converter | None = None


def begin(folder: str) -> None:
    """Say whose tasks this process does; it ends with the one that asks for them."""
    global _converter
    _converter = Converter(folder)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent is gone, even killed, and go: a task that was cut off is not there."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def convert(number: int) -> int:
    """Do a task; see :meth:`tosg_graph.cells.job.Converter.convert`."""
    assert _converter is not None  # the pool began with it
    return _converter.convert(number)


def _load_loops() -> None:
    """Look at one value as files have them most: 32-bit floats that are counts."""
    one = raw_block(np.ones(1, np.float32), np.zeros(1, np.int32), np.array([0, 1]), 1)
    ValueCheck(np.zeros(1, np.int64), Sums.zero(1, 1, normalised=False)).clean(one)


_load_loops()
