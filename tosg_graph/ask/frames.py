"""The shapes that a question can have: "Which … ?", "How many … ?", "Does … ?" and the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tosg_graph.ask.grammar import ARTICLES, BE, DO, MODAL, Grammar
from tosg_graph.ask.lexicon import LEXICON, Kind, Links
from tosg_graph.ask.plan import Form, Rank
from tosg_graph.ask.syntax import ANYTHING, Being, Clause, Group, Phrase, Question, Related, Seen

_POLITE = (
    "please", "can you tell me", "could you tell me", "can you please tell me", "can you show me",
    "could you show me", "can you list", "could you list", "i want to know", "i would like to know",
    "i 'd like to know", "do you know", "tell me",
)  # fmt: skip
_AFTER = (
    "in the graph", "in this graph", "in the database", "in humans", "in human", "in total",
    "overall", "altogether", "please", "are there", "are known", "is known", "do you know", "exist",
    "directly", "?", ".",
)  # fmt: skip
_SHOW = (
    "show me", "show", "list", "give me", "give", "name", "find me", "find", "get me", "get",
    "display", "return", "tell me", "print",
)  # fmt: skip
_PREPOSITIONS = frozenset("in of with for by on to from".split())
_GROUPS = (
    "which cell types", "what cell types", "which cell type", "which groups of cells", "which cells",
    "what cells", "which groups", "which cell populations", "which populations",
)  # fmt: skip

Readings = Iterator[tuple[Question, int]]


class Frames(Grammar):
    """Readings of whole questions."""

    def questions(self) -> Iterator[Question]:
        """Every reading that uses up all the words, the likeliest first."""
        for start in self._starts():
            for question, end in self._shapes(start):
                if self._rest(end):
                    yield question

    def _starts(self) -> list[int]:
        """Where the question proper begins: after what is said out of courtesy, or at once."""
        after = self.phrase_at(0, *_POLITE)
        while after is not None and (further := self.phrase_at(after, ",", "please")) is not None:
            after = further
        return [0] if after is None else [after, 0]

    def _rest(self, at: int) -> bool:
        while at < len(self.tokens):
            after = self.phrase_at(at, *_AFTER)
            if after is None:
                self.word(at)
                return False
            at = after
        return True

    def _shapes(self, at: int) -> Readings:
        yield from self._counts(at)
        yield from self._evidence(at)
        yield from self._chain(at)
        yield from self._paths(at)
        yield from self._neighbours(at)
        yield from self._cells(at)
        yield from self._amounts(at)
        yield from self._which(at)
        yield from self._yes_no(at)
        yield from self._bare(at)

    # ---- which, what, list, how many ---------------------------------------------------------

    def _which(self, at: int) -> Readings:
        shown = self.phrase_at(at, *_SHOW)
        if shown is not None:
            yield from self._asked(self._list, self._noun(shown))
            at = shown
        if self.word(at) in _PREPOSITIONS and self.word(at + 1) in ("which", "what"):
            yield from self._asked(self._list, self._turned(at + 2, leading=self.word(at)))
        start = self.phrase_at(at, "which", "what", "who")
        if start is None:
            return
        yield from self._asked(self._list, self._open(start))
        if self.word(start) in BE:
            for phrase, end in self._noun(start + 1):
                describes = bool(phrase.mentions) and not phrase.clauses
                form = Form.DESCRIBE if describes else Form.LIST
                yield from self._asked(lambda p, f=form: Question(f, p), [(phrase, end)])

    def _amounts(self, at: int) -> Readings:
        shown = self.phrase_at(at, *_SHOW) or at
        many = self.phrase_at(at, "how many")
        if many is not None:
            yield from self._asked(self._count, self._open(many, needs_noun=True))
            for phrase, end in self._noun(many):
                start = self.phrase_at(end, "are there", "are", "do we have", "exist")
                if start is not None:
                    for clauses, stop in self.modifiers(start):
                        yield self._count(phrase.saying(*clauses)), stop
        start = self.phrase_at(shown, "count", "what is the number of", "what 's the number of",
                               "the number of", "number of", "the count of")  # fmt: skip
        if start is not None:
            yield from self._asked(self._count, self._noun(start))

    def _list(self, phrase: Phrase) -> Question:
        return Question(Form.LIST, phrase)

    def _count(self, phrase: Phrase) -> Question:
        return Question(Form.COUNT, phrase)

    def _noun(self, at: int) -> Iterator[tuple[Phrase, int]]:
        """A noun phrase that is the whole of what is asked for."""
        yield from self.phrase(self.skip(at, ("of",)))

    def _open(self, at: int, *, needs_noun: bool = False) -> Iterator[tuple[Phrase, int]]:
        """After "which": what is said of the noun, or of nothing but "what"."""
        yield from self._turned(at, leading=None)
        for phrase, end in self.phrase(at):
            if not phrase.mentions:
                for clauses, stop in self.predicates(end):
                    yield phrase.saying(*clauses), stop
                yield phrase, end
        if not needs_noun:
            for clauses, stop in self.predicates(at):
                yield ANYTHING.saying(*clauses), stop

    # ---- what does imatinib target? -----------------------------------------------------------

    def _turned(self, at: int, *, leading: str | None) -> Iterator[tuple[Phrase, int]]:
        """The noun is the object: "which proteins does imatinib target"."""
        heads = [(p, e) for p, e in self.phrase(at) if not p.mentions]
        heads += [(_role_kind(r.links, r.labels), e) for r, e in self.look(LEXICON.roles, at)]
        for head, end in [*heads, (ANYTHING, at)]:
            if self.word(end) in DO | MODAL | BE:
                for subject, start in self._subjects(end + 1):
                    verb = self.word(end)
                    for clause, stop in self._stranded(head, subject, start, verb, leading):
                        yield head.saying(clause), stop

    def _subjects(self, at: int) -> list[tuple[Phrase, int]]:
        """Names, or noun phrases, between the auxiliary and its verb."""
        names = [(p, e) for p, e in self.listed(at) if p.mentions or p.clauses or p.kind]
        return names[:12]

    def _stranded(
        self, head: Phrase, subject: Phrase, at: int, verb: str, leading: str | None
    ) -> Iterator[tuple[Clause, int]]:
        for links, end in self._stranded_links(at, verb, leading):
            for hops, stop in self._steps(end):
                yield Related(links, subject, hops), stop
        if verb in DO and self.word(at) == "have" and _has_role(head):
            assert isinstance(head.clauses[0], Related)
            yield Related(head.clauses[0].links, subject), at + 1

    def _stranded_links(
        self, at: int, verb: str, leading: str | None
    ) -> Iterator[tuple[Links, int]]:
        """Relations read from the object, whose particle stands at the end or in front."""
        start = self.skip(at, ("also", "directly"))
        lead = f" {leading}" if leading else ""
        if verb not in BE:
            for links, end in self._with_particle("base", start, lead):
                yield tuple(link.flipped for link in links), end
            return
        for links, end in self.look(LEXICON.verbs["participle"], start):
            if leading == "by":
                yield links, end
            elif self.word(end) == "by":
                yield links, end + 1
        for links, end in self._with_particle("states", start, lead):
            yield tuple(link.flipped for link in links), end
        for role, end in self.look(LEXICON.roles, self.skip(start, ARTICLES)):
            if leading == "of":
                yield tuple(link.flipped for link in role.links), end
            elif self.word(end) in ("of", "for"):
                yield tuple(link.flipped for link in role.links), end + 1
        if leading == "in":
            yield tuple(link.flipped for link in _in_links()), start

    def _with_particle(self, table: str, at: int, lead: str) -> Iterator[tuple[Links, int]]:
        """A verb or state whose particle may stand at the head of the question."""
        phrases = LEXICON.states if table == "states" else LEXICON.verbs[table]
        if lead:
            yield from phrases.without_last(self.tokens, at, lead.strip())
        else:
            yield from self.look(phrases, at)

    # ---- does imatinib target EGFR? -----------------------------------------------------------

    def _yes_no(self, at: int) -> Readings:
        verb = self.word(at)
        there = self.phrase_at(at, "is there", "are there")
        if there is not None:
            yield from self._asked(self._list, self._noun(there))
        if verb not in BE | DO | MODAL:
            return
        for subject, start in self._subjects(at + 1):
            said = self.being(start) if verb in BE else self.acting(start)
            for clause, end in said:
                named = bool(subject.mentions)
                form = Form.EXISTS if named else Form.LIST
                yield Question(form, subject.saying(clause)), end
            if verb in MODAL and self.word(start) == "be":
                for clause, end in self.being(start + 1):
                    yield Question(Form.EXISTS, subject.saying(clause)), end

    def _bare(self, at: int) -> Readings:
        """A noun phrase by itself: "EGFR inhibitors"."""
        for phrase, end in self.phrase(self.skip(at, ARTICLES)):
            alone = bool(phrase.mentions) and not phrase.clauses
            if not alone and (phrase.clauses or phrase.kind):
                yield from self._asked(self._list, [(phrase, end)])
            elif alone:
                yield Question(Form.DESCRIBE, phrase), end

    def _asked(
        self, make: object, phrases: Iterable[tuple[Phrase, int]]
    ) -> Readings:
        """Questions from phrases, with what goes first if the question says so."""
        for phrase, end in phrases:
            assert callable(make)
            question = make(phrase)
            for rank, stop in self._rank(end):
                yield replace(question, rank=rank), stop

    def _rank(self, at: int) -> list[tuple[Rank | None, int]]:
        """"ranked by affinity", "with the most evidence"."""
        start = self.phrase_at(
            at, "ranked by", "sorted by", "ordered by", "by", "with the most", "with the highest",
            "with the strongest", "with the best",
        )  # fmt: skip
        if start is not None:
            for words, by in (
                (("evidence", "number of publications", "publications", "amount of evidence",
                  "statements", "support"), "evidence"),
                (("affinity", "binding affinity"), "affinity"),
            ):  # fmt: skip
                end = self.phrase_at(start, *words)
                if end is not None:
                    return [(Rank(by), end), (None, at)]
        return [(None, at)]

    # ---- the other shapes --------------------------------------------------------------------

    def _counts(self, at: int) -> Readings:
        for phrase, what in _COUNTS:
            end = self.phrase_at(at, phrase)
            if end is not None:
                yield Question(Form.COUNTS, ANYTHING, what=what), end

    def _evidence(self, at: int) -> Readings:
        for opening, what in _EVIDENCE:
            start = self.phrase_at(at, opening)
            if start is None:
                continue
            for subject, end in self._subjects(self.skip(start, ("that", "the", "fact"))):
                for clauses, stop in self.predicates(end):
                    yield self._evidence_of(subject, clauses, what), stop
                for clause, stop in self.reduced(end):
                    yield self._evidence_of(subject, (clause,), what), stop
            for opened in ("the link between", "the relation between", "an interaction between",
                           "the interaction between", "a link between"):  # fmt: skip
                after = self.phrase_at(start, opened)
                if after is not None:
                    yield from self._between(after, what)

    def _evidence_of(self, subject: Phrase, clauses: tuple[Clause, ...], what: str) -> Question:
        return Question(Form.EVIDENCE, subject.saying(*clauses), what=what)

    def _between(self, at: int, what: str) -> Readings:
        for first, second, end in self._pairs(at):
            connected = Related((_CONNECT,), second)
            yield Question(Form.EVIDENCE, first.saying(connected), what=what), end

    def _pairs(self, at: int) -> Iterator[tuple[Phrase, Phrase, int]]:
        for first, middle in self.head(at):
            if first.mentions and self.word(middle) in ("and", "to"):
                for second, end in self.head(middle + 1):
                    if second.mentions:
                        yield first, second, end

    def _paths(self, at: int) -> Readings:
        shown = self.phrase_at(at, *_SHOW, "what is", "what 's", "is there", "what are") or at
        start = self.skip(shown, (*ARTICLES, "shortest", "signed", "signalling", "signaling"))
        named = self.phrase_at(start, "path", "paths", "route", "routes", "way", "connection")
        if named is not None:
            between = self.phrase_at(named, "from", "between")
            if between is not None:
                for first, second, end in self._pairs(between):
                    yield Question(Form.PATH, first, to=second), end
        how = self.phrase_at(at, "how")
        if how is not None:
            yield from self._how(how)

    def _how(self, at: int) -> Readings:
        """"how does A activate B", "how is A connected to B", "how are A and B connected"."""
        if self.word(at) not in DO | BE | MODAL:
            return
        for first, middle in self.head(at + 1):
            verb = self.phrase_at(middle, *_LEADS)
            if first.mentions and verb is not None:
                for second, end in self.head(verb):
                    if second.mentions:
                        yield Question(Form.PATH, first, to=second), end
        for first, second, end in self._pairs(at + 1):
            stop = self.phrase_at(end, "connected", "linked", "related", "connect", "joined")
            if stop is not None:
                yield Question(Form.PATH, first, to=second), stop

    def _neighbours(self, at: int) -> Readings:
        shown = self.phrase_at(at, *_SHOW, "what are", "which are", "who are") or at
        start = self.phrase_at(
            self.skip(shown, (*ARTICLES, "direct")), "neighbours of", "neighbors of",
            "neighbourhood of", "neighborhood of", "neighbour nodes of",
        )  # fmt: skip
        if start is None:
            start = self.phrase_at(
                at, "what is connected to", "what is linked to", "what is joined to",
                "which nodes are connected to", "which nodes are linked to", "what connects to",
                "everything connected to", "what surrounds", "what is around",
            )  # fmt: skip
        if start is not None:
            for phrase, end in self.head(start):
                if phrase.mentions:
                    yield Question(Form.NEIGHBOURS, phrase), end
        for phrase, end in self.head(self.skip(shown, ARTICLES)):
            stop = self.phrase_at(self.skip(end, ("'s",)), "neighbours", "neighbors")
            if phrase.mentions and stop is not None:
                yield Question(Form.NEIGHBOURS, phrase), stop

    def _chain(self, at: int) -> Readings:
        shown = self.phrase_at(at, *_SHOW, "what is", "what 's", "what are") or at
        start = self.skip(shown, ARTICLES)
        for words in _CHAIN:
            end = self.phrase_at(start, words)
            of = None if end is None else self.phrase_at(end, "of", "for", "from")
            if of is not None:
                for phrase, stop in self.head(of):
                    yield Question(Form.CHAIN, phrase), stop
        yield from self._products(at)

    def _products(self, at: int) -> Readings:
        """"which transcripts and proteins does EGFR encode"."""
        start = self.phrase_at(
            at, "which transcripts and proteins does", "what transcripts and proteins does",
            "which transcript and protein does", "what transcript and protein does",
        )  # fmt: skip
        if start is not None:
            for phrase, end in self.head(start):
                stop = self.phrase_at(end, "encode", "give rise to", "produce", "make", "have")
                if stop is not None:
                    yield Question(Form.CHAIN, phrase), stop

    def _cells(self, at: int) -> Readings:
        """"In which cell types is CD14 detected?", "Which genes do B cells express?"."""
        start = self.phrase_at(at, *(f"in {words}" for words in _GROUPS), "where", "in which cells")
        if start is not None and self.word(start) in BE:
            for phrase, end in self.head(start + 1):
                stop = self.phrase_at(end, "detected", "expressed", "found", "present", "measured")
                if phrase.mentions and stop is not None:
                    yield from self._grouped(phrase, stop)
        start = self.phrase_at(at, *_GROUPS)
        verb = None if start is None else self.phrase_at(start, "express", "expresses", "show", "have")
        if verb is not None:
            for phrase, end in self.head(verb):
                if phrase.mentions:
                    yield from self._grouped(phrase, end)
        yield from self._expressing(at)

    def _grouped(self, phrase: Phrase, at: int) -> Readings:
        start = self.phrase_at(at, "in")
        if start is not None:
            for (share, strict), end in self.share(start):
                stop = self.phrase_at(end, "the cells", "cells", "their cells")
                if share is not None and stop is not None:
                    seen = Seen(Group(""), None, share, strict)
                    yield Question(Form.GROUPS, phrase, group=seen), stop
        yield Question(Form.GROUPS, phrase, group=Seen(Group(""))), at

    def _expressing(self, at: int) -> Readings:
        start = self.phrase_at(at, "which", "what", "how many")
        if start is None:
            return
        make = self._count if self.word(at) == "how" else self._list
        for phrase, end in self.phrase(start):
            if phrase.kind is not None and self.word(end) in DO:
                for group, after in self.group(end + 1):
                    stop = self.phrase_at(after, "express", "have", "contain", "show")
                    if stop is not None and self.word(after) == "express":
                        yield make(phrase.saying(Seen(group))), stop


def _role_kind(links: Links, labels: tuple[str, ...]) -> Phrase:
    """A role as the head of a turned question; its relation is kept for "have"."""
    kind = Kind(labels, "", links=links)
    return Phrase(kind)
