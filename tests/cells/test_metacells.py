"""Meta-cells: every count in its sum, nobody mixed, alike cells together, a store like any other."""

from __future__ import annotations

import json

import anndata
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import sparse
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, panels, random_counts, write
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.metacells import make_metacells
from tosg_graph.cells.profiles import profiles
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose
from tosg_graph.errors import UsageError

N, GENES = 600, 40


@pytest.fixture(scope="module")
def data():
    """Three donors in two tissues; two kinds of cells with programmes of their own."""
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 2, N)
    programme = rng.gamma(0.6, 4, (2, GENES))
    counts = rng.poisson(programme[kind])
    obs = pd.DataFrame(
        {
            "cell_type": np.array(["monocyte", "B cell"], dtype=object)[kind],
            "donor": np.array(["D1", "D2", "D3", None], dtype=object)[
                rng.choice(4, N, p=[0.4, 0.3, 0.28, 0.02])
            ],
            "tissue": np.where(rng.random(N) < 0.6, "blood", "skin"),
            "age": 40,
        },
        index=cell_names(N),
    )
    obs.loc[obs.donor == "D3", "tissue"] = "blood"
    obs.loc[obs.index[:3], ["donor", "tissue"]] = ["D3", "skin"]  # a partition of three cells
    return obs, counts


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, data):
    obs, counts = data
    folder = tmp_path_factory.mktemp("meta")
    proteins = pd.DataFrame(counts[:, :3], columns=["CD14", "CD19", "IgG1"], index=obs.index)
    path = write(folder / "a.h5ad", as_layout(counts, "csr"), obs=obs, obsm={"ADT": proteins})
    made = add_h5ad(path, folder / "cells", name="s", build=tiny, label="cell_type", donor="donor")
    return CellStore.open(made.path)


@pytest.fixture(scope="module")
def made(store, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return make_metacells(
        choose(store, "all", build=tiny), folder, name="m", build=tiny, size=15, seed=1
    )


def members(store):
    table = pq.read_table(store.folder / "members.parquet").to_pandas()
    return table["cell"].to_numpy(), table["metacell"].to_numpy()


def test_sums_are_those_of_the_members(store, made, data):
    meta, report = made
    cells, numbers = members(meta)
    assert len(set(cells)) == len(cells) == report.n_cells
    for modality, raw in (("rna", data[1]), ("protein", data[1][:, :3])):
        expected = pd.DataFrame(raw[cells]).groupby(numbers).sum().to_numpy()
        found = meta.gather(modality, np.arange(meta.n_cells)).to_scipy().toarray()
        assert np.array_equal(found, expected)
        assert found.sum() == raw[cells].sum()
    assert meta.values("n_members").to_pylist() == np.bincount(numbers).tolist()
    assert meta.features()["source_id"].equals(store.features()["source_id"])
    assert meta.features()["graph_id"].equals(store.features()["graph_id"])
    meta.verify()


def test_nobody_is_mixed_and_what_is_left_out_is_counted(store, made, data):
    meta, report = made
    obs = data[0]
    cells, numbers = members(meta)
    parts = obs.iloc[cells].groupby(numbers)
    assert (parts["donor"].nunique() == 1).all()
    assert (parts["tissue"].nunique() == 1).all()
    assert meta.values("donor_id").to_pylist() == [
        f"a/a/{donor}" for donor in parts["donor"].first()
    ]
    assert meta.values("tissue").to_pylist() == parts["tissue"].first().tolist()
    assert meta.values("tissue_ontology_id").to_pylist() == [
        "UBERON:0000178" if t == "blood" else None for t in parts["tissue"].first()
    ]
    assert set(meta.values("age_years").to_pylist()) == {40.0}
    known = obs.donor.notna()
    sizes = obs[known].groupby(["donor", "tissue"]).size()
    assert report.left_out_unknown == int((~known).sum())
    assert (report.small_partitions, report.left_out_small) == (1, 3)
    assert sizes[sizes < 10].tolist() == [3]
    assert report.partitions == int((sizes >= 10).sum())


def test_alike_cells_are_together(store, made, data):
    meta, report = made
    cells, numbers = members(meta)
    kinds = data[0].cell_type.to_numpy()[cells]
    most = pd.Series(kinds).groupby(numbers).agg(lambda k: k.value_counts().iloc[0])
    assert report.purity == pytest.approx(most.sum() / len(cells))
    shuffled = np.random.default_rng(0).permutation(kinds)
    chance = pd.Series(shuffled).groupby(numbers).agg(lambda k: k.value_counts().iloc[0])
    assert report.purity > 0.97 > chance.sum() / len(cells)
    assert 0 < report.compactness < 0.7
    assert meta.values("purity").to_pylist() == pytest.approx(
        (most / np.bincount(numbers)).tolist()
    )
    labels = pd.Series(kinds).groupby(numbers).agg(lambda k: sorted(k.mode())[0])
    pure = (most == np.bincount(numbers)).to_numpy()
    assert np.array(meta.values("cell_type").to_pylist())[pure].tolist() == labels[pure].tolist()
    assert report.sizes[0] >= 1
    assert report.sizes[1] == np.median(np.bincount(numbers))


def test_the_seed_decides(store, tiny, made, tmp_path):
    meta, _ = made
    cohort = choose(store, "all", build=tiny)
    again, _ = make_metacells(cohort, tmp_path, name="again", build=tiny, size=15, seed=1)
    other, _ = make_metacells(cohort, tmp_path, name="other", build=tiny, size=15, seed=2)
    assert again.hash == meta.hash
    assert other.hash != meta.hash
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "other"]


