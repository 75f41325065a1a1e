"""Tables and constants that say of cells what their source does not."""

from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.cells.files import as_layout, cell_names, random_counts, write
from tosg_graph.cells.annotation import Annotation
from tosg_graph.cells.barcode_table import BarcodeTable
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.executors import Slurm
from tosg_graph.cells.job import Unfinished, convert_task
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError

FRAME = pd.DataFrame(
    {
        "donor": ["01", "02", None],
        "age": pd.array([34, None, 61], "Int64"),
        "weight": [70.5, 60.0, np.nan],
        "primary": [True, False, True],
    },
    index=["A-1", "B-1", "C-1"],
)


def written(path, kind):
    """The frame as a file of a kind."""
    if kind == "parquet":
        FRAME.to_parquet(path)
    elif kind == "csv":
        FRAME.to_csv(path)  # pandas gives the first column no name
    else:
        text = FRAME.reset_index(names="Cell_ID")[["donor", "Cell_ID", "age", "weight", "primary"]]
        path.write_bytes(gzip.compress(text.to_csv(sep="\t", index=False, na_rep="NA").encode()))
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv.gz", "parquet", "frame", "filtered", "arrow"])
def test_a_table_of_any_kind_says_the_same(tmp_path, kind):
    numbered = FRAME.reset_index(names="barcode").set_axis([5, 3, 4])
    held = {"frame": FRAME, "filtered": numbered, "arrow": pa.Table.from_pandas(FRAME)}
    if kind in held:
        table = BarcodeTable.read(held[kind])
        assert table.record["file"] is None
    else:
        path = written(tmp_path / f"t.{kind}", kind)
        table = BarcodeTable.read(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert table.record == {"file": f"t.{kind}", "sha256": digest}
    assert table.barcodes.to_pylist() == list(FRAME.index)
    columns = table.columns.to_pydict()
    assert set(columns) == set(FRAME.columns)
    assert columns["donor"] == ["01", "02", None]
    assert columns["age"] == [34, None, 61]
    assert columns["weight"][:2] == [70.5, 60.0]
    assert columns["primary"] == [True, False, True]


def test_a_table_in_memory_is_told_by_what_it_says():
    one = BarcodeTable.read(FRAME).record["sha256"]
    table = pa.Table.from_pandas(FRAME)
    halves = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert BarcodeTable.read(halves).record["sha256"] == one
    assert BarcodeTable.read(FRAME.assign(donor="03")).record["sha256"] != one


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("barcode,donor\nA-1,x\nA-1,y\n", r"1 barcodes occur more than once, for example 'A-1'"),
        ("barcode,donor\nA-1,x\n,y\n", r"1 rows have no barcode"),
        ("barcode\nA-1\n", r"has one column, 'barcode'"),
        ("barcode;donor\nA-1;x\n", r"has one column, 'barcode;donor'"),
        ("barcode,donor,donor\nA-1,x,y\n", r"the column 'donor' stands twice"),
        ("barcode,donor\nA-1,x,y\n", r"cannot be read as a table"),
        ("barcode,donor,\nA-1,x,y\n", r"the column '' has no name"),
        ("", r"cannot be read as a table"),
        ("barcode,donor\nA,x\n", r"source writes 'A-1', the table 'A'. Without the suffix 1 cells"),
        ("barcode,donor\nZ,x\n", r"source writes 'A-1', the table 'Z'. Write the barcodes"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(tmp_path, text, words):
    (tmp_path / "t.csv").write_text(text)
    obs = pd.DataFrame(index=FRAME.index)
    with pytest.raises(CellsError, match=words):
        Annotation.of(tmp_path / "t.csv", None).join(obs, list(obs.index), tmp_path / "a")


def test_what_is_no_table_and_no_constant(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        Annotation.of(tmp_path / "none.csv", None)
    with pytest.raises(UsageError, match="obs is list"):
        Annotation.of([1], None)
    with pytest.raises(CellsError, match=r"cannot be taken .*column mixed"):
        Annotation.of(pd.DataFrame({"mixed": [1, "a"]}, index=["A", "B"]), None)
    with pytest.raises(CellsError, match="the column 'lists' holds list"):
        Annotation.of(pd.DataFrame({"lists": [[1], [2]]}, index=["A", "B"]), None)
    for value in ("", [1], None):
        with pytest.raises(UsageError, match="the constant 'donor' is"):
            Annotation.of(None, {"donor": value})


def test_a_column_that_both_have_must_say_the_same(tmp_path):
    obs = FRAME.assign(age=[34.0, 50.0, 61.0], donor=pd.Categorical(["01", "02", "03"]))
    cells = list(obs.index)
    both = Annotation.of(FRAME, {"tissue": "blood"})
    joined, notes = both.join(obs, cells, tmp_path / "a")
    assert notes == []
    assert list(joined.columns) == [*obs.columns, "tissue"]
    assert joined["age"].tolist() == [
        34.0,
        50.0,
        61.0,
    ]  # the source's, where the table says nothing
    with pytest.raises(
        CellsError, match=r"'age', and 1 cells differ, for example A-1: 34.0 and 33"
    ):
        Annotation.of(FRAME.assign(age=[33, 50, 61]), None).join(obs, cells, tmp_path / "a")
    with pytest.raises(CellsError, match=r"'donor', and 2 cells differ, for example B-1: '02'"):
        Annotation.of(None, {"donor": "01"}).join(obs, cells, tmp_path / "a")


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "a.h5ad", as_layout(random_counts(40, 5), "csr"))


def said(tmp_path):
    """A table of 38 of the cells in another order, and of two others."""
    names = [*cell_names(40)[:1:-1], "other1", "other2"]
    frame = pd.DataFrame({"barcode": names, "who": [f"0{n % 3}" for n in range(40)]})
    frame.to_csv(tmp_path / "who.csv", index=False)
    return tmp_path / "who.csv", dict(zip(frame["barcode"], frame["who"], strict=True))


def test_a_table_gives_a_source_donors_and_is_recorded(tmp_path, source, tiny):
    path, who = said(tmp_path)
    report = add_cells(
        source, tmp_path / "cells", name="s", build=tiny, donor="who", obs=path,
        constants={"disease": "healthy", "age": 34},
    )  # fmt: skip
    store = CellStore.open(report.path)
    expected = [who.get(name) for name in cell_names(40)]
    assert store.obs["who"].to_pylist() == expected
    assert store.obs["donor_id"].to_pylist() == [w and f"a/a/{w}" for w in expected]
    assert set(store.obs["disease"].to_pylist()) == {"healthy"}
    assert set(store.obs["age"].to_pylist()) == {34}
    record = store.manifest["datasets"][0]["source"]
    assert record["obs"] == BarcodeTable.read(path).record
    assert record["constants"] == {"disease": "healthy", "age": 34}
    assert any("2 of 40 cells have no row" in words for words in report.warnings)
    assert any("2 of 40 rows" in words and "a.h5ad has not" in words for words in report.warnings)
    store.verify(source=source)


def test_a_column_that_is_missing_is_told_where_from_to_get_it(tmp_path, source, tiny):
    with pytest.raises(UsageError, match=r"Columns: none. Add columns .*--obs TABLE.*--set donor="):
        add_cells(source, tmp_path / "cells", name="s", build=tiny, donor="donor")


def test_another_table_or_constant_does_not_go_on_with_a_job(tmp_path, source, tiny):
    path, who = said(tmp_path)

    def start(folder, **options):
        with pytest.raises(Unfinished) as waiting:
            add_cells(source, folder, name="s", build=tiny, executor=Slurm(("true",)), **options)
        return waiting.value.job

    cells = tmp_path / "cells"
    job = start(cells, obs=path, constants={"age": 34})
    assert job.content["annotation"]["constants"] == {"age": 34}
    assert start(cells, obs=path, constants={"age": 34}).folder == job.folder
    other = start(cells, obs=path, constants={"age": 35})
    path.write_text(path.read_text().replace("other2", "other3"))
    last = start(cells, obs=path, constants={"age": 34})
    assert len({job.folder, other.folder, last.folder}) == 3
    convert_task(last.folder, 0)  # as another machine does it: the folder is all that it is given
    report = add_cells(
        source, cells, name="s", build=tiny, executor=Slurm(("true",)), obs=path,
        constants={"age": 34},
    )  # fmt: skip
    expected = [who.get(name) for name in cell_names(40)]
    assert CellStore.open(report.path).obs["who"].to_pylist() == expected
