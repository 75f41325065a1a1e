"""What the tiny graph says, worked out from its constants with plain Python."""

from __future__ import annotations

from tests.tiny import (
    CELL_TYPES,
    DISEASES,
    DRUGS,
    GENES,
    INTEGRIN,
    MEMBERS,
    PATHWAYS,
    RECEPTORS,
    SECRETED,
    SIGNALS,
    TRANSCRIPTS,
    edge_rows,
    gene,
    node_rows,
    protein,
)

IMATINIB, ERLOTINIB = "DrugCentral:1423", "DrugCentral:1045"
LUNG, CML, CANCER = "DOID:1324", "DOID:8552", "DOID:162"
EGFR_PATHWAY, MAPK_PATHWAY, ROOT_PATHWAY = (
    "REACT:R-HSA-177929",
    "REACT:R-HSA-5683057",
    "REACT:R-HSA-162582",
)


def proteins(*symbols: str) -> set[str]:
    return {protein(symbol) for symbol in symbols}


def genes(*symbols: str) -> set[str]:
    return {gene(symbol) for symbol in symbols}


def joined(*kinds: str, source: str | None = None, target: str | None = None) -> set[str]:
    """The other ends of the edges of some types at a node."""
    found = set()
    for kind in kinds:
        for edge in edge_rows()[kind]:
            if source is not None and edge["source"] == source:
                found.add(edge["target"])
            if target is not None and edge["target"] == target:
                found.add(edge["source"])
    return found


def with_sign(sign: int, *, source: str | None = None, target: str | None = None) -> set[str]:
    """The other ends of signalling and drug edges with a sign."""
    found = set()
    for kind in ("ACTIVATES", "INHIBITS", "TARGETS"):
        for edge in edge_rows()[kind]:
            if (
                edge["sign"] == sign
                and source in (None, edge["source"])
                and target in (None, edge["target"])
            ):
                found.add(edge["source"] if source is None else edge["target"])
    return found


def downstream(start: str, steps: int) -> set[str]:
    """Proteins that signalling reaches within some steps, without the start."""
    reached, front = set(), {start}
    for _ in range(steps):
        front = {protein(b) for a, _, b, *_ in SIGNALS if protein(a) in front}
        reached |= front
    return reached - {start}


def upstream(start: str, steps: int) -> set[str]:
    reached, front = set(), {start}
    for _ in range(steps):
        front = {protein(a) for a, _, b, *_ in SIGNALS if protein(b) in front}
        reached |= front
    return reached - {start}


def pmids(source: str, kind: str, target: str) -> set[str]:
    """Publications behind a signalling fact."""
    return {
        f"PMID:{pmid}"
        for a, k, b, _, found, _ in SIGNALS
        if (a, k, b) == (source, kind, target)
        for pmid in found
    }


def neighbours(*nodes: str) -> set[str]:
    """Both ends of every edge at some nodes, without the nodes that no edge joins to another."""
    found = set()
    for edges in edge_rows().values():
        for edge in edges:
            if edge["source"] in nodes:
                found.add(edge["target"])
            if edge["target"] in nodes:
                found.add(edge["source"])
    return found


N_NODES = sum(map(len, node_rows().values()))
N_EDGES = sum(map(len, edge_rows().values()))
EDGE_IDS = {edge["edge_id"]: edge for edges in edge_rows().values() for edge in edges}

__all__ = [
    "CANCER",
    "CELL_TYPES",
    "CML",
    "DISEASES",
    "DRUGS",
    "EDGE_IDS",
    "EGFR_PATHWAY",
    "ERLOTINIB",
    "GENES",
    "IMATINIB",
    "INTEGRIN",
    "LUNG",
    "MAPK_PATHWAY",
    "MEMBERS",
    "N_EDGES",
    "N_NODES",
    "PATHWAYS",
    "RECEPTORS",
    "ROOT_PATHWAY",
    "SECRETED",
    "TRANSCRIPTS",
    "downstream",
    "gene",
    "genes",
    "joined",
    "neighbours",
    "pmids",
    "protein",
    "proteins",
    "upstream",
    "with_sign",
]
