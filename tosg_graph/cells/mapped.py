"""A shard, mapped into memory: what the compiled loops need to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]


class MappedShard:
    """A shard whose bytes stay in its file; only the places of its buffers are in memory.

    Parameters
    ----------
    path
        The Arrow IPC file.
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
            reader = pa.ipc.open_file(self._buffer)
            self._layout(reader)
        except (pa.ArrowInvalid, OSError, IndexError) as error:
            raise CellsError(f"{path} is damaged ({error}); {_AGAIN}") from error

    def _check_size(self, path: Path, expected: int) -> None:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise CellsError(f"{path} is missing; {_AGAIN}") from None
        if size != expected:
            raise CellsError(f"{path} has {size:,} bytes, {expected:,} expected; {_AGAIN}")

    def _layout(self, reader: Any) -> None:
        feature_type, value_type = (field.type.value_type for field in reader.schema)
        self.offsets = self._view(np.dtype(np.int32))
        self.features = self._view(np.dtype(feature_type.to_pandas_dtype()))
        self.values = self._view(np.dtype(value_type.to_pandas_dtype()))
        batches = -(-self.rows // BATCH_CELLS)
        if reader.num_record_batches != batches:
            found = reader.num_record_batches
            raise CellsError(f"{self.path} has {found} batches, {batches} expected; {_AGAIN}")
        self.starts = np.empty((batches, 3), np.int64)
        for number in range(batches):
            batch = reader.get_batch(number)
            expected = min(BATCH_CELLS, self.rows - number * BATCH_CELLS)
            if batch.num_rows != expected:
                raise CellsError(
                    f"{self.path}: batch {number} has {batch.num_rows} cells, {expected} expected; "
                    f"{_AGAIN}"
                )
            self.starts[number] = self._places(batch)
        self.limits = np.array([len(self.features), len(self.values)], np.int64)

    def _view(self, kind: np.dtype[Any]) -> _Array:
        return np.frombuffer(self._buffer, kind, count=self._buffer.size // kind.itemsize)

    def _places(self, batch: pa.RecordBatch) -> tuple[int, int, int]:
        """Where offsets, features and values of a batch begin, in items of their views."""
        feature, value = (column.buffers() for column in batch.columns)
        chosen = (
            (feature[1], self.offsets),
            (feature[3], self.features),
            (value[3], self.values),
        )
        first, second, third = (self._place(buffer, view) for buffer, view in chosen)
        return first, second, third

    def _place(self, buffer: pa.Buffer | None, view: _Array) -> int:
        if buffer is None or buffer.size == 0:  # a batch of cells without counts
            return 0
        return int(buffer.address - self._buffer.address) // view.itemsize


_AGAIN = "run the store's verify, or add the cells again"
