"""Cases and controls that are alike in everything but what is asked.

Cells are drawn within strata: in each, as many cases as have their controls. A cell of which a
stratum's value is not known is left out: it may be anything, and never is a control by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.codes import Words, joint_codes
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.diagnostics import Diagnostics, Thresholds, diagnose_classes
from tosg_graph.cells.fields import AGE, BEFORE_BIRTH
from tosg_graph.cells.primary import copies_note
from tosg_graph.cells.selection import Cohort, column_of
from tosg_graph.cells.studies import STUDY, study_words
from tosg_graph.errors import UsageError

#: What cases and controls should share where the cells say it.
STRATA = ("cell_type", "sex", "age_band", "assay", STUDY)
#: Name of the stratum of ages, and the years that one of them spans.
AGE_BAND, BAND_YEARS = "age_band", 10


@dataclass(frozen=True)
class Stratum:
    """One combination of values.

    Parameters
    ----------
    values
        The values, in the order of the columns.
    cases, controls
        Cells that there are.
    taken_cases, taken_controls
        Cells that were drawn.
    """

    values: tuple[str, ...]
    cases: int
    controls: int
    taken_cases: int
    taken_controls: int


@dataclass(frozen=True, eq=False)
class Matched:
    """Cases and controls that are alike, stratum by stratum.

    Parameters
    ----------
    cases, controls
        The drawn cells.
    columns
        What was matched on.
    absent
        What was asked for by default and no cell says.
    strata
        Every stratum with a case or a control, sorted.
    unknown_cases, unknown_controls
        Cells left out because a value is not known.
    ratio, seed
        Controls per case, and seed of the draw.
    """

    cases: Cohort
    controls: Cohort
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    strata: tuple[Stratum, ...]
    unknown_cases: int
    unknown_controls: int
    ratio: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Write the report in plain values."""
        rows = [
            [*s.values, s.cases, s.controls, s.taken_cases, s.taken_controls] for s in self.strata
        ]
        counts = ("cases", "controls", "taken_cases", "taken_controls")
        return {
            "cases": _side(self.cases, self.unknown_cases),
            "controls": _side(self.controls, self.unknown_controls),
            "matched_on": list(self.columns),
            "absent": list(self.absent),
            "ratio": self.ratio,
            "seed": self.seed,
            "strata": {"columns": [*self.columns, *counts], "rows": rows},
            "diagnostics": self.diagnostics().to_dict(),
        }

    def diagnostics(self, thresholds: Thresholds | None = None) -> Diagnostics:
        """Say whether the drawn cases and controls can be compared."""
        sides = {"case": self.cases.mask, "control": self.controls.mask}
        return diagnose_classes(self.cases.columns, sides, thresholds=thresholds)


def _side(cohort: Cohort, unknown: int) -> dict[str, Any]:
    (row,) = cohort.counts().to_pylist()
    said = {"query": cohort.query, "hash": cohort.hash, "notes": list(cohort.notes)}
    return {**said, **row, "left_out_unknown": unknown}


def match_cohorts(
    cases: Cohort,
    controls: Cohort,
    *,
    by: Sequence[str] | None = None,
    ratio: int = 1,
    seed: int = 0,
) -> Matched:
    """Draw cases and controls so that both have the same number of cells of each stratum.

    Parameters
    ----------
    cases, controls
        Two cohorts of one store, without a common cell. Controls are named, never *the rest*.
    by
        Columns, ``age_band`` (ten years; before birth is a band of its own) or ``study`` (where
        none is said, the data set). Default: those of :data:`STRATA` that the cells have.
    ratio
        Controls per case.
    seed
        Seed of the draw.

    Raises
    ------
    UsageError
        If the cohorts share cells, are of two stores, or no stratum has both.
    """
    _check(cases, controls, ratio)
    names, absent = _strata(cases.columns, by)
    words = [stratum_words(cases.columns, name) for name in names]
    either = cases.mask | controls.mask
    groups, places = joint_codes(words, either)
    is_case = cases.mask[either]
    known = np.array([None not in group for group in groups], bool)[places]
    strata, drawn = _draw(groups, places, is_case, ratio, np.random.default_rng(seed))
    if not len(drawn):
        raise UsageError(
            f"no stratum of {', '.join(names)} has both cases and controls "
            f"({len(strata)} strata); name other columns, or fewer (--by)"
        )
    taken = np.zeros(len(either), bool)
    taken[np.flatnonzero(either)[drawn]] = True
    return Matched(
        cases=_part(cases, taken),
        controls=_part(controls, taken),
        columns=tuple(names),
        absent=tuple(absent),
        strata=tuple(strata),
        unknown_cases=int(np.count_nonzero(~known & is_case)),
        unknown_controls=int(np.count_nonzero(~known & ~is_case)),
        ratio=ratio,
        seed=seed,
    )


