"""Every name of every node, sorted by its compared form: looked up by binary search."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.ask.normalise import fold, key, words
from tosg_graph.build.tables import Build
from tosg_graph.schema import LABELS

#: Raised when the same aliases would be sorted or folded in another way.
_REVISION = 1

#: An identifier with one of these prefixes is known without its prefix too (``P00533``).
_BARE = frozenset(prefix for label in LABELS for prefix in label.prefixes)

#: Kinds of aliases that are names, among which a misspelt one is looked for.
_NAMES = ("symbol", "name", "previous", "synonym")


@dataclass(frozen=True, slots=True)
class Alias:
    """One name of one node, as the build has it."""

    alias: str
    namespace: str | None
    kind: str
    label: str
    id: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A name that is written much like a given one, with a similarity between 0 and 100."""

    alias: str
    label: str
    id: str
    score: float


class AliasIndex:
    """The aliases of a build by their compared form.

    Parameters
    ----------
    table
        Columns of the aliases table and ``key``, sorted by ``key``.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._keys = _SortedStrings(table["key"])

    @classmethod
    def of(cls, build: Build, *, cache: bool = True) -> Self:
        """Read the aliases of a build and sort them.

        Parameters
        ----------
        cache
            Whether the sorted names are kept beside the build, and read from there when they are.
        """
        path = build.path.parent / ".names" / f"{build.id}-{_REVISION}.arrow"
        source = str(build.manifest["tables"].get("aliases", {}).get("sha256", ""))
        table = _read(path, source) if cache else None
        if table is None:
            table = _sorted(build)
            if cache:
                _keep(table, path, source)
        return cls(table)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def find(self, wanted: str) -> tuple[Alias, ...]:
        """Give the names whose compared form is the given one."""
        first = self._keys.first(wanted)
        last = first
        while last < len(self._keys) and self._keys[last] == wanted:
            last += 1
        rows = self._table.slice(first, last - first).drop_columns(["key"]).to_pylist()
        return tuple(Alias(**row) for row in rows)

    def near(self, text: str, labels: Collection[str], *, limit: int = 5) -> list[NearMiss]:
        """Names of nodes of some labels that are written much like the text, the nearest first."""
        from rapidfuzz import fuzz, process

        names, rows = self._searchable(frozenset(labels))
        wanted = fold(text)
        found = process.extract(wanted, names, scorer=fuzz.ratio, limit=4 * limit, score_cutoff=65)
        misses: dict[str, NearMiss] = {}
        for _, score, position in found:
            row = rows.slice(position, 1).to_pylist()[0]
            misses.setdefault(
                row["id"], NearMiss(row["alias"], row["label"], row["id"], float(score))
            )
        return sorted(misses.values(), key=lambda m: (-m.score, m.alias, m.id))[:limit]

    def holding(self, text: str, labels: Collection[str], *, limit: int = 5) -> list[NearMiss]:
        """Names of nodes of some labels that hold the text as whole words, the shortest first."""
        table = self._table
        held = pc.and_(
            pc.match_substring(table["key"], key(text)),
            pc.and_(_among(table["kind"], _NAMES), _among(table["label"], labels)),
        )
        wanted, found = f" {' '.join(words(text))} ", []
        for row in table.filter(held).to_pylist():
            if wanted in f" {' '.join(words(row['alias']))} ":
                score = 100 * len(key(text)) / len(row["key"])
                found.append(NearMiss(row["alias"], row["label"], row["id"], score))
        first: dict[str, NearMiss] = {}
        for miss in sorted(found, key=lambda m: (-m.score, m.alias, m.id)):
            first.setdefault(miss.id, miss)
        return list(first.values())[:limit]

    def _searchable(self, labels: frozenset[str]) -> tuple[Sequence[str], pa.Table]:
        if labels not in self._searched:
            table = self._table
            chosen = pc.and_(
                _among(table["kind"], _NAMES),
                _among(table["label"], labels),
            )
            rows = table.filter(chosen).combine_chunks()
            names = [fold(alias) for alias in rows["alias"].to_pylist()]
            self._searched[labels] = (names, rows)
        return self._searched[labels]

    @cached_property
    def _searched(self) -> dict[frozenset[str], tuple[Sequence[str], pa.Table]]:
        return {}


class _SortedStrings:
    """A sorted Arrow column as a sequence for :mod:`bisect`."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._array = column.combine_chunks()
        if isinstance(self._array, pa.ChunkedArray):
            self._array = (
                self._array.chunk(0) if self._array.num_chunks else pa.array([], pa.string())
            )

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, position: int) -> str:
        return str(self._array[position].as_py())

    def first(self, value: str) -> int:
        """Position of the first string that is not smaller."""
        return bisect_left(self, value)


