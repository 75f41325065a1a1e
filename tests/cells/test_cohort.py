"""Names of cells as people write them → values of the label column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.cells.files import as_layout, cell_names, random_counts, write
from tests.tiny import tiny_tables, write_build
from tosg_graph.cells.cohort import cells_of, match_group
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import UsageError

LABELS = ["CD14+ Monocyte", "CD19+ B", "CD56+ NK", "CD34+"]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """The tiny build with a few more cell types, one name being that of two of them."""
    tables = tiny_tables()
    more = {
        "CL:0000623": ("natural killer cell", ["NK cell"], "CL:0000542"),
        "CL:0000542": ("lymphocyte", None, "CL:0000000"),
        "CL:0000084": ("T cell", ["T lymphocyte"], "CL:0000542"),
        "CL:9000001": ("first odd cell", ["odd one"], "CL:0000576"),
        "CL:9000002": ("second odd cell", ["odd one"], "CL:0000542"),
    }
    nodes, edges = tables["nodes/CellType"], tables["edges/IS_A"]
    pattern = next(edge for edge in edges if edge["source_label"] == "CellType")
    for term, (name, synonyms, parent) in more.items():
        nodes.append({"id": term, "name": name, "synonyms": synonyms, "sources": ["cell_ontology"]})
        edges.append({**pattern, "source": term, "target": parent})
    for child, parent in (("CL:0000236", "CL:0000542"), ("CL:0001054", "CL:9000001"),
                          ("CL:0000236", "CL:9000002")):  # fmt: skip
        edges.append({**pattern, "source": child, "target": parent})
    return write_build(tmp_path_factory.mktemp("cohort") / "build", tables, "cohort0000000000")


@pytest.fixture(scope="module")
def store(tmp_path_factory, build):
    folder = tmp_path_factory.mktemp("cells")
    obs = pd.DataFrame({"celltype": [*LABELS * 5, None]}, index=cell_names(21))
    path = write(folder / "a.h5ad", as_layout(random_counts(21, 4), "csr"), obs=obs)
    return CellStore.open(add_h5ad(path, folder, name="s", build=build, label="celltype").path)


@pytest.mark.parametrize(
    ("text", "values", "how"),
    [
        ("CD14+ Monocyte", ["CD14+ Monocyte"], "value"),
        ("CD14+ monocytes", ["CD14+ Monocyte"], "value"),
        ("CD14 positive monocyte", ["CD14+ Monocyte"], "value"),
        ("cd14-positive MONOCYTES", ["CD14+ Monocyte"], "value"),
        ("monocytes", ["CD14+ Monocyte"], "term"),
        ("CL:0000576", ["CD14+ Monocyte"], "term"),
        ("CL:0001054", ["CD14+ Monocyte"], "term"),
        ("B cells", ["CD19+ B"], "term"),
        ("B-cells", ["CD19+ B"], "term"),
        ("CD19+ B cells", ["CD19+ B"], "value"),
        ("NK cells", ["CD56+ NK"], "term"),
        ("NK", ["CD56+ NK"], "term"),
        ("natural killer cells", ["CD56+ NK"], "term"),
        ("lymphocytes", ["CD19+ B", "CD56+ NK"], "term"),
        ("CD34+ cells", ["CD34+"], "value"),
    ],
)
def test_a_name_is_understood(store, build, text, values, how):
    found = match_group(store, text, build=build)
    assert (found.status, found.values, found.how) == ("matched", tuple(values), how)


def test_the_term_is_said(store, build):
    found = match_group(store, "lymphocytes", build=build)
    assert (found.term_id, found.term_name) == ("CL:0000542", "lymphocyte")
    assert found.sentence == "'lymphocytes' read as lymphocyte (CL:0000542): CD19+ B, CD56+ NK"
    assert match_group(store, "CD19+ B", build=build).term_id == "CL:0000236"


def test_a_synonym_of_two_terms_is_ambiguous(store, build):
    found = match_group(store, "odd one", build=build)
    assert found.status == "ambiguous"
    assert found.candidates == ("CL:9000001 first odd cell", "CL:9000002 second odd cell")
    with pytest.raises(UsageError, match="may mean CL:9000001 first odd cell; CL:9000002"):
        cells_of(store, found)


def test_a_known_kind_that_is_not_in_the_store_is_absent(store, build):
    found = match_group(store, "T lymphocytes", build=build)
    assert (found.status, found.term_id) == ("absent", "CL:0000084")
    assert "no cell of this store is known to be a T cell (CL:0000084)" in found.sentence


def test_an_unknown_name_suggests_near_ones(store, build):
    found = match_group(store, "monocite", build=build)
    assert (found.status, found.suggestions[0]) == ("unknown", "CD14+ Monocyte")
    assert match_group(store, "CL:9999999", build=build).status == "unknown"
    assert match_group(store, "xylophone", build=build).suggestions == ()


def test_values_that_differ_by_case_only_are_ambiguous(tmp_path, build):
    obs = pd.DataFrame({"celltype": ["B cell", "B cells", "b-cell"]}, index=cell_names(3))
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(3, 4), "csr"), obs=obs)
    store = CellStore.open(add_h5ad(path, tmp_path, name="s", build=build, label="celltype").path)
    assert match_group(store, "B cells", build=build).values == ("B cells",)
    found = match_group(store, "B CELL", build=build)
    assert (found.status, found.candidates) == ("ambiguous", ("B cell", "B cells", "b-cell"))


def test_without_a_build_values_and_ids_are_known(store):
    assert match_group(store, "cd14+ monocytes").values == ("CD14+ Monocyte",)
    assert match_group(store, "CL:0000236").values == ("CD19+ B",)
    assert match_group(store, "lymphocytes").status == "unknown"


def test_the_cells_of_a_match(store, build):
    found = cells_of(store, match_group(store, "lymphocytes", build=build))
    labels = LABELS * 5
    assert found.tolist() == [i for i in range(20) if labels[i] in ("CD19+ B", "CD56+ NK")]
    assert found.dtype == np.int64


def test_no_column_to_search(tmp_path, build):
    path = write(tmp_path / "a.h5ad", as_layout(random_counts(3, 4), "csr"))
    store = CellStore.open(add_h5ad(path, tmp_path, name="s", build=build).path)
    with pytest.raises(UsageError, match="no label column"):
        match_group(store, "B cell", build=build)
    with pytest.raises(UsageError, match="no column 'x'"):
        match_group(store, "B cell", build=build, column="x")
