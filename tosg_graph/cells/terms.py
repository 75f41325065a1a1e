"""The cell types of a build by name, and what is a kind of what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from tosg_graph.build.tables import Build

#: Words that tell no two kinds of cells apart.
_EMPTY_WORDS = frozenset({"cell", "type", "the", "a", "an", "of"})


def fold(text: str) -> str:
    """Bring a name of cells to one form: case, plural, signs and punctuation do not matter.

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


class CellTypeTerms:
    """Names, synonyms and parents of the cell types of a build.

    Parameters
    ----------
    names
        Id → name.
    synonyms
        Pairs of id and synonym.
    parents
        Pairs of id and the id of a parent (IS_A).
    """

    def __init__(
        self,
        names: dict[str, str],
        synonyms: Iterable[tuple[str, str]],
        parents: Iterable[tuple[str, str]],
    ) -> None:
        self.names = names
        pairs = [*((term, name) for term, name in names.items()), *synonyms]
        self._written: dict[str, set[str]] = defaultdict(set)
        self._folded: dict[str, set[str]] = defaultdict(set)
        for term, name in pairs:
            self._written[name.casefold()].add(term)
            self._folded[fold(name)].add(term)
        self._children: dict[str, set[str]] = defaultdict(set)
        for child, parent in parents:
            self._children[parent].add(child)

    @classmethod
    def of(cls, build: Build) -> CellTypeTerms:
        """Read the cell types of a build, once per build."""
        return _read(str(build.path), build.id)

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

    def descendants(self, term: str) -> frozenset[str]:
        """Collect the term and all that is a kind of it."""
        found, left = {term}, [term]
        while left:
            for child in self._children.get(left.pop(), ()):
                if child not in found:
                    found.add(child)
                    left.append(child)
        return frozenset(found)

    def spellings(self) -> list[str]:
        """Every folded name and synonym, sorted."""
        return sorted(self._folded)


@lru_cache(maxsize=4)
def _read(path: str, build_id: str) -> CellTypeTerms:
    build = Build.open(path)
    nodes = build.nodes("CellType", ["id", "name", "synonyms"]).to_pylist()
    edges = build.edges("IS_A", ["source", "target", "source_label"])
    ends = zip(*(column.to_pylist() for column in edges.columns), strict=True)
    return CellTypeTerms(
        {node["id"]: node["name"] or node["id"] for node in nodes},
        [(node["id"], synonym) for node in nodes for synonym in node["synonyms"] or ()],
        [(source, target) for source, target, label in ends if label == "CellType"],
    )
