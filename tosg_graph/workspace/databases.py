"""The database of a workspace: a server, else the embedded file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tosg_graph.config import Settings
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from tosg_graph.build.diff import Diff
    from tosg_graph.graph.neo4j import Neo4jStore
    from tosg_graph.graph.neo4j_vectors import EmbedReport
    from tosg_graph.graph.store import GraphStore, LoadReport, UpdateReport
    from tosg_graph.tensors.text import Embedder
    from tosg_graph.workspace.builds import Builds

Progress = Callable[[str], None]


class Databases:
    """The folder ``embedded`` of a workspace, and the server in its place.

    Parameters
    ----------
    settings
        Which server, if any.
    builds
        What is loaded.
    """

    def __init__(self, settings: Settings, builds: Builds) -> None:
        self.settings, self._builds = settings, builds
        self._store: GraphStore | None = None

    @property
    def embedded_file(self) -> Path:
        """The file of the embedded graph, whether or not it exists."""
        return self._builds.path / "embedded" / "graph.lbug"

    def _open_store(self, *, read_only: bool) -> GraphStore:
        if self.settings.neo4j is not None:
            from tosg_graph.graph.neo4j import Neo4jStore

            return Neo4jStore(self.settings.neo4j)
        from tosg_graph.graph.embedded import EmbeddedStore

        if read_only and not self.embedded_file.exists():
            raise UsageError(
                f"the workspace {self._builds.path} has no embedded graph yet; "
                f"make it: tosg load -w {self._builds.path}"
            )
        return EmbeddedStore(self.embedded_file, read_only=read_only)

    @property
    def store(self) -> GraphStore:
        """The graph database: the server that the settings name, else the embedded one."""
        if self._store is None:
            self._store = self._open_store(read_only=True)
        return self._store

    def close(self) -> None:
        """Close the database, if one is open."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def load(self, *, progress: Progress | None = None) -> LoadReport:
        """Load the current build into the database; a second time changes nothing."""
        self.close()
        with self._builds.on_build("load") as build, self._open_store(read_only=False) as store:
            return store.load(build, progress=progress)

    def update(self, *, progress: Progress | None = None) -> UpdateReport:
        """Bring the database from the build that it holds to the current one.

        A server gets the changes only and is read all the while; an interrupted update is
        completed. Afterwards the database holds what :meth:`load` would give.

        Raises
        ------
        StoreError
            If the database holds no build, or one that the workspace does not keep.
        """
        from tosg_graph.graph.update import update

        self.close()
        with self._builds.on_build("update") as build, self._open_store(read_only=False) as store:
            return update(
                store, build, self._builds.builds(), self._builds.path / "diffs", progress=progress
            )

    def planned_update(self, *, progress: Progress | None = None) -> Diff | None:
        """What :meth:`update` would change; None where the database holds the current build."""
        from tosg_graph.graph.update import plan

        with self._builds.on_build("update --dry-run") as build:
            return plan(
                self.store,
                build,
                self._builds.builds(),
                self._builds.path / "diffs",
                progress=progress,
            )

    def bulk_load(self, *, progress: Progress | None = None) -> LoadReport:
        """Import the current build into a stopped, empty Neo4j with ``neo4j-admin``."""
        from tosg_graph.graph.bulk_import import bulk_import

        server = self.settings.neo4j
        with self._builds.on_build("load --bulk") as build:
            return bulk_import(
                build,
                neo4j_admin=self.settings.neo4j_admin,
                database=(server.database if server else None) or "neo4j",
                progress=progress,
            )

    @property
    def server(self) -> Neo4jStore:
        """The server that the settings name.

        Raises
        ------
        UsageError
            If they name none.
        """
        if self.settings.neo4j is None:
            raise UsageError(
                "vectors of texts are kept and searched on a Neo4j server, and the embedded graph "
                "has none: name a server in TOSG_NEO4J_URI and load it (tosg load), or take the "
                "vectors of an export (tosg export --text-dims 64)"
            )
        from tosg_graph.graph.neo4j import Neo4jStore

        store = self.store
        assert isinstance(store, Neo4jStore)  # a server is named
        return store

    def embed(
        self,
        *,
        dims: int = 64,
        seed: int = 0,
        embedder: Embedder | None = None,
        encoder: str | None = None,
        progress: Progress | None = None,
    ) -> EmbedReport:
        """Give the nodes on the server vectors of their texts, and index them.

        Vectors of one encoder, build and length that are there already are left as they are.

        Parameters
        ----------
        dims, seed
            Of the encoder that needs no model: :class:`TfidfSvd`. It is fitted to the texts of the
            build, so that vectors of two builds cannot be compared: all are made anew.
        embedder, encoder
            In its place, any callable from texts to an array [n, d], and its name.
        progress
            Called with a line of text when a step begins.

        Raises
        ------
        UsageError
            Without a server.
        StoreError
            If the server does not hold the current build.
        """
        from tosg_graph.tensors.text import TfidfSvd, vectors_of_texts

        if (embedder is None) != (encoder is None):
            raise UsageError("an embedder of your own needs a name, and a name an embedder")
        chosen = TfidfSvd(dims, seed) if embedder is None else embedder
        name = encoder or f"tfidf-svd:dims={dims},seed={seed}"
        server = self.server
        with self._builds.on_build("embed") as build:
            return server.embed(
                build, name, lambda: vectors_of_texts(build, embedder=chosen), progress=progress
            )
