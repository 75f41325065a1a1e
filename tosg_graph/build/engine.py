"""The SQL engine of the build: DuckDB, out of core, with a bound on its memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow as pa

from tosg_graph.errors import BuildError

#: What the engine may hold in memory; beyond it, it spills to the folder that it was given.
MEMORY = "1500MB"

# Every aggregate that is used here gives the same value in whatever order its rows come.
_MACROS = (
    # the distinct values of a list, sorted; nothing where there are none
    "tidy(l) AS CASE WHEN len(list_distinct(l)) > 0 THEN list_sort(list_distinct(l)) END",
    # the same for digits, sorted as numbers; what is no number goes
    "tidy_numbers(l) AS list_transform(tidy(list_filter(list_transform(l, lambda v: "
    "try_cast(v AS UBIGINT)), lambda n: n IS NOT NULL)), lambda n: CAST(n AS VARCHAR))",
    "prefix_of(curie) AS split_part(curie, ':', 1)",
    "local_of(curie) AS substr(curie, strpos(curie, ':') + 1)",
)


class Engine:
    """A private database in memory.

    Parameters
    ----------
    spill
        Folder for what does not fit into memory; without one, nothing is spilled.
    threads
        Threads at most; default: one per core. Results do not depend on it.
    """

    def __init__(self, *, spill: Path | None = None, threads: int | None = None) -> None:
        settings: dict[str, Any] = {"temp_directory": "" if spill is None else str(spill)}
        if spill is not None:
            settings["memory_limit"] = MEMORY
        if threads is not None:
            settings["threads"] = threads
        self._connection = duckdb.connect(":memory:", config=settings)
        # it would draw on standard output, between the JSON that a command prints
        self.run("SET enable_progress_bar = false")
        for macro in _MACROS:
            self.run(f"CREATE MACRO {macro}")

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        with _translated():
            self._connection.execute(statement)

    def make(self, table: str, query: str) -> None:
        """Make a table of what a query gives, in place of one of that name."""
        self.run(f"CREATE OR REPLACE TABLE {table} AS {query}")

    def take(self, table: str, rows: pa.Table) -> None:
        """Make a table of Arrow rows, in place of one of that name."""
        with _translated():
            self._connection.register("arriving", rows)
        self.make(table, "SELECT * FROM arriving")
        with _translated():
            self._connection.unregister("arriving")

    def view(self, name: str, files: Sequence[Path], schema: pa.Schema) -> None:
        """Look at Parquet files as one table; without files it is an empty one.

        The largest comes first: DuckDB takes the rows of the first for those of each, and from that
        chooses which side of a join it holds in memory.
        """
        if not files:
            self.take(name, schema.empty_table())
            return
        largest_first = sorted(files, key=lambda path: (-path.stat().st_size, path))
        listed = ", ".join(quoted(str(path)) for path in largest_first)
        self.run(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet([{listed}])")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Give the rows of a query; for results that are small."""
        with _translated():
            return list(self._connection.sql(query).fetchall())

    def count(self, query: str) -> int:
        """Give the one whole number that a query gives."""
        return int(self.rows(query)[0][0])

    def arrow(self, query: str) -> pa.Table:
        """Give the rows of a query as an Arrow table."""
        with _translated():
            return self._connection.sql(query).to_arrow_table()

    def stream(self, query: str, schema: pa.Schema) -> pa.RecordBatchReader:
        """Give the rows of a query batch by batch, in the columns and types of a schema.

        Raises
        ------
        BuildError
            While reading, if a column that must not be empty has a null.
        """
        with _translated():
            reader = self._connection.sql(query).to_arrow_reader()
        return pa.RecordBatchReader.from_batches(schema, _conforming(reader, schema))


def quoted(text: str) -> str:
    """Write a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Sequence[str]) -> str:
    """Write texts as a list of literals in parentheses, for ``IN``."""
    return "(" + ", ".join(quoted(text) for text in texts) + ")"


def _conforming(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    with _translated():
        for batch in reader:
            table = pa.Table.from_batches([batch]).select(schema.names)
            for field in schema:
                if not field.nullable and table.column(field.name).null_count:
                    raise BuildError(f"the column {field.name!r} is empty in a row and must not be")
            yield from table.cast(schema).to_batches()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise BuildError(
            f"the build ran out of memory or of disk ({error}); "
            "free space in the workspace, or build fewer sources"
        ) from error
    except duckdb.IOException as error:
        raise BuildError(
            f"the engine of the build could not read or write a file ({error}); "
            "free space on the disk of the workspace, then do it again"
        ) from error
    except duckdb.Error as error:
        raise BuildError(f"the engine of the build stopped: {error}; report this") from error
