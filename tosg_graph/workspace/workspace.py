"""The one object that users call; each of its parts owns a folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from tosg_graph.build.tables import Build
from tosg_graph.config import Settings
from tosg_graph.lock import WorkspaceLock
from tosg_graph.workspace.builds import Builds
from tosg_graph.workspace.cell_stores import CellStores
from tosg_graph.workspace.databases import Databases
from tosg_graph.workspace.exports import Exports
from tosg_graph.workspace.questions import Questions

if TYPE_CHECKING:
    from tosg_graph.ask.link import Linker
    from tosg_graph.graph.checkup import Check
    from tosg_graph.graph.store import GraphStore

Part = TypeVar("Part")
Given = ParamSpec("Given")
Result = TypeVar("Result")


def _by(
    part: str, method: Callable[Concatenate[Part, Given], Result]
) -> Callable[Concatenate[Workspace, Given], Result]:
    """Make a method of the workspace of one of its parts, with its signature and docstring."""

    @wraps(method)
    def call(workspace: Workspace, /, *args: Given.args, **named: Given.kwargs) -> Result:
        return method(getattr(workspace, part), *args, **named)

    return call


class Workspace:
    """One folder, three doors: query, ask, export.

    Parameters
    ----------
    path
        The folder. Nothing is written until something is put in it.
    settings
        In place of what the environment says.
    """

    def __init__(self, path: Path | str | None = None, *, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.path = Path(path) if path is not None else self.settings.workspace
        self.lock = WorkspaceLock(self.path, wait=self.settings.lock_wait)
        self._builds = Builds(self.path, self.lock)
        self._databases = Databases(self.settings, self._builds)
        self._cells = CellStores(self._builds)
        self._questions = Questions(self.settings, self._builds, self._databases, self._cells)
        self._exports = Exports(self._builds, self._cells, self._questions)

    def __repr__(self) -> str:
        build = self._builds.current()
        return f"Workspace({str(self.path)!r}, build={build!r}, cells={self.cell_names()})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, if one is open."""
        self._databases.close()

    @property
    def graph(self) -> Build:
        """The current graph build.

        Raises
        ------
        UsageError
            If none has been made in this workspace.
        """
        return self._builds.graph

    @property
    def current_build(self) -> str | None:
        """Id of the current build, or None where none has been made."""
        return self._builds.current()

    @property
    def embedded_file(self) -> Path:
        """The file of the embedded graph, whether or not it exists."""
        return self._databases.embedded_file

    @property
    def store(self) -> GraphStore:
        """The graph database: the server that the settings name, else the embedded one."""
        return self._databases.store

    @property
    def linker(self) -> Linker:
        """Finds the nodes that a text names."""
        return self._questions.linker

    def doctor(self, *, deep: bool = False) -> list[Check]:
        """Look whether everything is here that the work needs, and well; nothing is changed.

        Parameters
        ----------
        deep
            Whether to read the whole database back and compare it with its build, value by value,
            and to hash the files of the current build.
        """
        from tosg_graph.doctor import examine

        return examine(self, deep=deep)

    build = _by("_builds", Builds.build)
    builds = _by("_builds", Builds.builds)
    find_build = _by("_builds", Builds.find_build)
    diff = _by("_builds", Builds.diff)
    write_kgx = _by("_builds", Builds.write_kgx)
    evidence = _by("_builds", Builds.evidence)
    rejects = _by("_builds", Builds.rejects)

    load = _by("_databases", Databases.load)
    update = _by("_databases", Databases.update)
    planned_update = _by("_databases", Databases.planned_update)
    bulk_load = _by("_databases", Databases.bulk_load)
    embed = _by("_databases", Databases.embed)

    queries = _by("_questions", Questions.queries)
    query = _by("_questions", Questions.query)
    query_notes = _by("_questions", Questions.query_notes)
    cypher = _by("_questions", Questions.cypher)
    cypher_notes = _by("_questions", Questions.cypher_notes)
    resolve = _by("_questions", Questions.resolve)
    similar = _by("_questions", Questions.similar)
    ask = _by("_questions", Questions.ask)

    add_cells = _by("_cells", CellStores.add_cells)
    pack_cells = _by("_cells", CellStores.pack_cells)
    unpack_cells = _by("_cells", CellStores.unpack_cells)
    remove_cells = _by("_cells", CellStores.remove_cells)
    rejoin_cells = _by("_cells", CellStores.rejoin_cells)
    prune_cells = _by("_cells", CellStores.prune_cells)
    cell_names = _by("_cells", CellStores.cell_names)
    cells = _by("_cells", CellStores.cells)
    vocabulary = _by("_cells", CellStores.vocabulary)
    cohort = _by("_cells", CellStores.cohort)
    split = _by("_cells", CellStores.split)
    match = _by("_cells", CellStores.match)
    diagnose = _by("_cells", CellStores.diagnose)
    pseudobulk = _by("_cells", CellStores.pseudobulk)
    compare = _by("_cells", CellStores.compare)
    metacells = _by("_cells", CellStores.metacells)
    load_cohort = _by("_cells", CellStores.load_cohort)
    profile = _by("_cells", CellStores.profile)

    subgraph = _by("_exports", Exports.subgraph)
    write_graphml = _by("_exports", Exports.write_graphml)
    cell_loader = _by("_exports", Exports.cell_loader)
    export = _by("_exports", Exports.export)
