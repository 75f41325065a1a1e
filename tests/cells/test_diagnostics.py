"""Diagnostics of classes against pandas and scipy."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, random_counts, write
from tosg_graph.cells.codes import Words
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.diagnostics import Thresholds, cramers_v, diagnose, diagnose_classes
from tosg_graph.cells.matching import match_cohorts
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose
from tosg_graph.cells.studies import study_words
from tosg_graph.errors import UsageError

N = 240


@pytest.fixture(scope="module")
def counts():
    found = random_counts(N, 30, seed=2)
    found[1::2] *= 3  # every second cell is deeper
    return found


@pytest.fixture(scope="module")
def obs():
    rng = np.random.default_rng(4)
    disease = np.array(["lung cancer", "normal"] * (N // 2), dtype=object)
    disease[:12] = "unknown"
    found = pd.DataFrame(
        {
            "disease": disease,
            "donor": rng.choice(np.array(["A", "B", "C", "D", None], dtype=object), N, p=[0.6, 0.1, 0.1, 0.1, 0.1]),
            "assay": np.where(disease == "normal", "Smart-seq2", rng.choice(["10x 3' v3", "Smart-seq2"], N)),
        },
        index=cell_names(N),
    )  # fmt: skip
    studies = {"A": "one", "B": "two", "C": "one", "D": "two"}
    return found.assign(study=found.donor.map(studies).fillna("one"))


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, obs, counts):
    folder = tmp_path_factory.mktemp("diagnose")
    path = write(folder / "a.h5ad", as_layout(counts, "csr"), obs=obs)
    made = add_h5ad(path, folder / "cells", name="s", build=tiny, donor="donor", label="disease")
    return CellStore.open(made.path)


def test_measures_are_those_of_pandas(store, tiny, obs, counts):
    found = diagnose(ObsColumns(store, tiny), "disease")
    known = obs[obs.disease != "unknown"]
    depth = pd.Series(counts.sum(axis=1), index=obs.index)
    assert (found.n_cells, found.unlabelled) == (N, 12)
    assert [one.name for one in found.classes] == ["lung cancer", "normal"]
    for one in found.classes:
        mine = known[known.disease == one.name]
        donors = mine.donor.value_counts()
        assert (one.cells, one.donors) == (len(mine), len(donors))
        assert one.largest_donor == f"a/one/{donors.index[0]}"
        assert one.largest_donor_share == pytest.approx(donors.iloc[0] / donors.sum())
        assert one.unknown_donors == pytest.approx(mine.donor.isna().mean())
        assert one.median_depth == depth[mine.index].median()
    medians = depth[known.index].groupby(known.disease).median()
    assert found.depth_ratio == pytest.approx(medians.max() / medians.min())
    balance = {one.column: one for one in found.balance}
    assert set(balance) == {"assay", "study"}
    for column in ("assay", "study"):
        table = pd.crosstab(known.disease, known[column])
        assert balance[column].association == pytest.approx(association(table, method="cramer"))
        assert balance[column].counts == {
            row: {c: int(n) for c, n in table.loc[row].items() if n} for row in table.index
        }


def test_the_verdict_follows_the_thresholds(store, tiny):
    columns = ObsColumns(store, tiny)
    found = diagnose(columns, "disease")
    assert found.verdict == "caution"
    assert {f.measure for f in found.findings} == {
        "donor_share",
        "association",
        "depth_ratio",
        "unknown_donors",
    }
    assert "assay goes with the classes" in str(found.findings)
    loose = Thresholds(
        max_donor_share=1, max_association=1, max_depth_ratio=100, max_unknown_donors=0.5
    )
    assert diagnose(columns, "disease", thresholds=loose).verdict == "fit"
    strict = Thresholds(min_donors=9, max_unknown_donors=0.01)
    measures = [f.measure for f in diagnose(columns, "disease", thresholds=strict).findings]
    assert measures.count("donors") == 2
    assert measures.count("unknown_donors") == 1
    assert found.to_dict()["thresholds"]["min_donors"] == 3


def test_what_one_column_tells_is_unfit(store, tiny, obs):
    columns = ObsColumns(store, tiny)
    cases = ((obs.assay == "10x 3' v3") & (obs.disease == "lung cancer")).to_numpy()
    controls = (obs.disease == "normal").to_numpy()
    found = diagnose_classes(columns, {"cases": cases, "controls": controls})
    assert found.verdict == "unfit"
    assert "assay tells the classes apart (Cramér's V 1.00)" in str(found.findings)
    one = ((obs.donor == "B") & (obs.disease == "normal")).to_numpy()
    alone = diagnose_classes(columns, {"one": one, "rest": controls & ~one})
    assert alone.verdict == "unfit"
    with pytest.raises(UsageError, match="in another class as well"):
        diagnose_classes(columns, {"cases": cases, "all": np.ones(N, bool)})


@pytest.fixture(scope="module")
def two(tmp_path_factory, tiny):
    """Tumours added as one file, healthy cells as another; neither names a study."""
    folder = tmp_path_factory.mktemp("two")
    donors = [f"D{n % 4}" for n in range(40)]
    for name, disease in (("tumour", "lung cancer"), ("healthy", "normal")):
        obs = pd.DataFrame({"disease": disease, "donor": donors}, index=cell_names(40))
        obs["assay"] = "unknown" if name == "tumour" else "Smart-seq2"
        obs["kind"] = (["B cell", "unknown"] if name == "tumour" else ["B cell", "B cells"]) * 20
        counts = random_counts(40, 30, seed=3)
        if name == "healthy":
            counts[:30] = 0
        path = write(folder / f"{name}.h5ad", as_layout(counts, "csr"), obs=obs)
        options = {"donor": "donor", "label": "kind", "append": name == "healthy"}
        made = add_h5ad(path, folder / "cells", name="two", build=tiny, **options)
    return CellStore.open(made.path)


def said(found, measure):
    return [(f.verdict, f.sentence) for f in found.findings if f.measure == measure]


def test_what_is_not_known_is_not_fit(two, tiny, store, obs):
    found = diagnose(ObsColumns(two, tiny), "disease")
    assert said(found, "unknown") == [
        ("unfit", "assay of 100% of the cells of lung cancer is not known: they may differ in it")
    ]
    ((verdict, sentence),) = said(found, "depth")
    assert (verdict, sentence[:35]) == ("unfit", "half of the cells of normal or more")
    assert found.depth_ratio is None
    nobody = obs.donor.isna().to_numpy()
    found = diagnose_classes(ObsColumns(store, tiny), {"rare": nobody, "common": ~nobody})
    assert said(found, "donors") == [
        ("unfit", "no donor of rare is known: it may all be one person")
    ]
    loose = Thresholds(max_unknown=1, max_unknown_donors=1, max_association=1)
    assert (
        diagnose(ObsColumns(two, tiny), None, cells=np.arange(40), thresholds=loose).verdict
        == "fit"
    )


def test_no_cells_are_not_fit(store, tiny):
    columns = ObsColumns(store, tiny)
    found = diagnose(columns, "disease", cells=np.zeros(N, bool))
    assert (found.verdict, found.findings[0].sentence[:17]) == ("unfit", "no cell is chosen")
    found = diagnose(columns, "disease", cells=np.arange(12))
    assert (found.verdict, found.findings[0].sentence[:24]) == ("unfit", "none of 12 cells is of a")
    found = diagnose_classes(columns, {"all": np.ones(N, bool), "controls": np.zeros(N, bool)})
    assert said(found, "cells") == [("unfit", "there are no cells of controls")]


def test_a_data_set_that_names_no_study_is_one(two, tiny, monkeypatch):
    columns = ObsColumns(two, tiny)
    found = diagnose(columns, "disease")
    assert said(found, "association")[0][1].startswith("study tells the classes apart")
    sides = choose(two, "disease under cancer", build=tiny), choose(two, "disease = normal")
    with pytest.raises(UsageError, match="no stratum of study has both"):
        match_cohorts(*sides, by=["study"])
    words = {
        "data_set": Words(("a", "b"), np.array([0, 0, 1, 1])),
        "study": Words(("s", "b"), np.array([0, -1, -1, -1])),
    }
    monkeypatch.setattr(columns, "words", words.get)
    monkeypatch.setattr(columns, "values_of", words.get)
    monkeypatch.setattr(ObsColumns, "names", list(words))
    filled = study_words(columns)
    values = [None if code < 0 else filled.values[code] for code in filled.codes]
    assert values == ["s", None, "b", "b"]  # where a data set says it of some, others are unknown


def test_classes_can_be_those_of_a_training(two, tiny):
    columns = ObsColumns(two, tiny)
    found = diagnose(columns, "kind", as_written=True)
    assert [one.name for one in found.classes] == ["B cell", "B cells", "unknown"]
    assert said(found, "unknown_class")[0][1].startswith("unknown is a class in training")
    assert [one.name for one in diagnose(columns, "kind").classes] == ["B cell", "B cells"]


def test_thresholds_are_read_as_people_write_them():
    assert Thresholds.read(["min_donors=5", "max_unknown=0.2"]) == Thresholds(
        min_donors=5, max_unknown=0.2
    )
    for wrong in ("min_doners=5", "min_donors", "min_donors=many", "min_donors=nan"):
        with pytest.raises(UsageError, match="NAME=NUMBER from 0 up expected"):
            Thresholds.read([wrong])


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=2, max_size=5))
def test_cramers_v_is_that_of_scipy(rows):
    table = np.array(rows)
    kept = table[table.any(axis=1)][:, table.any(axis=0)]
    if kept.size == 0:
        assert cramers_v(table) is None
    elif min(kept.shape) == 1:
        assert cramers_v(table) == 0.0
    else:
        assert cramers_v(table) == pytest.approx(association(kept, method="cramer"), abs=1e-12)


def test_the_command_prints_the_verdict(store, tiny, tmp_path):
    from tosg_graph.cli import app

    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "cells").symlink_to(store.folder.parent)
    words = ["cells", "diagnose", "s", "study = one", "-w", str(tmp_path)]
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert said["verdict"] in ("caution", "unfit")
    assert [one["name"] for one in said["classes"]] == ["lung cancer", "normal"]
    assert f"cohort: {said['verdict']}" in CliRunner().invoke(app, words).stdout
