"""What changed between two builds: nodes, facts and statements added, withdrawn, changed.

::

    diff-<from>-<to>/
      manifest.json                    both ids; per table, source and property: how many
      nodes/<Label>.added.parquet      nodes that only the newer build has, as it has them
      nodes/<Label>.withdrawn.parquet  nodes that only the older build has, as it had them
      nodes/<Label>.changed.parquet    nodes of both that differ: the newer row, `changed`, `before`
      edges/<TYPE>.…                   the same for facts
      changes.tsv                      one line per change, for people

A table whose sha256 is the same in both manifests is not read at all. The others are compared
exactly, property by property, a range of nodes at a time; see :mod:`tosg_graph.build.compare`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.compare import Compared, compare_statements, compare_table
from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.tables import Build, table_schema
from tosg_graph.errors import BuildError, UsageError
from tosg_graph.filing import commit_folder, sha256, write_json, writing
from tosg_graph.schema import EDGE_TYPES, LABELS

MANIFEST = "manifest.json"
CHANGES = "changes.tsv"
FORMAT = 2
#: What may happen to a node or a fact, in the order in which tables list it.
KINDS = ("added", "withdrawn", "changed")
#: The tables of a build that a database holds.
GRAPH_TABLES = (
    *(f"nodes/{label.name}" for label in LABELS),
    *(f"edges/{edge.name}" for edge in EDGE_TYPES),
)

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Diff:
    """The difference of two builds, on disk.

    Parameters
    ----------
    path
        The folder.
    before, after
        The older and the newer build.
    manifest
        What ``manifest.json`` says: ``from``, ``to``, ``tables`` (per table that differs: added,
        withdrawn, changed, and per property in how many rows it changed), ``sources`` (per source:
        nodes, facts and, where ``statements`` is true, statements that it gives now and did not
        before, and the reverse).
    """

    path: Path
    before: Build
    after: Build
    manifest: dict[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path, before: Build, after: Build) -> Self:
        """Open a folder that :func:`diff` wrote.

        Raises
        ------
        BuildError
            If it holds no difference of these two builds.
        """
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError) as error:
            raise BuildError(f"{path} holds no difference of two builds ({error})") from None
        found = manifest.get("format"), manifest.get("from"), manifest.get("to")
        if found != (FORMAT, before.id, after.id):
            raise BuildError(
                f"{path} holds the difference {found[1]} to {found[2]} in format {found[0]}; "
                f"expected {before.id} to {after.id} in format {FORMAT}: remove the folder"
            )
        return cls(path, before, after, manifest)

    def rows(self, name: str, kind: str) -> int:
        """How many rows of a table (``nodes/Gene``) were ``added``, ``withdrawn``, ``changed``."""
        return int(self.manifest["tables"].get(name, {}).get(kind, 0))

    def total(self, what: str, kind: str) -> int:
        """How many rows of all tables of ``nodes`` or of ``edges``."""
        return sum(self.rows(name, kind) for name in GRAPH_TABLES if name.startswith(f"{what}/"))

    @property
    def empty(self) -> bool:
        """Whether the two builds hold the same graph."""
        return not self.manifest["tables"]

    def counts(self) -> dict[str, dict[str, int]]:
        """``{"nodes": {"added": …, "withdrawn": …, "changed": …}, "edges": {…}}``."""
        return {
            what: {kind: self.total(what, kind) for kind in KINDS} for what in ("nodes", "edges")
        }

    def file(self, name: str, kind: str) -> Path:
        """Path of the rows of a table that were added, withdrawn or changed."""
        return self.path / f"{name}.{kind}.parquet"

    def batches(self, name: str, kind: str, *, rows: int) -> Iterator[pa.Table]:
        """Rows of one kind in the columns of the build's table, so many at a time.

        Raises
        ------
        BuildError
            If the file is missing or damaged.
        """
        if not self.rows(name, kind):
            return
        path, columns = self.file(name, kind), table_schema(name).names
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=rows, columns=columns):
                    yield pa.Table.from_batches([batch])
        except (FileNotFoundError, pa.ArrowInvalid) as error:
            raise BuildError(
                f"{path} is missing or damaged ({error}); remove {self.path} and compare again"
            ) from None

    def examples(self, most: int) -> list[tuple[str, str, str, str, str]]:
        """Give the first changes of each table and kind: (change, table, id, name, properties).

        The properties of a changed row are written as ``name: before → after``.
        """
        found = []
        for name in filter(self.manifest["tables"].get, GRAPH_TABLES):
            for kind in KINDS:
                if self.rows(name, kind):
                    with pq.ParquetFile(self.file(name, kind)) as file:
                        batch = next(file.iter_batches(batch_size=most))
                    subject = name.partition("/")[2]
                    found += [(kind, subject, *_shown(row)) for row in batch.to_pylist()]
        return found


def _shown(row: dict[str, Any]) -> tuple[str, str, str]:
    differs = "; ".join(
        f"{name}: {_brief(row['before'][name])} → {_brief(row[name])}"
        for name in row.get("changed") or ()
    )
    if "edge_id" in row:
        return row["edge_id"], f"{row['source']} → {row['target']}", differs
    return row["id"], row["name"] or "", differs


def _brief(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def diff(
    before: Build,
    after: Build,
    into: Path,
    *,
    statements: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Diff:
    """Compare two builds; what was compared before is opened.

    Memory is bounded by about a million rows of one table of each build
    (:data:`tosg_graph.build.compare.RANGE_ROWS`) and by that of the engine, whatever changed.

    Parameters
    ----------
    before, after
        The older and the newer build.
    into
        Folder of differences; this one goes to ``into/diff-<from>-<to>``.
    statements
        Whether to count the statements of each source too, which a database does not hold.
    threads
        Threads at most; default: one per core. The result does not depend on it.
    progress
        Called with a line of text when a step begins.

    Raises
    ------
    UsageError
        If the builds have different schemas.
    BuildError
        If it cannot be written; nothing of it is kept.
    """
    _check_schemas(before, after)
    final = into / f"diff-{before.id}-{after.id}"
    kept = _kept(final, before, after)
    if kept is not None and (kept.manifest["statements"] or not statements):
        return kept
    into.mkdir(parents=True, exist_ok=True)
    with (
        writing(final, BuildError),
        tempfile.TemporaryDirectory(prefix=".comparing-", dir=into) as name,
    ):
        folder = Path(name)
        out = folder / "diff"
        out.mkdir()
        with Engine(spill=folder / "spill", threads=threads) as engine:
            manifest = _compare(engine, before, after, out, statements, progress)
            _write_changes(engine, out, manifest["tables"])
        manifest["files"] = {
            str(path.relative_to(out)): {"sha256": sha256(path)}
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
        write_json(out / MANIFEST, manifest)
        _check_sums(Diff(out, before, after, manifest))
        commit_folder(out, final)
    return Diff.open(final, before, after)


def _kept(path: Path, before: Build, after: Build) -> Diff | None:
    """Open what was compared before, if it is there in the present format."""
    try:
        return Diff.open(path, before, after)
    except BuildError:
        return None


def copy_diff(made: Diff, out: Path) -> Diff:
    """Copy a difference to a folder of the user's choice, which must not exist yet.

    Raises
    ------
    UsageError
        If there is something already.
    """
    if out.exists():
        raise UsageError(f"{out} exists already; name a folder that does not")
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made.path, out)
    return Diff.open(out, made.before, made.after)


def _check_schemas(before: Build, after: Build) -> None:
    found = [str(build.manifest.get("schema_version")) for build in (before, after)]
    if found[0] != found[1]:
        raise UsageError(
            f"build {before.id} has schema {found[0]}, build {after.id} has schema {found[1]}: "
            "builds of two schemas cannot be compared; build again, or load anew: tosg load"
        )


def _compare(
    engine: Engine,
    before: Build,
    after: Build,
    out: Path,
    statements: bool,
    progress: Progress | None,
) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    sources: dict[str, dict[str, Counter[str]]] = {}
    for name in (*GRAPH_TABLES, *(("evidence",) if statements else ())):
        if _same(before, after, name):
            continue
        if progress:
            progress(f"comparing {name}: {before.rows(name):,} and {after.rows(name):,} rows")
        if name == "evidence":
            _add_sources(sources, "statements", compare_statements(engine, before, after))
            continue
        found = compare_table(engine, before, after, name, out)
        _add_sources(sources, "nodes" if name.startswith("nodes/") else "facts", found.sources)
        if sum(found.rows.values()):
            tables[name] = _entry(found)
    return {
        "format": FORMAT,
        "from": before.id,
        "to": after.id,
        "schema_version": after.manifest["schema_version"],
        "tool_version": metadata.version("tosg-graph"),
        "statements": statements,
        "tables": tables,
        "sources": {
            source: {
                what: {k: n[k] for k in KINDS[:2]}
                for what, n in counts.items()
                if statements or what != "statements"
            }
            for source, counts in sorted(sources.items())
        },
    }


def _same(before: Build, after: Build, name: str) -> bool:
    """Whether the manifests say that both builds have the same table, or none."""
    was, now = (b.manifest["tables"].get(name, {}).get("sha256") for b in (before, after))
    return bool(was == now)


def _entry(found: Compared) -> dict[str, Any]:
    rows = {kind: found.rows[kind] for kind in KINDS}
    return {**rows, "properties": dict(sorted(found.properties.items()))}


def _add_sources(
    total: dict[str, dict[str, Counter[str]]], what: str, found: dict[str, Counter[str]]
) -> None:
    for source, counts in found.items():
        per = total.setdefault(source, {w: Counter() for w in ("nodes", "facts", "statements")})
        per[what].update(counts)


def _check_sums(made: Diff) -> None:
    """The rows of the older build, less those withdrawn, plus those added, are the newer's."""
    for name in GRAPH_TABLES:
        expected = made.after.rows(name)
        found = made.before.rows(name) - made.rows(name, "withdrawn") + made.rows(name, "added")
        if found != expected:
            raise BuildError(
                f"{name}: the comparison ends at {found:,} rows, build {made.after.id} has "
                f"{expected:,}; an id stands there twice, or a file is not what the manifest says"
            )


def _write_changes(engine: Engine, out: Path, tables: dict[str, Any]) -> None:
    """Write the table for people, one line per change."""
    selects = [
        _lines(name, kind, out / f"{name}.{kind}.parquet")
        for name, rows in tables.items()
        for kind in KINDS
        if rows[kind]
    ]
    empty = "SELECT '' AS change, '' AS what, '' AS id, '' AS name, '' AS properties WHERE false"
    query = " UNION ALL ".join(selects or [empty])
    target = quoted(str(out / CHANGES))
    engine.run(f"COPY ({query}) TO {target} (FORMAT csv, DELIMITER '\t', HEADER)")


def _lines(name: str, kind: str, path: Path) -> str:
    table, _, subject = name.partition("/")
    ident, label = ("id", "name") if table == "nodes" else ("edge_id", "source || ' → ' || target")
    properties = "array_to_string(changed, ', ')" if kind == "changed" else "NULL"
    return (
        f"SELECT {quoted(kind)} AS change, {quoted(subject)} AS what, {ident} AS id, "
        f"{label} AS name, {properties} AS properties FROM read_parquet({quoted(str(path))})"
    )
