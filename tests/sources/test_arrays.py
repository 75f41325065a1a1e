from __future__ import annotations

import pyarrow as pa

from tosg_graph.sources import arrays
from tosg_graph.sources.tally import Tally


def test_prefixed_keeps_nulls() -> None:
    assert arrays.prefixed("NCBIGene", pa.array(["1", None])).to_pylist() == ["NCBIGene:1", None]


def test_by_value_asks_once_per_text() -> None:
    asked = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    column = pa.chunked_array([["a", None, "bb"], ["a", "bb"]])
    assert arrays.by_value(column, length, pa.int64()).to_pylist() == [1, None, 2, 1, 2]
    assert asked == ["a", "bb"]


def test_without() -> None:
    assert arrays.without(pa.array(["-", "x", None]), "-").to_pylist() == [None, "x", None]


def test_tally_of_arrow_columns_over_several_tables() -> None:
    tally = Tally()
    tally.add_columns(pa.chunked_array([["b", "a", "b"]]), pa.chunked_array([[2, 3, 4]]))
    tally.add_columns("a", pa.chunked_array([[7, 8]]))
    tally.add_columns("c", pa.chunked_array([pa.array([], pa.int64())]))
    rows = tally.rows("why")
    assert list(zip(rows["value"], rows["line"], strict=True)) == [
        ("b: 2 rows", 2),
        ("a: 3 rows", 3),
    ]


def test_each_text_in_a_list_of_its_own():
    column = pa.chunked_array([["a", None], ["b"]])
    assert arrays.singly(column).to_pylist() == [["a"], None, ["b"]]
    assert arrays.singly(pa.chunked_array([], pa.string())).to_pylist() == []
