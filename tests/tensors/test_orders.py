"""Orders, layouts, threads, targets and the account of what was delivered."""

from __future__ import annotations

import errno
import hashlib
from collections import Counter

import anndata
import numpy as np
import pytest

from tests.tensors.conftest import LABELS, N_CELLS
from tests.tiny import gene, protein
from tosg_graph.cells.audit import Audit
from tosg_graph.cells.convert import add_cells
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.tensors.batch import ORDERS, CellLoader
from tosg_graph.tensors.export import load_export, write_export
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")

MISSING = ("TP53", "KRAS")


@pytest.fixture(scope="module")
def whole(tiny):
    return Subgraph.whole(tiny)


def weights_for(order):
    return {"weights": np.arange(N_CELLS)} if order == "weighted" else {}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("normalise", ["raw", "log1p_10k"])
def test_both_layouts_hold_the_same(store, whole, order, normalise):
    options = {"batch_size": 16, "order": order, "normalise": normalise, **weights_for(order)}
    dense = list(CellLoader(store, whole, **options))
    sparse = list(CellLoader(store, whole, layout="sparse", **options))
    assert len(dense) == len(sparse) == 6
    for a, b in zip(dense, sparse, strict=True):
        assert a.cell_ids == b.cell_ids
        assert torch.equal(a.label, b.label)
        back = b.dense()
        assert set(back.x) == set(a.x) == {"Gene", "Protein", "Complex"}
        assert all(torch.equal(back.x[label], a.x[label]) for label in a.x)
        assert {m.layout for m in b.x.values()} == {torch.sparse_csr}
        assert {m.dtype for m in b.x.values()} == {torch.float32}
        moved = b.to("cpu")
        assert torch.equal(moved.x["Gene", "rna"].to_dense(), a.x["Gene"][..., 0])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("order", ORDERS)
def test_threads_change_nothing(store, whole, order, threads):
    options = {"batch_size": 7, "order": order, "seed": 4, **weights_for(order)}
    alone = CellLoader(store, whole, **options)
    ahead = CellLoader(store, whole, threads=threads, **options)
    for _ in range(2):  # epochs
        for a, b in zip(alone, ahead, strict=True):
            assert torch.equal(a.cell_index, b.cell_index)
            assert torch.equal(a.x["Gene"], b.x["Gene"])
            assert alone.state_dict() == ahead.state_dict()


def test_batches_made_ahead_do_not_count_as_delivered(store, whole):
    options = {"batch_size": 8, "threads": 2, "seed": 1}
    loader = CellLoader(store, whole, **options)
    batches = iter(loader)
    head = [next(batches).cell_ids for _ in range(3)]
    state = loader.state_dict()
    batches.close()
    other = CellLoader(store, whole, **{**options, "threads": 0, "batch_size": 5})
    other.load_state_dict(state)
    rest = [name for batch in other for name in batch.cell_ids]
    done = [name for names in head for name in names]
    assert len(done) == 24
    assert sorted(done + rest) == sorted(store.values("cell_id").to_pylist())


def test_an_error_in_a_thread_reaches_the_caller(store, whole, monkeypatch):
    loader = CellLoader(store, whole, threads=2)

    def broken(*_args, **_options):
        raise CellsError("a damaged shard")

    monkeypatch.setattr(type(store), "gather", broken)
    with pytest.raises(CellsError, match="a damaged shard"):
        next(iter(loader))


def test_balanced_classes_are_drawn_alike_and_unknown_ones_never(store, whole, cells):
    loader = CellLoader(store, whole, order="class_balanced", draws=6000, batch_size=500)
    drawn = Counter(
        batch.label_names[code] if code >= 0 else None
        for batch in loader
        for code in batch.label.tolist()
    )
    assert set(drawn) == set(LABELS)
    assert max(drawn.values()) - min(drawn.values()) < 400
    first = [i for i, kind in enumerate(cells.labels) if kind == LABELS[0]]
    few = np.array([*first[:3], 1, 9])
    loader = CellLoader(store, whole, order="class_balanced", draws=4000, cells=few)
    times = Counter(name for batch in loader for name in batch.cell_ids)
    assert set(times) == {cells.names[i] for i in few if cells.labels[i] is not None}
    assert 1800 < times[cells.names[1]] < 2200  # alone in its class


