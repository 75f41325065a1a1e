r"""From the text of a query to its tokens, in one way only.

A gate is safe only when it and the database cut the text at the same places. The engines differ in
corners: Neo4j turns ``\u0027`` into a quote before it looks for strings, LadybugDB reads a comment
that ends in ``**/`` on to a later ``*/``, a lone carriage return ends a line comment in one and not
in the other, several kinds of Unicode dash and space count as ASCII ones. Whatever they could read
in two ways is refused here, so that one reading is left.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from tosg_graph.errors import Refused

MAX_LENGTH = 20_000


class Kind(StrEnum):
    """What a token is."""

    SPACE = "space"
    COMMENT = "comment"
    WORD = "word"
    QUOTED = "back-ticked name"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    SYMBOL = "symbol"
    END = "end of the query"


TRIVIA = frozenset({Kind.SPACE, Kind.COMMENT})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query; the texts of all tokens, joined, are the query.

    Parameters
    ----------
    kind
        What it is.
    text
        As written, quotes included.
    start
        Offset of its first character in the query.
    """

    kind: Kind
    text: str
    start: int

    @property
    def upper(self) -> str:
        """The word in capitals, as a keyword is compared; empty for every other token."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    @property
    def name(self) -> str:
        """The name that a word, a back-ticked name or a parameter stands for."""
        text = self.text[1:] if self.kind is Kind.PARAMETER else self.text
        return text[1:-1].replace("``", "`") if text.startswith("`") else text

    def __str__(self) -> str:
        return str(self.kind) if self.kind is Kind.END else shown(self.text)


def shown(text: str) -> str:
    """Show a piece of a query: on one line, cut short, odd characters spelt out."""
    flat = "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
    return f"`{flat if len(flat) <= 40 else flat[:37] + '...'}`"


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def refusal(text: str, offset: int, message: str) -> Refused:
    """Make the refusal of a query for what stands at an offset."""
    line, column = place(text, offset)
    return Refused(message, line=line, column=column)


_TOKEN = re.compile(
    r"""
      (?P<SPACE>     [ \t\r\n]+ )
    | (?P<COMMENT>   //[^\r\n]* | /\*.*?\*/ )
    | (?P<WORD>      [A-Za-z_][A-Za-z0-9_]* )
    | (?P<QUOTED>    `(?:[^`]|``)*` )
    | (?P<STRING>    '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?P<NUMBER>    0x[0-9A-Fa-f]+ | 0o[0-7]+ | [0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)? )
    | (?P<PARAMETER> \$(?:[A-Za-z_][A-Za-z0-9_]*|`(?:[^`]|``)+`) )
    | (?P<SYMBOL>    <= | >= | <> | =~ | \.\. | \|\| | [()\[\]{},;:.+\-*%^=<>|&!$] | /(?!\*) )
    """,
    re.VERBOSE | re.DOTALL,
)

_UNTERMINATED = {
    "'": "a string that is not closed: the ' has no partner",
    '"': 'a string that is not closed: the " has no partner',
    "`": "a back-ticked name that is not closed: the ` has no partner",
    "/*": "a comment that is not closed: the /* has no */",
}

# Bidirectional controls make a query read differently from what it says.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Characters that some reader of text takes for the end of a line.
_LINE_ENDS = frozenset("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_ESCAPE = re.compile(r"(?<!\\)(\\++)([uU])([0-9A-Fa-f]{4})?")
_LADYBUG_ESCAPE = re.compile(r"\\(?:[\\'\"bBfFnNrRtT]|[xX][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})")
_STRUCTURAL = frozenset("'\"`\\/*")


def tokenize(text: str, *, engine: str = "neo4j") -> tuple[Token, ...]:
    """Cut a query into tokens.

    Parameters
    ----------
    text
        The query.
    engine
        ``neo4j`` or ``ladybug``; they differ in the escapes that a string may hold.

    Returns
    -------
    tuple of Token
        Spaces and comments included, so that the texts, joined, are ``text``.

    Raises
    ------
    Refused
        For a text that is too long, holds something unterminated, a character that has no place
        outside of strings and back-ticks, or an escape that the engines read in different ways.
    """
    _check_text(text)
    found: list[Token] = []
    offset = 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None or match.lastgroup is None:
            raise refusal(text, offset, _illegal(text, offset))
        token = Token(Kind[match.lastgroup], match.group(), offset)
        offset = match.end()
        _check_token(text, token, engine)
        found.append(token)
    return tuple(found)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise Refused(
            f"the query has {len(text):,} characters; at most {MAX_LENGTH:,} are read. "
            "Pass long lists as parameters."
        )
    for offset, char in enumerate(text):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise refusal(text, offset, f"the character U+{ord(char):04X} has no place in a query")


def _illegal(text: str, offset: int) -> str:
    for opening, message in _UNTERMINATED.items():
        if text.startswith(opening, offset):
            return message
    char = text[offset]
    if char == "\\":
        return "a backslash outside of a string: write the character itself, not its escape"
    if char.isascii():
        return f"{shown(char)} has no meaning in Cypher here"
    name = unicodedata.name(char, "a character without a name")
    return (
        f"U+{ord(char):04X} ({name.lower()}) outside of a string; "
        "only ASCII is read there: put a name that needs it in back-ticks"
    )


def _check_token(text: str, token: Token, engine: str) -> None:
    check = _CHECKS.get(token.kind)
    if check is not None:
        check(text, token, engine)


def _check_comment(text: str, token: Token, engine: str) -> None:
    _no_escape(text, token)
    for offset, char in enumerate(token.text, token.start):
        if char in _BIDI or char in _LINE_ENDS:
            raise refusal(
                text, offset, f"U+{ord(char):04X} in a comment can hide what the query says"
            )
    end = token.start + len(token.text)
    if token.text.startswith("//"):
        if text.startswith("\r", end) and not text.startswith("\r\n", end):
            raise refusal(text, end, "a comment that a lone carriage return ends; use a line feed")
        return
    body = token.text[2:-2]
    if "/*" in body:
        raise refusal(text, token.start, "a /* inside a comment; comments do not nest")
    if body.endswith("*"):
        raise refusal(text, end - 3, "a comment that ends in **/; end it with */ alone")


def _check_quoted(text: str, token: Token, engine: str) -> None:
    _no_escape(text, token)
    if token.text == "``":
        raise refusal(text, token.start, "an empty name in back-ticks")
    for offset, char in enumerate(token.text, token.start):
        if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}:
            raise refusal(text, offset, f"the character U+{ord(char):04X} in a back-ticked name")


def _check_string(text: str, token: Token, engine: str) -> None:
    for match in _ESCAPE.finditer(token.text):
        _check_unicode_escape(text, token.start + match.start(), match)
    if engine == "ladybug":
        offset = token.text.find("\\")
        while offset >= 0:
            good = _LADYBUG_ESCAPE.match(token.text, offset)
            if good is None:
                what = shown(token.text[offset : offset + 2])
                message = f"{what} is no escape of LadybugDB; write \\\\ for a backslash"
                raise refusal(text, token.start + offset, message)
            offset = token.text.find("\\", good.end())


def _check_unicode_escape(text: str, offset: int, match: re.Match[str]) -> None:
    slashes, letter, digits = match.groups()
    escaped = len(slashes) % 2 == 0
    if digits is None or letter == "U":
        if escaped:
            return
        raise refusal(text, offset, "an escape that is not \\u and four hexadecimal digits")
    char = chr(int(digits, 16))
    if char in _STRUCTURAL or unicodedata.category(char) in {"Cc", "Zl", "Zp"}:
        what = f"\\u{digits} stands for a character that can end a string"
        raise refusal(text, offset, f"{what}; write \\', \\\", \\\\ or \\n, or pass a parameter")


def _check_word(text: str, token: Token, engine: str) -> None:
    end = token.start + len(token.text)
    if text.startswith("$", end):
        raise refusal(text, end, "a $ inside a name; put the name in back-ticks")


def _check_number(text: str, token: Token, engine: str) -> None:
    _check_word(text, token, engine)
    end = token.start + len(token.text)
    if end < len(text) and (text[end].isalnum() or text[end] == "_"):
        what = shown(token.text + text[end])
        raise refusal(text, end, f"{what} is no number: write 1000, 0.5, 1e5 or 1e-5")


def _check_parameter(text: str, token: Token, engine: str) -> None:
    if not token.text.startswith("$`"):
        _check_word(text, token, engine)
        return
    if engine == "ladybug":
        raise refusal(
            text, token.start, "a back-ticked parameter; LadybugDB reads plain names only"
        )
    _check_quoted(text, token, engine)


def _no_escape(text: str, token: Token) -> None:
    match = re.search(r"\\[uU]", token.text)
    if match is not None:
        message = f"\\u inside a {token.kind}: Neo4j would read it as the character it stands for"
        raise refusal(text, token.start + match.start(), message)


_CHECKS = {
    Kind.COMMENT: _check_comment,
    Kind.QUOTED: _check_quoted,
    Kind.STRING: _check_string,
    Kind.WORD: _check_word,
    Kind.NUMBER: _check_number,
    Kind.PARAMETER: _check_parameter,
}
