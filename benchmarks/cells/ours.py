"""Readers of this project for the benchmark: stores of both tiers, joined to 40,000 genes.

    python ours.py hot prepare cells.h5ad FOLDER
    python ours.py compact read cells.h5ad FOLDER --order block_64
    python ours.py hot topology cells.h5ad FOLDER

The same command line and the same JSON as :mod:`peers.readers`. The loader under test is the one
that users get: labels, counts joined to the nodes by graph id, torch tensors out.
``topology`` compares batches of the loader on 20,000 nodes and 200,000 edges, from the store to the
tensors, with copies of the graph per cell by PyTorch Geometric, which is given the same tensors.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "graph"), str(HERE / "peers")]

from readers import WINDOWS, measured  # noqa: E402
from synthetic import GENES, Sizes, _hgnc  # noqa: E402 - the genes of the synthetic graph

from tosg_graph.tensors.batch import CellLoader  # noqa: E402
from tosg_graph.tensors.subgraph import Subgraph  # noqa: E402
from tosg_graph.workspace import Workspace  # noqa: E402

ORDERS = {
    **{name: {"order": "block_shuffled", **sizes} for name, sizes in WINDOWS.items()},
    "random": {"order": "random"},
}


def prepare(h5ad: Path, folder: Path, tier: str) -> None:
    """Build the graph of genes and convert the cells."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    _hgnc(data / "hgnc_complete_set.txt", Sizes.at(1.0))
    with Workspace(folder / "work") as ws:
        ws.build(data)
        ws.add_cells(h5ad, name="cells", label="cell_type")
        if tier == "compact":
            ws.pack_cells("cells", codec="lz4")
            ws.prune_cells("cells")


@lru_cache(maxsize=1)
def opened(folder: Path) -> tuple[Any, Subgraph]:
    """The store, and the subgraph of all genes."""
    ws = Workspace(folder / "work")
    subgraph = Subgraph.whole(ws.graph)
    assert len(subgraph.node_ids("Gene")) == GENES
    return ws.cells("cells"), subgraph


def read(
    folder: Path, order: str, batch: int, seed: int, threads: int, normalise: str
) -> Iterator[tuple[Any, np.ndarray]]:
    """Batches as the peers give them: sparse rows and label codes."""
    store, subgraph = opened(folder)
    loader = CellLoader(
        store, subgraph, targets=["Gene"], layout="sparse", batch_size=batch, seed=seed,
        threads=threads, normalise=normalise, **ORDERS[order],
    )  # fmt: skip
    for made in loader:
        yield made.x["Gene", "rna"], made.label.numpy()


def topology(folder: Path, batch: int, nodes: int, edges: int, repeats: int) -> dict[str, Any]:
    """Cells per second of both, in turn; medians."""
    import torch
    from torch_geometric.data import Batch, Data

    store, whole = opened(folder)
    subgraph = Subgraph.of_ids(Workspace(folder / "work").graph, whole.node_ids("Gene")[:nodes])
    shared = subgraph.to_hetero_data()
    ends = np.random.default_rng(0).integers(0, nodes, (2, edges))
    edge_index = torch.from_numpy(ends)
    shared["Gene", "interacts_with", "Gene"].edge_index = edge_index
    found: dict[str, list[float]] = {"dense": [], "sparse": [], "pyg": []}
    few = None
    for number in range(repeats):
        for layout in ("dense", "sparse"):
            loader = CellLoader(
                store, subgraph, topology=shared, targets=["Gene"], layout=layout,
                batch_size=batch, seed=number, normalise="log1p_10k", drop_last=True,
                **ORDERS["block_64"],
            )  # fmt: skip
            batches = iter(loader)
            first = next(batches).x
            few = first["Gene"][:32].clone() if layout == "dense" else few
            start, made = time.perf_counter(), 0
            for made, _ in enumerate(batches, 1):
                if made == 32:
                    break
            found[layout].append(made * batch / (time.perf_counter() - start))
            batches.close()
        start = time.perf_counter()
        copies = Batch.from_data_list([Data(x=x, edge_index=edge_index) for x in few])
        found["pyg"].append(len(few) / (time.perf_counter() - start))
        assert torch.equal(copies.x.reshape(few.shape), few)
    rates = {name: statistics.median(values) for name, values in found.items()}
    return {
        "nodes": nodes,
        "edges": edges,
        **{f"{name}_cells_per_s": round(rate) for name, rate in rates.items()},
        **{f"{name}_times": round(rates[name] / rates["pyg"], 1) for name in ("dense", "sparse")},
    }


def main() -> None:
    """Prepare or read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tier", choices=("hot", "compact"))
    parser.add_argument("what", choices=("prepare", "read", "topology"))
    parser.add_argument("h5ad", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--order", default="block_64", choices=ORDERS)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--cells", type=int, default=10**9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--normalise", default="raw")
    given = parser.parse_args()
    if given.what == "prepare":
        prepare(given.h5ad, given.folder, given.tier)
        return
    if given.what == "topology":
        print(json.dumps(topology(given.folder, given.batch, 20_000, 200_000, repeats=5)))
        return
    opened(given.folder)
    options = (given.folder, given.order, given.batch, given.seed, given.threads, given.normalise)
    json.dump(measured(lambda: read(*options), given.cells), sys.stdout)


if __name__ == "__main__":
    main()