def _draw(
    groups: Sequence[tuple[str | None, ...]], places: npt.NDArray[np.int64],
    is_case: npt.NDArray[np.bool_], ratio: int, rng: np.random.Generator,
) -> tuple[list[Stratum], npt.NDArray[np.int64]]:  # fmt: skip
    """Draw from every stratum of known values, in the order of their names."""
    by_group = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[by_group], np.arange(len(groups) + 1))
    named = {tuple(map(str, g)): at for at, g in enumerate(groups) if None not in g}
    strata, drawn = [], [np.empty(0, np.int64)]
    for values, at in sorted(named.items()):
        mine = by_group[bounds[at] : bounds[at + 1]]
        cases, controls = mine[is_case[mine]], mine[~is_case[mine]]
        number = min(len(cases), len(controls) // ratio)
        drawn.append(rng.choice(cases, number, replace=False))
        drawn.append(rng.choice(controls, number * ratio, replace=False))
        strata.append(Stratum(values, len(cases), len(controls), number, number * ratio))
    return strata, np.concatenate(drawn)


def _check(cases: Cohort, controls: Cohort, ratio: int) -> None:
    if cases.store.hash != controls.store.hash:
        raise UsageError("cases and controls are of two stores; put them into one")
    shared = int(np.count_nonzero(cases.mask & controls.mask))
    if shared:
        raise UsageError(f"{shared:,} cells are both cases and controls; name them apart")
    if ratio < 1:
        raise UsageError(f"ratio {ratio} found; at least one control per case is needed")
    for side, cohort in (("cases", cases), ("controls", controls)):
        if not cohort.n_cells:
            raise UsageError("; ".join([f"there are no {side}: {cohort.query}", *cohort.notes]))


def _strata(columns: ObsColumns, by: Sequence[str] | None) -> tuple[list[str], list[str]]:
    if by is not None:
        own = (AGE_BAND, STUDY)
        return [name if name in own else column_of(columns, name) for name in by], []
    present = {STUDY, *columns.names, *([AGE_BAND] if AGE in columns.names else [])}
    names = [name for name in STRATA if name in present]
    return names, [name for name in STRATA if name not in present]


def stratum_words(columns: ObsColumns, name: str) -> Words:
    """Values of a column by what they mean; ``age_band`` and ``study`` are such columns."""
    if name == STUDY:
        return study_words(columns)
    return age_bands(columns) if name == AGE_BAND else columns.values_of(name)


def age_bands(columns: ObsColumns) -> Words:
    """Ages in bands of ten years (``30-39``); ``before birth`` is one of its own."""
    ages = columns.numbers(AGE)
    known = np.ones(len(ages.values), bool) if ages.null is None else ~ages.null
    decades = np.where(known, ages.values // BAND_YEARS, -1).astype(np.int64)
    unborn = columns.numbers(BEFORE_BIRTH)
    before = unborn.values.astype(bool)
    if unborn.null is not None:
        before &= ~unborn.null
    last = int(decades.max(initial=-1)) + 1
    names = [f"{n * BAND_YEARS}-{n * BAND_YEARS + BAND_YEARS - 1}" for n in range(last)]
    codes = np.where(before, last, decades).astype(np.int32)
    return Words((*names, "before birth"), codes)


def _part(cohort: Cohort, taken: npt.NDArray[np.bool_]) -> Cohort:
    """The drawn cells of a cohort, with its notes; copies are counted anew."""
    mask = cohort.mask & taken
    before, after = (copies_note(cohort.columns, cells) for cells in (cohort.mask, mask))
    notes = [note for note in cohort.notes if note != before] + ([after] if after else [])
    return Cohort(cohort.columns, f"matched cells of: {cohort.query}", mask, tuple(notes))
