"""What 120 million cells take beside their counts, from parts that can be measured without them.

    python benchmarks/cells/paper.py --out benchmarks/results/cells_paper.json

Each part is a process of its own: ``manifest`` writes and parses the record of as many shards as
such a store has; ``order`` draws the first batches of an epoch of that many cells, in blocks and
fully at random; ``labels`` makes the codes of a label column of ``--rows`` cells with 600 labels;
``audit`` counts ``--rows`` deliveries without a folder. They print CPU seconds and the anonymous
memory that they added.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from scale import anonymous  # noqa: E402 - the folders must be on the path first

CELLS = 120_000_000
SHARD = 65_536
#: Batches of an epoch that are drawn.
BATCHES = 2_000
#: As a manifest says it of a shard.
RECORD = {
    "bytes": 407_000_000, "cells": SHARD, "content": "0" * 64, "feature_type": "uint16",
    "file": "rna/000000.arrow", "first": 0, "rows": SHARD, "sha256": "0" * 64, "tier": "hot",
    "value_type": "uint16", "values": 101_580_800,
}  # fmt: skip


def manifest(_: int) -> dict[str, Any]:
    """Bytes of the records of all shards, and the time to parse them."""
    records = [{**RECORD, "file": f"rna/{n:06}.arrow"} for n in range(-(-CELLS // SHARD))]
    text = json.dumps(records, indent=1, sort_keys=True)
    start = time.process_time()
    assert len(json.loads(text)) == len(records)
    return {"shards": len(records), "bytes": len(text), "seconds": time.process_time() - start}


def order(_: int) -> dict[str, Any]:
    """CPU seconds per cell of the order, for blocks of 64 and for single cells."""
    from tosg_graph.cells.sampler import Sampler

    found: dict[str, Any] = {}
    before = anonymous()
    for name, block in (("blocks", 64), ("random", 1)):
        sampler = Sampler(CELLS, batch_size=512, block_size=block)
        start, drawn = time.process_time(), 0
        for number, cells in enumerate(sampler, 1):
            drawn += len(cells)
            if number == BATCHES:
                break
        found[f"{name}_us_per_cell"] = 1e6 * (time.process_time() - start) / drawn
    return found | {"memory_mb": anonymous() - before}


def labels(rows: int) -> dict[str, Any]:
    """CPU seconds per cell of making label codes, and bytes per cell that they take."""
    import pyarrow as pa

    from tosg_graph.cells.codes import WordsReader
    from tosg_graph.cells.label_codes import sorted_codes

    words = pa.array([f"kind {n}" for n in range(600)])
    codes = np.random.default_rng(0).integers(0, 600, rows, dtype=np.int32)
    column = pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(codes), words)])
    start = time.process_time()
    reader = WordsReader(rows)
    reader.add(column)
    found = sorted_codes(reader.finish())
    seconds = time.process_time() - start
    assert len(found.names) == 600
    return {"us_per_cell": 1e6 * seconds / rows, "bytes_per_cell": found.codes.itemsize}


def audit(rows: int) -> dict[str, Any]:
    """CPU seconds and bytes per delivery that an audit without a folder takes."""
    from tosg_graph.cells.audit import Audit

    drawn = np.random.default_rng(0).permutation(rows).reshape(-1, 500)
    account = Audit(rows, of="0" * 64)
    before, start = anonymous(), time.process_time()
    for number, cells in enumerate(drawn):
        account.add(0, cells, first=number * 500)
    seconds = time.process_time() - start
    return {
        "us_per_delivery": 1e6 * seconds / rows,
        "bytes_per_delivery": (anonymous() - before) * 2**20 / rows,
    }


PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "manifest": manifest, "order": order, "labels": labels, "audit": audit,
}  # fmt: skip


def main() -> None:
    """Run every part in a process of its own and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.rows)))
        return
    result: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "rows": given.rows,
        "cells": CELLS,
    }
    for part in PARTS:
        words = [sys.executable, __file__, "--part", part, "--rows", str(given.rows)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        result[part] = {
            key: float(f"{value:.3g}") if isinstance(value, float) else value
            for key, value in json.loads(done.stdout).items()
        }
    text = json.dumps(result, indent=1)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
