"""The compact tier: a shard in a third of the bytes, read by blocks of 64 cells.

A compact shard is an Arrow IPC file with one row per block of 64 cells. The features that the
shard has are numbered by prevalence, the most frequent first (``order``, in the first row). Within
a cell the numbers ascend and are written as gaps: the first number, then each difference less one;
the values stay in the order of the feature axis, into which a reader puts the features back.
Gaps and values are cut into byte planes, all low bytes of the block together, then the next ones;
each plane is compressed by itself (zstd or LZ4), and a plane of zeros takes no bytes. The lengths
of the cells stay uncompressed, so that a reader knows them without decoding.

Any bytes decode to ascending numbers, and the last one is checked against ``order``: a damaged
shard gives an error, never a wrong place in memory.

Readers that take some cells of a block now and others soon, as a shuffle within a window does, find
it still decompressed: a store keeps up to :data:`CACHE_BYTES` of such blocks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.cells.mapped import MappedFile, MappedShard
from tosg_graph.errors import CellsError
from tosg_graph.filing import sha256

_Array = np.ndarray[Any, np.dtype[Any]]

#: Cells of a block: what is decoded to read any cell in it.
BLOCK_CELLS = 64

#: Codec → its name in Arrow and its level.
CODECS: dict[str, tuple[str, int | None]] = {"zstd": ("zstd", 3), "lz4": ("lz4_raw", None)}

#: Bytes of decompressed blocks that a store keeps: 320 blocks of cells with 1,550 values each, more
#: than a shuffle mixes, where the values of a block are below 256; 240 where not.
CACHE_BYTES = 96 * 2**20


def compact_schema(feature_type: str, value_type: str, codec: str) -> pa.Schema:
    """Describe a compact shard; ``feature_type`` and ``value_type`` are those of the hot one."""
    planes = [
        pa.field(f"{what}_{plane}", pa.binary(), nullable=False)
        for what, kind in (("gap", feature_type), ("value", value_type))
        for plane in range(_dtype(kind).itemsize)
    ]
    lists = [
        pa.field(name, pa.list_(pa.field("item", pa.uint32(), nullable=False)), nullable=False)
        for name in ("order", "length")
    ]
    metadata = {
        "codec": codec,
        "block_cells": str(BLOCK_CELLS),
        "feature_type": feature_type,
        "value_type": value_type,
    }
    return pa.schema([*lists, *planes], metadata=metadata)


def _dtype(name: str) -> np.dtype[Any]:
    """Numpy's type for the name of an Arrow type."""
    return np.dtype({"float": "float32"}.get(name, name))


def pack_shard(hot: MappedShard, path: Path, *, codec: str, n_features: int) -> None:
    """Write a hot shard as a compact one; 1,024 cells are in memory at a time.

    Parameters
    ----------
    codec
        ``zstd`` or ``lz4``.
    n_features
        Length of the feature axis.
    """
    from tosg_graph.cells.gather import count_features

    detected = np.zeros(n_features, np.int64)
    for _, features, _ in hot.batches():
        count_features(features, detected)
    order = np.lexsort((np.arange(n_features), -detected))[: np.count_nonzero(detected)]
    rank = np.zeros(n_features, np.uint32)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    schema = compact_schema(hot.feature_type, hot.value_type, codec)
    name, level = CODECS[codec]
    press = pa.Codec(name, compression_level=level) if level else pa.Codec(name)
    first = order.astype(np.uint32)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for offsets, features, values in hot.batches():
            rows = _blocks(offsets, features, values, rank, press)
            writer.write_batch(_batch(schema, first, rows))
            first = first[:0]


def _blocks(
    offsets: _Array, features: _Array, values: _Array, rank: _Array, press: Any
) -> Iterator[tuple[_Array, list[bytes]]]:
    """Lengths and compressed planes of each block of a record batch."""
    from tosg_graph.cells.gather import encode_gaps

    gaps = np.empty_like(features)
    encode_gaps(offsets, features, rank, gaps)
    for first in range(0, len(offsets) - 1, BLOCK_CELLS):
        ends = offsets[first : first + BLOCK_CELLS + 1]
        part = slice(int(ends[0]), int(ends[-1]))
        planes = [*_planes(gaps[part]), *_planes(values[part])]
        yield (
            np.diff(ends).astype(np.uint32),
            [press.compress(p, asbytes=True) if p.any() else b"" for p in planes],
        )


