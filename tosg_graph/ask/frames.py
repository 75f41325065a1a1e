"""The common shapes of a question: "Which …?", "How many …?", "What does … target?", "Does …?"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tosg_graph.ask.english import ARTICLES, BE, DO, MODAL
from tosg_graph.ask.grammar import Grammar
from tosg_graph.ask.lexicon import IN, LEXICON, OF, Links, Phrases
from tosg_graph.ask.plan import Form, Rank
from tosg_graph.ask.syntax import ANYTHING, Being, Clause, Phrase, Question, Related, Seen

Found = Iterator[tuple[Question, int]]

SHOW = (
    "show me", "show", "list", "give me", "give", "name", "find me", "find", "get me", "get",
    "display", "return", "tell me", "print", "look up",
)  # fmt: skip
_WHICH = ("which of", "which", "what")
_PREPOSITIONS = frozenset(["in", "of", "with", "for", "by", "on", "to", "from"])
_RANKED = (
    "ranked by", "sorted by", "ordered by", "by", "with the most", "with the highest",
    "with the strongest", "with the best",
)  # fmt: skip
_RANKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "evidence",
        (
            "evidence", "number of publications", "publications", "amount of evidence",
            "statements", "number of statements", "strength of evidence",
        ),
    ),
    ("affinity", ("affinity", "binding affinity")),
)  # fmt: skip


class Frames(Grammar):
    """Readings of questions that ask for the nodes of a noun phrase."""

    def which(self, at: int) -> Found:
        """Read "Which drugs …", "List the drugs …", "In which pathways …"."""
        shown = self.phrase_at(at, *SHOW)
        if shown is not None:
            for phrase, end in self.phrase(self.skip(shown, ("of",))):
                alone = bool(phrase.mentions) and not phrase.clauses
                yield from self._asked(Form.DESCRIBE if alone else Form.LIST, [(phrase, end)])
            at = shown
        if self.word(at) in _PREPOSITIONS and self.word(at + 1) in ("which", "what"):
            yield from self._asked(Form.LIST, self._turned(at + 2, self.word(at)))
        for opening in _WHICH:
            start = self.phrase_at(at, opening)
            if start is not None:
                yield from self._after_which(start)

    def _after_which(self, at: int) -> Found:
        yield from self._asked(Form.LIST, self._open(at))
        if self.word(at) in BE:
            for phrase, end in self.phrase(at + 1):
                alone = bool(phrase.mentions) and not phrase.clauses
                yield from self._asked(Form.DESCRIBE if alone else Form.LIST, [(phrase, end)])

    def how_many(self, at: int) -> Found:
        """Read "How many drugs …", "What is the number of …"."""
        many = self.phrase_at(at, "how many of", "how many")
        if many is not None:
            yield from self._asked(Form.COUNT, self._open(many, needs_noun=True))
            for phrase, end in self.phrase(many):
                start = self.phrase_at(end, "are there", "are", "do we have", "exist")
                for clauses, stop in self.modifiers(start) if start is not None else ():
                    yield Question(Form.COUNT, phrase.saying(*clauses)), stop
        shown = self.phrase_at(at, *SHOW) or at
        start = self.phrase_at(
            shown, "count", "what is the number of", "what 's the number of", "the number of",
            "number of", "the count of",
        )  # fmt: skip
        if start is not None:
            yield from self._asked(Form.COUNT, self.phrase(start))

    def yes_no(self, at: int) -> Found:
        """Read "Does imatinib target EGFR?", "Is EGFR a receptor?", "Are there drugs …?"."""
        there = self.phrase_at(at, "is there", "are there")
        if there is not None:
            yield from self._asked(Form.LIST, self.phrase(there))
        verb = self.word(at)
        if verb not in BE | DO | MODAL:
            return
        for subject, start in self.listed(at + 1):
            form = Form.EXISTS if subject.mentions else Form.LIST
            for clause, end in self._said(verb, start):
                yield Question(form, subject.saying(clause)), end

    def _said(self, verb: str, at: int) -> Iterator[tuple[Clause, int]]:
        if verb in BE:
            yield from self.being(at)
            return
        yield from self.acting(at)
        if self.word(at) == "be":
            yield from self.being(at + 1)
        if verb in DO and self.word(at) == "have":
            for role, end in self.look(LEXICON.roles, self.skip(at + 1, ARTICLES)):
                flipped = tuple(link.flipped for link in role.links)
                yield Related(flipped, ANYTHING), end

    def bare(self, at: int) -> Found:
        """Read a noun phrase by itself: "EGFR inhibitors"."""
        for phrase, end in self.phrase(self.skip(at, ARTICLES)):
            alone = bool(phrase.mentions) and not phrase.clauses
            yield from self._asked(Form.DESCRIBE if alone else Form.LIST, [(phrase, end)])

    # ---- what stands after "which" -----------------------------------------------------------

    def _open(self, at: int, *, needs_noun: bool = False) -> Iterator[tuple[Phrase, int]]:
        """Read what is said of the noun, or of nothing but "what"."""
        yield from self._having(at)
        yield from self._expressed(at)
        yield from self._turned(at, None)
        for phrase, end in self.phrase(at):
            if not phrase.mentions:
                for clauses, stop in self.predicates(end):
                    yield phrase.saying(*clauses), stop
                yield phrase, end
        if not needs_noun:
            for clauses, stop in self.predicates(at):
                if not isinstance(clauses[0], Being):
                    yield ANYTHING.saying(*clauses), stop

    def _having(self, at: int) -> Iterator[tuple[Phrase, int]]:
        """Read "ligands does EGFR have"."""
        for role, end in self.look(LEXICON.roles, at):
            if self.word(end) in DO:
                for subject, start in self.listed(end + 1):
                    if self.word(start) == "have":
                        yield Phrase(clauses=(Related(role.links, subject),)), start + 1
        for kind, end in self.look(LEXICON.kinds, at):
            if self.word(end) in DO:
                for subject, start in self.listed(end + 1):
                    if self.word(start) == "have" and subject.mentions:
                        related = Related(OF, subject)
                        yield Phrase(kind, clauses=(related,)), start + 1

    def _expressed(self, at: int) -> Iterator[tuple[Phrase, int]]:
        """Read "receptors do B cells express"."""
        for phrase, end in self.phrase(at):
            if not phrase.mentions and self.word(end) in DO:
                for group, after in self.group(end + 1):
                    if self.word(after) == "express":
                        yield phrase.saying(Seen(group)), after + 1

    def _turned(self, at: int, leading: str | None) -> Iterator[tuple[Phrase, int]]:
        """Read the noun is the object: "proteins does imatinib target"."""
        heads = [(phrase, end) for phrase, end in self.phrase(at) if not phrase.mentions]
        for head, end in [*heads, (ANYTHING, at)]:
            verb = self.word(end)
            if verb in DO | MODAL | BE:
                for subject, start in self.listed(end + 1):
                    for links, stop in self._stranded(verb, start, leading):
                        for hops, last in self.steps(stop):
                            yield head.saying(Related(links, subject, hops)), last

    def _stranded(self, verb: str, at: int, leading: str | None) -> Iterator[tuple[Links, int]]:
        """Relations read from the object; their particle stands at the end, or in front."""
        start = self.skip(at, ("also", "directly", "known"))
        if verb not in BE:
            for links, end in self._with_particle(LEXICON.verbs["base"], start, leading):
                yield _flip(links), end
            return
        for links, end in self.look(LEXICON.verbs["participle"], start):
            if leading == "by":
                yield links, end
            elif self.word(end) == "by":
                yield links, end + 1
        for links, end in self._with_particle(LEXICON.states, start, leading):
            yield _flip(links), end
        for role, end in self.look(LEXICON.roles, self.skip(start, ARTICLES)):
            if leading == "of":
                yield _flip(role.links), end
            elif self.word(end) in ("of", "for"):
                yield _flip(role.links), end + 1
        if leading == "in":
            yield _flip(IN), self.phrase_at(start, "involved", "found", "contained") or start
        if leading is None and self.word(start) == "in":
            yield _flip(IN), start + 1

    def _with_particle(
        self, table: Phrases[Links], at: int, leading: str | None
    ) -> Iterator[tuple[Links, int]]:
        if leading is None:
            return self.look(table, at)
        return table.without_last(self.tokens, at, leading)

    # ---- what goes first ---------------------------------------------------------------------

    def _asked(self, form: Form, phrases: Iterable[tuple[Phrase, int]]) -> Found:
        """Questions from phrases, with what goes first where the question says so."""
        for phrase, end in phrases:
            for rank, stop in self._rank(end):
                yield Question(form, phrase, rank=rank), stop

    def _rank(self, at: int) -> list[tuple[Rank | None, int]]:
        """Read "ranked by affinity", "with the most evidence"."""
        start = self.phrase_at(at, *_RANKED)
        ends = () if start is None else [(by, self.phrase_at(start, *w)) for by, w in _RANKS]
        found: list[tuple[Rank | None, int]] = [
            (Rank(by), end) for by, end in ends if end is not None
        ]
        return [*found, (None, at)]


def _flip(links: Links) -> Links:
    return tuple(link.flipped for link in links)
