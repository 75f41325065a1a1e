"""Names of nodes by id, and which protein a gene stands for, read from the build when needed."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from tosg_graph.build.tables import Build
from tosg_graph.schema import EDGE_TYPE, LABELS


@dataclass(frozen=True, slots=True)
class NodeName:
    """What a node is called: its id, its label, its name, and its symbol if it has one."""

    id: str
    label: str
    name: str
    symbol: str | None = None

    @property
    def short(self) -> str:
        """The symbol, else the name."""
        return self.symbol or self.name


class NodeNames:
    """Names of the nodes of a build; a label is read when a node of it is asked for."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._tables: dict[str, dict[str, NodeName]] = {}
        self._maps: dict[str, dict[str, tuple[str, ...]]] = {}
        self._shape: dict[str, tuple[tuple[str, str], ...]] = {}

    def get(self, node: str, label: str | None = None) -> NodeName:
        """Find the name of a node; one that the build does not have is called by its id."""
        labels = (label,) if label else _labels_of(node)
        for candidate in labels:
            found = self._table(candidate).get(node)
            if found is not None:
                return found
        return NodeName(node, labels[0], node)

    def known(self, node: str, label: str) -> bool:
        """Whether the build has a node of that id and label."""
        return node in self._table(label)

    def products(self, gene: str) -> tuple[str, ...]:
        """Find the protein that a gene symbol stands for; all products where none is marked."""
        return self._map("products").get(gene, ())

    def genes(self, protein: str) -> tuple[str, ...]:
        """Find the genes that encode a protein."""
        return self._map("genes").get(protein, ())

    def complexes(self, protein: str) -> tuple[str, ...]:
        """Find the complexes that a protein is a subunit of."""
        if "complexes" not in self._maps:
            edges = self._build.edges("PART_OF", ["source", "target"])
            whole = edges.append_column("canonical", pa.nulls(edges.num_rows, pa.bool_()))
            self._maps["complexes"] = _grouped(whole, "source", "target")
        return self._maps["complexes"].get(protein, ())

    def ends(self, edge_type: str) -> tuple[tuple[str, str], ...]:
        """Find the pairs (source label, target label) that edges of a type have in this build."""
        if edge_type not in self._shape:
            self._shape[edge_type] = self._read_ends(edge_type)
        return self._shape[edge_type]

    def _read_ends(self, edge_type: str) -> tuple[tuple[str, str], ...]:
        allowed = EDGE_TYPE[edge_type].ends
        if not self._build.rows(f"edges/{edge_type}"):
            return ()
        if len(allowed) == 1:
            return allowed
        table = self._build.edges(edge_type, ["source_label", "target_label"])
        pairs = table.group_by(["source_label", "target_label"]).aggregate([]).to_pylist()
        found = {(pair["source_label"], pair["target_label"]) for pair in pairs}
        return tuple(pair for pair in allowed if pair in found)

    def _table(self, label: str) -> dict[str, NodeName]:
        if label not in self._tables:
            self._tables[label] = self._read(label)
        return self._tables[label]

    def _read(self, label: str) -> dict[str, NodeName]:
        has_symbol = label in ("Gene", "Protein", "Transcript")
        columns = ["id", "name", "symbol"] if has_symbol else ["id", "name"]
        table = self._build.nodes(label, columns)
        ids, names = table["id"].to_pylist(), table["name"].to_pylist()
        symbols = table["symbol"].to_pylist() if has_symbol else [None] * len(ids)
        return {
            node: NodeName(node, label, name or node, symbol)
            for node, name, symbol in zip(ids, names, symbols, strict=True)
        }

    def _map(self, which: str) -> dict[str, tuple[str, ...]]:
        if which not in self._maps:
            edges = self._build.edges("ENCODES", ["source", "target", "canonical"])
            self._maps["products"] = _grouped(edges, "source", "target")
            self._maps["genes"] = _grouped(edges, "target", "source")
        return self._maps[which]


def _grouped(edges: pa.Table, by: str, what: str) -> dict[str, tuple[str, ...]]:
    """Find what is at the other end, canonical edges only where there are some."""
    every: dict[str, list[str]] = {}
    chosen: dict[str, list[str]] = {}
    columns = (edges[name].to_pylist() for name in (by, what, "canonical"))
    for one, other, canonical in zip(*columns, strict=True):
        every.setdefault(one, []).append(other)
        if canonical:
            chosen.setdefault(one, []).append(other)
    return {one: tuple(sorted(chosen.get(one, others))) for one, others in every.items()}


def _labels_of(node: str) -> tuple[str, ...]:
    prefix = node.partition(":")[0]
    return tuple(label.name for label in LABELS if prefix in label.prefixes) or ("Gene",)
