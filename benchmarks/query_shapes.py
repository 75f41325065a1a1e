"""Shapes of reading queries that an engine does not survive: the figures behind docs/gate.md.

Each shape runs at growing sizes in a process of its own, on the raw embedded engine over an empty
graph, or, with ``--neo4j``, through EXPLAIN on a server that is there for this alone: a shape that
hangs keeps a thread of it busy until it is stopped. Prints JSON.

Usage: python benchmarks/query_shapes.py [--neo4j bolt://127.0.0.1:7687 --password …]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

LIMIT = 20  # seconds per query
SHAPES: dict[str, tuple[Callable[[int], str], tuple[int, ...]]] = {
    "1 + 1 + …": (lambda n: "RETURN 1" + "+1" * n, (200, 2_000, 9_900)),
    "2 ^ 1 ^ …": (lambda n: "RETURN 2" + "^1" * n, (200, 2_000, 9_000)),
    "x.a.a.a…": (lambda n: "WITH {a: 1} AS x RETURN x" + ".a" * n, (16, 200, 500)),
    "CASE WHEN … THEN CASE": (
        lambda n: "RETURN " + "CASE WHEN true THEN " * n + "1" + " END" * n,
        (4, 8, 16, 24),
    ),
    "CASE CASE …": (
        lambda n: "RETURN " + "CASE " * n + "1" + " WHEN 1 THEN 1 END" * n,
        (4, 10, 14),
    ),
    "relationships in a chain": (lambda n: "MATCH (a)" + "--()" * n + " RETURN 1", (5, 10, 20)),
    "relationships in a star": (
        lambda n: (
            "MATCH (a:Protein)"
            + "".join(f", (a)-[:ACTIVATES]->(b{i}:Protein)" for i in range(n))
            + " RETURN 1"
        ),
        (5, 10, 16),
    ),
}


def embedded(query: str) -> None:
    """Run a query on an empty embedded graph."""
    import ladybug

    from tosg_graph.graph.ddl import embedded_tables

    with tempfile.TemporaryDirectory() as folder:
        connection = ladybug.Connection(ladybug.Database(f"{folder}/graph"))
        for statement in embedded_tables():
            connection.execute(statement)
        connection.set_query_timeout(2_000)
        began = time.perf_counter()
        connection.execute(query)
        print(time.perf_counter() - began)


def server(query: str, uri: str, password: str) -> None:
    """Ask a server for the plan of a query."""
    import neo4j

    with neo4j.GraphDatabase.driver(uri, auth=("neo4j", password)) as driver:
        driver.verify_connectivity()
        began = time.perf_counter()
        driver.execute_query("EXPLAIN " + query)
        print(time.perf_counter() - began)


def outcome(shape: str, size: int, options: list[str]) -> str:
    """Seconds that a query took, or how it ended."""
    command = [sys.executable, __file__, *options, "--shape", shape, "--size", str(size)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"not back after {LIMIT} s"
    if done.returncode < 0:
        return f"the process died of signal {-done.returncode}"
    if done.returncode:
        return "error: " + done.stderr.strip().splitlines()[-1][:120]
    return f"{float(done.stdout):.2f} s"


def main() -> None:
    """Run every shape, or the one that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neo4j", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--shape")
    parser.add_argument("--size", type=int)
    given = parser.parse_args()
    if given.shape:
        query = SHAPES[given.shape][0](given.size)
        if given.neo4j:
            server(query, given.neo4j, given.password)
        else:
            embedded(query)
        return
    options = ["--neo4j", given.neo4j, "--password", given.password] if given.neo4j else []
    found = {
        shape: {str(size): outcome(shape, size, options) for size in sizes}
        for shape, (_, sizes) in SHAPES.items()
    }
    machine = {"python": platform.python_version(), "cpus": os.cpu_count()}
    print(json.dumps({"machine": machine, "engine": given.neo4j or "embedded", "shapes": found}))


if __name__ == "__main__":
    main()
