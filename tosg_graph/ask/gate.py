"""The read gate: what a query must be before a database sees it.

Every query that a person, a model or a web request sends passes :func:`check`. It reads the query
with a parser of its own that knows only the reading part of Cypher, so that what it does not know
is refused, and never alters the text. ``docs/gate.md`` describes what it guards and what it leaves
to the limits of a read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tosg_graph.ask.cypher.clauses import Clauses
from tosg_graph.ask.cypher.cursor import Binding, Notes, Rules
from tosg_graph.ask.cypher.tokens import Token, place
from tosg_graph.ask.cypher.vocabulary import (
    EDGE_PROPERTIES,
    ENGINES,
    NODE_PROPERTIES,
    near_miss,
)
from tosg_graph.errors import UsageError

MAX_HOPS = 8


@dataclass(frozen=True, slots=True)
class CheckedQuery:
    """A query that reads only.

    Parameters
    ----------
    text
        The query, unchanged.
    engine
        The engine that it was checked for.
    parameters
        Names of the parameters that it needs.
    labels, edge_types
        Labels and relationship types that it names.
    functions
        Lower-case names of the functions that it calls.
    warnings
        What lets it run but is likely a slip: property names that the schema does not have.
    """

    text: str
    engine: str
    parameters: frozenset[str]
    labels: frozenset[str]
    edge_types: frozenset[str]
    functions: frozenset[str]
    warnings: tuple[str, ...]


def check(
    query: str,
    *,
    engine: str = "neo4j",
    max_hops: int = MAX_HOPS,
    known_parameters: Collection[str] | None = None,
) -> CheckedQuery:
    """Let a query through if it is one statement that only reads.

    Parameters
    ----------
    query
        The query.
    engine
        ``neo4j`` or ``ladybug``.
    max_hops
        Relationships that the variable-length parts of one path may add up to.
    known_parameters
        The parameters that come with the query; any other is refused. None: any is accepted.

    Returns
    -------
    CheckedQuery
        The same text, and what it uses.

    Raises
    ------
    Refused
        With line and column, what was found there and what is allowed instead.
    UsageError
        For an unknown engine or a bound below 1.

    Examples
    --------
    >>> check("MATCH (d:Drug)-[:TARGETS]->(p) WHERE d.name = $drug RETURN p.symbol").parameters
    frozenset({'drug'})
    >>> check("MATCH (d:Drug) DELETE d")
    Traceback (most recent call last):
        ...
    tosg_graph.errors.Refused: line 1, column 16: DELETE is not allowed: it changes the graph, ...
    """
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}; known are {', '.join(ENGINES)}")
    if max_hops < 1:
        raise UsageError(f"max_hops is {max_hops}; it is at least 1")
    reader = Clauses(query, Rules(engine, max_hops, known_parameters))
    reader.statement()
    notes = reader.notes
    return CheckedQuery(
        text=query,
        engine=engine,
        parameters=frozenset(notes.parameters),
        labels=frozenset(notes.labels),
        edge_types=frozenset(notes.edge_types),
        functions=frozenset(notes.functions),
        warnings=tuple(_warnings(query, notes)),
    )


def _warnings(query: str, notes: Notes) -> Iterator[str]:
    found: dict[Token, list[Binding]] = {token: [binding] for binding, token in notes.keys}
    for variable, token in notes.read:
        if variable in notes.bound and variable not in notes.made:
            found[token] = notes.bound[variable]
    for token in sorted(found, key=lambda t: t.start):
        known = frozenset[str]().union(*(_properties(binding) for binding in found[token]))
        if token.name not in known and not token.name.startswith("_"):
            line, column = place(query, token.start)
            owners = " or ".join(sorted({_owner(binding) for binding in found[token]}))
            hint = near_miss(token.name, known)
            yield f"line {line}, column {column}: {owners} has no property {token.name}; {hint}"


def _properties(binding: Binding) -> frozenset[str]:
    kind, labels = binding
    table = NODE_PROPERTIES if kind == "node" else EDGE_PROPERTIES
    return frozenset[str]().union(*(table[name] for name in (labels or table)))


def _owner(binding: Binding) -> str:
    kind, labels = binding
    if labels:
        return "|".join(sorted(labels))
    return "a node" if kind == "node" else "a relationship"
