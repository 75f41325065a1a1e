"""Every loader reads its files alike, however they are packed, called, and written.

The rows of each set of fixtures are those of the plain files, under every compression, under names
that say nothing, with a byte order mark, and with the line ends of other systems.
"""

from __future__ import annotations

import gzip
import lzma
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import zstandard

from tests.loaders.test_fuzz import FOLDERS
from tosg_graph.sources.registry import discover, find_files

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
    ".xz": lzma.compress,
}
#: Parts of a data set that other data sets of Open Targets share their columns with: they are told
#: by name and folder only. CellPhoneDB's table of genes is not read.
BY_NAME_ONLY = {"opentargets"}
UNREAD = {"gene_input.csv"}

Rows = dict[tuple[str, str], list[str]]


def read(folder: Path, loader: str) -> tuple[Rows, dict[str, str | None]]:
    """Rows by kind and subject, in order, and the layout that was seen of each file."""
    located = find_files(folder, [discover()[loader]], {}, required=True)
    rows: Rows = defaultdict(list)
    for chunk in discover()[loader].read(located.files[loader]):
        rows[chunk.kind.value, chunk.subject] += map(repr, chunk.table.to_pylist())
    seen = {role: file.layout_name for role, file in located.files[loader].items()}
    return dict(rows), seen


@cache
def plain(name: str) -> tuple[Rows, dict[str, str | None]]:
    return read(*FOLDERS[name])


def copied(name: str, folder: Path, change: Callable[[bytes], bytes], called: str) -> Path:
    """Copy a set of fixtures, changed, and called ``{}`` (their own name) or by a number."""
    for number, path in enumerate(sorted(FOLDERS[name][0].iterdir())):
        if path.name not in UNREAD:
            new = folder / called.format(path.name, n=number)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(change(path.read_bytes()))
    return folder


def assert_alike(name: str, folder: Path) -> None:
    """The rows are those of the plain files; a reject may say which file is read in its place."""
    found, seen = read(folder, FOLDERS[name][1])
    expected, seen_plain = plain(name)
    assert seen == seen_plain
    assert found.keys() == expected.keys()
    for key, rows in found.items():
        differ = [pair for pair in zip(rows, expected[key], strict=True) if pair[0] != pair[1]]
        assert all(key[0] == "rejects" and "read from" in row for row, _ in differ), differ


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", FOLDERS)
def test_compressed_files_give_the_same_rows(name: str, suffix: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path, PACKERS[suffix], "{}" + suffix)
    assert_alike(name, folder)


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("name", sorted(set(FOLDERS) - BY_NAME_ONLY))
def test_renamed_files_are_told_by_their_content(name: str, suffix: str, tmp_path: Path) -> None:
    """The new name says nothing, not even that the file is compressed."""
    folder = copied(name, tmp_path, PACKERS[suffix], "mirror/file-{n}.dat")
    assert_alike(name, folder)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_byte_order_mark_is_no_part_of_the_first_field(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path, lambda content: b"\xef\xbb\xbf" + content, "{}")
    assert read(folder, FOLDERS[name][1]) == plain(name)


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("mixed", [False, True], ids=["all lines", "every other line"])
def test_line_ends_of_another_system(name: str, mixed: bool, tmp_path: Path) -> None:
    """A line end inside a quoted field is text, and is compared as a blank."""

    def ends(content: bytes) -> bytes:
        lines = content.split(b"\n")
        ended = [
            line + (b"\r\n" if not mixed or at % 2 else b"\n") for at, line in enumerate(lines[:-1])
        ]
        return b"".join([*ended, lines[-1]])

    folder = copied(name, tmp_path, ends, "{}")
    found, seen = read(folder, FOLDERS[name][1])
    expected, seen_plain = plain(name)
    assert seen == seen_plain
    assert {k: [row.replace("\\r\\n", "\\n") for row in v] for k, v in found.items()} == expected


@pytest.mark.parametrize("name", FOLDERS)
def test_a_missing_last_line_end_loses_no_row(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path, lambda content: content.rstrip(b"\r\n"), "{}")
    assert read(folder, FOLDERS[name][1]) == plain(name)
