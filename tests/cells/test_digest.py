"""The checksum of a source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tosg_graph.cells.digest import SourceDigest


@dataclass
class Files:
    path: Path
    names: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        return [self.path / name for name in self.names] or [self.path]


def test_that_of_a_file_is_what_sha256sum_says(tmp_path):
    content = bytes(range(256)) * 10_000  # more than is read at a time
    (tmp_path / "a").write_bytes(content)
    with SourceDigest(Files(tmp_path / "a")) as digest:
        assert digest.result() == hashlib.sha256(content).hexdigest()


def test_that_of_a_folder_is_that_of_its_list(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    lines = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in "ab")
    with SourceDigest(Files(tmp_path, ("a", "b"))) as digest:
        assert digest.result() == hashlib.sha256(lines.encode()).hexdigest()


def test_a_source_that_is_refused_is_not_read_to_its_end():
    with SourceDigest(Files(Path("/dev/zero"))):
        pass  # it has no end
