"""Cohorts: the language, three-valued logic against brute force, terms, hashes, saving."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, random_counts, write
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.language import (
    And,
    Compare,
    Everything,
    Known,
    Not,
    OneOf,
    Or,
    Under,
    parse,
)
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import choose, cohort_of, load_cohort
from tosg_graph.errors import CellsError, UsageError

N = 60


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)

    def pick(values):
        return rng.choice(np.array(values, dtype=object), N)

    return pd.DataFrame(
        {
            "cell_type": pick(["CD14+ Monocyte", "monocyte", "B cell", "odd", "unknown", None]),
            "tissue": pick(["blood", "skin", None]),
            "assay": pick(["10x 3' v3", "10x 3' v2", "10x 5' v1", "Smart-seq2", "home made"]),
            "sex": pick(["F", "M", "unknown"]),
            "age": pick([20.0, 40.0, 60.0, np.nan]).astype(float),
            "study": pick(["one", "two", "three"]),
            "batch 1": pick(["x", "y", None]),
            "score": np.where(rng.random(N) < 0.2, np.nan, rng.integers(0, 9, N)),
            "primary": rng.random(N) < 0.5,
        },
        index=cell_names(N),
    )


@pytest.fixture(scope="module")
def obs():
    return frame()


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, obs):
    folder = tmp_path_factory.mktemp("cohorts")
    file = obs.assign(donor=[f"D{i % 7}" for i in range(N)])
    file["sex"] = [["F", "M", "unknown"][i % 7 % 3] for i in range(N)]
    obs["sex"] = file["sex"]
    file["age"] = [[20.0, 40.0, 60.0, np.nan][i % 7 % 4] for i in range(N)]
    obs["age"] = file["age"]
    file["study"] = obs["study"] = [["one", "two", "three"][i % 7 // 3] for i in range(N)]
    path = write(folder / "a.h5ad", as_layout(random_counts(N, 4), "csr"), obs=file)
    made = add_h5ad(path, folder / "cells", name="s", build=tiny, label="cell_type", donor="donor")
    return CellStore.open(made.path)


def chosen(store, tiny, query):
    return set(choose(store, query, build=tiny).cells.tolist())


def positions(mask):
    return set(np.flatnonzero(mask.to_numpy()).tolist())


# ---- the language ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("", Everything()),
        ("all", Everything()),
        ("sex = female", Compare("sex", "=", "female")),
        ("sex==female", Compare("sex", "=", "female")),
        ("sex != 'female'", Not(Compare("sex", "=", "female"))),
        ("age>=18", Compare("age", ">=", 18.0)),
        ("age < -1.5e1", Compare("age", "<", -15.0)),
        ("tissue in (blood, 'lymph node')", OneOf("tissue", ("blood", "lymph node"))),
        ("tissue not in [blood]", Not(OneOf("tissue", ("blood",)))),
        ("cell_type under CL:0000084", Under("cell_type", "CL:0000084")),
        ('cell_type not under "T cell"', Not(Under("cell_type", "T cell"))),
        ("age between 18 and 65", And((Compare("age", ">=", 18.0), Compare("age", "<=", 65.0)))),
        ("sex is known", Known("sex")),
        ("sex is not known", Not(Known("sex"))),
        ("sex IS UNKNOWN", Not(Known("sex"))),
        ("`batch 1` = x", Compare("batch 1", "=", "x")),
        ("assay = \"10x 3' v3\"", Compare("assay", "=", "10x 3' v3")),
        ("assay = 10x", Compare("assay", "=", "10x")),
        ("a = 1 and b = 2 or c = 3",
         Or((And((Compare("a", "=", 1.0), Compare("b", "=", 2.0))), Compare("c", "=", 3.0)))),
        ("a = 1 and (b = 2 or not c = 3)",
         And((Compare("a", "=", 1.0),
              Or((Compare("b", "=", 2.0), Not(Compare("c", "=", 3.0))))))),
    ],
)  # fmt: skip
def test_a_text_is_read(text, condition):
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sex", "the end found, a comparison"),
        ("sex = ", "the end found, a value expected"),
        ("= female", "character 1 of the query: '=' found, a column expected"),
        ("sex = female tissue = blood", "character 14 of the query: 'tissue' found, 'and', 'or'"),
        ("(sex = female", r"the end found, '\)' expected"),
        ("age between 1 or 2", "'or' found, 'and' expected"),
        ("sex not = female", "'=' found, 'in', 'under' or 'between' expected"),
        ("tissue in blood", r"'blood' found, '\(' or '\['"),
        ("sex = 'female", "cannot be read; texts with spaces"),
        ("sex = female; drop table x", "character 13 of the query: ';"),
        ("not " * 60 + "sex = f", "more than 50"),
        ("(" * 60, "more than 50"),
    ],
)
def test_what_is_no_query_is_said_with_its_place(text, message):
    with pytest.raises(UsageError, match=message):
        parse(text)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
values = texts | st.floats(allow_nan=False, allow_infinity=False)
leaves = (
    st.builds(Compare, texts, st.sampled_from(["=", "<", "<=", ">", ">="]), values)
    | st.builds(OneOf, texts, st.lists(values, min_size=1, max_size=3).map(tuple))
    | st.builds(Under, texts, texts)
    | st.builds(Known, texts)
)


def trees(leaves):
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(Not, inner)
            | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
            | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
        ),
        max_leaves=8,
    )


@settings(deadline=None)
@given(trees(leaves))
def test_the_text_of_a_condition_is_that_condition(condition):
    assert parse(str(condition)) == condition


# ---- which cells -----------------------------------------------------------------------------

plain = (
    st.builds(Compare, st.just("batch 1"), st.just("="), st.sampled_from(["x", "y"]))
    | st.builds(
        Compare, st.just("score"), st.sampled_from(["=", "<", "<=", ">", ">="]),
        st.integers(0, 9).map(float),
    )
    | st.builds(Compare, st.just("primary"), st.just("="), st.sampled_from(["true", "false"]))
    | st.builds(OneOf, st.just("study"), st.lists(st.sampled_from(["one", "two", "three"]), min_size=1).map(tuple))
    | st.builds(Known, st.sampled_from(["batch 1", "score"]))
)  # fmt: skip


def brute(condition, row):
    """Three-valued logic, one cell at a time."""
    match condition:
        case Not(part):
            inner = brute(part, row)
            return None if inner is None else not inner
        case And(parts):
            found = [brute(part, row) for part in parts]
            return False if False in found else None if None in found else True
        case Or(parts):
            found = [brute(part, row) for part in parts]
            return True if True in found else None if None in found else False
        case Known(column):
            return not pd.isna(row[column])
        case OneOf(column, values):
            return None if pd.isna(row[column]) else row[column] in values
        case Compare(column, operator, value):
            found = row[column]
            if pd.isna(found):
                return None
            value = {"true": True, "false": False}.get(value, value)
            return {
                "=": found == value, "<": found < value if operator != "=" else None,
                "<=": found <= value if operator != "=" else None,
                ">": found > value if operator != "=" else None,
                ">=": found >= value if operator != "=" else None,
            }[operator]  # fmt: skip
    raise AssertionError(condition)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(trees(plain))
def test_the_cells_are_those_of_a_brute_force_search(store, tiny, obs, condition):
    rows = obs.to_dict("records")
    expected = {i for i, row in enumerate(rows) if brute(condition, row) is True}
    assert chosen(store, tiny, condition) == expected
    assert chosen(store, tiny, str(condition)) == expected


def test_equal_means_the_value_or_the_very_term(store, tiny, obs):
    assert chosen(store, tiny, "cell_type = monocyte") == positions(obs.cell_type == "monocyte")
    assert chosen(store, tiny, "cell_type = CL:0000576") == positions(obs.cell_type == "monocyte")
    assert chosen(store, tiny, "cell_type = 'cd14 positive monocytes'") == positions(
        obs.cell_type == "CD14+ Monocyte"
    )
    assert chosen(store, tiny, "cell_type = odd") == positions(obs.cell_type == "odd")


def test_under_means_everything_that_is_a_kind_of_it(store, tiny, obs):
    monocytes = obs.cell_type.isin(["CD14+ Monocyte", "monocyte"])
    assert chosen(store, tiny, "cell_type under monocyte") == positions(monocytes)
    assert chosen(store, tiny, "cell_type under Monocytes") == positions(monocytes)
    assert chosen(store, tiny, "cell_type under cell") == positions(
        monocytes | (obs.cell_type == "B cell")
    )
    three = obs.assay.isin(["10x 3' v2", "10x 3' v3"])
    assert chosen(store, tiny, 'assay under "10x 3\' transcription profiling"') == positions(three)
    ten = three | (obs.assay == "10x 5' v1")
    assert chosen(store, tiny, "assay under '10x technology'") == positions(ten)
    assert chosen(store, tiny, "technology = '10x v2'") == positions(obs.assay == "10x 3' v2")


def test_unknown_is_neither_this_nor_that(store, tiny, obs):
    female = chosen(store, tiny, "sex = female")
    other = chosen(store, tiny, "not sex = female")
    assert female == positions(obs.sex == "F")
    assert other == positions(obs.sex == "M")
    assert chosen(store, tiny, "sex is unknown") == positions(obs.sex == "unknown")
    # what has no term may be anything: it is known not to be a B cell as little as to be one
    assert chosen(store, tiny, "cell_type not under 'B cell'") == positions(
        obs.cell_type.isin(["CD14+ Monocyte", "monocyte"])
    )
    assert chosen(store, tiny, "cell_type is unknown") == positions(
        obs.cell_type.isna() | (obs.cell_type == "unknown")
    )
    with pytest.raises(UsageError, match="write sex is unknown"):
        choose(store, "sex = unknown", build=tiny)


def test_ages_donors_and_data_sets(store, tiny, obs):
    assert chosen(store, tiny, "age between 30 and 60") == positions(obs.age.isin([40, 60]))
    assert chosen(store, tiny, "not age < 30") == positions(obs.age >= 30)
    assert chosen(store, tiny, "dataset = one") == positions(obs.study == "one")
    assert chosen(store, tiny, "donor_id = D3") == {i for i in range(N) if i % 7 == 3}
    assert chosen(store, tiny, "donor_id = 'a/two/D3'") == {i for i in range(N) if i % 7 == 3}


def test_operators_join_conditions(store, tiny, obs):
    both = Compare("study", "=", "one") & ~Compare("sex", "=", "female")
    assert chosen(store, tiny, both) == positions((obs.study == "one") & (obs.sex == "M"))
    either = Compare("study", "=", "one") | Compare("study", "=", "two")
    assert chosen(store, tiny, either) == positions(obs.study.isin(["one", "two"]))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("cel_type = monocyte", "no column 'cel_type'; did you mean cell_type"),
        ("studdy = one", "did you mean .*dataset"),
        ("xyzzy = 1", "no column 'xyzzy'.* Columns: cell_id"),
        ("cell_type = monocite", "no cell has 'monocite' as its cell_type; there is 'monocyte'"),
        ("assay under '10x technologie'", "there is '10x technology'"),
        ("assay = 'smartseq 2'", "there is 'Smart-seq2'|there is 'smartseq2'"),
        ("tissue under lung", "no cell has 'lung' as its tissue; there is"),
        ("study = four", "no cell has 'four' as its dataset; there is 'one', 'three', 'two'"),
        ("sex > 3", "holds words"),
        ("score = much", "holds numbers"),
        ("score under 3", "holds numbers"),
        ("`batch 1` under x", "has no terms; columns with terms: cell_type, tissue, sex"),
    ],
)
def test_a_wrong_word_suggests_near_ones(store, tiny, query, message):
    with pytest.raises(UsageError, match=message):
        choose(store, query, build=tiny)


def test_a_term_that_no_cell_has_is_noted(store, tiny, obs):
    found = choose(store, "tissue under blood and not tissue = 'anatomical entity'", build=tiny)
    assert set(found.cells.tolist()) == positions(obs.tissue == "blood")
    kinds = (obs.tissue == "blood").sum()
    assert found.notes == (
        "no cell is known to be anatomical entity ('anatomical entity' in tissue); "
        f"{kinds} cells are of its kinds: tissue under 'anatomical entity'",
    )


@pytest.fixture(scope="module")
def torn(tmp_path_factory, tiny):
    """Two files of one name and one donor's name, without a study; one donor is of two sexes."""
    folder = tmp_path_factory.mktemp("torn")
    for number, sexes in enumerate((["F", "male"], ["female", "M"])):
        (folder / f"run{number}").mkdir()
        obs = pd.DataFrame(
            {
                "donor": ["D0", "D1"] * 6,
                "sex": [*sexes * 5, "F", "F" if number else "male"],
                "age": "34-year-old stage",
                "cell_type": ["B cell", "B cells"] * 6,
            },
            index=cell_names(12),
        )
        path = folder / f"run{number}" / "sample.h5ad"
        write(path, as_layout(random_counts(12, 4, seed=number), "csr"), obs=obs)
        add_h5ad(
            path, folder / "cells", name="two", build=tiny, donor="donor", append=number > 0,
            dataset_name=f"run{number}" if number else None,
        )  # fmt: skip
    return CellStore.open(folder / "cells" / "two")


