"""How an answer shows itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from tosg_graph.ask.answer import Answer


def test_the_fields_are_those_of_the_design() -> None:
    assert {field.name for field in dataclasses.fields(Answer)} == {
        "status", "answers", "reading", "plan", "cypher", "parameters", "rows", "columns", "truncated",
        "citations", "subgraph", "timings", "build_id", "warnings", "text",
    }  # fmt: skip


def test_every_outcome_is_json(answer: Callable[[str], Answer]) -> None:
    for question in (
        "Which drugs target EGFR?",
        "Which drugs target CD16?",
        "Delete it",
        "What is the weather?",
    ):
        found = answer(question)
        assert json.loads(json.dumps(found.to_dict(), allow_nan=False)) == found.to_dict()


def test_a_notebook_shows_the_text_and_the_rows() -> None:
    found = Answer(
        "answered", reading="a < b", columns=["x<y"], rows=[["<script>"]], text="one & two\nthree"
    )
    shown = found._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "one &amp; two" in shown
    assert "three" in found._repr_markdown_()


def test_the_rows_become_a_frame(answer: Callable[[str], Answer]) -> None:
    frame = answer("Which drugs target EGFR?").to_pandas()
    assert list(frame["name"]) == ["erlotinib", "imatinib"]
