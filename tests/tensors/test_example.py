"""The training example, on cells with a planted marker gene per label."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from tests.tiny import GENES
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.tensors.export import write_export
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "train_cell_type.py"
MARKERS = {"B cell": "EGF", "Monocyte": "KRAS", "NK cell": "MAPK1"}


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_cell_type", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_cell_type"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["train_cell_type"]


@pytest.fixture(scope="module")
def planted(tiny, tmp_path_factory):
    """An export of 240 cells; 24 of them have no label."""
    rng = np.random.default_rng(0)
    labels = [None if i % 10 == 9 else list(MARKERS)[i % 3] for i in range(240)]
    counts = rng.poisson(2.0, (240, len(GENES)))
    symbols = list(GENES)
    for row, label in enumerate(labels):
        if label:
            counts[row, symbols.index(MARKERS[label])] += 25
    folder = tmp_path_factory.mktemp("planted")
    obs = pd.DataFrame({"kind": labels}, index=[f"c{i}" for i in range(240)])
    var = pd.DataFrame(index=[GENES[s][2] for s in symbols])
    anndata.AnnData(counts.astype(np.float32), obs, var).write_h5ad(folder / "p.h5ad")
    add_h5ad(folder / "p.h5ad", folder, name="p", build=tiny, label="kind")
    chosen = Subgraph.pathway(tiny, "R-HSA-162582")
    return write_export(
        folder / "e", build=tiny, subgraph=chosen, store=CellStore.open(folder / "p"), split="auto"
    )


def test_both_models_find_a_planted_marker(example, planted, capsys, monkeypatch):
    monkeypatch.setattr(
        sys,
        "argv",
        [
            "x",
            str(planted.path),
            "--seeds",
            "0",
            "--device",
            "cpu",
            "--rate",
            "0.01",
            "--batch-size",
            "16",
        ],
    )
    example.main()
    printed = capsys.readouterr().out
    assert "8 measured genes; 3 labels; cells: " in printed
    assert "No donor is recorded." in printed
    for name in ("logistic regression", "graph network"):
        found = re.search(rf"{name} +accuracy (\S+), macro-f1 (\S+) \[", printed)
        assert float(found[1]) > 0.9
        assert float(found[2]) > 0.9


def test_cells_without_a_label_are_in_no_part(example, planted):
    task = example.Task.of(planted)
    codes = planted.cells["code"].to_numpy()
    found = np.concatenate([task.parts[p] for p in ("train", "validation", "test")])
    assert sorted(found.tolist()) == np.flatnonzero(codes >= 0).tolist()
    assert len(found) == 216


def test_both_models_see_the_same_genes_and_cells(example, planted):
    task = example.Task.of(planted)
    x, y = task.genes("test")
    cells = task.parts["test"]
    assert y.tolist() == planted.cells["code"].to_numpy()[cells].tolist()
    counts = planted.counts("Gene").toarray()[cells]
    totals = planted.cells["rna_total"].to_numpy()[cells]
    np.testing.assert_allclose(x, np.log1p(counts * 1e4 / totals[:, None]), rtol=1e-5)


def test_a_message_is_the_mean_of_the_sources(example):
    edges = torch.tensor([[0, 2, 1], [1, 1, 0]])
    mean = example.mean_over_sources(edges, (3, 3)).to_dense()
    assert mean.tolist() == [[0, 1, 0], [0.5, 0, 0.5], [0, 0, 0]]
