"""Offline import of a build into an empty Neo4j with ``neo4j-admin database import full``.

The build is written as CSV files into a temporary folder, column by column and in bounded memory.
Every text is quoted (RFC 4180), absent values are nothing at all, and the items of a list are
joined with a control character that occurs in none of them.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError, ForeignDatabase, StoreError
from tosg_graph.graph.neo4j_batches import PROGRESS_LABEL
from tosg_graph.graph.parts import edge_parts, tables_of
from tosg_graph.graph.store import Counts, LoadReport, Progress
from tosg_graph.schema import EDGE_TYPE, LABEL, SCHEMA_VERSION, Property, PropertyType

_TYPES = {
    PropertyType.STRING: "string",
    PropertyType.STRINGS: "string[]",
    PropertyType.INTEGER: "long",
    PropertyType.FLOAT: "double",
    PropertyType.BOOLEAN: "boolean",
}
#: Unit, record, group and file separator: what ASCII has them for.
_DELIMITERS = ("\x1f", "\x1e", "\x1d", "\x1c", "\x02", "\x03")
#: The importer's own default for the largest value that it can read, in bytes.
_BUFFER = 4 << 20
_SAID_LINES = 15


@dataclass
class _Files:
    """The CSV files of a build, and what the importer must know of them."""

    folder: Path
    delimiter: str
    arguments: list[str] = field(default_factory=list)
    longest: int = 0
    multiline: bool = False

    def options(self) -> list[str]:
        """Words for the command line, between the database and the files."""
        buffer = max(_BUFFER, 4 * self.longest)
        return [
            "--bad-tolerance=0",
            "--id-type=string",
            f"--array-delimiter=U+{ord(self.delimiter):04X}",
            f"--multiline-fields={str(self.multiline).lower()}",
            f"--read-buffer-size={buffer}",
            f"--report-file={self.folder / 'import.report'}",
        ]


def bulk_import(
    build: Build,
    *,
    neo4j_admin: Sequence[str] | str = "neo4j-admin",
    database: str = "neo4j",
    progress: Progress | None = None,
) -> LoadReport:
    """Import a build into a database that does not exist yet, on the machine of a stopped server.

    Parameters
    ----------
    build
        The build.
    neo4j_admin
        The command, as words or as one line; it finds the server by its own configuration
        (``NEO4J_HOME``, ``NEO4J_CONF``).
    database
        Name of the database.
    progress
        Told what is written.

    Returns
    -------
    LoadReport
        Its ``next_step`` says what is left: start the server and load the same build, which finds
        it there and makes the constraints and indexes.

    Raises
    ------
    ForeignDatabase
        If the server has that database already, empty or not: it is left as it is.
    StoreError
        If the command is missing or fails; what it wrote by then is removed.
    """
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tosg-import-") as name:
        files = _write(build, Path(name), progress)
        words = shlex.split(neo4j_admin) if isinstance(neo4j_admin, str) else list(neo4j_admin)
        command = [*words, "database", "import", "full", database]
        if progress:
            progress("neo4j-admin database import full")
        _run([*command, *files.options(), *files.arguments], database)
    counts = Counts.of_build(build)
    return LoadReport(
        engine="neo4j",
        build_id=build.id,
        nodes=counts.n_nodes,
        edges=counts.n_edges,
        changed=True,
        seconds=time.monotonic() - start,
        next_step=(
            "start the server and load the same build once more (tosg load, with TOSG_NEO4J_URI "
            "set): it finds the build there and makes the constraints and indexes"
        ),
    )


# ---- the command -----------------------------------------------------------------------------


def _run(command: list[str], database: str) -> None:
    begun = time.time()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StoreError(
            f"{command[0]} cannot be run ({error.strerror}); put neo4j-admin on the path or name "
            "it: TOSG_NEO4J_ADMIN=/path/to/bin/neo4j-admin"
        ) from None
    if not done.returncode:
        return
    if "already exist" in done.stderr + done.stdout:
        raise ForeignDatabase(
            f"the server has a database {database!r} already, and an offline import only makes a "
            "new one; it is left untouched. Load into the running server without --bulk, or "
            "drop that database first"
        )
    _remove_half_done(done.stdout, database, begun)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip(" .\t")]
    said = "\n".join(lines[-_SAID_LINES:])
    raise StoreError(
        f"neo4j-admin failed with code {done.returncode}; nothing was kept. It said last:\n{said}"
    )


def _remove_half_done(said: str, database: str, begun: float) -> None:
    """Remove the store that a failed import left, if this import made all of it."""
    match = re.search(r"Importing the contents of these files into (.+?):?$", said, re.MULTILINE)
    if match is None:
        return
    store = Path(match[1])
    made = [path.stat().st_mtime for path in store.rglob("*")]
    if store.name != database or not made or min(made) < begun - 1:
        return
    shutil.rmtree(store)
    shutil.rmtree(store.parents[1] / "transactions" / database, ignore_errors=True)


# ---- the files -------------------------------------------------------------------------------


def _write(build: Build, folder: Path, progress: Progress | None) -> _Files:
    files = _Files(folder, _delimiter(build))
    for label in build.labels:
        if progress:
            progress(f"{label}: {build.rows(f'nodes/{label}'):,} nodes")
        _write_nodes(files, build, label)
    for kind in build.edge_types:
        if progress:
            progress(f"{kind}: {build.rows(f'edges/{kind}'):,} edges")
        _write_edges(files, build, kind)
    mark = folder / "mark.csv"
    mark.write_text(f"build:string,schema:string\n{build.id},{SCHEMA_VERSION}\n", encoding="utf-8")
    files.arguments.append(f"--nodes={PROGRESS_LABEL}={mark}")
    return files


def _write_nodes(files: _Files, build: Build, label: str) -> None:
    columns = LABEL[label].properties
    header = [f"id:ID({label})", *(_header(p) for p in columns if p.name != "id")]
    path = files.folder / f"{label}.csv"
    with path.open("wb") as out:
        out.write((",".join(header) + "\n").encode())
        for table in tables_of(build, f"nodes/{label}"):
            _write_rows(files, out, table.select([p.name for p in columns]))
    files.arguments.append(f"--nodes={label}={path}")


def _write_edges(files: _Files, build: Build, kind: str) -> None:
    columns = EDGE_TYPE[kind].properties
    seen: dict[Path, None] = {}
    for part in edge_parts(build, kind):
        path = files.folder / f"{kind}-{part.source_label}-{part.target_label}.csv"
        with path.open("ab") as out:
            if path not in seen:
                ends = [f":START_ID({part.source_label})", f":END_ID({part.target_label})"]
                out.write((",".join([*ends, *map(_header, columns)]) + "\n").encode())
                seen[path] = None
            _write_rows(
                files, out, part.rows.select(["source", "target", *(p.name for p in columns)])
            )
    files.arguments += [f"--relationships={kind}={path}" for path in seen]


def _header(prop: Property) -> str:
    return f"{prop.name}:{_TYPES[prop.type]}"


def _write_rows(files: _Files, out: object, table: pa.Table) -> None:
    """Append rows, lists joined to one text; note what the importer must be told of the texts."""
    columns = [_joined(table[name], files.delimiter) for name in table.column_names]
    for column in columns:
        if pa.types.is_string(column.type):
            files.longest = max(files.longest, pc.max(pc.binary_length(column)).as_py() or 0)
            files.multiline |= bool(pc.any(pc.match_substring_regex(column, "[\r\n]")).as_py())
    options = pcsv.WriteOptions(include_header=False, quoting_style="all_valid")
    pcsv.write_csv(pa.table(columns, names=table.column_names), out, options)


def _joined(column: pa.ChunkedArray, delimiter: str) -> pa.ChunkedArray:
    return pc.binary_join(column, delimiter) if pa.types.is_list(column.type) else column


def _delimiter(build: Build) -> str:
    """Find the first control character that no item of any list holds."""
    left = list(_DELIMITERS)
    for items in _items(build):
        left = [c for c in left if not pc.any(pc.match_substring(items, c)).as_py()]
    if not left:
        raise BuildError(
            "items of lists in the build hold every control character that could separate them in "
            "an offline import; load into the running server instead (tosg load without --bulk)"
        )
    return left[0]


def _items(build: Build) -> Iterator[pa.Array]:
    """Yield the items of every list of the build, one array per batch and column."""
    names = [f"nodes/{label}" for label in build.labels]
    for name in names + [f"edges/{kind}" for kind in build.edge_types]:
        for table in tables_of(build, name):
            for column in table.columns:
                if pa.types.is_list(column.type):
                    yield column.combine_chunks().flatten()
