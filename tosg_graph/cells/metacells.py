"""Meta-cells: cells of one donor and tissue that resemble each other, added up, as a cell store.

Cells of a partition (donor × tissue, or any columns) are placed in the space of a truncated SVD of
log1p(counts per 10,000), which is fitted once to a seeded sample, and clustered there by mini-batch
k-means. Nothing crosses a partition, so that a meta-cell has one donor, nor a data set, so that a
sum is of cells that measured the same features. The result is a store like any other, with the data
sets of its parent and what each measured: everything downstream treats meta-cells as cells.

Memory: the sample (20,000 cells at most), the place of each cell of one piece of a partition
(100,000 cells × 50 numbers at most), and the sums of one piece.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from tosg_graph.build.tables import Build
from tosg_graph.cells import metacell_package
from tosg_graph.cells.codes import Words, joint_codes
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.extras import require
from tosg_graph.cells.fields import DONOR
from tosg_graph.cells.matching import AGE_BAND, stratum_words
from tosg_graph.cells.metacell_store import Pieces, make_store
from tosg_graph.cells.onto import PER_CELL, log1p_scaled, totals_of
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import Cohort, column_of
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_EXTRA = "metacells"
_Floats = npt.NDArray[np.float32]

#: What a partition is of, where the cells say it.
WITHIN = (DONOR, "tissue")
#: Cells of which the space is fitted, cells of one piece of a partition, cells of a mini-batch.
SAMPLE, PIECE, BATCH = 20_000, 100_000, 4_096
_PASSES = 5
#: How cells are grouped.
METHODS = ("kmeans", "metacells")


@dataclass(frozen=True, slots=True)
class Options:
    """How meta-cells are made.

    Parameters
    ----------
    within
        Columns that make the partitions; each is besides of one data set.
    size
        Cells per meta-cell that are aimed at.
    min_cells
        Cells of a partition, at least; smaller ones are left out.
    dims
        Dimensions of the space.
    seed
        Seed of the sample, the space and the clusters.
    method
        ``kmeans``: mini-batch k-means in the space; ``metacells``: the package of that name, which
        leaves outliers out (:mod:`tosg_graph.cells.metacell_package`).
    """

    within: tuple[str, ...] = WITHIN
    size: int = 50
    min_cells: int = 10
    dims: int = 50
    seed: int = 0
    method: str = "kmeans"


@dataclass
class MetacellReport:
    """What became of the cells of a cohort.

    Parameters
    ----------
    n_cells, n_metacells
        Cells that are in a meta-cell, and meta-cells.
    partitions, small_partitions
        Partitions used, and those left out because they are small.
    left_out_small, left_out_unknown, left_out_outliers
        Cells left out because their partition is small, or not known, or they resemble no others.
    sizes
        Members of a meta-cell: least, median, most.
    purity
        Mean share of the members with a known cell type that have the most frequent one, weighted
        by these members; None where no cell has one.
    compactness
        Squared distances of cells to the centre of their meta-cell over those to the centre of
        their partition: 0 is tight, 1 is no better than the partition.
    options
        How they were made.
    """

    n_cells: int = 0
    n_metacells: int = 0
    partitions: int = 0
    small_partitions: int = 0
    left_out_small: int = 0
    left_out_unknown: int = 0
    left_out_outliers: int = 0
    sizes: tuple[int, float, int] = (0, 0.0, 0)
    purity: float | None = None
    compactness: float = 0.0
    options: Options = field(default_factory=Options)

    def to_dict(self) -> dict[str, Any]:
        """Write it in plain values."""
        found = asdict(self)
        return {**found, "sizes": list(self.sizes), "options": {
            **found["options"], "within": list(self.options.within),
        }}  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Some cells of a partition, clustered.

    Parameters
    ----------
    cells
        Positions in the store, rising.
    clusters
        int64 [cells]: cluster of each, from 0 without a gap.
    within, around
        float64 [clusters]: squared distances of the members to the centre of their cluster, and to
        that of the piece.
    outliers
        Cells that are in no cluster, and not among ``cells``.
    """

    cells: npt.NDArray[np.int64]
    clusters: npt.NDArray[np.int64]
    within: npt.NDArray[np.float64]
    around: npt.NDArray[np.float64]
    outliers: int = 0


