"""Readers of a store beside a writer: threads here, and a process of its own with some more.

``python -m tests.cells.readers FOLDER NUMBER`` says ``ready`` when each reader has read once, goes on
until its input ends, and writes what they saw as JSON.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Barrier, Event

from tosg_graph.cells.reader import CellStore

#: Version, cells, rows of the table of cells, sum of all counts.
Seen = list[int]


@dataclass
class Watched:
    """What a reader saw.

    Parameters
    ----------
    before
        On opening, before the writer began.
    during
        On every opening from then on, in order.
    after
        On opening, after the writer had ended.
    kept
        In a store that was opened before the writer began and read after it had ended.
    """

    before: Seen
    during: list[Seen]
    after: Seen
    kept: Seen


def seen(store: CellStore) -> Seen:
    total = sum(int(rows.counts.sum()) for _, rows in store.scan("rna"))
    return [store.version, store.n_cells, store.obs.num_rows, total]


def watch(folder: Path, ready: Barrier, done: Event) -> Watched:
    kept, before, during = CellStore.open(folder), seen(CellStore.open(folder)), []
    ready.wait()
    while not done.wait(0.05):  # leaves the writer its turn
        during.append(seen(CellStore.open(folder)))
    return Watched(before, during, seen(CellStore.open(folder)), seen(kept))


def main(folder: str, number: int) -> None:
    ready, done = Barrier(number + 1, timeout=60), Event()
    with ThreadPoolExecutor(number) as pool:
        reading = [pool.submit(watch, Path(folder), ready, done) for _ in range(number)]
        try:
            ready.wait()
            print("ready", flush=True)
            sys.stdin.read()
        finally:
            done.set()
        json.dump([asdict(future.result()) for future in reading], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
