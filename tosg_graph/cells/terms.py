"""The terms of an ontology by name, and what is a kind of what: cell types, tissues, diseases."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

import pyarrow.compute as pc

from tosg_graph.build.tables import Build

#: Words that tell no two kinds of cells apart.
_EMPTY_WORDS = frozenset({"cell", "type", "the", "a", "an", "of"})


def fold(text: str) -> str:
    """Bring a name to one form: case, plural, signs and punctuation do not matter.

    Examples
    --------
    >>> fold("CD14+ monocytes") == fold("CD14-positive monocyte") == "cd14 positive monocyte"
    True
    >>> fold("CD4+/CD45RA+/CD25- Naive T")
    'cd4 positive cd45ra positive cd25 negative naive t'
    """
    folded = text.casefold()
    folded = re.sub(r"(?<=\w)\+", " positive ", folded)
    folded = re.sub(r"(?<=[a-z0-9])[-−](?=[\s/,)]|$)", " negative ", folded)
    folded = re.sub(r"\b(cd\d+[a-z]*)[\s-]*(pos|neg)\b", r"\1 \2", folded)
    words = re.sub(r"[\W_]+", " ", folded).split()
    return " ".join(_WORDS.get(word) or _singular(word) for word in words)


_WORDS = {
    "pos": "positive",
    "neg": "negative",
    "lymphocytes": "lymphocyte",
    "naïve": "naive",
    "tregs": "treg",
    "nks": "nk",
}


def _singular(word: str) -> str:
    ends_like_plural = (
        len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    )
    return word[:-1] if ends_like_plural else word


def loosen(folded: str) -> str:
    """Leave out the words that tell no two kinds apart; nothing left means the words stay."""
    kept = [word for word in folded.split() if word not in _EMPTY_WORDS]
    return " ".join(kept) or folded


class Terms:
    """Names, synonyms and parents of terms.

    Parameters
    ----------
    names
        Id → name.
    synonyms
        Pairs of id and synonym.
    parents
        Pairs of id and the id of a parent (IS_A).
    other_ids
        Former and foreign id → id.
    """

    def __init__(
        self,
        names: dict[str, str],
        synonyms: Iterable[tuple[str, str]],
        parents: Iterable[tuple[str, str]],
        other_ids: Mapping[str, str] | None = None,
    ) -> None:
        self.names = names
        self._other_ids = other_ids or {}
        pairs = [*((term, name) for term, name in names.items()), *synonyms]
        self._written: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        self._spoken: dict[str, list[str]] = defaultdict(list)
        for term, name in pairs:
            self._written[name.casefold()].add(term)
            self._folded[fold(name)].add(term)
            self._spoken[term].append(name)
        self._children: dict[str, set[str]] = defaultdict(set)
        self._parents: dict[str, set[str]] = defaultdict(set)
        for child, parent in parents:
            self._children[parent].add(child)
            self._parents[child].add(parent)

    @classmethod
    def of(cls, build: Build, label: str = "CellType") -> Terms:
        """Read the terms of a label of a build, once per build."""
        return _read(str(build.path), build.id, label)

    @classmethod
    def shipped(cls, table: str) -> Terms:
        """Read a table of terms that comes with the package: ``stages``, ``assays``, ``sexes``."""
        return _shipped(table)

    def joined(self, other: Terms) -> Terms:
        """Put the terms of two ontologies together."""
        pairs = [
            (term, name)
            for terms in (self, other)
            for term, spoken in terms._spoken.items()
            for name in spoken[1:]
        ]
        parents = [
            (child, parent)
            for terms in (self, other)
            for child, above in terms._parents.items()
            for parent in sorted(above)
        ]
        ids = {**self._other_ids, **other._other_ids}
        return Terms({**self.names, **other.names}, pairs, parents, ids)

    def id_of(self, curie: str) -> str | None:
        """Give the present id of an id that may be a former one, or another vocabulary's."""
        return curie if curie in self.names else self._other_ids.get(curie)

    def exact(self, name: str) -> list[str]:
        """Terms of that name or synonym, but for case; the name goes before the synonyms."""
        found = sorted(self._written.get(name.casefold(), ()))
        named = [term for term in found if self.names[term].casefold() == name.casefold()]
        return named or found

    def find(self, text: str) -> list[str]:
        """Terms whose name or synonym has the same folded form; the name goes before synonyms."""
        folded = fold(text)
        found = sorted(self._folded.get(folded, ()))
        named = [term for term in found if fold(self.names[term]) == folded]
        return named or found

    def synonyms(self, term: str) -> tuple[str, ...]:
        """Every other name of a term, sorted."""
        name = self.names.get(term)
        return tuple(sorted({spoken for spoken in self._spoken.get(term, ()) if spoken != name}))

    def descendants(self, term: str) -> frozenset[str]:
        """Collect the term and all that is a kind of it."""
        return _closure(term, self._children)

    def ancestors(self, term: str) -> frozenset[str]:
        """Collect the term and all that it is a kind of."""
        return _closure(term, self._parents)

    def spellings(self) -> list[str]:
        """Every folded name and synonym, sorted."""
        return sorted(self._folded)


def _closure(term: str, steps: Mapping[str, set[str]]) -> frozenset[str]:
    found, left = {term}, [term]
    while left:
        for other in steps.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return frozenset(found)


@lru_cache(maxsize=16)
def _read(path: str, build_id: str, label: str) -> Terms:
    build = Build.open(path)
    nodes = build.nodes(label, ["id", "name", "synonyms"]).to_pylist()
    edges = build.edges("IS_A", ["source", "target", "source_label"])
    edges = edges.filter(pc.equal(edges["source_label"], label))
    return Terms(
        {node["id"]: node["name"] or node["id"] for node in nodes},
        [(node["id"], synonym) for node in nodes for synonym in node["synonyms"] or ()],
        zip(edges["source"].to_pylist(), edges["target"].to_pylist(), strict=True),
        _other_ids(build, label),
    )


def _other_ids(build: Build, label: str) -> dict[str, str]:
    """Cross-reference → id, of those that are one node's only."""
    aliases = build.table("aliases", ["alias", "namespace", "kind", "label", "id"])
    mask = pc.and_(pc.equal(aliases["label"], label), pc.equal(aliases["kind"], "xref"))
    found: dict[str, set[str]] = defaultdict(set)
    for row in aliases.filter(mask).to_pylist():
        found[f"{row['namespace']}:{row['alias']}"].add(row["id"])
    return {curie: next(iter(ids)) for curie, ids in sorted(found.items()) if len(ids) == 1}


@lru_cache(maxsize=8)
def _shipped(table: str) -> Terms:
    """Read ``id``, ``name``, ``parents``, ``synonyms``, separated by tabs, lists by bars."""
    text = files("tosg_graph.cells").joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    return Terms(
        {row["id"]: row["name"] for row in rows},
        [(row["id"], name) for row in rows for name in row["synonyms"].split("|") if name],
        [(row["id"], parent) for row in rows for parent in row["parents"].split("|") if parent],
    )
