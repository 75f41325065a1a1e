"""Can these classes of cells be compared? Balance, donors and depth, with a verdict.

A class that comes from another study, assay or donor than the others teaches a model the study,
assay or donor. Nothing here reads counts; the measures are of ``obs`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.codes import Words
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.findings import (
    Balance,
    ClassDiagnostics,
    Finding,
    Thresholds,
    findings_of,
    trained_unknown,
    without_cells,
)
from tosg_graph.cells.obs import is_unknown, total_names
from tosg_graph.cells.studies import STUDY, study_words
from tosg_graph.errors import UsageError

__all__ = [
    "BALANCED",
    "Balance",
    "ClassDiagnostics",
    "Diagnostics",
    "Finding",
    "Thresholds",
    "cramers_v",
    "diagnose",
    "diagnose_classes",
]

_Codes = npt.NDArray[np.int64]

#: Columns over which classes should be spread alike; every cell has a study.
BALANCED = ("assay", STUDY, "sex")


@dataclass(frozen=True)
class Diagnostics:
    """What the classes of a cohort are like.

    Parameters
    ----------
    n_cells
        Cells looked at.
    unlabelled
        Cells of no known class; they are in none of the measures of classes.
    classes
        The classes, sorted by name.
    balance
        Per column of :data:`BALANCED` that the cells have.
    depth_ratio
        Median depth of the deepest class over that of the shallowest; None if that has none.
    findings
        What is beyond a threshold.
    thresholds
        The thresholds.
    """

    n_cells: int
    unlabelled: int
    classes: tuple[ClassDiagnostics, ...]
    balance: tuple[Balance, ...]
    depth_ratio: float | None
    findings: tuple[Finding, ...]
    thresholds: Thresholds

    @property
    def verdict(self) -> str:
        """``fit``, ``caution``, or ``unfit``: something else explains a difference as well."""
        verdicts = {finding.verdict for finding in self.findings}
        return next((v for v in ("unfit", "caution") if v in verdicts), "fit")

    def to_dict(self) -> dict[str, Any]:
        """Write it in plain values, as the manifest of an export holds it."""
        return {
            "verdict": self.verdict,
            "findings": [asdict(finding) for finding in self.findings],
            "n_cells": self.n_cells,
            "unlabelled": self.unlabelled,
            "classes": [asdict(one) for one in self.classes],
            "balance": [asdict(one) for one in self.balance],
            "depth_ratio": self.depth_ratio,
            "thresholds": asdict(self.thresholds),
        }


def diagnose(
    columns: ObsColumns,
    label: str | None,
    *,
    cells: npt.NDArray[Any] | None = None,
    thresholds: Thresholds | None = None,
    as_written: bool = False,
) -> Diagnostics:
    """Diagnose the classes that a column makes of some cells.

    Parameters
    ----------
    columns
        The columns of a store.
    label
        The column; None: all cells are one class.
    cells
        Positions or a mask; default: all cells.
    thresholds
        In place of the default ones.
    as_written
        Take each word of the source for a class, as a training does, ``unknown`` too; else words
        for one term are one class, and what says that nothing is known is none.
    """
    place = np.arange(columns.n_cells) if cells is None else _positions(cells)
    words = Words(("all",), np.zeros(columns.n_cells, np.int32))
    if label is not None:
        words = columns.words(label) if as_written else columns.values_of(label)
    return _diagnosed(columns, words.values, words.codes[place].astype(np.int64), place, thresholds)


def diagnose_classes(
    columns: ObsColumns,
    classes: Mapping[str, npt.NDArray[np.bool_]],
    *,
    thresholds: Thresholds | None = None,
) -> Diagnostics:
    """Diagnose classes given as masks over the cells of a store, such as cases and controls.

    Raises
    ------
    UsageError
        If two of them share cells.
    """
    codes = np.full(columns.n_cells, -1, np.int64)
    for number, (name, mask) in enumerate(classes.items()):
        if (codes[mask] >= 0).any():
            raise UsageError(f"cells of {name} are in another class as well; name classes apart")
        codes[mask] = number
    place = np.flatnonzero(codes >= 0)
    missing = [name for name, mask in classes.items() if not mask.any()]
    return _diagnosed(columns, tuple(classes), codes[place], place, thresholds, missing=missing)


def _positions(cells: npt.NDArray[Any]) -> _Codes:
    return np.flatnonzero(cells) if cells.dtype == bool else cells.astype(np.int64)


def _diagnosed(
    columns: ObsColumns, names: Sequence[str], codes: _Codes, place: _Codes,
    thresholds: Thresholds | None, *, missing: Sequence[str] = (),
) -> Diagnostics:  # fmt: skip
    present = np.unique(codes[codes >= 0])
    order = sorted(present.tolist(), key=lambda code: names[code])
    donors = columns.donors()
    depth = columns.numbers(_depth_column(columns)).values
    classes = tuple(_one_class(names[code], place[codes == code], donors, depth) for code in order)
    labelled = place[codes >= 0], codes[codes >= 0]
    balance = tuple(
        _balance(columns, column, names, *labelled)
        for column in BALANCED
        if column == STUDY or column in columns.names
    )
    medians = [one.median_depth for one in classes if one.median_depth is not None]
    ratio = max(medians) / min(medians) if medians and min(medians) > 0 else None
    chosen = thresholds or Thresholds()
    findings = (
        *without_cells(len(place), missing, labelled=bool(classes)),
        *trained_unknown([one.name for one in classes if is_unknown(one.name)]),
        *findings_of(classes, balance if classes else (), ratio, chosen),
    )
    unlabelled = int(np.count_nonzero(codes < 0))
    return Diagnostics(len(place), unlabelled, classes, balance, ratio, findings, chosen)


def _depth_column(columns: ObsColumns) -> str:
    return total_names(columns.store.modalities[0])[0]


def _one_class(
    name: str, cells: _Codes, donors: Words, depth: npt.NDArray[Any]
) -> ClassDiagnostics:
    codes = donors.codes[cells]
    sizes = np.bincount(codes[codes >= 0])
    known = int(sizes.sum())
    largest = int(sizes.argmax()) if known else None
    return ClassDiagnostics(
        name=name,
        cells=len(cells),
        donors=int(np.count_nonzero(sizes)),
        largest_donor=None if largest is None else donors.values[largest],
        largest_donor_share=None if largest is None else float(sizes[largest] / known),
        unknown_donors=float((codes < 0).mean()),
        median_depth=float(np.median(depth[cells])),
    )


def _balance(
    columns: ObsColumns, column: str, names: Sequence[str], place: _Codes, codes: _Codes
) -> Balance:
    words = study_words(columns) if column == STUDY else columns.values_of(column)
    values = words.codes[place]
    known = values >= 0
    width = max(len(words.values), 1)
    table = np.bincount(codes[known] * width + values[known], minlength=len(names) * width)
    table = table.reshape(len(names), width)
    counts = {
        names[int(row)]: {words.values[c]: int(table[row, c]) for c in np.flatnonzero(table[row])}
        for row in np.flatnonzero(table.any(axis=1))
    }
    unknown = float((~known).mean()) if len(known) else 0.0
    cells = np.bincount(codes, minlength=len(names))
    lacking = np.bincount(codes[~known], minlength=len(names))
    shares = {names[int(row)]: float(lacking[row] / cells[row]) for row in np.flatnonzero(cells)}
    by_name = dict(sorted(shares.items()))
    return Balance(column, cramers_v(table), unknown, by_name, dict(sorted(counts.items())))


def cramers_v(table: npt.NDArray[Any]) -> float | None:
    """Cramér's V of a table of counts; 0 for one row or column, None for an empty table."""
    table = table[table.any(axis=1)][:, table.any(axis=0)].astype(np.float64)
    if table.size == 0:
        return None
    smaller = min(table.shape) - 1
    if smaller == 0:
        return 0.0
    total = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / total
    chi2 = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / (total * smaller)))
