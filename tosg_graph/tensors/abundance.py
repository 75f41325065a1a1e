"""Counts of cells on the nodes of a subgraph.

A *channel* of a label is a modality whose counts reach its nodes (:data:`CHANNELS`): RNA reaches
the gene that it was read from, and the proteins that the gene encodes; antibodies reach the protein
or complex that they bind. Several features of one node are added up. A node that no feature stands
for was *not measured*: its counts are 0 and its mask says that they mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import UsageError
from tosg_graph.tensors.subgraph import Index, Subgraph

#: The channels of each label that counts can reach, in the order in which features list them.
CHANNELS: dict[str, tuple[str, ...]] = {
    "Gene": ("rna",),
    "Protein": ("rna", "protein"),
    "Complex": ("protein",),
}

Channel = tuple[str, str]
Mask = npt.NDArray[np.bool_]
Totals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of some cells.

    Parameters
    ----------
    channels
        Per (label, modality): a scipy CSR matrix [cells, nodes], indices sorted, int64 (float64 in
        a normalised store).
    totals
        Per modality: the sum over *all* features of the store, float64 [cells].
    """

    channels: Mapping[Channel, Any]
    totals: Mapping[str, Totals]


class Abundance(Protocol):
    """Anything that knows the counts of cells on the nodes of one topology.

    ``channels`` names the modalities of each label, ``measured`` holds bool [nodes, channels] per
    label, ``value_kind`` is ``counts`` or ``normalised``.
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
    def measured(self) -> Mapping[str, Mask]:
        """Per label, bool [nodes, channels]: whether any feature stands for the node."""
        ...

    def counts(self, cells: Index) -> Counts:
        """Return the counts of cells by position, in the order asked for."""
        ...


@dataclass(frozen=True, eq=False)
class StoreAbundance:
    """Counts of a cell store on the nodes of a subgraph.

    Parameters
    ----------
    store
        The cells.
    joins
        Per (label, modality): int64 CSR [features, nodes], 1 where the feature stands for the node.
    """

    store: CellStore
    joins: Mapping[Channel, Any] = field(repr=False)

    @classmethod
    def of(cls, store: CellStore, subgraph: Subgraph) -> StoreAbundance:
        """Join the features of a store to the nodes of a subgraph by graph id.

        Raises
        ------
        UsageError
            If no feature stands for any node of the subgraph.
        """
        joins = {}
        for label, modalities in CHANNELS.items():
            for modality in modalities:
                if label in subgraph.nodes and modality in store.modalities:
                    joins[label, modality] = _join(store, subgraph, label, modality)
        if not any(join.nnz for join in joins.values()):
            raise UsageError(
                f"no feature of the cell store {store.name!r} stands for a node of the subgraph "
                f"(labels {', '.join(subgraph.labels)}); counts reach Gene, Protein and Complex "
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

    @property
    def measured(self) -> dict[str, Mask]:
        """Per label, bool [nodes, channels]: whether any feature stands for the node."""
        return {
            label: np.stack([_has_feature(self.joins[label, m]) for m in modalities], axis=1)
            for label, modalities in self.channels.items()
        }

    def counts(self, cells: Index) -> Counts:
        """Return the counts of cells by position, in the order asked for.

        Raises
        ------
        UsageError
            If the store has no such cell.
        """
        kind = np.int64 if self.value_kind == "counts" else np.float64
        found: dict[Channel, Any] = {}
        totals = {}
        for modality in dict.fromkeys(modality for _, modality in self.joins):
            rows = self.store.gather(modality, cells, dtype=kind).to_scipy()
            totals[modality] = np.asarray(rows.sum(axis=1), dtype=np.float64).ravel()
            for label, other in self.joins:
                if other == modality:
                    found[label, modality] = _onto_nodes(rows, self.joins[label, modality])
        return Counts({channel: found[channel] for channel in self.joins}, totals)


def channels_of(joined: Sequence[Channel]) -> dict[str, tuple[str, ...]]:
    """Group (label, modality) pairs by label, keeping their order."""
    labels = dict.fromkeys(label for label, _ in joined)
    return {label: tuple(m for other, m in joined if other == label) for label in labels}


def _onto_nodes(rows: Any, join: Any) -> Any:
    found = sparse.csr_matrix(rows @ join)
    found.sort_indices()
    return found


def _has_feature(join: Any) -> Mask:
    return np.asarray(join.getnnz(axis=0) > 0)


def _join(store: CellStore, subgraph: Subgraph, label: str, modality: str) -> Any:
    axis = store.features(modality)
    known = pc.greater(axis["datasets"], 0)  # a removed data set leaves its places behind
    graph_ids = pc.if_else(known, axis["graph_id"], None)
    through_gene = (label, modality) == ("Protein", "rna")
    if through_gene:
        features, nodes = _through_encoding(graph_ids, subgraph)
    else:
        places = subgraph.find(label, graph_ids)
        features, nodes = np.flatnonzero(places >= 0), places[places >= 0]
    ones = np.ones(len(features), dtype=np.int64)
    shape = (len(graph_ids), subgraph.nodes[label].num_rows)
    return sparse.csr_matrix((ones, (features, nodes)), shape=shape)


def _through_encoding(graph_ids: pa.ChunkedArray, subgraph: Subgraph) -> tuple[Index, Index]:
    """Pairs (feature, protein node) where the feature's gene encodes the protein."""
    pairs = pd.DataFrame(
        {
            "gene": subgraph.encoding["gene"].to_pylist(),
            "node": subgraph.find("Protein", subgraph.encoding["protein"]),
        }
    )
    features = pd.DataFrame({"gene": graph_ids.to_pylist(), "feature": np.arange(len(graph_ids))})
    joined = features.dropna().merge(pairs.drop_duplicates(), on="gene")
    return joined["feature"].to_numpy(np.int64), joined["node"].to_numpy(np.int64)
