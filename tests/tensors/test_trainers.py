"""Loaders in the hands of others: torch's DataLoader, DDP, Lightning, Accelerate."""

from __future__ import annotations

import json
import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.tensors.conftest import N_CELLS
from tosg_graph.cells.audit import Audit
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import CellsError, UsageError
from tosg_graph.tensors.batch import CellLoader
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def whole(tiny):
    return Subgraph.whole(tiny)


FORKS = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
SPAWNED = {"multiprocessing_context": "spawn", "persistent_workers": True}


@pytest.mark.parametrize(
    ("layout", "options"),
    [("dense", {"multiprocessing_context": "fork"}), ("sparse", SPAWNED)],
    ids=["fork", "spawn"],
)
@FORKS
def test_worker_processes_make_the_same_batches(store, whole, layout, options):
    plain = CellLoader(store, whole, batch_size=16, seed=2, layout=layout)
    audit = Audit(store.n_cells, of=store.hash)
    loader = CellLoader(
        store, whole, batch_size=16, seed=2, layout=layout, workers=2, worker_options=options,
        audit=audit,
    )  # fmt: skip
    random = torch.random.get_rng_state()
    for epoch in range(2):
        head = [batch.cell_ids for batch in islice(loader, 2)]  # broken off, then begun anew
        found, expected = list(loader), list(plain)
        assert head == [batch.cell_ids for batch in expected[:2]]
        for a, b in zip(expected, found, strict=True):
            assert a.cell_ids == b.cell_ids
            assert b.topology is loader.topology
            assert all(torch.equal(b.measured[k], a.measured[k]) for k in a.measured)
            for key in a.x:
                assert torch.equal(a.x[key].to_dense(), b.x[key].to_dense())
        assert audit.times(epoch).tolist() == [1] * N_CELLS
        assert loader.state_dict() == plain.state_dict()
    assert torch.equal(torch.random.get_rng_state(), random)


@FORKS
def test_a_state_with_workers_counts_what_was_handed_out(store, whole, cells, tmp_path):
    """And not what the DataLoader asked for ahead; with any number of workers afterwards."""
    options = {"batch_size": 8, "workers": 2, "worker_options": {"prefetch_factor": 4}}
    audit = Audit(store.n_cells, of=store.hash, folder=tmp_path)
    loader = CellLoader(store, whole, audit=audit, **options)
    running = iter(loader)
    head = [name for batch in islice(running, 3) for name in batch.cell_ids]
    state = loader.state_dict()
    assert state["position"] == len(head) == 24
    assert Audit.read(tmp_path).summary()[0]["deliveries"] == 24
    running.close()
    for others in (options, {"batch_size": 5}):
        other = CellLoader(store, whole, **others)
        other.load_state_dict(state)
        rest = [name for batch in other for name in batch.cell_ids]
        assert sorted(head + rest) == cells.names


@FORKS
def test_an_error_in_a_worker_reaches_the_caller(store, whole, monkeypatch):
    def broken(*_args, **_options):
        raise CellsError("a damaged shard")

    monkeypatch.setattr(CellStore, "gather", broken)
    loader = CellLoader(store, whole, workers=1, worker_options={"multiprocessing_context": "fork"})
    with pytest.raises(CellsError, match="a damaged shard"):
        next(iter(loader))


def data_loader(loader):
    """A DataLoader around the order of a loader."""
    return torch.utils.data.DataLoader(
        loader.dataset, batch_sampler=loader.sampler, collate_fn=loader.collate
    )


def test_a_data_loader_of_ones_own_delivers_and_knows_no_place(store, whole, cells):
    loader = CellLoader(store, whole, batch_size=16, seed=9)
    expected = list(CellLoader(store, whole, batch_size=16, seed=9))
    own = data_loader(loader)
    next(iter(own))
    assert [batch.cell_ids for batch in own] == [batch.cell_ids for batch in expected]
    with pytest.raises(UsageError, match="not known: a DataLoader asks for batches before it"):
        loader.state_dict()
    loader.set_epoch(1)
    assert loader.state_dict()["epoch"] == 1
    audit = Audit(store.n_cells, of=store.hash)
    with pytest.raises(UsageError, match=r"an audit, which cannot count .* with workers=2"):
        list(data_loader(CellLoader(store, whole, audit=audit)))


