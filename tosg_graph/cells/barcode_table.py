"""A table of cells that stands beside their source: one row per barcode, in columns.

Memory: the columns of the table; texts stand once each, with a number per row.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tosg_graph.cells.job import SourceStamp
from tosg_graph.cells.source import fold
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import sha256

#: Names of the column of barcodes, folded, in the order in which they are looked for.
_KEYS = ("barcode", "cellid", "index")
#: What pandas and R write where nothing is known.
_NOTHING = ["", "NA", "NaN", "nan", "N/A"]
#: Numbers as programs write them; ``007`` is none: it is the name of somebody.
_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_TRUTH = r"^(true|false|True|False|TRUE|FALSE)$"


@dataclass(frozen=True)
class BarcodeTable:
    """What a table says of cells.

    Parameters
    ----------
    where
        The file and the column of barcodes, for messages.
    barcodes
        Names of the cells, strings; each stands once.
    columns
        The other columns, in the same order.
    record
        ``file`` (None for a table in memory) and ``sha256``: of the file, or of the columns.
    """

    where: str
    barcodes: pa.ChunkedArray
    columns: pa.Table
    record: dict[str, str | None]

    @classmethod
    def read(cls, given: Path | str | pd.DataFrame | pa.Table) -> Self:
        """Read a file (CSV or TSV, gzipped or not, or Parquet), or take a table.

        The barcodes are the index of a data frame, else the column ``barcode``, ``cell_id`` or
        ``index``, else the first column.

        Raises
        ------
        UsageError
            If there is no such file.
        CellsError
            If it cannot be read, has no column beside the barcodes, or a barcode is missing or
            stands twice.
        """
        if isinstance(given, (str, Path)):
            path = Path(given)
            name, table = str(path), _read_file(path)
            file: str | None = path.name
            digest = sha256(path)
        else:
            name = "the table of obs"
            table = _in_memory(given, name)
            file, digest = None, _digest(table)
        table = _without_row_numbers(table)
        names = [str(column) for column in table.column_names]
        if twice := sorted({column for column in names if names.count(column) > 1}):
            raise CellsError(f"{name}: the column {twice[0]!r} stands twice; name it otherwise")
        key = _key(table)
        barcodes = table[key].cast(pa.string())
        where = f"{name}, column {key!r}" if key else f"{name}, first column"
        columns = table.drop_columns([key])
        if not columns.num_columns:
            raise CellsError(
                f"{name} has one column, {key!r}; a column of barcodes and others, separated by "
                "commas or tabs, were expected"
            )
        _check(barcodes, columns, where)
        columns = columns.unify_dictionaries().combine_chunks()
        return cls(where, barcodes, columns, {"file": file, "sha256": digest})


def _read_file(path: Path) -> pa.Table:
    if not path.is_file():
        raise UsageError(f"{path} does not exist; give a table of the cells: CSV, TSV or Parquet")
    stamp = SourceStamp.of([path])
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        table = pq.read_table(path) if parquet else _read_text(path)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise CellsError(
            f"{path} cannot be read as a table ({error}); CSV or TSV with a header, gzipped or "
            "not, or Parquet was expected"
        ) from error
    stamp.check()
    return table


def _read_text(path: Path) -> pa.Table:
    """Read every column as text, then numbers where all of it is numbers."""
    with pa.input_stream(str(path)) as stream:
        head = stream.read(2**16)
    parse = pacsv.ParseOptions(delimiter="\t" if b"\t" in head.split(b"\n", 1)[0] else ",")
    with pa.input_stream(str(path)) as stream:
        names = pacsv.open_csv(stream, parse_options=parse).schema.names
    table = pacsv.read_csv(
        pa.input_stream(str(path)),
        parse_options=parse,
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            null_values=_NOTHING,
        ),
    )
    if len(set(names)) < len(names):
        return table
    key = _key(table)
    columns = [table[name] if name == key else typed(table[name]) for name in names]
    return pa.table(columns, names=names)


def typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Integers, numbers or truth values where all texts of a column are written as such."""

    def all_are(pattern: str) -> bool:
        return bool(pc.all(pc.match_substring_regex(column, pattern), min_count=1).as_py())

    if all_are(_INTEGER):
        return column.cast(pa.int64())
    if all_are(_NUMBER):
        return column.cast(pa.float64())
    if all_are(_TRUTH):
        return pc.equal(pc.utf8_lower(column), "true")
    return column.dictionary_encode()


def _in_memory(given: pd.DataFrame | pa.Table, name: str) -> pa.Table:
    if isinstance(given, pa.Table):
        return given
    if not isinstance(given, pd.DataFrame):
        raise UsageError(
            f"obs is {type(given).__name__}; the path of a table, a pandas DataFrame or a pyarrow "
            "Table was expected"
        )
    try:
        return pa.Table.from_pandas(given)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise CellsError(
            f"{name} cannot be taken ({error}); columns of one type each were expected"
        ) from error


def _index(table: pa.Table) -> list[str]:
    """Columns that were the index of a data frame."""
    index = (table.schema.pandas_metadata or {}).get("index_columns", [])
    return [name for name in table.column_names if name in index]


def _without_row_numbers(table: pa.Table) -> pa.Table:
    """Leave out the index of a data frame that names no cells: numbers that filtering left."""
    numbers = [name for name in _index(table) if pa.types.is_integer(table.schema.field(name).type)]
    return table.drop_columns(numbers) if numbers else table


def _key(table: pa.Table) -> str:
    """Name of the column of barcodes."""
    names = table.column_names
    if index := _index(table):
        return index[0]
    if not names or not names[0]:  # pandas and R leave the name of the index out
        return ""
    folded = {fold(name): name for name in reversed(names)}
    return str(next((folded[key] for key in _KEYS if key in folded), names[0]))


def _check(barcodes: pa.ChunkedArray, columns: pa.Table, where: str) -> None:
    if barcodes.null_count:
        raise CellsError(f"{where}: {barcodes.null_count:,} rows have no barcode; give each one")
    counts = pc.value_counts(barcodes)
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        raise CellsError(
            f"{where}: {len(twice):,} barcodes occur more than once, for example "
            f"{twice[0]['values'].as_py()!r}; one row per cell was expected. The barcodes are "
            "taken from the column barcode, cell_id or index, else from the first one"
        )
    for field in columns.schema:
        if not field.name or pa.types.is_nested(field.type):
            found = f"holds {field.type}" if field.name else "has no name"
            raise CellsError(f"{where}: the column {field.name!r} {found}; leave it out")


class _Hashing(io.RawIOBase):
    """A file that keeps the checksum of what is written to it."""

    def __init__(self) -> None:
        self.sum = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.sum.update(data)
        return memoryview(data).nbytes


def _digest(table: pa.Table) -> str:
    """Checksum of a table in memory, however it is cut into chunks."""
    plain: Any = table.replace_schema_metadata(None).unify_dictionaries().combine_chunks()
    file = _Hashing()
    with pa.ipc.new_stream(pa.PythonFile(file, "w"), plain.schema) as writer:
        writer.write_table(plain)
    return file.sum.hexdigest()
