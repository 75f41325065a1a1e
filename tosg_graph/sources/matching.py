"""Which file of a data folder is which: by its name, else by its first lines.

A name is better than a header. A header that fits several files of sources goes to the one that
asks for the most columns. Where several sources ask for as many, the file is nobody's, and not
guessed; a source that reads one layout in two roles gets it for the last of them by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources.layout import read_head
from tosg_graph.sources.record import PART, RECORD
from tosg_graph.sources.source import Source
from tosg_graph.sources.spec import FileSpec, plain_name

#: Source and role.
Slot = tuple[str, str]


class Found(NamedTuple):
    """One file of a source, and what it was told by: ``name``, ``header`` or ``--file``."""

    source: str
    role: str
    path: Path
    by: str


@dataclass(frozen=True, slots=True)
class Matches:
    """What the files of a folder are.

    Parameters
    ----------
    found
        The first file for each place in a source.
    rivals
        All files that could be the same one, where there are several.
    """

    found: Mapping[Slot, Found]
    rivals: Mapping[Slot, tuple[Path, ...]]


def data_files(data: Path, leave: Collection[Path] = ()) -> list[Path]:
    """List the files of a folder and its subfolders, sorted.

    Hidden files, parts of downloads and records of downloads are no data.

    Parameters
    ----------
    data
        The folder.
    leave
        Files that are not listed, resolved.

    Raises
    ------
    UsageError
        If there is no such folder.
    """
    if not data.is_dir():
        kind = "is a file, not a folder" if data.exists() else "does not exist"
        raise UsageError(f"the data folder {data} {kind}; name a folder, or files with --file")
    return sorted(
        path
        for path in data.rglob("*")
        if path.is_file()
        and not path.name.endswith((PART, RECORD))
        and not any(part.startswith(".") for part in path.relative_to(data).parts)
        and path.resolve() not in leave
    )


def match(
    paths: Sequence[Path], sources: Sequence[Source], settled: Mapping[Slot, Found]
) -> Matches:
    """Tell which file is which.

    Parameters
    ----------
    paths
        The files.
    sources
        The sources that they may belong to.
    settled
        What is known already; no other file is looked for in its place.
    """
    named = _by_name(paths, sources, settled)
    taken = {path for those in named.values() for path in those}
    rest = [path for path in paths if path not in taken]
    headed = _by_header(rest, sources, {*settled, *named})
    every = _parted({**named, **headed}, sources)
    found = {
        slot: Found(*slot, those[0], "header" if slot in headed else "name")
        for slot, those in every.items()
    }
    rivals = {slot: tuple(those) for slot, those in every.items() if len(those) > 1}
    return Matches({**settled, **found}, rivals)


def _parted(every: Mapping[Slot, list[Path]], sources: Sequence[Source]) -> dict[Slot, list[Path]]:
    """Give each file of what is published in parts a role of its own: ``role``, ``role/2``, …."""
    parted = {slot for slot, spec in _specs(sources) if spec.parts}
    found: dict[Slot, list[Path]] = {}
    for (source, role), paths in every.items():
        if (source, role) not in parted:
            found[source, role] = paths
            continue
        for number, path in enumerate(paths, start=1):
            found[source, role if number == 1 else f"{role}/{number}"] = [path]
    return found


def fits(path: Path, sources: Sequence[Source]) -> tuple[Slot, ...]:
    """Say all that a file could be by its first lines, sorted.

    That includes what is told by its name only (:func:`name_for`).
    """
    return tuple(sorted(slot for _, slot in _fits(path, _specs(sources))))


def name_for(path: Path, spec: FileSpec) -> str | None:
    """Say what a file must be named like, where its first lines alone do not make it this one."""
    if not spec.parts:
        return None
    ending = Path(plain_name(path)).suffix
    return next((p for p in spec.patterns if ending and p.endswith(ending)), spec.patterns[0])


def _by_name(
    paths: Iterable[Path], sources: Sequence[Source], settled: Collection[Slot]
) -> dict[Slot, list[Path]]:
    found: dict[Slot, list[Path]] = defaultdict(list)
    for path in paths:
        for slot, spec in _specs(sources):
            if slot not in settled and spec.matches_name(path):
                found[slot].append(path)
    return dict(found)


def _by_header(
    paths: Iterable[Path], sources: Sequence[Source], settled: Collection[Slot]
) -> dict[Slot, list[Path]]:
    wanted = [(slot, spec) for slot, spec in _whole(sources) if slot not in settled]
    found: dict[Slot, list[Path]] = defaultdict(list)
    for path in paths if wanted else ():
        those = _fits(path, wanted)
        most = max((columns for columns, _ in those), default=0)
        best = [slot for columns, slot in those if columns == most]
        if len({source for source, _ in best}) == 1:
            found[max(best)].append(path)
    return dict(found)


def _fits(path: Path, specs: Iterable[tuple[Slot, FileSpec]]) -> list[tuple[int, Slot]]:
    """Say what a file could be, and how many columns that asks for: the more, the surer."""
    try:
        head = read_head(path)
    except SourceError:  # not a text file, or damaged: it cannot be told by its first lines
        return []
    return [(len(spec.columns), slot) for slot, spec in specs if spec.matches_head(head)]


def _specs(sources: Sequence[Source]) -> list[tuple[Slot, FileSpec]]:
    return [((source.name, spec.role), spec) for source in sources for spec in source.files]


def _whole(sources: Sequence[Source]) -> list[tuple[Slot, FileSpec]]:
    """Leave out what is published in parts: it is told by name, other data have its columns."""
    return [(slot, spec) for slot, spec in _specs(sources) if not spec.parts]
