"""The fields of a table of cells: their columns, the terms of their values, what contradicts.

Work is done per distinct value; per cell there are only codes. Memory: 8 bytes per cell and field
beside the table itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tosg_graph.build.tables import Build
from tosg_graph.cells.ages import NOT_KNOWN, Age, read_age, stage_age
from tosg_graph.cells.codes import Words, as_words, distinct, joint_codes, nothing_known
from tosg_graph.cells.fields import (
    AGE,
    AGE_COLUMNS,
    BEFORE_BIRTH,
    DATASET,
    DATASET_COLUMNS,
    DONOR,
    FIELDS,
    Field,
)
from tosg_graph.cells.metadata_report import Conflict, FieldValue, MetadataReport
from tosg_graph.cells.obs import is_unknown, ontology_column
from tosg_graph.cells.vocabulary import UNKNOWN, Meaning, Vocabulary, vocabularies

_Codes = npt.NDArray[np.int64]


def standardise(
    obs: pa.Table,
    build: Build | None = None,
    *,
    label: str | None = None,
    study: str | None = None,
    data_set: str | None = None,
) -> tuple[pa.Table, MetadataReport]:
    """Give a table of cells the columns of every field that it says something of.

    Added are, per field, a column of its name (the source's words) and one of ontology ids, and
    ``age_years`` (float64, years) and ``before_birth`` (bool). An ``age_years`` of the source is
    kept as ``source_age_years``. Doing it twice changes nothing.

    Parameters
    ----------
    obs
        One row per cell; ``donor_id`` where donors are known.
    build
        The graph build that knows cell types, tissues and diseases.
    label
        The label column; taken for the cell type where no column is called so and its values are
        known cell types.
    study
        The column with the study of each cell; default: the first of those that files have.
    data_set
        What stands for the study where no cell says one: the name of the data set in its store.
    """
    table = _Standard(obs, vocabularies(build), label)
    for one in FIELDS:
        table.add(one)
    table.add_age()
    table.add_dataset(study, data_set)
    table.count_donors()
    return table.obs, table.report


class _Standard:
    """A table of cells on its way to having the columns of the fields."""

    def __init__(self, obs: pa.Table, known: dict[str, Vocabulary], label: str | None) -> None:
        self.obs = obs.unify_dictionaries()
        self.report = MetadataReport(obs.num_rows)
        self._known, self._label = known, label
        donors = self._words(DONOR)
        self._donors, self._donor_codes = donors.values, donors.codes.astype(np.int64)
        told = self._donor_codes[self._donor_codes >= 0]
        self._donor_cells = np.bincount(told, minlength=len(self._donors))
        self._ages: list[tuple[list[Age], _Codes]] = []
        self._torn: set[int] = set()  # donors of whom two stages or ages are said

    def _words(self, column: str) -> Words:
        """A column as words; one that is not there says nothing."""
        if column not in self.obs.column_names:
            return nothing_known(self.obs.num_rows)
        return as_words(self.obs.column(column))

    def add(self, one: Field) -> None:
        """Add the columns of a field of terms."""
        column = self._column(one)
        if column is None:
            return
        values, meanings, codes = self._read(one, column)
        self.report.columns[one.name] = column
        self._list(one.name, column, values, meanings, codes)
        if one.of_donor:
            said = [_said(m, v) for m, v in zip(meanings, values, strict=True)]
            codes = self._agreed(one.name, said, codes)
        if column != one.name:
            words = [v or m.name for v, m in zip(values, meanings, strict=True)]
            self._put(one.name, words, codes)
        self._put(ontology_column(one.name), [m.written for m in meanings], codes)
        if one.name == "stage":
            ages = [_age(m, v) for m, v in zip(meanings, values, strict=True)]
            self._ages.append((ages, codes))

    def _column(self, one: Field) -> str | None:
        column = one.column_in(self.obs.column_names)
        if column is not None and pa.types.is_dictionary(self.obs.schema.field(column).type):
            return column
        if one.name != "cell_type" or self._label not in self.obs.column_names:
            return None  # numbers name no term
        return self._label if self._words(ontology_column(str(self._label))).values else None

    def _read(self, one: Field, column: str) -> tuple[list[str | None], list[Meaning], _Codes]:
        """Distinct values with what they mean, and the place of each cell's among them."""
        stem = column.removesuffix("_ontology_term_id")
        sets = [
            self._words(column if column == stem else ""),
            self._words(f"{stem}_ontology_term_id"),
            self._words(ontology_column(stem)),
        ]
        said, codes = joint_codes(sets)
        found: dict[tuple[str | None, Meaning], int] = {}
        places = [
            found.setdefault((value, self._meaning(one, value, given, own)), len(found))
            for value, given, own in said
        ]
        merged = np.array(places, np.int64)[codes] if places else codes
        return [value for value, _ in found], [meaning for _, meaning in found], merged

    def _meaning(
        self, one: Field, value: str | None, given: str | None, own: str | None
    ) -> Meaning:
        """What a value means; an id of ours that the names do not give came from a label map."""
        vocabulary = self._known[one.name]
        meaning = vocabulary.meaning(value, given)
        if own is None or meaning.written == own or one.of_donor:
            return meaning
        return Meaning(own, vocabulary.terms.names.get(own), "map")

    def _list(
        self, name: str, column: str, values: Sequence[str | None], meanings: Sequence[Meaning],
        codes: _Codes,
    ) -> None:  # fmt: skip
        """Note the values of a field in the report, the most frequent first."""
        cells = np.bincount(codes[codes >= 0], minlength=len(values))
        terms = self._known[name].terms if name in self._known else None
        rows = []
        for value, m, number in zip(values, meanings, cells, strict=True):
            others = terms.synonyms(m.id) if terms and m.id else ()
            shown = (name, column, value, int(number), m.id, m.name, m.how, m.candidates, others)
            rows += [FieldValue(*shown)] if number else []
        self.report.values += sorted(rows, key=lambda r: (-r.cells, r.value or "", r.id or ""))

    def _agreed(self, name: str, said: Sequence[str | None], codes: _Codes) -> _Codes:
        """Codes with -1 for the cells of donors of whom two things are said."""
        words = sorted({word for word in said if word is not None})
        if not words or not self._donors:
            return codes
        spoken = _places(said, words)[codes]
        known = (spoken >= 0) & (self._donor_codes >= 0)
        joint = self._donor_codes[known] * len(words) + spoken[known]
        pairs = distinct(joint, len(self._donors) * len(words))[0]
        donors = pairs // len(words)
        torn = np.flatnonzero(np.bincount(donors, minlength=len(self._donors)) > 1)
        for donor in torn:
            mine = [words[pair % len(words)] for pair in pairs[donors == donor]]
            self._note_conflict(int(donor), name, mine)
        if name != "sex":
            self._torn.update(map(int, torn))
        return np.where(np.isin(self._donor_codes, torn), -1, codes) if len(torn) else codes

    def _note_conflict(self, donor: int, name: str, values: Sequence[str]) -> None:
        cells = int(self._donor_cells[donor])
        self.report.conflicts.append(
            Conflict(self._donors[donor], name, tuple(sorted(values)), cells)
        )

    def add_age(self) -> None:
        """Add age and birth: from a column of ages where it says so, else from the stage."""
        ours = BEFORE_BIRTH in self.obs.column_names
        names = [n for n in self.obs.column_names if not (ours and n == AGE)]
        column = AGE_COLUMNS.column_in(names)
        if column is not None:
            self._ages.insert(0, self._read_ages(column))
        if not self._ages:
            return
        years, born = self._one_age()
        if column == AGE:
            self.obs = self.obs.append_column(f"source_{AGE}", self.obs.column(AGE))
        self._set(AGE, pa.array(years, mask=np.isnan(years)))
        self._set(BEFORE_BIRTH, pa.array(born == 1, mask=born < 0))

    def _read_ages(self, column: str) -> tuple[list[Age], _Codes]:
        words = self._words(column)
        values, codes = words.values, words.codes.astype(np.int64)
        ages = [read_age(value, bare_years=True) for value in values]
        self.report.columns["age"] = column
        read, unread = Meaning(None, None, "age"), Meaning(None, None, "unmapped")
        meanings = [
            UNKNOWN if is_unknown(value) else unread if age == NOT_KNOWN else read
            for value, age in zip(values, ages, strict=True)
        ]
        self._list("age", column, values, meanings, codes)
        said = [None if age.years is None else f"{age.years:g}" for age in ages]
        return ages, self._agreed("age", said, codes)

    def _one_age(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Years (NaN: not known) and birth (-1: not known) of each cell."""
        years = np.full(self.obs.num_rows, np.nan)
        born = np.full(self.obs.num_rows, -1, np.int64)
        torn = np.zeros(self.obs.num_rows, bool)
        for ages, codes in self._ages:
            found = np.array([_number(age) for age in ages] + [np.nan])[codes]
            before = np.array([_birth(age) for age in ages] + [-1], np.int64)[codes]
            torn |= np.abs(found - years) > 1  # a year: stages count completed years
            torn |= (before >= 0) & (born >= 0) & (before != born)
            years = np.where(np.isnan(years), found, years)
            born = np.where(born < 0, before, born)
        self._note_torn_ages(torn)
        torn |= np.isin(self._donor_codes, sorted(self._torn))
        years[torn], born[torn] = np.nan, -1
        return years, born

    def _note_torn_ages(self, torn: npt.NDArray[np.bool_]) -> None:
        cells = np.flatnonzero(torn & (self._donor_codes >= 0))
        donors, first = np.unique(self._donor_codes[cells], return_index=True)
        for donor, cell in zip(donors, cells[first], strict=True):
            said = [ages[int(codes[cell])] for ages, codes in self._ages]
            words = ["before birth" if a.before_birth else f"{_number(a):g} years" for a in said]
            self._note_conflict(int(donor), "age", words)

    def add_dataset(self, study: str | None, data_set: str | None) -> None:
        """Add the study of each cell; of a source that says none, that is its data set."""
        column = study or DATASET_COLUMNS.column_in(self.obs.column_names)
        words = self._words(column or "")
        known: list[str | None] = [None if is_unknown(v) else v for v in words.values]
        codes = words.codes.astype(np.int64)
        told = np.array([value is not None for value in known] + [False])[codes]
        if data_set is not None and not told.any():
            known, codes = [data_set], np.zeros(self.obs.num_rows, np.int64)
        elif column is None:
            return
        self.report.columns[DATASET] = column or DATASET
        self._put(DATASET, known, codes)

    def count_donors(self) -> None:
        """Note how many donors are known."""
        self.report.donors = int(np.count_nonzero(self._donor_cells))
        self.report.cells_without_donor = int(np.count_nonzero(self._donor_codes < 0))

    def _put(self, name: str, values: Sequence[str | None], codes: _Codes) -> None:
        """Set a column of strings, by the code of each cell."""
        words = sorted({value for value in values if value is not None})
        indices = _places(values, words)[codes]
        array = pa.DictionaryArray.from_arrays(
            pa.array(indices.astype(np.int32), mask=indices < 0), pa.array(words, pa.string())
        )
        self._set(name, array)

    def _set(self, name: str, array: pa.Array) -> None:
        if name in self.obs.column_names:
            self.obs = self.obs.set_column(self.obs.column_names.index(name), name, array)
        else:
            self.obs = self.obs.append_column(name, array)


def _places(values: Sequence[str | None], words: Sequence[str]) -> _Codes:
    """Place of each value among the words, -1 where it is None; one more -1 for the code -1."""
    place = {word: number for number, word in enumerate(words)}
    return np.array([-1 if v is None else place[v] for v in values] + [-1], np.int64)


def _number(age: Age) -> float:
    return np.nan if age.years is None else age.years


def _birth(age: Age) -> int:
    return -1 if age.before_birth is None else int(age.before_birth)


def _said(meaning: Meaning, value: str | None) -> str | None:
    """What a value says of a donor: its term, or itself where it has none."""
    return None if meaning.how == "unknown" else meaning.name or meaning.id or value


def _age(meaning: Meaning, value: str | None) -> Age:
    age = stage_age(meaning.id) if meaning.id else NOT_KNOWN
    if age.before_birth is None and value is not None:
        return read_age(value)
    return age
