"""Columns of the table of cells, read one by one and kept as codes.

A store of ten million cells is asked about two or three of its columns at a time; only these are
read, a million cells at a time. Memory: 1 byte per cell for a column of up to 127 words, 2 for up
to 32,767, else 4; for one of numbers, that of their type.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pyarrow as pa

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
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.obs import is_unknown, ontology_column
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.vocabulary import SEVERAL, ids_in, vocabulary

#: Fields of which the words of sources may contradict each other within a donor.
_DONOR_FIELDS = frozenset(name for name, field in FIELD.items() if field.of_donor)


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

    @property
    def _stored(self) -> pa.Schema:
        """Columns as they are in the files."""
        return self.store.obs_files.schema

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
        for table in self.store.obs_files.pieces(wanted):
            for name, reader in readers.items():
                reader.add(table.column(name))
        for name, reader in readers.items():
            self._keep(name, reader.finish())

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
        named = [
            SEVERAL.join(terms.names.get(term, term) for term in ids_in(value))
            for value in ids.values
        ]
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
        return self.store.obs_files.column(name)
