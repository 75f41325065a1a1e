"""The one entry: a question in, an answer out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from tosg_graph.ask.abundance import Abundance
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.interpret import interpret
from tosg_graph.ask.link import Linker
from tosg_graph.ask.outcome import Ended, Status
from tosg_graph.ask.respond import Responder
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.errors import CellsError, QueryTimeout, Refused, StoreError
from tosg_graph.graph.store import GraphStore

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore


class Clock:
    """Seconds per step of a question."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a block; several of one name add up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.timings[name] = round(self.timings.get(name, 0.0) + took, 6)

    def total(self) -> dict[str, float]:
        """All steps, and the whole."""
        return {**self.timings, "total": round(time.perf_counter() - self._start, 6)}


def ask(
    question: str,
    *,
    build: Build,
    store: GraphStore,
    cells: Mapping[str, CellStore] | None = None,
    default_cells: str | None = None,
    linker: Linker | None = None,
    limits: ReadLimits | None = None,
) -> Answer:
    """Answer a question in English, without a language model.

    Parameters
    ----------
    question
        One question.
    build
        The graph build; it knows the names and the statements behind the facts.
    store
        A database that holds that build.
    cells
        Cell stores by name, for what is detected in groups of cells.
    default_cells
        The one of them that is asked; default: the one that knows the group.
    linker
        Made from the build before, so that its names are not read again.
    limits
        Time, rows and bytes that one read may cost.

    Returns
    -------
    Answer
        Whatever the question: a question that cannot be answered has a status that says why.
    """
    clock = Clock()
    with clock.step("names"):
        known = linker or Linker.of(build)
        abundance = Abundance(_chosen(cells or {}, default_cells), build, known.names)
    try:
        with clock.step("plan"):
            plan = interpret(question, known, abundance)
        responder = Responder(build, store, abundance, known, limits or ReadLimits(), clock.step)
        answer = responder.respond(plan)
    except Ended as ended:
        answer = _ended(ended)
    except Refused as error:
        answer = _failed(Status.REFUSED, f"the read gate stopped the query: {error}")
    except QueryTimeout as error:
        answer = _failed(Status.TIMEOUT, str(error))
    except (StoreError, CellsError) as error:
        answer = _failed(Status.FAILED, str(error))
    return replace(answer, build_id=build.id, timings=clock.total())


def _chosen(cells: Mapping[str, CellStore], default: str | None) -> Mapping[str, CellStore]:
    return cells if default is None else {default: cells[default]}


def _ended(ended: Ended) -> Answer:
    columns = ["id", "name", "label", "alias"] if ended.choices else []
    rows = [[c.id, c.name, c.label, c.alias] for c in ended.choices]
    return Answer(str(ended.status), text=_sentence(ended.message), columns=columns, rows=rows)


def _failed(status: Status, message: str) -> Answer:
    return Answer(str(status), text=_sentence(message))


def _sentence(message: str) -> str:
    text = message[:1].upper() + message[1:]
    return text if text.endswith((".", "?", "!")) else text + "."
