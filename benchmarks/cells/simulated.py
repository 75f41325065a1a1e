"""Simulated cells as h5ad, written by batches: seeded, of any number, in bounded memory.

    python benchmarks/cells/simulated.py --cells 20000 --out cells.h5ad

Genes differ in how often they are detected as they do in real cells: the odds of detection fall
from gene to gene along a logistic curve, so that a few thousand genes are in most cells and most
genes in few. A cell's number of genes is negative binomial around ``--values``, its counts are
geometric with a mean that follows the gene. Every batch of cells has a seed of its own, so that the
first cells of a larger file are those of a smaller one. Genes have the Ensembl ids of the synthetic
graph (benchmarks/graph/synthetic.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

BATCH = 2_048
LABELS = ("B cell", "T cell", "monocyte", "natural killer cell", "fibroblast", "neuron")


def detection(features: int, values: int) -> np.ndarray:
    """Chance of each gene to be detected, in the order of the file; they add up to ``values``."""
    ranks = np.linspace(-9, 9, features)
    low, high = -40.0, 40.0
    for _ in range(80):  # shift the curve until it adds up
        middle = (low + high) / 2
        if (1 / (1 + np.exp(ranks - middle))).sum() > values:
            high = middle
        else:
            low = middle
    chances = 1 / (1 + np.exp(ranks - low))
    return np.random.default_rng(12345).permutation(chances)


def batches(cells: int, features: int, values: int, seed: int) -> Iterator[sparse.csr_matrix]:
    """Yield the counts, float32, 2,048 cells at a time."""
    chances = detection(features, values)
    weights = chances / chances.sum()
    mean = 1 + 3 * chances**2
    for number, first in enumerate(range(0, cells, BATCH)):
        rng = np.random.default_rng([seed, number])
        depth = rng.negative_binomial(8, 8 / (8 + values), BATCH) / values
        # genes of a cell: those whose uniform draw is below their chance, scaled with its depth
        drawn = rng.random((BATCH, features), dtype=np.float32)
        found = drawn < np.minimum(0.98, weights * values * depth[:, None])
        rows = min(BATCH, cells - first)
        x = sparse.csr_matrix(found[:rows])
        counts = rng.geometric(1 / mean[x.indices])
        yield sparse.csr_matrix(
            (counts.astype(np.float32), x.indices, x.indptr), shape=(rows, features)
        )


def write(path: Path, *, cells: int, features: int, values: int, seed: int) -> np.ndarray:
    """Write the file; the sum of counts of each cell, int64."""
    _write_tables(path, cells, features, seed)
    return _write_counts(path, batches(cells, features, values, seed), (cells, features))


def tile(path: Path, real: Path, *, cells: int, label: str = "celltype") -> tuple[int, int]:
    """Write the cells of a real file again and again until there are so many.

    Counts and labels are those of the file, in its order. Its genes get the ids of the synthetic
    graph, one each, so that every count is delivered and can be checked.

    Returns
    -------
    tuple
        Features, and stored values per cell.
    """
    data = anndata.read_h5ad(real)
    x = sparse.csr_matrix(data.X, dtype=np.float32)
    places = np.arange(cells) % x.shape[0]
    kinds = pd.Categorical(data.obs[label].astype(str).to_numpy()[places])  # sorted, as in stores
    obs = pd.DataFrame({"cell_type": kinds}, index=[f"cell{number}" for number in range(cells)])
    var = pd.DataFrame(index=_gene_ids(x.shape[1]))
    anndata.AnnData(obs=obs, var=var).write_h5ad(path)
    parts = (x[places[first : first + BATCH]] for first in range(0, cells, BATCH))
    _write_counts(path, parts, (cells, x.shape[1]))
    return x.shape[1], round(x.nnz / x.shape[0])


def _write_counts(
    path: Path, parts: Iterable[sparse.csr_matrix], shape: tuple[int, int]
) -> np.ndarray:
    totals = np.zeros(shape[0], np.int64)
    with h5py.File(path, "a") as file:
        group = file.create_group("X")
        group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0"})
        group.attrs["shape"] = np.array(shape, np.int64)
        data, indices = (
            group.create_dataset(name, (0,), kind, maxshape=(None,), chunks=(2**18,))
            for name, kind in (("data", np.float32), ("indices", np.int32))
        )
        indptr, at, first = [np.zeros(1, np.int64)], 0, 0
        for x in parts:
            for target, part in ((data, x.data), (indices, x.indices)):
                target.resize((at + len(part),))
                target[at:] = part
            indptr.append(at + x.indptr[1:].astype(np.int64))
            totals[first : first + x.shape[0]] = np.asarray(x.sum(axis=1)).ravel()
            at, first = at + x.nnz, first + x.shape[0]
        group["indptr"] = np.concatenate(indptr)
    return totals


def _gene_ids(features: int) -> list[str]:
    return [f"ENSG{number:011d}" for number in range(1, features + 1)]


def _write_tables(path: Path, cells: int, features: int, seed: int) -> None:
    rng = np.random.default_rng([seed, 2**31])
    donors = np.array([f"D{number}" for number in range(24)])
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(rng.choice(LABELS, cells)),
            "donor": pd.Categorical(rng.choice(donors, cells)),
        },
        index=[f"cell{number}" for number in range(cells)],
    )
    var = pd.DataFrame(index=_gene_ids(features))
    anndata.AnnData(obs=obs, var=var).write_h5ad(path)


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=40_000)
    parser.add_argument("--values", type=int, default=1_550)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    totals = write(
        options.out,
        cells=options.cells,
        features=options.features,
        values=options.values,
        seed=options.seed,
    )
    print(f"{options.out}: {options.cells:,} cells, {int(totals.sum()):,} counts")


if __name__ == "__main__":
    main()
