"""Looking into a build: what its rows were turned away for."""

from __future__ import annotations

import difflib

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError

Rows = tuple[tuple[str, ...], list[tuple[object, ...]]]


def rejects_summary(build: Build, *, source: str | None = None, reason: str | None = None) -> Rows:
    """Count the rejected input rows of a build by source and reason, the most frequent first.

    Memory is bounded by the engine; the table is not read as a whole.

    Raises
    ------
    UsageError
        If the build is not made from the source, or nothing was turned away for the reason.
    """
    _check(build, source, reason)
    query = f"""SELECT source, reason, sum(rows)::BIGINT AS rows,
        any_value(value ORDER BY value) AS example
        FROM {_rejects(build)} {_where(source, reason)}
        GROUP BY ALL ORDER BY 3 DESC, source, reason"""
    return ("source", "reason", "rows", "example"), _rows(build, query)


def rejects_sample(
    build: Build, most: int, *, source: str | None = None, reason: str | None = None
) -> Rows:
    """Give the first rejects of each source and reason: file, line, value, candidates, rows."""
    _check(build, source, reason)
    columns = ("source", "reason", "file", "line", "value", "candidates", "rows")
    query = f"""SELECT {", ".join(columns)} FROM {_rejects(build)} {_where(source, reason)}
        QUALIFY row_number() OVER (PARTITION BY source, reason ORDER BY file, line, value) <= {most}
        ORDER BY source, reason, file, line, value"""
    return columns, _rows(build, query)


def _check(build: Build, source: str | None, reason: str | None) -> None:
    sources = sorted(build.manifest["sources"])
    if source is not None and source not in sources:
        raise UsageError(_unknown(build, "made from no source", source, sources))
    if reason is not None:
        query = f"SELECT DISTINCT reason FROM {_rejects(build)} ORDER BY reason"
        reasons = [str(row[0]) for row in _rows(build, query)]
        if reason not in reasons:
            raise UsageError(_unknown(build, "without rejects for the reason", reason, reasons))


def _unknown(build: Build, what: str, word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"build {build.id} is {what} {word!r}{hint} Known: {', '.join(known) or 'none'}"


def _rejects(build: Build) -> str:
    return f"read_parquet({quoted(str(build.file('rejects')))})"


def _where(source: str | None, reason: str | None) -> str:
    wanted = {"source": source, "reason": reason}
    said = [f"{name} = {quoted(value)}" for name, value in wanted.items() if value is not None]
    return f"WHERE {' AND '.join(said)}" if said else ""


def _rows(build: Build, query: str) -> list[tuple[object, ...]]:
    if not build.rows("rejects"):
        return []
    with Engine() as engine:
        return engine.rows(query)