def test_people_of_two_files_are_two_whatever_the_files_are_called(torn, tiny):
    assert sorted(set(torn.values("donor_id").to_pylist())) == [
        "run1/run1/D0", "run1/run1/D1", "sample/sample/D0", "sample/sample/D1",
    ]  # fmt: skip
    assert torn.values("dataset").to_pylist() == ["sample"] * 12 + ["run1"] * 12
    assert chosen(torn, tiny, "study = run1") == set(range(12, 24))


def test_a_name_of_a_field_means_the_field_and_source_what_files_wrote(torn, tiny):
    everything = choose(torn, "", build=tiny)
    assert everything.counts("donor")["donor_id"].null_count == 0
    assert everything.counts("donor").num_rows == everything.counts("donor_id").num_rows == 4
    with pytest.raises(UsageError, match="may mean the donors run1/run1/D1, sample/sample/D1"):
        choose(torn, "donor = D1", build=tiny)
    assert chosen(torn, tiny, "source_donor = D1") == set(range(1, 24, 2))
    assert everything.counts("source_donor").column_names == ["donor", "cells", "donors"]
    assert chosen(torn, tiny, "age = 34") == set(range(24))
    assert chosen(torn, tiny, "source_age = '34-year-old stage'") == set(range(24))


def test_a_field_that_is_not_there_says_why(tmp_path, tiny):
    obs = pd.DataFrame({"cluster": ["c1", "c2"] * 3, "cell_id": "x"}, index=cell_names(6))
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(6, 4), "csr"), obs=obs)
    made = add_h5ad(path, tmp_path / "cells", name="s", build=tiny, label="cluster")
    store = CellStore.open(made.path)
    for query, why in (
        ("cell_type = x", "column 'cell_type': no data set has words in a column such as cell_type, "
                          ".*no value of the label column 'cluster' is a cell type"),
        ("age > 3", "column 'age': no data set has words"),
        ("donor = D1", "the donor of no cell is known: .*--donor"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            choose(store, query, build=tiny)


def test_a_preview_counts_what_a_query_finds(torn, tiny):
    preview = choose(torn, "", build=tiny).counts("sex").to_pydict()
    # D1 of run1 is said to be male and female, and is neither
    assert dict(zip(preview["sex"], preview["cells"], strict=True)) == {
        "female": 12, "male": 6, None: 6,
    }  # fmt: skip
    for value, cells in zip(preview["sex"], preview["cells"], strict=True):
        query = f"sex = {value}" if value else "sex is unknown"
        assert len(chosen(torn, tiny, query)) == cells
    assert choose(torn, "", build=tiny).counts("cell_type").to_pylist() == [
        {"cell_type": "B cell", "cells": 24, "donors": 4}
    ]


# ---- counts, hashes, files -------------------------------------------------------------------


def test_joint_counts_are_those_of_pandas(store, tiny, obs):
    found = choose(store, "study in (one, two)", build=tiny).counts("study", "sex")
    mine = obs[obs.study.isin(["one", "two"])].assign(
        donor=[i % 7 for i in np.flatnonzero(obs.study.isin(["one", "two"]))]
    )
    groups = mine.groupby(["study", "sex"])
    terms = {"F": "female", "M": "male", "unknown": None}
    expected = {(k, terms[sex], len(r), r.donor.nunique()) for (k, sex), r in groups}
    assert {tuple(row.values()) for row in found.to_pylist()} == expected
    assert found.column_names == ["dataset", "sex", "cells", "donors"]
    assert found["cells"].to_pylist() == sorted(found["cells"].to_pylist(), reverse=True)
    assert choose(store, "", build=tiny).counts().to_pylist() == [{"cells": N, "donors": 7}]
    by_tissue = choose(store, "", build=tiny).counts("tissue")
    assert dict(zip(*by_tissue.select(["tissue", "cells"]).to_pydict().values(), strict=True)) == {
        "blood": int((obs.tissue == "blood").sum()),
        "skin": int((obs.tissue == "skin").sum()),
        None: int(obs.tissue.isna().sum()),
    }


def test_the_hash_is_that_of_the_cells_not_of_the_spelling(store, tiny):
    def hashed(query):
        return choose(store, query, build=tiny).hash

    one = hashed("study = one and sex = female")
    assert one == hashed("sex=F and dataset='one'")
    assert one == hashed("not (not sex = female or not study in (one))")
    assert hashed("study in (one, two)") == hashed("study = two or study = one")
    assert hashed("cell_type under monocytes") == hashed("cell_type under CL:0000576")
    assert one != hashed("study = two and sex = female")
    assert choose(store, "study = one", build=tiny) == cohort_of(
        store, choose(store, "study = one", build=tiny).cells
    )


def test_a_cohort_is_saved_and_loaded(store, tiny, tmp_path):
    saved = choose(store, "study = one and tissue is known", build=tiny)
    saved.save(tmp_path / "c.parquet")
    first = (tmp_path / "c.parquet").read_bytes()
    saved.save(tmp_path / "c.parquet")
    assert (tmp_path / "c.parquet").read_bytes() == first
    found = load_cohort(tmp_path / "c.parquet", store)
    assert found == saved
    assert found.query == saved.query
    assert found.cells.tolist() == saved.cells.tolist()
    with pytest.raises(CellsError, match="missing"):
        load_cohort(tmp_path / "d.parquet", store)
    (tmp_path / "e.parquet").write_bytes(first[:-20])
    with pytest.raises(CellsError, match="no saved cohort, or is damaged"):
        load_cohort(tmp_path / "e.parquet", store)
    with pytest.raises(CellsError, match="no saved cohort of this version"):
        load_cohort(store.folder / "obs" / "000001.parquet", store)


def test_nothing_but_a_cohort_is_written_over(store, tiny, tmp_path):
    found = choose(store, "study = one", build=tiny)
    other = store.folder / "obs" / "000001.parquet"
    (tmp_path / "note.txt").write_text("mine")
    (tmp_path / "table.parquet").write_bytes(other.read_bytes())
    (tmp_path / "folder").mkdir()
    for name in ("note.txt", "table.parquet", "folder"):
        with pytest.raises(UsageError, match="is no saved cohort; it is left as it is"):
            found.save(tmp_path / name)
    assert (tmp_path / "note.txt").read_text() == "mine"
    assert (tmp_path / "table.parquet").read_bytes() == other.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_cohort_of_another_store_is_refused(store, tiny, tmp_path):
    path = write(tmp_path / "b.h5ad", as_layout(random_counts(N, 3), "csr"), obs=frame())
    other = CellStore.open(add_h5ad(path, tmp_path / "cells", name="t", build=tiny).path)
    choose(store, "study = one", build=tiny).save(tmp_path / "c.parquet")
    with pytest.raises(CellsError, match="is a cohort of the store 's'"):
        load_cohort(tmp_path / "c.parquet", other)


def test_the_command_counts_and_saves(store, tiny, tmp_path, obs):
    from tosg_graph.cli import app

    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    (tmp_path / "cells").symlink_to(store.folder.parent)
    words = ["cells", "cohort", "s", "study = one", "--by", "sex", "-w", str(tmp_path)]
    done = CliRunner().invoke(app, [*words, "--json", "--save", str(tmp_path / "c.parquet")])
    said = json.loads(done.stdout)
    assert said["n_cells"] == int((obs.study == "one").sum())
    assert said["counts"]["columns"] == ["sex", "cells", "donors"]
    assert load_cohort(tmp_path / "c.parquet", store).hash == said["hash"]
    shown = CliRunner().invoke(app, words).stdout
    assert f"{said['n_cells']} of {N} cells" in shown
    assert ("unknown" in shown) == (None in [row[0] for row in said["counts"]["rows"]])


@pytest.mark.real
def test_t_cells_of_the_sorted_blood_cells(real_build, real_data, tmp_path):
    path = real_data / "cells" / "pbmc_facs_3774.h5ad"
    made = add_h5ad(path, tmp_path, name="pbmc", build=real_build, label="celltype")
    store = CellStore.open(made.path)
    with h5py.File(path) as file:
        column = file["obs/celltype"]
        names = np.array([v.decode() for v in column["categories"][:]])[column["codes"][:]]
    of = {"T cell": ("T Helper2", "T Reg", "Naive T", "Memory", "Cytotoxic"),
          "lymphocyte": ("T Helper2", "T Reg", "Naive T", "Memory", "Cytotoxic", "CD19+", "CD56+"),
          "B cells": ("CD19+",)}  # fmt: skip
    for term, parts in of.items():
        mine = np.array([any(part in name for part in parts) for name in names])
        found = choose(store, f"cell_type under '{term}'", build=real_build)
        assert np.array_equal(found.mask, mine), term
        rest = choose(store, f"not cell_type under '{term}'", build=real_build)
        assert np.array_equal(rest.mask, ~mine), term
