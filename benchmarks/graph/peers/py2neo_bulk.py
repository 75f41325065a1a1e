"""The bulk helpers of py2neo on rows from a file; run with a Python that has py2neo.

    python py2neo_bulk.py URI PASSWORD rows.json

Prints the seconds of the writing alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from typing import Any

from py2neo import Graph
from py2neo.bulk import merge_nodes, merge_relationships

BATCH = 10_000


def main(uri: str, password: str, path: str) -> None:
    """Write nodes per label, then edges per type and labels of their ends."""
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    nodes: dict[str, list[Any]] = defaultdict(list)
    for node in rows["nodes"]:
        nodes[node["label"]].append(node["properties"])
    edges: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for edge in rows["edges"]:
        kind = (edge["source_label"], edge["type"], edge["target_label"])
        edges[kind].append((edge["source"], edge["properties"], edge["target"]))
    graph = Graph(uri, auth=("neo4j", password))
    start = time.perf_counter()
    for label, those in nodes.items():
        for i in range(0, len(those), BATCH):
            merge_nodes(graph.auto(), those[i : i + BATCH], (label, "id"))
    between = time.perf_counter()
    for (source, kind, target), those in edges.items():
        for i in range(0, len(those), BATCH):
            merge_relationships(
                graph.auto(),
                those[i : i + BATCH],
                (kind, "edge_id"),
                start_node_key=(source, "id"),
                end_node_key=(target, "id"),
            )
    end = time.perf_counter()
    json.dump({"nodes_s": between - start, "edges_s": end - between}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
