from __future__ import annotations

import bz2
import gzip
import lzma
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import zstandard

from tosg_graph.errors import SourceError
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.spec import FileSpec, plain_name

TABLE = FileSpec("table", ("table.tsv",), columns=("id", "name"))
QUOTED = FileSpec("table", ("table.csv",), columns=("id", "name"), separator=",", quoted=True)
HEADERLESS = FileSpec("table", ("table.tsv",), names=("id", "name"))
TEXT = "id\tname\textra\na\tAnna\t1\nb\t\t2\nc\tChloé\t\n"
PACK = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def write(folder: Path, content: str | bytes, name: str = "table.tsv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path, spec: FileSpec = TABLE, **options: int) -> pd.DataFrame:
    return pd.concat(SourceFile(path, spec).frames(**options), ignore_index=True)


@pytest.mark.parametrize("suffix", PACK)
def test_same_rows_from_every_compression(tmp_path: Path, suffix: str) -> None:
    frame = rows(write(tmp_path, PACK[suffix](TEXT.encode()), f"table.tsv{suffix}"))
    assert frame.to_dict("list") == {
        "id": ["a", "b", "c"],
        "name": ["Anna", None, "Chloé"],
        "extra": ["1", "2", None],
        "line": [2, 3, 4],
    }


def test_compression_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert len(rows(write(tmp_path, gzip.compress(TEXT.encode()), "table.tsv"))) == 3
    assert len(rows(write(tmp_path, TEXT, "table.tsv.gz"))) == 3


def test_several_zstandard_frames_are_one_file(tmp_path: Path) -> None:
    pack = zstandard.ZstdCompressor().compress
    half = len("id\tname\textra\na\tAnna\t1\n")
    data = TEXT.encode()
    assert len(rows(write(tmp_path, pack(data[:half]) + pack(data[half:])))) == 3


@pytest.mark.parametrize("size", [1, 2, 100])
def test_line_counts_line_ends_inside_quotes(tmp_path: Path, size: int) -> None:
    text = 'id,name\na,"one\ntwo\nthree"\nb,x\n"c\nc",y\nd,z\n'
    frame = rows(write(tmp_path, text, "table.csv"), QUOTED, rows=size)
    assert frame["line"].to_list() == [2, 5, 6, 8]
    assert frame["name"].to_list()[0] == "one\ntwo\nthree"
    for line, start in zip(frame["line"], ("a,", "b,", '"c', "d,"), strict=True):
        assert text.split("\n")[line - 1].startswith(start)


def test_unquoted_files_keep_their_quotes(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, 'id\tname\na\t"half\nb\t5" wide\n'))
    assert frame["name"].to_list() == ['"half', '5" wide']


def test_blank_lines_are_no_rows_and_are_counted(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, "id\tname\na\tA\n\nb\tB\n\n"))
    assert frame["line"].to_list() == [2, 4]


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, b"\xef\xbb\xbfid\tname\r\na\tA\r\nb\tB\r\n"))
    assert frame.to_dict("list") == {"id": ["a", "b"], "name": ["A", "B"], "line": [2, 3]}


def test_text_that_looks_like_nothing_stays_text(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, "id\tname\nNA\tNaN\nnull\t007\n"))
    assert frame["id"].to_list() == ["NA", "null"]
    assert frame["name"].to_list() == ["NaN", "007"]


def test_chunks_hold_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    file = SourceFile(write(tmp_path, TEXT), TABLE)
    assert [len(frame) for frame in file.frames(rows=2)] == [2, 1]


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    assert list(SourceFile(write(tmp_path, "id\tname\n"), TABLE).frames()) == []


def test_headerless_table(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, "a\tA\nb\tB\n"), HEADERLESS)
    assert frame.to_dict("list") == {"id": ["a", "b"], "name": ["A", "B"], "line": [1, 2]}


def test_other_spelling_of_a_column(tmp_path: Path) -> None:
    spec = FileSpec("table", ("*",), columns=("id", "name"), also=(("Name", "name"),))
    assert rows(write(tmp_path, "#id\tName\na\tA\n"), spec)["name"].to_list() == ["A"]


def test_lines_of_a_file_that_is_no_table(tmp_path: Path) -> None:
    spec = FileSpec("text", ("*",), recognise=lambda head: head[0] == "first")
    file = SourceFile(write(tmp_path, "first\nsecond\nthird\n"), spec)
    frames = list(file.lines(rows=2))
    assert [frame["text"].to_list() for frame in frames] == [["first", "second"], ["third"]]
    assert [frame["line"].to_list() for frame in frames] == [[1, 2], [3]]


