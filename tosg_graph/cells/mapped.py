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

    def _view(self, kind: np.dtype[Any]) -> _Array:
        return np.frombuffer(self._buffer, kind, count=self._buffer.size // kind.itemsize)


class MappedShard(MappedFile):
    """A hot shard whose bytes stay in its file; only the places of its buffers are in memory.

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

    def _layout(self, reader: Any) -> None:
        feature_type, value_type = (field.type.value_type for field in reader.schema)
        self.feature_type, self.value_type = str(feature_type), str(value_type)
        self.offsets = self._view(np.dtype(np.int32))
        self.features = self._view(np.dtype(feature_type.to_pandas_dtype()))
        self.values = self._view(np.dtype(value_type.to_pandas_dtype()))
        batches = self._checked_batches(reader, 1)
        self.starts = np.array([self._places(b) for b in batches], np.int64).reshape(-1, 3)
        self.limits = np.array([len(self.features), len(self.values)], np.int64)

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

    def lengths(self, rows: _Array, out: _Array) -> int:
        """Measure how many values each row has; the first bad row, or -1."""
        from tosg_graph.cells.gather import row_lengths

        return int(row_lengths(self.offsets, self.starts, self.limits, rows, BATCH_CELLS, out))

    def copy(
        self, rows: _Array, at: _Array, width: int, out_features: _Array, out_values: _Array
    ) -> int:
        """Copy rows whose lengths were measured to their places; the first bad row, or -1."""
        from tosg_graph.cells.gather import copy_rows

        return int(
            copy_rows(
                self.offsets, self.features, self.values, self.starts, rows, BATCH_CELLS,
                at, width, out_features, out_values,
            )
        )  # fmt: skip

    def batches(self) -> Iterator[tuple[_Array, _Array, _Array]]:
        """Yield the record batches: offsets int64 [cells + 1], features, values; mapped, not read.

        Raises
        ------
        CellsError
            If offsets fall, or point outside the file.
        """
        for number, (at, feature, value) in enumerate(self.starts):
            cells = min(BATCH_CELLS, self.rows - number * BATCH_CELLS)
            offsets = self.offsets[at : at + cells + 1].astype(np.int64)
            total = int(offsets[-1])
            ends = np.array([feature, value]) + total
            if offsets[0] != 0 or np.any(np.diff(offsets) < 0) or np.any(ends > self.limits):
                raise self.damaged(f"offsets of batch {number}")
            yield (
                offsets,
                self.features[feature : feature + total],
                self.values[value : value + total],
            )


_AGAIN = "run the store's verify, or add the cells again"
