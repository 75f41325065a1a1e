"""The words of one question: what stands where, and what was read there before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tosg_graph.ask.lexicon import Phrases
from tosg_graph.ask.normalise import Token

T = TypeVar("T")
Readings = list[tuple[T, int]]

#: Readings kept of one phrase; a question that needs more is too tangled to trust.
_KEPT = 48

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twenty": 20,
}  # fmt: skip


class Reader:
    """The tokens of a question, with a memory of the readings that begin at each.

    Parameters
    ----------
    found
        The tokens.
    text
        Their plain text, from which names are quoted.
    """

    def __init__(self, found: tuple[Token, ...], text: str) -> None:
        self.tokens = found
        self.text = text
        #: The first position that no reading got past.
        self.furthest = 0
        self._memory: dict[tuple[str, int], list[tuple[object, int]]] = {}

    def word(self, at: int) -> str:
        """Give the folded word at a position; "" after the end."""
        self.furthest = max(self.furthest, min(at, len(self.tokens)))
        return self.tokens[at].lower if at < len(self.tokens) else ""

    def phrase_at(self, at: int, *phrases: str) -> int | None:
        """Give the position after the longest of the phrases that stands here."""
        ends = []
        for phrase in phrases:
            parts = phrase.split()
            if all(self.word(at + i) == part for i, part in enumerate(parts)):
                ends.append(at + len(parts))
        return max(ends, default=None)

    def skip(self, at: int, words: Iterable[str]) -> int:
        """Give the position after any of the words that stand here."""
        chosen = frozenset(words)
        while self.word(at) in chosen:
            at += 1
        return at

    def look(self, table: Phrases[T], at: int) -> Iterator[tuple[T, int]]:
        """Entries of a phrase table that stand here."""
        self.word(at)
        return table.at(self.tokens, at)

    def quote(self, start: int, end: int) -> str:
        """Give the question's own words between two positions."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def kept(
        self, rule: str, at: int, readings: Callable[[], Iterable[tuple[T, int]]]
    ) -> Readings[T]:
        """Give what a rule reads at a position: worked out once, each reading once."""
        key = (rule, at)
        if key not in self._memory:
            self._memory[key] = []  # a rule that comes back to itself here finds nothing
            found: dict[tuple[object, int], None] = {}
            for reading in readings():
                found.setdefault(reading)
                if len(found) == _KEPT:
                    break
            self._memory[key] = list(found)
        return self._memory[key]  # type: ignore[return-value]

    def number(self, at: int) -> int | None:
        """Give the whole number at a position, in digits or in words."""
        written = self.word(at)
        if written.isdigit() and len(written) < 6:
            return int(written)
        return NUMBERS.get(written)
