"""The graph builds of a workspace: made, found, compared, written for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.lock import WorkspaceLock

if TYPE_CHECKING:
    from tosg_graph.build.diff import Diff
    from tosg_graph.build.kgx import KgxExport
    from tosg_graph.graph.result import ResultTable

Progress = Callable[[str], None]


class Builds:
    """The folders ``graph``, ``diffs`` and ``staged`` of a workspace.

    Parameters
    ----------
    path
        The workspace.
    lock
        Held while something is written.
    """

    def __init__(self, path: Path, lock: WorkspaceLock) -> None:
        self.path, self.lock = path, lock

    def build(
        self,
        data: Path | str | None = None,
        *,
        sources: Sequence[str] | None = None,
        files: Mapping[str, Path] | None = None,
        edges: Sequence[tuple[Path, Path]] = (),
        gmt: Sequence[Path] = (),
        sssom: Sequence[Path] = (),
        use: str = "academic",
        threads: int | None = None,
        reuse: bool = True,
        progress: Progress | None = None,
    ) -> Build:
        """Make a graph build from public files, and make it the current one.

        Parameters
        ----------
        data
            A folder; files are found in any subfolder by name or header.
        sources
            Names of the sources to take; default: every source whose files are found.
        files
            Where a file is, said outright: source name (or ``name.role``) to path.
        edges, gmt, sssom
            Files of the caller's own: tables of facts with their mappings, gene sets, identifier
            mappings; see :mod:`tosg_graph.sources.own`.
        use
            ``academic``, ``commercial`` or ``redistribute``: evidence whose licence forbids it is
            left out.
        threads
            Threads of the build; the result does not depend on it.
        reuse
            Whether a source whose rows are kept in ``staged/`` is not read again, and a build that
            is there already not made again; the result is the same.
        progress
            Called with a line of text when a step begins.
        """
        from tosg_graph.build.assemble import build_graph
        from tosg_graph.sources.own import edge_table_source, gmt_source, sssom_source
        from tosg_graph.sources.registry import find_files, select

        if data is None and not files:
            raise UsageError("nothing to build from: give a data folder (--data) or files (--file)")
        located = find_files(
            None if data is None else Path(data),
            select(sources),
            files or {},
            required=bool(sources),
        )
        located = located.joined(
            [edge_table_source(table, mapping) for table, mapping in edges]
            + [gmt_source(path) for path in gmt]
            + [sssom_source(path) for path in sssom]
        )
        with self.lock.hold("build"):
            build = build_graph(
                located,
                self.path / "graph",
                use=use,
                threads=threads,
                keep=self.path / "staged",
                reuse=reuse,
                progress=progress,
            )
            pointer = self.path / "graph" / "current"
            fresh = pointer.with_name("current.new")
            fresh.write_text(build.id + "\n", encoding="utf-8")
            fresh.replace(pointer)
        return build

    def current(self) -> str | None:
        """Id of the current build, if there is one."""
        pointer = self.path / "graph" / "current"
        return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None

    @property
    def graph(self) -> Build:
        """The current graph build.

        Raises
        ------
        UsageError
            If none has been made in this workspace.
        """
        current = self.current()
        if current is None:
            raise UsageError(
                f"the workspace {self.path} has no graph build; "
                f"make one: tosg build --data DIR -w {self.path}"
            )
        return Build.open(self.path / "graph" / current)

    @contextmanager
    def on_build(self, command: str) -> Iterator[Build]:
        """Hold the lock, and give the build that is current once it is held."""
        _ = self.graph  # where there is none, that is said before a folder is made
        with self.lock.hold(command):
            yield self.graph

    def builds(self) -> list[Build]:
        """The graph builds that the workspace keeps, the newest first."""
        from tosg_graph.build.history import builds

        return builds(self.path / "graph")

    def find_build(self, word: str) -> Build:
        """Find a build by id, by the beginning of its id, as ``current`` or ``previous``, or path.

        Raises
        ------
        UsageError
            If the word means none, or several; the candidates are named.
        """
        from tosg_graph.build.history import find_build

        return find_build(self.path / "graph", word, self.current())

    def diff(
        self,
        before: str = "previous",
        after: str = "current",
        *,
        out: Path | str | None = None,
        progress: Progress | None = None,
    ) -> Diff:
        """Compare two builds: nodes, facts and statements added, withdrawn, changed.

        Parameters
        ----------
        before, after
            The older and the newer build, as :meth:`find_build` takes them.
        out
            A folder, which must not exist yet, for a copy of the result; the workspace keeps one
            in ``diffs`` either way.
        progress
            Called with a line of text when a step begins.
        """
        from tosg_graph.build.diff import copy_diff, diff

        pair = self.find_build(before), self.find_build(after)
        with self.lock.hold("diff"):
            made = diff(*pair, self.path / "diffs", progress=progress)
        return made if out is None else copy_diff(made, Path(out))

    def write_kgx(
        self, out: Path | str, *, file_format: str = "tsv", overwrite: bool = False
    ) -> KgxExport:
        """Write the current build as KGX files; see :func:`tosg_graph.build.kgx.write_kgx`."""
        from tosg_graph.build.kgx import write_kgx

        return write_kgx(self.graph, Path(out), file_format=file_format, overwrite=overwrite)

    def evidence(self, edge_id: str) -> ResultTable:
        """The statements of the sources behind one fact, as they stand in the build."""
        from tosg_graph.graph.evidence import statements_of

        return statements_of(self.graph, edge_id)

    def rejects(
        self, *, source: str | None = None, reason: str | None = None, sample: int = 0
    ) -> ResultTable:
        """Input rows that became no fact: counted by source and reason, or so many of each."""
        from tosg_graph.build.inspect import rejects_sample, rejects_summary
        from tosg_graph.graph.result import ResultTable

        if sample:
            found = rejects_sample(self.graph, sample, source=source, reason=reason)
        else:
            found = rejects_summary(self.graph, source=source, reason=reason)
        return ResultTable(*found)
