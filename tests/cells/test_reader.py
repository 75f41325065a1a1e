"""Reading a store: any cells in any order, from any thread, and damage found and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cells.files import RNA, as_layout, blood, random_counts, write
from tests.tiny import gene
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError

COUNTS = random_counts(5000, 50, seed=11)


@pytest.fixture(scope="module")
def store(tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("reader")
    path = write(folder / "a.h5ad", as_layout(COUNTS, "csr"))
    report = add_h5ad(path, folder, name="s", build=tiny, shard_cells=2048)
    return CellStore.open(report.path)


@pytest.fixture
def fresh(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    report = add_h5ad(path, tmp_path, name="s", build=tiny, label="celltype")
    return CellStore.open(report.path), counts


@given(cells=st.lists(st.integers(0, 4999), max_size=300))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_cells_in_any_order_over_three_shards(store, cells):
    rows = store.gather("rna", np.array(cells, np.int64))
    assert rows.shape == (len(cells), 50)
    assert np.array_equal(rows.to_scipy().toarray(), COUNTS[cells])
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        assert np.all(np.diff(rows.indices[start:end]) > 0)


def test_types_of_what_is_gathered(store):
    rows = store.gather("rna", [1, 0])
    assert (rows.indptr.dtype, rows.indices.dtype, rows.counts.dtype) == (
        np.int64,
        np.int32,
        np.int32,
    )
    assert store.gather("rna", [1, 0], dtype=np.float32).counts.dtype == np.float32


@pytest.mark.parametrize("cells", [[-1], [5000], [0, 99999]])
def test_a_cell_that_is_not_there(store, cells):
    with pytest.raises(UsageError, match="positions are 0 to 4999"):
        store.gather("rna", cells)


def test_cells_that_are_no_positions(store):
    for cells in (["a"], [0.5], [[1, 2]]):
        with pytest.raises(UsageError, match="list of positions"):
            store.gather("rna", cells)


def test_a_modality_that_is_not_there(store):
    with pytest.raises(UsageError, match="has no 'protein' counts; it has rna"):
        store.gather("protein", [0])


def test_a_column_that_is_not_there(store):
    with pytest.raises(UsageError, match="no column 'age'; it has cell_id, donor_id, total_count"):
        store.values("age")


def test_threads_share_a_store(store):
    rng = np.random.default_rng(0)
    wanted = [rng.integers(0, 5000, 400) for _ in range(40)]
    again = CellStore.open(store.folder)  # nothing mapped yet
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda cells: again.gather("rna", cells).to_scipy().toarray(), wanted)
        )
    assert all(np.array_equal(f, COUNTS[w]) for f, w in zip(found, wanted, strict=True))


def test_columns_of_graph_nodes(fresh):
    store, counts = fresh
    names = list(RNA.values())
    asked = [gene("CD19"), gene("TP53"), gene("EGFR"), gene("CD19")]
    found = store.counts_for(asked)
    assert found.graph_ids == (gene("CD19"), gene("EGFR"))
    assert found.not_measured == (gene("TP53"),)
    expected = counts[:, [names.index("CD19"), names.index("EGFR")]]
    assert np.array_equal(found.values, expected)
    assert np.array_equal(store.counts_for(asked, cells=[5, 3]).values, expected[[5, 3]])


def test_features_of_one_node_are_added_up(tmp_path, tiny):
    counts = random_counts(10, 2, seed=1)
    import pandas as pd

    var = pd.DataFrame(index=["MAPK1", "PRKM1"])
    path = write(tmp_path / "a.h5ad", as_layout(counts, "csr"), var=var)
    report = add_h5ad(path, tmp_path, name="s", build=tiny)
    found = CellStore.open(report.path).counts_for([gene("MAPK1")])
    assert np.array_equal(found.values[:, 0], counts.sum(axis=1))
    assert report.modalities["rna"].shared == 1


def test_the_scan_covers_every_cell_once(store):
    parts = list(store.scan(step=700))
    assert np.array_equal(np.concatenate([cells for cells, _ in parts]), np.arange(5000))
    assert sum(rows.counts.sum() for _, rows in parts) == COUNTS.sum()


def test_the_hash_says_what_the_store_holds(fresh, tmp_path, tiny):
    store, counts = fresh
    renamed = store.folder.rename(store.folder.with_name("renamed"))
    assert CellStore.open(renamed).hash == store.hash
    path = write(tmp_path / "b.h5ad", as_layout(counts + (counts > 0), "csr"))
    other = add_h5ad(path, tmp_path, name="other", build=tiny)
    assert CellStore.open(other.path).hash != store.hash


@pytest.mark.parametrize(
    "file",
    [
        "rna/000000.arrow",
        "obs/000001.parquet",
        "features/000001.parquet",
        "measured/000001.parquet",
    ],
)
def test_a_flipped_byte_is_found_and_named(fresh, file):
    store, _ = fresh
    store.verify()
    path = store.folder / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CellsError, match=f"1 of 4 files are missing or not what.*: {file}"):
        CellStore.open(store.folder).verify()


def test_a_truncated_and_a_missing_shard(fresh):
    store, _ = fresh
    path = store.folder / "rna/000000.arrow"
    size = path.stat().st_size
    os.truncate(path, size - 100)
    again = CellStore.open(store.folder)
    with pytest.raises(
        CellsError, match=rf"000000.arrow has {size - 100:,} bytes, {size:,} expected"
    ):
        again.gather("rna", [0])
    path.unlink()
    with pytest.raises(CellsError, match=r"000000\.arrow is missing"):
        again.gather("rna", [0])
    with pytest.raises(CellsError, match="not what"):
        again.verify()


def test_damaged_offsets_and_features_give_an_error_and_no_crash(store, tmp_path):
    """Every byte of the small shard's body in turn: reading ends well or in an error of ours."""
    import shutil

    shutil.copytree(store.folder, tmp_path / "copy")
    copy = CellStore.open(tmp_path / "copy")
    path = copy.folder / "rna/000002.arrow"
    good = path.read_bytes()
    cells = np.arange(4096, 5000)
    failed = 0
    for at in range(8, len(good), 997):
        path.write_bytes(good[:at] + b"\xff\xff" + good[at + 2 :])
        try:
            CellStore.open(copy.folder).gather("rna", cells)
        except CellsError:
            failed += 1
    assert failed > 5


def test_a_folder_that_is_no_store(tmp_path, fresh):
    with pytest.raises(CellsError, match=r"holds no cell store: manifest.json is missing"):
        CellStore.open(tmp_path / "none")
    store, _ = fresh
    manifest = store.folder / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(json.dumps({**json.loads(text), "format": 99}))
    with pytest.raises(CellsError, match="format 99 found, 2 expected"):
        CellStore.open(store.folder)
    manifest.write_text(text[:50])
    with pytest.raises(CellsError, match="is damaged"):
        CellStore.open(store.folder)


def test_importing_the_reader_loads_no_compiler():
    code = (
        "import sys, tosg_graph.cells.reader; "
        "print({'numba', 'scipy', 'anndata'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
