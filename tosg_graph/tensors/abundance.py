"""Counts of cells on the nodes of a subgraph.

A *channel* of a label is a modality whose counts reach its nodes (:data:`CHANNELS`): RNA reaches
the gene that it was read from, and the transcripts and proteins that the graph's own edges say are
of that gene; antibodies reach the protein or complex that they bind. Several features of one node
are added up. A node that no feature stands for was *not measured*: its counts are 0 and its mask
says that they mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.onto import Join, totals_of
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.rows import SparseRows
from tosg_graph.errors import UsageError
from tosg_graph.tensors.subgraph import Index, Subgraph

#: The channels of each label that counts can reach, in the order in which features list them.
CHANNELS: dict[str, tuple[str, ...]] = {
    "Gene": ("rna",),
    "Transcript": ("rna",),
    "Protein": ("rna", "protein"),
    "Complex": ("protein",),
}

#: Labels whose nodes get counts unless others are named. A transcript gets those of its gene, so
#: that its counts repeat what the gene says: on request only.
DEFAULT_TARGETS = ("Gene", "Protein", "Complex")

Channel = tuple[str, str]
Mask = npt.NDArray[np.bool_]
Totals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of some cells.

    Parameters
    ----------
    channels
        Per (label, modality): values of [cells, nodes]; the nodes of a cell in no order, each once.
    totals
        Per modality: the sum over *all* features of the store, float64 [cells].
    """

    channels: Mapping[Channel, SparseRows]
    totals: Mapping[str, Totals]


class Abundance(Protocol):
    """Anything that knows the counts of cells on the nodes of one topology.

    ``channels`` names the modalities of each label, ``measured_by`` says per label what each data
    set measured, ``value_kind`` is ``counts`` or ``normalised``.
    """

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        ...

    @property
    def value_kind(self) -> str:
        """``counts`` or ``normalised``."""
        ...

    @property
    def channels(self) -> Mapping[str, tuple[str, ...]]:
        """Per label, the modalities whose counts reach its nodes."""
        ...

    @property
    def measured_by(self) -> Mapping[str, Mask]:
        """Per label, bool [data sets, nodes, channels]: whether the data set measured the node."""
        ...

    def datasets_of(self, cells: Index) -> Index:
        """Number of the data set of each cell, int64 [cells]."""
        ...

    def counts(
        self,
        cells: Index,
        *,
        dtype: npt.DTypeLike | None = None,
        totals: bool = True,
        ordered: bool = True,
    ) -> Counts:
        """Return the counts of cells by position, in the order asked for.

        Values are int64, float64 where they are normalised, or of the type asked for. Totals cost
        a pass over all values: there are none unless asked for. With ``ordered``, the nodes of a
        cell stand in the same order whatever the tier of the store; it is faster without.
        """
        ...


