"""Training, validation and test cells, apart by donor where donors are known.

Cells of one donor resemble each other more than cells of two: a model that saw a donor in training
is tested on what it knows. Where no donor is recorded, cells are drawn at random within each label,
and the split says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tosg_graph.errors import UsageError
from tosg_graph.tensors.subgraph import Index

#: Shares of the cells.
DEFAULT_FRACTIONS: Mapping[str, float] = {"train": 0.7, "validation": 0.15, "test": 0.15}
Parts = npt.NDArray[np.object_]

_BY_LABEL = (
    "Cells were drawn at random within each label, whatever their donor: cells of one donor may be "
    "in two parts, and results say nothing about new donors."
)
#: Values other than zero from which on equal counts of two cells are no accident.
MIN_PROFILE = 50
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Split:
    """Which part each cell belongs to.

    Parameters
    ----------
    parts
        Name of the part of each cell, in the order of the cells.
    by
        ``donor`` or ``label``: what kept the parts apart, or alike.
    note
        One sentence on how the split was made and what it does not promise.
    fractions
        Shares that were asked for.
    seed
        Seed of the draw.
    """

    parts: Parts = field(repr=False)
    by: str
    note: str
    fractions: Mapping[str, float]
    seed: int

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
        }


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
    _check_fractions(fractions)
    unknown = sum(donor is None for donor in donors)
    if unknown:
        raise UsageError(
            f"{unknown} of {len(donors)} cells have no donor; they could be anyone's. Leave them "
            "out (cells=…) or split by label"
        )
    sizes = pd.Series([str(donor) for donor in donors]).value_counts().sort_index()
    if len(sizes) < len(fractions):
        raise UsageError(
            f"{len(sizes)} donors found, one for each of {', '.join(fractions)} expected; "
            "name fewer parts or split by label"
        )
    part_of = _deal(sizes, fractions, np.random.default_rng(seed))
    parts: Parts = np.array([part_of[str(donor)] for donor in donors], dtype=np.object_)
    note = f"No donor is in two parts; {len(sizes)} donors."
    return Split(parts, "donor", note, dict(fractions), seed)


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


def _check_fractions(fractions: Mapping[str, float]) -> None:
    total = sum(fractions.values())
    if not fractions or min(fractions.values()) <= 0 or abs(total - 1) > 1e-6:
        raise UsageError(
            f"fractions {dict(fractions)} found; expected positive numbers that add up to 1"
        )


def check_leaks(
    parts: Sequence[str],
    *,
    donors: Sequence[str | None] | None = None,
    cell_ids: Sequence[str | None] | None = None,
    profiles: Sequence[str | None] | None = None,
) -> None:
    """Check that nothing is in two parts of a split.

    Parameters
    ----------
    parts
        Part of each cell.
    donors
        Donor of each cell; unknown ones are not compared.
    cell_ids
        Name of each cell.
    profiles
        Hash of the counts of each cell (:func:`profile_hashes`); null ones are not compared.

    Raises
    ------
    UsageError
        Naming what is shared, and by which parts.
    """
    given = {"donors": donors, "cells": cell_ids, "cells with the same counts": profiles}
    found = [_shared(what, values, parts) for what, values in given.items() if values is not None]
    leaks = [leak for leak in found if leak]
    if leaks:
        raise UsageError(f"the split leaks: {'; '.join(leaks)}; split anew, or remove them")


def profile_hashes(matrix: Any, *, min_values: int = MIN_PROFILE) -> list[str | None]:
    """Hash of the counts of each row of a scipy CSR matrix; None for a row of too few values.

    Two cells with equal counts of many genes are one cell that was written twice; with equal
    counts of a few they may be two.
    """
    hashes: list[str | None] = []
    for first, last in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        data = matrix.indices[first:last].tobytes() + matrix.data[first:last].tobytes()
        hashes.append(hashlib.sha256(data).hexdigest()[:32] if last - first >= min_values else None)
    return hashes


def _shared(what: str, values: Sequence[str | None], parts: Sequence[str]) -> str:
    frame = pd.DataFrame({"value": list(values), "part": list(parts)}).dropna()
    spread = frame.groupby("value")["part"].unique()
    leaking = spread[spread.map(len) > 1]
    if leaking.empty:
        return ""
    shown = ", ".join(
        f"{value} ({', '.join(sorted(where))})" for value, where in leaking.head(_SHOWN).items()
    )
    more = f" and {len(leaking) - _SHOWN} more" if len(leaking) > _SHOWN else ""
    return f"{len(leaking)} {what} in two parts: {shown}{more}"
