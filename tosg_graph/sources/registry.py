"""Which sources there are, and which files of a data folder belong to them.

Loaders are found through the entry-point group ``tosg_graph.loaders``; a package that declares one
adds a source. Files are found by name pattern, else by their first lines, in any subfolder.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from tosg_graph.errors import SourceError, UsageError
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.matching import Found, Slot, data_files, fits, match
from tosg_graph.sources.source import Files, Source
from tosg_graph.sources.spec import FileSpec

GROUP = "tosg_graph.loaders"
_BROKEN = (ImportError, AttributeError, SyntaxError, NameError, TypeError, ValueError)


_FEW = 5  # sources: for so few it is said what the files of each look like


@dataclass(frozen=True, slots=True)
class Located:
    """What was found for the sources.

    Parameters
    ----------
    sources
        Those whose required files are all there, sorted by name: the ones to read.
    files
        Their files: source name → role → file.
    found
        The same, with how each file was told.
    left_out
        Sources that were not asked for by name and lack a file, with the reason.
    unused
        Files of the data folder that belong to no source.
    looks_like
        Those of the unused whose first lines fit files of sources, with what they could be.
    also_useful
        Files that the sources do without, as ``source.role``, with what they would add.
    """

    sources: tuple[Source, ...]
    files: Mapping[str, Files]
    found: tuple[Found, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[Path, ...] = ()
    looks_like: Mapping[Path, tuple[Slot, ...]] = field(default_factory=dict)
    also_useful: Mapping[str, str] = field(default_factory=dict)

    def joined(self, own: Iterable[tuple[Source, Files]]) -> Located:
        """Add sources of the caller's own, each with its files.

        Raises
        ------
        UsageError
            If two of them, or one of them and a source, have one name.
        """
        sources, files = {source.name: source for source in self.sources}, dict(self.files)
        found = list(self.found)
        for source, its in own:
            if source.name in sources:
                raise UsageError(f"two files would be the source {source.name!r}; rename one")
            sources[source.name], files[source.name] = source, its
            found += [Found(source.name, role, file.path, "option") for role, file in its.items()]
        ordered = tuple(sources[name] for name in sorted(sources))
        return replace(self, sources=ordered, files=files, found=tuple(found))

    def report(self) -> dict[str, Any]:
        """Give the same as plain values, for JSON; files by their name."""
        return {
            "files": [
                {
                    "source": f.source,
                    "role": f.role,
                    "file": f.path.name,
                    "found_by": f.by,
                    "layout": self.files[f.source][f.role].layout_name,
                }
                for f in self.found
            ],
            "left_out": dict(self.left_out),
            "also_useful": dict(self.also_useful),
            "unused": sorted(path.name for path in self.unused),
            "looks_like": {
                path.name: [f"{source}.{role}" for source, role in like]
                for path, like in sorted(self.looks_like.items())
            },
        }


def discover() -> dict[str, Source]:
    """Every source that an installed package declares, sorted by name.

    Raises
    ------
    SourceError
        If a loader cannot be imported, is no :class:`Source`, or goes by two names.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    sources: dict[str, Source] = {}
    for point in points:
        if point.name in sources and sources[point.name] is not _load(point):
            raise SourceError(
                f"two packages declare a loader {point.name!r}, one of them {point.value}; "
                "uninstall one of them"
            )
        sources[point.name] = _load(point)
    if not sources:
        raise SourceError(
            f"no loaders are installed (entry-point group {GROUP}); install the package again"
        )
    return sources


def _load(point: EntryPoint) -> Source:
    where = f"the loader {point.name!r} ({point.value})"
    try:
        source = point.load()
    except _BROKEN as error:
        raise SourceError(
            f"{where} cannot be imported: {type(error).__name__}: {error}; "
            "mend or uninstall the package that declares it"
        ) from error
    if not isinstance(source, Source):
        raise SourceError(f"{where} is {type(source).__name__}; expected a tosg_graph Source")
    if source.name != point.name:
        raise SourceError(f"{where} calls its source {source.name!r}; both names must be the same")
    return source


def select(names: Sequence[str] | None) -> list[Source]:
    """Pick sources by name; None picks all. The order is that of the names in the alphabet.

    Raises
    ------
    UsageError
        If a name is unknown; the message lists the known ones.
    """
    known = discover()
    if names is None:
        return list(known.values())
    for name in names:
        if name not in known:
            raise UsageError(_unknown("source", name, known))
    return [known[name] for name in sorted(set(names))]


