"""The edges, sources and publications behind an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from tosg_graph.ask.compile import MOST_CITED, cited_query
from tosg_graph.ask.nodes import NodeNames
from tosg_graph.ask.pattern import Query
from tosg_graph.ask.plan import Plan
from tosg_graph.build.tables import Build
from tosg_graph.graph.result import ResultTable

Edge = dict[str, Any]
Read = Callable[[Query], ResultTable]

#: Edges cited for one answer and one relation.
EDGES_PER_ANSWER = 5
#: Answers whose edges are fetched together.
_PAGE = 40
#: How often a page is halved at most.
_HALVED = 12
#: Properties of an edge that a citation repeats.
_CITED = ("sign", "action", "affinity", "mechanisms", "sources", "pmids", "licences", "n_evidence")


@dataclass(slots=True)
class Support:
    """Edges behind answers.

    Parameters
    ----------
    chains
        Answer → chains of edges that make it one, the best supported first.
    cut
        Whether edges were left out.
    """

    chains: dict[str, list[list[Edge]]] = field(default_factory=dict)
    cut: bool = False

    def add(self, answer: str, chain: list[Edge]) -> None:
        """Keep a chain, each once."""
        kept = self.chains.setdefault(answer, [])
        if not any(_ids(chain) == _ids(other) for other in kept):
            kept.append(chain)

    def edges(self) -> dict[str, tuple[str, Edge]]:
        """Edge id → the answer that it stands behind, and the edge; in the order of the answers."""
        found: dict[str, tuple[str, Edge]] = {}
        for answer, chains in self.chains.items():
            for chain in chains:
                for edge in chain:
                    found.setdefault(edge["edge_id"], (answer, edge))
        return found


def support(
    plan: Plan,
    answers: Sequence[str],
    engine: str,
    read: Read,
    detected: Mapping[int, Sequence[str]],
) -> Support:
    """Fetch the edges that make the relations of a plan true for some answers."""
    found = Support({answer: [] for answer in answers})
    for join in plan.answer.joins:
        pages = [answers[first : first + _PAGE] for first in range(0, len(answers), _PAGE)]
        halved = 0
        while pages:
            page = pages.pop(0)
            rows = read(cited_query(plan, join, engine, page, detected=detected))
            full = rows.truncated or len(rows) >= MOST_CITED
            if full and len(page) > 1 and halved < _HALVED:
                # Some answer has so many edges that the others of its page would go without.
                half = len(page) // 2
                pages[:0] = [page[:half], page[half:]]
                halved += 1
                continue
            found.cut |= full
            _take(found, rows)
    return found


def _take(found: Support, rows: ResultTable) -> None:
    taken: dict[str, int] = {}
    for row in rows.rows:
        answer, *edges = row
        chain = _chain(edges)
        if taken.get(answer, 0) >= EDGES_PER_ANSWER:
            found.cut = True
            continue
        before = len(found.chains.setdefault(answer, []))
        found.add(answer, chain)
        taken[answer] = taken.get(answer, 0) + len(found.chains[answer]) - before


def _chain(values: Sequence[Any]) -> list[Edge]:
    """Edges of a row: single ones, or the list of a path with its length."""
    if values and isinstance(values[0], list):
        return [_cited(edge) for edge in values[0]]
    return [_cited(edge) for edge in values if isinstance(edge, dict)]


def _cited(edge: Mapping[str, Any]) -> Edge:
    kept = {name: edge[name] for name in ("edge_id", "type", "source", "target")}
    return kept | {name: edge[name] for name in _CITED if edge.get(name) is not None}


def of_paths(paths: Iterable[Sequence[Mapping[str, Any]]]) -> Support:
    """Collect the edges of paths, under the last node of each."""
    found = Support()
    for path in paths:
        found.add(str(path[-1]["target"]), [_cited(edge) for edge in path])
    return found


def of_build(build: Build, edge_ids: Mapping[str, str]) -> Support:
    """Edges by id, read from the build.

    Parameters
    ----------
    edge_ids
        Edge id → the answer that it stands behind.
    """
    found = Support()
    for edge_type in build.edge_types:
        wanted = [("edge_id", "in", list(edge_ids))]
        rows = pq.read_table(build.file(f"edges/{edge_type}"), filters=wanted).to_pylist()
        for row in rows:
            found.add(edge_ids[row["edge_id"]], [_cited({**row, "type": edge_type})])
    return found


def statements(build: Build, edge_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Collect the statements of the sources behind some facts, in the order of the build."""
    table = pq.read_table(build.file("evidence"), filters=[("edge_id", "in", list(edge_ids))])
    rows: list[dict[str, Any]] = table.to_pylist()
    return sorted(
        rows, key=lambda row: (edge_ids.index(row["edge_id"]), row["source"], row["line"])
    )


def citations(found: Support) -> list[dict[str, Any]]:
    """One entry per edge: what it says, whose statement it is, under which licence."""
    entries = []
    for answer, edge in found.edges().values():
        entry: dict[str, Any] = {"answer": answer, "edge_id": edge["edge_id"], "type": edge["type"]}
        entry |= {"source": edge["source"], "target": edge["target"], "sign": edge.get("sign")}
        entry |= {name: edge.get(name) or [] for name in ("sources", "pmids", "licences")}
        entries.append(entry)
    return entries


def subgraph(
    found: Support, answers: Iterable[str], names: NodeNames
) -> dict[str, list[dict[str, Any]]]:
    """Collect the nodes and edges of the evidence, and the answers that are nodes."""
    edges = [edge for _, edge in found.edges().values()]
    ids = dict.fromkeys(answers)
    for edge in edges:
        ids |= dict.fromkeys((edge["source"], edge["target"]))
    nodes = []
    for node in ids:
        known = names.get(node)
        entry = {"id": node, "label": known.label, "name": known.name}
        nodes.append(entry | ({"symbol": known.symbol} if known.symbol else {}))
    kept = ("edge_id", "type", "source", "target", "sign")
    return {"nodes": nodes, "edges": [{name: e.get(name) for name in kept} for e in edges]}


def _ids(chain: Iterable[Edge]) -> list[str]:
    return [edge["edge_id"] for edge in chain]