def test_drawn_by_weight(store, whole, cells):
    loader = CellLoader(
        store, whole, cells=np.array([4, 30, 7]), order="weighted", weights=[1, 0, 3], draws=4000
    )
    times = Counter(name for batch in loader for name in batch.cell_ids)
    assert set(times) == {cells.names[4], cells.names[7]}
    assert 2800 < times[cells.names[7]] < 3200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "shuffled"}, "order='shuffled' found; expected one of block_shuffled, random"),
        ({"layout": "csr"}, "layout='csr' found; expected one of dense, sparse"),
        ({"threads": -1}, "threads=-1 found"),
        ({"workers": 1.5}, "workers=1.5 found; a whole number from 0 up expected"),
        ({"threads": 1, "workers": 1}, "threads=1 and workers=1 found; one of them"),
        ({"worker_options": {"timeout": 1}}, "worker_options found without workers"),
        ({"workers": 1, "worker_options": {"shuffle": True}}, "'shuffle'; it may have multiproc"),
        ({"workers": 1, "worker_options": {"prefetch_factor": -1}}, "prefetch_factor.*negative"),
        ({"order": "weighted"}, "weights of shape"),
        ({"order": "class_balanced", "weights": [1.0] * N_CELLS}, "class_balanced has its own"),
        ({"targets": ["Drug"]}, "counts cannot reach 'Drug' nodes; they reach Gene, Transcript"),
    ],
)
def test_wrong_options_are_refused(store, whole, options, message):
    with pytest.raises(UsageError, match=message):
        CellLoader(store, whole, **options)


def test_balance_without_labels_is_refused(donorless, whole):
    with pytest.raises(UsageError, match="the label of no chosen cell is known"):
        CellLoader(donorless, whole, order="class_balanced")


def test_transcripts_get_the_counts_of_their_genes(store, whole, tiny, cells):
    loader = CellLoader(
        store, whole, targets=["Transcript"], normalise="raw", batch_size=N_CELLS,
        order="sequential",
    )  # fmt: skip
    (batch,) = loader
    assert batch.channels == {"Transcript": ("rna",)}
    edges = tiny.edges("TRANSCRIBED_TO", ["source", "target"]).to_pylist()
    of = {edge["target"]: edge["source"] for edge in edges}
    symbols = {gene(symbol): symbol for symbol in cells.symbols if symbol}
    assert of
    for place, transcript in enumerate(whole.node_ids("Transcript")):
        symbol = symbols.get(of[transcript])
        expected = cells.of_gene(symbol) if symbol else np.zeros(N_CELLS)
        assert batch.x["Transcript"][:, place, 0].tolist() == expected.tolist()
        assert bool(batch.measured["Transcript"][place, 0]) == (symbol is not None)


@pytest.fixture(scope="module")
def two(cells, tiny, tmp_path_factory):
    """The cells as two data sets, the second of which lacks two genes and the antibodies."""
    folder = tmp_path_factory.mktemp("two")
    add_cells(cells.path, folder, name="two", build=tiny, label="kind", donor="person")
    data = anndata.read_h5ad(cells.path)
    kept = [symbol not in MISSING for symbol in cells.symbols]
    part = anndata.AnnData(data.X[:20][:, kept], data.obs[:20], data.var[kept])
    part.obs_names = [f"again{i}" for i in range(20)]
    part.write_h5ad(folder / "part.h5ad")
    add_cells(
        folder / "part.h5ad", folder, name="two", build=tiny, label="kind", donor="person",
        append=True,
    )  # fmt: skip
    return CellStore.open(folder / "two")


def test_what_a_data_set_did_not_measure_is_told_cell_by_cell(two, whole, cells, tiny, tmp_path):
    write_export(tmp_path / "e", build=tiny, subgraph=whole, store=two, split=None)
    loaders = (
        CellLoader(two, whole, batch_size=33, seed=2),
        load_export(tmp_path / "e").loader(batch_size=33, seed=2),
    )
    genes, proteins = whole.node_ids("Gene"), whole.node_ids("Protein")
    lacking = [genes.index(gene(symbol)) for symbol in MISSING]
    bound = [proteins.index(protein(symbol)) for symbol in ("CD14", "EGFR")]
    for loader in loaders:
        seen = []
        for batch in loader:
            first = batch.cell_index < N_CELLS
            assert torch.equal(batch.data_set, (~first).long())
            known = batch.measured_of("Gene")[:, lacking, 0]
            assert torch.equal(known, first[:, None].expand(-1, len(lacking)))
            assert not batch.x["Gene"][~first][:, lacking].any()
            antibodies = batch.measured_of("Protein")[:, bound, 1]
            assert torch.equal(antibodies, first[:, None].expand(-1, len(bound)))
            assert batch.measured["Gene"][lacking].all()  # by one of the data sets
            assert batch.measured_of("Gene").shape == batch.x["Gene"].shape
            seen += batch.cell_ids
        assert len(set(seen)) == N_CELLS + 20


