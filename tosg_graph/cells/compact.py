"""The compact tier: a shard in a third of the bytes, read by blocks of 64 cells.

A compact shard is an Arrow IPC file with one row per block of 64 cells. The features that the
shard has are numbered by prevalence, the most frequent first (``order``, in the first row). Within
a cell the numbers ascend and are written as gaps: the first number, then each difference less one;
its values stand in the same order. Gaps and values are cut into byte planes, all low bytes of the
block together, then the next ones; each plane is compressed by itself (zstd or LZ4), and a plane of
zeros takes no bytes. The lengths of the cells stay uncompressed, so that a reader knows them
without decoding.

Any bytes decode to ascending numbers, and the last one is checked against ``order``: a damaged
shard gives an error, never a wrong place in memory. :mod:`tosg_graph.cells.blocks` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tosg_graph.cells.mapped import MappedShard

_Array = np.ndarray[Any, np.dtype[Any]]

#: Cells of a block: what is decoded to read any cell in it.
BLOCK_CELLS = 64

#: What tells the layout that this version reads and writes: in the first one, values stood in the
#: order of the feature axis, which made reading a third slower.
LAYOUT = "2"

#: Codec → its name in Arrow and its level.
CODECS: dict[str, tuple[str, int | None]] = {"zstd": ("zstd", 3), "lz4": ("lz4_raw", None)}


def compact_schema(feature_type: str, value_type: str, codec: str) -> pa.Schema:
    """Describe a compact shard; ``feature_type`` and ``value_type`` are those of the hot one."""
    planes = [
        pa.field(f"{what}_{plane}", pa.binary(), nullable=False)
        for what, kind in (("gap", feature_type), ("value", value_type))
        for plane in range(number_type(kind).itemsize)
    ]
    lists = [
        pa.field(name, pa.list_(pa.field("item", pa.uint32(), nullable=False)), nullable=False)
        for name in ("order", "length")
    ]
    metadata = {
        "layout": LAYOUT,
        "codec": codec,
        "block_cells": str(BLOCK_CELLS),
        "feature_type": feature_type,
        "value_type": value_type,
    }
    return pa.schema([*lists, *planes], metadata=metadata)


def number_type(name: str) -> np.dtype[Any]:
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

    gaps, ordered = np.empty_like(features), np.empty_like(values)
    encode_gaps(offsets, features, values, rank, gaps, ordered)
    for first in range(0, len(offsets) - 1, BLOCK_CELLS):
        ends = offsets[first : first + BLOCK_CELLS + 1]
        part = slice(int(ends[0]), int(ends[-1]))
        planes = [*byte_planes(gaps[part]), *byte_planes(ordered[part])]
        yield (
            np.diff(ends).astype(np.uint32),
            [press.compress(p, asbytes=True) if p.any() else b"" for p in planes],
        )


def byte_planes(values: _Array) -> list[_Array]:
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