def test_everything_downstream_treats_them_alike(made, tiny):
    meta, _ = made
    found = profiles(meta)
    assert set(found.groups) == {"monocyte", "B cell"}
    assert choose(meta, "cell_type under monocyte and n_members > 1", build=tiny).n_cells > 0
    assert meta.manifest["metacells"]["options"]["within"] == ["donor_id", "tissue"]
    assert meta.manifest["datasets"][0]["source"]["file"] == "meta-cells of s"


def test_within_a_cell_type_every_meta_cell_is_pure(store, tiny, tmp_path):
    meta, report = make_metacells(
        choose(store, "all", build=tiny), tmp_path, name="p", build=tiny, size=20,
        within=("donor_id", "cell_type"),
    )  # fmt: skip
    assert report.purity == 1.0
    assert set(meta.values("purity").to_pylist()) == {1.0}
    assert set(meta.values("tissue").to_pylist()) <= {"blood", "skin", None}


def test_data_sets_stay_apart_with_what_each_measured(tiny, tmp_path):
    parent, counts = panels(tmp_path, tiny)
    cohort = choose(parent, "all", build=tiny)
    meta, report = make_metacells(
        cohort, tmp_path, name="m", build=tiny, size=15, within=("cell_type",)
    )
    assert meta.dataset_names == parent.dataset_names
    assert meta.measured().tolist() == parent.measured().tolist()
    assert meta.measured("protein").tolist() == [[True, True], [False, False]]
    assert (report.partitions, meta.versions) == (2, [meta.version])
    cells, numbers = members(meta)
    assert (parent.dataset_of(cells) == meta.dataset_of(numbers)).all()
    raw = np.vstack([counts[0], np.pad(counts[1], ((0, 0), (0, 8)))])
    expected = pd.DataFrame(raw[cells]).groupby(numbers).sum().to_numpy()
    found = meta.gather("rna", np.arange(meta.n_cells)).to_scipy().toarray()
    assert np.array_equal(found, expected)
    meta.verify()


def test_large_partitions_are_cut(store, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tosg_graph.cells.metacells.PIECE", 50)
    meta, report = make_metacells(
        choose(store, "all", build=tiny), tmp_path, name="c", build=tiny, size=10, within=("donor",)
    )
    cells, _ = members(meta)
    assert report.n_cells == len(set(cells)) == len(cells)
    assert meta.n_cells == report.n_metacells > 40


def test_what_cannot_be_made_is_said(store, tiny, tmp_path):
    cohort = choose(store, "all", build=tiny)
    with pytest.raises(UsageError, match="no partition of donor_id, tissue has 1000 cells"):
        make_metacells(cohort, tmp_path, name="x", build=tiny, min_cells=1000)
    with pytest.raises(UsageError, match="at least 2 of each"):
        make_metacells(cohort, tmp_path, name="x", build=tiny, size=1)
    made = add_h5ad(
        write(tmp_path / "c.h5ad", as_layout(random_counts(30, 3), "csr")), tmp_path / "cells",
        name="c", build=tiny,
    )  # fmt: skip
    with pytest.raises(UsageError, match="neither donor nor tissue of any cell is known"):
        make_metacells(choose(CellStore.open(made.path), "all"), tmp_path, name="x", build=tiny)
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match="there is a cell store 'taken' already"):
        make_metacells(cohort, tmp_path, name="taken", build=tiny)
    assert not list(tmp_path.glob(".new-*"))


