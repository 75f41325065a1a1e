"""Words of a data set → terms of an ontology, one distinct value at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from tosg_graph.build.tables import Build
from tosg_graph.cells.ages import Age, read_age
from tosg_graph.cells.fields import FIELDS, HEALTHY, HEALTHY_NAMES, Field
from tosg_graph.cells.labels import shipped_labels
from tosg_graph.cells.obs import is_unknown
from tosg_graph.cells.terms import Terms

_CURIE = re.compile(r"^[A-Za-z][A-Za-z0-9.]*:\S+$")
_REMARK = re.compile(r"\s*\([^()]*\)$")  # CELLxGENE before version 3: "EFO:0010183 (sci-plex)"
_HUMAN = re.compile(r"\bhuman\b", re.IGNORECASE)
#: Between the ids of several terms that hold together: CELLxGENE's diseases, since version 6.
SEVERAL = " || "


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value stands for.

    Parameters
    ----------
    id, name
        The term; None where there is none, or several.
    how
        ``id``: the source gives the id; ``table``: the table of labels of this package; ``name`` or
        ``synonym`` of a term; ``age``: read from an age in words; ``unknown``: the value says that
        nothing is known; ``ambiguous``, ``several``, ``unmapped``.
    candidates
        The terms that it may stand for, or that it lists.
    """

    id: str | None
    name: str | None
    how: str
    candidates: tuple[str, ...] = ()

    @property
    def written(self) -> str | None:
        """What stands in the column of ids: the id, or all of several that hold together."""
        return SEVERAL.join(self.candidates) if self.how == "several" else self.id


def ids_in(written: str) -> list[str]:
    """Ids in a value of a column of ids: one, or several that hold together."""
    return written.split(SEVERAL)


UNKNOWN = Meaning(None, None, "unknown")


class Vocabulary:
    """The terms of one field.

    Parameters
    ----------
    field
        The field.
    terms
        Its terms.
    table
        Value → id, asked before the names.
    """

    def __init__(self, field: Field, terms: Terms, table: Mapping[str, str] | None = None) -> None:
        self.field, self.terms, self._table = field, terms, table or {}

    def meaning(self, value: str | None, curie: str | None = None) -> Meaning:
        """Find the term of a value, and of the id that the source pairs it with."""
        if curie is not None and not is_unknown(curie):
            return self._by_id(curie)
        if value is None or is_unknown(value):
            return UNKNOWN
        if _CURIE.match(_REMARK.sub("", value)):
            return self._by_id(value)
        if value in self._table:
            return self._named(self._table[value], "table")
        return self._by_name(value)

    def _by_id(self, curie: str) -> Meaning:
        if SEVERAL in curie:
            found = (self.terms.id_of(part) or part for part in map(str.strip, ids_in(curie)))
            return Meaning(None, None, "several", tuple(found))
        bare = _REMARK.sub("", curie.strip())
        return self._named(self.terms.id_of(bare) or bare, "id")

    def _by_name(self, value: str) -> Meaning:
        found = self.terms.exact(value) or self.terms.find(value)
        if not found and self.field.name == "stage":  # a former name of HsapDv
            found = self.terms.find(_HUMAN.sub(" ", value))
        if len(found) > 1:  # one that was given up is a kind of nothing
            found = [term for term in found if len(self.terms.ancestors(term)) > 1] or found
        if len(found) == 1:
            return self._named(found[0], self._how(value, found[0]))
        if found:
            return Meaning(None, None, "ambiguous", tuple(found))
        if self.field.name == "stage" and (stage := _stage_of(read_age(value), self.terms)):
            return self._named(stage, "age")
        return Meaning(None, None, "unmapped")

    def _how(self, value: str, term: str) -> str:
        return "name" if self.terms.names[term].casefold() == value.casefold() else "synonym"

    def _named(self, term: str, how: str) -> Meaning:
        return Meaning(term, self.terms.names.get(term), how)


def vocabularies(build: Build | None) -> dict[str, Vocabulary]:
    """The vocabularies of all fields; without a build, of those that need none."""
    return {field.name: vocabulary(field, build) for field in FIELDS}


def vocabulary(field: Field, build: Build | None) -> Vocabulary:
    """The vocabulary of a field, made once per build; empty where it needs one and has none."""
    if field.shipped is not None:
        return Vocabulary(field, Terms.shipped(field.shipped))
    if build is None or field.label is None:
        return Vocabulary(field, Terms({}, (), ()))
    if field.name == "disease":
        return Vocabulary(field, _diseases(str(build.path), build.id))
    table = shipped_labels() if field.name == "cell_type" else None
    return Vocabulary(field, Terms.of(build, field.label), table)


@lru_cache(maxsize=4)
def _diseases(path: str, build_id: str) -> Terms:
    healthy = Terms({HEALTHY: HEALTHY_NAMES[0]}, [(HEALTHY, n) for n in HEALTHY_NAMES[1:]], ())
    return Terms.of(Build.open(path), "Disease").joined(healthy)


def _stage_of(age: Age, stages: Terms) -> str | None:
    """Find the stage of an age in whole years, or below two years in whole months."""
    if age.years is None:
        return None
    months = round(age.years * 12)
    if age.years < 2 and months >= 1 and abs(age.years * 12 - months) < 1e-3:
        names = [f"{months}-month-old stage"]
    else:
        names = [f"{int(age.years)}-year-old stage"]
    found = [term for name in names for term in stages.exact(name)]
    return found[-1] if found else None  # a deprecated term goes before its successor
