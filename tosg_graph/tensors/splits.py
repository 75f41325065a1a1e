"""Training, validation and test cells, apart by donor or by study.

Cells of one donor resemble each other more than cells of two: a model that saw a donor in training
is tested on what it knows. Where no donor is recorded, cells are drawn at random within each label,
and the split says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from tosg_graph.errors import UsageError
from tosg_graph.tensors.leaks import count_shared
from tosg_graph.tensors.subgraph import Index

#: Shares of the cells.
DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.7, "validation": 0.15, "test": 0.15}
Parts = npt.NDArray[np.object_]

_PLURALS = {"donor": "donors", "study": "studies"}
#: What a query calls them.
_COLUMNS = {"donor": "donor_id"}
_BY_LABEL = (
    "Cells were drawn at random within each label, whatever their donor: cells of one donor may be "
    "in two parts, and results say nothing about new donors."
)


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each cell belongs to.

    Parameters
    ----------
    parts
        Name of the part of each cell, in the order of the cells.
    by
        ``donor``, ``study`` or ``label``: what kept the parts apart, or alike.
    note
        One sentence on how the split was made and what it does not promise.
    fractions
        Shares that were asked for.
    seed
        Seed of the draw.
    shared_donors
        Known donors of whom two parts have cells; none in a split by donor.
    """

    parts: Parts = field(repr=False)
    by: str
    note: str
    fractions: Mapping[str, float]
    seed: int
    shared_donors: int = 0

    def cells(self, part: str) -> Index:
        """Positions of the cells of a part, rising, int64.

        Raises
        ------
        UsageError
            If there is no such part.
        """
        if part not in self.fractions:
            raise UsageError(f"no part {part!r}; this split has {', '.join(self.fractions)}")
        return np.flatnonzero(self.parts == part)

    def record(self) -> dict[str, Any]:
        """Return the split as a manifest lists it."""
        counts = {part: int((self.parts == part).sum()) for part in self.fractions}
        return {
            "by": self.by,
            "parts": list(self.fractions),
            "note": self.note,
            "fractions": dict(self.fractions),
            "seed": self.seed,
            "cells": counts,
            "shared_donors": self.shared_donors,
        }


def with_donors(split: Split, donors: Sequence[str | None] | pa.Array) -> Split:
    """Note in a split by label how many donors are in two parts."""
    shared, known = count_shared(donors, split.parts)
    if not shared:
        return split
    note = f"{split.note} {shared:,} of {known:,} known donors are in two parts."
    return replace(split, note=note, shared_donors=shared)


