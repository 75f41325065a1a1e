"""BioCypher's online mode on rows from a file; run with a Python that has biocypher.

    python biocypher_online.py URI PASSWORD rows.json

Its driver is called as BioCypher calls it, without a schema configuration, whose ontology would
have to be downloaded first. It needs APOC on the server. Prints the seconds of the writing alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from biocypher._create import BioCypherEdge, BioCypherNode
from biocypher.output.connect._neo4j_driver import _Neo4jDriver

BATCH = 10_000


def batches(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows in pieces of the size that our loader sends."""
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def main(uri: str, password: str, path: str) -> None:
    """Write nodes, then edges."""
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    nodes = [
        BioCypherNode(
            node_id=n["properties"]["id"], node_label=n["label"], properties=dict(n["properties"])
        )
        for n in rows["nodes"]
    ]
    edges = [
        BioCypherEdge(e["source"], e["target"], e["type"], properties=dict(e["properties"]))
        for e in rows["edges"]
    ]
    driver = _Neo4jDriver("neo4j", uri, "neo4j", password, False, None, increment_version=False)
    start = time.perf_counter()
    for batch in batches(nodes):
        driver.add_biocypher_nodes(batch)
    between = time.perf_counter()
    for batch in batches(edges):
        driver.add_biocypher_edges(batch)
    end = time.perf_counter()
    json.dump({"nodes_s": between - start, "edges_s": end - between}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
