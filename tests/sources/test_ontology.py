from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tosg_graph.errors import SourceError
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.obo import header, quoted, read_terms, unescaped
from tosg_graph.sources.ontology_json import ontology_reader, ontology_spec
from tosg_graph.sources.spec import FileSpec

OBO = r"""format-version: 1.2
data-version: releases/2020-01-01

[Term]
id: X:1
name: one ! not a comment in a name would stand so
xref: Y:2 {source="Z"}
is_a: X:0 ! zero

[Typedef]
id: part_of
name: part of

[Term]
name: before its id
id: X:2
def: "A \"thing\" ! with {marks}" [z:1]
"""


@pytest.fixture
def terms(tmp_path: Path) -> pd.DataFrame:
    path = tmp_path / "x.obo"
    path.write_text(OBO, encoding="utf-8")
    file = SourceFile(path, FileSpec("ontology", ("*.obo",), recognise=lambda head: True))
    assert header(file) == {"format-version": "1.2", "data-version": "releases/2020-01-01"}
    return read_terms(file)


def test_terms_are_tagged_values_with_lines(terms: pd.DataFrame) -> None:
    assert terms[["term", "tag", "line"]].to_records(index=False).tolist() == [
        ("X:1", "id", 5),
        ("X:1", "name", 6),
        ("X:1", "xref", 7),
        ("X:1", "is_a", 8),
        ("X:2", "name", 15),
        ("X:2", "id", 16),
        ("X:2", "def", 17),
    ]


def test_comments_and_qualifiers_go_unless_quoted(terms: pd.DataFrame) -> None:
    values = terms.set_index(["term", "tag"])["value"]
    assert values["X:1", "xref"] == "Y:2"
    assert values["X:1", "is_a"] == "X:0"
    assert values["X:2", "def"] == r'"A \"thing\" ! with {marks}" [z:1]'


def test_quoted_text_and_its_scope() -> None:
    values = pd.Series([r'"A \"b\"\nc" EXACT [d]', '"e" [f]', "no quotes"])
    assert quoted(values).to_dict("list") == {
        "text": ['A "b"\nc', "e", None],
        "scope": ["EXACT", None, None],
    }
    assert unescaped(pd.Series([r"http\://a\,b", None])).to_list() == ["http://a,b", None]


def read_json(folder: Path, content: str) -> list[object]:
    path = folder / "cl.json"
    path.write_text(content, encoding="utf-8")
    file = SourceFile(path, ontology_spec("CL"))
    return list(ontology_reader("CellType")({"ontology": file}))


def test_json_that_is_cut_off_names_the_line(tmp_path: Path) -> None:
    whole = json.dumps({"CL:1": {"ancestors": {}, "label": "a", "deprecated": False}}, indent=1)
    with pytest.raises(SourceError) as caught:
        read_json(tmp_path, whole[: whole.index("label")])
    assert "no whole JSON object" in str(caught.value)
    assert caught.value.line == 4


def test_replacements_that_run_in_a_circle_replace_nothing(tmp_path: Path) -> None:
    terms = {
        "CL:0": {"ancestors": {}, "label": "cell", "deprecated": False},
        "CL:1": {"ancestors": {}, "label": "", "deprecated": True, "replaced_by": "CL:2"},
        "CL:2": {"ancestors": {}, "label": "", "deprecated": True, "replaced_by": "CL:1"},
    }
    nodes = read_json(tmp_path, json.dumps(terms))[0]
    assert nodes.table["former_ids"].to_pylist() == [None]
