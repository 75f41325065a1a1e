"""Columns of text turned into columns of references, lists, numbers and flags.

Everything here takes and returns whole pandas columns of the same length and index. Fields that
are empty in the file are None in every result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

Column = pd.Series  # of text or None, unless said otherwise

# Behind "PMIDs:" others may follow the first; a short number there is more likely another thing.
_PMIDS = re.compile(
    r"(?i)(?:\b(?:PB?MIDs?|PubMed(?:\s*IDs?)?)\s*:?\s*|/pubmed(?:/|/?\?term=))"
    r"(\d{1,8}\b(?:(?:\s*,|\s+and)+\s+\d{5,8}\b)*)"
)
_DIGITS = re.compile(r"\d+")
_EXACT = 2**53  # up to here every whole number is a float64
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


def references(namespace: str, column: Column[Any]) -> Column[Any]:
    """Put a namespace before identifiers: ``EGFR`` becomes ``symbol:EGFR``."""
    return plain(namespace + ":" + column.str.strip())


def items(column: Column[Any], separator: str = "|") -> Column[Any]:
    """Split fields that hold several values; surrounding blanks and empty parts go."""
    return _lists(column, lambda text: [part.strip() for part in text.split(separator)])


def listed(namespace: str, column: Column[Any], separator: str = "|") -> Column[Any]:
    """Split fields that hold several identifiers, and put a namespace before each."""
    return _lists(column, lambda t: [f"{namespace}:{p.strip()}" for p in t.split(separator) if p])


def pmids(column: Column[Any]) -> Column[Any]:
    """Find PubMed ids in free text, as lists of digits.

    They are written ``PMID: 12297049``, ``PubMed:12297049``, ``PMIDs: 18621654 and 15146457`` or
    ``http://www.ncbi.nlm.nih.gov/pubmed/12297049``.
    """
    return _lists(column, lambda text: _DIGITS.findall(" ".join(_PMIDS.findall(text))))


def merged(*columns: Column[Any]) -> Column[Any]:
    """Join the values and lists of several columns, row by row, each value once, in this order."""
    rows = zip(*columns, strict=True)
    lists = [_some(list(dict.fromkeys(v for cell in row for v in _values(cell)))) for row in rows]
    return pd.Series(lists, index=columns[0].index, dtype=object)


def first_known(*columns: Column[Any]) -> Column[Any]:
    """Take the value of the first column that has one, row by row."""
    values = plain(columns[0]).to_numpy(dtype=object, copy=True)
    for other in columns[1:]:
        missing = pd.isna(values)
        values[missing] = plain(other).to_numpy(dtype=object)[missing]
    return pd.Series(values, index=columns[0].index, dtype=object)


def numbers(column: Column[Any]) -> Column[Any]:
    """Read numbers as float64; what is no finite number is NaN."""
    values = pd.to_numeric(column, errors="coerce").astype("float64")
    return values.where(np.isfinite(values))


def integers(column: Column[Any]) -> Column[Any]:
    """Read whole numbers as Int64; what is none, or is not exact as a float64, is NA."""
    values = numbers(column)
    return values.where((values % 1 == 0) & (values.abs() <= _EXACT)).astype("Int64")


def flags(column: Column[Any]) -> Column[Any]:
    """Read ``TRUE``, ``False``, ``1`` or ``0`` as booleans; anything else is None."""
    return translated(column.str.lower(), _FLAGS)


def kept(rows: pd.DataFrame, flags: Iterable[bool]) -> pd.DataFrame:
    """Keep the rows whose flag is set; of no rows, all columns (``rows[[]]`` would keep none)."""
    return rows[np.fromiter(flags, dtype=bool, count=len(rows))]


def translated(column: Column[Any], table: Mapping[str, Any]) -> Column[Any]:
    """Look every value up in a table; what is not in it is None."""
    return pd.Series([table.get(v) for v in column], index=column.index, dtype=object)


def normal_form(column: Column[Any]) -> Column[Any]:
    """Bring text to Unicode NFC without blanks around it."""
    return plain(column.str.normalize("NFC").str.strip())


def plain(column: Column[Any]) -> Column[Any]:
    """Say nothing in one way: NaN and empty text become None."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy() | (values == "")] = None
    return pd.Series(values, index=column.index)


def _lists(column: Column[Any], split: Callable[[str], list[str]]) -> Column[Any]:
    lists = [_some([p for p in split(v) if p]) if isinstance(v, str) else None for v in column]
    return pd.Series(lists, index=column.index, dtype=object)


def _values(cell: Any) -> list[Any]:
    if isinstance(cell, list):
        return cell
    return [cell] if isinstance(cell, str) else []


def _some(values: Any) -> Any:
    return values if isinstance(values, list) and values else None
