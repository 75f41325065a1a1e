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
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError, ForeignDatabase, StoreError
from tosg_graph.filing import writing
from tosg_graph.graph.neo4j_batches import PROGRESS_LABEL
from tosg_graph.graph.parts import edge_parts, tables_of
from tosg_graph.graph.store import Counts, LoadReport, Progress, tell
from tosg_graph.schema import EDGE_TYPE, LABEL, SCHEMA_VERSION, Property, PropertyType
from tosg_graph.threads import in_threads

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


class _Taken(Exception):
    """An item of a list holds the character that is to separate items."""


class _Text(NamedTuple):
    """Rows as CSV; the bytes of the longest value, and whether one has several lines."""

    text: pa.Buffer
    longest: int
    multiline: bool


@dataclass
class _Files:
    """The CSV files of a build, and what the importer must know of them."""

    folder: Path
    delimiter: str
    arguments: list[str] = field(default_factory=list)
    longest: int = 0
    multiline: bool = False

    def texts(self, tables: Iterator[tuple[Path, pa.Table]]) -> Iterator[tuple[Path, pa.Buffer]]:
        """Write tables as CSV in threads, in their order; a few per thread are in memory."""
        threads = pa.cpu_count()

        def written(of: tuple[Path, pa.Table]) -> tuple[Path, _Text]:
            return of[0], _text(of[1], self.delimiter)

        made = in_threads(written, tables, threads=threads, ahead=2 * threads, name="csv")
        for path, (text, longest, multiline) in made:
            self.longest = max(self.longest, longest)
            self.multiline |= multiline
            yield path, text

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
        If the command is missing or fails, or the disk of the temporary files is full; what was
        written by then is removed.
    """
    start = time.monotonic()
    words = shlex.split(neo4j_admin) if isinstance(neo4j_admin, str) else list(neo4j_admin)
    if shutil.which(words[0]) is None:  # before gigabytes are written for it
        raise _not_run(words[0], "no such program")
    with tempfile.TemporaryDirectory(prefix="tosg-import-") as name:
        with writing(Path(name), StoreError):
            files = _write(build, Path(name), progress)
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
        raise _not_run(command[0], error.strerror) from None
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


def _not_run(program: str, why: str | None) -> StoreError:
    return StoreError(
        f"{program} cannot be run ({why}); put neo4j-admin on the path or name it: "
        "TOSG_NEO4J_ADMIN=/path/to/bin/neo4j-admin"
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
    """Write the files with the first delimiter of lists that no item holds."""
    for number, delimiter in enumerate(_DELIMITERS):
        files = _Files(folder / str(number), delimiter)
        files.folder.mkdir()
        try:
            _write_all(files, build, progress)
        except _Taken:
            shutil.rmtree(files.folder)
            continue
        return files
    raise BuildError(
        "items of lists in the build hold every control character that could separate them in "
        "an offline import; load into the running server instead (tosg load without --bulk)"
    )


def _write_all(files: _Files, build: Build, progress: Progress | None) -> None:
    for label in build.labels:
        tell(progress, f"{label}: {build.rows(f'nodes/{label}'):,} nodes")
        _write_nodes(files, build, label)
    for kind in build.edge_types:
        tell(progress, f"{kind}: {build.rows(f'edges/{kind}'):,} edges")
        _write_edges(files, build, kind)
    mark = files.folder / "mark.csv"
    mark.write_text(f"build:string,schema:string\n{build.id},{SCHEMA_VERSION}\n", encoding="utf-8")
    files.arguments.append(f"--nodes={PROGRESS_LABEL}={mark}")


def _write_nodes(files: _Files, build: Build, label: str) -> None:
    columns = LABEL[label].properties
    header = [f"id:ID({label})", *(_header(p) for p in columns if p.name != "id")]
    path = files.folder / f"{label}.csv"
    names = [p.name for p in columns]
    with path.open("wb") as out:
        out.write((",".join(header) + "\n").encode())
        tables = ((path, t.select(names)) for t in tables_of(build, f"nodes/{label}"))
        for _, text in files.texts(tables):
            out.write(text)
    files.arguments.append(f"--nodes={label}={path}")


def _write_edges(files: _Files, build: Build, kind: str) -> None:
    columns = EDGE_TYPE[kind].properties
    names = ["source", "target", *(p.name for p in columns)]
    headers: dict[Path, bytes] = {}

    def parts() -> Iterator[tuple[Path, pa.Table]]:
        for part in edge_parts(build, kind):
            path = files.folder / f"{kind}-{part.source_label}-{part.target_label}.csv"
            ends = [f":START_ID({part.source_label})", f":END_ID({part.target_label})"]
            headers[path] = (",".join([*ends, *map(_header, columns)]) + "\n").encode()
            yield path, part.rows.select(names)

    begun: dict[Path, None] = {}
    for path, text in files.texts(parts()):
        with path.open("ab") as out:
            if path not in begun:
                out.write(headers[path])
                begun[path] = None
            out.write(text)
    files.arguments += [f"--relationships={kind}={path}" for path in begun]


def _header(prop: Property) -> str:
    return f"{prop.name}:{_TYPES[prop.type]}"


def _text(table: pa.Table, delimiter: str) -> _Text:
    """Write rows as CSV, lists joined to one text; see what the importer must be told of them."""
    columns = [_joined(table[name], delimiter) for name in table.column_names]
    texts = [column for column in columns if pa.types.is_string(column.type)]
    longest = max((pc.max(pc.binary_length(t)).as_py() or 0 for t in texts), default=0)
    multiline = any(pc.any(pc.match_substring(t, end)).as_py() for t in texts for end in "\r\n")
    options = pcsv.WriteOptions(include_header=False, quoting_style="all_valid")
    out = pa.BufferOutputStream()
    pcsv.write_csv(pa.table(columns, names=table.column_names), out, options)
    return _Text(out.getvalue(), longest, multiline)


def _joined(column: pa.ChunkedArray, delimiter: str) -> pa.ChunkedArray:
    if not pa.types.is_list(column.type):
        return column
    if pc.any(pc.match_substring(pc.list_flatten(column), delimiter)).as_py():
        raise _Taken
    return pc.binary_join(column, delimiter)