def test_the_command(store, tiny, tmp_path):
    from tosg_graph.cli import app

    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "s").symlink_to(store.folder)
    words = ["cells", "metacells", "s", "--size", "20", "-w", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert "meta-cells of" in done.stdout
    said = json.loads(CliRunner().invoke(app, [*words, "--into", "t", "--json"]).stdout)
    assert said["n_metacells"] == CellStore.open(tmp_path / "cells" / "t").n_cells


def of_one_donor(source, path):
    """A public file with a donor, which it does not name itself."""
    file = anndata.read_h5ad(source)
    file.obs["donor"] = "one"
    file.write_h5ad(path)
    return file


@pytest.mark.real
def test_meta_cells_of_sorted_blood_cells_are_purer_than_chance(real_build, real_data, tmp_path):
    path = tmp_path / "pbmc.h5ad"
    raw = of_one_donor(real_data / "cells" / "pbmc_facs_3774.h5ad", path)
    done = add_h5ad(path, tmp_path, name="pbmc", build=real_build, label="celltype", donor="donor")
    cohort = choose(CellStore.open(done.path), "all", build=real_build)
    meta, report = make_metacells(cohort, tmp_path, name="m", build=real_build, size=20)
    cells, numbers = members(meta)
    assert report.n_cells == len(cells) == 3774
    member = sparse.csr_matrix(
        (np.ones(len(cells), np.int64), (numbers, cells)), (meta.n_cells, raw.n_obs)
    )
    found = meta.gather("rna", np.arange(meta.n_cells)).to_scipy()
    assert abs(member @ sparse.csr_matrix(raw.X).astype(np.int64) - found).nnz == 0

    def purity(kinds):
        return pd.Series(kinds).groupby(numbers).agg(lambda k: k.value_counts().iloc[0]).sum()

    kinds = raw.obs["celltype"].astype(str).to_numpy()[cells]
    assert report.purity == pytest.approx(purity(kinds) / len(cells))
    chance = purity(np.random.default_rng(0).permutation(kinds)) / len(cells)
    assert report.purity > 0.65 > chance + 0.2


@pytest.mark.real
def test_both_modalities_of_a_cite_seq_file_are_added_up(real_build, real_data, tmp_path):
    path = tmp_path / "cite.h5ad"
    raw = of_one_donor(real_data / "cells" / "citeseq_pbmc_500.h5ad", path)
    done = add_h5ad(path, tmp_path, name="cite", build=real_build, donor="donor")
    cohort = choose(CellStore.open(done.path), "all", build=real_build)
    meta, report = make_metacells(cohort, tmp_path, name="m", build=real_build, size=25)
    cells, numbers = members(meta)
    assert report.purity is None  # no cell has a type
    proteins = pd.DataFrame(np.asarray(raw.obsm["ADT"])[cells]).groupby(numbers).sum()
    found = meta.gather("protein", np.arange(meta.n_cells)).to_scipy().toarray()
    assert np.array_equal(found, proteins.to_numpy())
    rna = np.asarray(sparse.csr_matrix(raw.X)[cells].sum())
    assert int(meta.gather("rna", np.arange(meta.n_cells)).counts.sum()) == int(rna)
    assert meta.features("protein")["name"].equals(cohort.store.features("protein")["name"])


def test_the_metacells_package_groups_cells_too(store, tiny, data, tmp_path):
    obs, counts = data
    cohort = choose(store, "all")
    options = {"build": tiny, "size": 25, "within": ["donor_id"], "method": "metacells"}
    meta, report = make_metacells(cohort, tmp_path, name="p", seed=4, **options)
    again, _ = make_metacells(cohort, tmp_path, name="q", seed=4, **options)
    assert meta.hash == again.hash
    assert report.options.method == "metacells"
    members = pq.read_table(meta.folder / "members.parquet").to_pandas()
    assert members["cell"].is_unique
    known = obs["donor"].notna().sum()
    assert len(members) + report.left_out_outliers + report.left_out_small == known
    assert len(members) > 0.8 * known
    sums = np.zeros((meta.n_cells, counts.shape[1]), np.int64)
    np.add.at(sums, members["metacell"], counts[members["cell"]])
    found = meta.gather("rna", np.arange(meta.n_cells)).to_scipy().toarray()
    assert np.array_equal(np.sort(found.sum(axis=1)), np.sort(sums.sum(axis=1)))
    donors = obs["donor"].to_numpy()[members["cell"]]
    assert (pd.Series(donors).groupby(members["metacell"].to_numpy()).nunique() == 1).all()


def test_an_unknown_method_is_named(store, tiny, tmp_path):
    with pytest.raises(UsageError, match="expected one of kmeans, metacells"):
        make_metacells(choose(store, "all"), tmp_path, name="x", build=tiny, method="seacells")
