"""Columns of the table of cells, read one by one and kept as codes.

A store of ten million cells is asked about two or three of its columns at a time; only these are
read, a million cells at a time. Memory: 1 byte per cell for a column of up to 127 words, 2 for up
to 32,767, else 4; for one of numbers, that of their type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.tables import Build
from tosg_graph.cells.codes import (
    Numbers,
    NumbersReader,
    Words,
    WordsReader,
    as_numbers,
    as_words,
    nothing_known,
)
from tosg_graph.cells.fields import DONOR, FIELD
from tosg_graph.cells.manifest import obs_file
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.obs import is_unknown, ontology_column
from tosg_graph.cells.obs_union import DATA_SET, dataset_codes, fitted, joined_schema
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.vocabulary import vocabulary
from tosg_graph.errors import CellsError

#: Fields of which the words of sources may contradict each other within a donor.
_DONOR_FIELDS = frozenset(name for name, field in FIELD.items() if field.of_donor)

#: Row groups (131,072 cells each) that are in memory at a time while columns are read.
_GROUPS = 8


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
        schema = self._stored
        if any(ontology_column(name) in schema.names for name in FIELD):
            return schema
        return self._standard.schema

    @cached_property
    def _stored(self) -> pa.Schema:
        """Columns as they are in the files, of all data sets."""
        files = [_reading(self.store, number) for number in self._numbers_of_datasets]
        schema = joined_schema([file.schema_arrow for file in files])
        for file in files:
            file.close()
        return schema.append(pa.field(DATA_SET, pa.dictionary(pa.int32(), pa.string())))

    @property
    def _numbers_of_datasets(self) -> list[int]:
        return [dataset["number"] for dataset in self.store.manifest["datasets"]]

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
        if name not in self._words and not self.is_number(name):
            self.fetch([name])
        if name not in self._words:
            self._words[name] = as_words(self._read(name))
        return self._words[name]

    def numbers(self, name: str) -> Numbers:
        """Read a column of numbers."""
        if name not in self._numbers:
            self.fetch([name])
        if name not in self._numbers:
            self._numbers[name] = as_numbers(self._read(name))
        return self._numbers[name]

    def fetch(self, names: Iterable[str]) -> None:
        """Read several columns at once, in one pass over the file; they are kept."""
        known = {*self._words, *self._numbers}
        wanted = [n for n in names if n in self._stored.names and n not in known]
        if not wanted:
            return
        readers: dict[str, WordsReader | NumbersReader] = {
            name: (NumbersReader if self.is_number(name) else WordsReader)(self.n_cells)
            for name in wanted
        }
        for table in self._pieces(wanted):
            for name, reader in readers.items():
                reader.add(table.column(name))
        for name, reader in readers.items():
            self._keep(name, reader.finish())

    def _pieces(self, names: list[str]) -> Iterator[pa.Table]:
        """Read columns of all data sets in the order of their cells, some row groups at a time."""
        schema = pa.schema([self._stored.field(n) for n in names if n != DATA_SET])
        datasets = zip(self._numbers_of_datasets, self.store.dataset_names, strict=True)
        for number, name in datasets:
            with _reading(self.store, number) as file:
                own = [n for n in schema.names if n in file.schema_arrow.names]
                for first in range(0, file.num_row_groups, _GROUPS):
                    groups = range(first, min(first + _GROUPS, file.num_row_groups))
                    rows = sum(file.metadata.row_group(group).num_rows for group in groups)
                    table = file.read_row_groups(list(groups), columns=own, use_threads=False)
                    yield _whole(table, rows, schema, name if DATA_SET in names else None)

    def _keep(self, name: str, column: Words | Numbers) -> None:
        if isinstance(column, Words):
            self._words[name] = column
        else:
            self._numbers[name] = column

    def values_of(self, name: str) -> Words:
        """Read a column by what it means: unknown words are null, and one term is one value.

        A field is read as the names of its terms, or as the source's words for cells without one.
        """
        words = self.words(name) if name not in _DONOR_FIELDS else nothing_known(self.n_cells)
        told = np.array([not is_unknown(value) for value in words.values], bool)
        if name not in FIELD or self.is_number(name):
            return Words(
                words.values, np.where(words.where(told), words.codes, -1).astype(np.int32)
            )
        ids = self.words(ontology_column(name))
        terms = vocabulary(FIELD[name], self._build).terms
        named = [terms.names.get(term, term) for term in ids.values]
        spoken = sorted({*named, *(v for v, said in zip(words.values, told, strict=True) if said)})
        place = {value: number for number, value in enumerate(spoken)}
        by_id = np.array([place[value] for value in named] + [-1], np.int32)[ids.codes]
        by_word = np.array([place.get(value, -1) for value in words.values] + [-1], np.int32)
        return Words(tuple(spoken), np.where(by_id < 0, by_word[words.codes], by_id))

    def donors(self) -> Words:
        """The donors; without a column of them, nobody is known."""
        if DONOR in self.names:
            return self.words(DONOR)
        return nothing_known(self.n_cells)

    def _read(self, name: str) -> pa.ChunkedArray:
        if name not in self._stored.names:
            return self._standard.column(name)
        pieces = [table.column(name) for table in self._pieces([name])]
        chunks = [chunk for piece in pieces for chunk in piece.chunks]
        return pa.chunked_array(chunks, self._stored.field(name).type)


def _whole(table: pa.Table, rows: int, schema: pa.Schema, dataset: str | None) -> pa.Table:
    """Give some rows of one data set every column that was asked for."""
    if not table.num_columns:
        table = pa.table([pa.nulls(rows, field.type) for field in schema], schema=schema)
    table = fitted(table, schema) if len(schema) else table
    if dataset is None:
        return table
    codes = dataset_codes([rows], [dataset])
    return table.append_column(DATA_SET, codes) if len(schema) else pa.table({DATA_SET: codes})


def _reading(store: CellStore, dataset: int) -> pq.ParquetFile:
    path = store.folder / obs_file(dataset)
    try:
        return pq.ParquetFile(path, pre_buffer=True)  # maps cost more in page faults
    except FileNotFoundError:
        raise CellsError(f"{path} is missing; add the cells again") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise CellsError(f"{path} is damaged ({error}); add the cells again") from error
