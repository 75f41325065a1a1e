"""From the hot tier to the compact one and back, shard by shard, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from tosg_graph.cells.blocks import BlockCache
from tosg_graph.cells.compact import CODECS, pack_shard
from tosg_graph.cells.manifest import (
    BATCH_CELLS,
    check_file,
    listed_shards,
    read_manifest,
    version_numbers,
)
from tosg_graph.cells.mapped import MappedShard
from tosg_graph.cells.shards import WIDE_FEATURES, ShardWriter
from tosg_graph.cells.stored_rows import StoredRows
from tosg_graph.cells.versions import commit_version, next_version, store_lock
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import sha256

_Progress = Callable[[str], None]
_Record = dict[str, Any]
_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class TierChange:
    """What packing or unpacking did.

    Parameters
    ----------
    name, version
        The store, and the version that was made; the current one where there was nothing to do.
    tier
        ``hot`` or ``compact``.
    n_cells
        Cells of the store.
    before, after
        Bytes of the shards.
    """

    name: str
    version: int
    tier: str
    n_cells: int
    before: int
    after: int


def pack(folder: Path, *, codec: str = "zstd", progress: _Progress | None = None) -> TierChange:
    """Make a version of a store whose shards are compact.

    The hot shards stay for the older versions until these are pruned. A run that was cut off goes
    on with the shards that it had not finished. A shard is read only once its checksum is found
    right, and what was written, now or by an earlier run, is compared with it.

    Parameters
    ----------
    codec
        ``zstd`` for size, ``lz4`` for speed.

    Raises
    ------
    UsageError
        If there is no such codec, or a shard is compact by another one.
    CellsError
        If a shard is not what the manifest says, the disk is full, or another process writes to the
        store; the store stays as it was.
    """
    if codec not in CODECS:
        raise UsageError(f"no codec {codec!r}; there is: {', '.join(CODECS)}")

    def write(source: Path, target: Path, record: _Record, width: int) -> None:
        pack_shard(MappedShard(source, record), target, codec=codec, n_features=width)

    return _change(folder, _Tier("compact", f".{codec}.arrow", write), progress)


def unpack(folder: Path, *, progress: _Progress | None = None) -> TierChange:
    """Make a version of a store whose shards are hot; see :func:`pack`."""
    return _change(folder, _Tier("hot", ".arrow", _unpack_shard), progress)


@dataclass(frozen=True)
class _Tier:
    """A tier: its name, how its files end, and what writes a shard of it.

    ``write`` takes the source, the file to write, the record of the source, and the length of the
    feature axis.
    """

    name: str
    suffix: str
    write: Callable[[Path, Path, _Record, int], None]


def _change(folder: Path, tier: _Tier, progress: _Progress | None) -> TierChange:
    with store_lock(folder):
        old = read_manifest(folder)
        new = next_version(folder, old, change=f"{tier.name} shards")
        shards = _Shards(folder, tier, progress or (lambda _: None))
        new["modalities"] = {
            modality: {
                **entry,
                "shards": [shards.changed(shard, entry["n_features"]) for shard in entry["shards"]],
            }
            for modality, entry in old["modalities"].items()
        }
        same = new["modalities"] == old["modalities"]
        if not same:
            commit_version(folder, new)
    before, after = (_shard_bytes(manifest) for manifest in (old, new))
    version = old["version"] if same else new["version"]
    return TierChange(old["name"], version, tier.name, old["n_cells"], before, after)


def _shard_bytes(manifest: dict[str, Any]) -> int:
    return sum(shard["bytes"] for shard in listed_shards(manifest).values())


class _Shards:
    """The shards of a store on their way to another tier."""

    def __init__(self, folder: Path, tier: _Tier, say: _Progress) -> None:
        self._folder, self._tier, self._say = folder, tier, say
        #: What the versions say of their shards, by file; the newest has the last word.
        self._listed: dict[str, _Record] = {}
        for number in version_numbers(folder):
            with suppress(CellsError):  # what a damaged manifest lists counts as not listed
                self._listed |= listed_shards(read_manifest(folder, version=number))

    def changed(self, old: _Record, width: int) -> _Record:
        """Record of a shard in the tier; made unless its file is there and right."""
        if old["tier"] == self._tier.name:
            if not old["file"].endswith(self._tier.suffix):
                raise UsageError(
                    f"{old['file']} is compact already, by another codec; the store is unchanged. "
                    f"Make it hot first (tosg cells unpack {self._folder.name}), then pack it"
                )
            return old
        file = old["file"].split(".")[0] + self._tier.suffix
        return self._left(old, file, width) or self._made(old, file, width)

    def _left(self, old: _Record, file: str, width: int) -> _Record | None:
        """Record of a file that an earlier run left, if it holds what the shard holds.

        It does if a version lists it with these rows and this checksum, or if it is the hot file
        that the rows were first written to: the other tier need not be read then, and may be
        damaged. A file that no version lists is compared with it row by row.
        """
        path = self._folder / file
        if not path.is_file():
            return None
        found, said = self._record(old, path, file), self._listed.get(file)
        known = [old["content"]] if self._tier.name == "hot" else []
        if said is not None and said["content"] == old["content"]:
            known.append(said["sha256"])
        if found["sha256"] in known:
            return found
        if said is not None:
            return None
        check_file(self._folder, old["file"], old)
        return found if self._same_rows(old, path, found, width) else None

    def _made(self, old: _Record, file: str, width: int) -> _Record:
        """Write the file of a shard beside its place, compare it, and move it there."""
        check_file(self._folder, old["file"], old)
        source, target = self._folder / old["file"], self._folder / file
        fresh = target.with_name(f".new-{target.name}")
        try:
            self._tier.write(source, fresh, old, width)
            made = self._record(old, fresh, file)
            original = self._tier.name == "hot" and made["sha256"] == old["content"]
            if not original and not self._same_rows(old, fresh, made, width):
                raise CellsError(
                    f"{file}: what was written is not what {source} holds; the store is unchanged. "
                    "Run it again; if it happens again, look after memory and disk of this machine"
                )
            fresh.replace(target)
        except OSError as error:
            raise CellsError(
                f"{file} could not be written to {self._folder} ({error}); the store is unchanged. "
                "Make room and run it again"
            ) from error
        finally:
            fresh.unlink(missing_ok=True)
        self._say(f"{file}: {made['bytes']:,} bytes of {old['bytes']:,}")
        return made

    def _record(self, old: _Record, path: Path, file: str) -> _Record:
        size = {"file": file, "bytes": path.stat().st_size, "sha256": sha256(path)}
        return {**old, **size, "tier": self._tier.name}

    def _same_rows(self, old: _Record, path: Path, record: _Record, width: int) -> bool:
        """Whether a file holds the rows of a shard that is known to be right."""
        files = {self._folder / old["file"]: old, path: record}
        one, other = (StoredRows([p], [r], width, BlockCache()) for p, r in files.items())
        try:
            for rows in _batches(old):
                pair = [_read_rows(shard, rows, width, _kind(old)) for shard in (one, other)]
                if not _equal(*pair):
                    return False
        except CellsError:  # it is damaged, or no shard
            return False
        return True


def _unpack_shard(source: Path, target: Path, record: _Record, width: int) -> None:
    """Write a shard as a hot one, of the types that it had."""
    shard = StoredRows([source], [record], width, BlockCache())
    writer = ShardWriter(
        target,
        WIDE_FEATURES if record["feature_type"] == "uint32" else 1,
        normalised=record["value_type"] == "float",
        wide=record["value_type"] == "uint32",
    )
    try:
        for rows in _batches(record):
            writer.append(_read_rows(shard, rows, width, _kind(record)))
        writer.finish()
    finally:
        writer.close()


def _batches(record: _Record) -> Iterator[_Array]:
    """Numbers of the rows of a shard, as many at a time as a record batch has."""
    for first in range(0, record["rows"], BATCH_CELLS):
        yield np.arange(first, min(first + BATCH_CELLS, record["rows"]))


def _kind(record: _Record) -> type:
    return np.float32 if record["value_type"] == "float" else np.int64


def _read_rows(shard: StoredRows, rows: _Array, width: int, kind: type) -> csr_matrix:
    first = np.zeros(len(rows), np.int64)
    lengths = shard.lengths(first, rows)
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=indptr[1:])
    indices, values = np.empty(indptr[-1], np.int64), np.empty(indptr[-1], kind)
    shard.copy(first, rows, lengths, indptr[:-1], indices, values)
    return csr_matrix((values, indices, indptr), shape=(len(rows), width))


def _equal(one: csr_matrix, other: csr_matrix) -> bool:
    """Whether rows list the same features with the same values, in the same order."""
    pairs = (one.indptr, other.indptr), (one.indices, other.indices), (one.data, other.data)
    return all(np.array_equal(a, b) for a, b in pairs)
