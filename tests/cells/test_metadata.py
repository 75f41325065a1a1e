"""Fields of cells: ages in words, terms of values, donors of whom two things are said."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.cells.files import as_layout, cell_names, random_counts, write
from tosg_graph.cells.ages import Age, read_age, stage_age
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.metadata_report import Conflict
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.terms import Terms


@pytest.mark.parametrize(
    ("text", "years", "before_birth"),
    [
        ("34-year-old stage", 34.0, False),
        ("34-year-old human stage", 34.0, False),
        ("6-month-old stage", 0.5, False),
        ("6-month-old", 0.5, False),
        ("65 years", 65.0, False),
        ("65y", 65.0, False),
        ("2.5 yrs", 2.5, False),
        ("age 40 years", 40.0, False),
        ("3 weeks", None, None),
        ("13 weeks", None, None),
        ("8-10 wks", None, None),
        ("3 weeks old", 3 * 7 / 365.25, False),
        ("aged 3 weeks", 3 * 7 / 365.25, False),
        ("first trimester", None, True),
        ("21 trimester", None, True),
        ("E14.5", None, True),
        ("Carnegie stage 15", None, True),
        ("Theiler stage 20", None, True),
        ("TS20", None, True),
        ("10th week post-fertilization", None, True),
        ("fetal, 13 weeks", None, True),
        ("13pcw", None, True),
        ("age 34", 34.0, False),
        ("34 years", 34.0, False),
        ("34y", 34.0, False),
        ("34 yo", 34.0, False),
        ("34 yr old", 34.0, False),
        ("P7", None, None),
        ("human late adulthood stage", None, False),
        ("sixth decade human stage", None, False),
        ("Carnegie stage 20", None, True),
        ("CS20", None, True),
        ("11th week post-fertilization stage", None, True),
        ("12 pcw", None, True),
        ("GW20", None, True),
        ("fifth LMP month stage", None, True),
        ("fetal stage", None, True),
        ("newborn stage (0-28 days)", 0.0, False),
        ("sixth decade stage", None, False),
        ("60-79 year-old stage", None, False),
        ("80 year-old and over stage", None, False),
        (">89 years", None, False),
        ("adult stage", None, False),
        ("200 years", None, None),
        ("65", None, None),
        ("stage 4", None, None),
        ("day care", None, None),
    ],
)
def test_an_age_in_words(text, years, before_birth):
    found = read_age(text)
    assert (found.years, found.before_birth) == (
        pytest.approx(years, abs=1e-6) if years is not None else None,
        before_birth,
    )


@settings(deadline=None)
@given(
    st.integers(0, 120), st.sampled_from(["{}-year-old stage", "{} years", "{} y", "aged {} yr"])
)
def test_whole_years_are_read_as_they_are(years, pattern):
    assert read_age(pattern.format(years)) == Age(float(years), False)


def test_a_bare_number_is_an_age_where_the_column_says_so():
    assert read_age("65", bare_years=True) == Age(65.0, False)
    assert read_age("65.5", bare_years=True) == Age(65.5, False)
    assert read_age("650", bare_years=True) == Age(None, None)


@pytest.mark.real
def test_every_stage_of_the_ontology_is_known_and_placed(real_data):
    (path,) = (real_data / "cellxgene_ontologies").glob("HsapDv*")
    with zstandard.open(path) as file:
        terms = json.load(file)
    stages = Terms.shipped("stages")
    assert stages.names == {term: entry["label"] for term, entry in terms.items()}
    prenatal = {t for t, e in terms.items() if "HsapDv:0000045" in e["ancestors"]}
    postnatal = {t for t, e in terms.items() if "HsapDv:0010000" in e["ancestors"]}
    assert len(prenatal) > 60
    assert len(postnatal) > 150
    assert all(stage_age(term) == Age(None, True) for term in prenatal)
    assert all(stage_age(term).before_birth is False for term in postnatal)
    for term, entry in terms.items():
        number, _, rest = entry["label"].partition("-")
        if rest == "year-old stage":
            assert stage_age(term).years == float(number)
        if rest == "month-old stage":
            assert stage_age(term).years == pytest.approx(int(number) / 12, abs=1e-6)


def table(**columns):
    arrays = {
        name: pa.array(values).dictionary_encode()
        if isinstance(values[0] or "", str)
        else pa.array(values)
        for name, values in columns.items()
    }
    return pa.table(arrays)


def column(found, name):
    return found.column(name).to_pylist()


def test_values_become_terms(tiny):
    obs = table(
        cell_type=["monocyte", "B cells", "CD14+ Monocyte", "odd", None, "unknown"],
        organ=["blood", "Blood", "skin", "blood", "blood", "n/a"],
        disease=["lung neoplasm", "normal", "healthy", "CML", "unknown", "control"],
        gender=["F", "male", "woman", "M", "unknown", "female"],
        technology=["10x 3' v3", "10x v2", "Smart-seq2", "SmartSeq2", "EFO:0009922", "mystery"],
    )
    found, report = standardise(obs, tiny)
    assert column(found, "cell_type_ontology_id") == [
        "CL:0000576", "CL:0000236", "CL:0001054", None, None, None,
    ]  # fmt: skip
    assert column(found, "tissue") == column(obs, "organ")
    assert column(found, "tissue_ontology_id") == ["UBERON:0000178"] * 2 + [None] + [
        "UBERON:0000178"
    ] * 2 + [None]
    assert column(found, "disease_ontology_id") == [
        "DOID:1324", "PATO:0000461", "PATO:0000461", "DOID:8552", None, "PATO:0000461",
    ]  # fmt: skip
    assert column(found, "sex_ontology_id") == [
        "PATO:0000383", "PATO:0000384", "PATO:0000383", "PATO:0000384", None, "PATO:0000383",
    ]  # fmt: skip
    assert column(found, "assay_ontology_id") == [
        "EFO:0009922", "EFO:0009899", "EFO:0008931", "EFO:0008931", "EFO:0009922", None,
    ]  # fmt: skip
    how = {(v.field, v.value): v.how for v in report.values}
    assert how["cell_type", "monocyte"] == "name"
    assert how["cell_type", "B cells"] == "synonym"
    assert how["cell_type", "CD14+ Monocyte"] == "table"
    assert how["disease", "unknown"] == how["tissue", "n/a"] == "unknown"
    assert {(v.field, v.value) for v in report.unmapped} == {
        ("cell_type", "odd"), ("tissue", "skin"), ("assay", "mystery"),
    }  # fmt: skip
    cells = pd.Series(column(obs, "organ")).value_counts()
    assert {v.value: v.cells for v in report.values if v.field == "tissue"} == cells.to_dict()


def test_ids_of_the_source_go_before_words(tiny):
    obs = table(
        tissue=["venous blood", "blood"],
        tissue_ontology_term_id=["UBERON:0000178", "UBERON:0013756"],
        disease_ontology_term_id=["DOID:1324 || DOID:8552", "DOID:1324"],
    )
    found, report = standardise(obs, tiny)
    assert column(found, "tissue_ontology_id") == ["UBERON:0000178", "UBERON:0013756"]
    assert column(found, "disease_ontology_id") == ["DOID:1324 || DOID:8552", "DOID:1324"]
    assert column(found, "disease") == [None, "lung cancer"]
    several = next(v for v in report.values if v.how == "several")
    assert several.candidates == ("DOID:1324", "DOID:8552")


def test_what_a_donor_cannot_be_stays_missing_and_is_reported(tiny):
    obs = table(
        donor_id=["s/d/1", "s/d/1", "s/d/2", "s/d/2", None, None],
        sex=["female", "male", "F", "female", "male", "female"],
        development_stage=["34-year-old stage"] * 4 + ["Carnegie stage 20", "65 years"],
    )
    found, report = standardise(obs, tiny)
    female, male = "PATO:0000383", "PATO:0000384"
    assert column(found, "sex_ontology_id") == [None, None, female, female, male, female]
    assert column(found, "sex") == column(obs, "sex")
    assert column(found, "age_years") == [34.0] * 4 + [None, 65.0]
    assert column(found, "before_birth") == [False] * 4 + [True, False]
    assert column(found, "stage_ontology_id")[3:] == [
        "HsapDv:0000128", "HsapDv:0000027", "HsapDv:0000159",
    ]  # fmt: skip
    assert report.conflicts == [Conflict("s/d/1", "sex", ("female", "male"), 2)]
    assert "s/d/1 has female, male" in report.warnings[0]
    assert (report.donors, report.cells_without_donor) == (2, 2)


def test_former_names_of_stages_are_read_without_ids():
    former = {
        "sixth decade human stage": "HsapDv:0000240",
        "human adult stage": "HsapDv:0000258",
        "34-year-old human stage": "34-year-old stage",
        "newborn human stage": "newborn stage",
        "human late adulthood stage": "late adulthood stage",
    }
    found, report = standardise(table(development_stage=list(former)))
    assert column(found, "before_birth") == [False] * len(former)
    assert column(found, "age_years") == [None, None, 34.0, None, None]
    names = {v.value: (v.id, v.name) for v in report.values}
    assert all(wanted in names[value] for value, wanted in former.items()), names


def test_two_ages_of_a_donor_are_none(tiny):
    obs = table(donor_id=["a", "a", "b", "b"], age=[30, 40, 50, 50])
    found, report = standardise(obs, tiny)
    assert column(found, "age_years") == [None, None, 50.0, 50.0]
    assert report.conflicts == [Conflict("a", "age", ("30", "40"), 2)]


def test_an_age_that_contradicts_the_stage_is_none(tiny):
    obs = table(
        donor_id=["a", "b", "c"],
        stage=["34-year-old stage", "adult stage", "Carnegie stage 20"],
        age=[70, 61, 5],
    )
    found, report = standardise(obs, tiny)
    assert column(found, "age_years") == [None, 61.0, None]
    assert column(found, "before_birth") == [None, False, None]
    assert {c.donor for c in report.conflicts} == {"a", "c"}


def test_once_is_as_good_as_twice(tiny):
    obs = table(
        donor_id=["a", "a", "b", "c"],
        celltype=["monocyte", "x", "B cell", "x"],
        celltype_ontology_id=["CL:0000576", "CL:0001054", "CL:0000236", "CL:0001054"],
        sex=["F", "M", "F", "M"],
        age_years=[30, 40, 50, 60],
        stage=["adult stage", "adult stage", "50-year-old stage", "adult stage"],
        study=["one", "one", "two", "two"],
    )
    once, first = standardise(obs, tiny, label="celltype")
    twice, second = standardise(once, tiny, label="celltype")
    assert once.equals(twice)
    assert first.conflicts == second.conflicts
    assert column(once, "cell_type_ontology_id") == column(obs, "celltype_ontology_id")
    assert column(once, "source_age_years") == [30, 40, 50, 60]
    assert column(once, "age_years") == [None, None, 50.0, 60.0]
    assert column(once, "dataset") == ["one", "one", "two", "two"]


def test_the_study_is_the_named_column_or_else_the_data_set():
    obs = table(study=["one", "NA"], run=["r1", "r2"])
    assert column(standardise(obs, data_set="file")[0], "dataset") == ["one", None]
    assert column(standardise(obs, study="run")[0], "dataset") == ["r1", "r2"]
    nothing = table(study=["NA", "unknown"])
    assert column(standardise(nothing, data_set="file")[0], "dataset") == ["file"] * 2
    assert column(standardise(table(x=["a"]), data_set="file")[0], "dataset") == ["file"]


def test_a_label_of_another_name_is_the_cell_type(tiny):
    obs = table(cluster_name=["My monos", "B"], cluster_name_ontology_id=["CL:0000576", None])
    found, _ = standardise(obs, tiny, label="cluster_name")
    assert column(found, "cell_type") == ["My monos", "B"]
    assert column(found, "cell_type_ontology_id") == ["CL:0000576", None]


def test_numbers_name_no_cell_type_and_no_field_is_no_error(tiny):
    found, report = standardise(table(cell_type=[1, 2], x=["a", "b"]), tiny)
    assert found.column_names == ["cell_type", "x"]
    assert report.values == []


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["female", "F", "male", "unknown"])),
        max_size=40,
    )
)
def test_conflicts_are_those_of_a_brute_force_search(rows):
    donors, sexes = [r[0] for r in rows], [r[1] for r in rows]
    text = pa.string()
    obs = pa.table(
        {
            "donor_id": pa.array(donors, text).dictionary_encode(),
            "sex": pa.array(sexes, text).dictionary_encode(),
        }
    )
    _, report = standardise(obs)
    said: dict[str, set[str]] = {}
    for donor, sex in rows:
        if sex != "unknown":
            said.setdefault(donor, set()).add("female" if sex == "F" else sex)
    expected = {(d, *sorted(s)) for d, s in said.items() if len(s) > 1}
    assert {(c.donor, *c.values) for c in report.conflicts} == expected


def test_a_store_has_the_fields_and_the_command_lists_them(tmp_path, tiny):
    obs = pd.DataFrame(
        {
            "cell_type": ["monocyte", "B cell"] * 9 + ["unknown", "B cell"],
            "donor": ["D1", "D2"] * 10,
            "sex": ["F", "M"] * 9 + ["M", "M"],
            "age": np.arange(20) % 2 * 10 + 30,
        },
        index=cell_names(20),
    )
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(20, 4), "csr"), obs=obs)
    report = add_h5ad(
        path, tmp_path / "cells", name="s", build=tiny, label="cell_type", donor="donor"
    )
    store = CellStore.open(report.path)
    assert store.values("sex_ontology_id").to_pylist() == [None, "PATO:0000384"] * 10
    assert store.values("age_years").to_pylist() == [30.0, 40.0] * 10
    assert any("several values of sex" in warning for warning in report.warnings)

    (tmp_path / "graph").mkdir()
    (tmp_path / "graph" / "current").write_text(tiny.id)
    (tmp_path / "graph" / tiny.id).symlink_to(tiny.path)
    from tosg_graph.cli import app

    done = CliRunner().invoke(app, ["cells", "vocabulary", "s", "-w", str(tmp_path), "--json"])
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert said["columns"] == {
        "cell_type": "cell_type",
        "sex": "sex",
        "age": "age",
        "dataset": "dataset",
    }
    assert {(v["value"], v["cells"]) for v in said["values"] if v["field"] == "cell_type"} == {
        ("monocyte", 9), ("B cell", 10), ("unknown", 1),
    }  # fmt: skip
    assert said["conflicts"][0]["donor"] == "a/a/D1"
    shown = CliRunner().invoke(app, ["cells", "vocabulary", "s", "-w", str(tmp_path)])
    assert "CL:0000236" in shown.stdout
    assert "2 donors are known" in shown.stdout
    read_by = {v["value"]: v["how"] for v in said["values"] if v["field"] == "cell_type"}
    assert {term.label: term.how for term in report.labels} == read_by
    ages = CliRunner().invoke(
        app, ["cells", "vocabulary", "s", "--field", "age", "-w", str(tmp_path)]
    )
    assert ages.exit_code == 0
    assert "cell_type" not in ages.stdout
