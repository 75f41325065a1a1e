"""A file that is not whole yet: it grows beside its place and is moved there when it is.

``<file>.part`` holds the bytes; ``<file>.part.source.json`` says which version of the file they
are of, so that bytes of two versions are never mixed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tosg_graph.filing import sha256, write_json
from tosg_graph.sources.record import PART, RECORD, beside, read_object


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a file.

    Parameters
    ----------
    place
        Where the file goes when it is whole.
    """

    place: Path

    @property
    def file(self) -> Path:
        """Where the bytes are."""
        return beside(self.place, PART)

    @property
    def _record(self) -> Path:
        return beside(self.file, RECORD)

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.file.stat().st_size if self.file.exists() else 0

    @property
    def version(self) -> dict[str, Any]:
        """What was written down when the part was begun; empty where that is lost."""
        return read_object(self._record)

    def begin(self, version: Mapping[str, Any]) -> None:
        """Start anew, as a part of this version."""
        self.forget()
        write_json(self._record, version)

    def append(self, blocks: Iterable[bytes]) -> Iterator[int]:
        """Add bytes as they come.

        Yields
        ------
        int
            The size after each block.
        """
        size = self.size
        with self.file.open("ab", buffering=0) as file:
            for block in blocks:
                rest = memoryview(block)
                while rest:
                    rest = rest[file.write(rest) :]
                size += len(block)
                yield size
            os.fsync(file.fileno())

    def forget(self) -> None:
        """Throw it away."""
        self.unpacked.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    @property
    def unpacked(self) -> Path:
        """Where a file is unpacked to before it is moved, when what is fetched is an archive."""
        return beside(self.place, ".unpacked" + PART)

    def commit(self, record: Mapping[str, Any], whole: Path) -> None:
        """Move the whole file to its place, and then its record.

        The record names the hash of the file, so that :meth:`recover` can tell what was cut off
        between the two.
        """
        write_json(self._record, record)
        whole.replace(self.place)
        self.file.unlink(missing_ok=True)
        self.recover()

    def recover(self) -> None:
        """Finish a commit that was cut off between the two moves."""
        if self.file.exists() or not self._record.exists():
            return
        known = self.version.get("sha256")
        if known is not None and self.place.is_file() and sha256(self.place) == known:
            self._record.replace(beside(self.place, RECORD))
        else:
            self._record.unlink()
