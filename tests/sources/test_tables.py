"""Tables read as Arrow blocks: the same rows, lines and errors as data frames give."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tosg_graph.errors import SourceError
from tosg_graph.sources import FileSpec, SourceFile
from tosg_graph.sources.streams import whole_lines

SPEC = FileSpec("rows", ("rows*.tsv",), columns=("a", "b"))
CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)


def file(path: Path, content: bytes) -> SourceFile:
    path.write_bytes(content)
    return SourceFile(path, SPEC)


def rows_of(tables) -> list[dict]:
    return [row for table in tables for row in table.to_pylist()]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=30), blank=st.integers(0, 30))
def test_same_as_frames(tmp_path_factory, rows, blank):
    lines = ["\t".join(row) for row in rows]
    lines.insert(min(blank, len(lines)), "")
    content = "\n".join(["a\tb\tc", *lines, ""]).encode()
    source = file(tmp_path_factory.mktemp("t") / "rows.tsv", content)
    expected = [row for frame in source.frames(rows=7) for row in frame.to_dict("records")]
    assert rows_of(source.tables(block=64)) == expected


@settings(deadline=None)
@given(
    content=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc"]), max_size=40),
    size=st.integers(1, 9),
)
def test_blocks_end_where_lines_do(content, size):
    whole = b"".join(content)
    blocks = list(whole_lines(io.BufferedReader(io.BytesIO(whole)), size))
    assert b"".join(blocks) == whole
    assert all(block.endswith((b"\r", b"\n")) for block in blocks[:-1])
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines == whole.splitlines()  # no \r\n was cut in two


def test_columns_are_chosen_and_missing_ones_are_null(tmp_path):
    source = file(tmp_path / "rows.tsv", b"a\tb\tc\n1\t2\t3\n\t\t9\n")
    assert rows_of(source.tables(["b", "new"])) == [{"b": "2", "new": None, "line": 2}]


def test_a_byte_order_mark_and_other_line_ends_are_no_content(tmp_path):
    content = gzip.compress(b"\xef\xbb\xbfa\tb\r\n1\t2\r\n")
    source = file(tmp_path / "rows.tsv.gz", content)
    assert rows_of(source.tables()) == [{"a": "1", "b": "2", "line": 2}]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"a\tb\n1\t2\n1\n", 3, "1 fields; expected 2"),
        (b"a\tb\n1\t2\t3\n", 2, "3 fields; expected 2"),
        (b"a\tb\n1\t\xff\n", 2, "not UTF-8"),
        (b"a\tx\n1\t2\n", 1, "lacks 'b'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, line, words):
    source = file(tmp_path / "rows.tsv", content)
    with pytest.raises(SourceError, match=words) as caught:
        rows_of(source.tables())
    assert caught.value.line == line


def test_a_header_alone_has_no_rows(tmp_path):
    assert rows_of(file(tmp_path / "rows.tsv", b"a\tb\n").tables()) == []
    assert rows_of(file(tmp_path / "rows.tsv", b"a\tb").tables()) == []
