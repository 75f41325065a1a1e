"""Two tables of two builds, compared row by row, a range of them at a time.

Both tables are sorted by the same key (nodes by id, facts by source, statements by edge id), and
the row groups of a Parquet file say where in that order they lie. So the key is cut into ranges of
about :data:`RANGE_ROWS` rows of the larger table, each range is read from both files (whose other
row groups are not touched) and joined in memory. Where the cuts fall decides the cost, never the
result. A range cannot be cut within one source of facts, the largest of which bounds it from below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.tables import Build, table_schema
from tosg_graph.schema import EDGE_ENDS

#: Rows of the larger table that are compared at a time, about.
RANGE_ROWS = 1_048_576

#: Columns of a statement that say where in a file it stood: they move when a file grows.
_PLACE = ("file", "line")


@dataclass
class Compared:
    """What a comparison of two tables found.

    Parameters
    ----------
    rows
        Rows per kind of change.
    properties
        For each property, the changed rows in which it differs.
    sources
        Per source: rows that it stands behind now and did not before (``added``), and the reverse.
    """

    rows: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    sources: dict[str, Counter[str]] = field(default_factory=dict)

    def add_source(self, source: str, *, added: int, withdrawn: int) -> None:
        """Count rows for a source."""
        counts = self.sources.setdefault(source, Counter())
        counts["added"] += added
        counts["withdrawn"] += withdrawn


def compare_table(engine: Engine, before: Build, after: Build, name: str, out: Path) -> Compared:
    """Compare nodes of a label, or facts of a type, and write what changed below ``out``."""
    schema = table_schema(name)
    found = Compared()
    views = _look(engine, before, after, name)
    with _Writers(out, name, schema) as writers:
        for between in _ranges(before, after, name):
            _join(engine, views, schema, between)
            writers.write(engine, found)
            _count(engine, found)
    return found


def compare_statements(engine: Engine, before: Build, after: Build) -> dict[str, Counter[str]]:
    """Count the statements of each source that only one of the builds has.

    A statement is all that it says; the line of the file that it was read from is not part of it.
    Those of one fact are told apart by 64-bit hashes: comparing all that they say takes twice as
    long, and the counts are for people.
    """
    was, now = _look(engine, before, after, "evidence")
    said = [n for n in table_schema("evidence").names if n not in ("edge_id", *_PLACE)]
    columns = ", ".join(f'"{name}"' for name in said)
    found = Compared()
    for between in _ranges(before, after, "evidence"):
        both = " UNION ALL ".join(
            f"SELECT edge_id, source, hash({columns}) AS said, {one} AS one FROM {view} "
            f"WHERE {between}"
            for view, one in ((now, 1), (was, -1))
        )
        surplus = (
            f"SELECT any_value(source) AS source, sum(one) AS n FROM ({both}) "
            "GROUP BY edge_id, said HAVING n <> 0"
        )
        rows = engine.rows(
            "SELECT source, CAST(sum(greatest(n, 0)) AS BIGINT), "
            f"CAST(sum(greatest(-n, 0)) AS BIGINT) FROM ({surplus}) GROUP BY source"
        )
        for source, added, withdrawn in rows:
            found.add_source(source, added=added, withdrawn=withdrawn)
    return found.sources


def changed_schema(schema: pa.Schema) -> pa.Schema:
    """Schema of rows that changed: the newer row, the properties that differ, the older values."""
    old = pa.struct([pa.field(f.name, f.type) for f in schema if f.name not in _keys(schema)])
    return schema.append(pa.field("changed", pa.list_(pa.string()))).append(pa.field("before", old))


def _keys(schema: pa.Schema) -> tuple[str, ...]:
    """Name the columns whose values make two rows one node or one fact."""
    return ("id",) if "edge_id" not in schema.names else ("edge_id", *EDGE_ENDS)


def _range_key(name: str) -> str:
    return {"nodes": "id", "edges": "source", "evidence": "edge_id"}[name.partition("/")[0]]


def _look(engine: Engine, before: Build, after: Build, name: str) -> tuple[str, str]:
    """Make a view of the table of each build, and name the two."""
    views = tuple(f"{when}_{name.replace('/', '_')}" for when in ("was", "now"))
    for view, build in zip(views, (before, after), strict=True):
        engine.view(view, [build.file(name)] if build.rows(name) else [], table_schema(name))
    return views[0], views[1]


def _ranges(before: Build, after: Build, name: str) -> Iterator[str]:
    """Conditions on the key that together let every row through once."""
    larger = max((before, after), key=lambda build: build.rows(name))
    key = _range_key(name)
    cuts = _cuts(larger.file(name), key) if larger.rows(name) > RANGE_ROWS else []
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        above = f"{key} >= {quoted(low)}" if low is not None else "true"
        below = f"{key} < {quoted(high)}" if high is not None else "true"
        yield f"{above} AND {below}"


def _cuts(path: Path, key: str) -> list[str]:
    """Keys at which row groups begin, about :data:`RANGE_ROWS` rows apart; sorted, each once."""
    with pq.ParquetFile(path) as file:
        column = file.schema_arrow.get_field_index(key)
        cuts, rows = [], 0
        for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
            statistics = group.column(column).statistics
            if rows >= RANGE_ROWS and statistics is not None and statistics.has_min_max:
                cuts.append(str(statistics.min))
                rows = 0
            rows += group.num_rows
    return sorted(set(cuts))


def _join(engine: Engine, views: tuple[str, str], schema: pa.Schema, between: str) -> None:
    """Make ``part``: for each row that differs, both rows (or one and nulls) and the properties."""
    (was, now), keys = views, _keys(schema)
    same = " AND ".join(f'o."{key}" = n."{key}"' for key in keys)
    differs = {f.name: _differs(f) for f in schema if f.name not in keys}
    named = ", ".join(f"CASE WHEN {test} THEN {quoted(name)} END" for name, test in differs.items())
    anywhere = " OR ".join(differs.values())
    first = keys[0]
    engine.make(
        "part",
        f"SELECT o, n, CASE WHEN o.{first} IS NULL THEN 'added' WHEN n.{first} IS NULL "
        f"THEN 'withdrawn' ELSE 'changed' END AS kind, "
        f"list_filter([{named}], lambda x: x IS NOT NULL) AS changed "
        f"FROM (FROM {was} WHERE {between}) o FULL JOIN (FROM {now} WHERE {between}) n ON {same} "
        f"WHERE o.{first} IS NULL OR n.{first} IS NULL OR {anywhere}",
    )


def _differs(column: pa.Field) -> str:
    """Compare a column of both rows; numbers with a fraction as text, where -0 is not 0."""
    old, new = f'o."{column.name}"', f'n."{column.name}"'
    if pa.types.is_floating(column.type):
        old, new = f"CAST({old} AS VARCHAR)", f"CAST({new} AS VARCHAR)"
    return f"{old} IS DISTINCT FROM {new}"


def _count(engine: Engine, found: Compared) -> None:
    lists = "unnest(changed) AS p FROM part WHERE kind = 'changed'"
    for name, number in engine.rows(f"SELECT p, count(*) FROM (SELECT {lists}) GROUP BY p"):
        found.properties[name] += number
    sides = (("n", "o", "added"), ("o", "n", "withdrawn"))
    for here, there, kind in sides:
        only = (
            f"list_filter(coalesce({here}.sources, []), "
            f"lambda s: NOT list_contains(coalesce({there}.sources, []), s))"
        )
        query = f"SELECT s, count(*) FROM (SELECT unnest({only}) AS s FROM part) GROUP BY s"
        for source, number in engine.rows(query):
            zero = {"added": 0, "withdrawn": 0}
            found.add_source(source, **{**zero, kind: number})


class _Writers:
    """The three files of a table, each made when it gets its first row."""

    def __init__(self, out: Path, name: str, schema: pa.Schema) -> None:
        self._stem = out / name
        changed = changed_schema(schema)
        self._schemas = {"added": schema, "withdrawn": schema, "changed": changed}
        self._order = "id" if "edge_id" not in schema.names else "source, target, edge_id"
        self._open: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self._open.values():
            writer.close()

    def write(self, engine: Engine, found: Compared) -> None:
        """Add what the range holds, in the order of the table."""
        for kind, schema in self._schemas.items():
            rows = engine.arrow(f"{self._columns(kind)} ORDER BY {self._order}").cast(schema)
            if rows.num_rows:
                self._writer(kind, schema).write_table(rows)
                found.rows[kind] += rows.num_rows

    def _columns(self, kind: str) -> str:
        side = "o" if kind == "withdrawn" else "n"
        plain = self._schemas["added"]
        columns = [f'{side}."{name}" AS "{name}"' for name in plain.names]
        if kind == "changed":
            old = self._schemas[kind].field("before").type
            before = ", ".join(f'"{f.name}": o."{f.name}"' for f in old)
            columns += ["changed", f"{{{before}}} AS before"]
        return f"SELECT {', '.join(columns)} FROM part WHERE kind = {quoted(kind)}"

    def _writer(self, kind: str, schema: pa.Schema) -> pq.ParquetWriter:
        if kind not in self._open:
            path = self._stem.with_name(f"{self._stem.name}.{kind}.parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[kind] = pq.ParquetWriter(path, schema, compression="zstd")
        return self._open[kind]
