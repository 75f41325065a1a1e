"""The special shapes of a question, and the choice among all shapes."""

from __future__ import annotations

from collections.abc import Iterator

from tosg_graph.ask.english import ARTICLES, BE, DO, MODAL
from tosg_graph.ask.frames import SHOW, Found, Frames
from tosg_graph.ask.lexicon import Link
from tosg_graph.ask.plan import Form
from tosg_graph.ask.syntax import ANYTHING, Group, Phrase, Question, Related, Seen

_POLITE = (
    "please", "can you tell me", "could you tell me", "can you please tell me", "can you show me",
    "could you show me", "can you list", "could you list", "can you", "could you", "would you",
    "i want to know", "i would like to know", "do you know", "tell me", "hello", "hi", "and", "so",
)  # fmt: skip
_AFTER = (
    "in the graph", "in this graph", "in the database", "in humans", "in human", "in total",
    "overall", "altogether", "please", "are there", "are known", "is known", "do you know", "exist",
    "?", ".", ",",
)  # fmt: skip
_GROUPS = (
    "which cell types", "what cell types", "which cell type", "which groups of cells",
    "which groups", "which cells", "what cells", "which cell populations", "which populations",
)  # fmt: skip
_COUNTS = {
    "how many nodes and edges are there": "graph",
    "how many nodes and relationships are there": "graph",
    "how many nodes and edges": "graph",
    "how many nodes": "nodes",
    "count the nodes": "nodes",
    "number of nodes": "nodes",
    "what is the number of nodes": "nodes",
    "how many edges": "edges",
    "how many relationships": "edges",
    "how many facts": "edges",
    "count the edges": "edges",
    "number of edges": "edges",
    "what is the number of edges": "edges",
    "what is in the graph": "graph",
    "what is in this graph": "graph",
    "what 's in the graph": "graph",
    "what does the graph contain": "graph",
    "what does this graph contain": "graph",
    "what does the graph hold": "graph",
    "how big is the graph": "graph",
    "how large is the graph": "graph",
    "count everything": "graph",
    "counts of everything": "graph",
    "show the counts of everything": "graph",
    "size of the graph": "graph",
    "summarise the graph": "graph",
    "summarize the graph": "graph",
}
_STATEMENTS = (
    "what is the evidence", "what 's the evidence", "what evidence is there",
    "what evidence supports", "which evidence supports", "is there evidence",
    "is there any evidence", "show me the evidence", "show the evidence", "list the evidence",
    "give me the evidence", "evidence", "the evidence", "how do we know", "how is it known",
    "what supports", "what is known about how",
)  # fmt: skip
_PUBLICATIONS = tuple(
    f"{ask} {what} {verb}"
    for ask in ("which", "what")
    for what in ("papers", "publications", "studies", "references", "articles")
    for verb in ("support", "show", "report", "say", "state", "describe", "are behind")
) + tuple(
    f"{ask} {what}"
    for ask in ("what are the", "list the", "show the", "show me the", "give me the", "the")
    for what in ("papers", "publications", "references", "citations", "pmids")
)
_NOMINALS = {
    "activation": "activate",
    "stimulation": "activate",
    "inhibition": "inhibit",
    "repression": "inhibit",
    "regulation": "regulate",
    "phosphorylation": "phosphorylate",
    "dephosphorylation": "dephosphorylate",
    "ubiquitination": "ubiquitinate",
    "targeting": "target",
}
_BETWEEN = (
    "the link between", "a link between", "the relation between", "the interaction between",
    "an interaction between", "the connection between", "the edge between", "the edges between",
)  # fmt: skip
_LEADS = (
    "activate", "activates", "reach", "signal to", "affect", "regulate", "influence", "inhibit",
    "connect to", "connected to", "linked to", "lead to", "get to", "control", "act on",
    "relate to", "related to", "link to", "joined to",
)  # fmt: skip
_NEIGHBOURS = (
    "neighbours of", "neighbors of", "neighbourhood of", "neighborhood of", "nodes next to",
    "nodes around", "neighbours for", "nodes connected to", "nodes joined to", "nodes linked to",
)  # fmt: skip
_AROUND = (
    "what is connected to", "what is joined to", "what is linked to",
    "which nodes are connected to", "which nodes are linked to", "which nodes are joined to",
    "everything connected to", "what surrounds", "what is around", "what is next to",
    "which nodes are next to", "which nodes are neighbours of",
)  # fmt: skip
_ABOUT = (
    "describe", "tell me about", "about", "what do we know about", "what is known about", "explain",
    "summarise", "summarize",
)  # fmt: skip
_NAMES = {
    "synonyms": ("synonyms", "synonym", "aliases", "alias", "names"),
    "xrefs": ("identifiers", "ids", "cross references", "xrefs", "database ids"),
}
_CHAIN = (
    "chain", "gene transcript protein chain", "gene → transcript → protein chain",
    "gene -> transcript -> protein chain", "gene to transcript to protein chain", "central dogma",
    "gene → transcript → protein", "gene -> transcript -> protein", "transcripts and proteins",
    "transcript and protein", "gene transcript and protein", "gene , transcript and protein",
)  # fmt: skip


