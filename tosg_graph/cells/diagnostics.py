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
from tosg_graph.cells.obs import total_names
from tosg_graph.errors import UsageError

_Codes = npt.NDArray[np.int64]

#: Columns over which classes should be spread alike.
BALANCED = ("assay", "dataset", "sex")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a measure is a reason for caution.

    Parameters
    ----------
    min_donors
        Known donors of a class, at least. With fewer than 2 a class is one person.
    max_donor_share
        Share of a class's cells that are of its largest donor, at most.
    max_unknown_donors
        Share of cells whose donor is not known, at most.
    max_association
        Association of classes with assay, data set or sex (Cramér's V), at most; 0 is none, and
        from ``separated`` on the classes are told apart by it alone.
    separated
        See ``max_association``.
    max_depth_ratio
        Median counts per cell of the deepest class over those of the shallowest, at most.
    """

    min_donors: int = 3
    max_donor_share: float = 0.5
    max_unknown_donors: float = 0.1
    max_association: float = 0.3
    separated: float = 0.99
    max_depth_ratio: float = 2.0


@dataclass(frozen=True, slots=True)
class ClassDiagnostics:
    """One class.

    Parameters
    ----------
    name
        Its name.
    cells
        Its cells.
    donors
        Known donors.
    largest_donor, largest_donor_share
        The donor with the most cells, and its share of the cells of known donors.
    unknown_donors
        Share of cells whose donor is not known.
    median_depth
        Median of the counts per cell; None for a class without cells.
    """

    name: str
    cells: int
    donors: int
    largest_donor: str | None
    largest_donor_share: float | None
    unknown_donors: float
    median_depth: float | None


@dataclass(frozen=True, slots=True)
class Balance:
    """How the classes are spread over a column.

    Parameters
    ----------
    column
        The column.
    association
        Cramér's V of class and value, over cells with a known value: 0 none, 1 the value tells the
        class (H. Cramér, Mathematical Methods of Statistics, 1946). None where no cell has one.
    unknown
        Share of cells without a known value.
    counts
        Class → value → cells.
    """

    column: str
    association: float | None
    unknown: float
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure beyond its threshold.

    Parameters
    ----------
    measure
        ``donors``, ``donor_share``, ``unknown_donors``, ``association``, ``depth_ratio``.
    verdict
        ``caution`` or ``unfit``.
    sentence
        What was found, and why that matters.
    """

    measure: str
    verdict: str
    sentence: str


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
        Median depth of the deepest class over that of the shallowest; None if one has none.
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
        """``fit``, ``caution`` or ``unfit`` (one donor is a class, or a column tells classes)."""
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
    """
    place = np.arange(columns.n_cells) if cells is None else _positions(cells)
    words = (
        columns.values_of(label) if label else Words(("all",), np.zeros(columns.n_cells, np.int32))
    )
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
    return _diagnosed(columns, tuple(classes), codes[place], place, thresholds)


def _positions(cells: npt.NDArray[Any]) -> _Codes:
    return np.flatnonzero(cells) if cells.dtype == bool else cells.astype(np.int64)


def _diagnosed(
    columns: ObsColumns, names: Sequence[str], codes: _Codes, place: _Codes,
    thresholds: Thresholds | None,
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
        if column in columns.names
    )
    medians = [one.median_depth for one in classes if one.median_depth is not None]
    ratio = max(medians) / min(medians) if medians and min(medians) > 0 else None
    chosen = thresholds or Thresholds()
    findings = (
        *_donor_findings(classes, chosen),
        *_balance_findings(balance, chosen),
        *_depth_findings(ratio, chosen),
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
    words = columns.values_of(column)
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
    return Balance(column, cramers_v(table), unknown, dict(sorted(counts.items())))


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


def _donor_findings(classes: Sequence[ClassDiagnostics], limits: Thresholds) -> list[Finding]:
    found = []
    cells = sum(one.cells for one in classes)
    unknown = sum(one.unknown_donors * one.cells for one in classes) / max(cells, 1)
    if unknown > limits.max_unknown_donors:
        sentence = (
            f"the donor of {unknown:.0%} of the cells is not known: they cannot be kept apart"
        )
        found.append(Finding("unknown_donors", "caution", sentence))
    for one in classes:
        if one.donors and one.donors < limits.min_donors:
            verdict = "unfit" if one.donors < 2 and len(classes) > 1 else "caution"
            found.append(
                Finding(
                    "donors",
                    verdict,
                    f"{one.name} is of {one.donors} donor{'s' * (one.donors > 1)}: what it has "
                    "in common may be theirs",
                )
            )
        elif (one.largest_donor_share or 0) > limits.max_donor_share:
            found.append(
                Finding(
                    "donor_share",
                    "caution",
                    f"{one.largest_donor_share:.0%} of the cells of {one.name} are of one donor, "
                    f"{one.largest_donor}",
                )
            )
    return found


def _balance_findings(balance: Sequence[Balance], limits: Thresholds) -> list[Finding]:
    found = []
    for one in balance:
        if one.association is None or one.association <= limits.max_association:
            continue
        told = one.association >= limits.separated
        found.append(
            Finding(
                "association",
                "unfit" if told else "caution",
                f"{one.column} {'tells the classes apart' if told else 'goes with the classes'} "
                f"(Cramér's V {one.association:.2f}): a model may learn it in their place",
            )
        )
    return found


def _depth_findings(ratio: float | None, limits: Thresholds) -> list[Finding]:
    if ratio is None or ratio <= limits.max_depth_ratio:
        return []
    return [
        Finding(
            "depth_ratio",
            "caution",
            f"the deepest class has {ratio:.1f} times the counts per cell of the shallowest: "
            "more genes are detected in it for that reason alone",
        )
    ]
