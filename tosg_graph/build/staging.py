"""The rows of the sources, staged as Parquet: one table per kind of row, in a fixed order."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tosg_graph.build.licences import UNSPECIFIED, USES, terms
from tosg_graph.build.tables import abandoned_on_error
from tosg_graph.errors import BuildError
from tosg_graph.schema import EDGE_TYPE, LABEL
from tosg_graph.sources.chunks import (
    COMPLEXES,
    MAPPINGS,
    REJECTED,
    STATEMENTS,
    Chunk,
    ChunkKind,
    annotations_schema,
    nodes_schema,
)
from tosg_graph.sources.source import Source

_STATEMENT = pa.schema([pa.field("type", pa.string(), nullable=False), *STATEMENTS])
_WITHOUT_LABEL = {
    "complexes": COMPLEXES,
    "mappings": MAPPINGS,
    "rejected": REJECTED,
    "statements": _STATEMENT,
}
#: Where a row comes from; ``row`` counts the rows of a source, in the order it gave them.
_ORIGIN = (
    pa.field("source", pa.string(), nullable=False),
    pa.field("file", pa.string(), nullable=False),
    pa.field("row", pa.int64(), nullable=False),
)


def staged_schema(table: str) -> pa.Schema:
    """Columns of a staged table: those of the chunks, then ``source, file, row``.

    The tables are ``nodes_<Label>``, ``annotations_<Label>``, ``complexes``, ``mappings``,
    ``statements`` (with the ``type`` of the edge first) and ``rejected``.
    """
    kind, _, label = table.partition("_")
    if kind == "nodes":
        columns = nodes_schema(label)
    elif kind == "annotations":
        columns = annotations_schema(label)
    else:
        columns = _WITHOUT_LABEL[kind]
    return pa.schema([*columns, *_ORIGIN])


@dataclass(frozen=True)
class Staged:
    """The rows of one source that a use allows, as Parquet.

    Parameters
    ----------
    rows
        How many rows of each kind the source gave.
    dropped
        How many of them the use forbids, per licence.
    files
        The file of each staged table; a table without a row has none.
    """

    rows: dict[str, int]
    dropped: dict[str, int]
    files: dict[str, Path]

    @property
    def left_out(self) -> bool:
        """Whether the source gave rows, and the use forbids all of them."""
        return sum(self.rows.values()) > 0 and not self.files


def stage(source: Source, chunks: Iterable[Chunk], folder: Path, use: str) -> Staged:
    """Write the chunks of a source to a folder, and leave out what the use does not allow.

    One chunk is held in memory at a time. What a licence forbids is left out here, before anything
    is joined, so that no name and no value of such a row can reach a build.

    Parameters
    ----------
    folder
        Where the Parquet files go; it must exist.
    use
        ``academic``, ``commercial`` or ``redistribute``.

    Raises
    ------
    BuildError
        If a node's id has a prefix that its label does not know, or a statement has a sign that
        its type excludes.
    """
    counts: dict[str, int] = defaultdict(int)
    dropped: dict[str, int] = defaultdict(int)
    total = 0
    tables = _Tables(folder)
    with abandoned_on_error(tables.writers.values()):
        for chunk in chunks:
            _check(source, chunk)
            counts[str(chunk.kind)] += _input_rows(chunk)
            rows = _allowed(source, chunk.table, use, dropped)
            tables.write(_table_of(chunk), _with_origin(rows, source, chunk, total))
            total += chunk.table.num_rows
        for writer in tables.writers.values():
            writer.close()
    files = {name: tables.path(name) for name in sorted(tables.writers)}
    return Staged(dict(counts), dict(sorted(dropped.items())), files)


@dataclass(frozen=True)
class _Tables:
    """The staged tables of a source while they are written; each begins with its first row."""

    folder: Path
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def write(self, table: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        schema = staged_schema(table)
        writer = self.writers.get(table)
        if writer is None:
            writer = pq.ParquetWriter(self.path(table), schema, compression="lz4")
            self.writers[table] = writer
        writer.write_table(rows.select(schema.names).cast(schema))


def _allowed(source: Source, rows: pa.Table, use: str, dropped: dict[str, int]) -> pa.Table:
    """Name the licence of each row, and keep the rows that the use allows."""
    written = (
        rows["licence"]
        if "licence" in rows.column_names
        else pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    ).combine_chunks()
    coded = written.dictionary_encode(null_encoding="encode")
    licences = [terms(value, source.licence) for value in coded.dictionary.to_pylist()]
    names = pa.array([licence.name or UNSPECIFIED for licence in licences], pa.string())
    named = names.take(coded.indices)
    times = pa.repeat(1, rows.num_rows)
    if "rows" in rows.column_names:  # a reject may stand for many
        times = pc.fill_null(rows["rows"], 1).combine_chunks()
    allowed = pa.array([USES[use](licence) for licence in licences], pa.bool_())
    keep = allowed.take(coded.indices)
    forbidden = pa.table({"name": named, "times": times}).filter(pc.invert(keep))
    for group in forbidden.group_by("name").aggregate([("times", "sum")]).to_pylist():
        dropped[group["name"]] += group["times_sum"]
    if "licence" in rows.column_names:
        place = rows.column_names.index("licence")
        rows = rows.set_column(place, "licence", named)
    return rows.append_column("_keep", keep).filter(keep).drop_columns("_keep")


def _input_rows(chunk: Chunk) -> int:
    """How many rows of the file a chunk stands for: a row of rejects may stand for many."""
    if chunk.kind != ChunkKind.REJECTS:
        return int(chunk.table.num_rows)
    return pc.sum(pc.fill_null(chunk.table["rows"], 1), min_count=0).as_py()  # type: ignore[no-any-return]


def _table_of(chunk: Chunk) -> str:
    if chunk.kind in (ChunkKind.NODES, ChunkKind.ANNOTATIONS):
        return f"{chunk.kind}_{chunk.subject}"
    if chunk.kind == ChunkKind.REJECTS:
        return "rejected"
    return str(chunk.kind)


def _with_origin(rows: pa.Table, source: Source, chunk: Chunk, before: int) -> pa.Table:
    count = rows.num_rows
    if chunk.kind == ChunkKind.STATEMENTS:
        rows = rows.append_column("type", pa.repeat(pa.scalar(chunk.subject), count))
    values = (
        pa.repeat(pa.scalar(source.name), count),
        pa.repeat(pa.scalar(chunk.file), count),
        pa.array(range(before, before + count), pa.int64()),
    )
    for column, array in zip(_ORIGIN, values, strict=True):
        rows = rows.append_column(column, array)
    return rows


def _check(source: Source, chunk: Chunk) -> None:
    if chunk.kind == ChunkKind.NODES:
        known = LABEL[chunk.subject].prefixes
        good = pc.match_substring_regex(
            chunk.table["id"], f"^({'|'.join(map(re.escape, known))}):."
        )
        _refuse(
            source, chunk, pc.invert(good), "id", f"ids of a {chunk.subject} begin with {known}"
        )
    elif chunk.kind == ChunkKind.STATEMENTS:
        sign = EDGE_TYPE[chunk.subject].sign
        if sign is not None:
            wrong = pc.fill_null(pc.not_equal(chunk.table["sign"], sign), False)
            _refuse(source, chunk, wrong, "sign", f"the sign of {chunk.subject} is {sign}")


def _refuse(source: Source, chunk: Chunk, wrong: pa.ChunkedArray, column: str, rule: str) -> None:
    rows = chunk.table.filter(wrong)
    if rows.num_rows:
        value, line = rows[column][0].as_py(), rows["line"][0].as_py()
        raise BuildError(
            f"the loader {source.name!r} gave {column} {value!r} for {chunk.file}:{line}; "
            f"{rule}. Mend the loader."
        )
