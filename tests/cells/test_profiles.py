"""Profiles per group against pandas on the same counts."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from tests.cells.files import RNA, as_layout, blood, cell_names, random_counts, write
from tests.tiny import gene
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.profiles import profiles
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import UsageError


@pytest.fixture
def monocytes(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    report = add_h5ad(path, tmp_path, name="s", build=tiny, label="celltype", donor="donor")
    return CellStore.open(report.path), counts


def expected(counts, groups):
    """Share above zero and mean per 10,000, written in pandas."""
    frame = pd.DataFrame(counts)
    total = frame.sum(axis=1)
    scaled = frame.div(total.where(total > 0), axis=0) * 1e4
    return (frame > 0).groupby(groups).mean(), scaled.groupby(groups).mean()


def test_profiles_are_those_of_pandas(monocytes):
    store, counts = monocytes
    groups = ["CD14+ Monocyte", "CD19+ B"] * 30
    found = profiles(store)
    share, mean = expected(counts, groups)
    assert found.groups == ("CD14+ Monocyte", "CD19+ B")
    assert found.n_cells.tolist() == [30, 30]
    empty = counts.sum(axis=1) == 0
    assert found.n_empty.tolist() == [empty[0::2].sum(), empty[1::2].sum()]
    assert empty.sum() > 0
    assert np.allclose(found.detected, share.to_numpy(), atol=1e-15)
    assert np.allclose(found.mean_per_10k, mean.to_numpy(), rtol=1e-12)
    assert (found.scale, found.n_ungrouped) == ("per_10k", 0)
    total = counts.sum(axis=1, keepdims=True)
    scaled = pd.DataFrame(np.where(total > 0, counts / np.maximum(total, 1) * 1e4, np.nan))
    assert np.allclose(found.variance, scaled.groupby(groups).var().to_numpy(), rtol=1e-9)


def test_the_table_of_a_group_and_of_several(monocytes):
    store, counts = monocytes
    found = profiles(store)
    table = found.for_group("CD19+ B")
    assert table.column_names == [
        "graph_id", "name", "cells", "detected", "mean_per_10k", "variance"
    ]  # fmt: skip
    assert table["graph_id"].to_pylist() == [gene(s) if s else None for s in RNA.values()]
    share, mean = expected(counts, ["all"] * 60)
    both = found.for_group("CD19+ B", "CD14+ Monocyte")
    assert np.allclose(both["detected"], share.to_numpy()[0], atol=1e-15)
    assert np.allclose(both["mean_per_10k"], mean.to_numpy()[0], rtol=1e-12)
    assert both["cells"].to_pylist() == [60] * len(RNA)
    total = counts.sum(axis=1, keepdims=True)
    scaled = (counts / np.maximum(total, 1) * 1e4)[total[:, 0] > 0]
    assert np.allclose(both["variance"], scaled.var(axis=0, ddof=1), rtol=1e-9)
    with pytest.raises(UsageError, match="celltype has no value 'T'; it has CD14"):
        found.for_group("T")


def test_any_column_groups_and_unknown_values_are_in_no_profile(monocytes):
    store, counts = monocytes
    found = profiles(store, group="donor_id")
    keep = np.arange(60) % 3 < 2
    share, _ = expected(counts[keep], np.array(["D1", "D2", "?"] * 20)[keep])
    assert found.groups == ("a/a/D1", "a/a/D2")
    assert (found.n_cells.tolist(), found.n_ungrouped) == ([20, 20], 20)
    assert np.allclose(found.detected, share.to_numpy(), atol=1e-15)
    by_age = profiles(store, group="age")
    assert by_age.n_cells.sum() == 60
    with pytest.raises(UsageError, match="no column 'sex'"):
        profiles(store, group="sex")


def test_columns_group_jointly_and_by_the_command(monocytes, tiny, tmp_path):
    from typer.testing import CliRunner

    from tosg_graph.cli import app

    store, counts = monocytes
    found = profiles(store, group=("celltype", "donor_id"))
    kinds, donors = np.array(["CD14+ Monocyte", "CD19+ B"] * 30), np.array(["D1", "D2", ""] * 20)
    assert found.columns == ("celltype", "donor_id")
    assert found.values == tuple(
        (kind, f"a/a/{donor}") for kind in ("CD14+ Monocyte", "CD19+ B") for donor in ("D1", "D2")
    )
    assert (found.n_cells.tolist(), found.n_ungrouped) == ([10] * 4, 20)
    share, _ = expected(counts[donors != ""], [kinds[donors != ""], donors[donors != ""]])
    assert np.allclose(found.detected, share.to_numpy(), atol=1e-15)
    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "s").symlink_to(store.folder)
    words = ["cells", "profile", "s", "-w", str(tmp_path), "--by", "donor_id"]
    done = CliRunner().invoke(app, [*words, "CD19+ B", "--json"])
    assert "10 cells are in no profile: their donor_id is not known" in done.stderr
    rows = json.loads(done.stdout)
    assert rows["columns"][:4] == ["donor_id", "graph_id", "name", "cells"]
    assert [row[0] for row in rows["rows"]] == ["a/a/D1"] * 6 + ["a/a/D2"] * 6
    table = pd.DataFrame(rows["rows"], columns=rows["columns"]).set_index(["donor_id", "graph_id"])
    wanted = share.loc["CD19+ B", "D2"][list(RNA).index("ENSG00000170458")]
    assert table.loc[("a/a/D2", gene("CD14")), "detected"] == pytest.approx(wanted)
    whole = CliRunner().invoke(app, [*words, "--rows", "2"])
    shown = whole.stdout
    assert "20 cells are in no profile" in whole.stderr
    assert (shown.count("a/a/D1"), shown.count("a/a/D2")) == (2, 2)
    none = CliRunner().invoke(app, words[:-2])
    assert "name a group of cells, or columns" in str(none.exception)


def test_no_label_column_needs_a_group(tmp_path, tiny):
    path, _ = blood(tmp_path / "a.h5ad")
    store = CellStore.open(add_h5ad(path, tmp_path, name="s", build=tiny).path)
    with pytest.raises(UsageError, match="has no label column"):
        profiles(store)


def test_the_kept_result_is_the_computed_one(monocytes):
    store, _ = monocytes
    fresh = profiles(store, cache=False)
    assert not (store.folder / "profiles").exists()
    first, second = profiles(store), profiles(store)
    (kept,) = (store.folder / "profiles").iterdir()
    for other in (first, second):
        assert np.array_equal(other.mean_per_10k, fresh.mean_per_10k)
        assert np.array_equal(other.detecting, fresh.detecting)
    kept.write_bytes(kept.read_bytes()[:100])  # a damaged one is made anew
    assert np.array_equal(profiles(store).mean_per_10k, fresh.mean_per_10k)
    assert kept.stat().st_size > 100
    store.verify()


def test_many_writers_at_once_leave_one_whole_result(monocytes):
    store, _ = monocytes
    fresh = profiles(store, cache=False).mean_per_10k
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: profiles(CellStore.open(store.folder)), range(24)))
    assert all(np.array_equal(f.mean_per_10k, fresh) for f in found)
    assert len(list((store.folder / "profiles").iterdir())) == 1


def test_a_store_that_may_only_be_read(monocytes, monkeypatch):
    store, _ = monocytes
    (store.folder / "profiles").write_text("in the way")  # holds for a root user as well
    store.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert profiles(store).n_cells.sum() == 60
    finally:
        store.folder.chmod(stat.S_IRWXU)


def test_a_normalised_store_gives_the_mean_of_its_values(tmp_path, tiny):
    values = np.log1p(random_counts(40, 5)).astype(np.float32)
    obs = pd.DataFrame({"group": ["a", "b"] * 20}, index=cell_names(40))
    path = write(tmp_path / "a.h5ad", as_layout(values, "csr"), obs=obs)
    report = add_h5ad(path, tmp_path, name="s", build=tiny, label="group", normalised=True)
    found = profiles(CellStore.open(report.path))
    assert found.scale == "values"
    mean = pd.DataFrame(values.astype(float)).groupby(obs["group"].to_numpy()).mean()
    assert np.allclose(found.mean_per_10k, mean.to_numpy(), rtol=1e-12)
