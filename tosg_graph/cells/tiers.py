"""From the hot tier to the compact one and back, shard by shard, exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from tosg_graph.cells.blocks import BlockCache
from tosg_graph.cells.compact import CODECS, compact_record, pack_shard
from tosg_graph.cells.manifest import BATCH_CELLS, read_manifest
from tosg_graph.cells.mapped import MappedShard
from tosg_graph.cells.shards import WIDE_FEATURES, ShardWriter
from tosg_graph.cells.stored_rows import StoredRows
from tosg_graph.cells.versions import commit_version, next_version, store_lock
from tosg_graph.errors import CellsError, UsageError

_Progress = Callable[[str], None]


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
    on with the shards that it had not finished.

    Parameters
    ----------
    codec
        ``zstd`` for size, ``lz4`` for speed.

    Raises
    ------
    UsageError
        If there is no such codec.
    CellsError
        If a shard is damaged, the disk is full, or another process writes to the store.
    """
    if codec not in CODECS:
        raise UsageError(f"no codec {codec!r}; there is: {', '.join(CODECS)}")

    def packed(source: Path, target: Path, record: dict[str, Any], width: int) -> dict[str, Any]:
        pack_shard(MappedShard(source, record), target, codec=codec, n_features=width)
        return {**record, "tier": "compact"}

    return _change(folder, "compact", f".{codec}.arrow", packed, progress)


def unpack(folder: Path, *, progress: _Progress | None = None) -> TierChange:
    """Make a version of a store whose shards are hot; see :func:`pack`."""

    def unpacked(source: Path, target: Path, record: dict[str, Any], width: int) -> dict[str, Any]:
        _unpack_shard(source, target, record, width)
        return {**record, "tier": "hot"}

    return _change(folder, "hot", ".arrow", unpacked, progress)


def _change(
    folder: Path, tier: str, suffix: str, make: Callable[..., dict[str, Any]],
    progress: _Progress | None,
) -> TierChange:  # fmt: skip
    say = progress or (lambda _: None)
    with store_lock(folder):
        old = read_manifest(folder)
        new = next_version(folder, old, change=f"{tier} shards")
        new["modalities"] = {
            modality: {
                **entry,
                "shards": [
                    _changed(folder, shard, entry["n_features"], tier, suffix, make, say)
                    for shard in entry["shards"]
                ],
            }
            for modality, entry in old["modalities"].items()
        }
        same = new["modalities"] == old["modalities"]
        if not same:
            commit_version(folder, new)
    before, after = (_shard_bytes(manifest) for manifest in (old, new))
    version = old["version"] if same else new["version"]
    return TierChange(old["name"], version, tier, old["n_cells"], before, after)


def _shard_bytes(manifest: dict[str, Any]) -> int:
    return sum(s["bytes"] for entry in manifest["modalities"].values() for s in entry["shards"])


def _changed(
    folder: Path, record: dict[str, Any], width: int, tier: str, suffix: str,
    make: Callable[..., dict[str, Any]], say: _Progress,
) -> dict[str, Any]:  # fmt: skip
    """Record of a shard in the other tier; its file is written beside its place and moved."""
    if record["tier"] == tier:
        return record
    file = record["file"].split(".")[0] + suffix
    source, target = folder / record["file"], folder / file
    if not target.exists():
        fresh = target.with_name(f".new-{target.name}")
        try:
            made = make(source, fresh, record, width)
            fresh.replace(target)
        except OSError as error:
            raise CellsError(
                f"{file} could not be written to {folder} ({error}); the store is unchanged. Make "
                "room and run it again"
            ) from error
        finally:
            fresh.unlink(missing_ok=True)
        say(f"{file}: {target.stat().st_size:,} bytes of {source.stat().st_size:,}")
    else:
        made = {**record, "tier": tier}
    return compact_record(made, target, file) | {"tier": tier}


def _unpack_shard(source: Path, target: Path, record: dict[str, Any], width: int) -> None:
    """Write a shard as a hot one, of the types that it had."""
    normalised = record["value_type"] == "float"
    shard = StoredRows([source], [record], width, BlockCache())
    writer = ShardWriter(
        target,
        WIDE_FEATURES if record["feature_type"] == "uint32" else 1,
        normalised=normalised,
        wide=record["value_type"] == "uint32",
    )
    try:
        for first in range(0, record["rows"], BATCH_CELLS):
            rows = np.arange(first, min(first + BATCH_CELLS, record["rows"]))
            writer.append(_read_rows(shard, rows, width, np.float32 if normalised else np.int64))
        writer.finish()
    finally:
        writer.close()


def _read_rows(shard: StoredRows, rows: Any, width: int, kind: type) -> csr_matrix:
    first = np.zeros(len(rows), np.int64)
    lengths = shard.lengths(first, rows)
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths, out=indptr[1:])
    indices, values = np.empty(indptr[-1], np.int64), np.empty(indptr[-1], kind)
    shard.copy(first, rows, lengths, indptr[:-1], indices, values)
    return csr_matrix((values, indices, indptr), shape=(len(rows), width))
