"""The cell stores of a workspace: added, kept, chosen from, compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.comparison import Comparison
    from tosg_graph.cells.diagnostics import Diagnostics, Thresholds
    from tosg_graph.cells.language import Condition
    from tosg_graph.cells.matching import Matched
    from tosg_graph.cells.metacells import MetacellReport
    from tosg_graph.cells.metadata_report import MetadataReport
    from tosg_graph.cells.options import AddOptions
    from tosg_graph.cells.pseudobulk import Pseudobulk
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.rejoin import Rejoined
    from tosg_graph.cells.report import CellReport
    from tosg_graph.cells.selection import Cohort
    from tosg_graph.cells.tiers import TierChange
    from tosg_graph.cells.versions import Pruned
    from tosg_graph.graph.result import ResultTable
    from tosg_graph.tensors.cohort_splits import CohortSplits
    from tosg_graph.workspace.builds import Builds

    #: What names cells of a store: a query, a cohort, or the path of one that was saved (.parquet).
    Cells = Condition | Cohort | Path | str

Progress = Callable[[str], None]

#: Suffix by which a text is taken for the path of a saved cohort.
SAVED = ".parquet"


class CellStores:
    """The folder ``cells`` of a workspace.

    Parameters
    ----------
    builds
        What cells are keyed to.
    """

    def __init__(self, builds: Builds) -> None:
        self._builds = builds
        self.folder = builds.path / "cells"

    def add_cells(
        self, source: Path | str, *, name: str, **options: Unpack[AddOptions]
    ) -> CellReport:
        """Convert cells into a cell store keyed to the current build.

        Parameters
        ----------
        source
            An h5ad file, a zarr folder of anndata, a 10x HDF5 file or Matrix Market folder, or a
            release of OmniCellTOSG.
        name
            Name of the store.
        options
            What is said about the source (:class:`tosg_graph.cells.options.SourceOptions`), and how
            the cells are added (:class:`tosg_graph.cells.options.AddOptions`).
        """
        from tosg_graph.cells.convert import add_cells

        return add_cells(Path(source), self.folder, name=name, build=self._builds.graph, **options)

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

    def rejoin_cells(self, name: str) -> Rejoined:
        """Make a version of a cell store whose features are joined to the current build."""
        from tosg_graph.cells.rejoin import rejoin

        return rejoin(self.cells(name).folder, self._builds.graph)

    def prune_cells(self, name: str, *, keep: int = 1) -> Pruned:
        """Remove all but the newest versions of a cell store, and the files that only they had."""
        from tosg_graph.cells.versions import prune

        return prune(self.cells(name).folder, keep=keep)

    def cell_names(self) -> list[str]:
        """Names of the cell stores in this workspace, sorted."""
        from tosg_graph.cells.manifest import store_names

        return store_names(self.folder)

    def cells(self, name: str, *, version: int | None = None) -> CellStore:
        """Open a cell store by name; ``version`` is an older one, default the current."""
        from tosg_graph.cells.reader import CellStore

        if name not in self.cell_names():
            known = (
                ", ".join(self.cell_names()) or "none yet; add one: tosg cells add FILE --name NAME"
            )
            raise UsageError(f"no cell store {name!r} in {self.folder.parent}; there is: {known}")
        return CellStore.open(self.folder / name, version=version)

    def vocabulary(self, cells: str) -> MetadataReport:
        """What the fields of a store hold, what was read from it, and what did not map."""
        from tosg_graph.cells.metadata import standardise

        store = self.cells(cells)
        return standardise(store.obs, self._builds.graph, label=store.label_column)[1]

    def cohort(self, cells: str, query: Cells, *, primary: bool = False) -> Cohort:
        """Choose cells of a store: ``ws.cohort("pbmc", 'cell_type under "T cell"')``.

        Parameters
        ----------
        query
            A query, a cohort, or the path of a saved cohort: a text that ends in ``.parquet``.
        primary
            Leave out copies, cells that are another data set's own (``is_primary_data`` is false).

        Raises
        ------
        UsageError
            If the query cannot be read, or names a column or value that is not known; if a cohort
            is of another store, or copies are to be left out of it.
        CellsError
            If a file is no saved cohort, or one of another store.
        """
        from tosg_graph.cells.selection import Cohort, choose, load_cohort

        store = self.cells(cells)
        if isinstance(query, str) and query.strip().lower().endswith(SAVED):
            query = Path(query.strip())
        if primary and isinstance(query, (Path, Cohort)):
            raise UsageError(
                f"{query if isinstance(query, Path) else 'the cohort'} is a cohort already, and "
                "--primary (primary=True) goes with a query; leave copies out when it is chosen"
            )
        if isinstance(query, Path):
            return load_cohort(query, store, build=self._builds.graph)
        if not isinstance(query, Cohort):
            return choose(store, query, build=self._builds.graph, primary=primary)
        if query.store.hash != store.hash:
            raise UsageError(
                f"the cohort is of the store {query.store.name!r} with the hash "
                f"{query.store.hash[:12]}…, not of {store.name!r} ({store.hash[:12]}…); choose the "
                f"cells again: {query.query}"
            )
        return query

    def split(
        self,
        cells: str,
        query: Cells = "all",
        *,
        by: str = "donor",
        folds: int | None = None,
        seed: int = 0,
        primary: bool = False,
        profiles: bool = True,
    ) -> CohortSplits:
        """Split cells into training, validation and test, once or in so many folds.

        See :func:`~tosg_graph.tensors.cohort_splits.split_cohort`.
        """
        from tosg_graph.tensors.cohort_splits import split_cohort

        cohort = self.cohort(cells, query, primary=primary)
        return split_cohort(cohort, by=by, folds=folds, seed=seed, profiles=profiles)

    def match(
        self, /, cells: str, cases: Cells, controls: Cells, *, primary: bool = False, **options: Any
    ) -> Matched:
        """Draw cases and controls that are alike in cell type, sex, age band, assay and study.

        See :func:`~tosg_graph.cells.matching.match_cohorts`; the sides are as :meth:`cohort` takes
        them.
        """
        from tosg_graph.cells.matching import match_cohorts

        return match_cohorts(*self._sides(cells, cases, controls, primary), **options)

    def _sides(
        self, cells: str, cases: Cells, controls: Cells, primary: bool
    ) -> tuple[Cohort, Cohort]:
        return (
            self.cohort(cells, cases, primary=primary),
            self.cohort(cells, controls, primary=primary),
        )

    def diagnose(
        self,
        cells: str,
        query: Cells = "all",
        *,
        label: str | None = None,
        primary: bool = False,
        thresholds: Thresholds | None = None,
    ) -> Diagnostics:
        """Say whether the classes of some cells can be compared: balance, donors, depth.

        Parameters
        ----------
        query, primary
            As :meth:`cohort` takes them.
        label
            The column that makes the classes; default: the store's label column.
        thresholds
            From where on a measure is a finding.
        """
        from tosg_graph.cells.diagnostics import diagnose
        from tosg_graph.cells.selection import column_of

        cohort = self.cohort(cells, query, primary=primary)
        column = cohort.store.label_column if label is None else label
        column = None if column is None else column_of(cohort.columns, column)
        return diagnose(cohort.columns, column, cells=cohort.mask, thresholds=thresholds)

    def pseudobulk(
        self, /, cells: str, query: Cells = "all", *, primary: bool = False, **options: Any
    ) -> Pseudobulk:
        """Counts of some cells added up per donor, or per donor and kind of cell (``by=…``).

        See :func:`~tosg_graph.cells.pseudobulk.pseudobulk`.
        """
        from tosg_graph.cells.pseudobulk import pseudobulk

        return pseudobulk(self.cohort(cells, query, primary=primary), **options)

    def compare(
        self, /, cells: str, cases: Cells, controls: Cells, *, primary: bool = False, **options: Any
    ) -> Comparison:
        """Which features differ between two cohorts, with donors as the samples.

        See :func:`~tosg_graph.cells.comparison.compare`; the sides are as :meth:`cohort` takes
        them, such as those that :meth:`match` drew.
        """
        from tosg_graph.cells.comparison import compare

        return compare(*self._sides(cells, cases, controls, primary), **options)

    def metacells(
        self,
        /,
        cells: str,
        query: Cells = "all",
        *,
        name: str,
        primary: bool = False,
        **options: Any,
    ) -> tuple[CellStore, MetacellReport]:
        """Add up cells that resemble each other, donor by donor and tissue by tissue, as a store.

        See :func:`~tosg_graph.cells.metacells.make_metacells`.
        """
        from tosg_graph.cells.metacells import make_metacells

        cohort = self.cohort(cells, query, primary=primary)
        return make_metacells(cohort, self.folder, name=name, build=self._builds.graph, **options)

    def load_cohort(self, path: Path | str) -> Cohort:
        """Read a cohort that was saved, from the store of this workspace that it is of."""
        from tosg_graph.cells.selection import about_cohort, load_cohort

        store = self.cells(about_cohort(path)["store"])
        return load_cohort(path, store, build=self._builds.graph)

    def profile(
        self,
        cells: str,
        group: str | None = None,
        *,
        by: Sequence[str] = (),
        modality: str = "rna",
        most: int | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> ResultTable:
        """What groups of cells have: per feature, who detects it, its mean per 10,000 and variance.

        Sorted by the share detecting it, the largest first. The variance is that of the cells'
        values per 10,000, of which the mean is the mean.

        Parameters
        ----------
        group
            A group, named as in a question; a cell type of the graph stands for all labels below
            it. Default: all cells.
        by
            Columns, such as donor or disease, each value of which makes a profile of its own (of
            several columns: each combination). Cells of which one is not known are in none, and
            ``progress`` is told how many these are.
        modality
            ``rna`` or ``protein``.
        most
            Features of each profile at most.

        Raises
        ------
        UsageError
            If neither a group nor a column is named, or one is not known.
        """
        from tosg_graph.cells.cohort import match_group
        from tosg_graph.cells.columns import ObsColumns
        from tosg_graph.cells.profiles import cells_of, profiles
        from tosg_graph.cells.selection import column_of
        from tosg_graph.graph.result import ResultTable

        if group is None and not by:
            raise UsageError("name a group of cells, or columns whose values make groups (--by)")
        store, build = self.cells(cells), self._builds.graph
        wanted = None if group is None else match_group(store, group, build=build).require()
        names = [column_of(ObsColumns(store, build), name) for name in by]
        label = [] if wanted is None or store.label_column is None else [store.label_column]
        found = profiles(store, group=list(dict.fromkeys([*label, *names])), modality=modality)
        columns, rows = (*names, *found.at([]).column_names), list[tuple[Any, ...]]()
        parts, inside = found.grouped_by(names, wanted), 0
        for key, places in parts.items():
            inside += int(found.n_cells[places].sum())
            table = found.at(places).sort_by([("detected", "descending"), ("name", "ascending")])
            lists = [column.to_pylist() for column in table.slice(0, most).columns]
            rows += [(*key, *row) for row in zip(*lists, strict=True)]
        if progress is not None and names:
            whole = store.n_cells if wanted is None else cells_of(store, label[0], wanted)
            if outside := whole - inside:
                known = " or ".join(names)
                progress(f"{outside:,} cells are in no profile: their {known} is not known")
        return ResultTable(columns, rows)