class Shapes(Frames):
    """Readings of whole questions."""

    #: Where the longest reading of a beginning of the question ended.
    reached = 0

    def questions(self) -> Iterator[Question]:
        """Every reading that uses up all the words, the likeliest first."""
        for start in self._starts():
            for question, end in self._shapes(start):
                self.reached = max(self.reached, end)
                if self._over(end):
                    yield question

    def _starts(self) -> list[int]:
        """Where the question proper begins: after what is said out of courtesy, or at once."""
        at, found = 0, [0]
        while (after := self.phrase_at(at, *_POLITE)) is not None:
            at = self.skip(after, (",", "please"))
            found.insert(0, at)
        return found

    def _over(self, at: int) -> bool:
        """Whether nothing is left but words that add nothing."""
        while at < len(self.tokens):
            after = self.phrase_at(at, *_AFTER)
            if after is None:
                self.word(at)
                return False
            at = after
        return True

    def _shapes(self, at: int) -> Found:
        yield from self._counts(at)
        yield from self._evidence(at)
        yield from self._chain(at)
        yield from self._paths(at)
        yield from self._neighbours(at)
        yield from self._groups(at)
        yield from self.how_many(at)
        yield from self.which(at)
        yield from self._describe(at)
        yield from self.yes_no(at)
        yield from self.bare(at)

    def _counts(self, at: int) -> Found:
        end = self.phrase_at(at, *_COUNTS)
        if end is not None:
            words = " ".join(token.lower for token in self.tokens[at:end])
            yield Question(Form.COUNTS, ANYTHING, what=_COUNTS[words]), end

    def _describe(self, at: int) -> Found:
        yield from self._names_of(at)
        start = self.phrase_at(at, *_ABOUT)
        for phrase, end in self.head(start) if start is not None else ():
            if phrase.mentions:
                yield Question(Form.DESCRIBE, phrase), end

    def _names_of(self, at: int) -> Found:
        """Read "what are the synonyms of EGFR"."""
        shown = self.phrase_at(at, *SHOW, "what are", "what is", "which are") or at
        start = self.skip(shown, ("the", "all", "other"))
        for what, words in _NAMES.items():
            named = self.phrase_at(start, *words)
            of = None if named is None else self.phrase_at(named, "of", "for")
            for phrase, end in self.head(of) if of is not None else ():
                if phrase.mentions:
                    yield Question(Form.DESCRIBE, phrase, what=what), end

    # ---- evidence ----------------------------------------------------------------------------

    def _evidence(self, at: int) -> Found:
        for openings, what in ((_STATEMENTS, "statements"), (_PUBLICATIONS, "publications")):
            opened = self.phrase_at(at, *openings)
            if opened is not None:
                start = self.skip(opened, ("that", "for", "of", "behind", "about", "if", "whether"))
                yield from self._of_fact(start, what)
                yield from self._of_noun(start, what)
                yield from self._of_pair(start, what)

    def _of_fact(self, at: int, what: str) -> Found:
        """Read "EGF activates EGFR", "EGF activating EGFR"."""
        for subject, end in self.head(at):
            if not subject.mentions:
                continue
            for clauses, stop in self.predicates(end):
                yield Question(Form.EVIDENCE, subject.saying(*clauses), what=what), stop
            for clause, stop in self.reduced(end):
                yield Question(Form.EVIDENCE, subject.saying(clause), what=what), stop

    def _of_noun(self, at: int, what: str) -> Found:
        """Read "the activation of EGFR by EGF"."""
        start = self.skip(at, ARTICLES)
        relation = _NOMINALS.get(self.word(start))
        if relation is None or self.word(start + 1) != "of":
            return
        for target, middle in self.head(start + 2):
            if target.mentions and self.word(middle) == "by":
                for subject, end in self.head(middle + 1):
                    related = Related((Link(relation),), target)
                    yield Question(Form.EVIDENCE, subject.saying(related), what=what), end

    def _of_pair(self, at: int, what: str) -> Found:
        start = self.phrase_at(at, *_BETWEEN)
        if start is not None:
            for first, second, end in self._pairs(start):
                related = Related((Link("connect"),), second)
                yield Question(Form.EVIDENCE, first.saying(related), what=what), end

    def _pairs(self, at: int) -> Iterator[tuple[Phrase, Phrase, int]]:
        for first, middle in self.head(at):
            if first.mentions and self.word(middle) in ("and", "to"):
                for second, end in self.head(middle + 1):
                    if second.mentions:
                        yield first, second, end

    # ---- paths, neighbours, the chain --------------------------------------------------------

    def _paths(self, at: int) -> Found:
        shown = self.phrase_at(at, *SHOW, "what is", "what 's", "is there", "what are") or at
        start = self.skip(shown, (*ARTICLES, "shortest", "signed", "signalling", "signaling"))
        named = self.phrase_at(start, "path", "paths", "route", "routes", "way", "connection")
        between = None if named is None else self.phrase_at(named, "from", "between")
        for first, second, end in self._pairs(between) if between is not None else ():
            yield Question(Form.PATH, first, to=second), end
        if self.word(at) in DO | MODAL:
            yield from self._how(at + 1, ("reach", "lead to", "get to"))
        how = self.phrase_at(at, "how")
        if how is not None and self.word(how) in DO | BE | MODAL:
            yield from self._how(how + 1)

    def _how(self, at: int, verbs: tuple[str, ...] = _LEADS) -> Found:
        """Read "(how does) A activate B", "(how are) A and B connected"."""
        for first, middle in self.head(at):
            verb = self.phrase_at(middle, *verbs)
            for second, end in self.head(verb) if verb is not None else ():
                if first.mentions and second.mentions:
                    yield Question(Form.PATH, first, to=second), end
        for first, second, end in self._pairs(at):
            stop = self.phrase_at(end, "connected", "linked", "related", "connect", "joined")
            if stop is not None:
                yield Question(Form.PATH, first, to=second), stop

    def _neighbours(self, at: int) -> Found:
        shown = self.phrase_at(at, *SHOW, "what are", "which are", "who are") or at
        start = self.phrase_at(self.skip(shown, (*ARTICLES, "direct")), *_NEIGHBOURS)
        if start is None:
            start = self.phrase_at(at, *_AROUND)
        for phrase, end in self.head(start) if start is not None else ():
            if phrase.mentions:
                yield Question(Form.NEIGHBOURS, phrase), end
        for phrase, end in self.head(self.skip(shown, ARTICLES)):
            stop = self.phrase_at(self.skip(end, ("'s",)), "neighbours", "neighbors")
            if phrase.mentions and stop is not None:
                yield Question(Form.NEIGHBOURS, phrase), stop

    def _chain(self, at: int) -> Found:
        shown = self.phrase_at(at, *SHOW, "what is", "what 's", "what are", "which are") or at
        named = self.phrase_at(self.skip(shown, ARTICLES), *_CHAIN)
        start = None if named is None else self.phrase_at(named, "of", "for", "from")
        for phrase, end in self.head(start) if start is not None else ():
            yield Question(Form.CHAIN, phrase), end
        start = self.phrase_at(
            at, "which transcripts and proteins does", "what transcripts and proteins does",
            "which transcript and protein does", "what transcript and protein does",
        )  # fmt: skip
        for phrase, end in self.head(start) if start is not None else ():
            stop = self.phrase_at(end, "encode", "give rise to", "produce", "make", "have")
            if stop is not None:
                yield Question(Form.CHAIN, phrase), stop

    # ---- groups of cells ---------------------------------------------------------------------

    def _groups(self, at: int) -> Found:
        """Read "In which cell types is CD14 detected?", "Which cells express CD14?"."""
        start = self.phrase_at(
            at, *(f"{p} {words}" for words in _GROUPS for p in ("in", "on")), "where"
        )
        if start is not None and self.word(start) in BE:
            for phrase, end in self.head(start + 1):
                stop = self.phrase_at(end, "detected", "expressed", "found", "present", "measured")
                if phrase.mentions and stop is not None:
                    yield from self._with_share(phrase, stop)
        start = self.phrase_at(at, *_GROUPS)
        verb = None if start is None else self.phrase_at(start, "express", "expresses")
        for phrase, end in self.head(verb) if verb is not None else ():
            if phrase.mentions:
                yield from self._with_share(phrase, end)

    def _with_share(self, phrase: Phrase, at: int) -> Found:
        start = self.phrase_at(at, "in")
        for (share, strict), end in self.share(start) if start is not None else ():
            stop = self.phrase_at(end, "cells", "their cells")
            if share is not None and stop is not None:
                seen = Seen(Group(""), None, share, strict)
                yield Question(Form.GROUPS, phrase, group=seen), stop
        yield Question(Form.GROUPS, phrase, group=Seen(Group(""))), at
