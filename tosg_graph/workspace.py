"""A workspace: one folder with graph builds, the embedded database and cell stores.

::

    work/
      graph/<build id>/      graph builds; graph/current names the one in use
      diffs/diff-<a>-<b>/    what changed between two builds
      embedded/graph.lbug    the embedded database, made from the current build
      cells/<name>/          cell stores
      .lock                  held by whoever writes; see :mod:`tosg_graph.lock`

Every door (Python, command line) goes through :class:`Workspace`, and everything that it hands out
is keyed by the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits, Settings
from tosg_graph.errors import UsageError
from tosg_graph.lock import WorkspaceLock

if TYPE_CHECKING:
    import numpy as np

    from tosg_graph.ask.answer import Answer
    from tosg_graph.ask.link import Linker
    from tosg_graph.build.diff import Diff
    from tosg_graph.build.kgx import KgxExport
    from tosg_graph.cells.comparison import Comparison
    from tosg_graph.cells.diagnostics import Diagnostics
    from tosg_graph.cells.executors import Executor
    from tosg_graph.cells.language import Condition
    from tosg_graph.cells.matching import Matched
    from tosg_graph.cells.metacells import MetacellReport
    from tosg_graph.cells.metadata import MetadataReport
    from tosg_graph.cells.pseudobulk import Pseudobulk
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.report import CellReport
    from tosg_graph.cells.selection import Cohort
    from tosg_graph.cells.tiers import TierChange
    from tosg_graph.cells.versions import Pruned
    from tosg_graph.graph.checkup import Check
    from tosg_graph.graph.neo4j import Neo4jStore
    from tosg_graph.graph.neo4j_vectors import EmbedReport
    from tosg_graph.graph.queries import NamedQuery
    from tosg_graph.graph.store import GraphStore, LoadReport, ResultTable, UpdateReport
    from tosg_graph.tensors.batch import CellLoader
    from tosg_graph.tensors.cohort_splits import CohortSplits
    from tosg_graph.tensors.export import Export
    from tosg_graph.tensors.graphml import GraphmlFile
    from tosg_graph.tensors.subgraph import Subgraph
    from tosg_graph.tensors.text import Embedder

Progress = Callable[[str], None]


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
        self._store: GraphStore | None = None
        self.lock = WorkspaceLock(self.path, wait=self.settings.lock_wait)

    def __repr__(self) -> str:
        build = self._current()
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
        if self._store is not None:
            self._store.close()
            self._store = None

    # ---- graph builds ------------------------------------------------------------------------

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
                located, self.path / "graph", use=use, threads=threads, progress=progress
            )
            pointer = self.path / "graph" / "current"
            fresh = pointer.with_name("current.new")
            fresh.write_text(build.id + "\n", encoding="utf-8")
            fresh.replace(pointer)
        self.__dict__.pop("linker", None)
        return build

    def _current(self) -> str | None:
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
        current = self._current()
        if current is None:
            raise UsageError(
                f"the workspace {self.path} has no graph build; "
                f"make one: tosg build --data DIR -w {self.path}"
            )
        return Build.open(self.path / "graph" / current)

    @contextmanager
    def _on_build(self, command: str) -> Iterator[Build]:
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

        return find_build(self.path / "graph", word, self._current())

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

    # ---- databases ---------------------------------------------------------------------------

    @property
    def embedded_file(self) -> Path:
        """The file of the embedded graph, whether or not it exists."""
        return self.path / "embedded" / "graph.lbug"

    def _open_store(self, *, read_only: bool) -> GraphStore:
        if self.settings.neo4j is not None:
            from tosg_graph.graph.neo4j import Neo4jStore

            return Neo4jStore(self.settings.neo4j)
        from tosg_graph.graph.embedded import EmbeddedStore

        if read_only and not self.embedded_file.exists():
            raise UsageError(
                f"the workspace {self.path} has no embedded graph yet; "
                f"make it: tosg load -w {self.path}"
            )
        return EmbeddedStore(self.embedded_file, read_only=read_only)

    @property
    def store(self) -> GraphStore:
        """The graph database: the server that the settings name, else the embedded one."""
        if self._store is None:
            self._store = self._open_store(read_only=True)
        return self._store

    def load(self, *, progress: Progress | None = None) -> LoadReport:
        """Load the current build into the database; a second time changes nothing."""
        self.close()
        with self._on_build("load") as build, self._open_store(read_only=False) as store:
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
        with self._on_build("update") as build, self._open_store(read_only=False) as store:
            return update(store, build, self.builds(), self.path / "diffs", progress=progress)

    def planned_update(self, *, progress: Progress | None = None) -> Diff | None:
        """What :meth:`update` would change; None where the database holds the current build."""
        from tosg_graph.graph.update import plan

        with self._on_build("update --dry-run") as build:
            return plan(self.store, build, self.builds(), self.path / "diffs", progress=progress)

    def bulk_load(self, *, progress: Progress | None = None) -> LoadReport:
        """Import the current build into a stopped, empty Neo4j with ``neo4j-admin``."""
        from tosg_graph.graph.bulk_import import bulk_import

        server = self.settings.neo4j
        with self._on_build("load --bulk") as build:
            return bulk_import(
                build,
                neo4j_admin=self.settings.neo4j_admin,
                database=(server.database if server else None) or "neo4j",
                progress=progress,
            )

    @property
    def _server(self) -> Neo4jStore:
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
        server = self._server
        with self._on_build("embed") as build:
            return server.embed(
                build, name, lambda: vectors_of_texts(build, embedder=chosen), progress=progress
            )

    def similar(self, node: str, *, label: str | None = None, k: int = 10) -> ResultTable:
        """Nodes whose texts are most like that of a node: ``id, label, name, score``.

        Parameters
        ----------
        node
            A node by id, symbol or name.
        label
            Look among nodes of this label; default: all.
        k
            How many.
        """
        from tosg_graph.ask.link import node_parameter

        server = self._server
        return server.similar_to(node_parameter(self.linker, node, label=None), label, k)

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

    # ---- Cypher ------------------------------------------------------------------------------

    def queries(self) -> dict[str, NamedQuery]:
        """The named queries by name, sorted."""
        from tosg_graph.graph.queries import load_queries

        return load_queries()

    def query(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: ReadLimits | None = None,
        **named: Any,
    ) -> ResultTable:
        """Run a named query: ``ws.query("drug_targets", drug="imatinib")``.

        A parameter that stands for a node takes its id, its name, or any alias that is one node's.
        Where the database holds another build than the workspace, or the workspace has none, the
        names are looked up in the database itself.
        """
        from tosg_graph.ask.link import node_parameter
        from tosg_graph.graph.queries import find_query

        found = find_query(name)
        bound = found.bind({**(parameters or {}), **named})
        limits = limits or self.settings.limits
        nodes = [p for p in found.parameters if p.is_node and bound.get(p.name) is not None]
        if nodes:
            linker = self._linker_of_store(limits)
            for p in nodes:
                bound[p.name] = node_parameter(linker, str(bound[p.name]), label=p.label)
        return found.run(self.store, bound, limits=limits)

    def _linker_of_store(self, limits: ReadLimits) -> Linker:
        """Knows the names of what the database holds."""
        from tosg_graph.ask.served import ServedLinker

        current = self._current()
        if current is not None and self.store.build_id() == current:
            return self.linker
        return ServedLinker(self.store, limits)

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: ReadLimits | None = None,
    ) -> ResultTable:
        """Run a query of the caller's own, after the read gate has passed it.

        Raises
        ------
        Refused
            If it could do anything but read, or names a label or type that the graph has not.
        """
        from tosg_graph.ask.run import guarded_read

        return guarded_read(self.store, text, parameters or {}, limits or self.settings.limits)

    def cypher_notes(self, text: str) -> tuple[str, ...]:
        """What is odd about a query that the gate passes, such as a property that no node has."""
        from tosg_graph.ask.gate import check

        return tuple(check(text, engine=self.store.engine).warnings)

    def evidence(self, edge_id: str) -> ResultTable:
        """The statements of the sources behind one fact, as they stand in the build."""
        from tosg_graph.graph.evidence import statements_of

        return statements_of(self.graph, edge_id)

    def rejects(
        self, *, source: str | None = None, reason: str | None = None, sample: int = 0
    ) -> ResultTable:
        """Input rows that became no fact: counted by source and reason, or so many of each."""
        from tosg_graph.build.inspect import rejects_sample, rejects_summary
        from tosg_graph.graph.store import ResultTable

        if sample:
            found = rejects_sample(self.graph, sample, source=source, reason=reason)
        else:
            found = rejects_summary(self.graph, source=source, reason=reason)
        return ResultTable(*found)

    def resolve(self, texts: Sequence[str], *, label: str | None = None) -> ResultTable:
        """What identifiers and names would become in the current build, and why."""
        from tosg_graph.ask.resolve import COLUMNS, resolve
        from tosg_graph.graph.store import ResultTable

        return ResultTable(COLUMNS, resolve(self.graph, self.linker, texts, label=label))

    # ---- questions ---------------------------------------------------------------------------

    @cached_property
    def linker(self) -> Linker:
        """Finds the nodes that a text names."""
        from tosg_graph.ask.link import Linker

        return Linker.of(self.graph)

    def ask(
        self, question: str, *, cells: str | None = None, limits: ReadLimits | None = None
    ) -> Answer:
        """Answer a question in English from the graph and, where it asks for it, a cell store.

        Parameters
        ----------
        question
            One question.
        cells
            Name of the cell store that abundance is read from; default: those of the workspace.
        limits
            Time, rows and bytes that a read may cost.
        """
        from tosg_graph.ask.ask import ask

        names = [cells] if cells is not None else self.cell_names()
        stores = {name: self.cells(name) for name in names}
        return ask(
            question,
            build=self.graph,
            store=self.store,
            cells=stores,
            linker=self.linker,
            limits=limits or self.settings.limits,
        )

    # ---- cells -------------------------------------------------------------------------------

    def add_cells(
        self,
        source: Path | str,
        *,
        name: str,
        label: str | None = None,
        label_map: Path | None = None,
        donor: str | None = None,
        dataset: str | None = None,
        normalised: bool = False,
        matrix: str | None = None,
        antibodies: str | None = None,
        append: bool = False,
        dataset_name: str | None = None,
        replace: bool = False,
        shard_cells: int | None = None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> CellReport:
        """Convert cells into a cell store keyed to the current build.

        Parameters
        ----------
        source
            An h5ad file, a zarr folder of anndata, a 10x HDF5 file or Matrix Market folder, or a
            release of OmniCellTOSG.
        name
            Name of the store.
        label, donor, dataset
            Columns of ``obs`` with the cell's label, its donor and its data set.
        label_map
            A table (label, ontology id) beside the one that is built in.
        normalised
            Keep values that are not counts, and say so everywhere.
        matrix, antibodies
            Where the counts are; default: found and reported.
        append
            Add to the store of that name.
        dataset_name
            What the cells are called as a data set of the store; default: the source's name.
        replace
            Whether a store of that name may be replaced.
        shard_cells
            Cells of a shard.
        executor
            Who does the work; default: this process (:mod:`tosg_graph.cells.executors`).
        progress
            Called with a line of text when a step begins.
        """
        from tosg_graph.cells.convert import add_cells
        from tosg_graph.cells.manifest import SHARD_CELLS

        return add_cells(
            Path(source),
            self.path / "cells",
            name=name,
            build=self.graph,
            label=label,
            label_map=label_map,
            donor=donor,
            dataset=dataset,
            normalised=normalised,
            matrix=matrix,
            antibodies=antibodies,
            append=append,
            dataset_name=dataset_name,
            replace=replace,
            shard_cells=shard_cells or SHARD_CELLS,
            executor=executor,
            progress=progress,
        )

    def pack_cells(
        self, name: str, *, codec: str = "zstd", progress: Progress | None = None
    ) -> TierChange:
        """Make a version of a cell store in the compact tier; ``codec`` is ``zstd`` or ``lz4``."""
        from tosg_graph.cells.tiers import pack

        return pack(self.cells(name).folder, codec=codec, progress=progress)

    def unpack_cells(self, name: str, *, progress: Progress | None = None) -> TierChange:
        """Make a version of a cell store in the hot tier."""
        from tosg_graph.cells.tiers import unpack

        return unpack(self.cells(name).folder, progress=progress)

    def remove_cells(self, name: str, dataset: str) -> CellStore:
        """Make a version of a cell store without one of its data sets."""
        from tosg_graph.cells.removal import remove_dataset

        remove_dataset(self.cells(name).folder, dataset)
        return self.cells(name)

    def prune_cells(self, name: str, *, keep: int = 1) -> Pruned:
        """Remove all but the newest versions of a cell store, and the files that only they had."""
        from tosg_graph.cells.versions import prune

        return prune(self.cells(name).folder, keep=keep)

    def cell_names(self) -> list[str]:
        """Names of the cell stores in this workspace, sorted."""
        from tosg_graph.cells.manifest import store_names

        return store_names(self.path / "cells")

    def cells(self, name: str, *, version: int | None = None) -> CellStore:
        """Open a cell store by name; ``version`` is an older one, default the current."""
        from tosg_graph.cells.reader import CellStore

        if name not in self.cell_names():
            known = (
                ", ".join(self.cell_names()) or "none yet; add one: tosg cells add FILE --name NAME"
            )
            raise UsageError(f"no cell store {name!r} in {self.path}; there is: {known}")
        return CellStore.open(self.path / "cells" / name, version=version)

    def vocabulary(self, cells: str) -> MetadataReport:
        """What the fields of a store hold, what was read from it, and what did not map."""
        from tosg_graph.cells.metadata import standardise

        store = self.cells(cells)
        return standardise(store.obs, self.graph, label=store.label_column)[1]

    def cohort(self, cells: str, query: Condition | str, *, primary: bool = False) -> Cohort:
        """Choose cells of a store: ``ws.cohort("pbmc", 'cell_type under "T cell"')``.

        Parameters
        ----------
        primary
            Leave out copies, cells that are another data set's own (``is_primary_data`` is false).

        Raises
        ------
        UsageError
            If the query cannot be read, or names a column or value that is not known.
        """
        from tosg_graph.cells.selection import choose

        return choose(self.cells(cells), query, build=self.graph, primary=primary)

    def split(
        self,
        cells: str,
        query: Condition | str = "all",
        *,
        by: str = "donor",
        folds: int | None = None,
        seed: int = 0,
        primary: bool = False,
    ) -> CohortSplits:
        """Split cells into training, validation and test, once or in so many folds.

        See :func:`~tosg_graph.tensors.cohort_splits.split_cohort`.
        """
        from tosg_graph.tensors.cohort_splits import split_cohort

        return split_cohort(
            self.cohort(cells, query, primary=primary), by=by, folds=folds, seed=seed
        )

    def match(self, cells: str, cases: str, controls: str, **options: Any) -> Matched:
        """Draw cases and controls that are alike in cell type, sex, age band, assay and study.

        See :func:`~tosg_graph.cells.matching.match_cohorts`; both are queries.
        """
        from tosg_graph.cells.matching import match_cohorts

        sides = self.cohort(cells, cases), self.cohort(cells, controls)
        return match_cohorts(*sides, **options)

    def diagnose(self, cells: str, query: str = "all", *, label: str | None = None) -> Diagnostics:
        """Say whether the classes of some cells can be compared: balance, donors, depth.

        Parameters
        ----------
        label
            The column that makes the classes; default: the store's label column.
        """
        from tosg_graph.cells.diagnostics import diagnose
        from tosg_graph.cells.selection import column_of

        cohort = self.cohort(cells, query)
        column = cohort.store.label_column if label is None else label
        column = None if column is None else column_of(cohort.columns, column)
        return diagnose(cohort.columns, column, cells=cohort.mask)

    def pseudobulk(self, cells: str, query: str = "all", **options: Any) -> Pseudobulk:
        """Counts of some cells added up per donor, or per donor and kind of cell (``by=…``).

        See :func:`~tosg_graph.cells.pseudobulk.pseudobulk`.
        """
        from tosg_graph.cells.pseudobulk import pseudobulk

        return pseudobulk(self.cohort(cells, query), **options)

    def compare(self, cells: str, cases: str, controls: str, **options: Any) -> Comparison:
        """Which features differ between two cohorts, with donors as the samples.

        See :func:`~tosg_graph.cells.comparison.compare`; both are queries.
        """
        from tosg_graph.cells.comparison import compare

        return compare(self.cohort(cells, cases), self.cohort(cells, controls), **options)

    def metacells(
        self, cells: str, query: str = "all", *, name: str, **options: Any
    ) -> tuple[CellStore, MetacellReport]:
        """Add up cells that resemble each other, donor by donor and tissue by tissue, as a store.

        See :func:`~tosg_graph.cells.metacells.make_metacells`.
        """
        from tosg_graph.cells.metacells import make_metacells

        cohort = self.cohort(cells, query)
        return make_metacells(cohort, self.path / "cells", name=name, build=self.graph, **options)

    def load_cohort(self, path: Path | str) -> Cohort:
        """Read a cohort that was saved, from the store of this workspace that it is of."""
        from tosg_graph.cells.selection import about_cohort, load_cohort

        store = self.cells(about_cohort(path)["store"])
        return load_cohort(path, store, build=self.graph)

    def profile(self, cells: str, group: str, *, modality: str = "rna") -> ResultTable:
        """What a group of cells has: the share detecting each feature, the mean per 10,000.

        Sorted by that share, the largest first. The group is named as in a question; a cell type
        of the graph stands for all labels below it.
        """
        from tosg_graph.cells.cohort import match_group
        from tosg_graph.cells.profiles import profiles
        from tosg_graph.graph.store import ResultTable

        store = self.cells(cells)
        found = match_group(store, group, build=self.graph)
        table = profiles(store, modality=modality).for_group(*found.require())
        table = table.sort_by([("detected", "descending"), ("name", "ascending")])
        rows = list(zip(*[column.to_pylist() for column in table.columns], strict=True))
        return ResultTable(tuple(table.column_names), rows)

    # ---- tensors -----------------------------------------------------------------------------

    def subgraph(
        self,
        *,
        pathway: str | None = None,
        seeds: Sequence[str] | None = None,
        hops: int = 1,
        cypher: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Subgraph:
        """Choose nodes and every edge between them.

        Parameters
        ----------
        pathway
            A pathway by id or name, with its sub-pathways.
        seeds, hops
            Nodes by id, symbol or name, and how many edges to go from them.
        cypher, parameters
            A query whose columns hold node ids, nodes or paths; it passes the read gate.

        Without any of them the whole graph is chosen.
        """
        from tosg_graph.ask.link import node_parameter
        from tosg_graph.tensors.subgraph import Subgraph

        if sum(choice is not None for choice in (pathway, seeds, cypher)) > 1:
            raise UsageError("choose a subgraph by pathway, by seeds or by Cypher, not by several")
        if pathway is not None:
            node = node_parameter(self.linker, pathway, label="Pathway")
            return Subgraph.pathway(self.graph, node)
        if seeds is not None:
            nodes = [node_parameter(self.linker, seed, label=None) for seed in seeds]
            return Subgraph.around(self.graph, nodes, hops=hops)
        if cypher is not None:
            unlimited = ReadLimits(timeout=60.0, max_rows=1_000_000, max_bytes=200_000_000)
            result = self.cypher(cypher, parameters, limits=unlimited)
            return Subgraph.of_ids(self.graph, result.node_ids(), query=cypher)
        return Subgraph.whole(self.graph)

    def write_graphml(
        self, path: Path | str, subgraph: Subgraph | None = None, *, overwrite: bool = False
    ) -> GraphmlFile:
        """Write a subgraph (default: all of the graph) with all its properties as GraphML.

        See :func:`tosg_graph.tensors.graphml.write_graphml`.
        """
        from tosg_graph.tensors.graphml import write_graphml

        chosen = subgraph if subgraph is not None else self.subgraph()
        return write_graphml(self.graph, chosen, Path(path), overwrite=overwrite)

    def cell_loader(self, cells: str, subgraph: Subgraph, /, **options: Any) -> CellLoader:
        """Batches of cells on the shared topology of a subgraph; see :class:`CellLoader`."""
        from tosg_graph.tensors.batch import CellLoader

        return CellLoader(self.cells(cells), subgraph, **options)

    def export(
        self,
        out: Path | str,
        *,
        subgraph: Subgraph | None = None,
        cells: str | None = None,
        selected: np.ndarray | Cohort | str | None = None,
        primary: bool = False,
        label: str | None = None,
        split: str | None = "auto",
        text_dims: int = 64,
        seed: int = 0,
        overwrite: bool = False,
    ) -> Export:
        """Write a subgraph, joined with the abundance of cells, as a folder of tensors.

        Parameters
        ----------
        out
            The folder to write.
        subgraph
            What :meth:`subgraph` chose; default: the whole graph.
        cells
            Name of the cell store; without one the topology and the texts are exported.
        selected
            Positions of the cells to take (int64), a cohort, or its query; default: all.
        primary
            Leave out copies, cells that are another data set's own, of all cells or of a query.
        label
            Column of ``obs`` that is the label; default: the store's own.
        split
            ``auto`` (by donor where donors are known, else by label), ``donor``, ``study``,
            ``label`` or None.
        text_dims
            Length of the text vectors; 0 leaves them out.
        seed
            Seed of the text vectors and of the split.
        overwrite
            Whether an earlier export in that folder may be replaced.
        """
        from tosg_graph.tensors.export import write_export

        if primary and selected is not None and not isinstance(selected, str):
            raise UsageError("primary goes with a query; choose the cohort with primary=True")
        if isinstance(selected, str) or primary:
            if cells is None:
                raise UsageError("a query chooses among the cells of a store; name it (--cells)")
            query = selected if isinstance(selected, str) else "all"
            selected = self.cohort(cells, query, primary=primary)
        return write_export(
            Path(out),
            build=self.graph,
            subgraph=subgraph if subgraph is not None else self.subgraph(),
            store=None if cells is None else self.cells(cells),
            cells=selected,
            label=label,
            split=None if cells is None else split,
            text_dims=text_dims,
            seed=seed,
            overwrite=overwrite,
        )
