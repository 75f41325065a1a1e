"""What a drug does to its target, as sources word it, and whether that raises or lowers it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tosg_graph.sources.columns import items, merged

#: +1: the drug raises the activity or the amount of the target. -1: it lowers it. Words that say
#: neither (BINDER, SUBSTRATE, MODULATOR, CHELATING AGENT…) are not listed: no sign is known.
SIGNS = {
    "ACTIVATOR": 1,
    "AGONIST": 1,
    "ALLOSTERIC AGONIST": 1,
    "INDUCER": 1,
    "OPENER": 1,
    "PARTIAL AGONIST": 1,
    "POSITIVE ALLOSTERIC MODULATOR": 1,
    "POSITIVE MODULATOR": 1,
    "POTENTIATOR": 1,
    "STIMULATOR": 1,
    "ALLOSTERIC ANTAGONIST": -1,
    "ANTAGONIST": -1,
    "ANTISENSE INHIBITOR": -1,
    "BLOCKER": -1,
    "GATING INHIBITOR": -1,
    "INACTIVATOR": -1,
    "INHIBITOR": -1,
    "INHIBITOR, COMPETITIVE": -1,
    "INHIBITORY ALLOSTERIC MODULATOR": -1,
    "INVERSE AGONIST": -1,
    "NEGATIVE ALLOSTERIC MODULATOR": -1,
    "NEGATIVE MODULATOR": -1,
    "NEUTRALIZER": -1,
    "PARTIAL ANTAGONIST": -1,
    "REDUCER": -1,
    "SUPPRESSOR": -1,
    "WEAK INHIBITOR": -1,
}

_NO_WORDS = frozenset({"OTHER", "OTHER/UNKNOWN", "UNKNOWN"})


def action_words(column: pd.Series[Any]) -> pd.Series[Any]:
    """Split ``inhibitor|substrate`` into lists of words in capitals, each once; None where none.

    Words that say that nothing is known are no words.
    """
    words = merged(items(column.str.upper()))
    return words.map(
        lambda found: [w for w in found if w not in _NO_WORDS] or None, na_action="ignore"
    )


def signs(actions: pd.Series[Any]) -> pd.Series[Any]:
    """Read the sign of each row's action words.

    Parameters
    ----------
    actions
        Lists of words in capitals, or None.

    Returns
    -------
    pandas.Series
        Int64: +1 or -1 where the words that have a sign agree on it, NA elsewhere.
    """
    return pd.Series([_sign(words) for words in actions], index=actions.index, dtype="Int64")


def _sign(words: list[str] | None) -> int | None:
    found = {SIGNS[word] for word in words or () if word in SIGNS}
    return found.pop() if len(found) == 1 else None