def error(path: Path, spec: FileSpec = TABLE) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(SourceFile(path, spec).frames())
    assert caught.value.path == path
    return caught.value


def test_wrong_header_says_what_is_missing_and_what_is_near(tmp_path: Path) -> None:
    found = error(write(tmp_path, "id\tnames\tage\na\tA\t1\n"))
    assert found.line == 1
    for part in (
        "table.tsv:1:",
        "'name'",
        "nearest: 'names'",
        "id, name",
        "id, names, age",
        "--file",
    ):
        assert part in str(found)


def test_wrong_number_of_columns_without_a_header(tmp_path: Path) -> None:
    found = error(write(tmp_path, "a\tA\t1\n"), HEADERLESS)
    assert (found.line, "2 columns (id, name)" in str(found)) == (1, True)
    assert "found 3 columns" in str(found)


def test_empty_file(tmp_path: Path) -> None:
    assert "the file is empty" in str(error(write(tmp_path, "")))


def test_missing_file(tmp_path: Path) -> None:
    assert "cannot be opened: No such file" in str(error(tmp_path / "none.tsv"))


def test_column_named_twice(tmp_path: Path) -> None:
    assert "names id more than once" in str(error(write(tmp_path, "id\tname\tid\n")))


def test_row_with_too_few_fields(tmp_path: Path) -> None:
    found = error(write(tmp_path, "id\tname\na\tA\nb\n"))
    assert (found.line, "has 1 fields; expected 2" in str(found)) == (3, True)


def test_quoted_row_with_too_few_fields(tmp_path: Path) -> None:
    text = 'id,name\na,"A, first\nof the ""letters"""\n"b, or so"\nc,C\n'
    found = error(write(tmp_path, text, "table.csv"), QUOTED)
    assert (found.line, "has 1 fields; expected 2" in str(found)) == (4, True)


def test_inch_marks_are_no_quotes(tmp_path: Path) -> None:
    frame = rows(write(tmp_path, 'id,name\na,5" wide\nb,B\n', "table.csv"), QUOTED)
    assert frame["name"].to_list() == ['5" wide', "B"]


@pytest.mark.parametrize("lines_before", [0, 1, 5])
def test_row_with_too_many_fields(tmp_path: Path, lines_before: int) -> None:
    found = error(write(tmp_path, "id\tname\n" + "a\tA\n" * lines_before + "b\tB\tC\n"))
    assert found.line == lines_before + 2
    assert "has 3 fields; expected 2" in str(found)
    assert "download" in str(found)


def test_quoted_row_with_too_many_fields_behind_comments(tmp_path: Path) -> None:
    text = '#1\n#2\nid,name\na,"A\nof lines"\nb,B,C\n'
    found = error(write(tmp_path, text, "table.csv"), replace(QUOTED, comment="#"))
    assert (found.line, "has 3 fields; expected 2" in str(found)) == (6, True)


def test_quote_that_never_closes(tmp_path: Path) -> None:
    found = error(write(tmp_path, 'id,name\na,A\nb,"B\nc,C\n', "table.csv"), QUOTED)
    assert found.line == 3
    assert "cannot be read" in str(found)
    assert "row 1" not in str(found)  # which pandas says, counting from elsewhere


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_cut_off_file_names_about_the_line(tmp_path: Path, suffix: str) -> None:
    numbers = [f"{i}\t{i * 7919 % 100_003}" for i in range(200_000)]
    data = PACK[suffix](("id\tname\n" + "\n".join(numbers) + "\n").encode())
    found = error(write(tmp_path, data[: len(data) // 2], f"table.tsv{suffix}"))
    assert "cut off or damaged" in str(found)
    assert found.line is not None
    # bzip2, xz and Zstandard hand over whole blocks: the last one may be most of a small file
    assert found.line > (80_000 if suffix == ".gz" else 0)
    assert found.line < 150_000


def test_damaged_compression(tmp_path: Path) -> None:
    data = bytearray(gzip.compress((TEXT * 1000).encode()))
    data[20:24] = b"\xff\xff\xff\xff"
    assert "cut off or damaged" in str(error(write(tmp_path, bytes(data), "table.tsv.gz")))


def test_other_encoding_names_the_line_and_the_byte(tmp_path: Path) -> None:
    text = "id\tname\n" + "a\tA\n" * 100_000
    found = error(write(tmp_path, text.encode() + "b\tChloé\n".encode("latin-1")))
    assert found.line == 100_002
    assert "0xe9 is not UTF-8" in str(found)


def test_plain_name() -> None:
    assert plain_name(Path("x/HGNC_complete_set.TXT.gz")) == "hgnc_complete_set.txt"
    assert plain_name(Path("Edges-5k.sif")) == "edges-5k.sif"