def split_cells(
    *,
    donors: Sequence[str | None],
    labels: Sequence[str | None],
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> Split:
    """Split by donor where donors are known, else at random within each label.

    Raises
    ------
    UsageError
        If the fractions do not add up, or donors are known for some cells only.
    """
    if all(donor is None for donor in donors):
        split = split_by_label(labels, fractions=fractions, seed=seed)
        return replace(split, note=f"No donor is recorded. {_BY_LABEL}")
    return split_by_donor(donors, fractions=fractions, seed=seed)


def split_by_donor(
    donors: Sequence[str | None],
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> Split:
    """Give every donor, drawn in seeded order, to the part that lacks the most cells.

    Raises
    ------
    UsageError
        If a donor is unknown, or there are fewer donors than parts.
    """
    return _split_by_group(donors, "donor", fractions, seed)


def split_by_study(
    studies: Sequence[str | None],
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> Split:
    """Give every study whole to one part, as :func:`split_by_donor` does with donors.

    Raises
    ------
    UsageError
        If a study is unknown, or there are fewer studies than parts.
    """
    return _split_by_group(studies, "study", fractions, seed)


def k_folds(
    groups: Sequence[str | None], k: int, *, by: str = "donor", seed: int = 0
) -> list[Split]:
    """Deal donors or studies into k folds, and take each in turn as the test.

    In split i, fold i is ``test``, the next one ``validation``, and the rest ``train``: every cell
    is tested once and validates once.

    Parameters
    ----------
    groups
        Donor, or study, of each cell.
    k
        Number of folds, at least 3.
    by
        ``donor`` or ``study``: what the groups are.

    Raises
    ------
    UsageError
        If there are fewer groups than folds, or one is unknown.
    """
    if k < 3:
        raise UsageError(f"{k} folds found; at least 3 are needed: train, validation and test")
    _check_folds(groups, k, by)
    dealt = _split_by_group(groups, by, {str(fold): 1 / k for fold in range(k)}, seed)
    fold_of = dealt.parts.astype(np.int64)
    shares = {"train": (k - 2) / k, "validation": 1 / k, "test": 1 / k}
    names = np.array(["test", "validation", *["train"] * (k - 2)], dtype=np.object_)
    note = dealt.note.replace("two parts", "two folds")
    return [
        Split(names[(fold_of - fold) % k], by, f"Fold {fold + 1} of {k}. {note}", shares, seed)
        for fold in range(k)
    ]


def _check_folds(groups: Sequence[str | None], k: int, by: str) -> None:
    plural = _PLURALS.get(by, f"{by}s")
    there = len({group for group in groups if group is not None})
    if there < k:
        most = f"at most {there} folds" if there >= 3 else "no folds, which take 3 of them,"
        raise UsageError(f"{k} folds asked for; of {there} {plural} there can be {most}")


def _split_by_group(
    groups: Sequence[str | None], what: str, fractions: Mapping[str, float], seed: int
) -> Split:
    _check_fractions(fractions)
    codes, names = pd.factorize(np.asarray(groups, dtype=object), sort=True)
    plural = _PLURALS.get(what, f"{what}s")
    unknown = int((codes < 0).sum())
    if unknown:
        raise UsageError(
            f"{unknown} of {len(codes)} cells have no {what}; they could be anyone's. Leave them "
            f"out with the query '{_COLUMNS.get(what, what)} is known' (--where of tosg export, "
            "selected= in Python), or split by label"
        )
    if len(names) < len(fractions):
        raise UsageError(
            f"{len(names)} {plural} found, one for each of {', '.join(fractions)} expected; "
            "name fewer parts, or split by label, which says nothing about new donors"
        )
    sizes = pd.Series(np.bincount(codes, minlength=len(names)), index=names)
    part_of = _deal(sizes, fractions, np.random.default_rng(seed))
    by_code = np.array([part_of[name] for name in names], dtype=np.object_)
    note = f"No {what} is in two parts; {len(names)} {plural}."
    return Split(by_code[codes], what, note, dict(fractions), seed)


def _deal(
    sizes: pd.Series[int], fractions: Mapping[str, float], rng: np.random.Generator
) -> dict[str, str]:
    """Donor → part. A part that would stay empty comes first when few donors are left."""
    lacking = {part: fraction * float(sizes.sum()) for part, fraction in fractions.items()}
    empty = list(fractions)
    part_of = {}
    order = rng.permutation(len(sizes))
    for place, number in enumerate(order):
        open_parts = empty if len(order) - place <= len(empty) else list(fractions)
        part = max(open_parts, key=lambda name: lacking[name])
        part_of[sizes.index[number]] = part
        lacking[part] -= float(sizes.iloc[number])
        if part in empty:
            empty.remove(part)
    return part_of


def split_by_label(
    labels: Sequence[str | None],
    *,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> Split:
    """Draw cells at random within each label, so that every part has the labels in equal shares.

    Raises
    ------
    UsageError
        If the fractions do not add up.
    """
    _check_fractions(fractions)
    rng = np.random.default_rng(seed)
    values = np.array(labels, dtype=object)
    parts: Parts = np.empty(len(values), dtype=np.object_)
    bounds = np.cumsum(list(fractions.values()))[:-1]
    known = sorted({value for value in labels if value is not None})
    for value in [*known, None]:
        cells = rng.permutation(np.flatnonzero(values == value))
        ends = np.rint(bounds * len(cells)).astype(np.int64)
        for part, chosen in zip(fractions, np.split(cells, ends), strict=True):
            parts[chosen] = part
    return Split(parts, "label", _BY_LABEL, dict(fractions), seed)


def check_drawn(split: str | None, order: str | None) -> None:
    """Refuse to draw with replacement from what a model is judged by.

    Raises
    ------
    UsageError
        If an order that draws is to be of a part other than ``train``.
    """
    if order in ("weighted", "class_balanced") and split not in (None, "train"):
        raise UsageError(
            f"order={order!r} found for the part {split!r}: it draws cells with replacement, which "
            "is for 'train' only; leave order out, so that every cell is delivered once"
        )


def _check_fractions(fractions: Mapping[str, float]) -> None:
    total = sum(fractions.values())
    if not fractions or min(fractions.values()) <= 0 or abs(total - 1) > 1e-6:
        raise UsageError(
            f"fractions {dict(fractions)} found; expected positive numbers that add up to 1"
        )
