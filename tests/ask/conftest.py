"""A database and cells for questions over the tiny graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from tests.tiny import GENES
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.ask import ask
from tosg_graph.ask.link import Linker
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.graph.embedded import EmbeddedStore

#: Group → number of cells.
GROUPS = {"CD14+ Monocyte": 8, "CD19+ B": 4, "CD34+": 5}
#: Gene → group → cells of the group in which it is counted; 0 where it is not said.
SEEN = {
    "CD14": {"CD14+ Monocyte": 8, "CD34+": 1},
    "EGFR": {"CD14+ Monocyte": 2, "CD34+": 1},
    "FCGR3A": {"CD14+ Monocyte": 1, "CD19+ B": 0},
    "FCGR3B": {"CD14+ Monocyte": 3},
    "CD19": {"CD19+ B": 4},
    "KRAS": {"CD14+ Monocyte": 4, "CD19+ B": 2, "CD34+": 5},
    "ABL1": {"CD14+ Monocyte": 6, "CD19+ B": 1},
    "ITGA2": {"CD14+ Monocyte": 5},
    "ITGB1": {"CD14+ Monocyte": 2, "CD19+ B": 4},
}
#: Not measured in these cells.
UNMEASURED = ("MDM2", "PTEN")
#: Antibody → group → cells.
ANTIBODIES = {"CD14": {"CD14+ Monocyte": 7}, "CD19": {"CD19+ B": 3, "CD14+ Monocyte": 1}}


def shares(group: str, *, of: dict[str, dict[str, int]] = SEEN) -> dict[str, float]:
    """Gene → share of the cells of a group in which it is counted."""
    return {gene: cells.get(group, 0) / GROUPS[group] for gene, cells in of.items()}


def detected(group: str, least: float = 0.25, *, of: dict[str, dict[str, int]] = SEEN) -> set[str]:
    """Genes that reach a share."""
    return {gene for gene, share in shares(group, of=of).items() if share >= least and share > 0}


def _counts(features: list[str], seen: dict[str, dict[str, int]]) -> np.ndarray:
    rows = []
    for group, n in GROUPS.items():
        for cell in range(n):
            rows.append([1 + cell if cell < seen.get(f, {}).get(group, 0) else 0 for f in features])
    return np.array(rows, dtype=np.float32)


def _annotated() -> ad.AnnData:
    genes = [symbol for symbol in GENES if symbol not in UNMEASURED]
    labels = [group for group, n in GROUPS.items() for _ in range(n)]
    return ad.AnnData(
        X=csr_matrix(_counts(genes, SEEN)),
        obs=pd.DataFrame(
            {"celltype": pd.Categorical(labels)}, index=[f"cell{i}" for i in range(len(labels))]
        ),
        var=pd.DataFrame(index=[GENES[symbol][2] for symbol in genes]),
    )


@pytest.fixture(scope="session")
def tiny_cells(tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> CellStore:
    """RNA and antibodies of 17 cells."""
    folder = tmp_path_factory.mktemp("cells")
    data = _annotated()
    antibodies = list(ANTIBODIES)
    data.obsm["ADT"] = pd.DataFrame(
        _counts(antibodies, ANTIBODIES), index=data.obs_names, columns=antibodies
    )
    data.write_h5ad(folder / "tiny.h5ad")
    add_h5ad(folder / "tiny.h5ad", folder, name="tiny", build=tiny, label="celltype")
    return CellStore.open(folder / "tiny")


@pytest.fixture(scope="session")
def rna_cells(tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> CellStore:
    """The same cells without their antibodies."""
    folder = tmp_path_factory.mktemp("rna")
    _annotated().write_h5ad(folder / "rna.h5ad")
    add_h5ad(folder / "rna.h5ad", folder, name="rna", build=tiny, label="celltype")
    return CellStore.open(folder / "rna")


@pytest.fixture(scope="session")
def tiny_store(tiny: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path_factory.mktemp("lbug") / "graph.lbug") as store:
        store.load(tiny)
        yield store


@pytest.fixture(scope="session")
def linker(tiny: Build) -> Linker:
    return Linker.of(tiny)


Asker = Callable[[str], Answer]


@pytest.fixture(scope="session")
def answer(tiny: Build, tiny_store: EmbeddedStore, tiny_cells: CellStore, linker: Linker) -> Asker:
    """Ask a question of the tiny graph and the tiny cells."""

    def of(question: str) -> Answer:
        return ask(
            question, build=tiny, store=tiny_store, cells={"tiny": tiny_cells}, linker=linker
        )

    return of
