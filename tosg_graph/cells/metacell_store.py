"""Meta-cells on their way into a cell store: sums of counts, what members agree on, who they are.

Sums are appended to h5ad files beside the stores, piece by piece, one file per data set of the
parent store with the features that it measured, and enter the store as any file does. So a store of
meta-cells has nothing of its own but the table of its members, and tells zero from not measured.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.build.tables import Build, write_parquet
from tosg_graph.cells.codes import Words, joint_codes
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.fields import AGE, DATASET, DONOR, FIELD
from tosg_graph.cells.manifest import (
    MANIFEST,
    file_record,
    obs_file,
    read_manifest,
    write_manifest,
)
from tosg_graph.cells.obs import is_unknown, ontology_column
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import Cohort
from tosg_graph.cells.versions import prune
from tosg_graph.errors import UsageError
from tosg_graph.filing import commit_folder

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MEMBERS = "members.parquet"
#: Cells whose counts are in memory at a time.
_STEP = 16_384


class Pieces:
    """Collects meta-cells piece by piece, data set by data set; the counts go to disk.

    Parameters
    ----------
    cohort
        The cells that they are made of.
    scratch
        A folder for the sums, which does not exist yet.
    """

    def __init__(self, cohort: Cohort, scratch: Path) -> None:
        self.cohort, self.scratch = cohort, scratch
        self.sizes: list[int] = []
        self.within: list[float] = []
        self.around: list[float] = []
        self._members: list[npt.NDArray[np.int64]] = []
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._proteins: dict[int, list[npt.NDArray[np.int64]]] = {}
        self._datasets: list[int] = []
        self._measured = {m: cohort.store.measured(m) for m in cohort.store.modalities}
        scratch.mkdir(parents=True)

    def file(self, dataset: int) -> Path:
        """The h5ad file with the sums of a data set of the parent store."""
        return self.scratch / f"sums-{dataset}.h5ad"

    @property
    def datasets(self) -> dict[int, npt.NDArray[np.int64]]:
        """Data sets of the parent store that have meta-cells, and which, in their order."""
        of = np.array(self._datasets)
        return {int(number): np.flatnonzero(of == number) for number in np.unique(of)}

    def measured(self, modality: str, dataset: int) -> npt.NDArray[np.int64]:
        """Positions of the features that a data set measured, on the axis of the parent store."""
        return np.flatnonzero(self._measured[modality][dataset])

    def add(
        self, cells: npt.NDArray[np.int64], clusters: npt.NDArray[np.int64],
        within: npt.NDArray[np.float64], around: npt.NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Add the meta-cells of a piece, whose cells are of one data set."""
        import anndata
        import h5py

        store, number = self.cohort.store, len(within)
        (dataset,) = np.unique(store.dataset_of(cells)).tolist()
        first = store.modalities[0]
        sums = _summed(store, first, cells, clusters, number)[:, self.measured(first, dataset)]
        with h5py.File(self.file(dataset), "a") as file:
            if "X" in file:
                anndata.io.sparse_dataset(file["X"]).append(sums)
            else:
                anndata.io.write_elem(file, "X", sums)
        if "protein" in store.modalities[1:] and len(at := self.measured("protein", dataset)):
            proteins = _summed(store, "protein", cells, clusters, number)[:, at].toarray()
            self._proteins.setdefault(dataset, []).append(proteins)
        self._datasets += [dataset] * number
        self._members.append(cells)
        self._numbers.append(clusters + len(self.sizes))
        self.sizes += np.bincount(clusters, minlength=number).tolist()
        self.within += within.tolist()
        self.around += around.tolist()

    @cached_property
    def members(self) -> npt.NDArray[np.int64]:
        """Positions of the cells that are in a meta-cell, in the order of the pieces."""
        return np.concatenate(self._members)

    @cached_property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The meta-cell of each of them."""
        return np.concatenate(self._numbers)

    def proteins(self, dataset: int) -> npt.NDArray[np.int64] | None:
        """Sums of antibody counts of a data set that has some: int64 [meta-cells, antibodies]."""
        found = self._proteins.get(dataset)
        return np.vstack(found) if found else None

    @cached_property
    def labels(self) -> tuple[str | None, Words]:
        """The column of which purity is told, and its values."""
        columns, label = self.cohort.columns, self.cohort.store.label_column
        name = "cell_type" if "cell_type" in columns.names else label
        empty = Words((), np.full(columns.n_cells, -1, np.int32))
        return name, columns.values_of(name) if name else empty

    def most_frequent(self, words: Words) -> tuple[npt.NDArray[np.int64], Any, Any]:
        """Per meta-cell: its most frequent value (-1: none), members with it, members with any."""
        codes = words.codes[self.members].astype(np.int64)
        known = codes >= 0
        frame = pd.DataFrame({"meta": self.numbers[known], "code": codes[known]})
        counts = frame.value_counts().reset_index(name="cells")
        counts = counts.sort_values(["meta", "cells", "code"], ascending=[True, False, True])
        first = counts.drop_duplicates("meta").set_index("meta")
        every = pd.RangeIndex(len(self.sizes))
        code = first["code"].reindex(every, fill_value=-1).to_numpy()
        most = first["cells"].reindex(every, fill_value=0).to_numpy()
        any_ = np.bincount(self.numbers[known], minlength=len(self.sizes))
        return code, most, any_

    def agreement(self) -> tuple[int, int]:
        """Members of known cell type, and those of them that have the most frequent one."""
        _, most, labelled = self.most_frequent(self.labels[1])
        return int(labelled.sum()), int(most.sum())


def _summed(
    store: CellStore, modality: str, cells: npt.NDArray[np.int64],
    clusters: npt.NDArray[np.int64], number: int,
) -> csr_matrix:  # fmt: skip
    from scipy.sparse import csr_matrix

    total = csr_matrix((number, store.n_features(modality)), dtype=np.int64)
    for first in range(0, len(cells), _STEP):
        part = slice(first, first + _STEP)
        rows = store.gather(modality, cells[part], dtype=np.int64).to_scipy()
        at = np.arange(rows.shape[0])
        total += (
            csr_matrix((np.ones(len(at), np.int64), (clusters[part], at)), (number, len(at))) @ rows
        )
    total.sort_indices()
    return total


def make_store(
    pieces: Pieces, folder: Path, *, name: str, build: Build, about: dict[str, Any], replace: bool
) -> CellStore:
    """Make the store of the collected meta-cells, all or nothing.

    Beside what every store has, ``obs`` has ``n_members``, ``purity`` and ``compactness``, and
    ``members.parquet`` says which cell of the parent store is in which meta-cell.
    """
    target, made = folder / name, pieces.scratch / name
    if target.exists() and not replace:
        raise UsageError(f"there is a cell store {name!r} already; choose another name")
    obs = _obs(pieces)
    study = _kept(DATASET, obs)  # meta-cells of several studies are of no one study
    label = _kept(pieces.cohort.store.label_column, obs)
    names = pieces.cohort.store.dataset_names
    for dataset, cells in pieces.datasets.items():
        _finish_h5ad(pieces, dataset, obs.iloc[cells])
        add_h5ad(
            pieces.file(dataset), pieces.scratch, name=name, build=build, label=label,
            dataset=study, dataset_name=names[dataset], append=(made / MANIFEST).exists(),
        )  # fmt: skip
    order = np.argsort(pieces.members)
    members = pa.table(
        {
            "cell": pa.array(pieces.members[order], pa.int64()),
            "metacell": pa.array(pieces.numbers[order], pa.int64()),
        }
    )
    write_parquet(members, made / MEMBERS)
    for number in range(len(pieces.datasets)):
        _restore_donors(made, number)
    _sign(made, pieces.cohort, members.num_rows, about)
    commit_folder(made, target)
    return CellStore.open(target)


def _obs(pieces: Pieces) -> pd.DataFrame:
    """What the members of each meta-cell agree on; of the cell type, what most of them are."""
    columns, store = pieces.cohort.columns, pieces.cohort.store
    label, words = pieces.labels
    _, most, labelled = pieces.most_frequent(words)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(("cell_type", store.label_column)):
        if name and name in columns.names and not columns.is_number(name):
            found |= _majority(pieces, name)
    for name in (*(f for f in FIELD if f != "cell_type"), DATASET, DONOR):
        for column in (name, ontology_column(name)):
            if column in columns.names and not columns.is_number(column):
                kept = column.replace("_ontology_id", "_ontology_term_id")
                found[kept] = _agreed(pieces, columns.words(column))
    if AGE in columns.names:
        found["age"] = _agreed_number(pieces, columns.numbers(AGE))
    found["n_members"] = pieces.sizes
    if label:
        found["purity"] = np.where(labelled > 0, most / np.maximum(labelled, 1), np.nan)
    around = np.array(pieces.around)
    found["compactness"] = np.where(
        around > 0, np.array(pieces.within) / np.maximum(around, 1e-300), 0.0
    )
    index = pd.Index([f"metacell{n:07d}" for n in range(len(pieces.sizes))])
    return pd.DataFrame(found, index=index)


def _majority(pieces: Pieces, name: str) -> dict[str, list[str | None]]:
    """What most members are, and the id that the parent store has for that."""
    columns = pieces.cohort.columns
    words = columns.words(name)
    told = words.where(np.array([not is_unknown(value) for value in words.values], bool))
    words = Words(words.values, np.where(told, words.codes, np.int32(-1)))
    found = {name: _named(words, pieces.most_frequent(words)[0])}
    column = ontology_column(name)
    if column in columns.names:
        pairs, _ = joint_codes([words, columns.words(column)])
        ids: dict[str | None, set[str]] = {}
        for value, term in pairs:
            if value is not None and term is not None:
                ids.setdefault(value, set()).add(term)
        one = {value: next(iter(terms)) for value, terms in ids.items() if len(terms) == 1}
        found[f"{name}_ontology_term_id"] = [one.get(value) for value in found[name]]
    return found


def _named(words: Words, codes: npt.NDArray[np.int64]) -> list[str | None]:
    return [None if code < 0 else words.values[code] for code in codes]


def _agreed(pieces: Pieces, words: Words) -> list[str | None]:
    """Values that every member has."""
    code, most, _ = pieces.most_frequent(words)
    return _named(words, np.where(most == np.array(pieces.sizes), code, -1))


def _agreed_number(pieces: Pieces, numbers: Any) -> npt.NDArray[np.float64]:
    values = numbers.values.astype(np.float64)
    if numbers.null is not None:
        values = np.where(numbers.null, np.nan, values)
    grouped = pd.Series(values[pieces.members]).groupby(pieces.numbers)
    same = (grouped.min() == grouped.max()) & (grouped.count() == np.array(pieces.sizes))
    return grouped.min().where(same).to_numpy()


def _kept(label: str | None, obs: pd.DataFrame) -> str | None:
    return label if label in obs.columns else None


def _finish_h5ad(pieces: Pieces, dataset: int, obs: pd.DataFrame) -> None:
    """Write everything of a data set but the counts, which are there already."""
    import anndata
    import h5py

    first = pieces.cohort.store.modalities[0]
    with h5py.File(pieces.file(dataset), "a") as file:
        anndata.io.write_elem(
            file, "obs", obs.astype(dict.fromkeys(obs.select_dtypes(object), "category"))
        )
        anndata.io.write_elem(file, "var", _var(pieces, first, dataset))
        proteins = pieces.proteins(dataset)
        if proteins is not None:
            names = _var(pieces, "protein", dataset).index
            frame = pd.DataFrame(proteins, index=obs.index, columns=names)
            anndata.io.write_elem(file, "obsm", {"protein": frame})
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})


def _var(pieces: Pieces, modality: str, dataset: int) -> pd.DataFrame:
    features = pieces.cohort.store.features(modality).take(pieces.measured(modality, dataset))
    index = pd.Index(features["source_id"].to_pylist())
    return pd.DataFrame({"symbol": features["name"].to_pylist()}, index=index)


def _restore_donors(made: Path, dataset: int) -> None:
    """Meta-cells have the donors of their members, under the same ids."""
    path = made / _obs_file(read_manifest(made), dataset)
    obs = pq.read_table(path)
    theirs = f"source_{DONOR}"
    if theirs not in obs.column_names:
        return
    place = obs.column_names.index(DONOR)
    donors = obs.column(theirs)
    obs = obs.set_column(place, DONOR, donors).drop_columns([theirs])
    write_parquet(obs, path)


def _obs_file(manifest: dict[str, Any], dataset: int) -> str:
    return obs_file(int(manifest["datasets"][dataset]["number"]))


def _sign(made: Path, cohort: Cohort, members: int, about: dict[str, Any]) -> None:
    """Say in the manifest what the store was made of."""
    manifest = read_manifest(made)
    parent = cohort.store
    for number, dataset in enumerate(manifest["datasets"]):
        dataset["source"] = {
            "file": f"meta-cells of {parent.name}",
            "kind": "meta-cells",
            "bytes": 0,
            "sha256": parent.hash,
            "cohort": cohort.hash,
            "matrix": parent.modalities[0],
        }
        path = _obs_file(manifest, number)
        dataset["files"][path] = file_record(made / path, rows=dataset["n_cells"])
    manifest["metacells"] = json.loads(json.dumps(about))
    manifest["change"] = f"meta-cells of {parent.name}"
    manifest["files"][MEMBERS] = file_record(made / MEMBERS, rows=members)
    write_manifest(made, manifest)
    prune(made)
