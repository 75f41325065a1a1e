"""What the benchmark scripts wrote, and how tables are made of it. Nothing here is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"

#: How readers are called in the table.
READERS = {
    "hot": "TOSG Graph, hot",
    "compact": "TOSG Graph, compact (LZ4)",
    "annbatch": "annbatch",
    "scdl": "BioNeMo-SCDL",
    "scdataset": "scDataset on h5ad",
    "lance": "Lance",
    "soma": "TileDB-SOMA-ML",
    "backed": "h5ad, backed",
}

OURS = ("hot", "compact")


@lru_cache
def result(name: str) -> Any:
    """What a script wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def table(head: str, rows: Iterable[str]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = "|---|" + "--:|" * (head.count("|") - 2)
    return "\n".join([head, rule, *rows])


def row(what: str, target: str, found: str, *, met: bool) -> str:
    """A target, what was measured, and whether it is met."""
    return f"| {what} | {target} | {found} | {'met' if met else '**missed**'} |"


def best_peer(found: Any, order: str) -> tuple[str, int]:
    """Name and cells per second of the fastest reader that is not ours."""
    others = {n: r[order]["cells_per_s"] for n, r in found["readers"].items() if n not in OURS}
    best = max(others, key=lambda name: others[name])
    return best, others[best]
