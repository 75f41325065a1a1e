"""A store follows the graph to another build: its features are joined anew, its counts stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tosg_graph.cells.rejoin as rejoin_module
from tests.cells.files import as_layout, blood, cell_names, write
from tests.cells.test_datasets import FIRST, ONE, SECOND, TWO, dense, files
from tests.tiny import GENES, gene, protein, tiny_tables, write_build
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.manifest import axis_file, file_record, measured_of, write_manifest
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.rejoin import rejoin
from tosg_graph.cells.removal import remove_dataset
from tosg_graph.cells.tiers import pack, unpack
from tosg_graph.errors import CellsError

#: What the newer build says of the names in the two files, by hand: NOVEL is a name of TP53 now,
#: CD19 is no name any more, the Ensembl id of BRAF was given to KRAS and that of EGFR to MDM2.
NOW_ONE = {"ABL1": "ABL1", "BRAF": "KRAS", "CD14": "CD14", "EGFR": "MDM2"}
NOW_TWO = {"EGFR": "EGFR", "CD19": None, "ABL1": "ABL1", "NOVEL": "TP53", "CD14": "CD14"}


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    tables = tiny_tables()
    moved = {GENES["BRAF"][2]: gene("KRAS"), GENES["EGFR"][2]: gene("MDM2")}
    rows = [r for r in tables["aliases"] if r["alias"] != "CD19" or r["label"] != "Gene"]
    rows = [{**r, "id": moved.get(r["alias"], r["id"])} for r in rows]
    novel = next(r for r in rows if r["alias"] == "LFS1")
    rows.append({**novel, "alias": "NOVEL"})
    order = ("alias", "namespace", "kind", "label", "id")
    tables["aliases"] = sorted(rows, key=lambda r: tuple(r[k] or "" for k in order))
    return write_build(tmp_path_factory.mktemp("newer") / "b", tables, "newer000newer000")


@pytest.fixture(params=["hot", "zstd"])
def store(tmp_path, tiny, request):
    first, second = files(tmp_path)
    cells = tmp_path / "cells"
    add_cells(first, cells, name="s", build=tiny, label="kind")
    add_cells(second, cells, name="s", build=tiny, label="sort", append=True, shard_cells=1024)
    if request.param != "hot":
        pack(cells / "s", codec=request.param)
    return CellStore.open(cells / "s")


def joined(table):
    return dict(zip(table["source_id"].to_pylist(), table["graph_id"].to_pylist(), strict=True))


def test_every_data_set_is_joined_as_if_it_were_added_to_the_newer_build(store, newer):
    rejoin(store.folder, newer)
    now = CellStore.open(store.folder)
    for dataset, names, target in zip(
        now.manifest["datasets"], (FIRST, SECOND), (NOW_ONE, NOW_TWO), strict=True
    ):
        table = now.table(measured_of(dataset)).to_pandas().query("modality == 'rna'")
        found = dict(zip(table.source_id, table.graph_id, strict=True))
        written = {n: GENES[n][2] if names is FIRST else n for n in names}
        assert found == {written[n]: target[n] and gene(target[n]) for n in names}
    assert joined(now.features("protein")) == {"CD14": protein("CD14")}


def test_a_place_of_two_nodes_has_none_and_says_which(store, newer):
    done = rejoin(store.folder, newer).modalities["rna"]
    row = CellStore.open(store.folder).features("rna").to_pylist()[FIRST.index("EGFR")]
    assert (row["graph_id"], row["mapping"]) == (None, "ambiguous")
    assert row["candidates"] == sorted([gene("EGFR"), gene("MDM2")])
    assert (done.apart, done.lost, done.gained, done.moved) == (1, 2, 1, 1)


def test_counts_are_those_of_the_files(store, newer):
    before, old = dense(store), {n: dense(store, n) for n in store.modalities}
    done = rejoin(store.folder, newer)
    now = CellStore.open(store.folder)
    assert np.array_equal(dense(now), before)
    assert now.verify().values == sum(np.count_nonzero(m) for m in old.values())
    rna = done.modalities["rna"]
    novel, cd14 = TWO[:, SECOND.index("NOVEL")], ONE[:, FIRST.index("CD14")]
    found = now.counts_for([gene("TP53"), gene("CD14"), gene("CD19")])
    assert found.graph_ids == (gene("TP53"), gene("CD14"))
    assert found.not_measured == (gene("CD19"),)
    assert np.array_equal(found.values[60:, 0], novel)
    assert not found.measured[:60, 0].any()
    assert np.array_equal(found.values[:60, 1], cd14)
    lost = sum(TWO[:, SECOND.index(n)].sum() for n in ("EGFR", "CD19"))
    lost += ONE[:, FIRST.index("EGFR")].sum()
    assert rna.total == ONE.sum() + TWO.sum()
    assert rna.total_before == rna.total - novel.sum()
    assert rna.total_after == rna.total - lost


def test_no_shard_is_written_and_the_older_version_opens(store, newer):
    kept = {p: p.stat().st_mtime_ns for p in store.folder.rglob("*.*arrow")}
    before = store.features("rna")
    rejoin(store.folder, newer)
    now = CellStore.open(store.folder)
    assert {p: p.stat().st_mtime_ns for p in store.folder.rglob("*.*arrow")} == kept
    older = CellStore.open(store.folder, version=store.version)
    assert (now.version, now.build_id) == (store.version + 1, newer.id)
    assert older.features("rna").equals(before)
    assert older.hash == store.hash != now.hash
    older.verify()


def test_there_and_back_again_and_twice(store, newer, tiny):
    assert rejoin(store.folder, tiny).version == store.version  # nothing to do
    first = rejoin(store.folder, newer)
    assert rejoin(store.folder, newer).version == first.version
    rejoin(store.folder, tiny)
    back = CellStore.open(store.folder)
    assert back.features("rna").equals(store.features("rna"))
    assert [d["report"] for d in back.manifest["datasets"]] == [
        d["report"] for d in store.manifest["datasets"]
    ]


def test_a_joined_store_grows_shrinks_and_changes_tier(store, newer, tiny, tmp_path):
    third = write(tmp_path / "third.h5ad", as_layout(ONE[:, :1], "csr"), var=None)
    with pytest.raises(CellsError, match="tosg cells rejoin s"):
        add_cells(third, store.folder.parent, name="s", build=newer, append=True)
    rejoin(store.folder, newer)
    add_cells(third, store.folder.parent, name="s", build=newer, append=True)
    CellStore.open(store.folder).verify()
    remove_dataset(store.folder, "one")
    pack(store.folder)
    now = CellStore.open(store.folder)
    now.verify()
    assert np.array_equal(dense(now)[:1100, 0], TWO[:, SECOND.index("ABL1")])
    unpack(store.folder)
    CellStore.open(store.folder).verify()


def test_a_store_that_did_not_keep_what_it_is_joined_by(tmp_path, tiny, newer):
    """Stores of earlier versions have the names as written and one symbol per feature."""
    source, _ = blood(tmp_path / "blood.h5ad")
    add_cells(source, tmp_path / "cells", name="s", build=tiny)
    folder = tmp_path / "cells" / "s"
    manifest = CellStore.open(folder).manifest
    file = measured_of(manifest["datasets"][0])
    older = pq.read_table(folder / file).drop_columns(["ensembl", "symbols"])
    pq.write_table(older, folder / file)
    manifest["datasets"][0]["files"][file] = file_record(folder / file, rows=older.num_rows)
    write_manifest(folder, manifest)
    rejoin(folder, newer)
    ids = joined(CellStore.open(folder).features("rna"))
    assert ids["ENSG00000157764"] == gene("KRAS")
    assert ids["ENSG00000097007"] == gene("ABL1")
    assert ids["ENSG99999999999"] is None


def test_ensembl_ids_in_a_column_are_kept(tmp_path, tiny, newer):
    var = pd.DataFrame({"gene_ids": [GENES["BRAF"][2]]}, index=["BRAF"])
    path = write(tmp_path / "x.h5ad", as_layout(ONE[:, :1], "csr"), var=var)
    add_cells(path, tmp_path / "cells", name="s", build=tiny)
    assert joined(CellStore.open(tmp_path / "cells/s").features()) == {"BRAF": gene("BRAF")}
    rejoin(tmp_path / "cells/s", newer)
    assert joined(CellStore.open(tmp_path / "cells/s").features()) == {"BRAF": gene("KRAS")}


@pytest.mark.parametrize("write_number", [1, 2, 3])
def test_a_full_disk_leaves_the_store_as_it_was(store, newer, monkeypatch, write_number):
    done = []

    def full(table, path):
        done.append(path)
        if len(done) == write_number:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        real(table, path)

    real = rejoin_module.write_parquet
    monkeypatch.setattr(rejoin_module, "write_parquet", full)
    with pytest.raises(CellsError, match=r"No space left.*the store is unchanged"):
        rejoin(store.folder, newer)
    assert not list(store.folder.glob(".new-*"))
    again = CellStore.open(store.folder)
    assert (again.version, again.hash) == (store.version, store.hash)
    again.verify()
    monkeypatch.undo()
    rejoin(store.folder, newer)
    CellStore.open(store.folder).verify()


def test_damaged_sums_are_noticed(store, newer):
    path = store.folder / axis_file(store.manifest)
    table = pq.read_table(path)
    wrong = np.asarray(table["total"]) + 1
    pq.write_table(
        table.set_column(table.column_names.index("total"), "total", pa.array(wrong)), path
    )
    with pytest.raises(CellsError, match=rf"{path} is damaged: SHA-256"):
        rejoin(store.folder, newer)
    assert CellStore.open(store.folder).version == store.version


@pytest.mark.parametrize("at", [3, 2])
def test_a_table_with_a_flipped_bit_is_not_joined_anew(store, newer, at):
    path = store.folder / measured_of(store.manifest["datasets"][1])
    data = bytearray(path.read_bytes())
    data[len(data) // at] ^= 1
    path.write_bytes(data)
    with pytest.raises(CellsError, match=rf"{path} is damaged: SHA-256"):
        rejoin(store.folder, newer)
    assert CellStore.open(store.folder).version == store.version


def test_sums_that_do_not_add_up_are_noticed(store, newer):
    """Every checksum is right: a store put together wrongly."""
    file = axis_file(store.manifest)
    table = pq.read_table(store.folder / file)
    wrong = np.asarray(table["total"]) + 1
    at = table.column_names.index("total")
    pq.write_table(table.set_column(at, "total", pa.array(wrong)), store.folder / file)
    record = file_record(store.folder / file, rows=table.num_rows)
    write_manifest(store.folder, {**store.manifest, "files": {file: record}})
    with pytest.raises(CellsError, match="tosg cells verify"):
        rejoin(store.folder, newer)
    assert CellStore.open(store.folder).version == store.version


def test_cells_of_the_cohort_are_the_same_cells(store, newer):
    """Names of cells, and which data set they are of, have nothing to do with the build."""
    before = store.obs
    rejoin(store.folder, newer)
    assert CellStore.open(store.folder).obs.equals(before)
    assert before["cell_id"].to_pylist()[:60] == cell_names(60)


def test_a_place_that_nobody_measures_any_more_is_joined_by_its_name(store, newer):
    remove_dataset(store.folder, "two")
    rejoin(store.folder, newer)
    now = CellStore.open(store.folder)
    ids = joined(now.features("rna"))
    assert (ids["CD19"], ids["NOVEL"]) == (None, gene("TP53"))
    now.verify()
