"""Names looked up in the database itself, for a graph whose build is not in the workspace.

A server that another person loaded holds no table of aliases. What its nodes carry is enough for
most names: id, symbol, name and synonyms. An id, a symbol or a name as it stands is found through
the range indexes (Neo4j), any other spelling and a synonym through the full-text index; the
embedded graph has neither and reads the nodes of the label. Cross-references are in no index, so
that they name nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from tosg_graph.ask.index import Alias, AliasIndex, NearMiss
from tosg_graph.ask.link import Linker
from tosg_graph.ask.nodes import NodeName, NodeNames
from tosg_graph.ask.normalise import fold, key, plain, words
from tosg_graph.config import ReadLimits
from tosg_graph.graph.ddl import FULLTEXT
from tosg_graph.graph.store import GraphStore
from tosg_graph.schema import LABEL, LABELS

#: Nodes that one look-up weighs at most, in the order in which the database gives them.
_MOST = 2_000
#: Nodes among which names written much like a text are looked for.
_NEAR = 200
#: Similarity from which a name is a near miss, of 100; the same as among the names of a build.
_SIMILAR = 65
#: A transcript has the symbol of its gene, and no person means it by that.
_SYMBOLS = tuple(
    label.name
    for label in LABELS
    if label.name != "Transcript" and any(p.name == "symbol" for p in label.own)
)

Row = dict[str, Any]


class ServedLinker(Linker):
    """Finds the nodes that a text names, by reading the database.

    Parameters
    ----------
    store
        The database.
    limits
        What one of its reads may cost.
    """

    def __init__(self, store: GraphStore, limits: ReadLimits) -> None:
        index = ServedIndex(store, limits)
        super().__init__(index, ServedNames(store, limits))
        self._served = index

    def lookup(self, text: str) -> tuple[Alias, ...]:
        """Every id, symbol, name or synonym that a whole text is."""
        return self._served.named(text)


class ServedIndex(AliasIndex):
    """The names that the nodes of a database carry."""

    def __init__(self, store: GraphStore, limits: ReadLimits) -> None:
        self._store = store
        self._limits = ReadLimits(limits.timeout, _MOST, max(limits.max_bytes, 20_000_000))

    def named(self, text: str) -> tuple[Alias, ...]:
        """Aliases that are the text as it stands; where there are none, those that read alike."""
        exact = {"ids": _ids(text), "text": text}
        found = [a for row in self._rows(_union(_as_written), exact) for a in _exact(row, text)]
        if not found and (wanted := key(text)):
            found = [
                Alias(name, None, kind, row["label"], row["id"])
                for row in self._alike(text)
                for kind, name in _names(row)
                if key(name) == wanted
            ]
        return tuple(sorted(set(found), key=lambda a: (a.label, a.id, a.kind, a.alias)))

    def near(self, text: str, labels: Collection[str], *, limit: int = 5) -> list[NearMiss]:
        """Names of nodes of some labels that are written much like the text, the nearest first."""
        from rapidfuzz import fuzz

        wanted = fold(text)
        best: dict[str, NearMiss] = {}
        for row in self._similar(text, labels):
            for _, name in _names(row):
                score = float(fuzz.ratio(wanted, fold(name)))
                kept = best.get(row["id"])
                if score >= _SIMILAR and (kept is None or score > kept.score):
                    best[row["id"]] = NearMiss(name, row["label"], row["id"], score)
        return sorted(best.values(), key=lambda m: (-m.score, m.alias, m.id))[:limit]

    def _alike(self, text: str) -> Iterator[Row]:
        if self._store.engine == "neo4j":
            return self._search(_phrase(text), list(LABEL), _MOST)
        return self._rows(_union(_alike), {"key": key(text), "between": f"|{key(text)}|"})

    def _similar(self, text: str, labels: Collection[str]) -> Iterator[Row]:
        chosen = [label for label in LABEL if label in labels]
        if self._store.engine != "neo4j":
            given = {"text": text.lower(), "far": max(2, len(text) // 3)}
            return self._rows(_union(_nearly, chosen), given)
        fuzzy = " ".join(f"{word}~" for word in words(text))
        return self._search(fuzzy, chosen, _NEAR) if fuzzy else iter(())

    def _search(self, query: str, labels: list[str], most: int) -> Iterator[Row]:
        given = {"query": query, "labels": labels, "most": most, "symbols": list(_SYMBOLS)}
        return self._rows(_FULLTEXT, given)

    def _rows(self, query: str, parameters: dict[str, Any]) -> Iterator[Row]:
        return iter(self._store.read(query, parameters, limits=self._limits))


class ServedNames(NodeNames):
    """Names of nodes, and which protein a gene stands for, read from a database."""

    def __init__(self, store: GraphStore, limits: ReadLimits) -> None:
        self._store = store
        self._limits = limits

    def get(self, node: str, label: str | None = None) -> NodeName:
        """Find the name of a node; one that the database does not have is called by its id."""
        for candidate in (label,) if label else tuple(LABEL):
            symbol = "n.symbol" if candidate in _SYMBOLS else "null"
            query = f"MATCH (n:{candidate}) WHERE n.id = $id RETURN n.name, {symbol}"
            for name, short in self._store.read(query, {"id": node}, limits=self._limits).rows:
                return NodeName(node, candidate, name or node, short)
        return NodeName(node, label or LABELS[0].name, node)

    def products(self, gene: str) -> tuple[str, ...]:
        """Find the protein that a gene symbol stands for; all products where none is marked."""
        return self._other_end("MATCH (n:Gene)-[e:ENCODES]->(m:Protein)", gene)

    def genes(self, protein: str) -> tuple[str, ...]:
        """Find the genes that encode a protein."""
        return self._other_end("MATCH (m:Gene)-[e:ENCODES]->(n:Protein)", protein)

    def _other_end(self, pattern: str, node: str) -> tuple[str, ...]:
        query = f"{pattern} WHERE n.id = $id RETURN m.id, e.canonical"
        rows = self._store.read(query, {"id": node}, limits=self._limits).rows
        chosen = [other for other, canonical in rows if canonical]
        return tuple(sorted(chosen or [other for other, _ in rows]))


def _union(condition: Callable[[list[str]], str], labels: Iterable[str] = tuple(LABEL)) -> str:
    """One read over labels, each through its own indexes."""
    return "\nUNION ALL\n".join(_nodes(label, condition) for label in labels)


def _nodes(label: str, condition: Callable[[list[str]], str]) -> str:
    symbol = "n.symbol" if label in _SYMBOLS else None
    named = condition(["n.name", symbol] if symbol else ["n.name"])
    return (
        f"MATCH (n:{label}) WHERE {named} RETURN n.id AS id, '{label}' AS label, "
        f"{symbol or 'toString(null)'} AS symbol, n.name AS name, n.synonyms AS synonyms"
    )


def _as_written(names: list[str]) -> str:
    return " OR ".join(["n.id IN $ids", *(f"{name} = $text" for name in names)])


def _alike(names: list[str]) -> str:
    """Compare letters and digits only, for LadybugDB; what is found is compared once more."""
    one = [f"regexp_replace(lower({name}), '[^a-z0-9]+', '', 'g') = $key" for name in names]
    # A parameter inside any(…) ends LadybugDB 0.22 in an assertion.
    every = "lower(concat('|', list_to_string('|', n.synonyms), '|'))"
    synonym = f"contains(regexp_replace({every}, '[^a-z0-9|]+', '', 'g'), $between)"
    return " OR ".join([*one, synonym])


def _nearly(names: list[str]) -> str:
    return " OR ".join(f"levenshtein(lower({name}), $text) <= $far" for name in names)


_FULLTEXT = f"""
CALL db.index.fulltext.queryNodes('{FULLTEXT}', $query) YIELD node, score
WITH node, score, labels(node)[0] AS label
WHERE label IN $labels
RETURN node.id AS id, label, CASE WHEN label IN $symbols THEN node.symbol END AS symbol,
       node.name AS name, node.synonyms AS synonyms
