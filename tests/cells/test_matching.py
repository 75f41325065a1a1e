"""Cases and controls are alike; unknown cells are in neither."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, random_counts, write
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.matching import match_cohorts
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose
from tosg_graph.errors import UsageError

N = 400


@pytest.fixture(scope="module")
def obs():
    rng = np.random.default_rng(5)

    def pick(values):
        return rng.choice(np.array(values, dtype=object), N)

    return pd.DataFrame(
        {
            "cell_type": pick(["monocyte", "Monocytes", "B cell", "unknown"]),
            "disease": pick(["lung cancer", "normal", "normal", "unknown"]),
            "sex": pick(["F", "M", "M", "unknown"]),
            "age": pick([23.0, 27.0, 31.0, 65.0, np.nan]).astype(float),
            "assay": pick(["10x 3' v3", "10x v3", "Smart-seq2"]),
            "study": pick(["one", "two"]),
        },
        index=cell_names(N),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, obs):
    folder = tmp_path_factory.mktemp("match")
    path = write(folder / "a.h5ad", as_layout(random_counts(N, 4), "csr"), obs=obs)
    return CellStore.open(add_h5ad(path, folder / "cells", name="s", build=tiny).path)


def sides(store, tiny):
    return (
        choose(store, "disease under cancer", build=tiny),
        choose(store, "disease = normal", build=tiny),
    )


def keys(obs):
    """Strata in pandas; None where a value is not known."""
    kind = obs.cell_type.map({"monocyte": "monocyte", "Monocytes": "monocyte", "B cell": "B cell"})
    band = (obs.age // 10 * 10).map(lambda low: None if np.isnan(low) else int(low))
    assay = obs.assay.replace("10x v3", "10x 3' v3")
    sex = obs.sex.map({"F": "female", "M": "male"})
    found = list(zip(kind, sex, band, assay, obs.study, strict=True))
    return [None if any(pd.isna(v) for v in key) else key for key in found]


@pytest.mark.parametrize("ratio", [1, 2])
def test_every_stratum_has_as_many_cases_as_have_controls(store, tiny, obs, ratio):
    found = match_cohorts(*sides(store, tiny), ratio=ratio, seed=3)
    strata = keys(obs)
    cases = Counter(k for k, d in zip(strata, obs.disease, strict=True) if k and d == "lung cancer")
    controls = Counter(k for k, d in zip(strata, obs.disease, strict=True) if k and d == "normal")
    expected = {k: n for k in cases if (n := min(cases[k], controls[k] // ratio))}
    assert Counter(strata[i] for i in found.cases.cells) == expected
    assert Counter(strata[i] for i in found.controls.cells) == {
        k: n * ratio for k, n in expected.items()
    }
    assert set(obs.disease.iloc[found.cases.cells]) == {"lung cancer"}
    assert set(obs.disease.iloc[found.controls.cells]) == {"normal"}
    assert found.columns == ("cell_type", "sex", "age_band", "assay", "study")
    unknown = [d for k, d in zip(strata, obs.disease, strict=True) if k is None]
    assert found.unknown_cases == unknown.count("lung cancer")
    assert found.unknown_controls == unknown.count("normal")
    assert {s.values: (s.cases, s.controls) for s in found.strata} == {
        (k[0], k[1], f"{int(k[2])}-{int(k[2]) + 9}", k[3], k[4]): (cases[k], controls[k])
        for k in {*cases, *controls}
    }


def test_the_draw_is_seeded(store, tiny):
    one, same, other = (match_cohorts(*sides(store, tiny), seed=s, by=["sex"]) for s in (1, 1, 2))
    assert one.cases == same.cases
    assert one.controls == same.controls
    assert one.controls != other.controls


def test_what_cannot_be_matched_is_said(store, tiny):
    cases, controls = sides(store, tiny)
    with pytest.raises(UsageError, match="are both cases and controls"):
        match_cohorts(cases, choose(store, "all", build=tiny))
    with pytest.raises(UsageError, match="no stratum of disease has both"):
        match_cohorts(cases, controls, by=["disease"])
    with pytest.raises(UsageError, match="no column 'sax'; did you mean sex"):
        match_cohorts(cases, controls, by=["sax"])
    nobody = choose(store, "study = one and study = two", build=tiny)
    with pytest.raises(UsageError, match="there are no controls"):
        match_cohorts(cases, nobody)


def test_the_command_reports_and_saves(store, tiny, tmp_path):
    from tosg_graph.cli import app

    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "cells").symlink_to(store.folder.parent)
    words = ["cells", "match", "s", "disease = 'lung cancer'", "disease = normal", "--by", "sex"]
    out = tmp_path / "out"
    done = CliRunner().invoke(app, [*words, "-w", str(tmp_path), "--json", "--save", str(out)])
    said = json.loads(done.stdout)
    assert said["cases"]["cells"] == said["controls"]["cells"] > 0
    assert {p.name for p in out.iterdir()} == {"cases.parquet", "controls.parquet"}
    shown = CliRunner().invoke(app, [*words, "-w", str(tmp_path)])
    assert "left out because a value is not known" in shown.stdout
