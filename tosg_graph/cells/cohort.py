"""Which cells are meant: from words such as "CD14+ monocytes" to values of a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from tosg_graph.build.tables import Build
from tosg_graph.cells.obs import ontology_column
from tosg_graph.cells.profiles import group_codes
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.terms import Terms, fold, loosen
from tosg_graph.errors import UsageError

_SUGGESTIONS = 5
_NEAR = 60.0  # rapidfuzz WRatio, 0 to 100: below it a value is no near miss


@dataclass(frozen=True)
class GroupMatch:
    """What a name of cells stands for in one store.

    Parameters
    ----------
    text
        The name as it was given.
    column
        The column whose values were searched.
    status
        ``matched``; ``ambiguous``: it means several things; ``absent``: a known cell type that none
        of the values is a kind of; ``unknown``.
    values
        The values meant, sorted; several where the name is that of a parent term.
    how
        ``value`` (a value as written, or so but for case, plural and signs), ``term`` (by the id,
        name or synonym of a cell type and what is a kind of it), or None.
    term_id, term_name
        The cell type, where one was found.
    candidates
        Where ambiguous: what it could mean, each a value or ``id name``.
    suggestions
        Where unknown or absent: values and names that come near, best first.
    """

    text: str
    column: str
    status: str
    values: tuple[str, ...] = ()
    how: str | None = None
    term_id: str | None = None
    term_name: str | None = None
    candidates: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()

    def require(self) -> tuple[str, ...]:
        """Return the values meant.

        Raises
        ------
        UsageError
            If nothing was found, or several things, with what was.
        """
        if self.status != "matched":
            raise UsageError(self.sentence)
        return self.values

    @property
    def sentence(self) -> str:
        """What was understood, in words."""
        if self.status == "matched" and self.how == "term":
            listed = ", ".join(self.values)
            return f"{self.text!r} read as {self.term_name} ({self.term_id}): {listed}"
        if self.status == "matched":
            return f"{self.text!r} read as {', '.join(self.values)}"
        if self.status == "ambiguous":
            return f"{self.text!r} may mean {'; '.join(self.candidates)}"
        near = f"; near it: {', '.join(self.suggestions)}" if self.suggestions else ""
        if self.status == "absent":
            return f"no cell of this store is known to be a {self.term_name} ({self.term_id}){near}"
        return f"{self.text!r} is no group of cells in the column {self.column!r}{near}"


def match_group(
    store: CellStore, text: str, *, build: Build | None = None, column: str | None = None
) -> GroupMatch:
    """Find the values of a column that a name of cells stands for.

    Tried in this order: a value as written; a value but for case, plural, ``+``/``positive`` and
    punctuation; the id, name or synonym of a cell type of the build, with all that is a kind of it;
    the same without the word *cell*.

    Parameters
    ----------
    text
        Such as ``CD14+ monocytes``, ``T cell``, ``CL:0000576``.
    build
        The graph build that knows the cell types; without it only values and ids are known.
    column
        The column to search; default: the label column.

    Raises
    ------
    UsageError
        If there is no such column, or no label column to fall back to.
    """
    column = column or store.label_column
    if column is None:
        raise UsageError(f"the store {store.name!r} has no label column; name a column")
    groups = _Groups(store, column, build)
    return (
        groups.by_value(text) or groups.by_term(text) or groups.loosely(text) or groups.none(text)
    )


def cells_of(store: CellStore, match: GroupMatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Positions of the cells of a match, ascending.

    Raises
    ------
    UsageError
        If the match found nothing, or several things.
    """
    wanted = match.require()
    names, codes = group_codes(store, match.column)
    chosen = [number for number, name in enumerate(names) if name in wanted]
    return np.flatnonzero(np.isin(codes, chosen))


class _Groups:
    """The values of one column, with the terms that they are."""

    def __init__(self, store: CellStore, column: str, build: Build | None) -> None:
        self._column = column
        self._values, codes = group_codes(store, column)
        self._terms = Terms.of(build) if build else Terms({}, (), ())
        self._ids: dict[str, set[str]] = {}
        if ontology_column(column) in store.columns:
            ids, id_codes = group_codes(store, ontology_column(column))
            for value, term in np.unique(np.stack([codes, id_codes]), axis=1).T:
                if value >= 0 and term >= 0:
                    self._ids.setdefault(self._values[value], set()).add(ids[term])

    def by_value(self, text: str) -> GroupMatch | None:
        """Match values themselves."""
        if text in self._values:
            return self._matched(text, [text])
        folded = fold(text)
        return self._choose(text, [value for value in self._values if fold(value) == folded])

    def by_term(self, text: str) -> GroupMatch | None:
        """Match cell types by id, name or synonym, and what is a kind of them."""
        curie = text.strip()
        if ":" in curie:
            known = curie in self._terms.names or any(curie in ids for ids in self._ids.values())
            return self._kinds(text, [curie]) if known else None
        return self._kinds(text, self._terms.find(text))

    def loosely(self, text: str) -> GroupMatch | None:
        """Match values and cell types without the word *cell*."""
        bare = loosen(fold(text))
        found = self._choose(text, [v for v in self._values if loosen(fold(v)) == bare])
        return (
            found
            or self._kinds(text, self._terms.find(f"{bare} cell"))
            or self._kinds(text, self._terms.find(bare))
        )

    def none(self, text: str) -> GroupMatch:
        """Say what comes near."""
        return GroupMatch(text, self._column, "unknown", suggestions=self._near(text))

    def _kinds(self, text: str, terms: Sequence[str]) -> GroupMatch | None:
        if not terms:
            return None
        values = {term: self._under(term) for term in terms}
        present = {term: found for term, found in values.items() if found}
        if len(set(present.values())) > 1:
            named = tuple(f"{term} {self._name(term)}" for term in sorted(present))
            return GroupMatch(text, self._column, "ambiguous", candidates=named)
        term = min(present or values)
        name = self._name(term)
        if not present:
            near = self._near(name)
            return GroupMatch(
                text, self._column, "absent", term_id=term, term_name=name, suggestions=near
            )
        return GroupMatch(text, self._column, "matched", present[term], "term", term, name)

    def _under(self, term: str) -> tuple[str, ...]:
        kinds = self._terms.descendants(term)
        return tuple(value for value in self._values if self._ids.get(value, set()) & kinds)

    def _choose(self, text: str, values: Sequence[str]) -> GroupMatch | None:
        if len(values) > 1:
            return GroupMatch(text, self._column, "ambiguous", candidates=tuple(sorted(values)))
        return self._matched(text, values) if values else None

    def _matched(self, text: str, values: Sequence[str]) -> GroupMatch:
        terms = sorted({term for value in values for term in self._ids.get(value, ())})
        one = terms[0] if len(terms) == 1 else None
        name = self._name(one) if one else None
        return GroupMatch(text, self._column, "matched", tuple(values), "value", one, name)

    def _name(self, term: str) -> str:
        return self._terms.names.get(term, term)

    def _near(self, text: str) -> tuple[str, ...]:
        """Values whose words come near, by themselves or by the name of their term."""
        best: dict[str, float] = {}
        for value in self._values:
            spoken = [value, *(self._name(term) for term in self._ids.get(value, ()))]
            score = _likeness(text, spoken)
            if score >= _NEAR:
                best[value] = score
        return tuple(sorted(best, key=lambda value: (-best[value], value))[:_SUGGESTIONS])


def _likeness(text: str, spoken: Iterable[str]) -> float:
    found = process.extractOne(
        loosen(fold(text)), [loosen(fold(s)) for s in spoken], scorer=fuzz.WRatio
    )
    return float(found[1]) if found else 0.0
