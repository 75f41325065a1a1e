"""What is said of detection: "detected in at least 25 % of CD14+ monocytes"."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tosg_graph.ask.english import CLOSED
from tosg_graph.ask.lexicon import LEXICON
from tosg_graph.ask.normalise import Token
from tosg_graph.ask.reader import Reader
from tosg_graph.ask.syntax import Clause, Group, Seen

_LONGEST_GROUP = 8
_ENDS_GROUP = CLOSED - {"to", "as"} | {"targeted"}


class Groups(Reader):
    """Readings of groups of cells.

    Parameters
    ----------
    found, text
        Tokens of the question, and its plain text.
    is_group
        Whether words name a group of cells; None where there are no cells.
    unknown
        Whether words that name nothing may be read as a name.
    """

    def __init__(
        self,
        found: tuple[Token, ...],
        text: str,
        *,
        is_group: Callable[[str], bool] | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(found, text)
        self.unknown = unknown
        self._is_group = is_group

    def seen(self, at: int) -> Iterator[tuple[Clause, int]]:
        """Read "detected in at least 25 % of B cells"."""
        for modality, end in self.look(LEXICON.detected, at):
            for (share, strict), start in self.share(end):
                for groups, after in self.groups(start):
                    yield Seen(groups[0], modality, share, strict, groups[1:]), after

    def share(self, at: int) -> Iterator[tuple[tuple[float | None, bool], int]]:
        """Read "at least 25 % of", or nothing."""
        start = self.phrase_at(at, "at least", "more than", "over", "≥", ">=", ">", "a minimum of")
        strict = self.word(at) in ("more", "over", ">")
        number = self.word(at if start is None else start)
        after = (at if start is None else start) + 1
        end = self.phrase_at(
            after, "% of the", "% of", "percent of the", "percent of", "per cent of"
        )
        if _is_number(number) and end is not None:
            yield (float(number) / 100, strict), end
        elif start is None:
            yield (None, False), at

    def groups(self, at: int) -> Iterator[tuple[tuple[Group, ...], int]]:
        """One group, or several joined by "and"."""
        for first, end in self.group(at):
            both = self.phrase_at(end, "and in", "and")
            if both is not None:
                for rest, after in self.groups(both):
                    yield (first, *rest), after
            yield (first,), end

    def group(self, at: int) -> Iterator[tuple[Group, int]]:
        """Read the words that name a group of cells; the longest first."""
        start = self.skip(at, ("the", "all", "human"))
        last = start
        while last < len(self.tokens) and last - start < _LONGEST_GROUP:
            token = self.tokens[last]
            if not token.key or token.lower in _ENDS_GROUP:
                break
            last += 1
        for end in range(last, start, -1):
            text = self._group_text(start, end)
            if self._is_group is None or self.unknown or self._is_group(text):
                yield Group(text), end

    def _group_text(self, start: int, end: int) -> str:
        """Read the words, with a sign that ends them ("CD34+")."""
        stop = self.tokens[end - 1].end
        while stop < len(self.text) and self.text[stop] in "+-)":
            stop += 1
        return self.text[self.tokens[start].start : stop]


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdigit()
