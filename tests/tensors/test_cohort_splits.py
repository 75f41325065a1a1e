"""Cohorts in parts by the command and in Python, and copies of cells left out."""

from __future__ import annotations

import json

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tests.tiny import GENES
from tosg_graph.cli import app
from tosg_graph.errors import UsageError
from tosg_graph.tensors.cohort_splits import split_cohort
from tosg_graph.tensors.copies import first_of_each
from tosg_graph.tensors.export import load_export
from tosg_graph.workspace import Workspace

N = 240


def cells(path, *, studies, primary):
    """Cells of twelve donors in some studies, each in one; every sixth marked as a copy."""
    rng = np.random.default_rng(len(studies))
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical(rng.choice(["B cell", "monocyte"], N)),
            "donor": [f"d{n % 12}" for n in range(N)],
            "study": [studies[n % len(studies)] for n in range(N)],
        },
        index=[f"{path.stem}{n}" for n in range(N)],
    )
    if primary:
        obs["is_primary_data"] = [n % 6 != 0 for n in range(N)]
    x = sparse.csr_matrix(rng.poisson(1.0, (N, 10)).astype(np.float32))
    var = pd.DataFrame(index=[GENES[s][2] for s in list(GENES)[:10]])
    anndata.AnnData(x, obs, var).write_h5ad(path)
    return obs


@pytest.fixture(scope="module")
def work(tmp_path_factory, tiny):
    """A workspace with a store of two data sets, only the first of which marks copies."""
    folder = tmp_path_factory.mktemp("splits")
    (folder / "graph").mkdir()
    (folder / "graph" / tiny.id).symlink_to(tiny.path)
    (folder / "graph" / "current").write_text(tiny.id)
    with Workspace(folder) as ws:
        cells(folder / "a.h5ad", studies=["s1", "s2"], primary=True)
        cells(folder / "b.h5ad", studies=["s3", "s4"], primary=False)
        options = {"name": "x", "label": "cell_type", "donor": "donor"}
        ws.add_cells(folder / "a.h5ad", dataset="study", **options)
        ws.add_cells(folder / "b.h5ad", dataset="study", append=True, **options)
    return folder


@pytest.fixture(scope="module")
def runs(work):
    """Two runs of the same barcodes; half of the second is the first again, for other donors.

    Each donor is in several studies.
    """
    rng = np.random.default_rng(3)
    counts = rng.poisson(3.0, (60, 70)).astype(np.float32)
    genes = [GENES[s][2] for s in GENES]
    var = pd.DataFrame(index=genes + [f"g{n}" for n in range(70 - len(genes))])
    for name, rows in (("r1", counts[:40]), ("r2", counts[20:])):
        obs = pd.DataFrame(
            {
                "kind": ["a", "b"] * 20,
                "donor": [f"{name}d{n % 4}" for n in range(40)],
                "study": [f"s{n // 10}" for n in range(40)],
                "again": ["yes" if name == "r2" and n < 20 else "no" for n in range(40)],
            },
            index=[f"c{n}" for n in range(40)],
        )
        anndata.AnnData(sparse.csr_matrix(rows), obs, var).write_h5ad(work / f"{name}.h5ad")
        with Workspace(work) as ws:
            options = {"label": "kind", "donor": "donor", "append": name == "r2"}
            ws.add_cells(work / f"{name}.h5ad", name="runs", **options)
    return Workspace(work)


def exported(ws, out, selected, split):
    return ws.export(out, cells="runs", selected=selected, split=split, text_dims=0)


def test_donors_in_two_parts_are_told_of_a_split_by_label(runs):
    """A donor is one of a study, so that no split by study can cut one."""
    assert runs.split("runs", "data_set = r1", by="study").record()["shared_donors"] == 0
    split = runs.split("runs", "data_set = r1", by="label")
    shared = split.record()["shared_donors"]
    assert shared > 8
    assert f"{shared} of 16 known donors are in two parts" in split.splits[0].note


def test_runs_share_barcodes_and_no_cells(runs, tmp_path):
    query = "again = no"
    ws = runs
    assert ws.split("runs", query, by="label").profiles == {"compared": 60, "too_small": 0}
    made = exported(ws, tmp_path / "e", query, "label").manifest["cells"]
    assert made["split"]["profiles"] == {"compared": 60, "too_small": 0}
    assert made["split"]["shared_donors"] > 8
    assert [one["name"] for one in made["diagnostics"]["classes"]] == made["label_names"]


def test_cells_under_two_names_are_named(runs, tmp_path):
    both = r"cells with the same counts in two parts: c\d+ of r[12] \(\w+\) = c\d+ of r[12] \(\w+\)"
    for by in ("donor", "label"):
        with pytest.raises(UsageError, match=both):
            runs.split("runs", by=by)
    with pytest.raises(UsageError, match=both):
        exported(runs, tmp_path / "e", "all", "label")
    once = first_of_each(runs.cohort("runs", "all"))
    assert once == runs.cohort("runs", "again = no")
    assert split_cohort(once, by="label").profiles == {"compared": 60, "too_small": 0}
    few = runs.cohort("x", "all")  # of ten genes: nothing can be told of them
    assert first_of_each(few) == few
    words = ["cells", "split", "runs", "--by", "label", "--no-profiles", "-w", runs.path]
    assert "no counts were read" in ran(*words).output
    assert json.loads(ran(*words, "--json").output)["profiles"] is None


