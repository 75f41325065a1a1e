"""Pseudobulk against pandas; comparisons against PyDESeq2 on sums made by hand."""

from __future__ import annotations

import json
import warnings

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, panels, random_counts, write
from tosg_graph.cells.comparison import compare
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.diagnostics import Thresholds
from tosg_graph.cells.pseudobulk import pseudobulk
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose, cohort_of
from tosg_graph.errors import UsageError
from tosg_graph.workspace import Workspace

DONORS, CELLS, GENES = 8, 40, 60
N = DONORS * CELLS
CHANGED = {3: 4.0, 7: 0.25}  # gene → fold change in the sick


def simulated():
    """Negative binomial counts of eight donors, half of them sick; two genes differ."""
    rng = np.random.default_rng(12)
    base = rng.uniform(0.5, 6, GENES)
    obs, rows = [], []
    for donor in range(DONORS):
        sick = donor < DONORS // 2
        mean = base * rng.lognormal(0, 0.1, GENES)
        for gene, fold in CHANGED.items():
            mean[gene] *= fold if sick else 1
        rows.append(rng.negative_binomial(3, 3 / (3 + mean), (CELLS, GENES)))
        kinds = np.array(["monocyte", "B cell"], dtype=object)[np.arange(CELLS) % 2]
        obs.append(
            pd.DataFrame(
                {
                    "cell_type": kinds,
                    "donor": f"D{donor}",
                    "disease": "lung cancer" if sick else "normal",
                }
            )
        )
    obs = pd.concat(obs, ignore_index=True)
    obs.loc[obs.index[::50], "cell_type"] = "unknown"
    obs.index = cell_names(N)
    return obs, np.vstack(rows)


@pytest.fixture(scope="module")
def data():
    return simulated()


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, data):
    obs, counts = data
    folder = tmp_path_factory.mktemp("aggregate")
    path = write(folder / "a.h5ad", as_layout(counts, "csr"), obs=obs)
    made = add_h5ad(
        path, folder / "cells", name="s", build=tiny, label="cell_type", donor="donor",
        shard_cells=1024,
    )  # fmt: skip
    return CellStore.open(made.path)


def test_sums_are_those_of_pandas(store, tiny, data):
    obs, counts = data
    found = pseudobulk(choose(store, "all", build=tiny), by=("donor", "cell_type"))
    known = (obs.cell_type != "unknown").to_numpy()
    frame = pd.DataFrame(counts[known])
    groups = [obs.donor[known].to_numpy(), obs.cell_type[known].to_numpy()]
    expected = frame.groupby(groups).sum()
    names = zip(
        *(found.groups[name].to_pylist() for name in ("donor_id", "cell_type")), strict=True
    )
    assert list(names) == [(f"a/a/{donor}", kind) for donor, kind in expected.index]
    assert found.counts.dtype == np.int64
    assert np.array_equal(found.counts.toarray(), expected.to_numpy())
    assert found.groups["cells"].to_pylist() == frame.groupby(groups).size().tolist()
    assert found.groups["total"].to_pylist() == expected.sum(axis=1).tolist()
    assert found.left_out == int((~known).sum())
    assert found.left_out_total == int(counts[~known].sum())
    assert int(found.counts.sum()) + found.left_out_total == int(counts.sum())


@settings(deadline=None, max_examples=20)
@given(st.lists(st.booleans(), min_size=N, max_size=N))
def test_every_count_of_a_cohort_is_in_its_sums(store, data, mask):
    mask = np.array(mask)
    if not mask.any():
        return
    found = pseudobulk(cohort_of(store, mask), by=("donor_id",))
    assert np.array_equal(np.asarray(found.counts.sum(axis=0)).ravel(), data[1][mask].sum(axis=0))


