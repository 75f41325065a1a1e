"""What is well with a graph database and what is not, one check at a time.

A check never changes anything, and a check that cannot be made says why.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tosg_graph.build.tables import Build
from tosg_graph.errors import StoreError
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.neo4j_claim import claims_on
from tosg_graph.graph.neo4j_indexes import index_faults
from tosg_graph.graph.store import Counts, GraphStore

OK, WARN, FAIL = "ok", "warn", "fail"

#: Free bytes below which a disk is pointed out, and below which work will fail.
_LITTLE, _NONE = 5 << 30, 200 << 20
#: Names that a list of wrong indexes shows.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name
        What, such as ``server version``.
    status
        ``ok``, ``warn`` (works, but) or ``fail``.
    found
        What was seen.
    advice
        What to change, or None.
    """

    name: str
    status: str
    found: str
    advice: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the same as a mapping, ready for JSON."""
        return asdict(self)


def check_disk(name: str, folder: Path) -> Check:
    """Look how much is free where a folder is, or will be made."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / (1 << 30):,.1f} GiB free at {there}"
    if free < _LITTLE:
        return Check(name, FAIL if free < _NONE else WARN, found, "free some space, or move it")
    return Check(name, OK, found)


def check_contents(
    store: GraphStore, builds: Mapping[str, Build], current: str | None, *, deep: bool
) -> Iterator[Check]:
    """Compare what a database holds with the builds of the workspace.

    Parameters
    ----------
    store
        The database.
    builds
        The builds that the workspace keeps, by id.
    current
        Id of the current one, or None.
    deep
        Whether to read everything back and compare the canonical hash.
    """
    unfinished, held = store.unfinished_update(), store.build_id()
    if unfinished is not None:
        found = f"an update from {unfinished[0]} to {unfinished[1]} was interrupted"
        yield Check("build in the database", FAIL, found, "complete it: tosg update")
        return
    if held is None:
        yield Check("build in the database", WARN, "no whole build", "load one: tosg load")
        return
    if held == current:
        yield Check("build in the database", OK, f"{held}, the current one")
    elif held in builds:
        found = f"{held}; the current build is {current}"
        yield Check("build in the database", WARN, found, "bring it up to date: tosg update")
    else:
        found = f"{held}, which this workspace does not keep"
        yield Check("build in the database", WARN, found, "load the current one: tosg load")
    if held in builds:
        yield _drift(store, builds[held], deep=deep)


def _drift(store: GraphStore, build: Build, *, deep: bool) -> Check:
    found, expected = store.counts(), Counts.of_build(build)
    if found != expected:
        differs = {
            name: (mine.get(name, 0), theirs.get(name, 0))
            for mine, theirs in ((found.nodes, expected.nodes), (found.edges, expected.edges))
            for name in sorted({*mine, *theirs})
            if mine.get(name, 0) != theirs.get(name, 0)
        }
        shown = ", ".join(f"{name} {a:,} for {b:,}" for name, (a, b) in differs.items())
        return Check("drift", FAIL, f"counts differ from the build: {shown}", _EMPTY)
    counted = f"{found.n_nodes:,} nodes and {found.n_edges:,} edges, as in the build"
    if not deep:
        return Check("drift", OK, f"{counted}; --deep compares every value")
    if store.fingerprint() != fingerprint_of_build(build):
        return Check("drift", FAIL, f"{counted}, but values differ", _EMPTY)
    return Check("drift", OK, f"{counted}; every value is the same")


_EMPTY = "somebody else wrote there: empty the database and load it again with tosg load"


# ---- a server --------------------------------------------------------------------------------


def check_server(
    store: Neo4jStore, builds: Mapping[str, Build], current: str | None, *, deep: bool
) -> Iterator[Check]:
    """Look at a Neo4j server, its settings, and what its database holds."""
    name = "server"
    try:
        version = store.connection.version.text
        yield Check(name, OK, f"Neo4j {version} {_edition(store)} at {store.address}")
        name = "database"
        yield _access(store)
        name = "settings"
        live = dict(store.connection.rows("SHOW SETTINGS YIELD name, value RETURN name, value"))
        yield from check_settings(live)
        name = "build in the database"
        yield from _filling(store)
        store.check_ours()
        yield from check_contents(store, builds, current, deep=deep)
        name = "indexes"
        yield _indexes(store)
        name = "vectors"
        yield _vectors(store)
        name = "disk of the database"
        yield _server_disk(Path(str(live["server.directories.data"])))
    except StoreError as error:
        yield Check(name, FAIL, str(error))


