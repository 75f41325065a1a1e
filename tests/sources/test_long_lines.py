"""A file that has lost its line ends: refused with the limit, before it fills the memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tosg_graph.errors import SourceError
from tosg_graph.sources import FileSpec, SourceFile
from tosg_graph.sources.streams import LONGEST_LINE, open_text

TABLE = FileSpec("rows", ("rows*",), columns=("a", "b"))
QUOTED = FileSpec("rows", ("rows*",), columns=("a", "b"), quoted=True)
TEXT = FileSpec("rows", ("rows*",), recognise=lambda head: True, expects="lines")

READERS: dict[str, Callable[[Path], Iterator[object]]] = {
    "frames": lambda path: SourceFile(path, TABLE).frames(),
    "quoted frames": lambda path: SourceFile(path, QUOTED).frames(),
    "tables": lambda path: SourceFile(path, TABLE).tables(),
    "lines": lambda path: SourceFile(path, TEXT).lines(),
}
#: Peak memory of a reader, in a process of its own; a sparse file costs no disk.
MEASURED = """
import resource, sys
from pathlib import Path
from tests.sources.test_long_lines import READERS
from tosg_graph.errors import SourceError
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    list(READERS[sys.argv[1]](Path(sys.argv[2])))
except SourceError as error:
    print(peak() - before, error.line, error)
"""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_line_of_64_megabytes(tmp_path: Path, reader: str, suffix: str) -> None:
    content = b"a\tb\n1\t2\n3\t" + b"x" * (1 << 26) + b"\n5\t6\n"
    path = tmp_path / f"rows.tsv{suffix}"
    path.write_bytes(gzip.compress(content, 1) if suffix else content)
    with pytest.raises(SourceError, match=r"longer than 16,777,216 bytes") as caught:
        list(READERS[reader](path))
    assert caught.value.line == 3


@pytest.mark.parametrize("reader", READERS)
def test_a_line_of_a_gigabyte_costs_little_memory(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "rows.tsv"
    with path.open("wb") as file:
        file.write(b"a\tb\n1\t2\n")
        file.truncate(1 << 30)  # zeros, which are text
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, reader, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    grown, line, message = done.stdout.split(maxsplit=2)
    assert line == "3"
    assert "16,777,216" in message
    assert int(grown) < 12 * LONGEST_LINE


@pytest.mark.parametrize("reader", READERS)
def test_a_line_within_the_limit_is_read(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes(b"a\tb\n1\t2\n3\t" + b"x" * (LONGEST_LINE - 100) + b"\n5\t6\n")
    rows = sum(len(table) for table in READERS[reader](path))  # type: ignore[arg-type]
    assert rows == (4 if reader == "lines" else 3)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_ends_a_line(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "rows.tsv"
    path.write_bytes((b"x" * 60_000 + end) * 400)  # more than the longest line in all
    with open_text(path) as text:
        assert sum(1 for _ in text) == 400


def test_a_longer_line_may_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(b"x" * (LONGEST_LINE + 100_000))
    with open_text(path, longest_line=LONGEST_LINE * 2) as text:
        assert len(text.read()) == LONGEST_LINE + 100_000
