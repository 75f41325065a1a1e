"""Which cells a model was given, in which epoch and how often.

An audit counts deliveries. A delivery is a place in the order of an epoch, and the same place
counts once: so the ranks of a training, and the runs that an interruption made of it, add up to one
account, also where a run went on from an older state, or was started anew, and delivered cells
again. With a folder the account is kept as Parquet files, per epoch, rank and run, with one row per
delivery. Its hash depends on the cells and the counts alone: not on order, ranks or runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.errors import CellsError, UsageError

_Array = np.ndarray[Any, np.dtype[Any]]
_ABOUT = "audit.json"
#: Raised when the files change.
_FORMAT = 2
#: Raised when the hash of an account changes.
_HASH = 1
#: Deliveries of a file; one that holds as many is written and begun anew.
_FULL = 1 << 20
#: Seconds after which what was counted is written with the next batch.
_OFTEN = 60.0


@dataclass(eq=False)
class _Part:
    """Deliveries of one epoch and order that stand in one file, or will."""

    epoch: int
    order: str
    firsts: list[int] = field(default_factory=list)
    cells: list[_Array] = field(default_factory=list)
    size: int = 0
    written: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    def add(self, first: int, cells: _Array) -> None:
        self.firsts.append(first)
        self.cells.append(cells)
        self.size += len(cells)

    def rows(self) -> tuple[_Array, _Array]:
        """The place and the cell of each delivery."""
        places = [np.arange(f, f + len(c)) for f, c in zip(self.firsts, self.cells, strict=True)]
        return np.concatenate(places), np.concatenate(self.cells)


class Audit:
    """Counts the deliveries of cells, per epoch.

    A loader writes to the folder with every ``state_dict()``, at the end of an epoch, when an
    iteration is broken off, and once a minute. Takes 4 bytes per delivery (8 above 2³² cells): of
    the last million with a folder, of all without.

    Parameters
    ----------
    n_cells
        Number of cells that could be delivered.
    of
        What the cells are: the ``hash`` of a cell store, or the ``cells_hash`` of an export.
    folder
        Where to write; None keeps the account in memory.
    rank
        Which process this is; it stands in the names of the files.

    Raises
    ------
    UsageError
        If the folder holds the account of other cells.
    CellsError
        If the folder cannot be written to.
    """

    def __init__(
        self, n_cells: int, *, of: str, folder: Path | str | None = None, rank: int = 0
    ) -> None:
        self.n_cells, self.of, self.rank = n_cells, of, rank
        self.folder = None if folder is None else Path(folder)
        self._kept: dict[tuple[int, str], _Part] = {}
        self._kind = np.uint32 if n_cells < 2**32 else np.int64
        self._saved_at = time.monotonic()
        if self.folder is not None:
            self._claim(self.folder)

    @classmethod
    def read(cls, folder: Path | str) -> Self:
        """Open the account in a folder.

        Raises
        ------
        CellsError
            If the folder holds none.
        """
        about = _about(Path(folder))
        return cls(int(about["n_cells"]), of=str(about["of"]), folder=folder)

    def add(self, epoch: int, cells: _Array, *, first: int, order: str = "order") -> None:
        """Count the delivery of cells by position.

        Parameters
        ----------
        first
            Place of the first of them in the order of the epoch; the others follow it.
        order
            Names the order, in letters and digits: that of other cells or another seed is another.

        Raises
        ------
        UsageError
            If there is no such cell.
        CellsError
            If it is time to write, and that fails.
        """
        if len(cells) and not 0 <= int(cells.min()) <= int(cells.max()) < self.n_cells:
            raise UsageError(
                f"cells {cells.min()} to {cells.max()} found in an audit of {self.n_cells:,} cells"
            )
        part = self._kept.get((epoch, order))
        if part is None:
            self.save()
            if self.folder is not None:
                self._kept.clear()
            part = self._kept[epoch, order] = _Part(epoch, order)
        part.add(first, cells.astype(self._kind))
        if self.folder is None:
            return
        if part.size >= _FULL or time.monotonic() - self._saved_at > _OFTEN:
            self.save()
        if part.size >= _FULL:
            del self._kept[epoch, order]

    def save(self) -> None:
        """Write what was counted since the last time, if there is a folder.

        Raises
        ------
        CellsError
            If the folder cannot be written to; what was counted is kept.
        """
        self._saved_at = time.monotonic()
        if self.folder is not None:
            for part in self._kept.values():
                if part.size > part.written:
                    self._write(part, self.folder)

    def epochs(self) -> list[int]:
        """Epochs in which any cell was delivered, sorted."""
        written = {int(path.name.split("-")[1]) for path in self._files("*")}
        return sorted(written | {epoch for epoch, _ in self._kept})

    def times(self, epoch: int) -> _Array:
        """How often each cell was delivered in an epoch, uint32 [cells]."""
        total = np.zeros(self.n_cells, np.uint32)
        seen: dict[str, _Array] = {}
        for order, places, cells in self._rows(epoch):
            known = seen.get(order, np.zeros(0, bool))
            places, at = np.unique(places, return_index=True)
            if len(places) and places[-1] >= len(known):
                known = np.append(known, np.zeros(places[-1] + 1 - len(known), bool))
            np.add.at(total, cells[at[~known[places]]], 1)
            known[places] = True
            seen[order] = known
        return total

    def cells(self, epoch: int) -> _Array:
        """Positions of the cells that were delivered in an epoch at least once, sorted, int64."""
        return np.flatnonzero(self.times(epoch)).astype(np.int64)

    def hash(self, epoch: int) -> str:
        """SHA-256 of which cells an epoch delivered and how often."""
        found = hashlib.sha256(f"{_HASH} {self.of} {self.n_cells} {epoch}\n".encode())
        found.update(np.ascontiguousarray(self.times(epoch), "<u4").tobytes())
        return found.hexdigest()

    def summary(self) -> list[dict[str, Any]]:
        """Per epoch: cells delivered, deliveries, the most of one cell, hash."""
        return [self._summary(epoch) for epoch in self.epochs()]

    def _summary(self, epoch: int) -> dict[str, Any]:
        times = self.times(epoch)
        return {
            "epoch": epoch,
            "cells": int(np.count_nonzero(times)),
            "deliveries": int(times.sum(dtype=np.int64)),
            "most_of_one_cell": int(times.max(initial=0)),
            "sha256": self.hash(epoch),
        }

    def _rows(self, epoch: int) -> Iterator[tuple[str, _Array, _Array]]:
        """Yield orders, places and cells of an epoch's deliveries, some of them repeatedly."""
        for (of, order), part in self._kept.items():
            if of == epoch:
                yield order, *part.rows()
        for path in self._files(f"{epoch:06}"):
            yield path.name.split("-")[3], *_deliveries(path, self.n_cells)

    def _claim(self, folder: Path) -> None:
        if (folder / _ABOUT).exists():
            about = _about(folder)
            if (about["of"], about["n_cells"]) != (self.of, self.n_cells):
                raise UsageError(
                    f"the audit in {folder} is of other cells ({about['n_cells']:,} cells of "
                    f"{about['of'][:12]}…); name another folder"
                )
            return
        about = {"format": _FORMAT, "of": self.of, "n_cells": self.n_cells}
        part = folder / f".{_ABOUT}.{uuid.uuid4().hex[:12]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(about) + "\n", encoding="utf-8")
            os.replace(part, folder / _ABOUT)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def _write(self, part: _Part, folder: Path) -> None:
        places, cells = part.rows()
        table = pa.table({"place": pa.array(places, pa.int64()), "cell": pa.array(cells)})
        name = f"epoch-{part.epoch:06}-rank{self.rank}-{part.order}-{part.id}.parquet"
        fresh = folder / f".{name}"
        try:
            pq.write_table(
                table, fresh, compression="zstd", use_dictionary=False,
                column_encoding={"place": "DELTA_BINARY_PACKED"},
            )  # fmt: skip
            os.replace(fresh, folder / name)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise _unwritable(folder, error) from error
        part.written = part.size

    def _files(self, epoch: str) -> Iterator[Path]:
        if self.folder is not None:
            yield from sorted(self.folder.glob(f"epoch-{epoch}-rank*.parquet"))


def _unwritable(folder: Path, error: OSError) -> CellsError:
    why = os.strerror(error.errno) if error.errno else str(error)
    return CellsError(
        f"the audit in {folder} cannot be written: {why}; make room, or name another folder"
    )


def _about(folder: Path) -> dict[str, Any]:
    path = folder / _ABOUT
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CellsError(f"{folder} holds no audit: {_ABOUT} is missing") from None
    except ValueError as error:
        raise CellsError(f"{path} is damaged: {error}") from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise CellsError(f"{path} is no audit of format {_FORMAT}, which this version reads")
    return about


def _deliveries(path: Path, n_cells: int) -> tuple[_Array, _Array]:
    """Read the places and cells of a file."""
    try:
        table = pq.read_table(path)
        places, cells = table["place"].to_numpy(), table["cell"].to_numpy()
    except (pa.ArrowInvalid, OSError, KeyError) as error:
        raise CellsError(f"{path} is damaged ({error})") from error
    if len(cells) and not (places.min() >= 0 and 0 <= cells.min() <= cells.max() < n_cells):
        raise CellsError(f"{path} is damaged: it names places or cells that there are not")
    return places, cells