def find_files(
    data: Path | None,
    sources: Sequence[Source],
    overrides: Mapping[str, Path],
    *,
    required: bool = False,
) -> Located:
    """Find the files of the sources.

    Parameters
    ----------
    data
        Folder to look in, with its subfolders; None: only the overrides count.
    sources
        The sources to look for.
    overrides
        Files named outright, by ``source`` (when it has one required file) or ``source.role``.
    required
        Whether a source that lacks a file is an error, because it was asked for by name. When not,
        it is left out and the result says why; a source with an override is always required.

    Raises
    ------
    UsageError
        If the folder does not exist or an override names no file of the sources.
    SourceError
        If a required file is missing, two files could be the same one, a file goes by the right
        name and has the wrong layout, or nothing was found at all.
    """
    named = _named_outright(overrides, sources)
    outright = {path.resolve() for path in named.values()}
    paths = [] if data is None else data_files(data, outright)
    settled = {slot: Found(*slot, path, "--file") for slot, path in named.items()}
    matches = match(paths, sources, settled)
    for slot, rivals in matches.rivals.items():
        raise _two(sources, slot, *rivals[:2])
    chosen = matches.found
    wanted = {source.name for source in sources if required} | {source for source, _ in named}
    files: dict[str, Files] = {}
    left_out: dict[str, str] = {}
    for source in sorted(sources, key=lambda source: source.name):
        found = _checked(source, chosen)
        missing = [s for s in source.files if not s.optional and s.role not in found]
        if not found:  # of a source that can do without any one of its files
            missing = missing or list(source.files)
        if not missing:
            files[source.name] = found
        elif source.name in wanted:
            raise _required(source, missing, data)
        else:
            left_out[source.name] = _missing(missing, data)
    if not files:
        raise _none_found(data, paths, left_out)
    read = tuple(f for slot, f in sorted(chosen.items()) if f.source in files)
    used = {f.path for f in read}
    unused = tuple(path for path in paths if path not in used)
    return Located(
        sources=tuple(s for s in sorted(sources, key=lambda s: s.name) if s.name in files),
        files=files,
        found=read,
        left_out=left_out,
        unused=unused,
        looks_like={path: like for path in unused if (like := fits(path, sources))},
        also_useful={
            f"{source.name}.{spec.role}": spec.adds
            for source in sorted(sources, key=lambda source: source.name)
            for spec in source.files
            if spec.adds and source.name in files and spec.role not in files[source.name]
        },
    )


def _none_found(
    data: Path | None, paths: Sequence[Path], left_out: Mapping[str, str]
) -> SourceError:
    if data is None:
        return SourceError(f"no source was found:\n{_listed(left_out)}")
    said = f"no source was found in {data}, which holds {len(paths):,} files"
    if len(left_out) < _FEW:
        return SourceError(f"{said}:\n{_listed(left_out)}")
    return SourceError(
        f"{said}. Looked for {', '.join(left_out)}. "
        f"Fetch them: tosg fetch --data {data}; or see how each is got: tosg sources --data {data}"
    )


def _named_outright(overrides: Mapping[str, Path], sources: Sequence[Source]) -> dict[Slot, Path]:
    by_name = {source.name: source for source in sources}
    named: dict[Slot, Path] = {}
    for key, path in overrides.items():
        name, _, role = key.partition(".")
        if name not in by_name:
            raise UsageError(_unknown("source", name, by_name))
        if not path.is_file():
            raise UsageError(f"--file {key}={path}: there is no such file")
        named[name, _role(by_name[name], role)] = path
    return named


def _role(source: Source, role: str) -> str:
    roles = [spec.role for spec in source.files]
    if not role:
        needed = [spec.role for spec in source.files if not spec.optional]
        if len(needed) == 1:
            return needed[0]
        raise UsageError(
            f"{source.name} is read from several files; say which one: "
            + ", ".join(f"--file {source.name}.{name}=PATH" for name in roles)
        )
    if role not in roles:
        raise UsageError(_unknown(f"file of {source.name}", role, roles))
    return role


def _checked(source: Source, chosen: Mapping[Slot, Found]) -> Files:
    files = {}
    specs = {spec.role: spec for spec in source.files}
    for (name, role), found in chosen.items():
        if name == source.name:
            files[role] = SourceFile(found.path, specs[role.partition("/")[0]])
            files[role].layout  # noqa: B018 - raises where the layout is wrong
    return files


def _missing(specs: Sequence[FileSpec], data: Path | None) -> str:
    where = "no data folder was given" if data is None else f"not found in {data}"
    wanted = ", ".join(
        f"{spec.role} (named like {' or '.join(spec.patterns)}, or with {_marks(spec)})"
        for spec in specs
    )
    return f"{where}: {wanted}"


def _required(source: Source, specs: Sequence[FileSpec], data: Path | None) -> SourceError:
    say = ", ".join(f"--file {_key(source, spec.role)}=PATH" for spec in specs)
    return SourceError(
        f"{source.name}: {_missing(specs, data)}. "
        f"Put the file in the data folder, or name it: {say}"
    )


def _marks(spec: FileSpec) -> str:
    if spec.columns:
        return f"the columns {', '.join(spec.columns)}"
    return spec.expects or f"{len(spec.names)} columns"


def _two(sources: Sequence[Source], slot: Slot, first: Path, second: Path) -> SourceError:
    name, role = slot
    source = next(source for source in sources if source.name == name)
    return SourceError(
        f"two files could be {role} of {name}: {first} and {second}; "
        f"remove one, or say which with --file {_key(source, role)}=PATH"
    )


def _key(source: Source, role: str) -> str:
    """Name a file as ``--file`` does: by the source alone where it has one required file."""
    needed = [spec.role for spec in source.files if not spec.optional]
    return source.name if needed == [role] else f"{source.name}.{role}"


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"unknown {kind} {name!r}{hint} Known: {', '.join(names)}"


def _listed(reasons: Mapping[str, str]) -> str:
    return "\n".join(f"  {name}: {reason}" for name, reason in reasons.items())
