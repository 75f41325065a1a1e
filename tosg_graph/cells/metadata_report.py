"""What the fields of a table of cells hold: their values, what did not map, what contradicts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldValue:
    """A value of a field, as the sources write it, and what it was read as.

    Parameters
    ----------
    field, column
        The field, and the column that it was found in.
    value
        As written; None for cells without one.
    cells
        Cells with it.
    id, name, how, candidates
        See :class:`~tosg_graph.cells.vocabulary.Meaning`.
    synonyms
        Other names of the term, under which it is found as well.
    """

    field: str
    column: str
    value: str | None
    cells: int
    id: str | None
    name: str | None
    how: str
    candidates: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Two values that a donor cannot both have; for its cells the field stays missing.

    Parameters
    ----------
    donor
        Its id.
    field
        ``sex``, ``stage`` or ``age``.
    values
        What the sources say, sorted.
    cells
        Cells of the donor.
    """

    donor: str
    field: str
    values: tuple[str, ...]
    cells: int


@dataclass
class MetadataReport:
    """What the fields of a table of cells hold.

    Parameters
    ----------
    n_cells
        Cells of the table.
    columns
        Field → the column that it was found in; a field that no column gives is not listed.
    values
        Every distinct value, by field, the most frequent first.
    conflicts
        What contradicts itself.
    donors
        Known donors.
    cells_without_donor
        Cells whose donor is not known.
    """

    n_cells: int
    columns: dict[str, str] = field(default_factory=dict)
    values: list[FieldValue] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    donors: int = 0
    cells_without_donor: int = 0

    @property
    def unmapped(self) -> list[FieldValue]:
        """Values that say something and have no one term."""
        return [v for v in self.values if v.id is None and v.how not in ("unknown", "age")]

    @property
    def warnings(self) -> list[str]:
        """One sentence for each field that contradicts itself."""
        found = []
        for name in dict.fromkeys(conflict.field for conflict in self.conflicts):
            mine = [conflict for conflict in self.conflicts if conflict.field == name]
            first = mine[0]
            found.append(
                f"{len(mine)} donors have several values of {name}, which stays missing for them: "
                f"{first.donor} has {', '.join(first.values)}"
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """Write the report in plain values."""
        return {
            "n_cells": self.n_cells,
            "columns": self.columns,
            "values": [
                {**asdict(v), "candidates": list(v.candidates), "synonyms": list(v.synonyms)}
                for v in self.values
            ],
            "conflicts": [{**asdict(c), "values": list(c.values)} for c in self.conflicts],
            "donors": self.donors,
            "cells_without_donor": self.cells_without_donor,
        }
