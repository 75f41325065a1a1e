"""Which matrix of a file holds the counts, where several hold whole numbers.

Velocity tools leave parts of the counts in layers (``spliced``, ``unspliced``, ``ambiguous``), and
others leave masks of zeros and ones: neither is to be taken for the counts of a cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tosg_graph.cells.source import fold
from tosg_graph.errors import CellsError

#: What the values of a matrix look like: ``binary`` is zeros and ones only.
Look = Literal["counts", "binary", "fractions"]

#: Names of layers that say that they hold counts, folded, the likeliest first.
_NAMES = ("counts", "rawcounts", "rawcount", "count", "raw", "umicounts", "umis", "umi")
_UNNAMED = 2 + len(_NAMES)


def look_of(values: np.ndarray[Any, np.dtype[Any]]) -> Look:
    """Say what some values look like."""
    whole = np.isfinite(values) & (values >= 0) & (values == np.rint(values))
    if not np.all(whole):
        return "fractions"
    return "binary" if np.all(values <= 1) else "counts"


def choose(looks: Mapping[str, Look], where: Path) -> tuple[str | None, list[str]]:
    """Choose the matrix of the counts, and say what a user should know about the choice.

    ``X`` comes first, then ``raw/X``, then layers that are named as counts, as far as they are
    whole numbers beyond zeros and ones. Another layer is taken if it is the only one of whole
    numbers, and zeros and ones where there is nothing else.

    Parameters
    ----------
    looks
        Path → look of each matrix: ``X``, ``raw/X``, ``layers/<name>``.
    where
        The file, for messages.

    Returns
    -------
    tuple
        The path, None if no matrix holds whole numbers; and notes.

    Raises
    ------
    CellsError
        If several layers hold whole numbers and no name says which of them are the counts.
    """
    whole = sorted((path for path, look in looks.items() if look != "fractions"), key=_rank)
    if not whole:
        return None, []
    taken = next((path for path in whole if looks[path] == "counts"), whole[0])
    if _rank(taken) == _UNNAMED and sum(_rank(path) == _UNNAMED for path in whole) > 1:
        listed = ", ".join(_told(path, looks) for path in whole)
        raise CellsError(
            f"{where}: {len(whole)} matrices hold whole numbers, and no name says which of them "
            f"are the counts: {listed}. Say which one to take (--matrix {taken}, matrix=…)"
        )
    return taken, _notes(taken, looks, whole)


def _rank(path: str) -> int:
    """Place of a matrix in the order in which the counts are looked for."""
    if path in ("X", "raw/X"):
        return ("X", "raw/X").index(path)
    name = fold(path.removeprefix("layers/"))
    return 2 + _NAMES.index(name) if name in _NAMES else _UNNAMED


def _told(path: str, looks: Mapping[str, Look]) -> str:
    return f"{path} (zeros and ones only)" if looks[path] == "binary" else path


def _notes(taken: str, looks: Mapping[str, Look], whole: list[str]) -> list[str]:
    notes, first = [], next(iter(looks))
    if taken != first:
        holds = "zeros and ones only" if looks[first] == "binary" else "none"
        notes.append(f"counts were found in {taken}; {first} holds {holds}")
    if looks[taken] == "binary":
        notes.append(f"{taken} holds zeros and ones only: are they counts?")
    others = [path for path in whole if path not in (taken, first)]
    if others:
        listed = ", ".join(_told(path, looks) for path in others)
        notes.append(f"whole numbers are also in {listed}; --matrix takes one of them")
    return notes
