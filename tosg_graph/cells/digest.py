"""The checksum of a source, made beside the conversion."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Self

from tosg_graph.cells.source import CellSource

_PIECE = 1 << 20


class SourceDigest:
    """SHA-256 of a source, computed in a thread from when it is entered; leaving gives it up.

    It is that of its file, or of the names and checksums of its files, as ``sha256sum`` prints
    them.
    """

    def __init__(self, source: CellSource) -> None:
        self._path, self._files = source.path, source.files()
        self._given_up = Event()
        self._thread = ThreadPoolExecutor(1, "source")

    def __enter__(self) -> Self:
        self._digest = self._thread.submit(self._compute)
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        self._thread.shutdown()

    def result(self) -> str:
        """Wait for the checksum."""
        return self._digest.result()

    def _compute(self) -> str:
        if self._files == [self._path]:
            return self._of(self._path)
        names = [path.relative_to(self._path).as_posix() for path in self._files]
        lines = [f"{self._of(p)}  {name}\n" for p, name in zip(self._files, names, strict=True)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _of(self, path: Path) -> str:
        digest, piece = hashlib.sha256(), bytearray(_PIECE)
        with path.open("rb", buffering=0) as file:
            while not self._given_up.is_set() and (size := file.readinto(piece)):
                digest.update(memoryview(piece)[:size])
        return digest.hexdigest()
