"""The exception tree in the docstring is the one in the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from tosg_graph import errors


def test_the_drawn_tree_names_every_class_under_its_parent() -> None:
    drawn: list[tuple[int, str]] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        if match := re.match(r"\s*([│├└─ ]*)([A-Z]\w+)", line):
            drawn.append((len(match.group(1)), match.group(2)))
    drawn = drawn[next(i for i, (_, name) in enumerate(drawn) if name == "TosgError") :]
    drawn = [(depth, name) for depth, name in drawn if hasattr(errors, name)]
    classes = {
        n for n, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__
    }
    assert {name for _, name in drawn} == classes
    stack: list[tuple[int, str]] = []
    for depth, name in drawn:
        while stack and stack[-1][0] >= depth:
            stack.pop()
        if stack:
            assert getattr(errors, name).__bases__ == (getattr(errors, stack[-1][1]),)
        stack.append((depth, name))


def test_messages_say_where() -> None:
    assert (
        str(errors.SourceError("bad header", path=Path("a.tsv"), line=1)) == "a.tsv:1: bad header"
    )
    assert str(errors.Refused("no", line=2, column=5)) == "line 2, column 5: no"
    assert "pip install 'tosg-graph[pyg]'" in str(errors.MissingExtra("torch", "pyg"))
