"""Byte streams of public files: plain or compressed, checked while they are read.

Compression is told by the first bytes, not by the name: mirrors and browsers rename files. What is
wrong with a stream (cut off, damaged, not UTF-8) becomes a :class:`SourceError` with the line.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TextIO

import zstandard

from tosg_graph.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIXES = (".gz", ".zst", ".xz", ".bz2")
#: Bytes of a line at most. The longest of the public tables have some 100,000; a file without line
#: ends, of any size, must not be gathered in memory before it is refused.
LONGEST_LINE = 1 << 24
_BLOCK = 1 << 18
_STEP = 1 << 14
_DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError)


def open_text(path: Path, *, longest_line: int = LONGEST_LINE) -> TextIO:
    r"""Open a plain or compressed UTF-8 file as text; every line ending reads as ``\n``.

    Parameters
    ----------
    longest_line
        Bytes of a line at most, within some 16 kilobytes.

    Raises
    ------
    SourceError
        At once if the file cannot be opened; while reading, if it is cut off, damaged or not
        UTF-8, or if a line is too long.
    """
    return io.TextIOWrapper(_open_checked(path, longest_line), encoding="utf-8-sig")


def open_bytes(path: Path) -> io.BufferedReader:
    """Open a plain or compressed UTF-8 file as bytes, behind its byte order mark if it has one.

    Raises
    ------
    SourceError
        As :func:`open_text` does.
    """
    checked = _open_checked(path, LONGEST_LINE)
    if checked.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):
        checked.read(len(codecs.BOM_UTF8))
    return checked


def whole_lines(stream: io.BufferedReader, size: int) -> Iterator[bytes]:
    r"""Read blocks that end where a line does; ``\n``, ``\r\n`` and ``\r`` end one.

    Parameters
    ----------
    stream
        The stream; memory is bounded by a block and the longest line.
    size
        Bytes of a block at about.
    """
    rest = b""
    while block := stream.read(size):
        # a \r at the very end may be the first half of a \r\n
        end = 1 + max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1))
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
    if rest:
        yield rest


def _open_checked(path: Path, longest_line: int) -> io.BufferedReader:
    try:
        raw = path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot be opened: {error.strerror}", path=path) from error
    checked = _CheckedBytes(_decompressed(raw), raw, path, longest_line)
    return io.BufferedReader(checked, _BLOCK)


def _decompressed(raw: io.BufferedReader) -> _Readable:
    start = raw.read(6)
    raw.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _ZstdFrames(raw)
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(raw)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    return raw


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _ZstdFrames:
    """Zstandard frames as bytes; unlike ``stream_reader``, a frame that is cut off is an error."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._waiting = b""

    def close(self) -> None:
        self._waiting = b""

    def read1(self, size: int, /) -> bytes:
        while not self._waiting:
            block = (self._frame.unused_data if self._frame.eof else b"") or self._raw.read(_BLOCK)
            if not block:
                if self._begun and not self._frame.eof:
                    raise EOFError("the Zstandard frame has no end")
                return b""
            self._feed(block)
        block, self._waiting = self._waiting[:size], self._waiting[size:]
        return block

    def _feed(self, block: bytes) -> None:
        if self._frame.eof:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._waiting = self._frame.decompress(block)
        self._begun = True


class _CheckedBytes(io.RawIOBase):
    """Bytes that are passed on only if they are whole, UTF-8, and in lines of a bounded length.

    It knows at which line it is.
    """

    def __init__(self, stream: _Readable, raw: IO[bytes], path: Path, longest_line: int) -> None:
        self._stream = stream
        self._raw = raw
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._longest_line = longest_line
        self._run = 0  # bytes since the last line end

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        self._raw.close()
        super().close()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        target = memoryview(buffer).cast("B")
        try:
            # read1 hands over what there is, so that the line of a cut is known closely
            block = self._stream.read1(min(len(target), _STEP))
        except _DAMAGED as error:
            raise SourceError(
                f"the file is cut off or damaged at about this line ({error}); download it again",
                path=self._path,
                line=self._line,
            ) from error
        self._check(block)
        target[: len(block)] = block
        return len(block)

    def _check(self, block: bytes) -> None:
        try:
            self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = bytes(error.object[: error.start])
            raise SourceError(
                f"byte 0x{error.object[error.start]:02x} is not UTF-8; "
                "the file is damaged or in another encoding: download it again or convert it",
                path=self._path,
                line=self._line + before.count(b"\n"),
            ) from error
        self._line += block.count(b"\n")
        end = max(block.rfind(b"\n"), block.rfind(b"\r"))
        self._run = self._run + len(block) if end < 0 else len(block) - end - 1
        if self._run > self._longest_line:
            raise SourceError(
                f"the line is longer than {self._longest_line:,} bytes, the longest that is read; "
                "the file has lost its line ends or is another one: download it again",
                path=self._path,
                line=self._line,
            )


class SeparatorCount:
    """A text stream that counts the separators of a table while a parser reads it.

    Parameters
    ----------
    text
        The stream.
    separator
        What separates the columns.
    quoted
        Whether separators between double quotes do not count.
    """

    def __init__(self, text: TextIO, separator: str, *, quoted: bool) -> None:
        self._text = text
        self._separator = separator
        self._quoted = quoted
        self._inside = 0
        self.n = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if line := self.readline():
            return line
        raise StopIteration

    def read(self, size: int = -1) -> str:
        """Read up to so many characters."""
        return self._count(self._text.read(size))

    def readline(self) -> str:
        """Read one line."""
        return self._count(self._text.readline())

    def _count(self, block: str) -> str:
        if self._quoted:
            parts = block.split('"')
            self.n += sum(part.count(self._separator) for part in parts[self._inside :: 2])
            self._inside = (self._inside + len(parts) - 1) % 2
        else:
            self.n += block.count(self._separator)
        return block
