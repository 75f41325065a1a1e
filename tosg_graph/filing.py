"""Files and folders that are there whole or not at all, and their checksums."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tosg_graph.errors import TosgError


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; the file is read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write JSON beside its place and move it there, so that no reader sees half of it.

    Keys are sorted: the same content gives the same bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".new-{path.name}")
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(path)


@contextmanager
def writing(place: Path, raised: type[TosgError]) -> Iterator[None]:
    """Turn what the system says when it cannot write into an error of ours.

    Parameters
    ----------
    place
        What is written, as the error names it; the caller keeps nothing of it.
    raised
        Class of the error.
    """
    try:
        yield
    except OSError as error:
        raise raised(
            f"{place} cannot be written: {error.strerror or error}; nothing of it is kept: "
            "free space on that disk, or name another place"
        ) from error


@contextmanager
def folder_beside(final: Path) -> Iterator[Path]:
    """Make a folder beside the final one; it is gone afterwards, whatever happens."""
    temporary = final.with_name(f".{final.name}-{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def commit_folder(temporary: Path, final: Path) -> None:
    """Move a finished folder to its place; an older one of that name goes first out of the way."""
    final.parent.mkdir(parents=True, exist_ok=True)
    old = final.with_name(f".old-{final.name}")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    temporary.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def remove_abandoned(folder: Path, word: str) -> None:
    """Remove the folders ``.<word>-<process id>-…`` that killed processes left of their work."""
    for left in folder.glob(f".{word}-*-*"):
        try:
            os.kill(int(left.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except (PermissionError, ValueError):
            pass  # somebody else's process, and it lives; or a folder that is not ours