def _planes(values: _Array) -> list[_Array]:
    """Bytes of numbers, the lowest of all first."""
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    grid = np.ascontiguousarray(little).view(np.uint8).reshape(-1, values.dtype.itemsize)
    return [np.ascontiguousarray(grid[:, plane]) for plane in range(grid.shape[1])]


def _batch(
    schema: pa.Schema, order: _Array, rows: Iterator[tuple[_Array, list[bytes]]]
) -> pa.RecordBatch:
    blocks = list(rows)
    orders = [order, *([order[:0]] * (len(blocks) - 1))]
    columns = [orders, [lengths for lengths, _ in blocks]]
    columns += [[planes[k] for _, planes in blocks] for k in range(len(schema) - 2)]  # type: ignore[misc]
    arrays = [pa.array(c, field.type) for c, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Block(NamedTuple):
    """A decompressed block: where its cells begin, gaps between numbers, values."""

    starts: _Array
    gaps: _Array
    values: _Array


class BlockCache:
    """Decompressed blocks, those used last, up to so many bytes; may be shared by threads.

    Parameters
    ----------
    most
        Bytes of gaps and values that are kept.
    """

    def __init__(self, most: int = CACHE_BYTES) -> None:
        self._most, self._size = most, 0
        self._blocks: OrderedDict[tuple[Path, int], Block] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Path, int]) -> Block | None:
        """Give a block, if it is kept."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def put(self, key: tuple[Path, int], block: Block) -> None:
        """Keep a block, and let go of those that were not used for longest."""
        with self._lock:
            if key not in self._blocks:
                self._blocks[key] = block
                self._size += block.gaps.nbytes + block.values.nbytes
            while self._size > self._most and len(self._blocks) > 1:
                _, gone = self._blocks.popitem(last=False)
                self._size -= gone.gaps.nbytes + gone.values.nbytes


class CompactShard(MappedFile):
    """A compact shard, mapped into memory; a block is decoded when one of its cells is read.

    Parameters
    ----------
    path
        The Arrow IPC file.
    record
        What the manifest says of it.
    cache
        Where decompressed blocks are kept; default: one of its own.

    Raises
    ------
    CellsError
        If the file is missing, has another size than the manifest says, or is no compact shard.
    """

    def __init__(
        self, path: Path, record: Mapping[str, Any], cache: BlockCache | None = None
    ) -> None:
        self._cache = cache or BlockCache()
        self._width = -1
        super().__init__(path, record)

    def _layout(self, reader: Any) -> None:
        metadata = {k.decode(): v.decode() for k, v in (reader.schema.metadata or {}).items()}
        self.feature_type, self.value_type = metadata["feature_type"], metadata["value_type"]
        self._block = int(metadata["block_cells"])
        name, _ = CODECS[metadata["codec"]]
        self._codec = pa.Codec(name)
        self._kinds = (_dtype(self.feature_type), _dtype(self.value_type))
        self._words = self._view(np.dtype(np.uint32))
        batches = self._checked_batches(reader, self._block)
        self.order = batches[0].column(0)[0].values.to_numpy() if batches else self._words[:0]
        self._lengths = np.array([self._list_place(b.column(1)) for b in batches], np.int64)
        planes = range(2, len(reader.schema))
        places = [[self._binary_place(b.column(k)) for k in planes] for b in batches]
        self._places = np.array(places, np.int64)
        self._ends, self._bytes = self._view(np.dtype(np.int32)), self._view(np.dtype(np.uint8))

    def _list_place(self, column: pa.Array) -> int:
        return int(column.buffers()[3].address - self._buffer.address) // 4

    def _binary_place(self, column: pa.Array) -> tuple[int, int]:
        """Where the offsets of a plane begin, as a number of 32-bit words, and where its bytes."""
        _, offsets, data = column.buffers()
        first = self._buffer.address
        return (offsets.address - first) // 4, 0 if data is None else data.address - first

    def lengths(self, rows: _Array, out: _Array) -> int:
        """Measure how many values each row has; the first bad row, or -1."""
        batch = rows // BATCH_CELLS
        out[:] = self._words[self._lengths[batch] + rows - batch * BATCH_CELLS]
        wrong = np.flatnonzero(out > len(self.order))
        return int(rows[wrong[0]]) if len(wrong) else -1

    def copy(
        self, rows: _Array, at: _Array, width: int, out_features: _Array, out_values: _Array
    ) -> int:
        """Decode rows to their places in the output; the first bad row, or -1."""
        blocks = rows // self._block
        order = np.argsort(blocks, kind="stable")
        ends = np.flatnonzero(np.diff(blocks[order])) + 1
        for chosen in np.split(order, ends) if len(order) else ():
            number = int(blocks[chosen[0]])
            bad = self._copy_block(
                number, rows[chosen], at[chosen], width, out_features, out_values
            )
            if bad >= 0:
                return bad
        return -1

    def _copy_block(
        self, number: int, rows: _Array, at: _Array, width: int,
        out_features: _Array, out_values: _Array,
    ) -> int:  # fmt: skip
        from tosg_graph.cells.gather import decode_rows

        first = number * self._block
        block = self._cache.get((self.path, number))
        if block is None:
            block = self._plain(first, number)
            self._cache.put((self.path, number), block)
        bad = decode_rows(
            block.gaps, block.values, block.starts, rows - first, self._order(width), at, width,
            out_features, out_values,
        )  # fmt: skip
        return first + int(bad) if bad >= 0 else -1

    def _order(self, width: int) -> _Array:
        """Check, once, that the shard's features lie on the axis."""
        if self._width != width:
            if len(self.order) and int(self.order.max()) >= width:
                raise self.damaged(f"a feature beyond {width - 1}")
            self._width = width
        return self.order

    def _plain(self, first: int, number: int) -> Block:
        """Decompress a block."""
        last = min(first + self._block, self.rows)
        lengths = np.empty(last - first, np.int64)
        if (bad := self.lengths(np.arange(first, last), lengths)) >= 0:
            raise self.damaged(f"cell {bad}")
        starts = np.zeros(last - first + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        total, bytes_of_gap = int(starts[-1]), self._kinds[0].itemsize
        gaps = self._numbers(number, slice(0, bytes_of_gap), total, self._kinds[0])
        values = self._numbers(number, slice(bytes_of_gap, None), total, self._kinds[1])
        return Block(starts, gaps, values)

    def _numbers(self, block: int, planes: slice, total: int, kind: np.dtype[Any]) -> _Array:
        """Put the planes of a block together, in a type that holds them."""
        from tosg_graph.cells.gather import join_planes

        unsigned = np.dtype(f"uint{8 * kind.itemsize}")
        batch, row = divmod(block, BATCH_CELLS // self._block)
        found = []
        for at, first in self._places[batch, planes]:
            start, end = (int(first + offset) for offset in self._ends[at + row : at + row + 2])
            found.append(self._plane(block, start, end, total))
        if kind.kind == "u" and len(found[0]) and not any(len(plane) for plane in found[1:]):
            return found[0]  # all below 256: a byte each is enough
        out = np.empty(total, unsigned)
        if kind.itemsize == 2:
            join_planes(found[0], found[1], out)
        else:
            out[:] = 0
            for shift, plane in enumerate(found):
                if len(plane):
                    out |= plane.astype(unsigned) << np.array(8 * shift, unsigned)
        return out.view(kind)

    def _plane(self, block: int, start: int, end: int, total: int) -> _Array:
        if start == end:
            return self._bytes[:0]
        if start < 0 or end < start or end > self._buffer.size:
            raise self.damaged(f"block {block} lies outside the file")
        try:
            plain = self._codec.decompress(self._buffer.slice(start, end - start), total)
        except (pa.ArrowInvalid, OSError) as error:
            raise self.damaged(f"block {block}: {error}") from error
        if plain.size != total:
            raise self.damaged(f"block {block} holds {plain.size} values, {total} expected")
        return np.frombuffer(plain, np.uint8)


def compact_record(hot: Mapping[str, Any], path: Path, file: str) -> dict[str, Any]:
    """Describe a compact shard as a manifest lists it, from the record of the hot one."""
    size = {"file": file, "bytes": path.stat().st_size, "sha256": sha256(path)}
    return {**hot, **size, "tier": "compact"}


def open_shard(
    path: Path, record: Mapping[str, Any], cache: BlockCache | None = None
) -> MappedShard | CompactShard:
    """Map a shard of either tier.

    Raises
    ------
    CellsError
        If it is missing or damaged, or of a tier that this version does not know.
    """
    if record["tier"] == "hot":
        return MappedShard(path, record)
    if record["tier"] == "compact":
        return CompactShard(path, record, cache)
    raise CellsError(f"{path}: tier {record['tier']!r} found; hot or compact expected")
