"""What a read hands over, and the limits on it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryTimeout, UsageError
from tosg_graph.graph.parameters import check_parameters, parameter_names
from tosg_graph.graph.result import ResultTable, collect, json_size, timed_out

TABLE = ResultTable(("id", "pmids"), [("a", ["1", "2"]), ("<b>", None)])


def test_rows_are_also_mappings() -> None:
    assert list(TABLE) == [{"id": "a", "pmids": ["1", "2"]}, {"id": "<b>", "pmids": None}]
    assert len(TABLE) == 2
    assert TABLE.column("id") == ["a", "<b>"]
    with pytest.raises(UsageError, match="no column 'x'; columns: id, pmids"):
        TABLE.column("x")


def test_the_json_form_is_the_contract_of_the_command_line() -> None:
    found = json.loads(json.dumps(TABLE.to_dict()))
    rows = [["a", ["1", "2"]], ["<b>", None]]
    assert found == {"columns": ["id", "pmids"], "rows": rows, "truncated": False}


def test_conversions_keep_values_and_columns_even_without_rows() -> None:
    frame = TABLE.to_pandas()
    assert list(frame.columns) == ["id", "pmids"]
    assert frame["pmids"].iloc[0] == ["1", "2"]
    assert TABLE.to_arrow().to_pylist() == list(TABLE)
    empty = ResultTable(("x",), [])
    assert empty.to_arrow().column_names == ["x"]
    pd.testing.assert_frame_equal(empty.to_pandas(), pd.DataFrame([], columns=["x"]))


def test_a_column_of_mixed_values_becomes_json_in_arrow() -> None:
    mixed = ResultTable(("v",), [(1,), ("one",), (None,), ([1],)])
    assert mixed.to_arrow()["v"].to_pylist() == ["1", '"one"', None, "[1]"]


def test_the_notebook_form_escapes_and_counts() -> None:
    shown = ResultTable(("<c>",), [("<b>",)] * 30, truncated=True)._repr_html_()
    assert "<b>" not in shown
    assert shown.count("&lt;b&gt;") == 20
    assert "30 rows, cut short by a limit; 20 shown" in shown


def test_one_row_more_than_the_limit_is_asked_for() -> None:
    asked: list[int] = []

    def rows():
        for i in range(100):
            asked.append(i)
            yield (i,)

    found = collect(["i"], rows(), ReadLimits(max_rows=5))
    assert found.rows == [(i,) for i in range(5)]
    assert found.truncated
    assert len(asked) == 6
    exact = collect(["i"], iter([(1,), (2,)]), ReadLimits(max_rows=2))
    assert not exact.truncated


def test_bytes_are_counted_as_utf8_json_and_rows_are_kept_whole() -> None:
    rows = [("é" * 10,)] * 10
    assert json_size(rows[0]) == len(b'["' + "é".encode() * 10 + b'"]') == 24
    found = collect(["t"], iter(rows), ReadLimits(max_bytes=24 * 3))
    assert found.rows == rows[:3]
    assert found.truncated
    none = collect(["t"], iter(rows), ReadLimits(max_bytes=23))
    assert none.rows == []
    assert none.truncated


def test_rows_that_come_too_slowly_time_out() -> None:
    with pytest.raises(QueryTimeout, match=r"longer than its 0\.5 s .* raise the timeout"):
        collect(["i"], iter([(1,)]), ReadLimits(timeout=0.5), deadline=0.0)
    assert "7 s" in str(timed_out(ReadLimits(timeout=7)))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("RETURN $a, $b2, $a", ["a", "b2"]),
        ("RETURN '$a', \"$b\", 'it\\'s $c', \"\\\"$d\", $e", ["e"]),
        ("RETURN 1 // $a\n/* $b\n$c */ + $d", ["d"]),
        ("MATCH (`$a`) RETURN $`b c`", ["b c"]),
        ("RETURN $é", ["é"]),
        ("RETURN 1", []),
    ],
)
def test_names_of_parameters(query: str, names: list[str]) -> None:
    assert parameter_names(query) == names


def test_a_missing_parameter_is_named() -> None:
    check_parameters("RETURN $a", {"a": None, "more": 1})
    with pytest.raises(UsageError, match=r"uses \$b, \$c; parameters given: a"):
        check_parameters("RETURN $a, $c, $b", {"a": 1})


def test_ids_of_nodes_stand_in_ids_nodes_paths_and_lists() -> None:
    path = {"nodes": [{"id": "c", "label": "Gene"}, {"id": "a", "label": "Gene"}], "edges": []}
    table = ResultTable(("x", "y"), [("a", {"id": "b", "label": "Gene"}), (path, ["d", None])])
    assert table.node_ids() == ["a", "b", "c", "d"]


def test_what_is_no_node_is_named_with_its_column() -> None:
    with pytest.raises(UsageError, match=r"column 'n' holds 3; .*RETURN p\.id"):
        ResultTable(("n",), [(3,)]).node_ids()
    with pytest.raises(UsageError, match="more than 1 rows"):
        ResultTable(("n",), [("a",)], truncated=True).node_ids()