def ran(*words, code=0):
    found = CliRunner().invoke(app, [str(word) for word in words])
    assert found.exit_code == code, found.output
    return found


@pytest.mark.parametrize(("by", "column", "k"), [("donor", "donor_id", 5), ("study", "dataset", 4)])
def test_folds_by_command(work, tmp_path, by, column, k):
    words = ["cells", "split", "x", "--folds", k, "--by", by, "-w", work, "--save", tmp_path / "f"]
    said = json.loads(ran(*words, "--json").stdout)
    assert (said["folds"], said["by"], said["n_cells"]) == (k, by, 2 * N)
    assert len(said["counts"]["rows"]) == 3 * k
    ws = Workspace(work)
    obs = ws.cells("x").obs.to_pandas()
    tested = np.zeros(2 * N, int)
    for fold in range(1, k + 1):
        parts = {
            part: ws.load_cohort(tmp_path / "f" / f"fold-{fold}" / f"{part}.parquet")
            for part in ("train", "validation", "test")
        }
        groups = {part: set(obs[column].iloc[found.cells]) for part, found in parts.items()}
        assert not groups["train"] & groups["test"]
        assert not groups["train"] & groups["validation"]
        assert not groups["validation"] & groups["test"]
        assert all(groups.values())
        together = np.concatenate([found.cells for found in parts.values()])
        assert np.array_equal(np.sort(together), np.arange(2 * N))
        tested[parts["test"].cells] += 1
        rows = [row for row in said["counts"]["rows"] if row[0] == fold]
        assert rows == [[fold, p, found.n_cells, len(groups[p])] for p, found in parts.items()]
    assert (tested == 1).all()
    assert f"fold {k} of {k}, by {by}, seed 0" in parts["train"].query


def test_one_split_and_its_words(work, tmp_path):
    query = "cell_type = monocyte"
    found = ran("cells", "split", "x", query, "-w", work, "--save", tmp_path / "one").output
    assert "No donor is in two parts; 24 donors." in found.replace("\n", " ")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["test.parquet", "train.parquet", "validation.parquet"]
    splits = Workspace(work).split("x", query)
    assert splits.part("test") == Workspace(work).load_cohort(tmp_path / "one" / "test.parquet")
    assert sum(splits.counts()["cells"].to_pylist()) == splits.cohort.n_cells


def test_wrong_splits_are_named(work, tmp_path):
    def said(*words):
        error = ran("cells", "split", "x", *words, "-w", work, code=1).exception
        assert isinstance(error, UsageError)  # exit code 2, where the program itself runs
        return str(error)

    assert "2 folds found; at least 3" in said("--folds", 2)
    assert "of 4 studies there can be at most 4 folds" in said("--folds", 5, "--by", "study")
    assert "folds are of donors or studies" in said("--folds", 3, "--by", "label")
    assert "expected one of donor, study, label" in said("--by", "barcode")
    assert "no cell is chosen" in said("total_count > 100000")
    (tmp_path / "there").mkdir()
    assert "exists" in said("--save", tmp_path / "there")


def test_copies_are_counted_and_can_be_left_out(work, tmp_path):
    found = json.loads(ran("cells", "cohort", "x", "-w", work, "--json").stdout)
    assert found["n_cells"] == 2 * N
    assert any(
        "40 of 480 cells are copies" in note and "--primary" in note for note in found["notes"]
    )
    words = ["cells", "cohort", "x", "--primary", "-w", work, "--json"]
    found = json.loads(ran(*words).stdout)
    assert (found["n_cells"], found["notes"]) == (2 * N - N // 6, [])  # who says nothing stays
    ws = Workspace(work)
    primary = ws.cohort("x", "all", primary=True)
    assert ws.cohort("x", primary.query) == primary  # the rule is a query that anyone can write
    assert ws.split("x", primary=True).cohort == primary
    graph = ["export", "--cells", "x", "--text-dims", 0, "-w", work]
    ran(*graph, "--primary", "--out", tmp_path / "own")
    assert load_export(tmp_path / "own").cells["store_index"].to_pylist() == primary.cells.tolist()
    assert load_export(tmp_path / "own").manifest["cells"]["copies"] == 0
    shown = " ".join(ran(*graph, "--out", tmp_path / "all").output.split())
    assert "40 of them are copies" in shown
    assert load_export(tmp_path / "all").manifest["cells"]["copies"] == N // 6


def test_a_store_that_marks_no_copies_is_left_whole(work, tmp_path):
    with Workspace(work) as ws:
        ws.add_cells(work / "b.h5ad", name="plain", label="cell_type", donor="donor")
        assert ws.cohort("plain", "all", primary=True).n_cells == N
        assert ws.cohort("plain", "all").notes == ()


def test_a_loader_delivers_a_cohort(work):
    ws = Workspace(work)
    part = ws.split("x", folds=4).part("validation", fold=2)
    graph = ws.subgraph()
    seen = [int(c) for b in ws.cell_loader("x", graph, cohort=part) for c in b.cell_index]
    assert sorted(seen) == part.cells.tolist()
    with pytest.raises(UsageError, match="both given"):
        ws.cell_loader("x", graph, cohort=part, cells=part.cells)
    with pytest.raises(UsageError, match="of the store 'x', not of 'plain'"):
        ws.cell_loader("plain", graph, cohort=part)