@dataclass(frozen=True, eq=False)
class StoreAbundance:
    """Counts of a cell store on the nodes of a subgraph.

    Parameters
    ----------
    store
        The cells.
    joins
        Per (label, modality): which nodes each feature stands for.
    """

    store: CellStore
    joins: Mapping[Channel, Join] = field(repr=False)

    @classmethod
    def of(
        cls, store: CellStore, subgraph: Subgraph, *, targets: Sequence[str] | None = None
    ) -> StoreAbundance:
        """Join the features of a store to the nodes of a subgraph by graph id.

        Parameters
        ----------
        store
            The cells.
        subgraph
            The nodes.
        targets
            Labels whose nodes get counts; None stands for :data:`DEFAULT_TARGETS`.

        Raises
        ------
        UsageError
            If a target is no label that counts can reach, or no feature stands for any node.
        """
        wanted = _targets(targets)
        joins = {}
        for label, modalities in CHANNELS.items():
            for modality in modalities:
                if label in wanted and label in subgraph.nodes and modality in store.modalities:
                    joins[label, modality] = _join(store, subgraph, label, modality)
        if not any(len(join.places) for join in joins.values()):
            raise UsageError(
                f"no feature of the cell store {store.name!r} stands for a node of the subgraph "
                f"(labels {', '.join(subgraph.labels)}); counts reach {', '.join(wanted)} "
                "nodes, and the store must be joined to the same graph"
            )
        return cls(store, joins)

    @property
    def n_cells(self) -> int:
        """Number of cells of the store."""
        return self.store.n_cells

    @property
    def value_kind(self) -> str:
        """``counts`` or ``normalised``."""
        return self.store.value_kind

    @property
    def channels(self) -> dict[str, tuple[str, ...]]:
        """Per label, the modalities whose counts reach its nodes."""
        return channels_of(list(self.joins))

    @cached_property
    def measured_by(self) -> dict[str, Mask]:
        """Per label, bool [data sets, nodes, channels]: whether the data set measured the node."""
        return {
            label: np.stack([self._reached(label, m) for m in modalities], axis=-1)
            for label, modalities in self.channels.items()
        }

    def _reached(self, label: str, modality: str) -> Mask:
        """Bool [data sets, nodes]."""
        join = self.joins[label, modality]
        return np.stack([join.reached(features) for features in self.store.measured(modality)])

    def datasets_of(self, cells: Index) -> Index:
        """Number of the data set of each cell, int64 [cells]."""
        return np.asarray(self.store.dataset_of(cells), dtype=np.int64)

    def counts(
        self,
        cells: Index,
        *,
        dtype: npt.DTypeLike | None = None,
        totals: bool = True,
        ordered: bool = True,
    ) -> Counts:
        """Return the counts of cells by position, in the order asked for.

        Raises
        ------
        UsageError
            If the store has no such cell.
        """
        kind = dtype or (np.int64 if self.value_kind == "counts" else np.float64)
        found: dict[Channel, SparseRows] = {}
        sums: dict[str, Totals] = {}
        for modality in dict.fromkeys(modality for _, modality in self.joins):
            rows = self.store.gather(modality, cells, dtype=np.dtype(kind), ascending=ordered)
            if totals:
                sums[modality] = totals_of(rows)
            for label, other in self.joins:
                if other == modality:
                    found[label, modality] = self.joins[label, modality].lay(rows)
        return Counts({channel: found[channel] for channel in self.joins}, sums)


def _targets(targets: Sequence[str] | None) -> tuple[str, ...]:
    if targets is None:
        return DEFAULT_TARGETS
    named = (targets,) if isinstance(targets, str) else tuple(targets)
    for label in named:
        if label not in CHANNELS:
            known = ", ".join(CHANNELS)
            raise UsageError(f"counts cannot reach {label!r} nodes; they reach {known}")
    return named


def channels_of(joined: Sequence[Channel]) -> dict[str, tuple[str, ...]]:
    """Group (label, modality) pairs by label, keeping their order."""
    labels = dict.fromkeys(label for label, _ in joined)
    return {label: tuple(m for other, m in joined if other == label) for label in labels}


def _join(store: CellStore, subgraph: Subgraph, label: str, modality: str) -> Join:
    axis = store.features(modality)
    known = pc.greater(axis["datasets"], 0)  # a removed data set leaves its places behind
    graph_ids = pc.if_else(known, axis["graph_id"], None)
    places = subgraph.find(label, graph_ids)
    features, nodes = np.flatnonzero(places >= 0), places[places >= 0]
    products = subgraph.products.get(label)
    if modality == "rna" and products is not None:
        of_gene = _through_genes(graph_ids, products, subgraph, label)
        pairs = np.unique(np.concatenate([np.stack([features, nodes]), of_gene], axis=1), axis=1)
        features, nodes = pairs
    count = subgraph.nodes[label].num_rows
    return Join.of_pairs(features, nodes, n_features=len(graph_ids), n_places=count)


def _through_genes(
    graph_ids: pa.ChunkedArray, products: pa.Table, subgraph: Subgraph, label: str
) -> Index:
    """Pairs (feature, node) where the feature's gene has the node as its product, int64 [2, n]."""
    pairs = pd.DataFrame(
        {
            "gene": products["gene"].to_pylist(),
            "node": subgraph.find(label, products["product"]),
        }
    )
    features = pd.DataFrame({"gene": graph_ids.to_pylist(), "feature": np.arange(len(graph_ids))})
    joined = features.dropna().merge(pairs.drop_duplicates(), on="gene")
    return joined[["feature", "node"]].to_numpy(np.int64).T
