"""The language of cohorts: which cells are meant, as a text or as values of Python.

::

    cell_type under "T cell" and not (sex = male or age < 18) and assay in ("10x 3' v3", CEL-seq)

    query     = and { "or" and }
    and       = part { "and" part }
    part      = "not" part | "(" query ")" | "all" | condition
    condition = column ("=" | "!=" | "<" | "<=" | ">" | ">=") value
              | column ["not"] "in" "(" value { "," value } ")"
              | column ["not"] "under" value
              | column ["not"] "between" value "and" value
              | column "is" ["not"] ("known" | "unknown")
    column    = word | `any text`
    value     = word | number | "any text" | 'any text'

What a text means for the cells of a store is said in :mod:`tosg_graph.cells.conditions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from tosg_graph.errors import UsageError

#: Parentheses and negations within one another, at most.
DEEPEST = 50
#: Characters of a query, at most.
LONGEST = 100_000

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w:./+'-]))
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<quoted>`(?:[^`\\]|\\.)*`)
    | (?P<sign><=|>=|!=|==|=|<|>|\(|\)|\[|\]|,)
    | (?P<word>[\w][\w:.+/-]*)
    )""",
    re.VERBOSE,
)
_WORDS = frozenset(
    {"and", "or", "not", "in", "under", "between", "is", "known", "unknown", "missing", "all"}
)
_BARE = re.compile(r"^[A-Za-z_]\w*$")
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")

Value = str | float


class Condition:
    """A condition on a cell; ``&``, ``|`` and ``~`` join conditions. Its text can be parsed."""

    def __and__(self, other: Condition) -> Condition:
        return And((self, other))

    def __or__(self, other: Condition) -> Condition:
        return Or((self, other))

    def __invert__(self) -> Condition:
        return Not(self)


@dataclass(frozen=True)
class Everything(Condition):
    """Every cell."""

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True)
class Compare(Condition):
    """A column compared with a value: ``=``, ``<``, ``<=``, ``>`` or ``>=``."""

    column: str
    operator: str
    value: Value

    def __str__(self) -> str:
        return f"{_column(self.column)} {self.operator} {_value(self.value)}"


@dataclass(frozen=True)
class OneOf(Condition):
    """A column that has one of several values."""

    column: str
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{_column(self.column)} in ({', '.join(map(_value, self.values))})"


@dataclass(frozen=True)
class Under(Condition):
    """A column whose value is a kind of a term."""

    column: str
    term: str

    def __str__(self) -> str:
        return f"{_column(self.column)} under {_value(self.term)}"


@dataclass(frozen=True)
class Known(Condition):
    """A column that says something."""

    column: str

    def __str__(self) -> str:
        return f"{_column(self.column)} is known"


@dataclass(frozen=True)
class Not(Condition):
    """What a condition is known not to hold for; where it is not known, neither is this."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})"


@dataclass(frozen=True)
class And(Condition):
    """All of several conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(_grouped(part) for part in self.parts)


@dataclass(frozen=True)
class Or(Condition):
    """At least one of several conditions."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(_grouped(part) for part in self.parts)


def _grouped(part: Condition) -> str:
    return f"({part})" if isinstance(part, (And, Or)) else str(part)


def _column(name: str) -> str:
    plain = _BARE.match(name) and name.casefold() not in _WORDS
    return name if plain else "`" + _escaped(name, "`") + "`"


def _value(value: Value) -> str:
    return '"' + _escaped(value, '"') + '"' if isinstance(value, str) else repr(value)


def _escaped(text: str, quote: str) -> str:
    return text.replace("\\", "\\\\").replace(quote, "\\" + quote)


def parse(text: str) -> Condition:
    """Read a query.

    Raises
    ------
    UsageError
        If it is none, with the place and what was expected.

    Examples
    --------
    >>> str(parse("sex=female and age >= 18"))
    'sex = "female" and age >= 18.0'
    >>> parse("tissue in (blood, 'lymph node')")
    OneOf(column='tissue', values=('blood', 'lymph node'))
    """
    if not text.strip():
        return Everything()
    if len(text) > LONGEST:
        raise UsageError(f"the query has {len(text):,} characters; {LONGEST:,} are the most")
    return _Parser(text).query()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise UsageError(
                f"character {place + 1} of the query: {text[place : place + 20]!r} cannot be read; "
                "texts with spaces or signs stand in quotes"
            )
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", len(text))


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def query(self) -> Condition:
        """Read the whole of it."""
        found = self._or()
        if self._next.kind != "end":
            self._fail("'and', 'or' or the end")
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _word(self, *words: str) -> str | None:
        """Take the next token if it is one of these words or signs."""
        token = self._next
        if token.kind in ("word", "sign") and token.text.casefold() in words:
            return self._take().text.casefold()
        return None

    def _expect(self, *words: str) -> str:
        return self._word(*words) or self._fail(" or ".join(map(repr, words)))

    def _fail(self, expected: str) -> NoReturn:
        token = self._next
        found = repr(token.text) if token.text else "the end"
        raise UsageError(
            f"character {token.place + 1} of the query: {found} found, {expected} expected"
        )

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._word("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Condition:
        parts = [self._part()]
        while self._word("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise UsageError(f"the query has more than {DEEPEST} parentheses or 'not' in a row")
        found = self._inner()
        self._depth -= 1
        return found

    def _inner(self) -> Condition:
        if self._word("not"):
            return Not(self._part())
        if self._word("("):
            inner = self._or()
            self._expect(")")
            return inner
        if self._word("all"):
            return Everything()
        return self._condition()

    def _condition(self) -> Condition:
        column = self._name()
        if self._word("is"):
            wanted = not self._word("not")
            known = self._expect("known", "unknown", "missing") == "known"
            return Known(column) if known == wanted else Not(Known(column))
        negated = bool(self._word("not"))
        if negated and self._next.text.casefold() not in ("in", "under", "between"):
            self._fail("'in', 'under' or 'between'")
        found = self._relation(column)
        return Not(found) if negated else found

    def _relation(self, column: str) -> Condition:
        if self._word("in"):
            return OneOf(column, self._values())
        if self._word("under"):
            return Under(column, str(self._take_value()))
        if self._word("between"):
            low = self._take_value()
            self._expect("and")
            high = self._take_value()
            return And((Compare(column, ">=", low), Compare(column, "<=", high)))
        operator = self._expect(*_OPERATORS, "==") if self._comparing() else self._no_relation()
        value = self._take_value()
        if operator == "!=":
            return Not(Compare(column, "=", value))
        return Compare(column, "=" if operator == "==" else operator, value)

    def _comparing(self) -> bool:
        return self._next.kind == "sign" and self._next.text in (*_OPERATORS, "==")

    def _no_relation(self) -> NoReturn:
        self._fail("a comparison (= != < <= > >= in under between, is known)")

    def _name(self) -> str:
        token = self._next
        if token.kind == "quoted":
            return _unescaped(self._take().text)
        if token.kind != "word" or token.text.casefold() in _WORDS:
            self._fail("a column")
        return self._take().text

    def _values(self) -> tuple[Value, ...]:
        closing = {"(": ")", "[": "]"}[self._expect("(", "[")]
        values = [self._take_value()]
        while self._word(","):
            values.append(self._take_value())
        self._expect(closing)
        return tuple(values)

    def _take_value(self) -> Value:
        token = self._next
        if token.kind == "number":
            return float(self._take().text)
        if token.kind == "text":
            return _unescaped(self._take().text)
        if token.kind == "word" and token.text.casefold() not in ("and", "or", "not"):
            return self._take().text
        return self._fail("a value")


def _unescaped(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)