def test_what_is_written_is_read_back(store, tiny, data, tmp_path):
    found = pseudobulk(choose(store, "disease = normal", build=tiny), by=("donor_id",))
    found.save(tmp_path / "out")
    long = pq.read_table(tmp_path / "out" / "counts.parquet").to_pandas()
    shape = found.counts.shape
    dense = sparse.coo_matrix((long["count"], (long["group"], long["feature"])), shape=shape)
    assert np.array_equal(dense.toarray(), found.counts.toarray())
    features = pq.read_table(tmp_path / "out" / "features.parquet")
    assert features["graph_id"].to_pylist() == store.features()["graph_id"].to_pylist()
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["store_hash"] == store.hash
    assert manifest["files"]["counts.parquet"]["rows"] == len(long)
    found.save(tmp_path / "again")
    for name in ("counts.parquet", "groups.parquet", "manifest.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    with pytest.raises(UsageError, match="exists; it is left as it is"):
        found.save(tmp_path / "out")


def test_sums_need_counts_and_known_groups(store, tiny, tmp_path):
    with pytest.raises(UsageError, match="no column 'donr'"):
        pseudobulk(choose(store, "all", build=tiny), by=("donr",))
    values = np.log1p(random_counts(9, 3)).astype(np.float32)
    path = write(tmp_path / "n.h5ad", as_layout(values, "csr"))
    made = add_h5ad(path, tmp_path / "cells", name="n", build=tiny, normalised=True)
    other = CellStore.open(made.path)
    with pytest.raises(UsageError, match="normalised values; sums need counts"):
        pseudobulk(choose(other, "all"))
    made = add_h5ad(
        write(tmp_path / "c.h5ad", as_layout(random_counts(9, 3), "csr")), tmp_path / "cells",
        name="c", build=tiny,
    )  # fmt: skip
    with pytest.raises(UsageError, match="has a known donor_id; nothing to add up"):
        pseudobulk(choose(CellStore.open(made.path), "all"))


def by_hand(counts, obs, design):
    """The same fit on sums made by pandas."""
    from pydeseq2.dds import DeseqDataSet
    from pydeseq2.ds import DeseqStats

    sums = pd.DataFrame(counts).groupby([obs.side.to_numpy(), obs.donor.to_numpy()]).sum()
    sums = sums.loc[:, sums.sum() >= 10]
    names = ["_".join(key) for key in sums.index]
    metadata = pd.DataFrame(
        {"side": [k[0] for k in sums.index], "donor": [k[1] for k in sums.index]}, index=names
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = sums.set_axis(names).rename(columns=str)
        made = DeseqDataSet(counts=frame, metadata=metadata, design=design, quiet=True)
        made.deseq2()
        stats = DeseqStats(made, contrast=["side", "case", "control"], quiet=True)
        stats.summary()
    return stats.results_df


def sorted_by_feature(found):
    frame = found.table.to_pandas()
    frame.index = frame["source_id"].str.removeprefix("gene").astype(int)
    return frame.sort_index()


def test_the_genes_that_differ_are_found(store, tiny, data, capfd):
    obs, counts = data
    sick, well = (choose(store, f"disease = '{d}'", build=tiny) for d in ("lung cancer", "normal"))
    found = compare(sick, well)
    assert capfd.readouterr().out == ""
    assert found.design == "~side"
    assert set(found.table["source_id"].to_pylist()[:2]) == {f"gene{g}" for g in CHANGED}
    frame = sorted_by_feature(found)
    significant = frame.index[frame["p_adjusted"] < 0.01].tolist()
    assert significant == sorted(CHANGED)
    for gene, fold in CHANGED.items():
        assert frame.loc[gene, "log2_fold_change"] == pytest.approx(np.log2(fold), abs=0.6)
    expected = by_hand(
        counts, obs.assign(side=np.where(obs.disease == "normal", "control", "case")), "~side"
    )
    assert np.allclose(frame["log2_fold_change"], expected["log2FoldChange"], rtol=1e-6)
    assert np.allclose(frame["p_value"], expected["pvalue"], rtol=1e-6)
    assert frame["graph_id"].tolist() == [None] * len(frame)
    assert found.donors["cells"].to_pylist() == [CELLS] * DONORS


def test_kinds_of_cells_of_the_same_donors_are_paired(store, tiny, data):
    obs, counts = data
    found = compare(
        choose(store, "cell_type = monocyte", build=tiny),
        choose(store, "cell_type = 'B cell'", build=tiny),
    )
    assert found.design == "~donor + side"
    known = (obs.cell_type != "unknown").to_numpy()
    sides = obs[known].assign(side=np.where(obs.cell_type[known] == "monocyte", "case", "control"))
    expected = by_hand(counts[known], sides, "~donor + side")
    frame = sorted_by_feature(found)
    assert np.allclose(frame["log2_fold_change"], expected["log2FoldChange"], rtol=1e-5)


def test_few_donors_are_refused_never_replaced_by_cells(store, tiny, tmp_path):
    two = choose(store, "disease = 'lung cancer' and donor in (D0, D1)", build=tiny)
    well = choose(store, "disease = normal", build=tiny)
    with pytest.raises(UsageError, match="2 donors with at least 10 case cells found, 3 per side"):
        compare(two, well)
    assert compare(two, well, min_donors=2).donors.num_rows == 6
    with pytest.raises(UsageError, match="0 donors with at least 1000"):
        compare(two, well, min_cells=1000)
    with pytest.raises(UsageError, match="are both cases and controls"):
        compare(well, choose(store, "all", build=tiny))
    mixed = choose(store, "cell_type = monocyte and donor not in (D7)", build=tiny)
    with pytest.raises(UsageError, match="7 of 8 donors are on both sides"):
        compare(mixed, choose(store, "cell_type = 'B cell'", build=tiny))


@pytest.fixture(scope="module")
def two(tmp_path_factory, tiny):
    return panels(tmp_path_factory.mktemp("panels"), tiny)


def test_what_was_not_measured_has_no_sum(two, tiny, tmp_path):
    store, counts = two
    found = pseudobulk(choose(store, "all", build=tiny), by=("donor_id",))
    assert found.measured.tolist() == [[True] * 20] * 4 + [[True] * 12 + [False] * 8] * 4
    both = pseudobulk(choose(store, "all", build=tiny), by=("cell_type",))
    assert both.measured.tolist() == [[True] * 12 + [False] * 8]
    assert both.measuring.tolist() == [[120] * 12 + [60] * 8]
    found.save(tmp_path / "donors")
    both.save(tmp_path / "kinds")
    long = pq.read_table(tmp_path / "donors" / "counts.parquet").to_pandas()
    absent = long[long["count"].isna()]
    assert sorted(zip(absent["group"], absent["feature"], strict=True)) == [
        (group, feature) for group in range(4, 8) for feature in range(12, 20)
    ]
    assert set(absent["cells"]) == {0}
    assert json.loads((tmp_path / "donors" / "manifest.json").read_text())["not_measured"] == 32
    long = pq.read_table(tmp_path / "kinds" / "counts.parquet").to_pandas()
    assert long["cells"].tolist() == [120] * 12 + [60] * 8
    assert long["count"].tolist()[12:] == counts[0].sum(axis=0)[12:].tolist()


def test_only_what_all_samples_measured_is_compared(two, tiny):
    sick, well = (choose(two[0], f"disease = '{d}'", build=tiny) for d in ("lung cancer", "normal"))
    found = compare(sick, well, thresholds=Thresholds(min_donors=5))
    assert set(found.table["source_id"].to_pylist()) == {f"gene{g}" for g in range(12)}
    assert (found.not_measured, found.not_tested) == (8, 0)
    assert found.record()["not_measured"] == 8
    assert abs(np.array(found.table["log2_fold_change"])).max() < 1
    assert [f.measure for f in found.diagnostics.findings] == ["donors", "donors"]
    assert found.record()["diagnostics"]["verdict"] == "caution"
    with pytest.raises(UsageError, match="no protein feature was measured in all samples"):
        compare(sick, well, modality="protein")


def workspace(path, build, store):
    (path / "graph").mkdir(parents=True)
    (path / "graph" / "current").write_text(build.id)
    (path / "graph" / build.id).symlink_to(build.path)
    (path / "cells").symlink_to(store.folder.parent)
    return path


@pytest.fixture(scope="module")
def work(tmp_path_factory, tiny, two):
    return workspace(tmp_path_factory.mktemp("two") / "work", tiny, two[0])


def test_copies_are_told_and_left_out_everywhere(work, tmp_path):
    from tosg_graph.cli import app

    def run(*words):
        done = CliRunner().invoke(app, ["cells", *words, "-w", str(work), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout), done.stderr

    sick, well = "data_set = full", "data_set = part"
    within = ("--within", "cell_type", "--size", "30", "--replace", "--into")
    for words in (
        ("cohort", "p"), ("split", "p", "all"), ("match", "p", sick, well, "--by", "cell_type"),
        ("diagnose", "p", "--label", "disease"), ("pseudobulk", "p"),
        ("metacells", "p", *within, "m"),
    ):  # fmt: skip
        said, told = run(*words)
        assert "20 of " in told, words
        assert "cells are copies" in told
        assert "copies (is_primary_data" in json.dumps(said) or words[0] in ("split", "metacells")
        if words[0] in ("pseudobulk", "diagnose"):
            fewer, told = run(*words, "--primary")
            assert "copies (is" not in told
            assert fewer.get("cells", fewer.get("n_cells")) == 100
    assert (
        "no cell is known to be"
        in run("pseudobulk", "p", "disease = cancer or data_set = full")[1].lower()
    )


def test_a_saved_cohort_stands_where_a_query_does(work, two, store, tiny, tmp_path):
    from tosg_graph.cli import app

    with Workspace(work) as ws:
        drawn = ws.match("p", "data_set = full", "data_set = part", by=["cell_type"], ratio=2)
        assert (drawn.cases.n_cells, drawn.controls.n_cells) == (30, 60)
        assert "20 of 60 cells are copies" in drawn.controls.notes[0]
        drawn.cases.save(tmp_path / "cases.parquet")
        drawn.controls.save(tmp_path / "controls.parquet")
        assert ws.pseudobulk("p", drawn.cases).cohort is drawn.cases
        assert ws.cohort("p", tmp_path / "cases.parquet") == drawn.cases
        assert ws.diagnose("p", drawn.cases).n_cells == 30
        with pytest.raises(UsageError, match="is a cohort already, and --primary"):
            ws.pseudobulk("p", drawn.cases, primary=True)
        with pytest.raises(UsageError, match=r"the cohort is of the store 's' with the hash"):
            ws.cohort("p", choose(store, "all", build=tiny))
    paths = [str(tmp_path / f"{side}.parquet") for side in ("cases", "controls")]
    words = ["cells", "compare", "p", *paths, "--min-cells", "5", "-w", str(work)]
    said = CliRunner().invoke(app, [*words, "--threshold", "min_donors=5"])
    assert "12 features tested, 0 had too few counts, 8 not measured in all samples" in said.stdout
    assert "cohort: caution" in said.stdout
    assert "20 of 60 cells are copies" in said.stderr
    bad = CliRunner().invoke(app, [*words, "--threshold", "donors=5"])
    assert "threshold 'donors=5' found" in str(bad.exception)
    choose(store, "all", build=tiny).save(tmp_path / "other.parquet")
    words[3] = str(tmp_path / "other.parquet")
    assert "is a cohort of the store 's'" in str(CliRunner().invoke(app, words).exception)


def test_the_commands(store, tiny, tmp_path):
    from tosg_graph.cli import app

    place = ["-w", str(workspace(tmp_path / "work", tiny, store))]
    words = ["cells", "pseudobulk", "s", "--by", "donor", "--by", "cell_type", *place]
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert len(said["groups"]["rows"]) == DONORS * 2
    assert "are in no group" in CliRunner().invoke(app, words).stdout
    words = ["cells", "compare", "s", "disease = 'lung cancer'", "disease = normal", *place]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert "4 donors against 4, ~side" in done.stdout
    assert pq.read_table(tmp_path / "out" / "features.parquet").num_rows == GENES


@pytest.mark.real
def test_no_count_of_the_sorted_blood_cells_is_lost(real_build, real_data, tmp_path):
    path = real_data / "cells" / "pbmc_facs_3774.h5ad"
    made = add_h5ad(path, tmp_path, name="pbmc", build=real_build, label="celltype")
    store = CellStore.open(made.path)
    cohort = choose(store, "all", build=real_build)
    found = pseudobulk(cohort, by=("celltype",))
    with h5py.File(path) as file:
        column = file["obs/celltype"]
        names = np.array([v.decode() for v in column["categories"][:]])[column["codes"][:]]
        x = file["X"]
        parts = x["data"][:], x["indices"][:], x["indptr"][:]
        raw = sparse.csr_matrix(parts, shape=tuple(x.attrs["shape"])).astype(np.int64)
    assert int(found.counts.sum()) == 7_500_459
    for at, name in enumerate(found.groups["celltype"].to_pylist()):
        mine = np.asarray(raw[names == name].sum(axis=0)).ravel()
        assert np.array_equal(found.counts[at].toarray().ravel(), mine)
    t_cells = choose(store, "cell_type under 'T cell'", build=real_build)
    b_cells = choose(store, "cell_type under 'B cell'", build=real_build)
    with pytest.raises(UsageError, match=r"no donor of a case cell is known .* never cell by cell"):
        compare(t_cells, b_cells)
