"""Peers that read cells, each over its own format; run with a Python that has them.

    python readers.py NAME prepare cells.h5ad FOLDER
    python readers.py NAME read cells.h5ad FOLDER --order block_64 --batch 512 --cells 50000

``read`` runs one epoch or so many cells and prints JSON: cells, seconds, CPU seconds, the largest
anonymous memory, the sum of all counts and of all label codes delivered; and, of another run that
is not measured, the sum and the label of each of the first cells. Every peer gives sparse torch
tensors in compressed rows and the label codes of the batch, in one process.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

warnings.simplefilter("ignore")

Batches = Iterator[tuple[Any, np.ndarray]]
LABEL = "cell_type"
BLOCK = 64
#: Cells that are looked at one by one.
LOOKED_AT = 8_192
#: Blocks that are mixed at a time; see ``entropy_of_random`` in the results.
WINDOWS = {
    "block_64": {"block_size": 64, "window": 256},
    "block_16": {"block_size": 16, "window": 2048},
}


def blocks(cells: int, size: int, batch: int, window: int, seed: int) -> Iterator[np.ndarray]:
    """Batches of blocks in random order, mixed within a window: for peers without an order."""
    rng = np.random.default_rng(seed)
    starts = rng.permutation(-(-cells // size)) * size
    for at in range(0, len(starts), window):
        mixed = (starts[at : at + window, None] + np.arange(size)).ravel()
        mixed = rng.permutation(mixed[mixed < cells])
        for first in range(0, len(mixed), batch):
            yield mixed[first : first + batch]


def tensor(matrix: Any) -> Any:
    """A scipy matrix as a sparse torch tensor in compressed rows."""
    import torch

    return torch.sparse_csr_tensor(
        torch.from_numpy(matrix.indptr),
        torch.from_numpy(matrix.indices),
        torch.from_numpy(matrix.data.astype(np.float32, copy=False)),
        size=matrix.shape,
    )


def codes_of(h5ad: Path) -> np.ndarray:
    """Label codes of all cells, from the file."""
    import anndata

    return np.asarray(anndata.read_h5ad(h5ad, backed="r").obs[LABEL].cat.codes, np.int64)


# ---- annbatch --------------------------------------------------------------------------------


def annbatch_prepare(h5ad: Path, folder: Path) -> None:
    """Write its format."""
    from annbatch import DatasetCollection

    # Not shuffled on disk: all readers draw their order when they read. Chunks of 64 cells, with 64
    # of them mixed, were the fastest of 64, 512 and its own choice, and of 64 and 256 mixed.
    DatasetCollection(str(folder / "zarr")).add_adatas(
        [str(h5ad)], shuffle=False, n_obs_per_chunk=64
    )


def annbatch_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    import zarr
    from annbatch import DatasetCollection, Loader

    try:
        import zarrs  # noqa: F401 - the faster codec pipeline, where it is installed

        zarr.config.set({"codec_pipeline.path": "zarrs.ZarrsCodecPipeline"})
    except ImportError:
        pass
    size = BLOCK if order == "block_64" else 1
    loader = Loader(
        batch_size=batch,
        chunk_size=size,
        preload_nchunks=max(1, 8 * batch // size),
        shuffle=True,
        to="torch",
        preload_to_gpu=False,
        rng=np.random.default_rng(seed),
    ).use_collection(DatasetCollection(str(folder / "zarr")))
    names = None
    for made in loader:
        labels = made["obs"][LABEL]
        names = sorted(labels.cat.categories) if names is None else names
        yield made["X"], np.asarray(labels.cat.set_categories(names).cat.codes, np.int64)


# ---- BioNeMo-SCDL ----------------------------------------------------------------------------


def scdl_prepare(h5ad: Path, folder: Path) -> None:
    """Write its format."""
    from bionemo.scdl.io.single_cell_memmap_dataset import SingleCellMemMapDataset

    SingleCellMemMapDataset(str(folder / "scdl"), str(h5ad), use_X_not_raw=True).save()


def scdl_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    from bionemo.scdl.io.single_cell_memmap_dataset import SingleCellMemMapDataset
    from bionemo.scdl.util.torch_dataloader_utils import collate_sparse_matrix_batch

    data, codes = SingleCellMemMapDataset(str(folder / "scdl")), codes_of(h5ad)
    for cells in blocks(len(data), BLOCK if order == "block_64" else 1, batch, 128, seed):
        yield collate_sparse_matrix_batch([data[int(cell)] for cell in cells]), codes[cells]


# ---- scDataset, backed h5ad ------------------------------------------------------------------


def scdataset_prepare(h5ad: Path, folder: Path) -> None:
    """Reads the h5ad itself."""


def scdataset_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    import anndata
    from scdataset import BlockShuffling, scDataset

    data = anndata.read_h5ad(h5ad, backed="r")
    codes = np.asarray(data.obs[LABEL].cat.codes, np.int64)
    dataset = scDataset(
        data,
        BlockShuffling(block_size=BLOCK if order == "block_64" else 1),
        batch_size=batch,
        fetch_factor=16,
        fetch_callback=lambda whole, cells: (whole.X[cells], codes[cells]),
        batch_callback=lambda fetched, places: (fetched[0][places], fetched[1][places]),
        seed=seed,
    )
    for matrix, labels in dataset:
        yield tensor(matrix), labels


def backed_prepare(h5ad: Path, folder: Path) -> None:
    """Reads the h5ad itself."""


def backed_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    import anndata

    data = anndata.read_h5ad(h5ad, backed="r")
    codes = np.asarray(data.obs[LABEL].cat.codes, np.int64)
    size = BLOCK if order == "block_64" else 1
    for cells in blocks(data.n_obs, size, 16 * batch, 128 * BLOCK // size, seed):
        ascending = np.sort(cells)
        matrix = data.X[ascending][np.argsort(np.argsort(cells))]
        for first in range(0, len(cells), batch):
            part = slice(first, first + batch)
            yield tensor(matrix[part]), codes[cells[part]]


# ---- Lance -----------------------------------------------------------------------------------


def lance_prepare(h5ad: Path, folder: Path) -> None:
    """Write its format."""
    import anndata
    import lance
    import pyarrow as pa

    data = anndata.read_h5ad(h5ad, backed="r")
    codes = codes_of(h5ad)
    schema = pa.schema(
        [
            ("feature", pa.list_(pa.uint16())),
            ("count", pa.list_(pa.uint16())),
            ("label", pa.int64()),
        ]
    )

    def rows() -> Iterator[pa.RecordBatch]:
        for first in range(0, data.n_obs, 4096):
            x = data.X[first : first + 4096]
            offsets = pa.array(x.indptr.astype(np.int32))
            lists = [
                pa.ListArray.from_arrays(offsets, pa.array(values.astype(np.uint16)))
                for values in (x.indices, x.data)
            ]
            label = pa.array(codes[first : first + 4096])
            yield pa.record_batch([*lists, label], schema=schema)

    lance.write_dataset(pa.RecordBatchReader.from_batches(schema, rows()), str(folder / "lance"))


def lance_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    import lance
    from scipy import sparse

    data = lance.dataset(str(folder / "lance"))
    width = json.loads((folder / "width.json").read_text())
    size = BLOCK if order == "block_64" else 1
    for cells in blocks(data.count_rows(), size, batch, 128, seed):
        cells.sort()  # rows in their order on disk are taken faster, by a tenth to a third
        found = data.take(cells).combine_chunks()
        feature, count = (found[name].chunk(0) for name in ("feature", "count"))
        matrix = sparse.csr_matrix(
            (
                count.flatten().to_numpy().astype(np.float32),
                feature.flatten().to_numpy().astype(np.int32),
                feature.offsets.to_numpy(),
            ),
            shape=(len(cells), width),
        )
        yield tensor(matrix), found["label"].to_numpy()


# ---- TileDB-SOMA-ML --------------------------------------------------------------------------


def soma_prepare(h5ad: Path, folder: Path) -> None:
    """Write its format."""
    import tiledbsoma.io

    tiledbsoma.io.from_h5ad(str(folder / "soma"), str(h5ad), measurement_name="RNA")


def soma_read(h5ad: Path, folder: Path, order: str, batch: int, seed: int) -> Batches:
    """Yield batches."""
    import tiledbsoma
    from tiledbsoma_ml import ExperimentDataset

    with tiledbsoma.open(str(folder / "soma")) as experiment:
        query = experiment.axis_query("RNA")
        dataset = ExperimentDataset(
            query,
            layer_name="data",
            obs_column_names=[LABEL],
            batch_size=batch,
            shuffle_chunk_size=BLOCK if order == "block_64" else 1,
            seed=seed,
            return_sparse_X=True,
        )
        names = None
        for matrix, obs in dataset:
            labels = obs[LABEL].astype("category")
            names = sorted(labels.cat.categories) if names is None else names
            yield tensor(matrix), np.asarray(labels.cat.set_categories(names).cat.codes, np.int64)


# ---- running them ----------------------------------------------------------------------------


class Memory(threading.Thread):
    """Watches the anonymous memory of this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.over = 0, threading.Event()

    def run(self) -> None:
        """Look 50 times a second."""
        while not self.over.wait(0.02):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    self.most = max(self.most, int(line.split()[1]) // 1024)


def measured(read: Callable[[], Batches], cells: int) -> dict[str, Any]:
    """Run a reader once unmeasured for a few batches, then for so many cells."""
    import torch

    torch.set_num_threads(1)  # the sums below would keep another core waiting
    for number, _ in enumerate(read()):
        if number == 3:
            break
    memory = Memory()
    memory.start()
    wall, cpu = time.perf_counter(), time.process_time()
    found = {"cells": 0, "counts": 0.0, "labels": 0}
    first = None
    for x, labels in read():
        first = time.perf_counter() - wall if first is None else first
        found["cells"] += len(labels)
        counts = float(x.values().sum())
        assert counts < 2**24, "the sum of a batch is exact in single precision up to there"
        found["counts"] += counts
        found["labels"] += int(labels.sum())
        if found["cells"] >= cells:
            break
    found |= {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    memory.over.set()
    return {**found, "first_batch": first, "anonymous_mb": memory.most, "rows": rows_of(read())}


def rows_of(batches: Batches) -> list[tuple[float, int]]:
    """Sum of the counts and label code of each of the first cells."""
    rows: list[tuple[float, int]] = []
    for x, labels in batches:
        ends, values = x.crow_indices().numpy(), x.values().numpy().astype(np.float64)
        sums = np.diff(np.concatenate([[0.0], np.cumsum(values)])[ends])
        rows += zip(sums.tolist(), labels.tolist(), strict=True)
        if len(rows) >= LOOKED_AT:
            break
    return rows


def main() -> None:
    """Prepare or read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("what", choices=("prepare", "read"))
    parser.add_argument("h5ad", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--order", default="block_64", choices=("block_64", "random"))
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--cells", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    work = globals()[f"{given.name}_{given.what}"]
    if given.what == "prepare":
        given.folder.mkdir(parents=True, exist_ok=True)
        work(given.h5ad, given.folder)
        return
    options = (given.h5ad, given.folder, given.order, given.batch, given.seed)
    json.dump(measured(lambda: work(*options), given.cells), sys.stdout)


if __name__ == "__main__":
    main()
