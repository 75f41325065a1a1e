"""A chosen part of a build: its nodes, numbered, and the edges between them.

This module needs no tensor library. The number of a node is its place among the chosen nodes of
its label, sorted by id; the first is 0. It is never an id: whatever leaves with numbers takes the
table of ids along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import EDGE_ENDS, EDGE_TYPE, LABEL, LABELS, triplets
from tosg_graph.tensors.selection import (
    Chosen,
    all_ids,
    check_edge_types,
    ends_between,
    find_pathway,
    given_ids,
    pathway_ids,
    reached_ids,
)
from tosg_graph.threads import in_threads

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

Triplet = tuple[str, str, str]
Index = npt.NDArray[np.int64]

#: Columns of :attr:`EdgeTable.table`. ``source`` and ``target`` are node numbers.
EDGE_COLUMNS = pa.schema(
    [
        pa.field("source", pa.int64(), nullable=False),
        pa.field("target", pa.int64(), nullable=False),
        pa.field("edge_id", pa.string(), nullable=False),
        pa.field("sign", pa.int64()),
        pa.field("direct", pa.bool_()),
        pa.field("n_evidence", pa.int64()),
    ]
)
DEFAULT_MAX_NODES = 200_000


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """The edges of one triplet (source label, edge type, target label), sorted by (source, target).

    Parameters
    ----------
    table
        E rows with the columns of :data:`EDGE_COLUMNS`. ``direct`` is true when a statement behind
        the fact says that nothing stands between the two, false when statements only say that
        something does, and null when none says either.
    """

    table: pa.Table = field(repr=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def source(self) -> Index:
        """Number of the source node of each edge, int64 [E]."""
        return _numbers(self.table["source"])

    @property
    def target(self) -> Index:
        """Number of the target node of each edge, int64 [E]."""
        return _numbers(self.table["target"])

    @property
    def edge_id(self) -> list[str]:
        """Id of the fact behind each edge."""
        return list(self.table["edge_id"].to_pylist())


def _numbers(column: pa.ChunkedArray) -> Index:
    return np.asarray(column.to_numpy(), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Subgraph:
    """Nodes of a build and every edge between them.

    Parameters
    ----------
    build_id
        Id of the build that it was taken from.
    nodes
        Per label in schema order: a table (id, name, and symbol where the label has one), sorted by
        id. The row number is the number of the node. A label with no node is absent.
    edges
        Per triplet in schema order. A triplet with no edge is absent.
    selection
        How the nodes were chosen, as JSON-able values.
    products
        For transcripts and proteins, where any is chosen: a table (gene, product) of ids, saying
        which genes of the build have the chosen ones as products, whether or not the genes are
        chosen too. It lets RNA counts reach them.
    """

    build_id: str
    nodes: Mapping[str, pa.Table] = field(repr=False)
    edges: Mapping[Triplet, EdgeTable] = field(repr=False)
    selection: Mapping[str, Any]
    products: Mapping[str, pa.Table] = field(repr=False)

    @classmethod
    def whole(cls, build: Build) -> Self:
        """Choose every node and every edge of the build."""
        return cls._of(build, all_ids(build), {"kind": "whole"})

    @classmethod
    def pathway(cls, build: Build, pathway_id: str, *, sub_pathways: bool = True) -> Self:
        """Choose a pathway and what takes part in it.

        That is: its pathway node and those below it, the genes that are members of any of them,
        their transcripts and proteins, and the complexes all of whose resolved subunits are among
        these proteins; then every edge between chosen nodes. Nodes with no edge stay.

        Parameters
        ----------
        build
            The build to choose from.
        pathway_id
            Id of a pathway, with or without its prefix.
        sub_pathways
            Whether the pathways below it count as part of it.

        Raises
        ------
        UsageError
            If the build has no such pathway, or nothing is a member of it.
        """
        pathway = find_pathway(build, pathway_id)
        chosen = pathway_ids(build, pathway, sub_pathways=sub_pathways)
        how = {"kind": "pathway", "pathway": pathway, "sub_pathways": sub_pathways}
        return cls._of(build, chosen, how)

    @classmethod
    def around(
        cls,
        build: Build,
        seeds: Iterable[str],
        *,
        hops: int = 1,
        edge_types: Sequence[str] | None = None,
        max_nodes: int = DEFAULT_MAX_NODES,
    ) -> Self:
        """Choose what lies within some hops of the seeds, along or against the edges.

        Parameters
        ----------
        build
            The build to choose from.
        seeds
            Node ids.
        hops
            How many edges away a node may be; 0 keeps the seeds alone.
        edge_types
            Walk and keep only edges of these types; None stands for all.
        max_nodes
            Refuse to choose more nodes than this.

        Raises
        ------
        UsageError
            If a seed or an edge type is unknown, or more than ``max_nodes`` nodes are reached.
        """
        start = sorted({seeds} if isinstance(seeds, str) else set(seeds))
        types = check_edge_types(edge_types)
        chosen = reached_ids(build, start, hops=hops, edge_types=types, max_nodes=max_nodes)
        named = None if edge_types is None else list(types)
        how = {"kind": "around", "seeds": start, "hops": hops, "edge_types": named}
        return cls._of(build, chosen, how, edge_types=types)

    @classmethod
    def of_ids(cls, build: Build, ids: Iterable[str], *, query: str | None = None) -> Self:
        """Choose the nodes with these ids (as a Cypher query returned them) and the edges between.

        Parameters
        ----------
        build
            The build to choose from.
        ids
            Node ids.
        query
            The query that returned them, kept in :attr:`selection`.

        Raises
        ------
        UsageError
            If there is no id, or one that the build does not have.
        """
        wanted = sorted({ids} if isinstance(ids, str) else set(ids))
        digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
        how = {"kind": "ids", "n_ids": len(wanted), "ids_sha256": digest, "query": query}
        return cls._of(build, given_ids(build, wanted), how)

    @classmethod
    def _of(
        cls,
        build: Build,
        chosen: Chosen,
        how: Mapping[str, Any],
        *,
        edge_types: Sequence[str] = tuple(EDGE_TYPE),
    ) -> Self:
        nodes = _node_tables(build, chosen)
        if not nodes:
            raise UsageError(f"no node is chosen: the build {build.id} has no nodes")
        edges = _edge_tables(build, nodes, edge_types)
        made = cls(build.id, nodes, edges, dict(how), _products(build, nodes))
        pa.default_memory_pool().release_unused()  # what reading took and nothing holds
        return made

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that have chosen nodes, in schema order."""
        return tuple(self.nodes)

    @property
    def n_nodes(self) -> int:
        """Number of nodes of all labels."""
        return sum(table.num_rows for table in self.nodes.values())

    @property
    def n_edges(self) -> int:
        """Number of edges of all types."""
        return sum(map(len, self.edges.values()))

    @cached_property
    def id_hashes(self) -> dict[str, str]:
        """Per label: SHA-256 of its ids in order, one per line. Equal hashes, equal numbering."""
        return {label: id_hash(table["id"].to_pylist()) for label, table in self.nodes.items()}

    def node_ids(self, label: str) -> list[str]:
        """Ids of the nodes of a label; the place in the list is the number of the node."""
        return list(self._table(label)["id"].to_pylist())

    def find(self, label: str, ids: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> Index:
        """Numbers of the nodes of a label with these ids; −1 where it is not chosen, int64 [n]."""
        if label not in self.nodes:
            return np.full(len(ids), -1, dtype=np.int64)
        values = ids if isinstance(ids, (pa.Array, pa.ChunkedArray)) else pa.array(ids, pa.string())
        column = pa.chunked_array([values]) if isinstance(values, pa.Array) else values
        found = pc.index_in(column, value_set=_ids(self.nodes[label]), skip_nulls=True)
        return _numbers(pc.fill_null(found, -1))

    def to_hetero_data(
        self, *, text: Mapping[str, npt.NDArray[np.float32]] | None = None, reverse: bool = False
    ) -> HeteroData:
        """Return the subgraph as ``torch_geometric.data.HeteroData``; see :mod:`.hetero`.

        Parameters
        ----------
        text
            Per label the vectors of its nodes' texts, float32 [N, d]
            (:func:`tosg_graph.tensors.text.text_vectors`).
        reverse
            Whether to add every edge turned round as well.

        Raises
        ------
        MissingExtra
            If torch or torch_geometric is not installed.
        """
        from tosg_graph.tensors.hetero import Topology

        return Topology.of(self, text=text).to_hetero_data(reverse=reverse, copy=False)

    def _table(self, label: str) -> pa.Table:
        if label not in self.nodes:
            raise UsageError(f"no {label} is chosen; labels with nodes: {', '.join(self.nodes)}")
        return self.nodes[label]


def id_hash(ids: Iterable[str]) -> str:
    """SHA-256 of ids in order, one per line."""
    return hashlib.sha256("".join(f"{i}\n" for i in ids).encode()).hexdigest()


def _ids(table: pa.Table) -> pa.Array:
    return table["id"].combine_chunks()


def _node_tables(build: Build, chosen: Chosen) -> dict[str, pa.Table]:
    tables = {}
    for label in LABELS:
        if chosen.get(label.name):
            tables[label.name] = _node_table(build, label.name, chosen[label.name])
    return tables


def _node_table(build: Build, label: str, ids: set[str]) -> pa.Table:
    symbol = ["symbol"] if any(p.name == "symbol" for p in LABEL[label].own) else []
    table = build.nodes(label, ["id", "name", *symbol])
    wanted = pa.array(sorted(ids), pa.string())
    table = table.filter(pc.is_in(table["id"], value_set=wanted))
    return table.sort_by("id").combine_chunks()


def _edge_tables(
    build: Build, nodes: Mapping[str, pa.Table], edge_types: Sequence[str]
) -> dict[Triplet, EdgeTable]:
    ids, directness = {label: _ids(table) for label, table in nodes.items()}, _directness(build)
    tables: dict[Triplet, EdgeTable] = {}
    for edge_type in edge_types:
        numbered = partial(_by_triplet, edge_type, ids, directness)
        batches = build.batches(f"edges/{edge_type}", _EDGE_READ, rows=_EDGE_ROWS)
        pieces: dict[Triplet, list[pa.Table]] = {}
        for found in in_threads(numbered, batches, threads=2, ahead=2, name="edges"):
            for triplet, table in found.items():
                pieces.setdefault(triplet, []).append(table)
        for triplet, parts in pieces.items():
            tables[triplet] = EdgeTable(_in_order(pa.concat_tables(parts)))
    return {triplet: tables[triplet] for triplet in triplets() if triplet in tables}


_EDGE_READ = (*EDGE_ENDS, "edge_id", "sign", "n_evidence")
#: Edges of a piece; four of them are in memory beside those that are numbered.
_EDGE_ROWS = 1 << 19


def _by_triplet(
    edge_type: str, ids: Mapping[str, pa.Array], directness: pa.Table, rows: pa.Table
) -> dict[Triplet, pa.Table]:
    """Number the edges of a piece, apart by the labels of their ends, where both are chosen."""
    found = {}
    for a, b in EDGE_TYPE[edge_type].ends:
        if a in ids and b in ids and (part := ends_between(rows, a, b)).num_rows:
            table = _numbered(part, ids[a], ids[b], directness)
            if table.num_rows:
                found[a, edge_type, b] = table
    return found


def _numbered(
    rows: pa.Table, sources: pa.Array, targets: pa.Array, directness: pa.Table
) -> pa.Table:
    """Keep the rows with both ends chosen, ends replaced by their numbers."""
    source = pc.index_in(rows["source"], value_set=sources)
    target = pc.index_in(rows["target"], value_set=targets)
    keep = pc.and_(pc.is_valid(source), pc.is_valid(target))
    kept = rows.filter(keep)
    place = pc.index_in(kept["edge_id"], value_set=directness["edge_id"].combine_chunks())
    columns = [
        source.filter(keep).cast(pa.int64()),
        target.filter(keep).cast(pa.int64()),
        kept["edge_id"],
        kept["sign"],
        directness["direct"].take(place),
        kept["n_evidence"],
    ]
    return pa.Table.from_arrays(columns, schema=EDGE_COLUMNS)


def _in_order(table: pa.Table) -> pa.Table:
    """Sort by (source, target); the tables of a build are in that order, and so are numbers."""
    source, target = (table[name].to_numpy() for name in ("source", "target"))
    step = np.diff(source)
    if np.any(step < 0) or np.any((step == 0) & (np.diff(target) < 0)):
        return table.sort_by([("source", "ascending"), ("target", "ascending")])
    return table


def _directness(build: Build) -> pa.Table:
    """Facts that statements call direct or indirect; one that says direct is enough."""
    batches = build.batches("evidence", ["edge_id", "direct"])
    pieces = [rows.filter(pc.is_valid(rows["direct"])) for rows in batches]
    stated = pa.concat_tables(pieces) if pieces else build.table("evidence", ["edge_id", "direct"])
    return (
        stated.group_by("edge_id")
        .aggregate([("direct", "any")])
        .rename_columns(["edge_id", "direct"])
        .combine_chunks()
    )


def _products(build: Build, nodes: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    found = {}
    for label, kind in (("Transcript", "TRANSCRIBED_TO"), ("Protein", "ENCODES")):
        if label in nodes and kind in build.edge_types:
            rows = build.edges(kind, ["source", "target"]).rename_columns(["gene", "product"])
            chosen = pc.is_in(rows["product"], value_set=_ids(nodes[label]))
            found[label] = rows.filter(chosen).combine_chunks()
    return found
