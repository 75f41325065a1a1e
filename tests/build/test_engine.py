"""The engine of the build: its errors are ours, its aggregates do not depend on the order of rows."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tosg_graph.build.engine import Engine
from tosg_graph.errors import BuildError


@pytest.fixture(scope="module")
def engine():
    with Engine(threads=1) as opened:
        yield opened


def test_an_error_of_the_engine_is_ours(engine):
    with pytest.raises(BuildError, match=r"the engine of the build stopped: .*nowhere"):
        engine.run("SELECT * FROM nowhere")


def test_a_required_column_that_is_empty_is_an_error(engine):
    schema = pa.schema([pa.field("id", pa.string(), nullable=False)])
    with pytest.raises(BuildError, match="the column 'id' is empty in a row"):
        engine.stream("SELECT NULL::VARCHAR AS id", schema).read_all()


def test_a_join_holds_the_small_side_in_memory_though_the_first_file_is_small(engine, tmp_path):
    """DuckDB once judged a million statements by the ten of the first source."""
    for name, rows in (("a", 10), ("b", 300_000), ("c", 10)):
        pq.write_table(pa.table({"ref": range(rows)}), tmp_path / f"{name}.parquet")
    schema = pa.schema([pa.field("ref", pa.int64())])
    engine.view("statements", sorted(tmp_path.glob("*.parquet")), schema)
    engine.take("ends", pa.table({"ref": range(10_000), "id": range(10_000)}))
    joined = "SELECT * FROM statements LEFT JOIN ends USING (ref)"
    (plan,) = engine.rows(f"EXPLAIN {joined}")
    assert "Join Type: LEFT" in plan[1]
    assert engine.count(f"SELECT count(*) FROM ({joined})") == 300_020


def test_memory_is_bounded_and_what_does_not_fit_is_spilled(tmp_path):
    with Engine(spill=tmp_path / "spill", threads=1) as bounded:
        assert bounded.rows("SELECT current_setting('memory_limit')") == [("1.3 GiB",)]
        assert bounded.rows("SELECT current_setting('temp_directory')") == [
            (str(tmp_path / "spill"),)
        ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(alphabet="abcé\U0001f600Z_ ", max_size=3))))
def test_tidy_is_the_sorted_set_or_nothing(engine, values):
    engine.take("asked_lists", pa.table({"v": pa.array([values], pa.list_(pa.string()))}))
    assert engine.rows("SELECT tidy(v) FROM asked_lists") == [
        (sorted({v for v in values if v is not None}) or None,)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.integers(0, 10**9).map(str), st.sampled_from(["x", "", "007"]))
    )
)
def test_tidy_numbers_sorts_digits_as_numbers(engine, values):
    engine.take("asked_lists", pa.table({"v": pa.array([values], pa.list_(pa.string()))}))
    numbers = sorted({int(v) for v in values if v and v.isdigit()})
    assert engine.rows("SELECT tidy_numbers(v) FROM asked_lists") == [
        ([str(n) for n in numbers] or None,)
    ]
