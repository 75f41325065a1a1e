"""Columns of the table of cells: one type each, whatever pandas made of them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tosg_graph.cells.obs import donor_ids, to_arrow

WORDS = ["b", None, " ", "a", "b", ""]
KEPT = ["b", None, None, "a", "b", None]
HUGE = 2**63 + 1
DAY = pd.Timestamp("2020-01-02")


@pytest.mark.parametrize(
    ("values", "kept", "kind"),
    [
        (pd.Series(WORDS, dtype=object), KEPT, "text"),
        (pd.Series(WORDS, dtype="string"), KEPT, "text"),
        (pd.Series(WORDS).astype("category"), KEPT, "text"),
        (pd.Series(pd.Categorical(["x"], categories=["x", "never used"])), ["x"], "text"),
        (pd.Series(pd.Categorical([None, None], categories=[1, 2])), [None, None], "text"),
        (pd.Series([None, None], dtype=object), [None, None], "text"),
        (pd.Series([3, 1], dtype=np.uint8), [3, 1], "int64"),
        (pd.Series([3, None], dtype="Int32"), [3, None], "int64"),
        (pd.Series([3, 1], dtype=object), [3, 1], "int64"),
        (pd.Series([3, 1, 3]).astype("category"), [3, 1, 3], "int64"),
        (pd.Series([HUGE, 1], dtype=np.uint64), [str(HUGE), "1"], "text"),
        (pd.Series([2**70, 1], dtype=object), [str(2**70), "1"], "text"),
        (pd.Series([1.5, np.nan], dtype=np.float32), [1.5, None], "double"),
        (pd.Series([np.nan, np.nan]), [None, None], "double"),
        (pd.Series([1, 2.5, None], dtype=object), [1.0, 2.5, None], "double"),
        (pd.Series([np.inf, -0.0]), [np.inf, -0.0], "double"),
        (pd.Series([True, False]), [True, False], "bool"),
        (pd.Series([True, None], dtype="boolean"), [True, None], "bool"),
        (pd.Series([True, None], dtype=object), [True, None], "bool"),
        (pd.Series([DAY, pd.NaT]), ["2020-01-02T00:00:00", None], "text"),
        (pd.Series([dt.date(2020, 1, 2), None], dtype=object), ["2020-01-02", None], "text"),
        (pd.Series([1, True], dtype=object), ["1", "True"], "text"),
        (pd.Series([b"x", "y"], dtype=object), ["b'x'", "y"], "text"),
    ],
)  # fmt: skip
def test_a_column_has_one_type(values: pd.Series, kept: list[object], kind: str):
    column, _ = to_arrow(values)
    assert column.to_pylist() == kept
    text = pa.dictionary(pa.int32(), pa.string())
    assert column.type == (text if kind == "text" else pa.type_for_alias(kind))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pd.Series([2, 1, 2]), ["2", "1", "2"]),
        (pd.Series([2.0, np.nan]), ["2.0", None]),
        (pd.Series([2.0, np.nan]).astype("category"), ["2.0", None]),
        (pd.Series([True, False]), ["True", "False"]),
        (pd.Series([1, "a"], dtype=object), ["1", "a"]),
        (pd.Series([DAY]), ["2020-01-02T00:00:00"]),
    ],
)
def test_a_column_as_text(values: pd.Series, words: list[str | None]):
    assert to_arrow(values, as_text=True)[0].to_pylist() == words


def test_donors_of_any_type_and_studies_that_are_not_said():
    obs = pd.DataFrame(
        {
            "donor": pd.Categorical([7, 7, None, 8]),
            "who": ["pooled", "Unknown", "D1", " D1"],
            "study": ["s", "unknown", "s", None],
        }
    )
    assert donor_ids(obs, "donor", source="f", dataset="study").to_pylist() == [
        "f/s/7", "f/f/7", None, "f/f/8",
    ]  # fmt: skip
    assert donor_ids(obs, "who", source="f", dataset=None).to_pylist() == [
        None, None, "f/f/D1", "f/f/ D1",
    ]  # fmt: skip
    assert donor_ids(obs, None, source="f", dataset=None).null_count == 4