def make_metacells(
    cohort: Cohort,
    folder: Path,
    *,
    name: str,
    build: Build,
    within: Sequence[str] | None = None,
    size: int = 50,
    min_cells: int = 10,
    dims: int = 50,
    seed: int = 0,
    method: str = "kmeans",
    replace: bool = False,
) -> tuple[CellStore, MetacellReport]:
    """Make a store of meta-cells from a cohort; the same seed gives the same store.

    Parameters
    ----------
    cohort
        The cells; those of which a column of ``within`` is not known are left out.
    folder, name
        Folder of all cell stores, and the name of the new one.
    build
        The graph build that the new store is joined to.
    within
        Columns that make the partitions; default: donor and tissue, as far as the cells say them.
        With ``cell_type`` among them, every meta-cell is pure.
    size, min_cells, dims, seed, method
        See :class:`Options`.
    replace
        Whether a store of that name may be replaced.

    Raises
    ------
    UsageError
        If no cell is in a partition, the store is normalised, or the name is taken.
    CellsError
        If a shard of the cells is not what the manifest says.
    MissingExtra
        If scikit-learn, or the package of the method, is not installed.
    """
    require("sklearn.cluster", _EXTRA)
    _check(cohort, size, dims, method)
    columns = _partition_columns(cohort.columns, within)
    options = Options(columns, size, min_cells, dims, seed, method)
    report = MetacellReport(options=options)
    partitions = list(_partitions(cohort, options, report))
    if not partitions:
        raise UsageError(
            f"no partition of {', '.join(options.within)} has {min_cells} cells of the "
            f"{cohort.n_cells:,} chosen; name other columns (within=…) or a smaller min_cells"
        )
    cohort.store.check_shards(cohort.cells)
    space = _Space(cohort.store, np.concatenate(partitions), options)
    most = metacell_package.PIECE if method == "metacells" else PIECE
    parts = _cut(partitions, seed, most)
    pieces = (space.clustered(part, number) for number, part in enumerate(parts))
    scratch = folder / f".new-{name}-{uuid4().hex}"
    try:
        summed = Pieces(cohort, scratch)
        for piece in pieces:
            report.left_out_outliers += piece.outliers
            if len(piece.cells):
                summed.add(piece.cells, piece.clusters, piece.within, piece.around)
        _fill(report, summed)
        store = make_store(
            summed, folder, name=name, build=build, about=report.to_dict(), replace=replace
        )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return store, report


def _check(cohort: Cohort, size: int, dims: int, method: str) -> None:
    if method not in METHODS:
        raise UsageError(f"method={method!r} found; expected one of {', '.join(METHODS)}")
    if method == "metacells":
        require("metacells", metacell_package.EXTRA)
    if cohort.store.value_kind != "counts":
        raise UsageError(f"{cohort.store.name!r} holds normalised values; sums need counts")
    _check_measured(cohort)
    if size < 2 or dims < 2:
        raise UsageError(f"size={size}, dims={dims} found; at least 2 of each are needed")


def _check_measured(cohort: Cohort) -> None:
    """Cells are compared by the first modality of the store: each must have it."""
    store, modality = cohort.store, cohort.store.modalities[0]
    lacking = np.flatnonzero(store.measured(modality).sum(axis=1) == 0)
    found = np.intersect1d(store.dataset_of(cohort.cells), lacking)
    if len(found):
        name = store.dataset_names[found[0]]
        raise UsageError(
            f"the data set {name!r} has no {modality} counts, by which cells are compared; leave "
            f"its cells out: data_set != {name}"
        )


def _partition_columns(columns: ObsColumns, within: Sequence[str] | None) -> tuple[str, ...]:
    if within is not None:
        return tuple(n if n == AGE_BAND else column_of(columns, n) for n in within)
    present = [n for n in WITHIN if n in columns.names]
    said = tuple(n for n in present if (columns.values_of(n).codes >= 0).any())
    if not said:
        raise UsageError(
            "neither donor nor tissue of any cell is known; name the columns that keep cells "
            "apart (within=…, --within)"
        )
    return said


def _partitions(
    cohort: Cohort, options: Options, report: MetacellReport
) -> Iterator[npt.NDArray[np.int64]]:
    """Cells of each partition, by data set and values; what is left out is counted."""
    words = [stratum_words(cohort.columns, name) for name in options.within]
    groups, places = joint_codes([_dataset_words(cohort.store), *words], cohort.mask)
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(groups) + 1))
    rank = {name: at for at, name in enumerate(cohort.store.dataset_names)}
    named = sorted(
        (rank[str(g[0])], tuple(map(str, g[1:])), at)
        for at, g in enumerate(groups)
        if None not in g
    )
    known = 0
    for *_, at in named:
        cells = cohort.cells[order[bounds[at] : bounds[at + 1]]]
        known += len(cells)
        if len(cells) < options.min_cells:
            report.small_partitions += 1
            report.left_out_small += len(cells)
        else:
            report.partitions += 1
            yield cells
    report.left_out_unknown = cohort.n_cells - known


def _dataset_words(store: CellStore) -> Words:
    return Words(tuple(store.dataset_names), store.dataset_of(np.arange(store.n_cells)))


