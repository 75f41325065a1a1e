"""How old a donor was, from what people write: ``34-year-old stage``, ``6 months``, ``CS20``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tosg_graph.cells.terms import Terms

PRENATAL = "HsapDv:0000045"
POSTNATAL = "HsapDv:0010000"

_YEARS = {"year": 1.0, "month": 1 / 12, "week": 7 / 365.25, "day": 1 / 365.25}
_UNITS = {
    "year": "year", "years": "year", "yr": "year", "yrs": "year", "y": "year", "yo": "year",
    "y.o": "year", "y.o.": "year", "y/o": "year",
    "month": "month", "months": "month", "mo": "month", "mos": "month", "mth": "month",
    "week": "week", "weeks": "week", "wk": "week", "wks": "week",
    "day": "day", "days": "day", "d": "day",
}  # fmt: skip
_NUMBER = r"(?P<low>\d+(?:\.\d+)?)"
_UNIT = (
    r"(?P<unit>"
    + "|".join(re.escape(u) for u in sorted(_UNITS, key=len, reverse=True))
    + r")(?![a-z])"
)
_AGE = r"^(?:aged?\s*:?\s*)?"
_PLAIN = re.compile(rf"{_AGE}{_NUMBER}[\s-]*{_UNIT}(?P<rest>.*)$")
_RANGE = re.compile(rf"{_NUMBER}\s*(?:-|–|to)\s*(?P<high>\d+(?:\.\d+)?)[\s-]*(?:{_UNIT})?")
_OPEN = re.compile(r"^\s*[<>≥≤]|\+|\bover\b|\bunder\b|\bolder\b|\byounger\b|\babove\b|\bbelow\b")
_BARE = re.compile(rf"{_AGE}{_NUMBER}$")
#: Weeks of a life before or after birth; only what else is said tells which.
_WEEKS = re.compile(r"\d\s*-?\s*(?:weeks?|wks?)(?![a-z])")
#: Says that an age counts from birth.
_FROM_BIRTH = re.compile(r"\bold\b|\bof age\b|\baged?\b|after birth|postnatal|post[\s-]?birth")
_BEFORE_BIRTH = re.compile(
    r"carnegie|\bcs\s?\d{1,2}[abc]?\b|theiler|\bts\s?\d{1,2}\b|\be\d{1,2}(?:\.\d+)?\b|"
    r"post[\s-]?fertili[sz]ation|post[\s-]?conception|gestation|\btrimester|"
    r"\bpcw\b|\d\s?pcw\b|\bgw\s?\d|\bpcd\b|\blmp month\b|\bf(?:o)?etal\b|\bf(?:o)?etus\b|embryo|"
    r"prenatal|pre-?birth|blastula|gastrula|neurula|morula|organogenesis|cleavage stage"
)
_AFTER_BIRTH = re.compile(
    r"newborn|neonat|infant|child|p(?:a)?ediatric|juvenile|adolescen|adult|mature stage|"
    r"middle aged|aged stage|postnatal|post-?birth|decade|centenarian|\bold\b|\byears?\b|elderly"
)
#: Nobody is known to have been older, in years.
OLDEST = 123


@dataclass(frozen=True, slots=True)
class Age:
    """When in a life a sample was taken.

    Parameters
    ----------
    years
        Completed age in years where it is known to a year; a month is a twelfth. A span of more
        than a year, such as a decade, is no age.
    before_birth
        Whether it was before birth; None where that is not said.
    """

    years: float | None
    before_birth: bool | None


NOT_KNOWN = Age(None, None)


def read_age(text: str, *, bare_years: bool = False) -> Age:
    """Read an age in words.

    Weeks alone are no age: files of foetuses write ``13 weeks`` for weeks after conception, and
    files of infants for weeks after birth. ``3 weeks old`` says from when. A mouse's ``E14.5`` and
    Theiler stages are before birth; its ``P7`` is not read, as it may be a patient's number.

    Parameters
    ----------
    text
        Such as ``34-year-old stage``, ``6-month-old``, ``65 years``, ``Carnegie stage 20``.
    bare_years
        Whether a number without a unit means years.

    Examples
    --------
    >>> read_age("34-year-old human stage")
    Age(years=34.0, before_birth=False)
    >>> read_age("6-month-old stage")
    Age(years=0.5, before_birth=False)
    >>> read_age("Carnegie stage 20")
    Age(years=None, before_birth=True)
    >>> read_age("sixth decade stage")
    Age(years=None, before_birth=False)
    """
    words = text.casefold().strip()
    if _BEFORE_BIRTH.search(words):
        return Age(None, True)
    bare = _BARE.match(words)
    if bare and (bare_years or words.startswith("age")):
        return _aged(float(bare["low"]))
    if _WEEKS.search(words) and not _FROM_BIRTH.search(words):
        return NOT_KNOWN
    if _RANGE.search(words):
        return _span(words)
    if _OPEN.search(words) and re.search(r"\d", words):
        return Age(None, False)
    if (plain := _PLAIN.match(words)) and not re.search(r"\d", plain["rest"]):
        return _aged(float(plain["low"]) * _YEARS[_UNITS[plain["unit"]]])
    return Age(None, False) if _AFTER_BIRTH.search(words) else NOT_KNOWN


def _span(words: str) -> Age:
    """An interval of a year at most counts as its beginning; a longer one is no age."""
    found = _RANGE.search(words)
    unit = found["unit"] if found else None
    if found is None or unit is None:
        return Age(None, False) if _AFTER_BIRTH.search(words) else NOT_KNOWN
    scale = _YEARS[_UNITS[unit]]
    low, high = float(found["low"]) * scale, float(found["high"]) * scale
    return _aged(low) if 0 <= high - low < 1 else Age(None, False)


def _aged(years: float) -> Age:
    return Age(round(years, 6), False) if years <= OLDEST else NOT_KNOWN


def stage_age(term: str) -> Age:
    """Read the age of a stage of HsapDv from its name and from what it is a kind of.

    An id that is not known gives nothing.
    """
    stages = Terms.shipped("stages")
    name = stages.names.get(term)
    if name is None:
        return NOT_KNOWN
    above = stages.ancestors(term)
    if PRENATAL in above:
        return Age(None, True)
    age = read_age(name)
    if age.before_birth is None and POSTNATAL in above:
        return Age(None, False)
    return age
