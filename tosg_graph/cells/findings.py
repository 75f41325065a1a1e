"""What is measured of classes of cells, and which measures are reasons for caution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from tosg_graph.errors import UsageError

#: Classes that a sentence names.
_SHOWN = 5


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
        Share of a class's cells whose donor is not known, at most.
    max_unknown
        Share of a class's cells whose assay, study or sex is not known, at most. From
        ``separated`` on, in one class and not in all, that itself tells the class.
    max_association
        Association of classes with assay, study or sex (Cramér's V), at most; 0 is none, and
        from ``separated`` on the classes are told apart by it alone.
    separated
        See ``max_association``.
    max_depth_ratio
        Median counts per cell of the deepest class over those of the shallowest, at most.
    """

    min_donors: int = 3
    max_donor_share: float = 0.5
    max_unknown_donors: float = 0.1
    max_unknown: float = 0.1
    max_association: float = 0.3
    separated: float = 0.99
    max_depth_ratio: float = 2.0

    @classmethod
    def read(cls, pairs: Sequence[str]) -> Self:
        """Read thresholds as a person writes them, such as ``min_donors=5``; others stay.

        Raises
        ------
        UsageError
            If there is no such threshold, or the value is no number.
        """
        names = [field.name for field in fields(cls)]
        found: dict[str, Any] = {}
        for pair in pairs:
            name, _, value = pair.partition("=")
            try:
                number = float(value)
            except ValueError:
                number = -1.0
            if name not in names or not number >= 0:
                raise UsageError(
                    f"threshold {pair!r} found; NAME=NUMBER from 0 up expected, with the name one "
                    f"of {', '.join(names)}"
                )
            found[name] = number
        return replace(cls(), **found)


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
    unknown_of
        The same share within each class.
    counts
        Class → value → cells.
    """

    column: str
    association: float | None
    unknown: float
    unknown_of: dict[str, float]
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A measure beyond its threshold.

    Parameters
    ----------
    measure
        ``cells``, ``donors``, ``donor_share``, ``unknown_donors``, ``unknown``, ``unknown_class``,
        ``association``, ``depth``, ``depth_ratio``.
    verdict
        ``caution`` or ``unfit``.
    sentence
        What was found, and why that matters.
    """

    measure: str
    verdict: str
    sentence: str


def findings_of(
    classes: Sequence[ClassDiagnostics], balance: Sequence[Balance], ratio: float | None,
    limits: Thresholds,
) -> tuple[Finding, ...]:  # fmt: skip
    """Hold the measures against their thresholds."""
    found = _unknown_donors(classes, limits)
    found += [finding for one in classes for finding in _few_donors(one, len(classes), limits)]
    found += [finding for one in balance for finding in _balance_findings(one, limits)]
    return (*found, *_depth_findings(classes, ratio, limits))


def without_cells(n_cells: int, missing: Sequence[str], *, labelled: bool) -> tuple[Finding, ...]:
    """Find what no cell is of: everything, or a class that was asked for."""
    if not labelled:
        why = f"none of {n_cells:,} cells is of a known class" if n_cells else "no cell is chosen"
        return (Finding("cells", "unfit", f"{why}: there is nothing to compare"),)
    return tuple(Finding("cells", "unfit", f"there are no cells of {name}") for name in missing)


def trained_unknown(names: Sequence[str]) -> tuple[Finding, ...]:
    """Find classes that are no class: words by which a source says that it does not know."""
    sentence = (
        "{} is a class in training, though it says that nothing is known; leave such cells out "
        "with a query: the label's column is known"
    )
    return tuple(Finding("unknown_class", "caution", sentence.format(name)) for name in names)


def _unknown_donors(classes: Sequence[ClassDiagnostics], limits: Thresholds) -> list[Finding]:
    nobody = [one.name for one in classes if not one.donors]
    some = {
        one.name: one.unknown_donors
        for one in classes
        if one.donors and one.unknown_donors > limits.max_unknown_donors
    }
    found = []
    if nobody:
        sentence = f"no donor of {_listed(nobody)} is known: it may all be one person"
        found.append(Finding("donors", "unfit", sentence))
    if some:
        sentence = f"the donor of {_shares(some)} is not known: they cannot be kept apart"
        found.append(Finding("unknown_donors", "caution", sentence))
    return found


def _few_donors(one: ClassDiagnostics, n_classes: int, limits: Thresholds) -> list[Finding]:
    if 0 < one.donors < limits.min_donors:
        verdict = "unfit" if one.donors < 2 and n_classes > 1 else "caution"
        plural = "s" * (one.donors > 1)
        sentence = (
            f"{one.name} is of {one.donors} donor{plural}: what it has in common may be theirs"
        )
        return [Finding("donors", verdict, sentence)]
    if (one.largest_donor_share or 0) > limits.max_donor_share:
        sentence = (
            f"{one.largest_donor_share:.0%} of the cells of {one.name} are of one donor, "
            f"{one.largest_donor}"
        )
        return [Finding("donor_share", "caution", sentence)]
    return []


def _balance_findings(one: Balance, limits: Thresholds) -> list[Finding]:
    found = _unknown_findings(one, limits)
    if one.association is None or one.association <= limits.max_association:
        return found
    told = one.association >= limits.separated
    sentence = (
        f"{one.column} {'tells the classes apart' if told else 'goes with the classes'} "
        f"(Cramér's V {one.association:.2f}): a model may learn it in their place"
    )
    return [*found, Finding("association", "unfit" if told else "caution", sentence)]


def _unknown_findings(one: Balance, limits: Thresholds) -> list[Finding]:
    """Cells without a value are in no association: a class of such cells is compared by nothing."""
    beyond = {name: share for name, share in one.unknown_of.items() if share > limits.max_unknown}
    never = {name: share for name, share in beyond.items() if share >= limits.separated}
    often = {name: share for name, share in beyond.items() if name not in never}
    apart = len(never) < len(one.unknown_of)
    found = []
    for shares, verdict in ((never, "unfit" if apart else "caution"), (often, "caution")):
        sentence = f"{one.column} of {_shares(shares)} is not known: they may differ in it"
        found += [Finding("unknown", verdict, sentence)] if shares else []
    return found


def _depth_findings(
    classes: Sequence[ClassDiagnostics], ratio: float | None, limits: Thresholds
) -> list[Finding]:
    found = [
        Finding(
            "depth",
            "unfit" if len(classes) > 1 else "caution",
            f"half of the cells of {one.name} or more have no counts at all",
        )
        for one in classes
        if one.median_depth == 0
    ]
    if ratio is not None and ratio > limits.max_depth_ratio:
        sentence = (
            f"the deepest class has {ratio:.1f} times the counts per cell of the shallowest: "
            "more genes are detected in it for that reason alone"
        )
        found.append(Finding("depth_ratio", "caution", sentence))
    return found


def _shares(shares: Mapping[str, float]) -> str:
    """Shares of the cells of classes in words."""
    return _listed([f"{share:.0%} of the cells of {name}" for name, share in shares.items()])


def _listed(names: Sequence[str]) -> str:
    """Some names in words; of many the first."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