def _cut(
    partitions: Sequence[npt.NDArray[np.int64]], seed: int, most: int
) -> Iterator[npt.NDArray[np.int64]]:
    """Cut large partitions, at random, into pieces that fit into memory."""
    for number, cells in enumerate(partitions):
        if len(cells) <= most:
            yield cells
            continue
        shuffled = np.random.default_rng([seed, number]).permutation(cells)
        for part in np.array_split(shuffled, -(-len(cells) // most)):
            yield np.sort(part)


class _Space:
    """The space in which cells are compared."""

    def __init__(self, store: CellStore, cells: npt.NDArray[np.int64], options: Options) -> None:
        from sklearn.decomposition import TruncatedSVD

        self._store, self._options = store, options
        self._modality = store.modalities[0]
        rng = np.random.default_rng(options.seed)
        sample = np.sort(rng.choice(cells, min(SAMPLE, len(cells)), replace=False))
        most = min(options.dims, min(len(sample), store.n_features(self._modality)) - 1)
        if most < 1:
            raise UsageError("two cells and two features are needed to compare cells")
        svd = TruncatedSVD(most, algorithm="arpack", random_state=options.seed)
        with _one_thread():
            svd.fit(self._scaled(sample).astype(np.float64))
        self._axes: _Floats = svd.components_.T.astype(np.float32)

    def clustered(self, cells: npt.NDArray[np.int64], number: int) -> Piece:
        """Cluster the cells of a piece."""
        size, outliers = self._options.size, 0
        if self._options.method == "metacells":
            counts = self._store.gather(self._modality, cells, dtype=np.float32).to_scipy()
            clusters = metacell_package.grouped(counts, size=size, seed=self._seed_of(number))
            inside = clusters >= 0
            cells, clusters, outliers = cells[inside], clusters[inside], int((~inside).sum())
        placed = self._placed(cells)
        wanted = max(1, round(len(cells) / size))
        if self._options.method == "kmeans":
            several = wanted > 1
            clusters = (
                self._kmeans(placed, wanted, number) if several else np.zeros(len(cells), np.int64)
            )
        _, clusters = np.unique(clusters, return_inverse=True)  # without empty ones
        clusters = clusters.reshape(-1)
        return Piece(cells, clusters, *_spread(placed.astype(np.float64), clusters), outliers)

    def _seed_of(self, number: int) -> int:
        """A seed of a piece that the package takes, at least 1."""
        seeds = np.random.SeedSequence([self._options.seed, number])
        return int(seeds.generate_state(1)[0] % (2**31 - 1)) + 1

    def _kmeans(self, placed: _Floats, wanted: int, number: int) -> npt.NDArray[np.int64]:
        from sklearn.cluster import MiniBatchKMeans

        seeds = np.random.SeedSequence([self._options.seed, number])
        rng = np.random.default_rng(seeds)
        batch = max(BATCH, 3 * wanted)
        model = MiniBatchKMeans(
            wanted, random_state=int(seeds.generate_state(1)[0]), n_init=3, batch_size=batch
        )
        with _one_thread():
            for _ in range(_PASSES):
                order = rng.permutation(len(placed))
                for part in np.array_split(order, max(1, len(order) // batch)):
                    model.partial_fit(placed[part])
            return np.asarray(model.predict(placed), dtype=np.int64)

    def _placed(self, cells: npt.NDArray[np.int64]) -> _Floats:
        out = np.empty((len(cells), self._axes.shape[1]), np.float32)
        for first in range(0, len(cells), BATCH):
            part = slice(first, first + BATCH)
            out[part] = self._scaled(cells[part]) @ self._axes
        return out

    def _scaled(self, cells: npt.NDArray[np.int64]) -> csr_matrix:
        """log1p of counts per 10,000; a cell without counts stays at 0."""
        rows = self._store.gather(self._modality, cells, dtype=np.float32)
        return log1p_scaled(rows, totals_of(rows), PER_CELL).to_scipy()


def _spread(
    placed: npt.NDArray[np.float64], clusters: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Squared distances to the centre of the cluster, and of all, summed per cluster."""
    sizes = np.bincount(clusters)
    centres = np.zeros((len(sizes), placed.shape[1]))
    np.add.at(centres, clusters, placed)
    centres /= sizes[:, None]
    own = ((placed - centres[clusters]) ** 2).sum(axis=1)
    whole = ((placed - placed.mean(axis=0)) ** 2).sum(axis=1)
    sums = [np.bincount(clusters, distances).astype(np.float64) for distances in (own, whole)]
    return sums[0], sums[1]


def _one_thread() -> Any:
    """Sums of several threads come in any order; those of one are the same each time."""
    return require("threadpoolctl", _EXTRA).threadpool_limits(1)


def _fill(report: MetacellReport, summed: Pieces) -> None:
    sizes = np.array(summed.sizes)
    report.n_cells, report.n_metacells = int(sizes.sum()), len(sizes)
    report.sizes = int(sizes.min()), float(np.median(sizes)), int(sizes.max())
    around = float(np.sum(summed.around))
    report.compactness = float(np.sum(summed.within)) / around if around else 0.0
    labelled, agreeing = summed.agreement()
    report.purity = agreeing / labelled if labelled else None
