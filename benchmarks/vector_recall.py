"""How many of the true neighbours the vector indexes of a Neo4j server find: for docs/neo4j.md.

Random vectors are indexed with a server's own settings and with those of this project, and searched
with growing numbers of neighbours asked for, of which the nearest ten are kept. The truth is a
product of matrices. Needs an empty server for itself; prints JSON.

Usage: python benchmarks/vector_recall.py bolt://127.0.0.1:7687 PASSWORD [--vectors 8000]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

import neo4j
import numpy as np

from tosg_graph.graph.ddl import neo4j_vector_index, vector_index

DIMS, QUERIES, WANTED, ASKED = 64, 50, 10, (10, 50, 100, 200)
LABEL = "Protein"
INDEX = vector_index(LABEL)
OWN = neo4j_vector_index(LABEL, DIMS)
SERVERS = OWN.replace(", `vector.quantization.enabled`: false", "")


def main() -> None:
    """Measure both indexes on one server."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("uri")
    words.add_argument("password")
    words.add_argument("--vectors", type=int, default=8_000)
    given = words.parse_args()
    chance = np.random.default_rng(0)
    vectors = chance.normal(size=(given.vectors, DIMS)).astype(np.float32)
    queries = chance.normal(size=(QUERIES, DIMS)).astype(np.float32)
    with neo4j.GraphDatabase.driver(given.uri, auth=("neo4j", given.password)) as driver:
        (held,) = driver.execute_query("MATCH (n) RETURN count(n)").records[0]
        if held:
            raise SystemExit(f"{given.uri} holds {held} nodes; it must be empty")
        try:
            _fill(driver, vectors)
            found = {
                name: dict(_recall(driver, statement, vectors, queries))
                for name, statement in (("default", SERVERS), ("of this project", OWN))
            }
        finally:
            driver.execute_query(f"DROP INDEX {INDEX} IF EXISTS")
            driver.execute_query(f"MATCH (n:{LABEL}) DELETE n")
        agent = driver.get_server_info().agent
    print(json.dumps({"server": agent, "vectors": given.vectors, "recall": found}, indent=1))


def _fill(driver: neo4j.Driver, vectors: np.ndarray) -> None:
    create = f"UNWIND $rows AS row CREATE (:{LABEL} {{i: row.i, embedding: row.v}})"
    for first in range(0, len(vectors), 2_000):
        part = enumerate(vectors[first : first + 2_000].tolist(), first)
        driver.execute_query(create, rows=[{"i": i, "v": vector} for i, vector in part])


def _recall(
    driver: neo4j.Driver, statement: str, vectors: np.ndarray, queries: np.ndarray
) -> Iterator[tuple[str, Any]]:
    """Yield seconds until the index was online, then the share found per number asked for."""
    driver.execute_query(f"DROP INDEX {INDEX} IF EXISTS")
    began = time.perf_counter()
    driver.execute_query(statement)
    driver.execute_query("CALL db.awaitIndexes(600)")
    yield "seconds until online", round(time.perf_counter() - began, 1)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = np.argsort(-(queries @ unit.T), axis=1)[:, :WANTED]
    call = (
        f"CALL db.index.vector.queryNodes('{INDEX}', $asked, $vector) YIELD node, score "
        f"RETURN node.i ORDER BY score DESC LIMIT {WANTED}"
    )
    for asked in ASKED:
        hits = 0
        for vector, nearest in zip(queries.tolist(), truth.tolist(), strict=True):
            records = driver.execute_query(call, asked=asked, vector=vector).records
            hits += len({record[0] for record in records} & set(nearest))
        yield f"asked for {asked}", round(hits / (QUERIES * WANTED), 3)


if __name__ == "__main__":
    main()
