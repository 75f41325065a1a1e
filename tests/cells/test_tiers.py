"""Two tiers: a packed store holds the same, takes less, and unpacks to the same bytes."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from tests.cells.files import as_layout, blood, random_counts, write
from tosg_graph.cells.blocks import Block, BlockCache, CompactShard, Numbers
from tosg_graph.cells.compact import CODECS, byte_planes
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.gather import read_numbers
from tosg_graph.cells.mapped import MappedShard
from tosg_graph.cells.metacells import make_metacells
from tosg_graph.cells.profiles import profiles
from tosg_graph.cells.pseudobulk import pseudobulk
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import cohort_of
from tosg_graph.cells.tiers import pack, unpack
from tosg_graph.cells.versions import prune
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import sha256

COUNTS = random_counts(3000, 50, seed=11)
QUIET = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make(tmp_path, tiny, counts, *, layout="csr", **options):
    path = write(tmp_path / "a.h5ad", as_layout(counts, layout, np.float64))
    report = add_cells(path, tmp_path / "cells", name="s", build=tiny, **options)
    return CellStore.open(report.path)


def dense(store, modality="rna"):
    return store.gather(modality, np.arange(store.n_cells)).to_scipy().toarray()


@pytest.fixture(scope="module")
def packed(tmp_path_factory, tiny):
    store = make(tmp_path_factory.mktemp("packed"), tiny, COUNTS, shard_cells=1024)
    pack(store.folder)
    return CellStore.open(store.folder)


@given(cells=st.lists(st.integers(0, 2999), max_size=200))
@QUIET
def test_any_cells_in_any_order_of_a_packed_store(packed, cells):
    rows = packed.gather("rna", np.array(cells, np.int64))
    assert np.array_equal(rows.to_scipy().toarray(), COUNTS[cells])
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        assert np.all(np.diff(rows.indices[start:end]) > 0)


@given(cells=st.lists(st.integers(0, 2999), max_size=200))
@QUIET
def test_cells_whose_features_need_not_ascend_are_the_same(packed, cells):
    rows = packed.gather("rna", np.array(cells, np.int64), ascending=False)
    assert np.array_equal(rows.to_scipy().toarray(), COUNTS[cells])


def test_where_features_need_not_ascend_the_most_prevalent_come_first(packed):
    rows, number = packed.gather("rna", np.arange(1024), ascending=False), numbers_of(COUNTS[:1024])
    for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
        assert np.all(np.diff(number[rows.indices[start:end]]) > 0)


def test_a_block_that_several_threads_need_is_decompressed_once(packed, monkeypatch):
    made, whole = [], CompactShard.block

    def block(shard, number):
        made.append((shard.path, number))
        time.sleep(0.002)  # others come to it meanwhile
        return whole(shard, number)

    monkeypatch.setattr(CompactShard, "block", block)
    store, cells = CellStore.open(packed.folder), np.arange(3000)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: store.gather("rna", cells).to_scipy(), range(4)))
    assert len(made) == len(set(made)) == 47  # blocks of 64 of three shards
    assert all(np.array_equal(rows.toarray(), COUNTS) for rows in found)


def test_a_block_that_cannot_be_made_fails_for_all_who_need_it_and_may_be_tried_again():
    cache = BlockCache()

    def broken():
        time.sleep(0.05)  # others come to it meanwhile
        raise CellsError("damaged")

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(cache.take, {"a": broken}) for _ in range(4)]:
            with pytest.raises(CellsError, match="damaged"):
                one.result(60)
    none = np.empty(0, np.uint8)
    numbers = Numbers(none, none, none)
    block = Block(np.zeros(1, np.int64), numbers, numbers, np.empty(0, np.uint32))
    assert cache.take({"a": lambda: block}) == [block]


def numbers_of(counts):
    """The number that each feature has in a shard of these cells."""
    return np.argsort(np.argsort(-np.count_nonzero(counts, axis=0), kind="stable"))


def rewritten(path, change):
    """A compact shard with another schema or other columns, and the record that fits it."""
    table = pa.ipc.open_file(path).read_all()
    batches = change(table).to_batches(max_chunksize=16)
    fresh = path.with_name("fresh.arrow")
    with pa.OSFile(str(fresh), "wb") as sink, pa.ipc.new_file(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return fresh, {"rows": 1024, "bytes": fresh.stat().st_size}


def test_an_earlier_layout_is_named_and_not_read_wrongly(packed, tmp_path):
    path = Path(shutil.copy(packed.folder / "rna/000000.zstd.arrow", tmp_path / "a.arrow"))
    metadata = dict(pa.ipc.open_file(path).schema.metadata)
    CompactShard(*rewritten(path, lambda table: table))
    del metadata[b"layout"]
    old = rewritten(path, lambda table: table.replace_schema_metadata(metadata))
    with pytest.raises(CellsError, match=r"compact layout 1, 2 expected; unpack the store with"):
        CompactShard(*old)


@pytest.mark.parametrize("codec", CODECS)
@given(
    counts=st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2, 255, 256, 65_535, 65_536, 2**32 - 1]),
                 min_size=7, max_size=7),
        min_size=1, max_size=150,
    )
)  # fmt: skip
@QUIET
def test_packing_and_unpacking_give_the_same_bytes(tmp_path, tiny, codec, counts):
    shutil.rmtree(tmp_path / "cells", ignore_errors=True)
    store = make(tmp_path, tiny, np.array(counts, np.int64))
    hot = (store.folder / "rna/000000.arrow").read_bytes()
    pack(store.folder, codec=codec)
    assert np.array_equal(dense(CellStore.open(store.folder)), counts)
    prune(store.folder)
    assert [p.name for p in (store.folder / "rna").iterdir()] == [f"000000.{codec}.arrow"]
    unpack(store.folder)
    assert (store.folder / "rna/000000.arrow").read_bytes() == hot
    again = CellStore.open(store.folder)
    assert again.hash == store.hash
    again.verify(source=tmp_path / "a.h5ad")


@pytest.mark.parametrize("wanted", ["int64", "float32", "float64"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "float32"])
@given(
    numbers=st.lists(
        st.sampled_from([0, 1, 255, 256, 257, 65_535, 65_536, 2**24 + 3, 2**32 - 1]),
        min_size=1, max_size=40,
    ),
    data=st.data(),
)  # fmt: skip
@QUIET
def test_numbers_of_a_block_are_read_from_any_place(kind, wanted, numbers, data):
    stored = np.array(numbers, np.int64).astype(kind)
    first = data.draw(st.integers(0, len(stored)))
    last = data.draw(st.integers(first, len(stored)))
    planes = [plane if plane.any() else plane[:0] for plane in byte_planes(stored)]
    held = Numbers.of_planes(planes, len(stored), stored.dtype)
    out = np.zeros(last - first, wanted)
    read_numbers(np.array(held.where), first, out)
    assert out.tolist() == stored[first:last].astype(wanted).tolist()
    if kind != "float32":
        assert held.nbytes == len(stored) + 8 * np.count_nonzero(stored > 255)


def test_a_packed_store_is_the_same_store_and_smaller(packed):
    hot = CellStore.open(packed.folder, version=1)
    assert (hot.version, packed.version, packed.versions) == (1, 2, [1, 2])
    assert packed.hash == hot.hash
    sizes = [
        sum(s["bytes"] for s in store.manifest["modalities"]["rna"]["shards"])
        for store in (hot, packed)
    ]
    assert sizes[1] < 0.7 * sizes[0]
    assert np.array_equal(dense(hot), dense(packed))
    packed.verify()


def test_normalised_values_of_70000_features_pack_exactly(tmp_path, tiny):
    rng = np.random.default_rng(0)
    x = sparse.random(300, 70_000, 0.001, "csr", np.float32, random_state=rng)
    path = write(tmp_path / "a.h5ad", x)
    report = add_cells(path, tmp_path / "cells", name="s", build=tiny, normalised=True)
    pack(report.path)
    store = CellStore.open(report.path)
    found = store.gather("rna", np.arange(300)).to_scipy()
    assert found.dtype == np.float32
    assert (found != x).nnz == 0
    store.verify(source=path)


def test_packing_twice_changes_nothing(packed):
    again = pack(packed.folder)
    assert (again.version, again.before) == (2, again.after)
    assert CellStore.open(packed.folder).versions == [1, 2]


def test_an_unknown_codec(packed):
    with pytest.raises(UsageError, match="no codec 'gzip'; there is: zstd, lz4"):
        pack(packed.folder, codec="gzip")


def test_another_codec_is_refused_and_how_to_get_there_is_said(packed):
    with pytest.raises(UsageError, match=r"compact already, by another codec.*tosg cells unpack"):
        pack(packed.folder, codec="lz4")


def test_every_flipped_byte_of_a_packed_shard_is_found_and_none_crashes(tmp_path, packed):
    shutil.copytree(packed.folder, tmp_path / "copy")
    path = tmp_path / "copy/rna/000002.zstd.arrow"
    good = path.read_bytes()
    refused = 0
    for at in range(8, len(good), 211):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        store = CellStore.open(tmp_path / "copy")
        try:
            store.gather("rna", np.arange(2048, 3000))
        except CellsError:
            refused += 1
        with pytest.raises(CellsError, match=r"rna/000002\.zstd\.arrow"):
            store.verify()
    assert refused > 10


def test_a_truncated_packed_shard_is_named(tmp_path, packed):
    shutil.copytree(packed.folder, tmp_path / "copy")
    path = tmp_path / "copy/rna/000001.zstd.arrow"
    path.write_bytes(path.read_bytes()[:-50])
    store = CellStore.open(tmp_path / "copy")
    with pytest.raises(CellsError, match=r"000001\.zstd\.arrow has .* bytes, .* expected"):
        store.gather("rna", [1500])
    assert store.gather("rna", [0]).shape == (1, 50)


def flip(path, at=None):
    """Change one bit of a file; of a hot shard's counts where no place is said."""
    data = bytearray(path.read_bytes())
    data[at if at is not None else len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_count(store, number=0):
    """Change the last bit of a count in a hot shard: a whole file with another value in it."""
    record = store.manifest["modalities"]["rna"]["shards"][number]
    path = store.folder / record["file"]
    flip(path, int(MappedShard(path, record).starts[0, 2]))
    return path


@pytest.fixture
def hot(tmp_path, tiny):
    return make(tmp_path, tiny, COUNTS, shard_cells=1024)


def test_a_hot_shard_with_a_flipped_bit_is_not_packed(hot):
    path = flip_count(hot, 1)
    files = sorted(hot.folder.rglob("*"))
    with pytest.raises(
        CellsError, match=rf"{path} is damaged: SHA-256 .* found, .* expected.*copy"
    ):
        pack(hot.folder)
    now = CellStore.open(hot.folder)
    assert (now.version, now.versions) == (1, [1])
    left = {p.name for p in set(hot.folder.rglob("*")) - set(files)}
    assert left == {"000000.zstd.arrow"}  # whole, and used by the next run
    path.unlink()
    with pytest.raises(CellsError, match=rf"{path} is missing"):
        pack(hot.folder)


def test_a_packed_shard_with_a_flipped_bit_is_not_unpacked(hot):
    pack(hot.folder)
    prune(hot.folder)
    path = hot.folder / "rna/000002.zstd.arrow"
    flip(path)
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        unpack(hot.folder)
    assert CellStore.open(hot.folder).version == 2


@pytest.mark.parametrize("left", ["junk", "rotten", "another", "whole"])
def test_a_file_that_was_left_behind_is_used_only_if_it_holds_the_same(hot, tmp_path, left):
    """No version lists it: a run that was cut off left it, or somebody else did."""
    shutil.copytree(hot.folder, tmp_path / "copy")
    pack(tmp_path / "copy")
    good = (tmp_path / "copy/rna/000001.zstd.arrow").read_bytes()
    path = hot.folder / "rna/000001.zstd.arrow"
    bytes_left = {
        "junk": b"junk",
        "rotten": good[: len(good) // 2] + bytes([good[len(good) // 2] ^ 1])
        + good[len(good) // 2 + 1 :],
        "another": (tmp_path / "copy/rna/000000.zstd.arrow").read_bytes(),
        "whole": good,
    }  # fmt: skip
    path.write_bytes(bytes_left[left])
    before = path.stat().st_mtime_ns
    pack(hot.folder)
    packed = CellStore.open(hot.folder)
    assert path.read_bytes() == good
    assert (path.stat().st_mtime_ns == before) == (left == "whole")
    assert np.array_equal(dense(packed), COUNTS)
    packed.verify(source=tmp_path / "a.h5ad")


@pytest.mark.parametrize("first", [pack, unpack])
def test_a_rotten_file_of_an_older_version_is_made_anew(hot, tmp_path, first):
    """It lies there from packing and unpacking before, and a bit of it changed since."""
    pack(hot.folder)
    second = {pack: unpack, unpack: pack}[first]
    if first is pack:
        unpack(hot.folder)
        rotten = hot.folder / "rna/000001.zstd.arrow"
        flip(rotten)
    else:
        rotten = flip_count(hot, 1)
    first(hot.folder)
    prune(hot.folder)
    now = CellStore.open(hot.folder)
    assert np.array_equal(dense(now), COUNTS)
    assert now.hash == hot.hash
    now.verify(source=tmp_path / "a.h5ad")
    second(hot.folder)
    CellStore.open(hot.folder).verify(source=tmp_path / "a.h5ad")


def test_the_whole_file_of_the_other_tier_mends_a_store(hot, tmp_path):
    """Hot shards rot while the packed ones of an older version are there, and the other way."""
    pack(hot.folder)
    flip(hot.folder / "rna/000002.zstd.arrow")
    unpack(hot.folder)
    CellStore.open(hot.folder).verify(source=tmp_path / "a.h5ad")
    pack(hot.folder)
    flip_count(CellStore.open(hot.folder, version=1), 0)
    unpack(hot.folder)
    CellStore.open(hot.folder).verify(source=tmp_path / "a.h5ad")


def test_prune_keeps_the_shards_that_damaged_ones_would_replace(hot, tmp_path):
    pack(hot.folder)
    rotten = hot.folder / "rna/000001.zstd.arrow"
    flip(rotten)
    files = sorted(hot.folder.rglob("*"))
    with pytest.raises(
        CellsError,
        match=rf"{rotten} is damaged.*rna/000001\.arrow.*Nothing was removed.*tosg cells unpack s",
    ):
        prune(hot.folder)
    assert sorted(hot.folder.rglob("*")) == files
    unpack(hot.folder)  # what the message says
    prune(hot.folder)
    CellStore.open(hot.folder).verify(source=tmp_path / "a.h5ad")
    pack(hot.folder, codec="lz4")
    rotten = flip_count(CellStore.open(hot.folder, version=3), 1)
    prune(hot.folder)  # the damaged one goes
    assert not rotten.exists()
    unpack(hot.folder)
    flip_count(CellStore.open(hot.folder), 1)
    with pytest.raises(CellsError, match="tosg cells pack --codec lz4 s"):
        prune(hot.folder)


def test_what_was_written_is_compared_with_the_shard(hot, monkeypatch):
    import tosg_graph.cells.tiers as tiers

    def wrong(shard, path, **options):
        write = tiers_pack(shard, path, **options)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] + b"\0" * 64 + data[len(data) // 2 + 64 :])
        return write

    tiers_pack = tiers.pack_shard
    monkeypatch.setattr(tiers, "pack_shard", wrong)
    with pytest.raises(CellsError, match=r"000000\.zstd\.arrow: what was written is not what"):
        pack(hot.folder)
    assert CellStore.open(hot.folder).version == 1
    assert sorted(p.name for p in (hot.folder / "rna").iterdir())[-1] == "000002.arrow"


def test_nothing_lasting_is_made_from_a_damaged_shard(hot, tiny):
    path = flip_count(hot, 1)
    CellStore.open(hot.folder).check_shards([0, 1023, 2048])  # cells of the others
    store = CellStore.open(hot.folder)
    for cells in (None, [1024], np.arange(3000)):
        with pytest.raises(CellsError, match=rf"{path} is damaged"):
            store.check_shards(cells)
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        profiles(store, group="donor_id")
    assert not (hot.folder / "profiles").exists()
    cohort = cohort_of(CellStore.open(hot.folder), np.arange(3000) >= 1024)
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        pseudobulk(cohort, by=("data_set",))
    with pytest.raises(CellsError, match=rf"{path} is damaged"):
        make_metacells(cohort, hot.folder.parent, name="m", build=tiny, within=("data_set",))
    assert sorted(p.name for p in hot.folder.parent.iterdir()) == ["s"]


def test_a_shard_is_checked_once_while_the_store_is_open(hot, monkeypatch):
    import tosg_graph.cells.manifest as manifest

    read = []
    monkeypatch.setattr(manifest, "sha256", lambda path: read.append(path.name) or sha256(path))
    for cells in ([5], [2050, 7], None, None):
        hot.check_shards(cells)
    assert read == ["000000.arrow", "000002.arrow", "000001.arrow"]


def test_cells_without_counts_pack(tmp_path, tiny):
    store = make(tmp_path, tiny, np.zeros((130, 5), int))
    pack(store.folder)
    packed = CellStore.open(store.folder)
    assert packed.gather("rna", np.arange(130)).indptr.tolist() == [0] * 131
    packed.verify()


def test_verify_finds_a_source_that_differs(tmp_path, tiny):
    path, counts = blood(tmp_path / "a.h5ad")
    report = add_cells(path, tmp_path / "cells", name="s", build=tiny)
    found = CellStore.open(report.path).verify(source=path)
    assert (found.cells, found.values) == (60, np.count_nonzero(counts))
    assert found.compared == found.values
    counts[30, 2] += 1
    other = write(tmp_path / "b.h5ad", as_layout(counts, "csr"))
    with pytest.raises(CellsError, match="cells 0 to 59 differ"):
        CellStore.open(report.path).verify(source=other)
    fewer = write(tmp_path / "c.h5ad", as_layout(counts[:50], "csr"))
    with pytest.raises(CellsError, match="has 50 cells that are not those"):
        CellStore.open(report.path).verify(source=fewer)


def test_verify_finds_tables_that_do_not_add_up(tmp_path, tiny):
    """Checksums are right, but the sums are those of other cells: a store put together wrongly."""
    import json

    from tosg_graph.cells.manifest import file_record

    store = make(tmp_path, tiny, random_counts(60, 6))
    (tmp_path / "other").mkdir()
    other = make(tmp_path / "other", tiny, random_counts(60, 6, seed=1))
    shutil.copy(other.folder / "rna/000000.arrow", store.folder / "rna/000000.arrow")
    path = store.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    shard = manifest["modalities"]["rna"]["shards"][0]
    shard |= file_record(store.folder / "rna/000000.arrow", rows=60)
    path.write_text(json.dumps(manifest))
    with pytest.raises(CellsError, match="sum of values per feature does not add up"):
        CellStore.open(store.folder).verify()