# ---- the account -----------------------------------------------------------------------------


def expected_hash(store, epoch, times):
    digest = hashlib.sha256(f"1 {store.hash} {store.n_cells} {epoch}\n".encode())
    digest.update(b"".join(int(n).to_bytes(4, "little") for n in times))
    return digest.hexdigest()


def test_ranks_and_runs_add_up_to_one_account(store, whole, tmp_path):
    def audit(rank=0):
        return Audit(store.n_cells, of=store.hash, folder=tmp_path / "seen", rank=rank)

    whole_epoch = [
        CellLoader(store, whole, batch_size=8, rank=r, world_size=2, audit=audit(r))
        for r in range(2)
    ]
    for loader in whole_epoch:
        list(loader)
    once = [1] * store.n_cells
    read = Audit.read(tmp_path / "seen")
    assert read.epochs() == [0]
    assert read.hash(0) == expected_hash(store, 0, once)
    assert read.cells(0).tolist() == list(range(N_CELLS))

    first = CellLoader(store, whole, batch_size=8, audit=audit())
    first.set_epoch(1)
    batches = iter(first)
    for _ in range(4):
        next(batches)
    state = first.state_dict()
    batches.close()  # the run ends here
    second = CellLoader(store, whole, batch_size=8, rank=0, world_size=1, audit=audit())
    second.load_state_dict(state)
    list(second)
    assert Audit.read(tmp_path / "seen").hash(1) == expected_hash(store, 1, once)
    assert [row["deliveries"] for row in read.summary()] == [N_CELLS, N_CELLS]


def began(store, whole, folder, batches, **options):
    """A run of some batches that is killed: only what it wrote is left of it."""
    audit = Audit(store.n_cells, of=store.hash, folder=folder)
    loader = CellLoader(store, whole, batch_size=8, seed=3, audit=audit, **options)
    running = iter(loader)
    states = [loader.state_dict() for _, _ in zip(range(batches), running, strict=False)]
    for _ in range(2):
        next(running, None)  # after the last state
    return running, states


WEIGHTED = {"order": "weighted", "weights": np.arange(N_CELLS), "draws": 90}


@pytest.mark.parametrize("options", [{}, {"threads": 1}, WEIGHTED], ids=["", "threads", "weighted"])
@pytest.mark.parametrize("state", [3, 1, None], ids=["last", "older", "none"])
def test_a_killed_run_and_the_one_that_goes_on_add_up(store, whole, tmp_path, options, state):
    """From the last state, from an older one, or anew: a place of the epoch counts once."""
    killed, states = began(store, whole, tmp_path, 4, **options)
    assert Audit.read(tmp_path).summary()[0]["deliveries"] == 32
    audit = Audit(store.n_cells, of=store.hash, folder=tmp_path)
    loader = CellLoader(store, whole, batch_size=8, seed=3, audit=audit, **options)
    if state is not None:
        loader.load_state_dict(states[state])
    list(loader)
    order = CellLoader(store, whole, batch_size=N_CELLS, seed=3, **options)
    times = np.bincount(next(iter(order)).cell_index.numpy(), minlength=N_CELLS)
    read = Audit.read(tmp_path)
    assert read.times(0).tolist() == times.tolist()
    assert read.hash(0) == audit.hash(0) == expected_hash(store, 0, times)
    killed.close()  # what it delivered after its last state was delivered again
    assert read.times(0).tolist() == times.tolist()


