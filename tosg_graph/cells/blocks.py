"""Reading compact shards: blocks of 64 cells, decompressed when one of their cells is read.

Readers that take some cells of a block now and others soon, as a shuffle within a window does, find
it still decompressed: a store keeps up to :data:`CACHE_BYTES` of such blocks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tosg_graph.cells.compact import BLOCK_CELLS, CODECS, LAYOUT, number_type
from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.cells.mapped import MappedFile
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]

#: Bytes of decompressed blocks that a store keeps: 280 blocks of cells with 1,550 values each, more
#: than a shuffle mixes.
CACHE_BYTES = 56 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers that mostly fit into a byte: of the few that do not, the rest stands apart.

    Parameters
    ----------
    low
        uint8: the lowest byte of each; float32: the numbers themselves.
    places
        uint32, ascending: which of them are larger than a byte.
    rest
        uint32, as many: what those have above their lowest byte.
    """

    low: _Array
    places: _Array
    rest: _Array

    @classmethod
    def of_planes(cls, planes: list[_Array], total: int, kind: np.dtype[Any]) -> Self:
        """Put numbers together from the planes of their bytes, of which an empty one is of zeros.

        Parameters
        ----------
        planes
            uint8, the lowest first.
        total
            How many numbers there are.
        kind
            Their type: unsigned, or float32.
        """
        none = np.empty(0, np.uint32)
        if kind.kind == "f":
            bytes_ = np.zeros((total, kind.itemsize), np.uint8)
            for at, plane in enumerate(planes):
                if len(plane):
                    bytes_[:, at] = plane
            return cls(bytes_.view(kind.newbyteorder("<")).ravel().astype(kind), none, none)
        low = planes[0] if len(planes[0]) else np.zeros(total, np.uint8)
        higher = [(8 * at, plane) for at, plane in enumerate(planes) if at and len(plane)]
        if not higher:
            return cls(low, none, none)
        large = np.zeros(total, np.bool_)
        for _, plane in higher:
            large |= plane != 0
        places = np.flatnonzero(large)
        rest = np.zeros(len(places), np.uint32)
        for shift, plane in higher:
            rest |= plane[places].astype(np.uint32) << np.uint32(shift)
        return cls(low, places.astype(np.uint32), rest)

    @property
    def where(self) -> tuple[int, ...]:
        """Where they lie in memory, as :func:`tosg_graph.cells.gather.read_numbers` takes it."""
        from tosg_graph.cells.gather import KINDS

        low, places, rest = (part.ctypes.data for part in (self.low, self.places, self.rest))
        return low, KINDS.index(self.low.dtype), places, rest, len(self.places)

    @property
    def nbytes(self) -> int:
        """Bytes that they take."""
        return int(self.low.nbytes + self.places.nbytes + self.rest.nbytes)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A decompressed block.

    Parameters
    ----------
    starts
        int64 [cells + 1]: where each cell begins.
    gaps, values
        Of all cells, one after the other.
    order
        uint32: the feature behind each number, the same for all blocks of a shard.
    """

    starts: _Array
    gaps: Numbers
    values: Numbers
    order: _Array
    #: Where these lie in memory, as :func:`tosg_graph.cells.gather.decode_rows` takes them.
    where: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts, order = self.starts.ctypes.data, self.order.ctypes.data
        where = (starts, order, len(self.order), *self.gaps.where, *self.values.where)
        object.__setattr__(self, "where", where)

    @property
    def nbytes(self) -> int:
        """Bytes of what it holds alone."""
        return int(self.starts.nbytes + self.gaps.nbytes + self.values.nbytes)


class BlockCache:
    """Decompressed blocks, those used last, up to so many bytes; may be shared by threads.

    Parameters
    ----------
    most
        Bytes of blocks that are kept.
    """

    def __init__(self, most: int = CACHE_BYTES) -> None:
        self._most, self._size = most, 0
        self._blocks: OrderedDict[Hashable, Block] = OrderedDict()
        self._making: dict[Hashable, Future[Block]] = {}
        self._lock = Lock()

    def take(self, wanted: Mapping[Hashable, Callable[[], Block]]) -> list[Block]:
        """Give blocks; those that are not kept are made, each by one thread only.

        Parameters
        ----------
        wanted
            Names of blocks → what makes them.

        Raises
        ------
        CellsError
            If one of them is damaged.
        """
        taken = [self._take(key, make) for key, make in wanted.items()]
        # those that other threads make are waited for when ours are made
        return [one.result() if isinstance(one, Future) else one for one in taken]

    def _take(self, key: Hashable, make: Callable[[], Block]) -> Block | Future[Block]:
        with self._lock:
            if (kept := self._blocks.get(key)) is not None:
                self._blocks.move_to_end(key)
                return kept
            if (begun := self._making.get(key)) is not None:
                return begun
            made = self._making[key] = Future[Block]()
        try:
            block = make()
        except BaseException as error:
            with self._lock:
                del self._making[key]
            made.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._keep(key, block)
        made.set_result(block)
        return block

    def _keep(self, key: Hashable, block: Block) -> None:
        """Keep a block, and let go of those that were not used for longest."""
        self._blocks[key] = block
        self._size += block.nbytes
        while self._size > self._most and len(self._blocks) > 1:
            _, gone = self._blocks.popitem(last=False)
            self._size -= gone.nbytes


class CompactShard(MappedFile):
    """A compact shard, mapped into memory; see :class:`MappedFile`."""

    def _layout(self, reader: Any) -> None:
        metadata = {k.decode(): v.decode() for k, v in (reader.schema.metadata or {}).items()}
        if (layout := metadata.get("layout", "1")) != LAYOUT:
            raise CellsError(
                f"{self.path} has the compact layout {layout}, {LAYOUT} expected; unpack the store "
                "with the version that packed it, or add its cells again"
            )
        if (size := int(metadata["block_cells"])) != BLOCK_CELLS:
            raise self.damaged(f"blocks of {size}, {BLOCK_CELLS} expected")
        name, _ = CODECS[metadata["codec"]]
        self._codec = pa.Codec(name)
        self._kinds = tuple(number_type(metadata[key]) for key in ("feature_type", "value_type"))
        batches = self._checked_batches(reader, BLOCK_CELLS)
        #: uint32: the feature behind each number.
        self.order: _Array = np.empty(0, np.uint32)
        if batches:
            self.order = batches[0].column(0)[0].values.to_numpy()
        cells = [min(BATCH_CELLS, self.rows - k * BATCH_CELLS) for k in range(len(batches))]
        lengths = [b.column(1).buffers()[3] for b in batches]
        #: int64 [record batches]: bytes before the lengths of the cells.
        self.starts = np.array(
            [self._place(b, 4 * n) for b, n in zip(lengths, cells, strict=True)], np.int64
        )
        planes = range(2, len(reader.schema))
        places = [[self._plane_places(b.column(k)) for k in planes] for b in batches]
        self._places = np.array(places, np.int64)

    def _plane_places(self, column: pa.Array) -> tuple[int, int]:
        """Bytes before the offsets of a plane (32-bit), and before what they point into."""
        _, offsets, data = column.buffers()
        return self._place(offsets, 4 * (len(column) + 1)), self._place(data)

    def block(self, number: int) -> Block:
        """Decompress a block.

        Raises
        ------
        CellsError
            If it is damaged.
        """
        first = number * BLOCK_CELLS
        batch, row = divmod(first, BATCH_CELLS)
        cells = min(BLOCK_CELLS, self.rows - first)
        lengths = self._view(np.dtype(np.uint32), int(self.starts[batch]) + 4 * row, cells)
        if np.any(lengths > len(self.order)):
            raise self.damaged(f"cell {first + int(lengths.argmax())}")
        starts = np.zeros(cells + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        total, bytes_of_gap = int(starts[-1]), self._kinds[0].itemsize
        gaps = self._numbers(number, slice(0, bytes_of_gap), total, self._kinds[0])
        values = self._numbers(number, slice(bytes_of_gap, None), total, self._kinds[1])
        return Block(starts, gaps, values, self.order)

    def _numbers(self, block: int, planes: slice, total: int, kind: np.dtype[Any]) -> Numbers:
        """Decompress some planes of a block."""
        batch, row = divmod(block, BATCH_CELLS // BLOCK_CELLS)
        found = []
        for at, first in self._places[batch, planes].tolist():
            ends = self._view(np.dtype(np.int32), at + 4 * row, 2).tolist()
            found.append(self._plane(block, first + ends[0], first + ends[1], total))
        return Numbers.of_planes(found, total, kind)

    def _plane(self, block: int, start: int, end: int, total: int) -> _Array:
        if start == end:
            return np.empty(0, np.uint8)
        if start < 0 or end < start or end > self.size:
            raise self.damaged(f"block {block} lies outside the file")
        try:
            plain = self._codec.decompress(self._buffer.slice(start, end - start), total)
        except (pa.ArrowInvalid, OSError) as error:
            raise self.damaged(f"block {block}: {error}") from error
        if plain.size != total:
            raise self.damaged(f"block {block} holds {plain.size} values, {total} expected")
        return np.frombuffer(plain, np.uint8)
