"""Several data sets in one store: joined by graph id, appended, removed, opened as they were."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Barrier, Event

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cells.files import as_layout, cell_names, random_counts, write
from tests.cells.readers import Watched, watch
from tests.tiny import GENES, gene
from tosg_graph.cells.axis import places
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.removal import remove_dataset
from tosg_graph.cells.tiers import pack, unpack
from tosg_graph.cells.versions import prune
from tosg_graph.errors import CellsError, UsageError

#: Features of two files: by Ensembl id and by symbol, three genes in common, in another order.
FIRST = ["ABL1", "BRAF", "CD14", "EGFR"]
SECOND = ["EGFR", "CD19", "ABL1", "NOVEL", "CD14"]
ONE, TWO = random_counts(60, 4, seed=1), random_counts(1100, 5, seed=2, high=70_000)


def files(folder):
    first = write(
        folder / "one.h5ad",
        as_layout(ONE, "csr", np.float64),
        obs=pd.DataFrame({"kind": ["a", "b"] * 30, "age": range(60)}, index=cell_names(60)),
        var=pd.DataFrame(index=[GENES[name][2] for name in FIRST]),
    )
    second = write(
        folder / "two.h5ad",
        as_layout(TWO, "csc", np.float64),
        obs=pd.DataFrame(
            {"sort": ["b", "c"] * 550, "age": ["old", "young"] * 550}, index=cell_names(1100)
        ),
        var=pd.DataFrame(index=SECOND),
        obsm={"ADT": pd.DataFrame(TWO[:, :1], index=cell_names(1100), columns=["CD14"])},
    )
    return first, second


@pytest.fixture
def store(tmp_path, tiny):
    first, second = files(tmp_path)
    cells = tmp_path / "cells"
    add_cells(first, cells, name="s", build=tiny, label="kind")
    add_cells(second, cells, name="s", build=tiny, label="sort", append=True, shard_cells=1024)
    return CellStore.open(cells / "s")


def dense(store, modality="rna"):
    return store.gather(modality, np.arange(store.n_cells)).to_scipy().toarray()


def expected():
    """Both files on the axis of the first, lengthened by what the second brings."""
    axis = [*FIRST, "CD19", "NOVEL"]
    whole = np.zeros((1160, 6), int)
    whole[:60, :4] = ONE
    for column, name in enumerate(SECOND):
        whole[60:, axis.index(name)] = TWO[:, column]
    return axis, whole


def test_data_sets_are_joined_by_graph_id(store):
    axis, whole = expected()
    assert np.array_equal(dense(store), whole)
    ids = [gene(name) if name in GENES else None for name in axis]
    features = store.features("rna")
    assert features["graph_id"].to_pylist() == ids
    assert features["total"].to_pylist() == whole.sum(axis=0).tolist()
    assert features["cells"].to_pylist() == (whole > 0).sum(axis=0).tolist()
    assert features["datasets"].to_pylist() == [2, 1, 2, 2, 1, 1]
    assert store.dataset_names == ["one", "two"]
    assert store.dataset_of([0, 59, 60, 1159]).tolist() == [0, 0, 1, 1]
    store.verify()


def test_not_measured_is_not_zero(store):
    assert store.measured("rna").tolist() == [
        [True, True, True, True, False, False],
        [True, False, True, True, True, True],
    ]
    found = store.counts_for([gene("BRAF"), gene("CD14"), gene("CD19"), gene("TP53")])
    assert found.not_measured == (gene("TP53"),)
    assert found.measured[:60].all(axis=0).tolist() == [True, True, False]
    assert found.measured[60:].all(axis=0).tolist() == [False, True, True]
    assert not found.measured[:60, 2].any()
    assert not found.measured[60:, 0].any()


def test_profiles_are_of_the_cells_that_measured(store):
    """Against pandas on the two files: a cell that did not measure a gene is in no share of it."""
    from tosg_graph.cells.profiles import profiles

    found = profiles(store, group="kind")
    axis, whole = expected()
    kinds = np.array(["a", "b"] * 30 + ["b", "c"] * 550)
    total = whole.sum(axis=1)
    known = np.zeros((1160, 6), bool)
    known[:60, :4] = True
    known[60:, [axis.index(name) for name in SECOND]] = True
    for number, kind in enumerate(("a", "b", "c")):
        for column in range(6):
            cells = (kinds == kind) & known[:, column]
            values = pd.Series(whole[cells, column])
            share = (values > 0).mean() if cells.any() else 0
            scaled = (values * 1e4 / total[cells])[total[cells] > 0]
            assert found.measuring[number, column] == cells.sum()
            assert found.detected[number, column] == pytest.approx(share, abs=1e-12)
            expected_mean = scaled.mean() if len(scaled) else 0
            assert found.mean_per_10k[number, column] == pytest.approx(expected_mean, rel=1e-12)
    both = found.for_group("a", "b").to_pydict()
    cells = np.isin(kinds, ["a", "b"]) & known[:, 1]
    assert both["detected"][1] == pytest.approx((whole[cells, 1] > 0).mean())
    assert both["cells"] == [60 + 550, 60, 60 + 550, 60 + 550, 550, 550]
    alone = profiles(store, group="data_set").for_group("one").to_pydict()
    assert [alone[what][4:] for what in ("cells", "detected", "mean_per_10k", "variance")] == [
        [0, 0], *[[None, None]] * 3
    ]  # fmt: skip
    protein = profiles(store, group="kind", modality="protein")
    assert protein.measuring[:, 0].tolist() == [0, 550, 550]


def test_a_modality_that_one_data_set_lacks(store):
    protein = dense(store, "protein")
    assert not protein[:60].any()
    assert np.array_equal(protein[60:, 0], TWO[:, 0])
    assert store.measured("protein").tolist() == [[False], [True]]
    assert store.values("protein_total_count").to_pylist()[:61] == [None] * 60 + [TWO[0, 0]]


def test_tables_of_cells_are_put_together(store):
    obs = store.obs
    assert obs["data_set"].to_pylist() == ["one"] * 60 + ["two"] * 1100
    assert store.label_column == "kind"
    assert store.values("kind").to_pylist()[58:62] == ["a", "b", "b", "c"]
    assert store.values("age").to_pylist()[59:61] == ["59", "old"]
    assert pa.types.is_dictionary(obs.schema.field("age").type)


def test_appending_rewrites_no_file_and_older_versions_open(store, tmp_path, tiny):
    before = {p: p.stat().st_mtime_ns for p in store.folder.rglob("*.*") if p.name[0] == "0"}
    extra = write(tmp_path / "three.h5ad", as_layout(ONE[:10], "csr"),
                  var=pd.DataFrame(index=FIRST))  # fmt: skip
    report = add_cells(extra, tmp_path / "cells", name="s", build=tiny, append=True)
    assert report.new_features == {"rna": 0}
    assert {p: p.stat().st_mtime_ns for p in before} == before
    three = CellStore.open(store.folder)
    assert (three.version, three.versions, three.n_cells) == (3, [1, 2, 3], 1170)
    one = CellStore.open(store.folder, version=1)
    assert np.array_equal(dense(one), ONE)
    one.verify(source=tmp_path / "one.h5ad")
    three.verify(source=tmp_path / "two.h5ad", dataset="two")
    with pytest.raises(UsageError, match="has no version 9; it has 1, 2, 3"):
        CellStore.open(store.folder, version=9)


def test_a_data_set_is_removed_and_the_rest_keeps_its_places(store, tmp_path):
    remove_dataset(store.folder, "one")
    left = CellStore.open(store.folder)
    _, whole = expected()
    assert (left.version, left.n_cells) == (3, 1100)
    assert np.array_equal(dense(left), whole[60:])
    assert left.features("rna")["datasets"].to_pylist() == [1, 0, 1, 1, 1, 1]
    assert left.counts_for([gene("BRAF")]).not_measured == (gene("BRAF"),)
    left.verify(source=tmp_path / "two.h5ad")
    gone = prune(store.folder)
    assert (gone.versions, (store.folder / "rna/000000.arrow").exists()) == ((1, 2), False)
    CellStore.open(store.folder).verify()
    with pytest.raises(UsageError, match="has no data set 'one'; it has two"):
        remove_dataset(store.folder, "one")
    with pytest.raises(UsageError, match="is the only data set"):
        remove_dataset(store.folder, "two")


@pytest.mark.parametrize("part", ["features", "measured"])
def test_nothing_is_made_from_a_damaged_table(store, tmp_path, tiny, part):
    """A version that is made from a version takes over its tables, which must be whole."""
    path = sorted((store.folder / part).iterdir())[-1]
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    extra = write(tmp_path / "three.h5ad", as_layout(ONE[:10], "csr"),
                  var=pd.DataFrame(index=FIRST))  # fmt: skip
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        add_cells(extra, tmp_path / "cells", name="s", build=tiny, append=True)
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        remove_dataset(store.folder, "one")
    assert CellStore.open(store.folder).version == 2


def test_a_number_is_never_given_twice(store, tmp_path, tiny):
    remove_dataset(store.folder, "two")
    prune(store.folder)
    add_cells(tmp_path / "two.h5ad", tmp_path / "cells", name="s", build=tiny, append=True)
    again = CellStore.open(store.folder)
    assert np.array_equal(dense(again), expected()[1])
    again.verify()


def test_packing_reaches_all_data_sets_and_appended_ones_may_be_hot(store, tmp_path, tiny):
    _, whole = expected()
    pack(store.folder)
    extra = write(tmp_path / "three.h5ad", as_layout(ONE[:10], "csr"),
                  var=pd.DataFrame(index=FIRST))  # fmt: skip
    add_cells(extra, tmp_path / "cells", name="s", build=tiny, append=True)
    mixed = CellStore.open(store.folder)
    tiers = [shard["tier"] for shard in mixed.manifest["modalities"]["rna"]["shards"]]
    assert tiers == ["compact", "compact", "compact", "hot"]
    assert np.array_equal(dense(mixed)[:1160], whole)
    assert np.array_equal(dense(mixed)[1160:, :4], ONE[:10])
    mixed.verify()
    unpack(store.folder)
    assert np.array_equal(dense(CellStore.open(store.folder))[:1160], whole)


def test_what_does_not_fit_a_store_is_refused(store, tmp_path, tiny):
    cells = tmp_path / "cells"
    with pytest.raises(UsageError, match="has a data set 'one' already"):
        add_cells(tmp_path / "one.h5ad", cells, name="s", build=tiny, append=True)
    with pytest.raises(CellsError, match="holds counts, not normalised"):
        add_cells(tmp_path / "one.h5ad", cells, name="s", build=tiny, append=True, normalised=True)
    with pytest.raises(UsageError, match="no cell store 'none' to append to"):
        add_cells(tmp_path / "one.h5ad", cells, name="none", build=tiny, append=True)
    with pytest.raises(UsageError, match="either appended to or replaced"):
        add_cells(tmp_path / "one.h5ad", cells, name="s", build=tiny, append=True, replace=True)
    bad = write(tmp_path / "bad.h5ad", as_layout(ONE + 0.5, "csr"))
    with pytest.raises(CellsError, match="are not integers"):
        add_cells(bad, cells, name="s", build=tiny, append=True)
    assert CellStore.open(store.folder).version == 2
    assert [p.name for p in cells.iterdir()] == ["s"]


@pytest.mark.parametrize("tier", ["hot", "compact"])
def test_twenty_readers_in_two_processes_while_one_appends(store, tmp_path, tiny, tier):
    """Whoever opens the store finds one whole version, the old or the new; nobody waits or fails.

    What was opened before stays the old one, what is opened afterwards is the new one.
    """
    if tier == "compact":
        pack(store.folder)
    _, whole = expected()
    number = CellStore.open(store.folder).version
    old = [number, 1160, 1160, int(whole.sum())]
    new = [number + 1, 1170, 1170, int(whole.sum() + ONE[:10].sum())]
    extra = write(tmp_path / "three.h5ad", as_layout(ONE[:10], "csr"),
                  var=pd.DataFrame(index=FIRST))  # fmt: skip
    ready, done = Barrier(6, timeout=60), Event()
    command = [sys.executable, "-m", "tests.cells.readers", str(store.folder), "15"]
    with (
        Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=Path(__file__).parents[2]) as others,
        ThreadPoolExecutor(5) as pool,
    ):
        reading = [pool.submit(watch, store.folder, ready, done) for _ in range(5)]
        try:
            assert others.stdout.readline() == "ready\n"
            ready.wait()
            add_cells(extra, tmp_path / "cells", name="s", build=tiny, append=True)
        finally:
            done.set()
            said, _ = others.communicate(timeout=60)
        watched = [Watched(**found) for found in json.loads(said)]
        watched += [future.result() for future in reading]
    assert len(watched) == 20
    for found in watched:
        assert (found.before, found.kept, found.after) == (old, old, new)
        at = found.during.index(new) if new in found.during else len(found.during)
        assert found.during == [old] * at + [new] * (len(found.during) - at)
    assert any(old in found.during for found in watched[:15])
    assert any(old in found.during for found in watched[15:])


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
FEATURE = st.tuples(NAMES, st.one_of(st.none(), st.sampled_from(["G1", "G2", "G3"])))


@given(
    st.lists(st.lists(FEATURE, unique_by=lambda f: f[0], max_size=5), min_size=1, max_size=4)
)  # fmt: skip
@settings(deadline=None)
def test_places_are_unique_lasting_and_joined_by_id(files):
    axis = None
    for features in files:
        names, ids = [f[0] for f in features], [f[1] for f in features]
        table = pa.table(
            {"source_id": pa.array(names, pa.string()), "graph_id": pa.array(ids, pa.string())}
        )
        place = places(axis, table)
        size = 0 if axis is None else axis.num_rows
        assert len(set(place.tolist())) == len(features)
        new = sorted(p for p in place.tolist() if p >= size)
        assert new == list(range(size, size + len(new)))
        if axis is not None:
            known = axis["graph_id"].to_pylist()
            for number, at in enumerate(place.tolist()):
                if at < size:
                    assert known[at] == ids[number]
            for wanted in {i for i in ids if i}:  # as many as the axis has are found there
                found = sum(p < size for p, i in zip(place, ids, strict=True) if i == wanted)
                assert found == min(ids.count(wanted), known.count(wanted))
        order = np.argsort(place)
        fresh = table.take(pa.array(order[place[order] >= size], pa.int64()))
        axis = fresh if axis is None else pa.concat_tables([axis, fresh])