def _edition(store: Neo4jStore) -> str:
    rows = store.connection.rows("CALL dbms.components() YIELD edition RETURN edition")
    return next((edition for (edition,) in rows if edition), "")


def _access(store: Neo4jStore) -> Check:
    name = store.connection.rows("CALL db.info() YIELD name")[0][0]
    query = "SHOW DATABASES YIELD name, access, currentStatus"
    ((_, access, status),) = [row for row in store.connection.rows(query) if row[0] == name]
    found = f"{name}: {access}, {status}"
    if status != "online":
        return Check("database", FAIL, found, "look at the server's log (logs/debug.log)")
    note = None if access == "read-write" else "a copy for readers; load into its original"
    return Check("database", OK, found, note)


def _filling(store: Neo4jStore) -> Iterator[Check]:
    """Tell who loads or updates right now, if anybody does."""
    with store.connection.errors():
        claims = claims_on(store.connection)
    for claim in claims.values():
        found = (
            f"process {claim['pid']} on {claim['host']} ({claim['tosg']}, since {claim['since']})"
        )
        yield Check("being filled", WARN, found, "wait until it is done")


def _indexes(store: Neo4jStore) -> Check:
    if store.build_id() is None:
        return Check("indexes", OK, "none needed before a load")
    faults = index_faults(store.connection.rows)
    if not faults:
        return Check("indexes", OK, "all constraints and indexes are there and online")
    more = f" +{len(faults) - _SHOWN}" if len(faults) > _SHOWN else ""
    shown = ", ".join(f"{name}: {what}" for name, what in list(faults.items())[:_SHOWN]) + more
    if all(what.startswith("populating") for what in faults.values()):
        return Check("indexes", WARN, shown, "wait until they are online")
    return Check("indexes", FAIL, shown, "make them: tosg load")


def _vectors(store: Neo4jStore) -> Check:
    note, held = store.vectors.note(), store.build_id()
    if note is None:
        return Check("vectors", OK, "none (tosg embed makes them)")
    number = sum(store.vectors.counts().values())
    found = f"{number:,} of {note.dims} numbers, {note.encoder}"
    if note.build != held:
        found += f", of the texts of build {note.build}"
        return Check("vectors", WARN, found, "make them anew: tosg embed")
    return Check("vectors", OK, found)


def _server_disk(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("disk of the database", OK, f"{folder} is not on this machine; not looked at")
    return check_disk("disk of the database", folder)


# ---- settings --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wish:
    """A setting, whether its value will do, and what it should be."""

    setting: str
    is_well: Callable[[str], bool]
    advice: str


def _is_set(value: str) -> bool:
    return value not in ("", "None")


def _is_some(value: str) -> bool:
    return not value.startswith("0")


_WISHES: Sequence[_Wish] = (
    _Wish(
        "dbms.security.allow_csv_import_from_file_urls",
        lambda value: value == "false",
        "false: else any reader's LOAD CSV reads files of the server",
    ),
    _Wish(
        "dbms.security.procedures.allowlist",
        lambda value: "*" not in value.split(","),
        "db.*,dbms.*,tx.*: else whatever plug-in is installed can be called",
    ),
    _Wish(
        "dbms.security.procedures.unrestricted",
        lambda value: not _is_set(value),
        "nothing: such procedures reach beyond the database",
    ),
    _Wish(
        "db.transaction.timeout",
        _is_some,
        "120s: else a query that names no timeout runs for ever; loading sets its own",
    ),
    _Wish(
        "db.memory.transaction.max",
        _is_some,
        "512M: else one query may take all the memory of the server",
    ),
    _Wish(
        "server.memory.heap.max_size", _is_set, "1G or more: else it follows the machine's memory"
    ),
    _Wish(
        "server.memory.pagecache.size",
        _is_set,
        "about the size of the store: else half of what is left of the machine's memory",
    ),
)


def check_settings(live: Mapping[str, Any]) -> Iterator[Check]:
    """Compare the settings that a server runs with to those of ``docker-compose.yml``.

    Parameters
    ----------
    live
        Values by name, as ``SHOW SETTINGS`` gives them. What the version has not is passed over.
    """
    read_only = [live.get(f"server.databases.{n}") for n in ("default_to_read_only", "read_only")]
    found = f"default_to_read_only={read_only[0]}, read_only={read_only[1] or 'none'}"
    yield Check("server.databases", OK, found)
    for wish in _WISHES:
        if wish.setting not in live:
            continue
        value = str(live[wish.setting])
        well = wish.is_well(value)
        shown = value if _is_set(value) else "not set"
        advice = None if well else f"set it to {wish.advice}"
        yield Check(wish.setting, OK if well else WARN, shown, advice)
