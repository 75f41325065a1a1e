"""Hot shards: Arrow IPC files of 1,024-cell record batches, written in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from tosg_graph.cells.manifest import BATCH_CELLS
from tosg_graph.errors import CellsError
from tosg_graph.filing import sha256

_NARROW = np.iinfo(np.uint16).max
_WIDE = np.iinfo(np.uint32).max
#: Features from which on a feature's index takes 32 bits.
WIDE_FEATURES = 65_536


def shard_schema(features: pa.DataType, values: pa.DataType) -> pa.Schema:
    """Describe a shard: ``feature`` and, of equal length, ``count`` (or ``value``).

    Indices are sorted within a cell and occur once; what is not listed is zero.
    """
    name = "value" if pa.types.is_floating(values) else "count"
    return pa.schema([_list_field("feature", features), _list_field(name, values)])


def _list_field(name: str, item: pa.DataType) -> pa.Field:
    return pa.field(name, pa.list_(pa.field("item", item, nullable=False)), nullable=False)


class ShardWriter:
    """Writes the cells of one shard.

    A shard starts with 16-bit counts. The first count that does not fit rewrites what the shard
    has so far with 32 bits; no other shard is touched, so that shards can be made apart.

    Parameters
    ----------
    path
        The file to write.
    n_features
        Length of the feature axis.
    normalised
        Whether the values are 32-bit floats instead of counts.
    wide
        Whether to start with 32-bit counts.
    """

    def __init__(
        self, path: Path, n_features: int, *, normalised: bool = False, wide: bool = False
    ) -> None:
        self._path = path
        self._features = pa.uint32() if n_features >= WIDE_FEATURES else pa.uint16()
        self._normalised = normalised
        self._values = pa.float32() if normalised else pa.uint32() if wide else pa.uint16()
        self._sink: Any = None
        self._writer: Any = None
        self._rows = 0
        self._n_values = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def append(self, rows: csr_matrix) -> None:
        """Write rows: indices sorted and unique, no zeros; 1,024·k of them, except at the end.

        Raises
        ------
        ValueError
            If rows come after a number of rows that 1,024 does not divide.
        CellsError
            If a count does not fit 32 bits.
        """
        if self._rows % BATCH_CELLS:
            raise ValueError(f"rows after {self._rows} rows; {BATCH_CELLS} divide all but the last")
        indptr = rows.indptr.astype(np.int64, copy=False)
        for first in range(0, rows.shape[0], BATCH_CELLS):
            offsets = indptr[first : first + BATCH_CELLS + 1]
            part = slice(int(offsets[0]), int(offsets[-1]))
            self._append_batch(offsets - offsets[0], rows.indices[part], rows.data[part])

    def finish(self) -> dict[str, Any]:
        """Close the file and describe it: rows, bytes, checksums and types."""
        self.close()
        digest = sha256(self._path)
        return {
            "rows": self._rows,
            "n_values": self._n_values,
            "bytes": self._path.stat().st_size,
            "sha256": digest,
            "content": digest,
            "tier": "hot",
            "feature_type": str(self._features),
            "value_type": str(self._values),
        }

    def close(self) -> None:
        """Let go of the open file."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                writer.close()
            finally:
                self._sink.close()

    def _append_batch(self, offsets: Any, features: Any, values: Any) -> None:
        if not self._normalised and len(values):
            self._make_room(int(values.max()))
        self._writer.write_batch(_batch(self._schema, offsets, features, values))
        self._rows += len(offsets) - 1
        self._n_values += len(values)

    @property
    def _schema(self) -> pa.Schema:
        return shard_schema(self._features, self._values)

    def _open(self) -> None:
        self._sink = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema)

    def _make_room(self, highest: int) -> None:
        if highest > _WIDE:
            raise CellsError(f"{self._path}: a count of {highest} found; at most {_WIDE} fit")
        if highest > _NARROW and self._values == pa.uint16():
            self.close()
            self._values = pa.uint32()
            self._rewrite()

    def _rewrite(self) -> None:
        """Copy the batches written so far into a file of the present, wider schema."""
        narrow = self._path.with_name(f"{self._path.name}.narrow")
        self._path.rename(narrow)
        try:
            self._open()
            with pa.memory_map(str(narrow)) as source:
                reader = pa.ipc.open_file(source)
                for number in range(reader.num_record_batches):
                    batch = reader.get_batch(number)
                    self._writer.write_batch(batch.cast(self._schema))
        finally:
            narrow.unlink()


def _batch(schema: pa.Schema, offsets: Any, features: Any, values: Any) -> pa.RecordBatch:
    starts = pa.array(offsets.astype(np.int32))
    columns = [
        pa.ListArray.from_arrays(
            starts, pa.array(part.astype(field.type.value_type.to_pandas_dtype())), type=field.type
        )
        for field, part in zip(schema, (features, values), strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
