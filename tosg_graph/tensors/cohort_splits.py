"""A cohort in parts: training, validation and test, once or in folds, each part a cohort itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tosg_graph.cells.codes import Words
from tosg_graph.cells.selection import Cohort, column_of
from tosg_graph.cells.studies import study_words
from tosg_graph.errors import UsageError
from tosg_graph.filing import commit_folder, folder_beside
from tosg_graph.tensors.copies import Profiles
from tosg_graph.tensors.leaks import check_leaks
from tosg_graph.tensors.splits import (
    DEFAULT_FRACTIONS,
    Split,
    k_folds,
    split_by_donor,
    split_by_label,
    split_by_study,
    with_donors,
)

#: What keeps parts apart, or alike.
BY = ("donor", "study", "label")


@dataclass(frozen=True, eq=False)
class CohortSplits:
    """A cohort, split once or in folds.

    Parameters
    ----------
    cohort
        The cells.
    splits
        Which part each of its cells is in: one split, or one per fold.
    groups
        What is counted beside the cells of a part: donors, studies, or labels.
    profiles
        Cells whose counts were ``compared``, and those that were ``too_small`` for it; None if
        counts were not read.
    """

    cohort: Cohort
    splits: tuple[Split, ...]
    groups: Words
    profiles: Mapping[str, int] | None = None

    @property
    def by(self) -> str:
        """``donor``, ``study`` or ``label``."""
        return self.splits[0].by

    def part(self, name: str, *, fold: int = 1) -> Cohort:
        """Return a part of a fold as a cohort; ``ws.load_cohort`` reads it once it was saved.

        Parameters
        ----------
        name
            ``train``, ``validation`` or ``test``.
        fold
            From 1 up.

        Raises
        ------
        UsageError
            If there is no such part or fold.
        """
        if not 1 <= fold <= len(self.splits):
            raise UsageError(f"fold {fold} found; there are 1 to {len(self.splits)}")
        split = self.splits[fold - 1]
        mask = np.zeros_like(self.cohort.mask)
        mask[self.cohort.cells[split.cells(name)]] = True
        which = f"fold {fold} of {len(self.splits)}, " if len(self.splits) > 1 else ""
        query = f"{name} of {self.cohort.query} ({which}by {self.by}, seed {split.seed})"
        return Cohort(self.cohort.columns, query, mask, self.cohort.notes)

    def counts(self) -> pa.Table:
        """Count ``cells`` and ``donors`` (or other groups) of each ``fold`` and ``part``."""
        rows = [
            (number, part, len(cells), len(np.unique(self.groups.codes[cells])))
            for number, split in enumerate(self.splits, start=1)
            for part in split.fractions
            for cells in [split.cells(part)]
        ]
        plural = {"donor": "donors", "study": "studies", "label": "labels"}[self.by]
        names = ("fold", "part", "cells", plural)
        return pa.table({name: [row[at] for row in rows] for at, name in enumerate(names)})

    def record(self) -> dict[str, Any]:
        """What was split and how, in plain values."""
        return {
            "query": self.cohort.query,
            "hash": self.cohort.hash,
            "n_cells": self.cohort.n_cells,
            "by": self.by,
            "folds": len(self.splits),
            "seed": self.splits[0].seed,
            "note": self.splits[0].note,
            "shared_donors": max(split.shared_donors for split in self.splits),
            "profiles": None if self.profiles is None else dict(self.profiles),
            "notes": list(self.cohort.notes),
        }

    def save(self, folder: Path | str) -> None:
        """Write a cohort per part: ``train.parquet`` …, in ``fold-1`` … where there are folds.

        Raises
        ------
        UsageError
            If the folder is there already.
        """
        folder = Path(folder)
        if folder.exists():
            raise UsageError(f"{folder} exists; name another folder")
        with folder_beside(folder) as temporary:
            for number, split in enumerate(self.splits, start=1):
                place = temporary / f"fold-{number}" if len(self.splits) > 1 else temporary
                place.mkdir(exist_ok=True)
                for part in split.fractions:
                    self.part(part, fold=number).save(place / f"{part}.parquet")
            commit_folder(temporary, folder)


def split_cohort(
    cohort: Cohort,
    *,
    by: str = "donor",
    folds: int | None = None,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
    profiles: bool = True,
) -> CohortSplits:
    """Split a cohort into training, validation and test, and check that nothing is in two parts.

    Known donors are looked at whatever the cells are split by, and copies of a cell under another
    name are found by their counts. The latter reads every count once, as an epoch of a loader does,
    and takes 16 bytes per cell and modality; without it only two columns are read.

    Parameters
    ----------
    by
        ``donor`` or ``study``: which is whole in one part; ``label``: at random within each label,
        which says nothing about new donors.
    folds
        k splits: fold i tests, the next validates, the rest trains; default: one split.
    fractions
        Shares of the parts of one split.
    seed
        Seed of the draw.
    profiles
        Whether to compare the counts of cells.

    Raises
    ------
    UsageError
        If there is no cell, a donor or study is not known, there are fewer than parts, or a donor
        or a cell is in two parts.
    """
    if by not in BY:
        raise UsageError(f"by={by!r} found; expected one of {', '.join(BY)}")
    if not cohort.n_cells:
        raise UsageError(f"no cell is chosen: {cohort.query}")
    groups = _groups(cohort, by)
    values = np.array([*groups.values, None], dtype=object)[groups.codes]
    splits = _splits(values, by, folds, fractions, seed)
    donors = _as_array(cohort.columns.donors(), cohort.mask)
    if by == "label":
        splits = [with_donors(split, donors) for split in splits]
    else:
        for split in splits:
            check_leaks(split.parts, donors=donors)
    found = CohortSplits(cohort, tuple(splits), groups)
    return replace(found, profiles=_compared(found)) if profiles else found


def _compared(splits: CohortSplits) -> dict[str, int]:
    """Check that no cell is in two parts under two names, and say how many were compared."""
    profiles = Profiles.of(splits.cohort.store, splits.cohort.cells)
    for split in splits.splits:
        profiles.check(split.parts)
    return profiles.record()


def _as_array(words: Words, mask: npt.NDArray[np.bool_]) -> pa.Array:
    codes = words.codes[mask].astype(np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, mask=codes < 0), pa.array(words.values, pa.string())
    )


def _groups(cohort: Cohort, by: str) -> Words:
    """Donor, study or label of each cell of a cohort."""
    columns = cohort.columns
    if by == "donor":
        found = columns.donors()
    elif by == "study":
        found = study_words(columns)
    else:
        name = cohort.store.label_column
        if name is None:
            raise UsageError(f"the store {cohort.store.name!r} has no label column; split by donor")
        found = columns.words(column_of(columns, name))
    codes = found.codes[cohort.mask]
    unknown = int(np.count_nonzero(codes < 0))
    if unknown and by != "label":
        column = "donor_id" if by == "donor" else "study"
        raise UsageError(
            f"{unknown:,} of {len(codes):,} cells have no {by}; they could be anyone's. Leave them "
            f"out with the query '{column} is known', or split by another column"
        )
    return Words(found.values, codes)


def _splits(
    values: npt.NDArray[Any],
    by: str,
    folds: int | None,
    fractions: Mapping[str, float],
    seed: int,
) -> list[Split]:
    groups: Any = values
    if folds is not None:
        if by == "label":
            raise UsageError("folds are of donors or studies; by='label' makes one split")
        return k_folds(groups, folds, by=by, seed=seed)
    split = {"donor": split_by_donor, "study": split_by_study, "label": split_by_label}[by]
    return [split(groups, fractions=fractions, seed=seed)]
