"""Train a small heterogeneous graph network to tell cell types apart, beside logistic regression.

Make an export of labelled cells with a split, then train on it::

    tosg export --pathway R-HSA-1280215 --cells pbmc --split auto --out export -w work
    python examples/train_cell_type.py export

Both models see the same cells, the same parts of the split and the same genes: those of the export
that the cells were measured for. The epoch of the network and the penalty of the regression are
chosen on the validation cells; the test cells are looked at once, at the end. What comes out is
printed, whichever is better.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from tosg_graph import CellBatch, Export, load_export
from tosg_graph.tensors.batch import BatchLoader

PENALTIES = (0.001, 0.01, 0.1, 1.0)


@dataclass(frozen=True)
class Score:
    """How well predictions meet the labels."""

    accuracy: float
    macro_f1: float

    @classmethod
    def of(cls, truth: np.ndarray, predicted: np.ndarray) -> Score:
        """Score predictions; every label value counts equally in macro-F1."""
        f1 = f1_score(truth, predicted, average="macro", zero_division=0)
        return cls(float(accuracy_score(truth, predicted)), float(f1))


class Messages(nn.Module):
    """What arrives at each node along each edge type: the mean over its neighbours.

    All cells share the edges, so this is one sparse product per edge type,
    [targets, sources] by [sources, cells · channels].
    """

    def __init__(self, topology: object, senders: Collection[str]) -> None:
        super().__init__()
        self.triplets = [triplet for triplet in topology.edge_types if triplet[0] in senders]
        for number, (source, name, target) in enumerate(self.triplets):
            shape = (topology[target].num_nodes, topology[source].num_nodes)
            mean = mean_over_sources(topology[source, name, target].edge_index, shape)
            self.register_buffer(f"mean_{number}", mean, persistent=False)

    def forward(self, states: dict[str, Tensor]) -> dict[str, list[Tensor]]:
        """Map [nodes, cells, channels] per label to what arrives, per target label."""
        arrived: dict[str, list[Tensor]] = {}
        for number, (source, _, target) in enumerate(self.triplets):
            sent = states[source]
            message = torch.sparse.mm(getattr(self, f"mean_{number}"), sent.flatten(1))
            arrived.setdefault(target, []).append(message.view(-1, *sent.shape[1:]))
        return arrived


def mean_over_sources(edge_index: Tensor, shape: tuple[int, int]) -> Tensor:
    """Sparse matrix [targets, sources] whose rows add up to 1, or to 0 where no edge arrives."""
    source, target = edge_index
    degree = torch.bincount(target, minlength=shape[0])
    places = torch.stack([target, source])
    values = 1.0 / degree[target]
    return torch.sparse_coo_tensor(places, values, shape, check_invariants=True).coalesce()


class Network(nn.Module):
    """Two or more rounds of messages over the graph, then a linear readout of every node.

    The first round carries the abundance itself, the others what nodes have made of it. States are
    laid out as [nodes, cells, channels]: the topology is there once, and a message moves whole
    rows of cells.
    """

    def __init__(
        self, topology: object, channels: dict[str, int], *, hidden: int, rounds: int, classes: int
    ) -> None:
        super().__init__()
        self.first = Messages(topology, channels)
        self.later = Messages(topology, topology.node_types)
        width = Counter(channels)
        for source, _, target in self.first.triplets:
            width[target] += channels[source]
        senders = Counter(target for _, _, target in self.later.triplets)
        self.text, self.gain, self.out = nn.ModuleDict(), nn.ParameterDict(), nn.ModuleDict()
        for label in topology.node_types:
            nodes, text = topology[label].num_nodes, topology[label].x_text
            self.register_buffer(f"text_{label}", text, persistent=False)
            self.text[label] = nn.Linear(text.shape[1], hidden)
            self.gain[label] = (
                torch.randn(nodes, width[label], hidden) / max(width[label], 1) ** 0.5
            )
            self.out[label] = nn.Linear(nodes * hidden, classes)
        self.updates = nn.ModuleList(
            nn.ModuleDict({k: nn.Linear((n + 1) * hidden, hidden) for k, n in senders.items()})
            for _ in range(rounds - 1)
        )
        self.drop = nn.Dropout(0.3)

    def forward(self, batch: CellBatch) -> Tensor:
        """Return scores [cells, classes]."""
        states = self._abundance_round(batch)
        for update in self.updates:
            arrived = self.later(states)
            for label, messages in arrived.items():
                change = update[label](torch.cat([states[label], *messages], dim=-1))
                states = {**states, label: states[label] + torch.relu(change)}
        flat = {k: self.drop(h).transpose(0, 1).flatten(1) for k, h in states.items()}
        return sum(self.out[label](h) for label, h in flat.items())

    def _abundance_round(self, batch: CellBatch) -> dict[str, Tensor]:
        """State of a node: what its text says, moved by its abundance and its neighbours'."""
        x = {
            label: (values * batch.measured[label]).transpose(0, 1).contiguous()
            for label, values in batch.x.items()
        }
        arrived = self.first(x)
        states = {}
        for label, project in self.text.items():
            text = project(getattr(self, f"text_{label}"))[:, None, :].expand(-1, len(batch), -1)
            seen = [*([x[label]] if label in x else []), *arrived.get(label, [])]
            moved = torch.baddbmm(text, torch.cat(seen, -1), self.gain[label]) if seen else text
            states[label] = torch.relu(moved)
        return states


@dataclass(frozen=True)
class Settings:
    """What a training run is told."""

    hidden: int
    rounds: int
    epochs: int
    batch_size: int
    rate: float
    device: str


