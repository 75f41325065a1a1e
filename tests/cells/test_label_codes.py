"""Label codes and names: narrow, mapped where they are many, and what the table of cells says."""

from __future__ import annotations

import pickle

import anndata
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

from tests.tiny import GENES
from tosg_graph.cells import label_codes
from tosg_graph.cells.codes import as_words
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.label_codes import label_codes_of, sorted_codes
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError


def one(path, kinds, prefix):
    """Cells with a kind each, in a file."""
    obs = pd.DataFrame({"kind": kinds}, index=[f"{prefix}{n}" for n in range(len(kinds))])
    x = sparse.csr_matrix(np.ones((len(kinds), 3), np.float32))
    var = pd.DataFrame(index=[GENES[s][2] for s in list(GENES)[:3]])
    anndata.AnnData(x, obs, var).write_h5ad(path)


@pytest.fixture(scope="module")
def kinds():
    rng = np.random.default_rng(0)
    first = [f"k{n}" for n in rng.integers(0, 200, 500)]
    second = [None if n % 7 == 0 else f"k{n % 5}" for n in range(90)]
    return first + second


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny, kinds):
    """Two data sets, one label column."""
    folder = tmp_path_factory.mktemp("labels")
    one(folder / "a.h5ad", kinds[:500], "a")
    one(folder / "b.h5ad", kinds[500:], "b")
    options = {"name": "s", "build": tiny, "label": "kind"}
    add_h5ad(folder / "a.h5ad", folder, **options)
    add_h5ad(folder / "b.h5ad", folder, append=True, **options)
    return CellStore.open(folder / "s")


def expected(kinds):
    codes, names = pd.factorize(np.array(kinds, dtype=object), sort=True)
    return codes.tolist(), tuple(names)


def test_codes_are_places_in_the_sorted_values(store, kinds):
    found = label_codes_of(store, "kind")
    assert (found.codes.tolist(), found.names) == expected(kinds)
    assert found.codes.dtype == np.int16  # more than 127 labels
    assert found.sizes().tolist() == [kinds.count(name) for name in found.names]


def test_few_labels_take_a_byte_each():
    column = pa.chunked_array([pa.array(["b", None, "a"]), pa.array(["b"])])
    found = sorted_codes(as_words(column))
    assert (found.codes.tolist(), found.names) == ([1, -1, 0, 1], ("a", "b"))
    assert found.codes.dtype == np.int8


def test_values_that_no_cell_has_are_no_labels():
    column = pa.DictionaryArray.from_arrays(pa.array([2, None, 2]), pa.array(["a", None, "c"]))
    found = sorted_codes(as_words(pa.chunked_array([column])))
    assert (found.codes.tolist(), found.names) == ([0, -1, 0], ("c",))


def test_codes_of_many_cells_are_mapped(store, kinds, monkeypatch):
    monkeypatch.setattr(label_codes, "KEPT_FROM", 1)
    first = label_codes_of(store, "kind")
    assert first.path is not None
    assert first.path.parent == store.folder / "labels"
    assert not first.codes.flags.owndata
    assert not first.codes.flags.writeable
    assert (first.codes.tolist(), first.names) == expected(kinds)
    monkeypatch.setattr(label_codes, "_read", None)  # the second time they are not read again
    assert label_codes_of(store, "kind").codes.tolist() == first.codes.tolist()
    sent = pickle.dumps(first)
    assert len(sent) < 500
    assert pickle.loads(sent).codes.tolist() == first.codes.tolist()


def test_a_damaged_file_of_codes_is_made_anew(store, kinds, monkeypatch):
    monkeypatch.setattr(label_codes, "KEPT_FROM", 1)
    path = label_codes_of(store, "kind").path
    whole = path.read_bytes()
    at = whole.index(np.array(expected(kinds)[0], np.int16).tobytes())
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    for damaged in (flipped, whole[: len(whole) // 2], b""):
        path.unlink()  # another file: the old one may be mapped
        path.write_bytes(damaged)
        with pytest.raises(CellsError, match="make the loader again"):
            label_codes._mapped(path)
        assert label_codes_of(store, "kind").codes.tolist() == expected(kinds)[0]
        assert path.read_bytes() == whole


def test_a_store_that_cannot_be_written_is_read_all_the_same(store, kinds, monkeypatch, tmp_path):
    monkeypatch.setattr(label_codes, "KEPT_FROM", 1)
    monkeypatch.setattr(label_codes, "_path", lambda *_: tmp_path / "no" / "such" / "f.arrow")
    found = label_codes_of(store, "kind")
    assert found.path is None
    assert found.codes.tolist() == expected(kinds)[0]


def test_columns_are_read_for_chosen_cells(store):
    cells = np.array([589, 0, 499, 500, 3, 3])
    for column in ("cell_id", "kind", "data_set", "total_count"):
        whole = store.obs[column].take(pa.array(cells)).to_pylist()
        assert store.take(column, cells).to_pylist() == whole
    assert store.take("cell_id", np.array([], np.int64)).to_pylist() == []
    with pytest.raises(UsageError, match="no column 'x'"):
        store.take("x", cells)
    with pytest.raises(UsageError, match="no cell 590"):
        store.take("kind", [590])


def test_only_the_row_groups_of_the_cells_are_read(store, monkeypatch):
    read = []
    files = CellStore.open(store.folder).obs_files
    piece = files._piece
    monkeypatch.setattr(files, "_piece", lambda name, *at: read.append(at) or piece(name, *at))
    files.take("cell_id", np.array([510, 505]))
    assert read == [(1, 0)]
