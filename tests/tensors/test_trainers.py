"""Loaders in the hands of others: torch's DataLoader, DDP, Lightning, Accelerate."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.tensors.conftest import N_CELLS
from tosg_graph.cells.reader import CellStore
from tosg_graph.tensors.batch import CellLoader
from tosg_graph.tensors.subgraph import Subgraph

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def whole(tiny):
    return Subgraph.whole(tiny)


@pytest.mark.parametrize("layout", ["dense", "sparse"])
@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_worker_processes_make_the_same_batches(store, whole, layout, start):
    loader = CellLoader(store, whole, batch_size=16, seed=2, layout=layout)
    expected = list(loader)
    loader.set_epoch(0)
    workers = torch.utils.data.DataLoader(
        loader.dataset,
        batch_sampler=loader.sampler,
        collate_fn=loader.collate,
        num_workers=2,
        multiprocessing_context=start,
    )
    found = list(workers)
    assert len(found) == len(expected)
    for a, b in zip(expected, found, strict=True):
        assert a.cell_ids == b.cell_ids
        assert b.topology is loader.topology
        assert all(torch.equal(b.measured[k], a.measured[k]) for k in a.measured)
        for key in a.x:
            assert torch.equal(a.x[key].to_dense(), b.x[key].to_dense())


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
        Path(out, f"rank{rank}.json").write_text(json.dumps({"seen": seen, "weights": weights}))
        distributed.barrier()  # one that leaves while the other still talks to it aborts it
    finally:
        distributed.destroy_process_group()


def test_two_processes_train_one_model_on_all_cells(store, tiny, tmp_path):
    torch.multiprocessing.spawn(
        _train, args=(2, str(store.folder), str(tiny.path), str(tmp_path)), nprocs=2
    )
    one, two = (json.loads((tmp_path / f"rank{r}.json").read_text()) for r in range(2))
    assert one["weights"] == two["weights"]
    for epoch in (0, 1):
        cells = [[c for e, batch in run["seen"] if e == epoch for c in batch] for run in (one, two)]
        assert sorted(cells[0] + cells[1]) == list(range(N_CELLS))
        assert len(cells[0]) == len(cells[1])


@pytest.mark.filterwarnings("ignore")
def test_lightning_trains_resumes_and_sets_epochs(store, whole, tmp_path):
    lightning = pytest.importorskip("pytorch_lightning")

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

    loader = CellLoader(store, whole, batch_size=16, seed=9)
    model = Model(loader.topology["Gene"].num_nodes, len(loader.label_names))
    trainer = lightning.Trainer(
        max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(model, train_dataloaders=loader)
    for epoch in range(2):
        names = [name for e, batch in model.seen if e == epoch for name in batch]
        order = CellLoader(store, whole, batch_size=16, seed=9)
        order.set_epoch(epoch)
        assert names == [name for batch in order for name in batch.cell_ids]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("prepared", ["loader", "dataloader"])
def test_accelerate_takes_a_loader_and_a_dataloader(store, whole, prepared):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    loader = CellLoader(store, whole, batch_size=16, seed=9)
    expected = [batch.cell_ids for batch in CellLoader(store, whole, batch_size=16, seed=9)]
    given = loader
    if prepared == "dataloader":
        given = torch.utils.data.DataLoader(
            loader.dataset, batch_sampler=loader.sampler, collate_fn=loader.collate
        )
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
