"""The reader's place in the tokens of a query, and what it has noted on the way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NoReturn

from tosg_graph.ask.cypher.tokens import TRIVIA, Kind, Token, refusal, tokenize
from tosg_graph.ask.cypher.vocabulary import (
    ALLOWED_CLAUSES,
    EDGE_PROPERTIES,
    FORBIDDEN,
    HARD,
    NODE_PROPERTIES,
    RESERVED,
    near_miss,
)

# A query that only reads is not yet harmless: on some shapes the parsers and planners of the
# engines crash or take exponential time, and no time limit interrupts them (figures: docs/gate.md).
MAX_DEPTH = 20  # brackets within brackets, expressions within expressions
MAX_OPERATORS = 200  # in one expression
MAX_POSTFIXES = 16  # .property and [index] after one value
MAX_CASES = 4  # CASE within CASE
MAX_SUBQUERIES = 4  # a query within a query
MAX_JOINS = 10  # relationships between two WITH

#: ``node`` or ``edge``, and the labels or types that a pattern names; None when it names none.
Binding = tuple[str, frozenset[str] | None]

_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a query is checked against.

    Parameters
    ----------
    engine
        ``neo4j`` or ``ladybug``.
    max_hops
        Relationships that the variable-length parts of one path may add up to.
    known_parameters
        The parameters that come with the query; None when they are not known yet.
    """

    engine: str
    max_hops: int
    known_parameters: Collection[str] | None = None


