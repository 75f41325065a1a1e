"""A graph build on disk: read it, or write one so that it is never seen half done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.errors import BuildError
from tosg_graph.schema import ALIASES, EDGE_TYPE, EDGE_TYPES, EVIDENCE, LABEL, LABELS, REJECTS
from tosg_graph.threads import in_threads

MANIFEST = "manifest.json"
FORMAT = 1
_ROW_GROUP = 131_072
_BATCH = 1 << 20


def edge_id(source: str, edge_type: str, target: str) -> str:
    """Id of the fact (source, type, target): the first 16 hexadecimal digits of its SHA-256.

    64 bits: among 16 million facts two share an id with a probability of 7 in a million; the build
    checks that none do.
    """
    return hashlib.sha256(f"{source}|{edge_type}|{target}".encode()).hexdigest()[:16]


def table_schema(name: str) -> pa.Schema:
    """Give the schema of a table of a build: ``nodes/Gene``, ``edges/TARGETS``, ``evidence``."""
    kind, _, subject = name.partition("/")
    if kind == "nodes" and subject in LABEL:
        return LABEL[subject].arrow
    if kind == "edges" and subject in EDGE_TYPE:
        return EDGE_TYPE[subject].arrow
    schema = {"evidence": EVIDENCE, "aliases": ALIASES, "rejects": REJECTS}.get(name)
    if schema is None:
        raise BuildError(f"a build has no table {name!r}")
    return schema


@dataclass(frozen=True)
class Build:
    """A finished graph build, opened for reading. Tables are read when they are asked for.

    Parameters
    ----------
    path
        The folder.
    manifest
        What ``manifest.json`` says: ``format``, ``build_id``, ``schema_version``, ``tool_version``,
        ``use``, ``sources`` (per source: title, version, licence, citation, files with sha256, row
        counts), ``tables`` (per table: rows, sha256), ``files`` (the other files: sha256),
        ``report`` (see :func:`tosg_graph.build.report.make_report`).
    reused
        Of a build that was made just now, the sources whose rows were kept from an earlier one and
        not read. It is no part of the build: the bytes do not depend on it.
    """

    path: Path
    manifest: dict[str, Any] = field(repr=False)
    reused: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a build folder.

        Raises
        ------
        BuildError
            If the folder holds no finished build.
        """
        path = Path(path)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BuildError(f"{path} holds no graph build: {MANIFEST} is missing") from None
        except json.JSONDecodeError as error:
            raise BuildError(f"{path / MANIFEST} is damaged: {error}") from error
        if manifest.get("format") != FORMAT:
            raise BuildError(
                f"{path / MANIFEST}: format {manifest.get('format')!r} found, {FORMAT} expected; "
                "build again with this version"
            )
        return cls(path, manifest)

    @property
    def id(self) -> str:
        """The build id: a hash of the inputs, the loaders and the schema."""
        return str(self.manifest["build_id"])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels that have nodes, in schema order."""
        return tuple(label.name for label in LABELS if self.rows(f"nodes/{label.name}"))

    @cached_property
    def edge_types(self) -> tuple[str, ...]:
        """Edge types that have facts, in schema order."""
        return tuple(edge.name for edge in EDGE_TYPES if self.rows(f"edges/{edge.name}"))

    def rows(self, name: str) -> int:
        """Rows of a table; 0 for one that the build does not have."""
        return int(self.manifest["tables"].get(name, {}).get("rows", 0))

    def file(self, name: str) -> Path:
        """Path of a table's Parquet file, whether or not it exists."""
        return self.path / f"{name}.parquet"

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read ``nodes/<Label>``, ``edges/<TYPE>``, ``evidence``, ``aliases`` or ``rejects``.

        A table that this build does not have is empty, with its schema.
        """
        schema = table_schema(name)
        if name not in self.manifest["tables"]:
            empty = schema.empty_table()
            return empty if columns is None else empty.select(list(columns))
        with _reading(self.file(name)):
            return pq.read_table(
                self.file(name), columns=None if columns is None else list(columns)
            )

    def batches(
        self, name: str, columns: Sequence[str] | None = None, *, rows: int = _BATCH
    ) -> Iterator[pa.Table]:
        """Read a table piece by piece; memory is bounded by so many rows.

        A table that this build does not have gives no piece.
        """
        if name not in self.manifest["tables"]:
            return
        names = None if columns is None else list(columns)
        with _reading(self.file(name)), pq.ParquetFile(self.file(name)) as file:
            for batch in file.iter_batches(batch_size=rows, columns=names):
                table = pa.Table.from_batches([batch])
                yield table if names is None else table.select(names)

    def nodes(self, label: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Nodes of a label, sorted by id."""
        return self.table(f"nodes/{label}", columns)

    def edges(self, edge_type: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Facts of an edge type, sorted by (source, target)."""
        return self.table(f"edges/{edge_type}", columns)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise BuildError(f"{path} is missing; build again") from None
    except pa.ArrowInvalid as error:
        raise BuildError(f"{path} is damaged ({error}); build again") from error


_PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "store_schema": True,
    "use_dictionary": True,
}


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table so that the same rows always give the same bytes."""
    write_batches(table.to_reader(), path)


def write_batches(rows: pa.RecordBatchReader, path: Path) -> int:
    """Write a stream of rows so that the same rows always give the same bytes.

    However the stream is cut into batches, the file has row groups of 131,072 rows; two of them are
    held in memory at a time: one is written while the next is computed.

    Returns
    -------
    int
        The number of rows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = pq.ParquetWriter(path, rows.schema, **_PARQUET)

    def write(group: pa.Table) -> int:
        writer.write_table(group, row_group_size=_ROW_GROUP)
        return int(group.num_rows)

    with abandoned_on_error([writer]):
        groups = in_threads(write, _row_groups(rows), threads=1, ahead=1, name="parquet")
        written = sum(groups)
        writer.close()
    return written


@contextmanager
def abandoned_on_error(writers: Iterable[pq.ParquetWriter]) -> Iterator[None]:
    """Let go of unfinished files when something fails; else each would try to end itself later."""
    try:
        yield
    except BaseException:
        for writer in writers:
            writer.is_open = False
        raise


def _row_groups(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Cut a stream anew into tables of one row group, each of one piece; only the last is short."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        waiting.append(batch)
        count += batch.num_rows
        while count >= _ROW_GROUP:
            table = pa.Table.from_batches(waiting, rows.schema)
            yield table.slice(0, _ROW_GROUP).combine_chunks()
            waiting = table.slice(_ROW_GROUP).to_batches()
            count -= _ROW_GROUP
    if count:
        yield pa.Table.from_batches(waiting, rows.schema).combine_chunks()
