"""The shards of a modality, read as one: any rows of any of them in a few compiled loops.

A batch of a shuffled order has cells of nearly as many shards as it has cells. What the loops must
know of a shard therefore lies in tables, a row per shard, filled when the shard is first read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

from tosg_graph.cells.blocks import Block, BlockCache, CompactShard
from tosg_graph.cells.compact import BLOCK_CELLS
from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.cells.mapped import MappedFile, MappedShard
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]

_Shard = TypeVar("_Shard", bound=MappedFile)

#: Blocks that are held at a time, beside those that the cache keeps.
_BLOCKS = 64


class StoredRows:
    """Rows of the shards of one modality. May be shared by threads.

    Memory is 24 to 64 bytes per shard and 8 to 24 per 1,024 cells, and what opened shards take.

    Parameters
    ----------
    files
        The shards.
    records
        What the manifest says of each.
    n_features
        Length of the feature axis.
    cache
        Where decompressed blocks are kept.

    Raises
    ------
    CellsError
        If a shard is of a tier that this version does not know.
    """

    def __init__(
        self, files: Sequence[Path], records: Sequence[Mapping[str, Any]], n_features: int,
        cache: BlockCache,
    ) -> None:  # fmt: skip
        tiers = [str(record["tier"]) for record in records]
        for file, tier in zip(files, tiers, strict=True):
            if tier not in ("hot", "compact"):
                raise CellsError(f"{file}: tier {tier!r} found; hot or compact expected")
        self._compact = np.array([tier == "compact" for tier in tiers], np.bool_)
        self._readers: list[tuple[bool, _Tier[Any]]] = []
        if "hot" in tiers:
            self._readers.append((False, _HotRows(files, records, n_features)))
        if "compact" in tiers:
            self._readers.append((True, _CompactRows(files, records, n_features, cache)))

    def lengths(self, shards: _Array, rows: _Array) -> _Array:
        """How many values rows have: int64, as many as rows.

        Parameters
        ----------
        shards, rows
            int64: the number of the shard of each row, and its place in the shard.

        Raises
        ------
        CellsError
            If a shard is missing or damaged.
        """
        found = np.empty(len(rows), np.int64)
        for reader, chosen in self._parts(shards):
            found[chosen] = reader.lengths(shards[chosen], rows[chosen])
        return found

    def copy(
        self, shards: _Array, rows: _Array, lengths: _Array, at: _Array,
        features: _Array, values: _Array, *, ascending: bool = True,
    ) -> None:  # fmt: skip
        """Copy rows to their places.

        Parameters
        ----------
        lengths
            What :meth:`lengths` found.
        at
            int64: where each row begins in the output.
        features, values
            The output; stored numbers are converted to its types.
        ascending
            Whether the features of a row must ascend.

        Raises
        ------
        CellsError
            If a shard is missing or damaged.
        """
        for reader, chosen in self._parts(shards):
            reader.copy(
                shards[chosen], rows[chosen], lengths[chosen], at[chosen], features, values,
                ascending=ascending,
            )  # fmt: skip

    def _parts(self, shards: _Array) -> list[tuple[_Tier[Any], _Array | slice]]:
        """Which rows each tier reads."""
        if len(self._readers) == 1:
            return [(self._readers[0][1], slice(None))]
        compact = self._compact[shards]
        return [(reader, np.flatnonzero(compact == of)) for of, reader in self._readers]


class _Tier(ABC, Generic[_Shard]):
    """Shards of one tier: opened when they are first read, once, and noted in tables."""

    def __init__(
        self, files: Sequence[Path], records: Sequence[Mapping[str, Any]], n_features: int
    ) -> None:
        self._files, self._records, self._width = files, records, n_features
        self._shards: list[_Shard | None] = [None] * len(files)
        self._ready = np.zeros(len(files), np.bool_)
        self._lock = Lock()
        batches = [-(-int(record["rows"]) // BATCH_CELLS) for record in records]
        #: int64 [shards + 1]: number of the first record batch of each among those of all.
        self._first = np.concatenate(([0], np.cumsum(batches, dtype=np.int64)))

    @abstractmethod
    def _open(self, file: Path, record: Mapping[str, Any]) -> _Shard: ...

    @abstractmethod
    def _note(self, number: int, shard: _Shard) -> None:
        """Fill the tables of the loops."""

    @abstractmethod
    def _measure(self, shards: _Array, rows: _Array, out: _Array) -> int:
        """Write the lengths of rows of open shards; the number of the first bad one, or -1."""

    @abstractmethod
    def copy(
        self, shards: _Array, rows: _Array, lengths: _Array, at: _Array,
        features: _Array, values: _Array, *, ascending: bool,
    ) -> None: ...  # fmt: skip

    def lengths(self, shards: _Array, rows: _Array) -> _Array:
        self._ensure(shards)
        found = np.empty(len(rows), np.int64)
        self._check(self._measure(shards, rows, found), shards, rows)
        return found

    def _ensure(self, shards: _Array) -> None:
        """Open those of some shards that are not yet open."""
        ready = self._ready[shards]
        if ready.all():
            return
        for number in np.unique(shards[~ready]).tolist():
            with self._lock:
                if not self._ready[number]:
                    shard = self._open(self._files[number], self._records[number])
                    self._note(number, shard)
                    self._shards[number] = shard
                    self._ready[number] = True  # last: other threads look at it without the lock

    def _shard(self, number: int) -> _Shard:
        shard = self._shards[number]
        assert shard is not None  # lengths() comes first
        return shard

    def _check(self, bad: int, shards: _Array, rows: _Array) -> None:
        """Name the damaged row of which a loop told the number, if it did."""
        if bad >= 0:
            raise self._shard(int(shards[bad])).damaged(f"cell {int(rows[bad])}")


class _HotRows(_Tier[MappedShard]):
    def __init__(
        self, files: Sequence[Path], records: Sequence[Mapping[str, Any]], n_features: int
    ) -> None:
        super().__init__(files, records, n_features)
        self._starts = np.zeros((int(self._first[-1]), 3), np.int64)
        self._places = np.zeros((len(files), 5), np.int64)
        self._kinds = np.zeros((len(files), 2), np.int64)

    def _open(self, file: Path, record: Mapping[str, Any]) -> MappedShard:
        return MappedShard(file, record)

    def _note(self, number: int, shard: MappedShard) -> None:
        from tosg_graph.cells.gather import KINDS

        first = self._first[number]
        self._starts[first : first + len(shard.starts)] = shard.starts
        sizes = [of.itemsize for of in shard.types]
        self._places[number] = shard.address, shard.size, *sizes, first
        self._kinds[number] = [KINDS.index(of) for of in shard.types]

    def _measure(self, shards: _Array, rows: _Array, out: _Array) -> int:
        from tosg_graph.cells.gather import row_lengths

        return int(row_lengths(self._places, self._starts, shards, rows, BATCH_CELLS, out))

    def copy(
        self, shards: _Array, rows: _Array, lengths: _Array, at: _Array,
        features: _Array, values: _Array, *, ascending: bool,
    ) -> None:  # fmt: skip
        """Copy them as they are stored: ascending."""
        from tosg_graph.cells.gather import copy_rows

        bad = copy_rows(
            self._places, self._kinds, self._starts, shards, rows, lengths, BATCH_CELLS,
            at, self._width, features, values,
        )  # fmt: skip
        self._check(bad, shards, rows)


class _CompactRows(_Tier[CompactShard]):
    def __init__(
        self, files: Sequence[Path], records: Sequence[Mapping[str, Any]], n_features: int,
        cache: BlockCache,
    ) -> None:  # fmt: skip
        super().__init__(files, records, n_features)
        self._starts = np.zeros(int(self._first[-1]), np.int64)
        self._places = np.zeros((len(files), 3), np.int64)
        self._cache = cache

    def _open(self, file: Path, record: Mapping[str, Any]) -> CompactShard:
        return CompactShard(file, record)

    def _note(self, number: int, shard: CompactShard) -> None:
        if len(shard.order) and int(shard.order.max()) >= self._width:
            raise shard.damaged(f"a feature beyond {self._width - 1}")
        if len(shard.order) and int(np.bincount(shard.order).max()) > 1:
            raise shard.damaged("a feature with two numbers")
        first = self._first[number]
        self._starts[first : first + len(shard.starts)] = shard.starts
        self._places[number] = shard.address, len(shard.order), first

    def _measure(self, shards: _Array, rows: _Array, out: _Array) -> int:
        from tosg_graph.cells.gather import block_lengths

        return int(block_lengths(self._places, self._starts, shards, rows, BATCH_CELLS, out))

    def copy(
        self, shards: _Array, rows: _Array, lengths: _Array, at: _Array,
        features: _Array, values: _Array, *, ascending: bool,
    ) -> None:  # fmt: skip
        """Decode them block by block, :data:`_BLOCKS` at a time."""
        from tosg_graph.cells.gather import decode_rows

        of_batch = self._first[shards] * BATCH_CELLS + rows
        keys, which = np.unique(of_batch // BLOCK_CELLS, return_inverse=True)
        order = np.argsort(which, kind="stable")
        ends = np.searchsorted(which[order], np.arange(0, len(keys) + _BLOCKS, _BLOCKS))
        for number, (first, last) in enumerate(pairwise(ends)):
            part, begin = order[first:last], number * _BLOCKS
            chosen = which[part] - begin
            heads = part[np.searchsorted(chosen, np.arange(chosen[-1] + 1))]
            blocks = self._cache.take(
                {
                    (id(self), key): partial(self._block, int(shards[head]), int(rows[head]))
                    for key, head in zip(keys[begin : begin + _BLOCKS].tolist(), heads, strict=True)
                }
            )
            bad = decode_rows(
                np.array([block.where for block in blocks], np.int64), chosen,
                rows[part] % BLOCK_CELLS, lengths[part], at[part], self._width, ascending,
                features, values,
            )  # fmt: skip
            self._check(bad, shards[part], rows[part])

    def _block(self, shard: int, row: int) -> Block:
        return self._shard(shard).block(row // BLOCK_CELLS)
