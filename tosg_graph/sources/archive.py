"""One file out of a zip archive; the names in the archive are compared, and never written to."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from fnmatch import fnmatchcase
from pathlib import Path

from tosg_graph.errors import SourceError

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def unpack(archive: Path, member: str, into: Path) -> None:
    """Write the one member of an archive whose name fits to a file.

    Parameters
    ----------
    archive
        The zip archive.
    member
        Shell pattern of the name of the member, without its folders.
    into
        The file to write; its size is bounded by the disk alone.

    Raises
    ------
    SourceError
        If the archive is damaged, or none or several of its members fit.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [name for name in opened.namelist() if not name.endswith("/")]
            found = [name for name in names if fnmatchcase(name.rpartition("/")[2], member)]
            if len(found) != 1:
                raise SourceError(
                    f"{len(found)} files of the archive are named like {member}; expected one. "
                    f"It holds {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"
                )
            _copy(opened, found[0], into)
    except _DAMAGED as error:
        raise SourceError(f"the archive cannot be unpacked ({error})") from error


def _copy(archive: zipfile.ZipFile, name: str, into: Path) -> None:
    """Write a member to a file; half a file is not left behind, whatever went wrong."""
    try:
        with archive.open(name) as packed, into.open("wb") as file:
            shutil.copyfileobj(packed, file, 1 << 20)
    except BaseException:
        into.unlink(missing_ok=True)
        raise
