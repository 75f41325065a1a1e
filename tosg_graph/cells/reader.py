"""A cell store on disk, read at memory speed: cells by position, in the order asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tosg_graph.cells.blocks import BlockCache
from tosg_graph.cells.manifest import (
    BATCH_CELLS,
    MODALITIES,
    axis_file,
    identity,
    measured_of,
    obs_file,
    read_manifest,
    version_numbers,
)
from tosg_graph.cells.obs_union import ObsFiles, joined_obs
from tosg_graph.cells.room import room
from tosg_graph.cells.rows import Columns, SparseRows
from tosg_graph.cells.stored_rows import StoredRows
from tosg_graph.errors import CellsError, UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.verify import Verified

_Array = np.ndarray[Any, np.dtype[Any]]
_Cells = Sequence[int] | _Array

#: Cells that are in memory at a time when a whole store is read.
SCAN_CELLS = 4 * BATCH_CELLS


class CellStore:
    """A cell store, opened for reading. May be shared by threads.

    Cells are known by position, 0 to ``n_cells`` - 1, the order of ``obs``.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._stored: dict[str, StoredRows] = {}
        self._cache = BlockCache()
        self._ranges: dict[str, tuple[_Array, _Array]] = {}
        self._columns: dict[str, pa.Array] = {}
        self._lock = Lock()
        #: Shards whose checksum was found right since the store was opened.
        self.checked: set[str] = set()

    @classmethod
    def open(cls, folder: Path | str, *, version: int | None = None) -> Self:
        """Open the store in a folder, as it is now, whatever others write to it from now on.

        Parameters
        ----------
        version
            An older version; default: the current one.

        Raises
        ------
        CellsError
            If the folder holds no finished store of this format, or none of that version.
        """
        return cls(Path(folder), read_manifest(Path(folder), version=version))

    def __reduce__(self) -> tuple[Any, ...]:
        """Open the same store anew where it arrives: mappings do not travel between processes."""
        return type(self), (self.folder, self.manifest)

    def __repr__(self) -> str:
        modalities = ", ".join(
            f"{name}: {entry['n_features']:,}"
            for name, entry in self.manifest["modalities"].items()
        )
        return f"CellStore({self.name!r}, {self.n_cells:,} cells; features {modalities})"

    @property
    def name(self) -> str:
        """Name of the store."""
        return str(self.manifest["name"])

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.manifest["n_cells"])

    @property
    def modalities(self) -> tuple[str, ...]:
        """What was counted: ``rna``, ``protein``."""
        return tuple(name for name in MODALITIES if name in self.manifest["modalities"])

    @property
    def version(self) -> int:
        """Number of the version that is open."""
        return int(self.manifest["version"])

    @property
    def versions(self) -> list[int]:
        """Versions that can be opened, oldest first."""
        return version_numbers(self.folder)

    @property
    def dataset_names(self) -> list[str]:
        """Names of the data sets, in the order of their cells."""
        return [str(dataset["name"]) for dataset in self.manifest["datasets"]]

    @cached_property
    def dataset_starts(self) -> _Array:
        """int64 [data sets + 1]: position of the first cell of each data set, and the end."""
        sizes = [dataset["n_cells"] for dataset in self.manifest["datasets"]]
        return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))

    def dataset_of(self, cells: _Cells) -> _Array:
        """Position of the data set of each cell: int64 [cells]."""
        found: _Array = np.searchsorted(self.dataset_starts, self._positions(cells), side="right")
        return found - 1

    @property
    def value_kind(self) -> str:
        """``counts`` or ``normalised``."""
        return str(self.manifest["value_kind"])

    @property
    def build_id(self) -> str:
        """Id of the graph build that the features are joined to."""
        return str(self.manifest["build_id"])

    @property
    def label_column(self) -> str | None:
        """The obs column of the label that was named when the cells were added."""
        return self.manifest["label_column"]  # type: ignore[no-any-return]

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what the store holds; the name is not part of it."""
        return identity(self.manifest)

    @cached_property
    def obs(self) -> pa.Table:
        """One row per cell: ``cell_id``, the sources' columns, ``donor_id``, totals per modality.

        The last column, ``data_set``, names the data set of each cell.
        """
        files = [obs_file(dataset["number"]) for dataset in self.manifest["datasets"]]
        return joined_obs([self.table(file) for file in files], self.dataset_names)

    @cached_property
    def obs_files(self) -> ObsFiles:
        """The same, for whoever reads a few of its columns."""
        files = [obs_file(dataset["number"]) for dataset in self.manifest["datasets"]]
        return ObsFiles([self.folder / file for file in files], self.dataset_names)

    @property
    def columns(self) -> list[str]:
        """Names of the columns of ``obs``."""
        return list(self.obs_files.schema.names)

    @cached_property
    def axis(self) -> pa.Table:
        """Every feature of every modality; see :meth:`features`."""
        return self.table(axis_file(self.manifest))

    def features(self, modality: str = "rna") -> pa.Table:
        """One row per feature of a modality, in the order of its axis.

        Columns ``modality, index, source_id, name, graph_id, mapping, candidates, total, cells``
        and ``datasets``, the number of data sets that measured it.
        """
        self._entry(modality)
        return self.axis.filter(pc.equal(self.axis["modality"], modality))

    def measured(self, modality: str = "rna") -> _Array:
        """Which data set measured which feature: bool [data sets, features].

        A count that is not listed is zero where the data set measured the feature; elsewhere
        nothing is known.
        """
        self._entry(modality)
        found = np.zeros((len(self.dataset_names), self.n_features(modality)), np.bool_)
        for number, dataset in enumerate(self.manifest["datasets"]):
            table = self.table(measured_of(dataset))
            part = table.filter(pc.equal(table["modality"], modality))
            found[number, part["index"].to_numpy()] = True
        return found

    def n_features(self, modality: str = "rna") -> int:
        """Length of the feature axis of a modality."""
        return int(self._entry(modality)["n_features"])

    def values(self, column: str) -> pa.Array:
        """Read a column of ``obs`` as one array; the other columns are not read.

        Raises
        ------
        UsageError
            If there is no such column, with those that there are.
        """
        self.check_column(column)
        if column not in self._columns:
            self._columns[column] = self.obs_files.column(column).combine_chunks()
        return self._columns[column]

    def take(self, column: str, cells: _Cells) -> pa.Array:
        """Read a column of ``obs`` for cells by position, in the order asked for.

        Memory is that of some 100,000 cells, whatever the size of the store.

        Raises
        ------
        UsageError
            If there is no such column or cell.
        """
        self.check_column(column)
        return self.obs_files.take(column, self._positions(cells))

    def check_column(self, column: str) -> None:
        """Check that ``obs`` has a column.

        Raises
        ------
        UsageError
            If there is no such column, with those that there are.
        """
        if column not in self.columns:
            known = ", ".join(self.columns)
            raise UsageError(f"the store {self.name!r} has no column {column!r}; it has {known}")

    def gather(
        self,
        modality: str,
        cells: _Cells,
        *,
        dtype: np.dtype[Any] | type | None = None,
        ascending: bool = True,
    ) -> SparseRows:
        """Read cells by position, in the order asked for; a cell may be asked for twice.

        Memory is that of the result: shards are mapped, never loaded.

        Parameters
        ----------
        modality
            ``rna`` or ``protein``.
        cells
            Positions, 0 to ``n_cells`` - 1.
        dtype
            Type of the counts; default: a signed type that holds them.
        ascending
            Whether the features of a cell must ascend; compact shards are read faster without.

        Raises
        ------
        UsageError
            If there is no such modality or cell.
        CellsError
            If a shard is missing or damaged.
        """
        entry = self._entry(modality)
        wanted = self._positions(cells)
        shards, rows, chosen = self._places(modality, wanted)
        stored = self._stored_rows(modality)
        lengths = stored.lengths(shards, rows)
        of_cells = np.zeros(len(wanted), np.int64)
        of_cells[chosen] = lengths
        indptr = np.zeros(len(wanted) + 1, np.int64)
        np.cumsum(of_cells, out=indptr[1:])
        width = int(entry["n_features"])
        indices = room(int(indptr[-1]), np.int32 if width < 2**31 else np.int64)
        counts = room(int(indptr[-1]), dtype or self._count_type(entry))
        at = indptr[:-1][chosen]
        stored.copy(shards, rows, lengths, at, indices, counts, ascending=ascending)
        return SparseRows(indptr, indices, counts, width)

    def scan(
        self,
        modality: str = "rna",
        *,
        cells: _Cells | None = None,
        step: int = SCAN_CELLS,
        ascending: bool = True,
    ) -> Iterator[tuple[_Array, SparseRows]]:
        """Read the whole store, or chosen cells, a few thousand at a time, with their positions."""
        wanted = np.arange(self.n_cells) if cells is None else self._positions(cells)
        for first in range(0, len(wanted), step):
            positions = wanted[first : first + step]
            yield positions, self.gather(modality, positions, ascending=ascending)

    def counts_for(
        self, graph_ids: Sequence[str], *, modality: str = "rna", cells: _Cells | None = None
    ) -> Columns:
        """Values of graph nodes, column-wise.

        Parameters
        ----------
        graph_ids
            Node ids; those that the store has no feature for come back as ``not_measured``.
        cells
            Positions; default: all cells, in order.
        """
        from tosg_graph.cells.gather import scatter_columns

        names = self.features(modality).column("graph_id").to_pylist()
        by_dataset = self.measured(modality)
        somewhere = np.asarray(by_dataset.any(axis=0))
        measured = {name for name, known in zip(names, somewhere, strict=True) if known}
        asked = list(dict.fromkeys(graph_ids))
        kept = [graph_id for graph_id in asked if graph_id in measured]
        place = {graph_id: column for column, graph_id in enumerate(kept)}
        column_of = np.array([place.get(name, -1) for name in names], np.int64)
        total = self.n_cells if cells is None else len(cells)
        kind = np.int64 if self.value_kind == "counts" else np.float64
        values, at = np.zeros((total, len(kept)), kind), 0
        for positions, rows in self.scan(modality, cells=cells):
            out = values[at : at + len(positions)]
            scatter_columns(rows.indptr, rows.indices, rows.counts, column_of, out)
            at += len(positions)
        missing = tuple(graph_id for graph_id in asked if graph_id not in measured)
        known = np.zeros((len(by_dataset), len(kept)), np.bool_)
        for column in range(len(kept)):
            known[:, column] = by_dataset[:, column_of == column].any(axis=1)
        where = self.dataset_of(np.arange(self.n_cells) if cells is None else cells)
        return Columns(tuple(kept), missing, values, known[where])

    def verify(self, *, source: Path | None = None, dataset: str | None = None) -> Verified:
        """Prove that the store holds what its manifest says; see :func:`verify_store`.

        Parameters
        ----------
        source
            The source of a data set, to compare every value with.
        dataset
            Which data set came from it, where the store has several.
        """
        from tosg_graph.cells.verify import verify_store

        return verify_store(self, source=source, dataset=dataset)

    def check_shards(self, cells: _Cells | None = None, *, modality: str | None = None) -> None:
        """Check the shards of cells (default: of all) before something lasting is made from them.

        See :func:`tosg_graph.cells.verify.check_shards`.
        """
        from tosg_graph.cells.verify import check_shards

        check_shards(self, None if cells is None else self._positions(cells), modality=modality)

    def shards_of(self, modality: str, cells: _Array | None = None) -> list[dict[str, Any]]:
        """What the manifest says of the shards that hold cells, by position; default: of all."""
        records: list[dict[str, Any]] = self._entry(modality)["shards"]
        if cells is None:
            return records
        return [records[number] for number in np.unique(self._places(modality, cells)[0]).tolist()]

    def _entry(self, modality: str) -> dict[str, Any]:
        entry = self.manifest["modalities"].get(modality)
        if entry is None:
            known = ", ".join(self.modalities)
            raise UsageError(f"the store {self.name!r} has no {modality!r} counts; it has {known}")
        return entry  # type: ignore[no-any-return]

    def table(self, file: str) -> pa.Table:
        """Read one of the store's tables by its path.

        Raises
        ------
        CellsError
            If it is missing or damaged.
        """
        try:
            return pq.read_table(self.folder / file, memory_map=True)
        except FileNotFoundError:
            raise CellsError(f"{self.folder / file} is missing; add the cells again") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise CellsError(
                f"{self.folder / file} is damaged ({error}); add the cells again"
            ) from error

    def _count_type(self, entry: dict[str, Any]) -> type:
        if self.value_kind == "normalised":
            return np.float32
        wide = any(shard["value_type"] == "uint32" for shard in entry["shards"])
        return np.int64 if wide else np.int32

    def _positions(self, cells: _Cells) -> _Array:
        found = np.asarray(cells)
        if found.size == 0:
            return np.empty(0, np.int64)
        if found.ndim != 1 or found.dtype.kind not in "iu":
            raise UsageError(
                f"cells are given as a list of positions; {found.dtype} of shape {found.shape} was "
                "found"
            )
        low, high = int(found.min()), int(found.max())
        if low < 0 or high >= self.n_cells:
            wrong = low if low < 0 else high
            raise UsageError(
                f"the store {self.name!r} has no cell {wrong}; positions are 0 to "
                f"{self.n_cells - 1}"
            )
        return found.astype(np.int64, copy=False)

    def _places(self, modality: str, cells: _Array) -> tuple[_Array, _Array, _Array | slice]:
        """Shard of each cell, its row within the shard, and which of the cells these are.

        A cell whose data set has no such modality is in no shard.
        """
        firsts, ends = self._shard_ranges(modality)
        shards = np.searchsorted(firsts, cells, side="right") - 1
        outside = (shards < 0) | (cells >= ends[shards])
        chosen: _Array | slice = slice(None)
        if outside.any():
            chosen = np.flatnonzero(~outside)
            shards, cells = shards[chosen], cells[chosen]
        return shards, cells - firsts[shards], chosen

    def _shard_ranges(self, modality: str) -> tuple[_Array, _Array]:
        """First cell of each shard, and the cell after its last: int64 [shards]."""
        if modality not in self._ranges:
            records = self._entry(modality)["shards"]
            numbers = [dataset["number"] for dataset in self.manifest["datasets"]]
            at = dict(zip(numbers, self.dataset_starts.tolist(), strict=False))
            firsts = []
            for record in records:
                firsts.append(at[record["dataset"]])
                at[record["dataset"]] += record["rows"]
            ends = [f + r["rows"] for f, r in zip(firsts, records, strict=True)]
            self._ranges[modality] = np.array(firsts, np.int64), np.array(ends, np.int64)
        return self._ranges[modality]

    def _stored_rows(self, modality: str) -> StoredRows:
        with self._lock:
            if modality not in self._stored:
                entry = self._entry(modality)
                files = [self.folder / record["file"] for record in entry["shards"]]
                self._stored[modality] = StoredRows(
                    files, entry["shards"], int(entry["n_features"]), self._cache
                )
            return self._stored[modality]
