"""Damaged files: whatever stands in one, a loader gives sound rows or an error of ours.

The fixtures of every loader are damaged in the ways that downloads, editors and hands damage
files: bytes and lines that are missing or twice, columns too many or too few, other encodings and
line ends, fields that hold what no field should hold, half of an archive.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loaders.reading import FIXTURES, LAYOUTS
from tosg_graph.errors import TosgError
from tosg_graph.sources import SourceFile
from tosg_graph.sources.registry import discover, find_files

SOURCES = sorted(discover())
#: Folders of fixtures, each with the loader that reads it: other layouts have folders of their own.
FOLDERS = {name: (FIXTURES / name, name) for name in SOURCES}
FOLDERS["signor_2016"] = (FIXTURES / "signor_2016", "signor")
FOLDERS["signor_release"] = (LAYOUTS / "signor_release", "signor")
FOLDERS["signor_service"] = (LAYOUTS / "signor_service", "signor")
FOLDERS["uniprot_2018"] = (LAYOUTS / "uniprot_2018", "uniprot")
MARKS = (b"\xff", b"\xc3", b"\x00", b"\xef\xbb\xbf", b'"', b'""', b"'", b"\t", b",", b" ")
MARKS += (b"\n", b"\r", b"\r\n", b"\n\n", b"|", b":", b";", b"_", b"{", b"[", b"]", b"\\")
MARKS += (b"\xc2\x85", b"\xe2\x80\xa8", b"\x1e", b"x" * 70_000)
FIELDS = (b"", b" ", b"-", b"-1", b"0", b"nan", b"inf", b"1e999", b"9" * 400, b"0x1F", b"1,5")
FIELDS += (b"::", b"|", b"||", b";", b"GO:", b"None", b"<NA>", b"\xc3\xa9\xcc\x81", b"a|b", b"NOT")
FIELDS += (b'"', b'"a\nb"', b"()", b"[]", b"{}", b"null", b"true", b"9606", b"\xf0\x9f\xa7\xac")
ARCHIVES: tuple[Callable[[bytes], bytes], ...] = (
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.ZstdCompressor().compress,
)
MAGIC = (b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04")
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
EXAMPLES = 50
FUZZ = settings(derandomize=True, database=None, deadline=None, suppress_health_check=QUIET)


def share(draw: st.DrawFn, length: int) -> int:
    return draw(st.integers(0, max(length, 0)))


def cut(draw: st.DrawFn, content: bytes) -> bytes:
    start = share(draw, len(content))
    return content[:start] + content[start + draw(st.integers(1, 40)) :]


def repeat(draw: st.DrawFn, content: bytes) -> bytes:
    start = share(draw, len(content))
    return content[:start] + content[start : start + draw(st.integers(1, 40))] + content[start:]


def insert(draw: st.DrawFn, content: bytes) -> bytes:
    start = share(draw, len(content))
    return content[:start] + draw(st.sampled_from(MARKS)) + content[start:]


def truncate(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: share(draw, len(content))]


def of_lines(draw: st.DrawFn, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = share(draw, len(lines) - 1)
    changed = draw(st.sampled_from(("drop", "twice", "last", "blank", "header only")))
    if changed == "header only":
        return lines[0] + draw(st.sampled_from((b"", b"\n", b"\n\n")))
    new = {"drop": [], "twice": [lines[at]] * 2, "last": [lines[at]], "blank": [b"", lines[at]]}
    rest = lines[at + 1 :] if changed != "last" else []
    return b"\n".join([*lines[:at], *new[changed], *rest])


def of_fields(draw: st.DrawFn, content: bytes) -> bytes:
    """Another value in one field of one line."""
    lines = content.split(b"\n")
    at = share(draw, len(lines) - 1)
    separator = max((b"\t", b",", b" ", b": "), key=lines[0].count)
    fields = lines[at].split(separator)
    fields[share(draw, len(fields) - 1)] = draw(st.sampled_from(FIELDS))
    return b"\n".join([*lines[:at], separator.join(fields), *lines[at + 1 :]])


def of_columns(draw: st.DrawFn, content: bytes) -> bytes:
    """One column fewer, or one that is there twice or is empty, in every line."""
    lines = content.split(b"\n")
    separator = max((b"\t", b",", b" "), key=lines[0].count)
    at = share(draw, lines[0].count(separator))
    new = draw(st.sampled_from(("fewer", "twice", "empty")))
    changed = []
    for line in lines:
        fields = line.split(separator)
        kept = {"fewer": [], "twice": fields[at : at + 1] * 2, "empty": [b""]}[new]
        changed.append(separator.join([*fields[:at], *kept, *fields[at + 1 :]]))
    return b"\n".join(changed)


def line_ends(draw: st.DrawFn, content: bytes) -> bytes:
    end = draw(st.sampled_from((b"\r\n", b"\r", b"\n\r")))
    times = draw(st.sampled_from((-1, 1, 2)))
    return content.replace(b"\n", end, times)


def archived(draw: st.DrawFn, content: bytes) -> bytes:
    packed = draw(st.sampled_from(ARCHIVES))(content)
    return packed[: draw(st.sampled_from((len(packed), len(packed) - 1, len(packed) // 2, 7)))]


def another_make(draw: st.DrawFn, content: bytes) -> bytes:
    return draw(st.sampled_from(MAGIC)) + content


CHANGES = (cut, repeat, insert, truncate, of_lines, of_fields, of_fields, of_fields, of_columns)
LAST = (line_ends, archived, another_make)


@st.composite
def damaged(draw: st.DrawFn, contents: tuple[bytes, ...]) -> tuple[int, bytes]:
    """The number of the file that is damaged, and what then stands in it."""
    number = draw(st.integers(0, len(contents) - 1))
    content = contents[number]
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        content = change(draw, content)
    if draw(st.integers(0, 3)) == 0:
        content = draw(st.sampled_from(LAST))(draw, content)
    return number, content


@lru_cache
def fixture_files(folder: str) -> dict[str, SourceFile]:
    path, name = FOLDERS[folder]
    return dict(find_files(path, [discover()[name]], {}, required=True).files[name])


def number_of_lines(file: SourceFile) -> int:
    with file.open_bytes() as stream:
        return len(re.findall(rb"\r\n|\r|\n", stream.read())) + 1


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_loader_gives_sound_rows_or_an_error_of_ours(folder: str, tmp_path: Path) -> None:
    files = fixture_files(folder)
    roles = list(files)
    contents = tuple(files[role].path.read_bytes() for role in roles)
    source = discover()[FOLDERS[folder][1]]

    @settings(FUZZ, max_examples=EXAMPLES)
    @given(damage=damaged(contents))
    def check(damage: tuple[int, bytes]) -> None:
        number, content = damage
        role = roles[number]
        path = tmp_path / files[role].name
        path.write_bytes(content)
        given_files = {**files, role: SourceFile(path, files[role].spec)}
        try:
            chunks = list(source.read(given_files))
            if source.version is not None:
                source.version(given_files)
        except TosgError:
            return
        said = {chunk.file for chunk in chunks}
        read = [file for file in given_files.values() if file.name in said]
        assert {file.name for file in read} == said
        last = {file.name: number_of_lines(file) for file in read}
        for chunk in chunks:
            chunk.table.validate(full=True)
            lines = chunk.table["line"].to_pylist()
            assert all(1 <= line <= last[chunk.file] for line in lines)

    check()


def test_a_damaged_file_under_another_name_is_told_or_passed_over(tmp_path: Path) -> None:
    """No loader's look at the first lines of a file may fail on a file that is not its own."""
    files = [file for name in SOURCES for file in fixture_files(name).values()]
    contents = tuple(file.path.read_bytes() for file in files)
    path = tmp_path / "mirror.dat"

    @settings(FUZZ, max_examples=150)
    @given(damage=damaged(contents))
    def check(damage: tuple[int, bytes]) -> None:
        path.write_bytes(damage[1])
        try:
            located = find_files(tmp_path, list(discover().values()), {})
        except TosgError:
            return
        assert [found.path for found in located.found] == [path]

    check()
