"""What a data folder holds for the sources: which file is what, told by what, in which layout.

Unlike :func:`tosg_graph.sources.registry.find_files`, which serves a build, nothing here is an
error: what is missing, wrong or twice there is said of the file that it concerns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tosg_graph.errors import SourceError
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.matching import Found, Matches, Slot, data_files, fits, match
from tosg_graph.sources.record import origin, recorded_version
from tosg_graph.sources.source import Source
from tosg_graph.sources.spec import FileSpec


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one file in a source, and what stands in it.

    Parameters
    ----------
    role
        The part of the file within the source.
    required
        Whether the source needs it.
    can_be_fetched
        Whether it has an address.
    file
        The file; None where it is missing.
    by
        What it was told by: ``name`` or ``header``.
    layout
        The name of its layout, where the loader reads several.
    fetched
        What was recorded when it was fetched; None for a file that was put there by hand.
    problem
        Why it cannot be read, or that there are two.
    adds
        What the file adds, where the source can do without it; "" otherwise.
    """

    role: str
    required: bool
    can_be_fetched: bool
    file: Path | None = None
    by: str | None = None
    layout: str | None = None
    fetched: dict[str, str | None] | None = None
    problem: str | None = None
    adds: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values, for JSON."""
        return {
            "role": self.role,
            "required": self.required,
            "can_be_fetched": self.can_be_fetched,
            "file": None if self.file is None else str(self.file),
            "found_by": self.by,
            "layout": self.layout,
            "fetched": self.fetched,
            "problem": self.problem,
            "adds": self.adds or None,
        }


@dataclass(frozen=True, slots=True)
class Stock:
    """A source and its files.

    Parameters
    ----------
    source
        The source.
    places
        The places of its files, in its own order.
    version
        The release of the files, as they say themselves or as was recorded.
    """

    source: Source
    places: tuple[Place, ...]
    version: str | None = None

    @property
    def state(self) -> str:
        """``there``, ``missing`` (nothing is there), ``incomplete`` or ``wrong``."""
        if any(place.problem for place in self.places):
            return "wrong"
        there = [place for place in self.places if place.file is not None]
        if not there:
            return "missing"
        whole = all(place.file is not None for place in self.places if place.required)
        return "there" if whole else "incomplete"

    @property
    def also_useful(self) -> tuple[Place, ...]:
        """Places that are empty, of files that add something; none where nothing is there."""
        if self.state == "missing":
            return ()
        return tuple(place for place in self.places if place.adds and place.file is None)

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values, for JSON."""
        return {
            "source": self.source.name,
            "title": self.source.title,
            "gives": self.source.gives,
            "url": self.source.url,
            "licence": self.source.licence.name,
            "version": self.version,
            "release": self.source.release or None,
            "state": self.state,
            "files": [place.to_dict() for place in self.places],
        }


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it.

    Parameters
    ----------
    stocks
        The sources, in the order that they were given in.
    unused
        Files that are nobody's, each with what it could be by its first lines.
    """

    stocks: tuple[Stock, ...]
    unused: tuple[tuple[Path, tuple[Slot, ...]], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values, for JSON."""
        return {
            "sources": [stock.to_dict() for stock in self.stocks],
            "unused": [
                {"file": str(path), "looks_like": [f"{name}.{role}" for name, role in like]}
                for path, like in self.unused
            ],
        }


def take_inventory(sources: Sequence[Source], data: Path | None = None) -> Inventory:
    """Look which files of sources a folder holds.

    Parameters
    ----------
    sources
        The sources.
    data
        The folder, with its subfolders; None: no file is looked for.

    Raises
    ------
    UsageError
        If there is no such folder.
    """
    paths = [] if data is None else data_files(data)
    matches = match(paths, sources, {})
    used = {found.path for found in matches.found.values()}
    rest = [path for path in paths if path not in used]
    return Inventory(
        tuple(_stock(source, matches) for source in sources),
        tuple((path, fits(path, sources)) for path in rest),
    )


def _stock(source: Source, matches: Matches) -> Stock:
    places, files = [], {}
    for spec in source.files:
        place = _place(source, spec, matches)
        places.append(place)
        if place.file is not None and place.problem is None:
            files[spec.role] = SourceFile(place.file, spec)
    version = None
    try:
        version = source.version(files) if source.version and files else None
    except (SourceError, KeyError):  # the file that says it is not there, or not as it should be
        version = None
    version = version or recorded_version(place.fetched for place in places)
    return Stock(source, tuple(places), version)


def _place(source: Source, spec: FileSpec, matches: Matches) -> Place:
    slot = (source.name, spec.role)
    found = matches.found.get(slot)
    fetchable = any(download.role == spec.role for download in source.downloads)
    if found is None:
        return Place(spec.role, not spec.optional, fetchable, adds=spec.adds)
    layout, problem = _layout(found, spec)
    rivals = [str(path) for path in matches.rivals.get(slot, ())]
    return Place(
        spec.role,
        not spec.optional,
        fetchable,
        found.path,
        found.by,
        layout,
        origin(found.path),
        f"there are {len(rivals)} of it: {', '.join(rivals)}" if rivals else problem,
        spec.adds,
    )


def _layout(found: Found, spec: FileSpec) -> tuple[str | None, str | None]:
    try:
        return SourceFile(found.path, spec).layout_name, None
    except SourceError as error:
        return None, str(error)
