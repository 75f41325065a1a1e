"""Parquet files are read as the same table written as text is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tosg_graph.errors import SourceError
from tosg_graph.sources import FileSpec, SourceFile
from tosg_graph.sources.registry import find_files
from tosg_graph.sources.source import Licence, Source

SPEC = FileSpec("rows", ("rows*",), columns=("name", "score"), also=(("value", "score"),))
FRAME = pd.DataFrame(
    {"name": ["a", "", None, "d"], "value": [0.1, 2.5, None, 1e-7], "n": [1, 2, 3, 4]}
)


def written(folder: Path, table: pa.Table, name: str = "rows.parquet") -> SourceFile:
    pq.write_table(table, folder / name, row_group_size=3)
    return SourceFile(folder / name, SPEC)


def test_rows_as_text_with_their_numbers(tmp_path: Path) -> None:
    file = written(tmp_path, pa.Table.from_pandas(FRAME))
    (frame,) = file.frames()
    assert frame["name"].tolist() == ["a", None, None, "d"]
    assert [x if x is None else float(x) for x in frame["score"]] == [0.1, 2.5, None, 1e-7]
    assert frame["n"].tolist() == ["1", "2", "3", "4"]
    assert frame["line"].tolist() == [1, 2, 3, 4]


def test_tables_give_what_frames_give_and_absent_columns_are_null(tmp_path: Path) -> None:
    file = written(tmp_path, pa.Table.from_pandas(FRAME))
    table = pa.concat_tables(file.tables(["score", "name", "new"]))
    frame = pd.concat(file.frames(rows=2))
    assert table["name"].to_pylist() == frame["name"].tolist()
    assert table["score"].to_pylist() == frame["score"].tolist()
    assert table["new"].null_count == 4
    assert table["line"].to_pylist() == [1, 2, 3, 4]


def test_frames_hold_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, pa.Table.from_pandas(FRAME))
    assert [len(frame) for frame in file.frames(rows=2)] == [2, 2]


def test_nested_columns_are_passed_over(tmp_path: Path) -> None:
    table = pa.table({"name": ["a"], "value": [1.0], "parts": [["x", "y"]]})
    (frame,) = written(tmp_path, table).frames()
    assert list(frame.columns) == ["name", "score", "line"]


def test_it_is_told_by_its_columns(tmp_path: Path) -> None:
    written(tmp_path, pa.Table.from_pandas(FRAME), "mirror.bin")
    licence = Licence("CC0-1.0", "https://example.org")
    source = Source("own", "Own", "rows", "https://example.org", licence, "none", (SPEC,), iter)
    (found,) = find_files(tmp_path, [source], {}).found
    assert (found.role, found.by) == ("rows", "header")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (FileSpec("rows", ("rows*",), columns=("name", "weight")), "header lacks 'weight'"),
        (FileSpec("rows", ("rows*",), names=("a", "b")), "is a Parquet file; expected 2 columns"),
    ],
)
def test_another_layout(tmp_path: Path, spec: FileSpec, words: str) -> None:
    path = written(tmp_path, pa.Table.from_pandas(FRAME)).path
    with pytest.raises(SourceError, match=words):
        SourceFile(path, spec).layout  # noqa: B018


@pytest.mark.parametrize("cut", [10, 200, 1_500])
def test_a_file_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    file = written(tmp_path, pa.Table.from_pandas(FRAME))
    file.path.write_bytes(file.path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match="Parquet file is damaged"):
        list(file.tables())
