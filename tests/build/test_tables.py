"""Parquet files of the same rows have the same bytes, and a folder is seen whole or not at all."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tosg_graph.build.tables import Build, write_batches, write_parquet
from tosg_graph.errors import BuildError
from tosg_graph.filing import commit_folder

TABLE = pa.table(
    {
        "id": [f"n{i}" for i in range(1000)],
        "lists": [[str(i)] if i % 3 else None for i in range(1000)],
    }
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 999), max_size=8).map(lambda cuts: sorted({0, *cuts, 1000})))
def test_the_bytes_do_not_depend_on_the_batches(tmp_path_factory, cuts):
    folder = tmp_path_factory.mktemp("batches")
    write_parquet(TABLE, folder / "whole.parquet")
    batches = [TABLE.slice(a, b - a).combine_chunks().to_batches()[0] for a, b in pairwise(cuts)]
    assert (
        write_batches(
            pa.RecordBatchReader.from_batches(TABLE.schema, batches), folder / "cut.parquet"
        )
        == 1000
    )
    assert (folder / "cut.parquet").read_bytes() == (folder / "whole.parquet").read_bytes()
    assert pq.read_table(folder / "cut.parquet").equals(TABLE)


def test_row_groups_are_full_whatever_the_batches(tmp_path):
    rows = 300_000
    table = pa.table({"n": pa.array(range(rows))})
    batches = table.to_batches(max_chunksize=70_001)
    write_batches(pa.RecordBatchReader.from_batches(table.schema, batches), tmp_path / "t.parquet")
    file = pq.ParquetFile(tmp_path / "t.parquet")
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [131_072, 131_072, rows - 2 * 131_072]
    assert file.read().equals(table)


def test_an_empty_table_keeps_its_schema(tmp_path):
    write_parquet(TABLE.slice(0, 0), tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").schema.names == ["id", "lists"]


def test_a_finished_folder_takes_the_place_of_an_older_one(tmp_path):
    for text in ("old", "new"):
        made = tmp_path / f".making-{text}"
        made.mkdir()
        (made / "a").write_text(text)
        commit_folder(made, tmp_path / "final")
    assert (tmp_path / "final" / "a").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["final"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "manifest.json is missing"),
        ("{", "is damaged"),
        ('{"format": 0}', "format 0 found, 1 expected"),
    ],
)
def test_a_folder_that_holds_no_build_says_what_is_wrong(tmp_path, content, message):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(BuildError, match=message):
        Build.open(tmp_path)