def test_a_run_that_asks_for_no_state_is_written_all_the_same(store, whole, tmp_path, monkeypatch):
    """Every so often, and a file that is full is not written again."""
    monkeypatch.setattr("tosg_graph.cells.audit._OFTEN", -1.0)
    monkeypatch.setattr("tosg_graph.cells.audit._FULL", 16)
    audit = Audit(store.n_cells, of=store.hash, folder=tmp_path)
    running = iter(CellLoader(store, whole, batch_size=8, audit=audit))
    for delivered in (8, 16, 24):
        next(running)
        assert Audit.read(tmp_path).summary()[0]["deliveries"] == delivered
    assert len(list(tmp_path.glob("epoch-*"))) == 2
    list(running)
    assert Audit.read(tmp_path).cells(0).tolist() == list(range(N_CELLS))


def test_a_loader_that_is_broken_off_writes_its_account(store, whole, tmp_path):
    audit = Audit(store.n_cells, of=store.hash, folder=tmp_path)
    for _ in CellLoader(store, whole, batch_size=8, audit=audit):
        break
    assert Audit.read(tmp_path).summary()[0]["cells"] == 8


def test_the_account_of_other_cells_is_refused_by_a_loader(store, whole, tiny, tmp_path):
    for audit in (Audit(N_CELLS, of="other"), Audit(10, of=store.hash)):
        with pytest.raises(UsageError, match=rf"Audit\({N_CELLS}, of='{store.hash}'\) expected"):
            CellLoader(store, whole, audit=audit)
    with pytest.raises(UsageError, match="cells 3 to 10 found in an audit of 10 cells"):
        Audit(10, of="x").add(0, np.array([3, 10]), first=0)
    write_export(tmp_path / "e", build=tiny, subgraph=whole, store=store, split=None)
    export = load_export(tmp_path / "e")
    audit = Audit(N_CELLS, of=export.cells_hash)
    list(export.loader(audit=audit))
    assert audit.cells(0).tolist() == list(range(N_CELLS))


def test_a_full_disk_is_told(store, whole, tmp_path, monkeypatch):
    audit = Audit(store.n_cells, of=store.hash, folder=tmp_path)

    def full(_table, path, **_options):
        path.write_text("half")
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(CellsError, match=r"audit in .* cannot be written: No space left on device"):
        list(CellLoader(store, whole, audit=audit))
    assert [path.name for path in tmp_path.iterdir()] == ["audit.json"]
    monkeypatch.undo()
    audit.save()  # what was counted is kept
    assert Audit.read(tmp_path).cells(0).tolist() == list(range(N_CELLS))
    (tmp_path / "file").write_text("")
    with pytest.raises(CellsError, match="cannot be written"):
        Audit(5, of="x", folder=tmp_path / "file" / "below")


def test_a_damaged_account_is_named(tmp_path):
    audit = Audit(5, of="x", folder=tmp_path)
    audit.add(0, np.array([1, 2]), first=0)
    audit.save()
    (file,) = tmp_path.glob("epoch-*")
    (tmp_path / "audit.json").write_text('{"format": 2, "of": "x", "n_cells": 2}')
    with pytest.raises(CellsError, match="names places or cells that there are not"):
        Audit.read(tmp_path).times(0)
    file.write_text("half")
    with pytest.raises(CellsError, match=rf"{file.name} is damaged"):
        Audit.read(tmp_path).times(0)


def test_an_account_in_memory_counts_what_was_handed_out(store, whole):
    audit = Audit(store.n_cells, of=store.hash)
    options = {"order": "weighted", "weights": np.ones(N_CELLS), "draws": 300, "threads": 2}
    loader = CellLoader(store, whole, batch_size=50, audit=audit, **options)
    seen = Counter()
    for number, batch in enumerate(loader):
        seen.update(batch.cell_index.tolist())
        if number == 3:
            break
    times = [seen[cell] for cell in range(N_CELLS)]
    assert audit.times(0).tolist() == times
    assert audit.hash(0) == expected_hash(store, 0, times)
    assert audit.summary()[0]["deliveries"] == 200
    assert audit.summary()[0]["most_of_one_cell"] == max(times)


def test_the_account_of_other_cells_is_not_added_to(store, tmp_path):
    Audit(5, of="one", folder=tmp_path)
    with pytest.raises(UsageError, match=r"of other cells \(5 cells of one…\); name another"):
        Audit(store.n_cells, of=store.hash, folder=tmp_path)
    with pytest.raises(CellsError, match="holds no audit"):
        Audit.read(tmp_path / "nowhere")
    (tmp_path / "audit.json").write_text("{")
    with pytest.raises(CellsError, match=r"audit\.json is damaged"):
        Audit.read(tmp_path)