@dataclass(slots=True)
class Notes:
    """What a query uses.

    ``bound`` holds the labels or types that each pattern variable was written with; None stands for
    a pattern that names none; ``made`` holds the variables that anything else made. ``read`` holds
    every ``variable.property``, ``keys`` every property of a pattern.
    """

    parameters: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    edge_types: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    bound: dict[str, list[Binding]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    read: list[tuple[str, Token]] = field(default_factory=list)
    keys: list[tuple[Binding, Token]] = field(default_factory=list)


class Cursor:
    """Reads tokens one by one and refuses what does not belong.

    Parameters
    ----------
    text
        The query.
    rules
        What it is checked against.
    """

    def __init__(self, text: str, rules: Rules) -> None:
        self.text = text
        self.rules = rules
        self.notes = Notes()
        self.depth = 0
        self.cases = 0
        self.subqueries = 0
        self.joins = 0
        self.index = 0
        tokens = [t for t in tokenize(text, engine=rules.engine) if t.kind not in TRIVIA]
        self.tokens = [*tokens, Token(Kind.END, "", len(text))]
        self.partner = self._match_brackets()

    def _match_brackets(self) -> dict[int, int]:
        partner: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind is not Kind.SYMBOL:
                continue
            if token.text in _CLOSING:
                opened.append(index)
                if len(opened) > MAX_DEPTH:
                    self.refuse(f"brackets nest deeper than {MAX_DEPTH}", token)
            elif token.text in _CLOSING.values():
                if not opened or _CLOSING[self.tokens[opened[-1]].text] != token.text:
                    self.refuse(f"{token} closes nothing that is open", token)
                partner[opened.pop()] = index
        if opened:
            token = self.tokens[opened[-1]]
            self.refuse(f"{token} is not closed", token)
        return partner

    @property
    def here(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.index]

    def ahead(self, count: int = 1) -> Token:
        """Look at a token further on; the end when there is none."""
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Read a token; the end is never passed."""
        token = self.here
        if token.kind is not Kind.END:
            self.index += 1
        return token

    def at(self, *words: str) -> bool:
        """Whether the next token is one of these bare words."""
        return self.here.upper in words

    def at_symbol(self, *symbols: str) -> bool:
        """Whether the next token is one of these symbols."""
        return self.is_symbol(0, *symbols)

    def is_symbol(self, count: int, *symbols: str) -> bool:
        """Whether the token that stands ``count`` further on is one of these symbols."""
        token = self.ahead(count)
        return token.kind is Kind.SYMBOL and token.text in symbols

    def accept(self, *words: str) -> bool:
        """Read the next token if it is one of these bare words."""
        found = self.at(*words)
        if found:
            self.take()
        return found

    def accept_symbol(self, *symbols: str) -> bool:
        """Read the next token if it is one of these symbols."""
        found = self.at_symbol(*symbols)
        if found:
            self.take()
        return found

    def expect(self, word: str) -> None:
        """Read a bare word, or refuse the query."""
        if not self.accept(word):
            self.unexpected(word)

    def expect_symbol(self, *symbols: str) -> Token:
        """Read a symbol, or refuse the query."""
        token = self.here
        if not self.accept_symbol(*symbols):
            self.unexpected(" or ".join(f"`{symbol}`" for symbol in symbols))
        return token

    def refuse(self, message: str, token: Token | None = None) -> NoReturn:
        """Refuse the query for a token (the next one, unless said)."""
        raise refusal(self.text, (token or self.here).start, message)

    def unexpected(self, expected: str) -> NoReturn:
        """Refuse the query because the next token is not what must stand here."""
        token = self.here
        reason = FORBIDDEN.get(token.upper)
        if reason is not None:
            self.refuse(
                f"{token.upper} is not allowed: {reason}. Allowed: {ALLOWED_CLAUSES}. "
                f"If it is a name, write it in back-ticks: `{token.text}`"
            )
        if token.kind is Kind.SYMBOL and token.text == ";":
            self.refuse("a `;` before the end; a query is one statement")
        self.refuse(f"found {token}, expected {expected}")

    # Names

    def at_name(self) -> bool:
        """Whether the next token can be a name."""
        return self.here.kind in {Kind.WORD, Kind.QUOTED}

    def any_name(self, what: str) -> str:
        """Read a name where no keyword can stand: a property, a map key, an alias after AS."""
        if not self.at_name():
            self.unexpected(what)
        return self.take().name

    def variable(self) -> str:
        """Read a variable; a bare keyword is one only where it can be nothing else."""
        token = self.here
        if not self.at_name():
            self.unexpected("a name")
        before = self.tokens[self.index - 1] if self.index else token
        soft = before.kind is Kind.WORD and before.upper not in HARD
        if token.upper in FORBIDDEN and soft:
            self.unexpected("an expression")
        if token.upper in RESERVED:
            self.refuse(
                f"{token.upper} is a keyword and cannot stand here; "
                f"if it is a name, write it in back-ticks: `{token.text}`"
            )
        return self.take().name

    def own_variable(self) -> None:
        """Read a variable that an expression makes for itself."""
        self.notes.made.add(self.variable())

    def alias(self) -> None:
        """Read ``AS name``."""
        self.expect("AS")
        self.notes.made.add(self.any_name("a name"))

    def parameter(self) -> None:
        """Read a parameter and check that it comes with the query."""
        token = self.take()
        known = self.rules.known_parameters
        if known is not None and token.name not in known:
            hint = near_miss(token.name, known)
            self.refuse(f"the parameter ${token.name} is not given; {hint}", token)
        self.notes.parameters.add(token.name)

    def label(self, kind: str) -> str:
        """Read a label (``node``), a relationship type (``edge``) or either (``any``)."""
        token = self.here
        if self.at_symbol("$"):
            self.refuse("a dynamic label or type, $(…); write the label itself")
        if token.kind is Kind.PARAMETER:
            self.refuse("a label or type cannot be a parameter; write the label itself")
        name = self.any_name("a label")
        if kind != "edge" and name in NODE_PROPERTIES:
            self.notes.labels.add(name)
        elif kind != "node" and name in EDGE_PROPERTIES:
            self.notes.edge_types.add(name)
        else:
            self._unknown_label(kind, name, token)
        return name

    def _unknown_label(self, kind: str, name: str, token: Token) -> NoReturn:
        known = {
            "node": list(NODE_PROPERTIES),
            "edge": list(EDGE_PROPERTIES),
            "any": [*NODE_PROPERTIES, *EDGE_PROPERTIES],
        }[kind]
        what = "relationship type" if kind == "edge" else "label"
        other = {"node": EDGE_PROPERTIES, "edge": NODE_PROPERTIES}.get(kind, {})
        if name in other:
            is_what = "a relationship type" if kind == "node" else "a label"
            self.refuse(f"{name} is {is_what}, and a {what} stands here", token)
        self.refuse(f"unknown {what} {name}; {near_miss(name, known)}", token)
