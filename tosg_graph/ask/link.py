"""From the words of a question to the nodes that they name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from tosg_graph.ask.english import ENGLISH, GREEK_INITIALS, SPELLINGS
from tosg_graph.ask.index import Alias, AliasIndex, NearMiss
from tosg_graph.ask.nodes import NodeName, NodeNames
from tosg_graph.ask.normalise import GREEK, Token, fold, plain, words
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import LABEL

#: A mention has at most this many words.
LONGEST = 14

#: An id goes before a symbol or a name, and those before former and other names.
_TIER = {"id": 0, "xref": 0, "symbol": 1, "name": 1, "previous": 2, "synonym": 2}
_LONGEST_SYMBOL = 14
_GREEK_WORD = re.compile("|".join(GREEK_INITIALS))
_GREEK_NAMES = frozenset(GREEK.values())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that a text may name.

    Parameters
    ----------
    id, label, name
        The node.
    alias, kind
        The name that the text matched, and what kind of name it is.
    """

    id: str
    label: str
    name: str
    alias: str
    kind: str

    def to_dict(self) -> dict[str, str]:
        """Find the candidate as plain values."""
        return {
            "id": self.id, "label": self.label, "name": self.name, "alias": self.alias,
            "kind": self.kind,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a text names, among nodes of the labels that were asked for.

    Parameters
    ----------
    nodes
        The node; a gene and its protein together where both labels were asked for.
    candidates
        Where the text names several things: all of them, and ``nodes`` is empty.
    """

    nodes: tuple[NodeName, ...] = ()
    candidates: tuple[Candidate, ...] = ()


class Linker:
    """Finds the nodes that a text names, by symbol, name, synonym, former name or identifier.

    Parameters
    ----------
    index
        The names.
    names
        Names by id, and which protein a gene stands for.
    """

    def __init__(self, index: AliasIndex, names: NodeNames) -> None:
        self.index = index
        self.names = names

    @classmethod
    def of(cls, build: Build) -> Self:
        """Make a linker for a build."""
        return cls(AliasIndex.of(build), NodeNames(build))

    def spans(
        self, found: Sequence[Token], start: int, *, typed: bool = False
    ) -> list[tuple[int, tuple[Alias, ...]]]:
        """Names that begin at a token, the longest first.

        Parameters
        ----------
        found
            Tokens of the question.
        start
            Position of the first token.
        typed
            Whether the question says that a name stands here, so that an English word may be one.

        Returns
        -------
        list
            Pairs of the position after the name, and its aliases.
        """
        spans = []
        for end in range(min(len(found), start + LONGEST), start, -1):
            span = found[start:end]
            if span[-1].key and (aliases := self._aliases(span, typed=typed)):
                spans.append((end, aliases))
        return spans

    def lookup(self, text: str) -> tuple[Alias, ...]:
        """Every alias that a whole text is, however it is written."""
        for form in _forms(words(text)):
            if aliases := self.index.find(form):
                return aliases
        return ()

    def labels(self, aliases: Iterable[Alias]) -> frozenset[str]:
        """Labels of nodes that the aliases can stand for; a gene stands for its protein too."""
        found = {alias.label for alias in aliases}
        if found & {"Gene", "Protein"}:
            found |= {"Gene", "Protein"}
        return frozenset(found)

    def resolve(self, text: str, aliases: Iterable[Alias], labels: Collection[str]) -> Resolution:
        """Choose among aliases by the labels that are asked for, then by the strength of the name.

        A gene and its protein are one thing here: the labels say which of the two is meant.
        """
        things: dict[str, list[Candidate]] = {}
        for alias in aliases:
            for thing, nodes in self._as_labels(alias, labels):
                kept = things.setdefault(thing, [])
                kept.extend(self._candidate(node, alias) for node in nodes)
        best = _strongest(text, things)
        if len(best) > 1:
            chosen = {c.id: c for thing in sorted(best) for c in reversed(best[thing])}
            return Resolution(
                candidates=tuple(sorted(chosen.values(), key=lambda c: (c.name, c.id)))
            )
        named = {c.id: self.names.get(c.id, c.label) for found in best.values() for c in found}
        return Resolution(nodes=tuple(named[node] for node in sorted(named)))

    def near_misses(self, text: str, labels: Collection[str]) -> list[NearMiss]:
        """Names that are written much like the text, as suggestions."""
        searched = set(labels) | ({"Gene"} if "Protein" in labels else set())
        return self.index.near(text, searched)

    def _candidate(self, node: NodeName, alias: Alias) -> Candidate:
        return Candidate(node.id, node.label, node.short, alias.alias, alias.kind)

    def _as_labels(self, alias: Alias, labels: Collection[str]) -> list[tuple[str, list[NodeName]]]:
        """Find the things that an alias stands for, each with its nodes of the labels asked for."""
        if alias.label not in ("Gene", "Protein"):
            nodes = [self.names.get(alias.id, alias.label)] if alias.label in labels else []
            return [(alias.id, nodes)] if nodes else []
        genes = (alias.id,) if alias.label == "Gene" else self.names.genes(alias.id)
        found = []
        for gene in genes or (alias.id,):
            ids = {"Gene": genes and (gene,), "Protein": self._proteins(alias, gene)}
            nodes = [
                self.names.get(i, label) for label in ids if label in labels for i in ids[label]
            ]
            if nodes:
                found.append((gene, nodes))
        return found

    def _proteins(self, alias: Alias, gene: str) -> tuple[str, ...]:
        return (alias.id,) if alias.label == "Protein" else self.names.products(gene)

    def _aliases(self, span: Sequence[Token], *, typed: bool) -> tuple[Alias, ...]:
        if not typed and not _may_name(span):
            return ()
        for form in _forms([token.key for token in span]):
            kept = tuple(a for a in self.index.find(form) if typed or _fits(span, a))
            if kept:
                return kept
        return ()


def node_parameter(linker: Linker, text: str, *, label: str | None) -> str:
    """Find the id of the one node that a text names.

    Parameters
    ----------
    linker
        Knows the names.
    text
        An id, a symbol, a name, or any alias.
    label
        Label of the node; None for any. A symbol then stands for the protein.

    Raises
    ------
    UsageError
        If nothing has that name, with what is written much like it, or several things have it.
    """
    labels = {label} if label else set(LABEL)
    aliases = linker.lookup(text)
    found = linker.resolve(plain(text), aliases, labels)
    kind = (label or "node").lower()
    if found.candidates:
        shown = ", ".join(f"{c.id} ({c.name})" for c in found.candidates[:10])
        raise UsageError(f"{text!r} names several things: {shown}; give the id of one")
    if found.nodes:
        return min(found.nodes, key=lambda node: node.label != "Protein").id
    near = ", ".join(f"{m.alias} ({m.id})" for m in linker.near_misses(text, labels))
    hint = f"; near to it: {near}" if near else ""
    raise UsageError(f"no {kind} in this graph is called {text!r}{hint}")


def _forms(parts: Sequence[str]) -> Iterable[str]:
    """Give the compared form, then others: singular, American, Latin for Greek, words swapped."""
    whole = "".join(parts)
    seen = {whole, ""}
    yield whole
    american = whole
    for british, spelt in SPELLINGS:
        american = american.replace(british, spelt)
    others = [american]
    if len(whole) > 3 and whole.endswith("s") and not whole.endswith("ss"):
        others += [american[:-1], re.sub("ies$", "y", american)]
    if len(whole) <= _LONGEST_SYMBOL:
        others.append(_GREEK_WORD.sub(lambda name: GREEK_INITIALS[name.group()], whole))
    if len(parts) > 1 and parts[-1] in ("signaling", "signalling"):
        others.append("signalingby" + "".join(parts[:-1]))
    for other in others:
        if other not in seen:
            seen.add(other)
            yield other


def _may_name(span: Sequence[Token]) -> bool:
    """Whether words can be a name at all: not everyday words alone, no sign inside."""
    if any(not token.key for token in span):
        return False
    if len(span) == 1:
        return not span[0].key.isdigit()
    edges = {span[0].lower, span[-1].lower}
    if edges & _NEVER_AT_THE_EDGE:
        return False
    return any(token.lower not in ENGLISH and not token.key.isdigit() for token in span)


_NEVER_AT_THE_EDGE = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "at",
        "by",
        "do",
        "does",
        "for",
        "from",
        "how",
        "is",
        "of",
        "or",
        "that",
        "the",
        "to",
        "was",
        "what",
        "which",
        "who",
        "with",
        "'s",
    ]
)


def _fits(span: Sequence[Token], alias: Alias) -> bool:
    """Whether words may stand for an alias: case where it tells, and the gaps between the words."""
    if len(span) == 1:
        token = span[0]
        if token.lower in ENGLISH or len(token.key) == 1:
            return token.text.isupper() and token.text == alias.alias
        return True
    if alias.namespace is not None:
        return True
    inside = words(alias.alias)
    swapped = inside[:2] == ("signaling", "by") and span[-1].lower.startswith("signal")
    if len(inside) == len(span) or swapped:
        return True
    return all(_gap(span, at, inside) for at in range(1, len(span)))


def _gap(span: Sequence[Token], at: int, inside: Sequence[str]) -> bool:
    """Check a space of the question: a gap in the alias, a digit, or a Greek letter is there."""
    left, right = span[at - 1], span[at]
    if not right.spaced or left.key[-1:].isdigit() or right.key[:1].isdigit():
        return True
    before = len("".join(token.key for token in span[:at]))
    return right.lower in _GREEK_NAMES or before in _offsets(inside)


def _offsets(parts: Sequence[str]) -> set[int]:
    """Where the parts of a name begin when they are written without gaps."""
    found, position = set(), 0
    for part in parts:
        position += len(part)
        found.add(position)
    return found


def _strongest(text: str, things: dict[str, list[Candidate]]) -> dict[str, list[Candidate]]:
    """Keep the things that the text names best: by kind of name, then by how it is written."""
    ranked = {
        thing: min((_TIER[c.kind], _written(text, c.alias)) for c in candidates)
        for thing, candidates in things.items()
    }
    if not ranked:
        return {}
    best = min(ranked.values())
    return {
        thing: [c for c in candidates if _TIER[c.kind] == best[0]]
        for thing, candidates in things.items()
        if ranked[thing] == best
    }


def _written(text: str, alias: str) -> int:
    if text == alias:
        return 0
    return 1 if fold(text) == fold(alias) else 2
