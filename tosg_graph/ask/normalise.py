"""Bring text to one form: Unicode, Greek letters, dashes; and cut a question into tokens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Greek letters that names of the field use, by the word that stands for them.
GREEK: dict[str, str] = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "ς": "sigma",
    "τ": "tau",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}

_GREEK_TABLE = str.maketrans({**GREEK, **{letter.upper(): name for letter, name in GREEK.items()}})
_PLAIN_TABLE = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—−﹣－", "-"),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("⟶➔➝⇒", "→"),
        # Marks that are not seen and that would tell two equal words apart.
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
    }
)
_NOT_KEY = re.compile(r"[^a-z0-9]+")
_NEGATED = re.compile(r"(?i)(?<=[a-z])n't\b|(?<=\bcan)not\b")
_TOKEN = re.compile(
    r"\d+\.\d+(?![\w.])"  # a decimal number
    r"|(?<=\w)'[sS]\b"  # of the possessive, or a short "is"
    r"|->|>=|<="
    r"|[^\W_]+"  # a word; it ends at a hyphen, an underscore or an apostrophe
    r"|\S"
)
#: Signs that join or end words and say nothing by themselves.
_SILENT = frozenset("-_+/()[]:;.'!")


def plain(text: str) -> str:
    """NFKC text with one kind of dash, apostrophe and quotation mark, and single spaces."""
    folded = unicodedata.normalize("NFKC", text.translate(_PLAIN_TABLE)).translate(_PLAIN_TABLE)
    return " ".join(_NEGATED.sub(" not", folded).split())


def fold(text: str) -> str:
    """Lower case, Greek letters spelt out, accents off; everything else as it stands.

    Examples
    --------
    >>> fold("TNF-α"), fold("Sjögren")
    ('tnf-alpha', 'sjogren')
    """
    spelt = plain(text).translate(_GREEK_TABLE).casefold()
    if spelt.isascii():
        return spelt
    marks = unicodedata.normalize("NFKD", spelt)
    bare = "".join(c for c in marks if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", bare).split())


def key(text: str) -> str:
    """Give the form in which names are compared: letters and digits only.

    Examples
    --------
    >>> key("IL-1β") == key("il 1 beta") == "il1beta"
    True
    """
    return _NOT_KEY.sub("", fold(text))


def words(text: str) -> tuple[str, ...]:
    """Give the parts of a name between signs and spaces, folded.

    Examples
    --------
    >>> words("CD14-positive monocyte")
    ('cd14', 'positive', 'monocyte')
    """
    return tuple(filter(None, _NOT_KEY.split(fold(text))))


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or telling sign of a question.

    Parameters
    ----------
    text
        As written, but for :func:`plain`.
    lower
        Folded.
    key
        Letters and digits of it; "" for a sign.
    start, end
        Where it stands in the plain text.
    spaced
        Whether a space stands before it.
    """

    text: str
    lower: str
    key: str
    start: int
    end: int
    spaced: bool = True


def tokens(text: str) -> tuple[Token, ...]:
    """Cut plain text into words, numbers and telling signs; hyphens and the like are left out.

    Examples
    --------
    >>> [token.lower for token in tokens("Which of EGFR's ligands, or TNF-α?")]
    ['which', 'of', 'egfr', "'s", 'ligands', ',', 'or', 'tnf', 'alpha', '?']
    """
    found = []
    for match in _TOKEN.finditer(text):
        written = match.group()
        if written not in _SILENT:
            sign = "and" if written == "&" else fold(written)
            start, end = match.span()
            spaced = start == 0 or text[start - 1] == " "
            found.append(Token(written, sign, key(written), start, end, spaced))
    return tuple(found)