def _sorted(build: Build) -> pa.Table:
    aliases = build.table("aliases", ["alias", "namespace", "kind", "label", "id"])
    for name in ("namespace", "kind", "label"):
        place = aliases.column_names.index(name)
        aliases = aliases.set_column(place, name, pc.dictionary_encode(aliases[name]))
    table = pa.concat_tables([_keyed(aliases), _with_prefix(aliases)])
    order = [(name, "ascending") for name in ("key", "label", "id")]
    plain = table.select(["key", "id"]).append_column("label", table["label"].cast(pa.string()))
    return table.take(pc.sort_indices(plain, sort_keys=order)).combine_chunks()


def _read(path: Path, source: str) -> pa.Table | None:
    """Read the kept table from its mapped file; None if there is none of this build."""
    try:
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowInvalid):
        return None
    metadata = table.schema.metadata or {}
    return table if metadata.get(b"aliases") == source.encode() else None


def _keep(table: pa.Table, path: Path, source: str) -> None:
    """Keep the table for the next time; a folder that cannot be written is no reason to fail."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    marked = table.replace_schema_metadata({"aliases": source})
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        with pa.OSFile(str(fresh), "wb") as file, pa.ipc.new_file(file, marked.schema) as writer:
            writer.write_table(marked)
        fresh.replace(path)


def _keys(strings: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give the compared form of each string: Arrow for ASCII, Python for the few others."""
    folded = pc.replace_substring_regex(pc.utf8_lower(strings), r"[^a-z0-9]+", "")
    plain = pc.string_is_ascii(strings)
    if pc.all(plain).as_py() in (True, None):
        return folded
    other = pa.array([key(s) for s in strings.filter(pc.invert(plain)).to_pylist()], pa.string())
    combined = pc.replace_with_mask(
        folded.combine_chunks(), pc.invert(plain).combine_chunks(), other
    )
    return pa.chunked_array([combined])


def _keyed(aliases: pa.Table) -> pa.Table:
    """Names, and the identifiers that are known without their prefix; bare numbers name nothing."""
    bare = pc.and_(
        _among(aliases["namespace"], _BARE),
        pc.match_substring_regex(aliases["alias"], "[A-Za-z]"),
    )
    kept = aliases.filter(pc.or_(pc.is_null(aliases["namespace"]), bare))
    return _nonempty(kept.append_column("key", _keys(kept["alias"])))


def _with_prefix(aliases: pa.Table) -> pa.Table:
    """Give identifiers by prefix and number together, as in ``DOID:1324``."""
    kept = aliases.filter(pc.is_valid(aliases["namespace"]))
    prefixes = kept["namespace"].cast(pa.string())
    curies = pc.binary_join_element_wise(prefixes, kept["alias"], ":")
    return _nonempty(kept.append_column("key", _keys(curies)))


def _nonempty(table: pa.Table) -> pa.Table:
    return table.filter(pc.not_equal(table["key"], ""))


def _among(column: pa.ChunkedArray, values: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(column.cast(pa.string()), pa.array(sorted(values), pa.string()))
