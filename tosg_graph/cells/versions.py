"""Versions of a store: written one at a time, opened by number, pruned on request.

Files of a store are written once and never changed. A version is a manifest that lists some of
them; ``manifest.json`` is a copy of the current one and is moved into its place in one step.
Whoever has the store open goes on reading the version that was current then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tosg_graph
from tosg_graph.cells.manifest import (
    MANIFEST,
    damage,
    listed_files,
    listed_shards,
    read_manifest,
    version_file,
    version_numbers,
    write_manifest,
)
from tosg_graph.errors import CellsError
from tosg_graph.lock import FileLock


def store_lock(folder: Path) -> AbstractContextManager[None]:
    """Keep other writers out of a store; readers need no lock.

    Raises
    ------
    CellsError
        If another process is writing to the store; raised when the lock is entered.
    """

    def busy(who: str) -> CellsError:
        return CellsError(
            f"another process is writing to {folder} ({who}); wait for it to end and run this again"
        )

    path = folder.with_name(f".lock-{folder.name}")
    lock = FileLock(path, what="cell store", busy=busy, error=CellsError, stays=False)
    return lock.hold("cells")


def next_version(folder: Path, manifest: dict[str, Any], *, change: str) -> dict[str, Any]:
    """Start the manifest of the version after the newest one.

    Parameters
    ----------
    manifest
        What the version is made from.
    change
        What is different, for people.
    """
    number = max([manifest["version"], *version_numbers(folder)]) + 1
    made = {"version": number, "change": change, "tool_version": tosg_graph.__version__}
    return {**manifest, **made}


def next_number(folder: Path, part: str) -> int:
    """First number that no file of a part (``rna``, ``obs``) has, kept version or not."""
    taken = [int(p.name.split(".")[0]) for p in (folder / part).glob("[0-9]*.*")]
    return max(taken, default=-1 if part in ("rna", "protein") else 0) + 1


def sync(folder: Path) -> None:
    """Have the system write the entries of a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def commit_version(folder: Path, manifest: dict[str, Any]) -> None:
    """Make a version current, once every file that it lists is in its place.

    Raises
    ------
    CellsError
        If a file is missing or has another size; the store stays as it was.
    """
    for file, record in listed_files(manifest).items():
        path = folder / file
        size = path.stat().st_size if path.is_file() else None
        if size != record["bytes"]:
            found = "is missing" if size is None else f"has {size:,} bytes"
            raise CellsError(
                f"{path} {found}, {record['bytes']:,} bytes expected; the store is unchanged"
            )
    write_manifest(folder, manifest)
    sync(folder)


@dataclass(frozen=True)
class Pruned:
    """What pruning removed.

    Parameters
    ----------
    versions
        Numbers of the versions that are gone.
    files, size
        How many files, and their bytes.
    """

    versions: tuple[int, ...]
    files: int
    size: int


def prune(folder: Path, *, keep: int = 1) -> Pruned:
    """Remove all but the newest versions, and every file that none of those that stay lists.

    Not for a store that others are reading in an older version: their files disappear. A shard that
    stays in place of one of the other tier is read first, to see that its checksum is right.

    Parameters
    ----------
    keep
        How many versions stay, the current one among them.

    Raises
    ------
    CellsError
        If a shard that stays is damaged, and one with the same cells would go; nothing is removed
        then. If another process writes to the store.
    """
    with store_lock(folder):
        current = read_manifest(folder)
        numbers = [n for n in version_numbers(folder) if n != current["version"]]
        gone = numbers[: max(0, len(numbers) - (keep - 1))]
        kept = [read_manifest(folder, version=n) for n in numbers[len(gone) :]] + [current]
        wanted = {file for manifest in kept for file in listed_files(manifest)}
        wanted |= {version_file(manifest["version"]) for manifest in kept} | {MANIFEST}
        spare = [p for p in _files(folder) if p.relative_to(folder).as_posix() not in wanted]
        _check_replacing(folder, gone, kept, spare)
        size = sum(path.stat().st_size for path in spare)
        for path in spare:
            path.unlink()
    return Pruned(tuple(gone), len(spare), size)


def _check_replacing(
    folder: Path, gone: list[int], kept: list[dict[str, Any]], spare: list[Path]
) -> None:
    """See that every shard that stays in place of one that goes is what its manifest says."""
    going: dict[str, str] = {}
    for number in gone:
        with suppress(CellsError):  # a damaged manifest does not say what its files hold
            for file, shard in listed_shards(read_manifest(folder, version=number)).items():
                if folder / file in spare:
                    going[shard["content"]] = file
    staying = {file: shard for manifest in kept for file, shard in listed_shards(manifest).items()}
    for file, shard in staying.items():
        instead = going.get(shard["content"])
        if instead and (wrong := damage(folder, file, shard)):
            raise CellsError(
                f"{wrong}; {instead}, which holds the same cells, would be removed. Nothing was "
                f"removed. Make a version of it first: tosg cells {_maker(instead)} {folder.name}"
            )


def _maker(file: str) -> str:
    """The command that makes a version of the shards that a file is one of."""
    codec = file.split(".")[1]
    return "unpack" if codec == "arrow" else f"pack --codec {codec}"


def _files(folder: Path) -> Iterator[Path]:
    """Files that belong to versions; the cache of profiles is not among them."""
    for part in ("versions", "features", "obs", "measured", "rna", "protein"):
        yield from sorted(p for p in (folder / part).glob("*") if p.is_file())
