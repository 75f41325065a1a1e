"""Conditions of a cohort over the cells of a store.

A condition on a cell holds, does not hold, or is not known (three-valued logic, as in SQL): a cell
of unknown sex is chosen neither by ``sex = male`` nor by ``not sex = male``. What is chosen is what
a condition is known to hold for.

A word for a field is looked up as a value that a source wrote, then as id, name or synonym of a
term: ``=`` means that value or that very term, ``under`` the term and all that is a kind of it. A
cell of several diseases has each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from tosg_graph.build.tables import Build
from tosg_graph.cells.codes import Words
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.fields import DONOR, FIELD
from tosg_graph.cells.language import (
    And,
    Compare,
    Condition,
    Everything,
    Known,
    Not,
    OneOf,
    Or,
    Under,
    Value,
)
from tosg_graph.cells.naming import column_named
from tosg_graph.cells.obs import is_unknown, ontology_column
from tosg_graph.cells.terms import Terms, fold, loosen
from tosg_graph.cells.vocabulary import ids_in, vocabulary
from tosg_graph.errors import UsageError

_Mask = npt.NDArray[np.bool_]

_SUGGESTIONS = 5
_NEAR = 70.0  # rapidfuzz WRatio, 0 to 100: below it a word is no near miss


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """For which cells a condition holds, and for which it does not; for others it is not known."""

    holds: _Mask
    fails: _Mask


class Conditions:
    """Conditions over the cells of one store.

    Parameters
    ----------
    columns
        The columns of its cells.
    build
        The graph build that knows the terms; without it only values and ids are known.
    """

    def __init__(self, columns: ObsColumns, build: Build | None) -> None:
        self._columns = columns
        self._build = build
        self.notes: list[str] = []

    def truth(self, condition: Condition) -> Truth:
        """Find for which cells a condition holds.

        Raises
        ------
        UsageError
            If a column or value is not known, with those that come near.
        """
        match condition:
            case Everything():
                everything = np.ones(self._columns.n_cells, bool)
                return Truth(everything, ~everything)
            case Not(part):
                inner = self.truth(part)
                return Truth(inner.fails, inner.holds)
            case And(parts):
                found = [self.truth(part) for part in parts]
                return Truth(_every(t.holds for t in found), _any(t.fails for t in found))
            case Or(parts):
                found = [self.truth(part) for part in parts]
                return Truth(_any(t.holds for t in found), _every(t.fails for t in found))
            case _:
                return self._leaf(condition)

    def needed(self, condition: Condition) -> set[str]:
        """Columns that a condition reads."""
        match condition:
            case Not(part):
                return self.needed(part)
            case And(parts) | Or(parts):
                return set[str]().union(*map(self.needed, parts))
            case Compare(column) | OneOf(column) | Under(column) | Known(column):
                name = self.column(column)
                if name not in FIELD or self._columns.is_number(name):
                    return {name}
                words = set[str]() if FIELD[name].of_donor else {name}
                return words | {ontology_column(name)}
            case _:
                return set()

    def _leaf(self, condition: Condition) -> Truth:
        match condition:
            case Known(column):
                return self._known(self.column(column))
            case Under(column, term):
                return self._word(self.column(column), term, under=True)
            case OneOf(column, values):
                name = self.column(column)
                found = [self._compare(name, "=", value) for value in values]
                return Truth(_any(t.holds for t in found), _every(t.fails for t in found))
            case Compare(column, operator, value):
                return self._compare(self.column(column), operator, value)
            case _:
                raise UsageError(f"{condition!r} is no condition on cells")

    def column(self, name: str) -> str:
        """Find the column that a name means (:func:`~tosg_graph.cells.naming.column_named`)."""
        return column_named(self._columns, name)

    # ---- what is known -----------------------------------------------------------------------

    def _known(self, name: str) -> Truth:
        if self._columns.is_number(name):
            null = self._columns.numbers(name).null
            unknown = np.zeros(self._columns.n_cells, bool) if null is None else null
            return Truth(~unknown, unknown)
        if name not in FIELD:
            said = self._says(name)
        elif FIELD[name].of_donor:
            said = self._ids(name).codes >= 0
        else:
            said = self._says(name) | (self._ids(name).codes >= 0)
        return Truth(said, ~said)

    def _says(self, name: str) -> _Mask:
        """Cells with a word that is not one for nothing."""
        words = self._columns.words(name)
        return words.where(_flags(not is_unknown(value) for value in words.values))

    def _terms(self, field: str) -> Terms:
        return vocabulary(FIELD[field], self._build).terms

    def _ids(self, field: str) -> Words:
        return self._columns.words(ontology_column(field))

    # ---- comparisons -------------------------------------------------------------------------

    def _compare(self, name: str, operator: str, value: Value) -> Truth:
        if self._columns.is_number(name):
            return self._number(name, operator, value)
        if operator != "=":
            raise UsageError(f"{name} {operator} {value}: the column {name!r} holds words")
        text = f"{value:g}" if isinstance(value, float) else value
        return self._word(name, text, under=False)

    def _number(self, name: str, operator: str, value: Value) -> Truth:
        numbers, wanted = self._columns.numbers(name), _as_number(name, value)
        holds = {
            "=": np.equal,
            "<": np.less,
            "<=": np.less_equal,
            ">": np.greater,
            ">=": np.greater_equal,
        }[operator](numbers.values, wanted)
        if numbers.null is None:
            return Truth(holds, ~holds)
        return Truth(holds & ~numbers.null, ~(holds | numbers.null))

    def _word(self, name: str, text: str, *, under: bool) -> Truth:
        if is_unknown(text):
            raise UsageError(
                f"{name} = {text!r} means cells of which it is not known: write {name} is unknown"
            )
        if self._columns.is_number(name):
            raise UsageError(f"{name} under {text!r}: the column {name!r} holds numbers")
        if name in FIELD:
            return self._field(name, text, under=under)
        if under:
            terms = ", ".join(field for field in FIELD if field in self._columns.names)
            raise UsageError(
                f"{name} under {text!r}: the column {name!r} has no terms; columns with terms: "
                f"{terms or 'none'}"
            )
        return self._plain(name, text)

    def _plain(self, name: str, text: str) -> Truth:
        """A column without terms: a value as written, else but for case, or a donor's own name."""
        words = self._columns.words(name)
        found = _matching(words.values, text)
        if not found and name == DONOR:
            found = [value for value in words.values if value.rpartition("/")[2] == text]
            if len(found) > 1:
                raise UsageError(f"{text!r} may mean the donors {', '.join(sorted(found))}")
        if not found and name == DONOR and not words.values:
            raise UsageError(
                "the donor of no cell is known: say which column of the source names it when its "
                "cells are added (--donor)"
            )
        if not found:
            raise UsageError(self._no_value(name, text, words.values))
        holds = words.where(_flags(value in found for value in words.values))
        return Truth(holds, self._says(name) & ~holds)

    # ---- fields ------------------------------------------------------------------------------

    def _field(self, name: str, text: str, *, under: bool) -> Truth:
        ids = self._ids(name)
        written = self._written(name, text)
        terms = self._terms_of(name, text, written, ids)
        if not written and not terms:
            raise UsageError(self._no_value(name, text, self._spoken(name, ids)))
        kinds = self._kinds(name, terms) if under else frozenset(terms)
        holds = _of_kinds(ids, kinds)
        if written:
            words = self._columns.words(name)
            holds |= words.where(_flags(value in written for value in words.values))
        if not holds.any():
            self.notes.append(self._none_is(name, text, terms, under=under))
        known = ids.codes >= 0
        if written and not under:
            known |= self._says(name)
        return Truth(holds, known & ~holds)

    def _none_is(self, name: str, text: str, terms: tuple[str, ...], *, under: bool) -> str:
        """Say that no cell is of a term, and how many cells are of its kinds."""
        called = self._terms(name).names.get(terms[0], terms[0]) if terms else text
        said = f"no cell is known to be {called} ({text!r} in {name})"
        ids, kinds = self._ids(name), self._kinds(name, terms)
        cells = np.count_nonzero(_of_kinds(ids, kinds))
        if under or not cells:
            return said
        return f"{said}; {cells:,} cells are of its kinds: {name} under {text!r}"

    def _written(self, name: str, text: str) -> list[str]:
        """Values that sources wrote so; of donors there may be two, so their ids alone count."""
        return [] if FIELD[name].of_donor else _matching(self._columns.words(name).values, text)

    def _terms_of(self, name: str, text: str, written: list[str], ids: Words) -> tuple[str, ...]:
        """The term of a text; of a value that is written so, the one term that it goes with."""
        terms = self._terms(name)
        found = self._named(terms, text) or [t for t in ids.values if t == text]
        if not found and written:
            mask = self._columns.words(name).where(
                _flags(value in written for value in self._columns.words(name).values)
            )
            places = np.unique(ids.codes[mask])
            found = [ids.values[place] for place in places if place >= 0]
            return tuple(found) if len(found) == 1 else ()
        if len(found) > 1:
            present = [t for t in found if self._kinds(name, (t,)) & set(_single(ids))]
            found = present or found[:1]
        if len(found) > 1 and not written:
            shown = "; ".join(f"{term} {terms.names.get(term, '')}" for term in sorted(found))
            raise UsageError(f"{text!r} in {name} may mean {shown}; write the id")
        return tuple(found) if len(found) == 1 else ()

    def _named(self, terms: Terms, text: str) -> list[str]:
        present = terms.id_of(text.strip())
        if present:
            return [present]
        found = terms.exact(text) or terms.find(text)
        bare = loosen(fold(text))
        return found or terms.find(f"{bare} cell") or terms.find(bare)

    def _kinds(self, name: str, terms: Iterable[str]) -> frozenset[str]:
        known = self._terms(name)
        return frozenset[str]().union(*(known.descendants(term) for term in terms))

    def _spoken(self, name: str, ids: Words) -> list[str]:
        """Everything under which the values of a field can be asked for."""
        terms = self._terms(name)
        spoken = [] if FIELD[name].of_donor else list(self._columns.words(name).values)
        for term in _single(ids):
            spoken += [terms.names.get(term, term), *terms.synonyms(term)]
        above = {term for value in _single(ids) for term in terms.ancestors(value)}
        spoken += [terms.names[term] for term in sorted(above) if term in terms.names]
        return list(dict.fromkeys(spoken))

    def _no_value(self, name: str, text: str, spoken: Iterable[str]) -> str:
        choices = list(spoken)
        folded = [loosen(fold(choice)) for choice in choices]
        near = process.extract(
            loosen(fold(text)), folded, scorer=fuzz.WRatio, limit=_SUGGESTIONS, score_cutoff=_NEAR
        )
        shown = ", ".join(repr(choices[place]) for _, _, place in near)
        if not shown and len(choices) <= 2 * _SUGGESTIONS:
            shown = ", ".join(map(repr, sorted(choices)))
        return f"no cell has {text!r} as its {name}" + (f"; there is {shown}" if shown else "")


def _matching(values: Iterable[str], text: str) -> list[str]:
    """Values as written, else those that differ by case, plural and signs only."""
    known = list(values)
    if text in known:
        return [text]
    folded = fold(text)
    return [value for value in known if fold(value) == folded and not is_unknown(value)]


def _of_kinds(ids: Words, kinds: frozenset[str]) -> _Mask:
    """Cells of one of the kinds; a cell of several terms is of each of them."""
    return ids.where(_flags(not kinds.isdisjoint(ids_in(value)) for value in ids.values))


def _single(ids: Words) -> list[str]:
    return list(dict.fromkeys(term for value in ids.values for term in ids_in(value)))


def _as_number(name: str, value: Value) -> float:
    if isinstance(value, float):
        return value
    found = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}.get(value.casefold())
    if found is None:
        raise UsageError(f"{value!r} is no number, and the column {name!r} holds numbers")
    return found


def _flags(values: Iterable[bool]) -> _Mask:
    return np.fromiter(values, bool)


def _every(masks: Iterable[_Mask]) -> _Mask:
    return reduce(np.logical_and, masks)


def _any(masks: Iterable[_Mask]) -> _Mask:
    return reduce(np.logical_or, masks)
