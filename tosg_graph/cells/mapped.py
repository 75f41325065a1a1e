"""A shard, mapped into memory: what the compiled loops need to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]


class MappedFile:
    """An Arrow IPC file whose bytes stay in the file.

    Parameters
    ----------
    path
        The file.
    record
        What the manifest says of it.

    Raises
    ------
    CellsError
        If the file is missing, has another size than the manifest says, or is no shard.
    """

    def __init__(self, path: Path, record: Mapping[str, Any]) -> None:
        self.path = path
        self.rows = int(record["rows"])
        self._check_size(path, int(record["bytes"]))
        try:
            with pa.memory_map(str(path)) as source:
                self._buffer = source.read_buffer(source.size())
            self.address, self.size = int(self._buffer.address), int(self._buffer.size)
            self._layout(pa.ipc.open_file(self._buffer))
        except (pa.ArrowException, OSError, IndexError, KeyError, ValueError, AttributeError) as e:
            raise self.damaged(str(e)) from e

    def damaged(self, why: str) -> CellsError:
        """Say that the file is damaged, and what to do."""
        return CellsError(f"{self.path} is damaged ({why}); {_AGAIN}")

    def _layout(self, reader: Any) -> None:
        raise NotImplementedError

    def _check_size(self, path: Path, expected: int) -> None:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise CellsError(f"{path} is missing; {_AGAIN}") from None
        if size != expected:
            raise CellsError(f"{path} has {size:,} bytes, {expected:,} expected; {_AGAIN}")

    def _checked_batches(self, reader: Any, row_cells: int) -> list[pa.RecordBatch]:
        """Record batches, each of as many rows as ``rows`` cells need."""
        batches = -(-self.rows // BATCH_CELLS)
        if reader.num_record_batches != batches:
            found = reader.num_record_batches
            raise CellsError(f"{self.path} has {found} batches, {batches} expected; {_AGAIN}")
        found = [reader.get_batch(number) for number in range(batches)]
        for number, batch in enumerate(found):
            cells = min(BATCH_CELLS, self.rows - number * BATCH_CELLS)
            expected = -(-cells // row_cells)
            if batch.num_rows != expected:
                raise CellsError(
                    f"{self.path}: batch {number} has {batch.num_rows} rows, {expected} expected; "
                    f"{_AGAIN}"
                )
        return found

    def _view(self, kind: np.dtype[Any], at: int, length: int) -> _Array:
        """Numbers so many bytes from the beginning of the file; mapped, not read."""
        return np.frombuffer(self._buffer, kind, length, at)

    def _place(self, buffer: pa.Buffer | None, least: int = 0) -> int:
        """How many bytes from the beginning of the file a buffer begins; 0 if it has none."""
        if buffer is None or buffer.size == 0:  # a batch of cells without counts
            if least:
                raise self.damaged(f"nothing found, {least} bytes expected")
            return 0
        at = int(buffer.address) - self.address
        if not 0 <= at <= at + buffer.size <= self.size or buffer.size < least:
            raise self.damaged(f"{buffer.size} bytes at {at} found, {least} expected")
        return at


class MappedShard(MappedFile):
    """A hot shard whose bytes stay in its file; only the places of its buffers are in memory."""

    def _layout(self, reader: Any) -> None:
        feature_type, value_type = (field.type.value_type for field in reader.schema)
        self.feature_type, self.value_type = str(feature_type), str(value_type)
        self.types = tuple(np.dtype(t.to_pandas_dtype()) for t in (feature_type, value_type))
        batches = self._checked_batches(reader, 1)
        #: int64 [record batches, 3]: bytes before offsets, features and values.
        self.starts = np.array([self._places(b) for b in batches], np.int64).reshape(-1, 3)

    def _places(self, batch: pa.RecordBatch) -> tuple[int, int, int]:
        feature, value = (column.buffers() for column in batch.columns)
        offsets = self._place(feature[1], 4 * (batch.num_rows + 1))
        return offsets, self._place(feature[3]), self._place(value[3])

    def batches(self) -> Iterator[tuple[_Array, _Array, _Array]]:
        """Yield the record batches: offsets int64 [cells + 1], features, values; mapped, not read.

        Raises
        ------
        CellsError
            If offsets fall, or point outside the file.
        """
        for number, (at, feature, value) in enumerate(self.starts.tolist()):
            cells = min(BATCH_CELLS, self.rows - number * BATCH_CELLS)
            offsets = self._view(np.dtype(np.int32), at, cells + 1).astype(np.int64)
            total, (of_feature, of_value) = int(offsets[-1]), self.types
            ends = feature + total * of_feature.itemsize, value + total * of_value.itemsize
            if offsets[0] != 0 or np.any(np.diff(offsets) < 0) or max(ends) > self.size:
                raise self.damaged(f"offsets of batch {number}")
            yield (
                offsets,
                self._view(of_feature, feature, total),
                self._view(of_value, value, total),
            )


_AGAIN = "run the store's verify, or add the cells again"
