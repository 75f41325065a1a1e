"""Staged sources that are kept, so that a source that has not changed is not read again.

An entry is a folder ``<source>-<key>`` with the staged tables of a source and ``staged.json``: its
key, how many rows there were, and the sha256 of every table and of itself. The key is a hash of all
that the rows depend on: name, revision and licence of the source, role, name, layout and content of
each file, the use, and the code (:func:`code_version`). Staging looks at nothing else; what one
source says never changes the staged rows of another. An entry counts only if every byte is the one
that was written. Anything else is read anew and replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tosg_graph.build.manifest import inputs_of
from tosg_graph.build.staging import Staged, stage
from tosg_graph.errors import SourceError
from tosg_graph.filing import commit_folder, remove_abandoned, sha256, write_json
from tosg_graph.sources.record import read_object
from tosg_graph.sources.registry import GROUP
from tosg_graph.sources.source import Files, Source

#: Without this file a folder is no entry.
ENTRY = "staged.json"
#: Bytes at most of the entries that a build does not use: other releases, other sources.
SPARE = 1 << 30


@dataclass
class StagedSources:
    """A folder of staged sources, for one writer at a time.

    Parameters
    ----------
    folder
        Where they are kept.
    use
        ``academic``, ``commercial`` or ``redistribute``.
    say
        Called with a line of text before a source is read or reused.
    reuse
        Whether to take what is kept; else every source is read, and kept.
    reused
        Names of the sources that were not read, in the order they were asked for.
    """

    folder: Path
    use: str
    say: Callable[[str], None]
    reuse: bool = True
    reused: list[str] = field(default_factory=list)
    _taken: set[Path] = field(default_factory=set)

    def take(self, source: Source, files: Files, inputs: Sequence[Mapping[str, Any]]) -> Staged:
        """Give the staged rows of a source: those that are kept, else read from its files.

        Parameters
        ----------
        source
            One of a registered loader, or of :mod:`tosg_graph.sources.own`: the code of others is
            not in the key.
        files
            Its files.
        inputs
            What :func:`~tosg_graph.build.manifest.inputs_of` says of the files.

        Raises
        ------
        SourceError
            If the files cannot be read, or changed while they were read.
        BuildError
            As :func:`~tosg_graph.build.staging.stage` does.
        """
        key = key_of(source, inputs, self.use)
        entry = self.folder / f"{source.name[:40]}-{key[:16]}"
        self._taken.add(entry)
        kept = _kept(entry, key) if self.reuse else None
        if kept is None:
            self.say(f"reading {source.name}")
            return self._read(source, files, inputs, entry, key)
        self.say(f"reusing {source.name}")
        self.reused.append(source.name)
        os.utime(entry / ENTRY)  # used last
        return kept

    def _read(
        self,
        source: Source,
        files: Files,
        inputs: Sequence[Mapping[str, Any]],
        entry: Path,
        key: str,
    ) -> Staged:
        """Stage beside the entry, check that the files are still the same, move."""
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(self.folder, "staging")
        fresh = Path(tempfile.mkdtemp(prefix=f".staging-{os.getpid()}-", dir=self.folder))
        try:
            staged = stage(source, source.read(files), fresh, self.use)
            if inputs_of(files) != list(inputs):
                raise SourceError(
                    f"the files of {source.name} changed while they were read; "
                    "build again when nothing writes to them"
                )
            write_json(fresh / ENTRY, _sealed(_described(staged, key)))
            commit_folder(fresh, entry)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return replace(staged, files={name: entry / p.name for name, p in staged.files.items()})

    def prune(self) -> None:
        """Remove entries that were not taken here, the longest unused first, above ``SPARE``."""
        others = [e for e in self.folder.glob("[!.]*") if e.is_dir() and e not in self._taken]
        spare = SPARE
        for entry in sorted(others, key=_last_used, reverse=True):
            spare -= sum(path.stat().st_size for path in entry.iterdir())
            if spare < 0:
                shutil.rmtree(entry, ignore_errors=True)


def key_of(source: Source, inputs: Sequence[Mapping[str, Any]], use: str) -> str:
    """Hash all that the staged rows of a source depend on.

    Parameters
    ----------
    inputs
        What :func:`~tosg_graph.build.manifest.inputs_of` says of its files.
    use
        ``academic``, ``commercial`` or ``redistribute``.
    """
    return _digest(
        {
            "source": [source.name, source.revision, asdict(source.licence)],
            "files": [[f[key] for key in ("role", "name", "layout", "sha256")] for f in inputs],
            "use": use,
            "code": code_version(),
        }
    )


@cache
def code_version() -> str:
    """Hash the code that may have a part in rows: once, since a process does not follow its files.

    That is every file of this package and of the packages that declare loaders, which share
    modules, and the names and versions of Python and of all that is installed beside them.
    """
    points = metadata.entry_points(group=GROUP)
    packages = {"tosg_graph", *(point.module.partition(".")[0] for point in points)}
    code = [
        [package, path.relative_to(root.parent).as_posix(), sha256(path)]
        for package in sorted(packages)
        for root in _roots(package)
        for path in _code_below(root)
    ]
    installed = sorted({f"{one.name} {one.version}" for one in metadata.distributions()})
    return _digest([sys.version, code, installed])


def _roots(package: str) -> list[Path]:
    """Folders of a package, or the file of a module that is no package."""
    spec = find_spec(package)
    if spec is None:
        return []
    return [Path(root) for root in spec.submodule_search_locations or [spec.origin or ""]]


def _code_below(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            yield path


def _described(staged: Staged, key: str) -> dict[str, Any]:
    return {
        "key": key,
        "rows": staged.rows,
        "dropped": staged.dropped,
        "tables": {name: sha256(path) for name, path in staged.files.items()},
    }


def _kept(entry: Path, key: str) -> Staged | None:
    """Open an entry if it is whole and of this key."""
    found = read_object(entry / ENTRY)
    said = {name: value for name, value in found.items() if name != "sha256"}
    if found != _sealed(said) or said.get("key") != key:
        return None
    files = {name: entry / f"{name}.parquet" for name in said["tables"]}
    try:
        whole = all(sha256(path) == said["tables"][name] for name, path in files.items())
    except OSError:  # a table is missing, or the disk cannot give it
        return None
    return Staged(said["rows"], said["dropped"], files) if whole else None


def _last_used(entry: Path) -> int:
    try:
        return (entry / ENTRY).stat().st_mtime_ns
    except OSError:  # what is no entry goes first
        return 0


def _sealed(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"sha256": _digest(entry)}


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