@dataclass(frozen=True)
class Task:
    """An export, and the labelled cells of each part of its split."""

    export: Export
    topology: object
    parts: dict[str, np.ndarray]

    @classmethod
    def of(cls, export: Export) -> Task:
        """Leave out cells whose label is not known."""
        codes = export.cells["code"].to_numpy()
        parts = {part: export.cells_of(part) for part in ("train", "validation", "test")}
        known = {part: cells[codes[cells] >= 0] for part, cells in parts.items()}
        return cls(export, export.hetero_data(reverse=True), known)

    def loader(self, part: str, **options: object) -> BatchLoader:
        """Return a loader of the cells of a part."""
        cells = self.parts[part]
        return self.export.loader(cells=cells, topology=self.topology, **options)

    def genes(self, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Return log-normalised RNA of the measured genes [cells, genes], and labels [cells]."""
        found = list(self.loader(part, batch_size=512, order="sequential"))
        measured = self.export.measured("Gene")[:, 0]
        x = torch.cat([batch.x["Gene"][..., 0] for batch in found]).numpy()
        return x[:, measured], torch.cat([batch.label for batch in found]).numpy()


def logistic_regression(task: Task) -> Score:
    """Fit with each penalty, keep the one that is best on the validation cells, test it."""
    x, y = task.genes("train")
    models = []
    for penalty in PENALTIES:
        regression = LogisticRegression(C=penalty, max_iter=1000)
        models.append(make_pipeline(StandardScaler(), regression).fit(x, y))
    held_out, truth = task.genes("validation")
    best = max(models, key=lambda model: model.score(held_out, truth))
    x, y = task.genes("test")
    return Score.of(y, best.predict(x))


def graph_network(task: Task, settings: Settings, seed: int) -> Score:
    """Train, keep the epoch that is best on the validation cells, test it."""
    torch.manual_seed(seed)
    topology = task.topology.clone().to(settings.device)
    channels = {label: len(names) for label, names in task.export.abundance.channels.items()}
    network = Network(
        topology,
        channels,
        hidden=settings.hidden,
        rounds=settings.rounds,
        classes=len(task.export.label_names),
    ).to(settings.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=0.05)
    loader = task.loader("train", batch_size=settings.batch_size, seed=seed)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.rate, total_steps=settings.epochs * len(loader)
    )
    best, kept = -1.0, network.state_dict()
    for epoch in range(settings.epochs):
        train_epoch(network, loader, optimiser, schedule, settings.device)
        score = Score.of(*predict(network, task, "validation", settings.device))
        print(f"  seed {seed}, epoch {epoch + 1}: validation accuracy {score.accuracy:.3f}")
        if score.accuracy > best:
            best = score.accuracy
            kept = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(kept)
    return Score.of(*predict(network, task, "test", settings.device))


def train_epoch(
    network: Network,
    loader: BatchLoader,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    device: str,
) -> None:
    """Go through the training cells once."""
    network.train()
    for batch in loader:
        moved = batch.to(device)
        loss = nn.functional.cross_entropy(network(moved), moved.label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


@torch.no_grad()
def predict(network: Network, task: Task, part: str, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and predictions of a part."""
    network.eval()
    truth, predicted = [], []
    for batch in task.loader(part, batch_size=256, order="sequential"):
        truth.append(batch.label)
        predicted.append(network(batch.to(device)).argmax(dim=1).cpu())
    return torch.cat(truth).numpy(), torch.cat(predicted).numpy()


def options() -> argparse.Namespace:
    """Read the command line."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path, help="folder of an export of labelled, split cells")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one run each")
    parser.add_argument("--epochs", type=int, default=6, help="passes over the training cells")
    parser.add_argument("--hidden", type=int, default=8, help="width of a node state")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of messages")
    parser.add_argument("--batch-size", type=int, default=64, help="cells of a batch")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1, help="more help with wide states only")
    parser.add_argument("--device", default=device, help="where the network runs")
    return parser.parse_args()


def report(name: str, scores: list[Score]) -> str:
    """One line: the mean over the runs and, for several, the range."""
    parts = []
    for what in ("accuracy", "macro_f1"):
        values = [getattr(score, what) for score in scores]
        spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
        parts.append(f"{what.replace('_', '-')} {np.mean(values):.3f}{spread}")
    return f"{name:20} {', '.join(parts)}"


def main() -> None:
    """Read the command line and run."""
    given = options()
    torch.set_num_threads(given.threads)
    with threadpool_limits(given.threads):
        run(given)


def run(given: argparse.Namespace) -> None:
    """Train both models as told and print their test scores."""
    task = Task.of(load_export(given.export))
    settings = Settings(
        given.hidden, given.rounds, given.epochs, given.batch_size, given.rate, given.device
    )
    split = task.export.manifest["cells"]["split"]
    genes = int(task.export.measured("Gene")[:, 0].sum())
    sizes = ", ".join(f"{len(cells)} {part}" for part, cells in task.parts.items())
    print(f"{genes} measured genes; {len(task.export.label_names)} labels; cells: {sizes}")
    print(f"split by {split['by']}: {split['note']}")
    started = time.perf_counter()
    linear = logistic_regression(task)
    between = time.perf_counter()
    graph = [graph_network(task, settings, seed) for seed in given.seeds]
    print("\nTest cells:")
    print(report("logistic regression", [linear]), f"[{between - started:.0f} s]")
    seconds = time.perf_counter() - between
    print(report("graph network", graph), f"[{seconds:.0f} s, {len(graph)} runs]")


if __name__ == "__main__":
    main()