ORDER BY score DESC, id, label
LIMIT $most
"""


def _ids(text: str) -> list[str]:
    """Ids that a text may be: as it stands, and with a prefix; a bare number is none."""
    if ":" in text or not re.search("[A-Za-z]", text):
        return [text]
    return [text, *dict.fromkeys(f"{p}:{text}" for label in LABELS for p in label.prefixes)]


def _exact(row: Row, text: str) -> Iterator[Alias]:
    """Take the ways in which a node is called by a text as it stands."""
    if row["id"] in _ids(text):
        prefix, _, local = row["id"].partition(":")
        yield Alias(local if local == text else row["id"], prefix, "id", row["label"], row["id"])
    for kind in ("symbol", "name"):
        if row[kind] == text:
            yield Alias(text, None, kind, row["label"], row["id"])


def _names(row: Row) -> Iterator[tuple[str, str]]:
    for kind in ("symbol", "name"):
        if row[kind]:
            yield kind, row[kind]
    for synonym in row["synonyms"] or ():
        yield "synonym", synonym


def _phrase(text: str) -> str:
    """A query for the full-text index: the words in a row, as written and as folded."""
    forms = (re.findall(r"\w+", plain(text)), words(text))
    phrases = dict.fromkeys(" ".join(form) for form in forms if form)
    return " OR ".join(f'"{phrase}"' for phrase in phrases)
