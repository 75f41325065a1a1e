"""Constraints and indexes of a Neo4j server: what is there, what is wrong, and how it is mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from tosg_graph.graph.ddl import (
    ANALYSER,
    FULLTEXT,
    FULLTEXT_PROPERTIES,
    neo4j_constraints,
    neo4j_indexes,
)
from tosg_graph.schema import LABELS

Rows = Callable[..., list[list[Any]]]
Define = Callable[[Sequence[str]], None]

_NAME = re.compile(r"(?:CONSTRAINT|INDEX) (\w+) IF NOT EXISTS")
_SHOW = (
    "SHOW INDEXES YIELD name, state, populationPercent, labelsOrTypes, properties, options "
    "WHERE name STARTS WITH 'tosg_' "
    "RETURN name, state, populationPercent, labelsOrTypes, properties, "
    "options.indexConfig['fulltext.analyzer']"
)
#: Faults for which an index is dropped before it is made again.
_MADE_ANEW = ("failed", "old")


def index_faults(rows: Rows) -> dict[str, str]:
    """Find what is wrong with the constraints and indexes of the schema, by name.

    Returns
    -------
    dict
        ``missing``; ``failed``; ``old`` (the full-text index of another version of this tool: with
        another analyser, or over other labels); or ``populating, 40 %``. What is well is left out.
    """
    statements = [*neo4j_constraints(), *neo4j_indexes()]
    found = {name: rest for name, *rest in rows(_SHOW)}
    faults = {}
    for name in sorted(_NAME.findall("\n".join(statements))):
        fault = _fault(name, *found[name]) if name in found else "missing"
        if fault is not None:
            faults[name] = fault
    return faults


def _fault(
    name: str,
    state: str,
    percent: float,
    labels: Sequence[str],
    properties: Sequence[str],
    analyser: str | None,
) -> str | None:
    if state == "FAILED":
        return "failed"
    # A server keeps labels and properties in an order of its own.
    is_now = set(labels), set(properties), analyser
    if name == FULLTEXT and is_now != (
        {label.name for label in LABELS},
        set(FULLTEXT_PROPERTIES),
        ANALYSER,
    ):
        return "old"
    return None if state == "ONLINE" else f"populating, {percent:.0f} %"


def repair_indexes(rows: Rows, define: Define, told: Callable[[str], None]) -> None:
    """Make what is missing, failed or old anew, and wait until all of it is online."""
    faults = index_faults(rows)
    if not faults:
        return
    told("indexes")
    constraints = "\n".join(neo4j_constraints())
    old = [name for name, fault in faults.items() if fault in _MADE_ANEW]
    kinds = ["CONSTRAINT" if f" {name} " in constraints else "INDEX" for name in old]
    define([f"DROP {kind} {name} IF EXISTS" for kind, name in zip(kinds, old, strict=True)])
    define(neo4j_constraints())
    define(neo4j_indexes())
    rows("CALL db.awaitIndexes(3600)")
