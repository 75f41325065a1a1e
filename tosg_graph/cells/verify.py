"""Proof that a store holds what its manifest says, and what its source says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from tosg_graph.cells.manifest import MANIFEST, check_file, listed_files
from tosg_graph.cells.obs import total_names
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import sha256

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.source import Part

_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Verified:
    """What was looked at and found right.

    Parameters
    ----------
    files
        Files whose checksum was computed anew.
    cells
        Cells whose sums were computed anew.
    values
        Stored values, over all modalities.
    compared
        Values that were compared with the source, one by one.
    """

    files: int
    cells: int
    values: int
    compared: int = 0


def verify_store(
    store: CellStore, *, source: Path | None = None, dataset: str | None = None
) -> Verified:
    """Compute every checksum and every sum anew and, given the source, compare every value.

    Memory: a few thousand cells at a time, and the tables of cells and features.

    Parameters
    ----------
    source
        The source of a data set.
    dataset
        Which data set came from it; default: the only one.

    Raises
    ------
    CellsError
        Naming each file that is missing or not what the manifest says, or what does not add up.
    UsageError
        If there is no such data set, or it must be chosen.
    """
    number = None if source is None else _chosen(store, dataset)
    files = _check_files(store)
    values = sum(_check_sums(store, modality) for modality in store.modalities)
    compared = 0
    if source is not None and number is not None:
        compared = _compare(store, Path(source), number)
    return Verified(files, store.n_cells, values, compared)


def check_shards(
    store: CellStore, cells: _Array | None = None, *, modality: str | None = None
) -> None:
    """Compare the checksums of the shards that hold cells with the manifest, before lasting use.

    A shard is read whole, once for as long as the store is open: a second per gigabyte, or what the
    disk gives.

    Parameters
    ----------
    cells
        int64: positions; default: all.
    modality
        Default: all.

    Raises
    ------
    CellsError
        If one is missing or has another checksum.
    """
    for name in [modality] if modality else store.modalities:
        for record in store.shards_of(name, cells):
            if record["file"] not in store.checked:
                check_file(store.folder, record["file"], record)
                store.checked.add(record["file"])


def _chosen(store: CellStore, dataset: str | None) -> int:
    names = store.dataset_names
    if dataset is None and len(names) == 1:
        return 0
    if dataset not in names:
        found = f"has no data set {dataset!r}" if dataset else "has several data sets"
        raise UsageError(f"the store {store.name!r} {found}; say which of {', '.join(names)}")
    return names.index(dataset)


def _check_files(store: CellStore) -> int:
    records = listed_files(store.manifest)
    wrong = [
        file
        for file, record in records.items()
        if not (store.folder / file).is_file() or sha256(store.folder / file) != record["sha256"]
    ]
    if wrong:
        raise CellsError(
            f"{store.folder}: {len(wrong)} of {len(records)} files are missing or not what "
            f"{MANIFEST} says: {', '.join(wrong)}; add the cells again"
        )
    return len(records)


def _check_sums(store: CellStore, modality: str) -> int:
    """Compare the sums of the shards with those of the tables; the number of values."""
    from tosg_graph.cells.gather import add_sums

    normalised = store.value_kind == "normalised"
    width, kind = store.n_features(modality), np.float64 if normalised else np.int64
    totals, detected = np.zeros(store.n_cells, kind), np.zeros(store.n_cells, np.int64)
    per_feature, cells = np.zeros(width, kind), np.zeros(width, np.int64)
    for positions, rows in store.scan(modality):
        part = slice(int(positions[0]), int(positions[-1]) + 1)
        detected[part] = np.diff(rows.indptr)
        add_sums(rows.indptr, rows.indices, rows.counts, totals[part], per_feature, cells)
    features = store.features(modality)
    for what, found, column in (
        ("sum of values per feature", per_feature, features["total"]),
        ("cells per feature", cells, features["cells"]),
        ("sum of values per cell", totals, store.obs[total_names(modality)[0]]),
        ("features per cell", detected, store.obs[total_names(modality)[1]]),
    ):
        _equal(f"{store.folder}: {modality}", what, found, column)
    stored = int(detected.sum())
    if stored != store.manifest["modalities"][modality]["n_values"]:
        said = store.manifest["modalities"][modality]["n_values"]
        raise CellsError(f"{store.folder}: {modality} has {stored:,} values, {said:,} expected")
    return stored


def _equal(where: str, what: str, found: _Array, column: Any) -> None:
    expected = pc.fill_null(column, 0).to_numpy()
    same = (
        np.isclose(found, expected, rtol=1e-9, atol=0)
        if found.dtype.kind == "f"
        else found == expected
    )
    if not np.all(same):
        at = int(np.argmin(same))
        raise CellsError(
            f"{where}: the {what} does not add up at {np.count_nonzero(~same):,} places, first at "
            f"{at}: {found[at]} in the shards, {expected[at]} in the tables; add the cells again"
        )


def _compare(store: CellStore, source: Path, number: int) -> int:
    """Compare names and every value of a data set with its source; how many values."""
    from tempfile import TemporaryDirectory

    from tosg_graph.cells.source import open_source

    dataset = store.manifest["datasets"][number]
    first, last = (int(n) for n in store.dataset_starts[number : number + 2])
    said = dataset["source"]
    with open_source(source, matrix=said["matrix"], antibodies=said["antibodies"]) as opened:
        names = store.obs["cell_id"].slice(first, last - first).to_pylist()
        if opened.cells != names:
            raise CellsError(
                f"{source} has {opened.n_cells:,} cells that are not those of the data set "
                f"{dataset['name']!r}, or not in its order"
            )
        with TemporaryDirectory(dir=store.folder.parent, prefix=".verify-") as folder:
            return sum(
                _compare_part(store, part, number, Path(folder) / part.modality)
                for part in opened.parts()
            )


def _compare_part(store: CellStore, part: Part, number: int, folder: Path) -> int:
    from tosg_graph.cells.values import Sums, ValueCheck

    first, last = (int(n) for n in store.dataset_starts[number : number + 2])
    width, normalised = store.n_features(part.modality), store.value_kind == "normalised"
    part.matrix.prepare(folder, [0])
    sums = Sums.zero(last - first, width, normalised=normalised)
    check = ValueCheck(_place(store, part, number), sums, normalised)
    at, compared = first, 0
    for raw in part.matrix.rows(0, last - first, folder):
        block = check.clean(raw)
        rows = store.gather(part.modality, np.arange(at, at + block.shape[0]))
        pairs = (
            (rows.indptr, block.indptr), (rows.indices, block.indices), (rows.counts, block.data),
        )  # fmt: skip
        if check.failed or not all(np.array_equal(a, b) for a, b in pairs):
            raise CellsError(
                f"{part.where}: cells {at - first} to {at - first + block.shape[0] - 1} differ "
                f"from those in {store.folder}; the source changed, or the store is damaged"
            )
        at += block.shape[0]
        compared += len(block.data)
    return compared


def _place(store: CellStore, part: Part, number: int) -> _Array:
    """Place of each column of the source on the axis, by the names that the store wrote down."""
    from tosg_graph.cells.manifest import measured_of

    table = store.table(measured_of(store.manifest["datasets"][number]))
    table = table.filter(pc.equal(table["modality"], part.modality))
    known = dict(zip(table["source_id"].to_pylist(), table["index"].to_pylist(), strict=True))
    columns = np.arange(part.matrix.shape[1]) if part.columns is None else part.columns
    place = np.full(part.matrix.shape[1], -1, np.int64)
    place[columns] = [known.get(str(name), -1) for name in part.features.index]
    return place
