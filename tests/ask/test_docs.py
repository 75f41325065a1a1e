"""The questions of the documentation are read as it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tosg_graph.ask.answer import Answer

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "questions.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    table = TEXT.partition("## What can be asked")[2].partition("Conditions can be put")[0]
    cells = [
        row.split("|")[2] for row in table.splitlines() if row.startswith("|") and "---" not in row
    ]
    listed = [question.strip() for cell in cells[1:] for question in cell.split("·")]
    block = re.search(r"```\n(.*?)```", TEXT, re.DOTALL)
    assert block is not None
    return [*listed, *block[1].strip().splitlines()]


def test_the_documentation_has_examples() -> None:
    assert len(examples()) > 40


@pytest.mark.parametrize("question", examples())
def test_an_example_is_understood(answer: Callable[[str], Answer], question: str) -> None:
    found = answer(question)
    # The tiny graph lacks some of the names; the words must be understood all the same.
    assert found.status in ("answered", "empty", "unknown_entity"), found.text


@pytest.mark.parametrize("word", ["not", "without", "except", "cause", "best", "cure", "every"])
def test_what_is_left_out_is_left_out(answer: Callable[[str], Answer], word: str) -> None:
    assert word in TEXT
    assert answer(f"Which drugs {word} target EGFR?").status == "unanswerable"
