"""How a question can end, and the way out of the middle of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"  # rows support an answer
    EMPTY = "empty"  # understood and looked up; the graph holds nothing
    AMBIGUOUS = "ambiguous"  # a name is that of several things
    UNKNOWN_ENTITY = "unknown_entity"  # a name is that of nothing in the graph
    UNANSWERABLE = "unanswerable"  # not understood, or nothing here can answer it
    REFUSED = "refused"  # it asks for something other than reading
    TIMEOUT = "timeout"  # the database took longer than it may
    FAILED = "failed"  # the database could not be read


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a name may stand for, or that is written much like it."""

    id: str
    name: str
    label: str | None = None
    alias: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the choice as plain values."""
        values = {"id": self.id, "name": self.name, "label": self.label, "alias": self.alias}
        return {name: value for name, value in values.items() if value is not None}

    def __str__(self) -> str:
        called = f", called {self.alias}" if self.alias and self.alias != self.name else ""
        return f"{self.name} ({self.id}{called})" if self.name != self.id else self.id


class Ended(Exception):
    """The question ends here, without rows.

    Parameters
    ----------
    status
        How.
    message
        What to tell the person who asked: what was found, and what to do next.
    choices
        What an ambiguous name may stand for, or what is near to an unknown one.
    """

    def __init__(self, status: Status, message: str, choices: Iterable[Choice] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.choices = tuple(choices)


class Misfit(Ended):
    """A reading of the question that the graph's schema has no place for; another may fit."""

    def __init__(self, message: str) -> None:
        super().__init__(Status.UNANSWERABLE, message)
