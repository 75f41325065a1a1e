"""Columns of the table of cells, read one by one and kept as codes.

A store of ten million cells is asked about two or three of its columns at a time; only these are
read. Memory: 4 bytes per cell for a column of words, 8 for one of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.tables import Build
from tosg_graph.cells.codes import Numbers, Words, as_numbers, as_words, nothing_known
from tosg_graph.cells.fields import AGE, BEFORE_BIRTH, DATASET, DONOR, FIELD
from tosg_graph.cells.manifest import OBS
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.obs import ontology_column
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError

#: Columns that exist once the fields are there.
_ADDED = frozenset({*FIELD, *map(ontology_column, FIELD), AGE, BEFORE_BIRTH, DATASET})


class ObsColumns:
    """The columns of a store's cells.

    Parameters
    ----------
    store
        The store. One that was made before there were fields gets them in memory.
    build
        The graph build that knows the terms of fields; needed for such a store only.
    """

    def __init__(self, store: CellStore, build: Build | None = None) -> None:
        self.store, self._build = store, build
        self._words: dict[str, Words] = {}
        self._numbers: dict[str, Numbers] = {}

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self.store.n_cells

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        with _reading(self.store) as file:
            schema = file.schema_arrow
        if any(ontology_column(name) in schema.names for name in FIELD):
            return schema
        return self._standard.schema

    @cached_property
    def _standard(self) -> pa.Table:
        return standardise(self.store.obs, self._build, label=self.store.label_column)[0]

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.schema.names)

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers, or yes and no, rather than words."""
        kind = self.schema.field(name).type
        return bool(
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        )

    def words(self, name: str) -> Words:
        """Read a column as words; numbers are written out."""
        if name not in self._words:
            self._words[name] = as_words(self._read(name))
        return self._words[name]

    def numbers(self, name: str) -> Numbers:
        """Read a column of numbers."""
        if name not in self._numbers:
            self._numbers[name] = as_numbers(self._read(name))
        return self._numbers[name]

    def fetch(self, names: Iterable[str]) -> None:
        """Read several columns at once, which takes all cores; they are kept."""
        with _reading(self.store) as file:
            present = [name for name in names if name in file.schema_arrow.names]
            table = file.read(present, use_threads=True)
        for name in present:
            if self.is_number(name):
                self._numbers.setdefault(name, as_numbers(table.column(name)))
            else:
                self._words.setdefault(name, as_words(table.column(name)))

    def donors(self) -> Words:
        """The donors; without a column of them, nobody is known."""
        if DONOR in self.names:
            return self.words(DONOR)
        return nothing_known(self.n_cells)

    def _read(self, name: str) -> pa.ChunkedArray:
        with _reading(self.store) as file:
            if name in file.schema_arrow.names:
                return file.read([name], use_threads=True).column(name)
        return self._standard.column(name)


def _reading(store: CellStore) -> pq.ParquetFile:
    path = store.folder / OBS
    try:
        return pq.ParquetFile(path, memory_map=True)
    except FileNotFoundError:
        raise CellsError(f"{path} is missing; add the cells again") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise CellsError(f"{path} is damaged ({error}); add the cells again") from error
