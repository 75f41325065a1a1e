"""The rows of a read: plain values, cut at the limits, ready for tables of any make."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryTimeout, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Rows that a notebook shows.
_SHOWN = 20


@dataclass(frozen=True)
class ResultTable:
    """Rows of a read.

    Parameters
    ----------
    columns
        Names of the columns, in the order of the query.
    rows
        One tuple per row, as long as ``columns``.
    truncated
        Whether the rows were cut short by a limit.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """One mapping from column to value per row."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """Values of one column, in row order."""
        if name not in self.columns:
            raise UsageError(f"no column {name!r}; columns: {', '.join(self.columns)}")
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def node_ids(self) -> list[str]:
        """Ids of the nodes in the rows, each once, in the order of the rows.

        Raises
        ------
        UsageError
            If the rows were cut short, or a value is neither a node id, a node, a path, nor a list
            of these.
        """
        if self.truncated:
            raise UsageError(
                f"the query returns more than {len(self.rows):,} rows; choose nodes with fewer "
                "rows, such as RETURN DISTINCT p.id"
            )
        found: dict[str, None] = {}
        for row in self.rows:
            for column, value in zip(self.columns, row, strict=True):
                found.update(dict.fromkeys(_ids_of(value, column)))
        return list(found)

    def to_dict(self) -> dict[str, Any]:
        """``{"columns": […], "rows": [[…]], "truncated": bool}``, ready for JSON."""
        return {
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "truncated": self.truncated,
        }

    def to_pandas(self) -> pd.DataFrame:
        """Make a frame, each column of Python objects or of the type that pandas infers."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=list(self.columns))

    def to_arrow(self) -> pa.Table:
        """Make an Arrow table; a column whose values have no common type becomes JSON text."""
        import pyarrow as pa

        columns = [[row[i] for row in self.rows] for i in range(len(self.columns))]
        return pa.table([_arrow(values) for values in columns], names=list(self.columns))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_shown(v))}</td>" for v in row) + "</tr>"
            for row in self.rows[:_SHOWN]
        )
        more = ", cut short by a limit" if self.truncated else ""
        note = f"<p>{len(self.rows)} rows{more}; {min(len(self.rows), _SHOWN)} shown</p>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _ids_of(value: object, column: str) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _ids_of(item, column)
    elif isinstance(value, dict) and isinstance(value.get("nodes"), list):
        yield from _ids_of(value["nodes"], column)
    elif isinstance(value, dict) and isinstance(value.get("id"), str):
        yield value["id"]
    elif value is not None:
        raise UsageError(
            f"column {column!r} holds {value!r}; a query that chooses nodes returns node ids, "
            "nodes or paths, such as RETURN p.id"
        )


def edges_ending_in(kind: type, value: Any) -> Iterator[dict[str, Any]]:
    """Edges anywhere in the rows of a read whose ends an engine has yet to look up.

    Until then an end is a value of ``kind``, which no finished value is.
    """
    if isinstance(value, dict):
        if isinstance(value.get("source"), kind):
            yield value
        else:
            for item in value.values():
                yield from edges_ending_in(kind, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from edges_ending_in(kind, item)


def _arrow(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = [None if v is None else json.dumps(v, ensure_ascii=False) for v in values]
        return pa.array(texts, pa.string())


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def collect(
    columns: Iterable[str],
    rows: Iterable[tuple[Any, ...]],
    limits: ReadLimits,
    *,
    deadline: float | None = None,
) -> ResultTable:
    """Take rows until a limit is reached; one row more than the limit is asked for, none kept.

    Parameters
    ----------
    columns
        Names of the columns.
    rows
        Plain rows, read lazily.
    limits
        ``max_rows`` and ``max_bytes`` (of the rows as UTF-8 JSON).
    deadline
        Value of ``time.monotonic()`` at which to give up.
    """
    kept: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        if deadline is not None and time.monotonic() > deadline:
            raise timed_out(limits)
        size += json_size(row)
        if len(kept) == limits.max_rows or size > limits.max_bytes:
            return ResultTable(tuple(columns), kept, truncated=True)
        kept.append(row)
    return ResultTable(tuple(columns), kept)


def cut(table: ResultTable, limits: ReadLimits) -> ResultTable:
    """Apply the limits again after values were filled in."""
    again = collect(table.columns, table.rows, limits)
    return ResultTable(again.columns, again.rows, table.truncated or again.truncated)


def json_size(row: tuple[Any, ...]) -> int:
    """Bytes of a row as UTF-8 JSON."""
    return len(json.dumps(row, ensure_ascii=False).encode())


def timed_out(limits: ReadLimits) -> QueryTimeout:
    """Make the error of a query that ran too long; says the limit and what to do."""
    return QueryTimeout(
        f"the query ran longer than its {limits.timeout:g} s and was cancelled; narrow it (name a "
        "label, an id, fewer hops, a LIMIT) or raise the timeout"
    )
