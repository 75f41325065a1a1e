"""From the names in a question to nodes: ambiguity, unknown names and slips of the pen."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rapidfuzz.distance import OSA

from tosg_graph.ask.index import Alias, NearMiss
from tosg_graph.ask.link import Linker
from tosg_graph.ask.nodes import NodeName
from tosg_graph.ask.normalise import fold
from tosg_graph.ask.outcome import Choice, Ended, Misfit, Status
from tosg_graph.ask.syntax import Mention
from tosg_graph.schema import LABELS

_ALL = tuple(label.name for label in LABELS)
#: What is called by words, not by symbols that differ in one letter or digit.
_WORDY = frozenset(("Pathway", "Disease", "Drug", "CellType", "Tissue", "Complex"))
_ONE_LETTER, _TWO_LETTERS = 6, 10


class Names:
    """Resolves mentions, and remembers what a reader should know about it.

    Parameters
    ----------
    linker
        Knows the names.
    """

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self.notes: list[str] = []

    def labels(self, mentions: Iterable[Mention]) -> tuple[str, ...]:
        """Labels that all of the mentions can have."""
        shared = set(_ALL)
        for mention in mentions:
            known = self._linker.labels(_typed(mention)) or frozenset(_ALL)
            shared &= known if mention.aliases else set(mention.labels or _ALL)
        return tuple(label for label in _ALL if label in shared)

    def nodes(self, mention: Mention, labels: Collection[str]) -> tuple[NodeName, ...]:
        """Find the nodes of some labels that a mention names.

        Raises
        ------
        Ended
            If it names several things, or nothing that is in the graph.
        """
        found = self._linker.resolve(mention.text, _typed(mention), labels)
        if found.candidates:
            choices = [Choice(c.id, c.name, c.label, c.alias) for c in found.candidates]
            shown = "; ".join(map(str, choices[:10]))
            raise Ended(
                Status.AMBIGUOUS,
                f"{mention.text!r} names several things: {shown}; ask with the id of one",
                choices,
            )
        if found.nodes:
            return found.nodes
        if mention.aliases:
            raise self._other_label(mention, labels)
        return self._corrected(mention, labels)

    def _other_label(self, mention: Mention, labels: Collection[str]) -> Ended:
        genes = [a for a in _typed(mention) if a.label == "Gene"]
        if genes and "Protein" in labels:
            return Ended(
                Status.UNKNOWN_ENTITY,
                f"{mention.text!r} is a gene without a protein in this graph ({genes[0].id})",
            )
        kinds = " or ".join(sorted({a.label.lower() for a in mention.aliases}))
        wanted = " or ".join(sorted(label.lower() for label in labels))
        return Misfit(f"{mention.text!r} is a {kinds} here, and a {wanted} is needed")

    def _corrected(self, mention: Mention, labels: Collection[str]) -> tuple[NodeName, ...]:
        """Find what was meant, if only one thing can have been and a letter or two are wrong."""
        wanted = set(labels) & set(mention.labels) or set(labels)
        near = self._linker.near_misses(mention.text, wanted)
        slips = {miss.id: miss for miss in near if _slip(mention.text, miss)}
        if len(slips) == 1:
            miss = next(iter(slips.values()))
            found = self._linker.names.get(miss.id, miss.label)
            self.notes.append(f"{mention.text!r} was read as {miss.alias} ({miss.id})")
            return (found,)
        raise Ended(
            Status.UNKNOWN_ENTITY,
            f"nothing in this graph is called {mention.text!r}" + _hint(near),
            [
                Choice(m.id, self._linker.names.get(m.id, m.label).short, m.label, m.alias)
                for m in near
            ],
        )


def _typed(mention: Mention) -> tuple[Alias, ...]:
    """Find the aliases that have the label which the question says; a gene goes for its protein."""
    if not mention.labels:
        return mention.aliases
    wanted = set(mention.labels)
    if wanted & {"Gene", "Protein"}:
        wanted |= {"Gene", "Protein"}
    return tuple(alias for alias in mention.aliases if alias.label in wanted)


def _slip(text: str, miss: NearMiss) -> bool:
    """Whether a name is the text but for a letter or two; never a symbol, never a number."""
    written, meant = fold(text), fold(miss.alias)
    wordy = miss.label in _WORDY or len(meant) > _TWO_LETTERS + 2
    digits = [[c for c in s if c.isdigit()] for s in (written, meant)]
    if not wordy or digits[0] != digits[1] or len(meant) < _ONE_LETTER:
        return False
    allowed = 2 if len(meant) >= _TWO_LETTERS else 1
    return OSA.distance(written, meant, score_cutoff=allowed) <= allowed


def _hint(near: list[NearMiss]) -> str:
    shown = ", ".join(dict.fromkeys(f"{m.alias} ({m.id})" for m in near))
    return f"; near to it: {shown}" if shown else ""
