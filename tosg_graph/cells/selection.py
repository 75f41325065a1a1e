"""A cohort: the cells of one store that a query means, with a name that is its content's hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.tables import Build, write_parquet
from tosg_graph.cells.codes import Words, joint_codes, pairs_present
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.conditions import Conditions
from tosg_graph.cells.language import Condition, parse
from tosg_graph.cells.naming import column_named
from tosg_graph.cells.primary import copies_note, without_copies
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError

_KIND = "tosg cohort"
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Cohort:
    """Cells of a store.

    Two cohorts are equal if they are the same cells of the same store, however they were asked for.

    Parameters
    ----------
    columns
        The columns of the store's cells.
    query
        What was asked for, in one spelling.
    mask
        bool [cells of the store]: which are in it.
    notes
        What the query found odd, such as a term that no cell has.
    """

    columns: ObsColumns = field(repr=False)
    query: str
    mask: npt.NDArray[np.bool_] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def store(self) -> CellStore:
        """The store."""
        return self.columns.store

    @property
    def cells(self) -> npt.NDArray[np.int64]:
        """Positions of its cells in the store, rising, int64."""
        return np.flatnonzero(self.mask)

    @property
    def n_cells(self) -> int:
        """Number of its cells."""
        return int(np.count_nonzero(self.mask))

    @property
    def hash(self) -> str:
        """SHA-256 of the store's hash and the cells."""
        found = hashlib.sha256(self.store.hash.encode())
        found.update(np.packbits(self.mask).tobytes())
        return found.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cohort) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def counts(self, *by: str) -> pa.Table:
        """Count cells and donors by the values of columns, jointly; the most cells first.

        Parameters
        ----------
        by
            Columns; a number is written out, and a field counted by its terms, as queries compare
            it. Without any, all cells are one row.

        Returns
        -------
        pyarrow.Table
            A column of text per column asked for (null: not known), ``cells`` (int64), ``donors``
            (int64: known donors).
        """
        names = [column_of(self.columns, name) for name in by]
        words = [self.columns.values_of(name) for name in names]
        groups, places = joint_codes(words or [_one(self.columns.n_cells)], self.mask)
        cells = np.bincount(places, minlength=len(groups))
        donors = self._donors_of(places, len(groups))
        columns: dict[str, pa.Array] = {
            name: pa.array([group[at] for group in groups], pa.string())
            for at, name in enumerate(names)
        }
        columns["cells"] = pa.array(cells, pa.int64())
        columns["donors"] = pa.array(donors, pa.int64())
        order = [("cells", "descending"), *((name, "ascending") for name in names)]
        return pa.table(columns).sort_by(order)

    def _donors_of(self, places: npt.NDArray[np.int64], n_groups: int) -> npt.NDArray[np.int64]:
        donors = self.columns.donors().codes[self.mask]
        known = donors >= 0
        if not known.any():
            return np.zeros(n_groups, np.int64)
        width = int(donors.max()) + 1
        pairs = pairs_present(places[known], donors[known], (n_groups, width))
        return np.bincount(pairs // width, minlength=n_groups)

    def save(self, path: Path | str) -> None:
        """Write the cohort to a Parquet file: its cells, and what it is a cohort of.

        Raises
        ------
        UsageError
            If the file is there and is no saved cohort, or cannot be written.
        """
        path = Path(path)
        _spare(path)
        about = {
            "kind": _KIND,
            "format": _FORMAT,
            "store": self.store.name,
            "store_hash": self.store.hash,
            "query": self.query,
            "hash": self.hash,
            "notes": list(self.notes),
        }
        table = pa.table({"cell": pa.array(self.cells, pa.int64())})
        table = table.replace_schema_metadata({"tosg": json.dumps(about, sort_keys=True)})
        fresh = path.with_name(f".{path.name}-{uuid4().hex}")
        try:
            write_parquet(table, fresh)
            fresh.replace(path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def choose(
    store: CellStore,
    query: Condition | str,
    *,
    build: Build | None = None,
    primary: bool = False,
) -> Cohort:
    """Choose the cells of a store that a query means.

    Only the columns that the query names are read; ten million cells take well under a second.

    Parameters
    ----------
    query
        A text (see :mod:`tosg_graph.cells.language`) or a condition.
    build
        The graph build that knows cell types, tissues and diseases.
    primary
        Leave out copies (:mod:`tosg_graph.cells.primary`); where they stay, the notes count them.

    Raises
    ------
    UsageError
        If the text is no query, or names a column or value that is not known.
    """
    condition = parse(query) if isinstance(query, str) else query
    columns = ObsColumns(store, build)
    if primary:
        condition = without_copies(condition, columns)
    conditions = Conditions(columns, build)
    columns.fetch(sorted(conditions.needed(condition)))
    holds = conditions.truth(condition).holds
    copies = copies_note(columns, holds)
    notes = [*conditions.notes, *([copies] if copies else [])]
    return Cohort(columns, str(condition), holds, tuple(dict.fromkeys(notes)))


def cohort_of(store: CellStore, cells: Any, *, query: str = "cells by position") -> Cohort:
    """Take cells by position, or a mask of booleans, as a cohort."""
    mask = np.zeros(store.n_cells, bool)
    mask[np.asarray(cells)] = True
    return Cohort(ObsColumns(store), query, mask)


def about_cohort(path: Path | str) -> dict[str, Any]:
    """Say what a saved cohort is: ``store``, ``store_hash``, ``query``, ``hash``, ``notes``.

    Raises
    ------
    CellsError
        If the file is no saved cohort.
    """
    return _read(Path(path))[0]


def load_cohort(path: Path | str, store: CellStore, *, build: Build | None = None) -> Cohort:
    """Read a saved cohort.

    Raises
    ------
    CellsError
        If the file is no saved cohort, is damaged, or is one of another store.
    """
    about, cells = _read(Path(path))
    if about["store_hash"] != store.hash:
        raise CellsError(
            f"{path} is a cohort of the store {about['store']!r} with the hash "
            f"{about['store_hash'][:12]}…, not of {store.name!r} ({store.hash[:12]}…); choose the "
            f"cells again: {about['query']}"
        )
    mask = np.zeros(store.n_cells, bool)
    if len(cells) and (cells.min() < 0 or cells.max() >= store.n_cells):
        raise CellsError(f"{path} is damaged: it names cells that the store has not")
    mask[cells] = True
    found = Cohort(ObsColumns(store, build), about["query"], mask, tuple(about["notes"]))
    if found.hash != about["hash"]:
        raise CellsError(f"{path} is damaged: its cells are not those that were saved")
    return found


def _spare(path: Path) -> None:
    """Refuse to write over anything but a saved cohort."""
    if not os.path.lexists(path):
        return
    try:
        kind = _about(pq.read_schema(path)).get("kind")
    except (OSError, pa.ArrowInvalid, ValueError):
        kind = None
    if kind != _KIND:
        raise UsageError(
            f"{path} exists and is no saved cohort; it is left as it is: name another file"
        )


def _about(schema: pa.Schema) -> dict[str, Any]:
    found = json.loads((schema.metadata or {}).get(b"tosg", b"{}"))
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> tuple[dict[str, Any], npt.NDArray[np.int64]]:
    try:
        table = pq.read_table(path)
        about = _about(table.schema)
    except FileNotFoundError:
        raise CellsError(f"{path} is missing; save the cohort again") from None
    except (OSError, pa.ArrowInvalid, ValueError) as error:
        raise CellsError(f"{path} is no saved cohort, or is damaged: {error}") from error
    if about.get("kind") != _KIND or about.get("format") != _FORMAT:
        raise CellsError(f"{path} is no saved cohort of this version")
    return about, table.column("cell").to_numpy()


def column_of(columns: ObsColumns, name: str) -> str:
    """Find the column that a name means, as a query does."""
    return column_named(columns, name)


def codes_of(columns: ObsColumns, names: Sequence[str]) -> list[Words]:
    """Read several columns as words, under the names that a query takes."""
    return [columns.words(column_of(columns, name)) for name in names]


def _one(n_cells: int) -> Words:
    return Words(("all",), np.zeros(n_cells, np.int32))