def test_ranks_that_would_wait_for_each_other_are_warned_of(store, whole, monkeypatch):
    options = {"batch_size": 10, "cells": np.arange(81), "world_size": 2}
    list(CellLoader(store, whole, **options))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    with pytest.warns(UserWarning, match="pass drop_last=True, or train within"):
        list(CellLoader(store, whole, **options))
    even = [CellLoader(store, whole, rank=r, drop_last=True, **options) for r in range(2)]
    assert [len(loader) for loader in even] == [len(list(loader)) for loader in even] == [4, 4]


class Net(torch.nn.Module):
    def __init__(self, genes: int, classes: int) -> None:
        super().__init__()
        self.out = torch.nn.Linear(genes, classes)

    def forward(self, batch):
        return self.out(batch.x["Gene"][..., 0])


def _train(rank: int, world_size: int, store_path: str, build_path: str, out: str) -> None:
    """One process of two: every gradient is averaged, every cell seen by one of them."""
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    from tosg_graph.build.tables import Build

    distributed.init_process_group(
        "gloo", init_method=f"file://{out}/meet", rank=rank, world_size=world_size
    )
    try:
        store = CellStore.open(store_path)
        subgraph = Subgraph.whole(Build.open(Path(build_path)))
        loader = CellLoader(store, subgraph, batch_size=5, rank=rank, world_size=world_size)
        torch.manual_seed(rank)
        genes = loader.topology["Gene"].num_nodes
        model = DistributedDataParallel(Net(genes, len(loader.label_names)))
        optimiser = torch.optim.SGD(model.parameters(), 0.1)
        seen = []
        for epoch in range(2):
            for batch in loader:
                loss = torch.nn.functional.cross_entropy(
                    model(batch), batch.label, ignore_index=-1, reduction="sum"
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                seen.append([epoch, batch.cell_index.tolist()])
        weights = model.module.out.weight.detach().double().sum().item()
        accelerated = _accelerated(rank, world_size, store, subgraph)
        found = {"seen": seen, "weights": weights, "accelerated": accelerated}
        Path(out, f"rank{rank}.json").write_text(json.dumps(found))
        distributed.barrier()  # one that leaves while the other still talks to it aborts it
    finally:
        distributed.destroy_process_group()


def _accelerated(rank: int, world_size: int, store: CellStore, subgraph: Subgraph) -> list[str]:
    """The cells that Accelerate gives a process: by the recipe of docs/tensors.md."""
    accelerate = pytest.importorskip("accelerate")
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world_size)}
    os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "1"}  # they have met already
    accelerator = accelerate.Accelerator(cpu=True)
    loader = CellLoader(
        store, subgraph, batch_size=8, rank=accelerator.process_index,
        world_size=accelerator.num_processes,
    )  # fmt: skip
    model = Net(loader.topology["Gene"].num_nodes, len(loader.label_names))
    optimiser = torch.optim.SGD(model.parameters(), 0.01)
    with pytest.raises(UsageError, match=r"hand the loader itself .* accelerator\.prepare"):
        accelerator.prepare(data_loader(loader))
    model, optimiser, loader = accelerator.prepare(model, optimiser, loader)
    seen = []
    for batch in loader:
        loss = torch.nn.functional.cross_entropy(model(batch), batch.label, ignore_index=-1)
        accelerator.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        seen += batch.cell_ids
    return seen


def test_two_processes_train_one_model_on_all_cells(store, tiny, tmp_path):
    """With DistributedDataParallel, and with Accelerate."""
    torch.multiprocessing.spawn(
        _train, args=(2, str(store.folder), str(tiny.path), str(tmp_path)), nprocs=2
    )
    one, two = (json.loads((tmp_path / f"rank{r}.json").read_text()) for r in range(2))
    assert one["weights"] == two["weights"]
    for epoch in (0, 1):
        cells = [[c for e, batch in run["seen"] if e == epoch for c in batch] for run in (one, two)]
        assert sorted(cells[0] + cells[1]) == list(range(N_CELLS))
        assert len(cells[0]) == len(cells[1])
    assert len(one["accelerated"]) == len(two["accelerated"])
    names = store.values("cell_id").to_pylist()
    assert sorted(one["accelerated"] + two["accelerated"]) == sorted(names)


