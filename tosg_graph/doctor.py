"""Whether everything is here that the work needs, and well: what ``tosg doctor`` prints.

It works before there is anything, without a server and without a build, and changes nothing.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError, StoreError, TosgError
from tosg_graph.filing import sha256
from tosg_graph.graph.checkup import (
    FAIL,
    OK,
    WARN,
    Check,
    check_contents,
    check_disk,
    check_server,
)

if TYPE_CHECKING:
    from tosg_graph.workspace import Workspace

_PACKAGE, _ALL = "tosg-graph", "all"
_EXTRA = re.compile(r"""^(?P<name>[\w.-]+).*;.*\bextra\s*==\s*["'](?P<extra>[\w-]+)["']""")


def examine(workspace: Workspace, *, deep: bool = False) -> list[Check]:
    """Look at the installation, the workspace, its builds and its database.

    Parameters
    ----------
    workspace
        The workspace; it need not exist.
    deep
        Whether to read the whole database back, and hash every file of the current build.

    Returns
    -------
    list of Check
        In a fixed order; none is left out because another failed, unless it depends on it.
    """
    return [
        _version(),
        *_extras(),
        _folder(workspace),
        check_disk("disk of the workspace", workspace.path),
        *_graph(workspace, deep=deep),
        *_cells(workspace),
    ]


# ---- the installation ------------------------------------------------------------------------


def _version() -> Check:
    from tosg_graph import __version__

    return Check("tosg-graph", OK, __version__)


def _extras() -> Iterator[Check]:
    """Say of each extra whether the packages that it asks for are installed."""
    asked: dict[str, list[str]] = {}
    for line in importlib.metadata.requires(_PACKAGE) or ():
        match = _EXTRA.match(line)
        if match and match["extra"] != _ALL:
            asked.setdefault(match["extra"], []).append(match["name"])
    for extra, packages in sorted(asked.items()):
        missing = [name for name in packages if not _installed(name)]
        if missing:
            advice = f"where it is wanted: pip install '{_PACKAGE}[{extra}]'"
            yield Check(f"extra {extra}", OK, f"without {', '.join(missing)}", advice)
        else:
            yield Check(f"extra {extra}", OK, "installed")


def _installed(package: str) -> bool:
    try:
        importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


# ---- the workspace ---------------------------------------------------------------------------


def _folder(workspace: Workspace) -> Check:
    if not workspace.path.is_dir():
        advice = f"make one: tosg build --data DIR -w {workspace.path}"
        return Check("workspace", WARN, f"{workspace.path} does not exist yet", advice)
    holder = workspace.lock.holder()
    if holder is not None:
        return Check("workspace", WARN, f"{holder} writes to {workspace.path}", "wait for it")
    return Check("workspace", OK, str(workspace.path))


def _graph(workspace: Workspace, *, deep: bool) -> Iterator[Check]:
    builds = {build.id: build for build in workspace.builds()}
    check, current = _current(workspace, deep=deep)
    yield check
    if workspace.settings.neo4j is not None:
        yield from _server(workspace, builds, current, deep=deep)
    yield from _embedded(workspace, builds, current, deep=deep)


def _current(workspace: Workspace, *, deep: bool) -> tuple[Check, str | None]:
    try:
        build = workspace.graph
        broken = _damage(build, deep=deep)
    except TosgError as error:
        status = FAIL if isinstance(error, BuildError) else WARN
        return Check("current build", status, str(error)), None
    if broken:
        advice = "build again: tosg build"
        return Check("current build", FAIL, f"{build.id}: {broken}", advice), build.id
    nodes = sum(build.rows(f"nodes/{label}") for label in build.labels)
    facts = sum(build.rows(f"edges/{kind}") for kind in build.edge_types)
    return Check("current build", OK, f"{build.id}: {nodes:,} nodes, {facts:,} facts"), build.id


def _damage(build: Build, *, deep: bool) -> str | None:
    """Name the first file of a build that is missing or, looked at deeply, not what it was."""
    for name, table in build.manifest["tables"].items():
        path = build.file(name)
        if not path.is_file():
            return f"{path} is missing"
        if deep and sha256(path) != table["sha256"]:
            return f"{path} is not what was built"
    return None


# ---- the databases ---------------------------------------------------------------------------


def _server(
    workspace: Workspace, builds: dict[str, Build], current: str | None, *, deep: bool
) -> Iterator[Check]:
    from tosg_graph.graph.neo4j import Neo4jStore

    assert workspace.settings.neo4j is not None
    try:
        store = Neo4jStore(workspace.settings.neo4j)
    except TosgError as error:
        yield Check("server", FAIL, str(error))
        return
    with store:
        yield from check_server(store, builds, current, deep=deep)


def _embedded(
    workspace: Workspace, builds: dict[str, Build], current: str | None, *, deep: bool
) -> Iterator[Check]:
    from tosg_graph.graph.embedded import EmbeddedStore

    path = workspace.embedded_file
    if not path.exists():
        if workspace.settings.neo4j is None:
            found = "none yet, and no server is named"
            yield Check("embedded graph", WARN, found, f"make it: tosg load -w {workspace.path}")
        return
    try:
        with EmbeddedStore(path, read_only=True) as store:
            store.counts()
            yield Check("embedded graph", OK, f"{path} can be read")
            yield from check_contents(store, builds, current, deep=deep)
    except StoreError as error:
        advice = f"move the file away and make it anew: tosg load -w {workspace.path}"
        yield Check("embedded graph", FAIL, str(error), advice)


# ---- the cells -------------------------------------------------------------------------------


def _cells(workspace: Workspace) -> Iterator[Check]:
    """Say of each cell store whether it can be opened, and is joined to the current build."""
    current = workspace.current_build
    for name in workspace.cell_names():
        what = f"cells {name}"
        try:
            store = workspace.cells(name)
        except TosgError as error:
            yield Check(what, FAIL, str(error))
            continue
        found = f"{store.n_cells:,} cells, joined to build {store.build_id}"
        if store.build_id == current:
            yield Check(what, OK, found)
        else:
            advice = f"join it to the current one: tosg cells rejoin {name} -w {workspace.path}"
            yield Check(what, WARN, f"{found}, which is not the current one", advice)
