"""From the text of a question to its plan, or to the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz.distance import OSA

from tosg_graph.ask.abundance import Abundance
from tosg_graph.ask.english import ARTICLES, BE, CLOSED, DO, FRAME, MODAL
from tosg_graph.ask.lexicon import LEXICON
from tosg_graph.ask.link import Linker
from tosg_graph.ask.normalise import Token, plain, tokens
from tosg_graph.ask.outcome import Ended, Misfit, Status
from tosg_graph.ask.plan import Plan
from tosg_graph.ask.planner import Planner
from tosg_graph.ask.shapes import Shapes

#: Characters of a question at most.
LONGEST_QUESTION = 500

REACH = (
    "It can list and count genes, transcripts, proteins, complexes, pathways, diseases and drugs "
    "by what joins them (targets, binds, activates, inhibits, regulates, encodes, is part of, "
    "takes part in, is associated with, treats), say whether a fact is recorded and by whom, "
    "follow signalling from node to node, and keep what is detected in a group of cells. For "
    "example: Which receptors detected in CD14+ monocytes are targeted by a drug?"
)

_KNOWN = LEXICON.words | FRAME | CLOSED | ARTICLES | BE | DO | MODAL
_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "nor",
        "never",
        "without",
        "except",
        "neither",
        "none",
        "nothing",
        "lack",
        "lacks",
        "lacking",
    ]
)

#: Asks for something other than reading.
_ORDERS = re.compile(
    r"""
      ^(?:please\s+|now\s+|then\s+)*
       (?:delete|remove|drop|erase|create|insert|add|update|set|merge|modify|change|alter|
          overwrite|truncate|rename|replace|execute|run|eval|load|import|export|copy|install|grant|
          shut|kill|reset|clear|wipe|destroy|purge|detach|call)\b
    | \b(?:and|then|also|;)\s+(?:please\s+)?
       (?:delete|drop|erase|create|insert|update|merge|overwrite|truncate|wipe|destroy|remove)\b
    | \b(?:ignore|disregard|forget|override|bypass)\b.{0,40}
       \b(?:instruction|instructions|prompt|prompts|rule|rules|limits|safety|gate|above)\b
    | \bsystem\s+prompt\b | \byou\s+are\s+now\b | \bact\s+as\s+(?:an?|the)\b | \bjailbreak\b
    | \b(?:api\s+key|password|passwd|credential|credentials|secret)\b
    | \b(?:detach\s+delete|load\s+csv|load\s+from|drop\s+database|union\s+select|select\s+\*)\b
    | \bcall\s+(?:dbms|db|apoc|show_tables)\b
    | \bmatch\s*\( | \breturn\s+\w+\s*[;.] | \bfile:/ | /etc/ | \$\{ | `
    """,
    re.IGNORECASE | re.VERBOSE,
)


def interpret(question: str, linker: Linker, cells: Abundance) -> Plan:
    """Give the plan of a question.

    Raises
    ------
    Ended
        With the outcome, if there is no plan.
    """
    text = plain(question)
    if len(text) > LONGEST_QUESTION:
        _refuse_orders(question, text)
        raise Ended(
            Status.UNANSWERABLE,
            f"the question has {len(text)} characters; {LONGEST_QUESTION} are allowed. {REACH}",
        )
    found = tokens(text)
    if not any(token.key for token in found):
        raise Ended(Status.UNANSWERABLE, f"there is no question. {REACH}")
    planner = Planner(linker, cells)
    misfit: Misfit | None = None
    reached = 0
    for attempt, notes, unknown in _attempts(found, linker):
        if unknown:
            _refuse_orders(question, text)
        groups = cells.is_group if cells.stores else None
        shapes = Shapes(attempt, text, linker, is_group=groups, unknown=unknown)
        for reading in shapes.questions():
            try:
                made = planner.plan(reading)
            except Misfit as error:
                misfit = misfit or error
            else:
                return replace(made, notes=(*notes, *made.notes))
        reached = max(reached, shapes.reached)
    if misfit is not None:
        raise Ended(Status.UNANSWERABLE, f"{misfit.message}. {REACH}")
    raise Ended(Status.UNANSWERABLE, f"{_unread(found, reached, linker)}. {REACH}")


def _attempts(
    found: tuple[Token, ...], linker: Linker
) -> Iterator[tuple[tuple[Token, ...], tuple[str, ...], bool]]:
    """Give the words as they stand; with slips of the pen mended; and with unknown names."""
    yield found, (), False
    mended, notes = _mended(found, linker)
    if notes:
        yield mended, notes, False
    yield found, (), True
    if notes:
        yield mended, notes, True


def _mended(found: tuple[Token, ...], linker: Linker) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Words that are one letter away from one word of the grammar, and name nothing."""
    named = _named(found, linker)
    mended, notes = [], []
    for place, token in enumerate(found):
        better = None if place in named else _nearest(token)
        if better is not None:
            notes.append(f"{token.text!r} was read as {better!r}")
            token = replace(token, lower=better)
        mended.append(token)
    return tuple(mended), tuple(notes)


def _nearest(token: Token) -> str | None:
    word = token.lower
    if word in _KNOWN or len(word) < 4 or not word.isalpha() or token.text[1:] != word[1:]:
        return None
    near = {w for w in _KNOWN if len(w) > 3 and OSA.distance(word, w, score_cutoff=1) <= 1}
    return near.pop() if len(near) == 1 else None


def _named(found: tuple[Token, ...], linker: Linker) -> set[int]:
    """Positions of words that belong to a name."""
    places: set[int] = set()
    for start in range(len(found)):
        spans = linker.spans(found, start)
        if spans:
            places.update(range(start, spans[0][0]))
    return places


def _refuse_orders(*texts: str) -> None:
    """End the question if it asks for anything but an answer; what could be read is none."""
    if any(_ORDERS.search(text) for text in texts):
        raise Ended(
            Status.REFUSED,
            "this is not a question about the graph but asks for something to be done; questions "
            "are only read, and nothing is changed, run or disclosed",
        )


def _unread(found: tuple[Token, ...], reached: int, linker: Linker) -> str:
    """Say which words were not understood."""
    denied = [token.text for token in found if token.lower in _NEGATIONS]
    if denied:
        return (
            f"the question turns on {denied[0]!r}, and the graph cannot say what is not so: what "
            "is not recorded is unknown, not false"
        )
    named = _named(found, linker)
    strange = [
        token.text
        for place, token in enumerate(found)
        if token.key
        and place not in named
        and token.lower not in _KNOWN
        and not token.key.isdigit()
    ]
    if strange:
        return "these words were not understood: " + ", ".join(map(repr, dict.fromkeys(strange)))
    if not reached:
        return "no kind of question that can be answered begins or goes on like this one"
    rest = " ".join(token.text for token in found[reached:] if token.key)
    return f"the question was understood but for its end: {rest!r}"
