"""Which cells a model was given, in which epoch and how often.

An audit counts deliveries. With a folder it writes what it counted as Parquet files, one per epoch,
rank and run, so that the ranks of a training, and the runs that an interruption made of it, add up
to one account. Its hash depends on the cells and the counts alone: not on order, ranks or runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.errors import CellsError, UsageError

_Array = np.ndarray[Any, np.dtype[Any]]
_ABOUT = "audit.json"
_FORMAT = 1


class Audit:
    """Counts the deliveries of cells, per epoch.

    Takes 4 bytes per cell of the store for each epoch that is not finished, or has no folder.

    Parameters
    ----------
    n_cells
        Number of cells that could be delivered.
    of
        What the cells are: the hash of a cell store or of an export.
    folder
        Where to write; None keeps the account in memory.
    rank
        Which process this is.

    Raises
    ------
    UsageError
        If the folder holds the account of other cells.
    """

    def __init__(
        self, n_cells: int, *, of: str, folder: Path | str | None = None, rank: int = 0
    ) -> None:
        self.n_cells, self.of, self.rank = n_cells, of, rank
        self.folder = None if folder is None else Path(folder)
        self._open: dict[int, _Array] = {}
        self._run = uuid.uuid4().hex[:8]
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

    def add(self, epoch: int, cells: _Array) -> None:
        """Count the delivery of cells by position."""
        times = self._open.setdefault(epoch, np.zeros(self.n_cells, np.uint32))
        np.add.at(times, cells, 1)

    def close(self) -> None:
        """Write what was counted since the last time, if there is a folder; counting may go on."""
        for epoch in sorted(self._open) if self.folder is not None else ():
            self._write(epoch, self._open.pop(epoch))

    def epochs(self) -> list[int]:
        """Epochs in which any cell was delivered, sorted."""
        written = {int(path.name.split("-")[1]) for path in self._parts("*")}
        return sorted(written | set(self._open))

    def times(self, epoch: int) -> _Array:
        """How often each cell was delivered in an epoch, uint32 [cells]."""
        total = np.zeros(self.n_cells, np.uint32)
        if epoch in self._open:
            total += self._open[epoch]
        for path in self._parts(f"{epoch:06}"):
            part = _table(path)
            total[part["cell"].to_numpy()] += part["times"].to_numpy()
        return total

    def cells(self, epoch: int) -> _Array:
        """Positions of the cells that were delivered in an epoch at least once, sorted, int64."""
        return np.flatnonzero(self.times(epoch)).astype(np.int64)

    def hash(self, epoch: int) -> str:
        """SHA-256 of which cells an epoch delivered and how often."""
        found = hashlib.sha256(f"{_FORMAT} {self.of} {self.n_cells} {epoch}\n".encode())
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

    def _claim(self, folder: Path) -> None:
        if (folder / _ABOUT).exists():
            about = _about(folder)
            if (about["of"], about["n_cells"]) != (self.of, self.n_cells):
                raise UsageError(
                    f"the audit in {folder} is of other cells ({about['n_cells']:,} cells of "
                    f"{about['of'][:12]}…); name another folder"
                )
            return
        folder.mkdir(parents=True, exist_ok=True)
        about = {"format": _FORMAT, "of": self.of, "n_cells": self.n_cells}
        part = folder / f".{_ABOUT}.{self._run}"
        part.write_text(json.dumps(about) + "\n", encoding="utf-8")
        os.replace(part, folder / _ABOUT)

    def _write(self, epoch: int, times: _Array) -> None:
        assert self.folder is not None
        cells = np.flatnonzero(times)
        table = pa.table({"cell": pa.array(cells, pa.int64()), "times": pa.array(times[cells])})
        name = f"epoch-{epoch:06}-rank{self.rank}-{self._run}-{uuid.uuid4().hex[:8]}.parquet"
        part = self.folder / f".{name}"
        pq.write_table(table, part, compression="zstd")
        os.replace(part, self.folder / name)

    def _parts(self, epoch: str) -> Iterator[Path]:
        if self.folder is not None:
            yield from sorted(self.folder.glob(f"epoch-{epoch}-rank*.parquet"))


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


def _table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise CellsError(f"{path} is damaged ({error})") from error
