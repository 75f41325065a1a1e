"""The topology of a subgraph as arrays, and as PyTorch Geometric's ``HeteroData``.

One node type per label and one edge type per triplet, both in schema order. ``edge_index`` is
int64 [2, E] with the source in row 0 and the target in row 1; ``edge_attr`` is float32
[E, 5] with the columns of :data:`EDGE_ATTR_NAMES`; ``x_text`` is float32 [N, d].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from tosg_graph.errors import UsageError
from tosg_graph.schema import EDGE_TYPE
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.subgraph import EdgeTable, Index, Subgraph, Triplet

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

Floats = npt.NDArray[np.float32]

#: Columns of ``edge_attr``. ``sign`` and ``direct`` are 0 where nothing is known of them, and the
#: column after each says whether something is. ``direct`` is 1 for direct and 0 for indirect.
EDGE_ATTR_NAMES = ("sign", "sign_known", "direct", "direct_known", "n_evidence")
REVERSE = "rev_"


@dataclass(frozen=True, eq=False)
class Topology:
    """The numbered nodes and edges of a subgraph, as numpy arrays.

    Parameters
    ----------
    build_id
        Id of the build.
    num_nodes, id_hashes
        Per label: how many nodes, and the hash of their ids in order.
    edge_index, edge_attr
        Per triplet: int64 [2, E] and float32 [E, 5].
    x_text
        Per label: float32 [N, d]; empty when no text was asked for.
    """

    build_id: str
    num_nodes: Mapping[str, int]
    id_hashes: Mapping[str, str] = field(repr=False)
    edge_index: Mapping[Triplet, Index] = field(repr=False)
    edge_attr: Mapping[Triplet, Floats] = field(repr=False)
    x_text: Mapping[str, Floats] = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, subgraph: Subgraph, *, text: Mapping[str, Floats] | None = None) -> Topology:
        """Take the topology of a subgraph, with the vectors of its nodes' texts.

        Raises
        ------
        UsageError
            If a label's text vectors are not one per node.
        """
        for label, vectors in (text or {}).items():
            if len(vectors) != len(subgraph.node_ids(label)):
                raise UsageError(
                    f"{len(vectors)} text vectors found for {label}, one for each of its "
                    f"{len(subgraph.node_ids(label))} nodes expected"
                )
        return cls(
            build_id=subgraph.build_id,
            num_nodes={label: table.num_rows for label, table in subgraph.nodes.items()},
            id_hashes=subgraph.id_hashes,
            edge_index={t: np.stack([e.source, e.target]) for t, e in subgraph.edges.items()},
            edge_attr={t: edge_attributes(e) for t, e in subgraph.edges.items()},
            x_text=dict(text or {}),
        )

    def to_hetero_data(self, *, reverse: bool = False, copy: bool = True) -> HeteroData:
        """Return ``HeteroData``.

        Each node type has ``num_nodes``, ``node_index`` (int64 [N], the number of each node: it
        leads to the id table even after nodes were cut away), ``id_hash`` (see
        :attr:`Subgraph.id_hashes`) and ``x_text`` if there is any. The object itself has
        ``build_id`` and ``edge_attr_names``.

        Parameters
        ----------
        reverse
            Add for each (a, TYPE, b) a (b, rev_TYPE, a) with the ends exchanged and the same
            ``edge_attr``. An undirected type, which is stored once, gets its other direction under
            its own name.
        copy
            Whether the tensors have memory of their own; without it they share that of these
            arrays, which must then not be changed.

        Raises
        ------
        MissingExtra
            If torch or torch_geometric is not installed.
        """
        torch = require("torch")
        data = require("torch_geometric.data").HeteroData()
        data.build_id = self.build_id
        data.edge_attr_names = list(EDGE_ATTR_NAMES)
        for label, count in self.num_nodes.items():
            data[label].num_nodes = count
            data[label].node_index = torch.arange(count)
            data[label].id_hash = self.id_hashes[label]
            if label in self.x_text:
                data[label].x_text = torch.from_numpy(self.x_text[label].copy())
        own = np.array if copy else np.ascontiguousarray
        for triplet, edge_index, edge_attr in self._edges(reverse=reverse):
            data[triplet].edge_index = torch.from_numpy(own(edge_index))
            data[triplet].edge_attr = torch.from_numpy(own(edge_attr))
        return data

    def _edges(self, *, reverse: bool) -> Iterator[tuple[Triplet, Index, Floats]]:
        """Yield the stored edges in schema order, then those turned round."""
        for triplet, edge_index in self.edge_index.items():
            edge_attr = self.edge_attr[triplet]
            if reverse and _mirrors_itself(triplet):
                edge_index, edge_attr = _both_ways(edge_index, edge_attr)
            yield triplet, edge_index, edge_attr
        for triplet, edge_index in self.edge_index.items() if reverse else ():
            if not _mirrors_itself(triplet):
                yield _reversed(triplet), edge_index[::-1], self.edge_attr[triplet]


def _mirrors_itself(triplet: Triplet) -> bool:
    return triplet[0] == triplet[2] and not EDGE_TYPE[triplet[1]].directed


def _reversed(triplet: Triplet) -> Triplet:
    source, name, target = triplet
    return target, (REVERSE if EDGE_TYPE[name].directed else "") + name, source


def _both_ways(edge_index: Index, edge_attr: Floats) -> tuple[Index, Floats]:
    """Append the edges turned round; an edge of a node to itself stays single."""
    other = edge_index[0] != edge_index[1]
    turned = edge_index[::-1, other]
    return (
        np.concatenate([edge_index, turned], axis=1),
        np.concatenate([edge_attr, edge_attr[other]]),
    )


def edge_attributes(edges: EdgeTable) -> Floats:
    """Attributes of edges: float32 [E, 5] with the columns of :data:`EDGE_ATTR_NAMES`."""
    table = edges.table
    values = np.zeros((len(edges), len(EDGE_ATTR_NAMES)), dtype=np.float32)
    for place, name in ((0, "sign"), (2, "direct")):
        values[:, place] = pc.fill_null(table[name].cast("float32"), 0.0).to_numpy()
        values[:, place + 1] = pc.is_valid(table[name]).to_numpy()
    values[:, 4] = pc.fill_null(table["n_evidence"].cast("float32"), 0.0).to_numpy()
    return values
