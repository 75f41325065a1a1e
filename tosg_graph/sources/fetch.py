"""Fetch the files of sources into a data folder.

A file goes to ``DIR/<source>/<file>``, and ``<file>.source.json`` beside it records where it came
from. What a person put into the folder is never replaced unless asked for.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tosg_graph.errors import SourceError, UsageError
from tosg_graph.lock import FileLock
from tosg_graph.sources.addresses import public_log, public_url
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.headers import unless_same
from tosg_graph.sources.matching import Slot, data_files, match
from tosg_graph.sources.part import Part
from tosg_graph.sources.record import RECORD, beside, read_record
from tosg_graph.sources.source import Download, Source
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import SUFFIXES, open_bytes
from tosg_graph.sources.transfer import Failed, Order, Patience, Transfer, Watch, open_client

#: Name of the file in the data folder that says who fetches into it.
LOCK = ".fetching"
_BLOCK = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one file.

    Parameters
    ----------
    source, role
        Whose file it is.
    did
        ``fetched``, ``resumed`` (fetched from where it was cut off), ``unchanged`` (there is
        nothing newer), ``kept`` (it is there, and was not fetched or cannot be compared),
        ``by hand`` (it has no address; it is missing), ``also useful`` (the same of a file that the
        source can do without) or ``failed``.
    path
        Where it is or would go.
    url
        Its address, or the page where a person gets it.
    size
        Its bytes; 0 where it is not there.
    note
        Why, and what to do.
    """

    source: str
    role: str
    did: str
    path: Path
    url: str
    size: int = 0
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the same as plain values, for JSON."""
        return {
            "source": self.source,
            "role": self.role,
            "did": self.did,
            "file": str(self.path),
            "url": self.url,
            "bytes": self.size,
            "note": self.note,
        }


def fetch(
    sources: Sequence[Source],
    data: Path,
    *,
    force: bool = False,
    patience: Patience | None = None,
    watch: Watch | None = None,
) -> list[Fetched]:
    """Fetch every file that the sources say where to find.

    Parameters
    ----------
    sources
        The sources.
    data
        The data folder; it is made. A file goes to ``data/<source>/<file>``.
    force
        Whether to fetch whole files even where nothing changed, in place of files that a person
        put there under that name, too.
    patience
        How long to go on with a file that does not come.
    watch
        Is told how far a file is.

    Returns
    -------
    list of Fetched
        One per file, in order; a file that failed does not stop the others.

    Raises
    ------
    UsageError
        If the data folder is a file.
    SourceError
        If the folder cannot be written to, or another process fetches into it.
    """
    if data.exists() and not data.is_dir():
        raise UsageError(f"the data folder {data} is a file; name a folder")
    patience = patience or Patience()
    client = open_client(patience)
    try:
        with public_log(), _lock(data).hold("fetch"), client:
            visit = _Visit(
                data, _in_folder(data, sources), force, Transfer(client, patience, watch)
            )
            return [one for source in sources for one in visit.files(source)]
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}", path=data) from error


def _lock(data: Path) -> FileLock:
    """One process at a time fetches into a data folder."""

    def busy(who: str) -> SourceError:
        said = f"{who} is fetching into this folder; wait for it, or end it"
        return SourceError(said, path=data)

    return FileLock(data / LOCK, what="data folder", busy=busy, error=SourceError)


def _in_folder(data: Path, sources: Sequence[Source]) -> dict[Slot, Path]:
    return {slot: found.path for slot, found in match(data_files(data), sources, {}).found.items()}


@dataclass(frozen=True, slots=True)
class _Visit:
    """One round through the sources.

    Parameters
    ----------
    there
        Which files are in the folder already, under any name.
    """

    data: Path
    there: Mapping[Slot, Path]
    force: bool
    transfer: Transfer

    def files(self, source: Source) -> Iterator[Fetched]:
        roles = {download.role for download in source.downloads}
        for download in source.downloads:
            yield self._fetched(source, download)
        others = [spec for spec in source.files if spec.role not in roles]
        needed = [spec for spec in others if not spec.optional]
        if not roles and not needed:  # any one of its files will do
            needed = [s for s in others if (source.name, s.role) in self.there] or others[:1]
        for spec in needed:
            yield self._without_address(source, spec)
        for spec in others:
            if spec.adds and spec not in needed and (source.name, spec.role) not in self.there:
                yield self._also_useful(source, spec)

    def _without_address(self, source: Source, spec: FileSpec) -> Fetched:
        path = self.there.get((source.name, spec.role))
        if path is not None:
            return Fetched(source.name, spec.role, "kept", path, source.url, path.stat().st_size)
        place = self.data / source.name
        return Fetched(source.name, spec.role, "by hand", place, source.url, note=_by_hand(source))

    def _also_useful(self, source: Source, spec: FileSpec) -> Fetched:
        note = f"{spec.adds}. By hand: {_by_hand(source)}"
        place = self.data / source.name
        return Fetched(source.name, spec.role, "also useful", place, source.url, note=note)

    def _fetched(self, source: Source, download: Download) -> Fetched:
        place = _place(self.data, source, download)
        url = public_url(download.url)
        one = Fetched(source.name, download.role, "failed", place, url)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            did, path, note = self._settled(source, download, place) or (
                self._brought(source, download, place),
                place,
                None,
            )
        except Failed as error:
            return replace(one, note=_failed(error, source, download))
        except OSError as error:
            return replace(one, note=_not_written(error))
        return replace(one, did=did, path=path, size=path.stat().st_size, note=note)

    def _settled(
        self, source: Source, download: Download, place: Path
    ) -> tuple[str, Path, str | None] | None:
        """Whether what is there needs no question to the server."""
        Part(place).recover()
        other = self.there.get((source.name, download.role), place)
        if other != place and other.exists():
            return "kept", other, f"remove it to fetch {download.file}"
        if self.force or not place.exists():
            return None
        record = read_record(place)
        if record is None:
            changed = beside(place, RECORD).exists()
            why = "it is not as it was fetched" if changed else "it was not fetched"
            return "kept", place, f"{why}; --force fetches it"
        if download.sha256 is not None:
            return ("unchanged", place, None) if _as_pinned(download, record) else None
        if _from_there(download, record) and not unless_same(record):
            note = (
                f"of {record.get('fetched')}; the server tells no versions apart, --force fetches"
            )
            return "kept", place, note
        return None

    def _brought(self, source: Source, download: Download, place: Path) -> str:
        if self.force:
            Part(place).forget()
        order = Order(
            download.url,
            place,
            check=lambda path: check_content(path, source, download),
            sha256=download.sha256,
            member=download.member,
            about=_about(source, download),
        )
        record = None if self.force else read_record(place)
        comparable = record and download.sha256 is None and _from_there(download, record)
        return self.transfer.bring(order, record if comparable else None)


def _about(source: Source, download: Download) -> dict[str, str]:
    """What is recorded of a file beside what the server says; a fixed release goes before that."""
    about = {"licence": source.licence.name, "source": source.name, "role": download.role}
    return {**about, "version": source.release} if source.release else about


def _from_there(download: Download, record: Mapping[str, Any]) -> bool:
    """Whether a file is from this address: marks of its version mean nothing at another one."""
    return bool(record.get("url") == public_url(download.url))


def _as_pinned(download: Download, record: Mapping[str, Any]) -> bool:
    given = record.get("archive") if download.member else record
    return isinstance(given, dict) and given.get("sha256") == download.sha256


def check_content(path: Path, source: Source, download: Download) -> None:
    """Refuse a file that surely is not the one: nothing, a page of a website, another layout.

    A compressed file is read to its end.

    Raises
    ------
    SourceError
        If it is refused; the message says what it is.
    """
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        raise SourceError("the file is empty")
    if start.startswith((b"<!doctype html", b"<html")):
        raise SourceError("a web page came in its place: the file may have moved")
    spec = _spec(source, download)
    try:
        SourceFile(path, spec).layout  # noqa: B018 - raises where the layout is wrong
        if download.file.endswith(SUFFIXES):
            with open_bytes(path) as stream:
                while stream.read(_BLOCK):
                    pass
    except SourceError as error:
        raise SourceError(f"what came is not what {source.name} reads: {error}") from error


def _place(data: Path, source: Source, download: Download) -> Path:
    """Say where a file goes; its name comes from a loader and must not lead out of the folder."""
    _spec(source, download)
    for name in (source.name, download.file):
        if not name or name != Path(name).name or name.startswith(".") or not name.isprintable():
            raise SourceError(
                f"the loader {source.name!r} names a file {name!r}; expected a plain name: "
                "mend or uninstall the package that declares it"
            )
    return data / source.name / download.file


def _spec(source: Source, download: Download) -> FileSpec:
    for spec in source.files:
        if spec.role == download.role:
            return spec
    raise SourceError(
        f"the loader {source.name!r} fetches a file {download.role!r} that it does not read; "
        "mend or uninstall the package that declares it"
    )


def _failed(error: Failed, source: Source, download: Download) -> str:
    if not error.by_hand:
        return str(error)
    of = f"; the address is that of release {source.release}" if source.release else ""
    return f"{error}{of}. By hand: {_by_hand(source, download)}"


def _by_hand(source: Source, download: Download | None = None) -> str:
    roles = {one.role for one in source.downloads}
    meant = download is None or all(spec.role in roles for spec in source.files)
    name = "the file" if download is None else download.file
    own_words = source.by_hand and meant
    how = source.how_by_hand if own_words else f"get {name} from {source.url}"
    return f"{how}, and put it in the data folder"


def _not_written(error: OSError) -> str:
    if error.errno in _FULL:
        return (
            "the disk is full, or the file is larger than this system lets it be; what came is "
            "kept: make room, and fetch again to go on"
        )
    return f"cannot be written: {error.strerror}"