def lightning_model(lightning, loader):
    class Model(lightning.LightningModule):
        def __init__(self, genes: int, classes: int) -> None:
            super().__init__()
            self.net, self.seen = Net(genes, classes), []

        def training_step(self, batch, _number):
            self.seen.append((self.current_epoch, batch.cell_ids))
            loss = torch.nn.functional.cross_entropy(
                self.net(batch), batch.label, ignore_index=-1, reduction="sum"
            )
            return loss / len(batch)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.01)

        def names(self, epoch):
            return [name for e, batch in self.seen if e == epoch for name in batch]

    return Model(loader.topology["Gene"].num_nodes, len(loader.label_names))


QUIET = {
    "accelerator": "cpu", "logger": False, "enable_progress_bar": False,
    "enable_model_summary": False,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_lightning_trains_and_sets_epochs(store, whole, tmp_path):
    lightning = pytest.importorskip("pytorch_lightning")
    loader = CellLoader(store, whole, batch_size=16, seed=9)
    model = lightning_model(lightning, loader)
    trainer = lightning.Trainer(
        max_epochs=2, enable_checkpointing=False, default_root_dir=tmp_path, **QUIET
    )
    trainer.fit(model, train_dataloaders=loader)
    for epoch in range(2):
        order = CellLoader(store, whole, batch_size=16, seed=9)
        order.set_epoch(epoch)
        assert model.names(epoch) == [name for batch in order for name in batch.cell_ids]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("workers", [0, 2])
def test_lightning_resumes_within_an_epoch(store, whole, cells, tmp_path, workers):
    """A checkpoint after four of six batches: each cell once, and a whole epoch after it."""
    lightning = pytest.importorskip("pytorch_lightning")

    def trained(batches, checkpoint=None):
        loader = CellLoader(
            store, whole, batch_size=16, seed=9, workers=workers,
            audit=Audit(store.n_cells, of=store.hash, folder=tmp_path / "seen"),
        )  # fmt: skip
        model = lightning_model(lightning, loader)
        save = lightning.callbacks.ModelCheckpoint(
            tmp_path, every_n_train_steps=4, filename="at", save_top_k=-1
        )
        trainer = lightning.Trainer(
            max_steps=batches, callbacks=[save], default_root_dir=tmp_path, **QUIET
        )
        trainer.fit(model, loader, ckpt_path=checkpoint, weights_only=False)
        return model

    first = trained(5)
    assert len(first.names(0)) == 80
    second = trained(12, tmp_path / "at.ckpt")
    assert first.names(0)[:64] + second.names(0) == [
        name for batch in CellLoader(store, whole, batch_size=16, seed=9) for name in batch.cell_ids
    ]
    assert sorted(second.names(1)) == cells.names
    account = Audit.read(tmp_path / "seen")
    assert [account.times(epoch).tolist() for epoch in range(2)] == [[1] * N_CELLS] * 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("prepared", ["loader", "dataloader"])
def test_accelerate_takes_a_loader_and_a_dataloader(store, whole, prepared):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    loader = CellLoader(store, whole, batch_size=16, seed=9)
    expected = [batch.cell_ids for batch in CellLoader(store, whole, batch_size=16, seed=9)]
    given = loader
    if prepared == "dataloader":
        given = data_loader(loader)
    model = Net(loader.topology["Gene"].num_nodes, len(loader.label_names))
    optimiser = torch.optim.SGD(model.parameters(), 0.01)
    model, optimiser, given = accelerator.prepare(model, optimiser, given)
    found = []
    for batch in given:
        loss = torch.nn.functional.cross_entropy(model(batch), batch.label, ignore_index=-1)
        accelerator.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
        found.append(batch.cell_ids)
        assert np.isfinite(loss.item())
    assert found == expected
