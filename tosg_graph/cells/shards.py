"""Shards: Arrow IPC files of 1,024-cell record batches, written in order, never half done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from tosg_graph.cells.manifest import BATCH_CELLS, SHARD_CELLS, sha256
from tosg_graph.errors import CellsError

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


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard.

    Parameters
    ----------
    file
        Path within the store.
    rows
        Cells in it.
    size
        Bytes of the file.
    sha256
        Checksum of the file.
    feature_type, value_type
        Arrow types of the items, as their names.
    """

    file: str
    rows: int
    size: int
    sha256: str
    feature_type: str
    value_type: str

    def record(self) -> dict[str, Any]:
        """Describe the shard as a manifest lists it."""
        return {
            "file": self.file,
            "rows": self.rows,
            "bytes": self.size,
            "sha256": self.sha256,
            "feature_type": self.feature_type,
            "value_type": self.value_type,
        }


class ShardWriter:
    """Writes the cells of one modality into shards.

    A shard starts with 16-bit counts. The first count that does not fit rewrites what the shard
    has so far with 32 bits; no other shard is touched, so that shards can be made apart.

    Parameters
    ----------
    store
        Folder of the store.
    modality
        Name of the modality, and of its folder.
    n_features
        Length of the feature axis.
    normalised
        Whether the values are 32-bit floats instead of counts.
    shard_cells
        Cells of a shard, a multiple of 1,024.
    """

    def __init__(
        self,
        store: Path,
        modality: str,
        n_features: int,
        *,
        normalised: bool = False,
        shard_cells: int = SHARD_CELLS,
    ) -> None:
        if shard_cells % BATCH_CELLS:
            raise ValueError(f"shard_cells is {shard_cells}; a multiple of {BATCH_CELLS} expected")
        self._store, self._modality, self._shard_cells = store, modality, shard_cells
        self._features = pa.uint32() if n_features >= WIDE_FEATURES else pa.uint16()
        self._normalised = normalised
        self._values = pa.float32() if normalised else pa.uint16()
        self._sink: Any = None
        self._writer: Any = None
        self._rows = 0
        self._done: list[Shard] = []
        (store / modality).mkdir(parents=True)

    def append(self, rows: csr_matrix) -> None:
        """Write rows: indices sorted and unique, no zeros; 1,024·k of them, except at the end."""
        indptr = rows.indptr.astype(np.int64, copy=False)
        for first in range(0, rows.shape[0], BATCH_CELLS):
            offsets = indptr[first : first + BATCH_CELLS + 1]
            part = slice(int(offsets[0]), int(offsets[-1]))
            self._append_batch(offsets - offsets[0], rows.indices[part], rows.data[part])

    def finish(self) -> list[Shard]:
        """Close the last shard and return all of them, in order."""
        if self._writer is not None:
            self._close_shard()
        return self._done

    def close(self) -> None:
        """Let go of the open file; for a conversion that failed."""
        if self._writer is not None:
            self._writer.close()
            self._sink.close()
            self._writer = None

    def _append_batch(self, offsets: Any, features: Any, values: Any) -> None:
        if self._writer is None:
            self._open_shard()
        if not self._normalised and len(values):
            self._make_room(int(values.max()))
        self._writer.write_batch(_batch(self._schema, offsets, features, values))
        self._rows += len(offsets) - 1
        if self._rows == self._shard_cells:
            self._close_shard()

    @property
    def _schema(self) -> pa.Schema:
        return shard_schema(self._features, self._values)

    @property
    def _file(self) -> str:
        return f"{self._modality}/{len(self._done):06d}.arrow"

    def _open_shard(self) -> None:
        self._sink = pa.OSFile(str(self._store / self._file), "wb")
        self._writer = pa.ipc.new_file(self._sink, self._schema)

    def _make_room(self, highest: int) -> None:
        if highest > _WIDE:
            raise CellsError(f"{self._modality}: a count of {highest} found; at most {_WIDE} fit")
        if highest > _NARROW and self._values == pa.uint16():
            self.close()
            self._values = pa.uint32()
            self._rewrite(self._store / self._file)

    def _rewrite(self, path: Path) -> None:
        """Copy the batches written so far into a file of the present, wider schema."""
        narrow = path.with_suffix(".narrow")
        path.rename(narrow)
        self._open_shard()
        with pa.memory_map(str(narrow)) as source:
            reader = pa.ipc.open_file(source)
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                self._writer.write_batch(batch.cast(self._schema))
        narrow.unlink()

    def _close_shard(self) -> None:
        self.close()
        path = self._store / self._file
        shard = Shard(
            file=self._file,
            rows=self._rows,
            size=path.stat().st_size,
            sha256=sha256(path),
            feature_type=str(self._features),
            value_type=str(self._values),
        )
        self._done.append(shard)
        self._rows = 0
        self._values = pa.float32() if self._normalised else pa.uint16()


def _batch(schema: pa.Schema, offsets: Any, features: Any, values: Any) -> pa.RecordBatch:
    starts = pa.array(offsets.astype(np.int32))
    columns = [
        pa.ListArray.from_arrays(
            starts, pa.array(part.astype(field.type.value_type.to_pandas_dtype())), type=field.type
        )
        for field, part in zip(schema, (features, values), strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
