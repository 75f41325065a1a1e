"""Noun phrases and what is said of them: the part of the grammar that every question shares.

Each rule takes a position and gives every reading that begins there, the likeliest first, with the
position after it. A reading of a question must use up all of its words, so that no word is passed
over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tosg_graph.ask.english import ARTICLES, BE, CLOSED, DO, ENGLISH, FRAME, MODAL, WHO
from tosg_graph.ask.groups import Groups
from tosg_graph.ask.lexicon import LEXICON, OF, Kind, Links, Role
from tosg_graph.ask.link import Linker
from tosg_graph.ask.normalise import Token
from tosg_graph.ask.reader import Readings
from tosg_graph.ask.syntax import Being, Clause, Mention, Phrase, Related

_LONGEST_UNKNOWN = 6


class Grammar(Groups):
    """Readings of the parts of one question.

    Parameters
    ----------
    found
        Its tokens.
    text
        Its plain text, from which names are quoted.
    linker
        Knows the names.
    is_group
        Whether words name a group of cells; None where there are no cells.
    unknown
        Whether words that name nothing may be read as a name.
    """

    def __init__(
        self,
        found: tuple[Token, ...],
        text: str,
        linker: Linker,
        *,
        is_group: Callable[[str], bool] | None = None,
        unknown: bool = False,
    ) -> None:
        super().__init__(found, text, is_group=is_group, unknown=unknown)
        self.linker = linker

    # ---- noun phrases ------------------------------------------------------------------------

    def phrase(self, at: int) -> Readings[Phrase]:
        """Read a noun phrase with all that is said of it."""
        return self.kept("phrase", at, lambda: self._phrase(at))

    def _phrase(self, at: int) -> Iterator[tuple[Phrase, int]]:
        for head, end in self.head(at):
            yield from self._said_of(head, end)

    def _said_of(self, head: Phrase, at: int) -> Iterator[tuple[Phrase, int]]:
        """Read the phrase with as much said of it as can be read, then with less."""
        if all(mention.aliases for mention in head.mentions):
            for clauses, end in self.modifiers(at):
                yield from self._said_of(head.saying(*clauses), end)
        yield head, at

    def head(self, at: int) -> Readings[Phrase]:
        """Read a noun phrase without what follows it."""
        return self.kept("head", at, lambda: self._head(at))

    def _head(self, at: int) -> Iterator[tuple[Phrase, int]]:
        start, top, most = self._quantity(at)
        start = self.skip(start, ARTICLES)
        for adjectives, after in self._adjectives(start):
            for phrase, end in self._core(after, bare=after == at):
                filtered = _filtered(phrase, adjectives)
                if filtered is not None:
                    yield replace(filtered, top=top, most=most, ranked=self._says_top(at)), end

    def _says_top(self, at: int) -> bool:
        return self.word(self.skip(at, ARTICLES)) in ("top", "best")

    def _quantity(self, at: int) -> tuple[int, int | None, bool]:
        """Read "the top 5", "first 10", "5" or "the most"."""
        start = self.skip(at, ARTICLES)
        if self.word(start) == "most":
            return start + 1, None, True
        number = start + 1 if self.word(start) in ("top", "first") else start
        amount = self.number(number)
        return (number + 1, amount, False) if amount else (at, None, False)

    def _adjectives(self, at: int) -> Readings[tuple[tuple[str, bool | str], ...]]:
        readings: Readings[tuple[tuple[str, bool | str], ...]] = []
        for first, end in self.look(LEXICON.adjectives, at):
            for rest, after in self._adjectives(end):
                readings.append(((first, *rest) if first else rest, after))
        return [*readings, ((), at)]

    def _core(self, at: int, *, bare: bool) -> Iterator[tuple[Phrase, int]]:
        yield from self._role_of(at)
        yield from self._named(at)
        for kind, end in self.look(LEXICON.kinds, at):
            for mention, after in self.mention(end, typed=kind.labels):
                yield Phrase(mentions=(mention,)), after
            yield Phrase(kind), end

    def _role_of(self, at: int) -> Iterator[tuple[Phrase, int]]:
        """Read "ligands of EGFR"."""
        start, hops = self._directly(at)
        for role, end in self.look(LEXICON.roles, start):
            if self.word(end) in ("of", "for", "against", "on", "in"):
                for whole, after in self.listed(end + 1):
                    for steps, stop in self.steps(after):
                        yield _in_role(role, whole, steps or hops), stop

    def _named(self, at: int) -> Iterator[tuple[Phrase, int]]:
        """Read "EGFR", "EGFR ligands", "EGFR's ligands", "the EGFR gene"."""
        for mention, end in self.mention(at):
            whole = Phrase(mentions=(mention,))
            if not mention.looks_like_a_name:
                yield whole, end
                continue
            after = end + 1 if self.word(end) == "'s" else end
            start, hops = self._directly(after)
            for role, stop in self.look(LEXICON.roles, start):
                yield _in_role(role, whole, hops), stop
            for kind, stop in self.look(LEXICON.kinds, after):
                if after == end and self.linker.labels(mention.aliases) & set(kind.labels):
                    yield Phrase(mentions=(replace(mention, labels=kind.labels),)), stop
                yield Phrase(kind, clauses=(Related(OF, whole),)), stop
            if after == end:
                yield whole, end

    def _directly(self, at: int) -> tuple[int, int | None]:
        after = self.phrase_at(at, "direct", "directly", "immediate", "immediately")
        return (after, 1) if after is not None else (at, None)

    def listed(self, at: int) -> Readings[Phrase]:
        """Read a noun phrase, or names joined by "and" or "or"."""
        return self.kept("listed", at, lambda: self._listed(at))

    def _listed(self, at: int) -> Iterator[tuple[Phrase, int]]:
        if self.word(at) in ("all", "every", "each"):
            return  # a relation to all of a set is not one to any of it
        start = self.skip(at, ("both", "either"))
        for first, end in self.head(start):
            plain = first.mentions and not first.clauses and first.kind is None
            if plain:
                yield from self._more_names(first, end, None)
        yield from self.phrase(at)

    def _more_names(self, first: Phrase, at: int, join: str | None) -> Iterator[tuple[Phrase, int]]:
        """Further names after a comma, "and" or "or"; one list has one kind of join."""
        comma = at + 1 if self.word(at) == "," else at
        word = self.word(comma)
        join_here = word if word in ("and", "or") else None
        if comma == at and join_here is None:
            return
        start = comma + 1 if join_here else comma
        if join and join_here and join != join_here:
            return
        for name, end in self.mention(self.skip(start, ARTICLES)):
            whole = replace(first, mentions=(*first.mentions, name))
            yield from self._more_names(whole, end, join or join_here)
            if join_here:
                yield replace(whole, every=join_here == "and"), end

    # ---- names -------------------------------------------------------------------------------

    def mention(self, at: int, *, typed: tuple[str, ...] = ()) -> Readings[Mention]:
        """Read a name that begins here, the longest first; at last words that name nothing."""
        rule = f"mention {' '.join(typed)}" if typed else "mention"
        return self.kept(rule, at, lambda: self._mention(at, typed))

    def _mention(self, at: int, typed: tuple[str, ...]) -> Iterator[tuple[Mention, int]]:
        if self.word(at) == '"':
            yield from self._quoted(at, typed)
            return
        spans = self.linker.spans(self.tokens, at, typed=bool(typed)) if self.word(at) else []
        for end, aliases in spans:
            everyday = end == at + 1 and self.word(at) in LEXICON.words | FRAME
            if not everyday or typed or self.tokens[at].text.isupper():
                yield Mention(self.quote(at, end), aliases, typed), end
        if self.unknown:
            yield from self._unknown(at, typed, linked=bool(spans))

    def _quoted(self, at: int, typed: tuple[str, ...]) -> Iterator[tuple[Mention, int]]:
        end = at + 1
        while self.word(end) not in ('"', ""):
            end += 1
        if self.word(end) == '"' and end > at + 1:
            text = self.quote(at + 1, end)
            aliases = self.linker.lookup(text)
            if aliases or self.unknown:
                yield Mention(text, aliases, typed), end + 1

    def _unknown(
        self, at: int, typed: tuple[str, ...], *, linked: bool
    ) -> Iterator[tuple[Mention, int]]:
        """Words that are nobody's name, as the name of something that is not in the graph."""
        if linked:
            return
        last = min(at + _LONGEST_UNKNOWN, len(self.tokens))
        for end in range(last, at, -1):
            span = self.tokens[at:end]
            if any(t.lower in CLOSED or not t.key for t in span):
                continue
            known = LEXICON.words | FRAME | (frozenset() if typed else ENGLISH)
            if any(self._symbol_alone(place) for place in range(at + 1, end)):
                continue  # "mutant EGFR" is not a name that is missing: a word before it is strange
            strange = [t for t in span if t.lower not in known and not t.key.isdigit()]
            if strange and span[0] is strange[0] and not _everyday(span[-1]):
                yield Mention(self.quote(at, end), (), typed), end

    def _symbol_alone(self, at: int) -> bool:
        """Whether a word by itself is the symbol of a gene, or a drug."""
        spans = [aliases for end, aliases in self.linker.spans(self.tokens, at) if end == at + 1]
        labels = self.linker.labels(spans[0]) if spans else frozenset()
        written = self.tokens[at].text
        return "Drug" in labels or ("Gene" in labels and written != written.lower())

    # ---- what is said of a noun --------------------------------------------------------------

    def modifiers(self, at: int) -> Readings[tuple[Clause, ...]]:
        """Read what follows a noun: "targeting EGFR", "that …", "in pathway …", "detected in …"."""
        return self.kept("modifiers", at, lambda: self._modifiers(at))

    def _modifiers(self, at: int) -> Iterator[tuple[tuple[Clause, ...], int]]:
        start = at + 1 if self.word(at) == "," else at
        if self.word(start) in WHO:
            yield from self.predicates(start + 1)
        reduced = start
        if self.word(start) == "and":
            reduced = start + 1
        for clause, end in self.reduced(reduced):
            yield (clause,), end

    def reduced(self, at: int) -> Readings[Clause]:
        """Read a clause without its verb "to be"."""
        return self.kept("reduced", at, lambda: self._reduced(at))

    def _reduced(self, at: int) -> Iterator[tuple[Clause, int]]:
        start, hops = self._directly(at)
        yield from self.seen(start)
        yield from self._related(self.look(LEXICON.states, start), hops)
        for links, end in self.look(LEXICON.verbs["participle"], start):
            if self.word(end) == "by":
                yield from self._related([(_flip(links), end + 1)], hops)
        yield from self._related(self.look(LEXICON.verbs["ing"], start), hops)
        if start == at:
            yield from self._related(self.look(LEXICON.prepositions, at), None)

    def _related(
        self, links: Iterable[tuple[Links, int]], hops: int | None
    ) -> Iterator[tuple[Clause, int]]:
        for relation, end in links:
            for whole, after in self.listed(end):
                for steps, stop in self.steps(after):
                    yield Related(relation, whole, steps or hops), stop

    def steps(self, at: int) -> list[tuple[int | None, int]]:
        """Read "within 3 steps" after the object, then nothing."""
        start = self.phrase_at(at, "within", "in at most", "in up to", "up to", "at most")
        if start is None:
            return [(None, at)]
        number = self.number(start)
        end = self.phrase_at(start + 1, "steps", "step", "hops", "hop", "edges", "edge")
        return [(number, end)] if number and end is not None else [(None, at)]

    def predicates(self, at: int) -> Readings[tuple[Clause, ...]]:
        """One or more verb phrases joined by "and"."""
        return self.kept("predicates", at, lambda: self._predicates(at))

    def _predicates(self, at: int) -> Iterator[tuple[tuple[Clause, ...], int]]:
        for first, end in self.predicate(at):
            start = end + 1 if self.word(end) == "," else end
            if self.word(start) == "and":
                after = self.skip(start + 1, ("also", "that", "which", "who", "then"))
                for more, stop in self.predicates(after):
                    yield (first, *more), stop
                for clause, stop in self.reduced(after):
                    yield (first, clause), stop
            yield (first,), end

    def predicate(self, at: int) -> Readings[Clause]:
        """Read a verb phrase with its verb."""
        return self.kept("predicate", at, lambda: self._predicate(at))

    def _predicate(self, at: int) -> Iterator[tuple[Clause, int]]:
        start = self.skip(at, ("also",))
        word = self.word(start)
        if word in BE:
            yield from self.being(start + 1)
        if word in MODAL or word in DO:
            yield from self.acting(start + 1)
            if self.word(start + 1) == "be":
                yield from self.being(start + 2)
        if word in ("have", "has") and self.word(start + 1) == "been":
            yield from self.being(start + 2)
        for form in ("third", "base", "participle"):
            yield from self._verb(form, start)

    def acting(self, at: int) -> Iterator[tuple[Clause, int]]:
        """Read a verb phrase after "do" or "can"."""
        yield from self._verb("base", self.skip(at, ("also",)))

    def _verb(self, form: str, at: int) -> Iterator[tuple[Clause, int]]:
        start, hops = self._directly(at)
        yield from self._related(self.look(LEXICON.verbs[form], start), hops)

    def being(self, at: int) -> Iterator[tuple[Clause, int]]:
        """Read what may follow "are"."""
        start = self.skip(at, ("also", "known", "being"))
        if self.word(start) == "to" and start > at:
            yield from self.acting(start + 1)
            return
        yield from self.reduced(start)
        for role, end in self._roles(start):
            yield role, end
        for whole, end in self.phrase(start):
            if not whole.mentions:
                yield Being(whole), end

    def _roles(self, at: int) -> Iterator[tuple[Clause, int]]:
        """Read "a ligand of EGFR" after "is"."""
        start, hops = self._directly(self.skip(at, ARTICLES))
        for role, end in self.look(LEXICON.roles, start):
            if self.word(end) in ("of", "for"):
                for whole, after in self.listed(end + 1):
                    for steps, stop in self.steps(after):
                        yield Related(role.links, whole, steps or hops), stop


def _flip(links: Links) -> Links:
    return tuple(link.flipped for link in links)


def _everyday(token: Token) -> bool:
    return token.lower in LEXICON.words and token.lower not in ("complex", "disease", "disorder")


def _in_role(role: Role, whole: Phrase, hops: int | None) -> Phrase:
    """Read what has a role for something, as a phrase."""
    related = Related(role.links, whole, hops)
    kind = Kind(role.labels, role.says) if role.labels else None
    return Phrase(kind, clauses=(related,))


def _filtered(phrase: Phrase, adjectives: tuple[tuple[str, bool | str], ...]) -> Phrase | None:
    """Read the phrase with adjectives; a named thing takes none."""
    if not adjectives:
        return phrase
    if phrase.kind is None:
        return None
    return replace(phrase, kind=replace(phrase.kind, filters=(*phrase.kind.filters, *adjectives)))
