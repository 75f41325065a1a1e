"""What a graph costs on a real Neo4j, beside the bare importer, the bare driver and other tools.

    python benchmarks/graph/server.py --scale 0.1 --out benchmarks/results/neo4j.json \
        --biocypher PYTHON --apoc FOLDER --py2neo PYTHON

The server comes from Maven artefacts as in the tests (Java and Maven are needed). ``--data DIR``
takes the public files of a folder in place of synthetic ones, and leaves the update out. Measured
are

offline
    ``bulk_load`` of the build, and ``neo4j-admin`` alone on CSV files of the same rows, in turn.
living
    ``load`` of 100,000 edges into a running server; the same statements, batches and indexes by the
    driver alone, from rows that are in memory already; BioCypher's online mode and py2neo's bulk
    helpers, where a Python that has them is given.
update
    From one release to the next, of which one hundredth of the facts differ: the diff and its
    application, against building and importing the new release.
queries
    Every named query on the updated database, as :mod:`queries` asks it.
topology
    Every edge through Bolt into ``HeteroData``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import neo4j
import pyarrow as pa
import pyarrow.compute as pc
import queries
import synthetic
from run import PUBLIC

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.neo4j_server import PASSWORD, RELEASES, Server  # noqa: E402
from tosg_graph.build.tables import Build  # noqa: E402
from tosg_graph.config import Settings  # noqa: E402
from tosg_graph.graph import bulk_import  # noqa: E402
from tosg_graph.graph.ddl import neo4j_constraints, neo4j_indexes  # noqa: E402
from tosg_graph.graph.neo4j import Neo4jStore  # noqa: E402
from tosg_graph.graph.neo4j_batches import Batch  # noqa: E402
from tosg_graph.graph.neo4j_load import batches_of  # noqa: E402
from tosg_graph.graph.parts import edge_parts, rows_of, tables_of  # noqa: E402
from tosg_graph.schema import triplets  # noqa: E402
from tosg_graph.workspace import Workspace  # noqa: E402

#: Share of the whole at which the synthetic graph has about 100,000 edges.
LIVING = 0.0061
_JVM = ("-XX:-UseSerialGC", "-XX:+UseParallelGC", "-XX:TieredStopAtLevel=4", "-Xmx4g")


def timed(work: Callable[[], Any]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def server(release: str, home: Path) -> Server:
    """A home of a server with the memory that a user would give it, not started."""
    made = Server(RELEASES[release], home, jvm=_JVM)
    made.options = {"server.memory.pagecache.size": "2g"}
    made.configure()
    return made


def settings_of(running: Server) -> Settings:
    """Settings that name a server and its ``neo4j-admin``."""
    return replace(
        Settings.from_environment(),
        neo4j=running.settings,
        neo4j_admin=" ".join(f"'{word}'" for word in running.admin),
    )


def workspace(path: Path, running: Server) -> Workspace:
    """A workspace that talks to a server."""
    return Workspace(path, settings=settings_of(running))


# ---- offline ---------------------------------------------------------------------------------


def offline(build: Build, folder: Path, release: str, repeats: int) -> dict[str, Any]:
    """Seconds of our import and of ``neo4j-admin`` alone, alternating."""
    files = bulk_import._write(build, folder / "csv", None)
    size = sum(path.stat().st_size for path in files.folder.iterdir())
    ours, bare = [], []
    for i in range(repeats):
        home = server(release, folder / f"bare{i}")
        command = [*home.admin, "database", "import", "full", "neo4j"]
        bare.append(
            timed(
                lambda c=command: bulk_import._run(
                    [*c, *files.options(), *files.arguments], "neo4j"
                )
            )
        )
        shutil.rmtree(home.home)
        home = server(release, folder / f"ours{i}")
        admin = list(home.admin)
        ours.append(timed(lambda a=admin: bulk_import.bulk_import(build, neo4j_admin=a)))
        if i < repeats - 1:
            shutil.rmtree(home.home)
    shutil.rmtree(folder / "csv")
    return {
        "ours_s": ours,
        "bare_s": bare,
        "ratio": statistics.median(ours) / statistics.median(bare),
        "csv_mb": size / 1e6,
        "home": str(home.home),
    }


# ---- living ----------------------------------------------------------------------------------


def bare_loop(running: Server, sent: list[Batch]) -> None:
    """Send batches with the driver alone, between constraints and indexes."""
    with running.driver() as driver, driver.session() as session:
        for statement in neo4j_constraints():
            session.run(statement).consume()
        for batch in sent:
            session.execute_write(lambda tx, b=batch: tx.run(b.statement, b.parameters).consume())
        for statement in neo4j_indexes():
            session.run(statement).consume()
        session.run("CALL db.awaitIndexes(3600)").consume()


def plain_rows(build: Build) -> dict[str, list[dict[str, Any]]]:
    """Nodes and edges as a peer takes them."""
    nodes = [
        {"label": label, "properties": row}
        for label in build.labels
        for table in tables_of(build, f"nodes/{label}")
        for row in rows_of(table)
    ]
    edges = [
        {
            "type": kind,
            "source_label": part.source_label,
            "target_label": part.target_label,
            "source": row.pop("source"),
            "target": row.pop("target"),
            "properties": row,
        }
        for kind in build.edge_types
        for part in edge_parts(build, kind)
        for row in rows_of(part.rows)
    ]
    return {"nodes": nodes, "edges": edges}


def peer(running: Server, python: Path, script: str, rows: Path) -> dict[str, float]:
    """Run a peer on an empty database that has the constraints on ids."""
    with running.driver() as driver, driver.session() as session:
        for statement in neo4j_constraints():
            session.run(statement).consume()
    command = [str(python), str(HERE / "peers" / script), running.settings.uri, PASSWORD, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=rows.parent)
    if done.returncode:
        raise SystemExit(f"{script} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def living(
    folder: Path, release: str, repeats: int, peers: dict[str, Path], apoc: Path | None
) -> dict[str, Any]:
    """Load 100,000 edges into a running server in every way."""
    synthetic.write(folder / "data", LIVING)
    build = Workspace(folder / "work").build(folder / "data")
    rows = folder / "rows.json"
    rows.write_text(json.dumps(plain_rows(build)))
    running = server(release, folder / "home")
    if apoc is not None:
        plugins = shutil.copytree(apoc, running.home / "plugins")
        running.lib = f"{running.lib}/*:{plugins}"  # extensions come from the class path only
        running.configure(dbms__security__procedures__unrestricted="apoc.*")
    running.start()
    ours, bare = [], []
    found: dict[str, Any] = {"nodes": build_nodes(build), "edges": build_edges(build)}
    try:
        sent = list(batches_of(build))
        for _ in range(repeats + 1):  # the first run warms the server up
            running.empty()
            bare.append(timed(lambda: bare_loop(running, sent)))
            running.empty()
            with workspace(folder / "work", running) as ws:
                ours.append(timed(ws.load))
        found |= {"ours_s": ours[1:], "bare_s": bare[1:]}
        found["share_of_bare"] = statistics.median(bare[1:]) / statistics.median(ours[1:])
        for script, python in peers.items():
            running.empty()
            found[script] = peer(running, python, script, rows)
            n_edges = running.run("MATCH ()-[r]->() RETURN count(r)")[0][0]
            found[script]["edges"] = n_edges
            whole = found[script]["nodes_s"] + found[script]["edges_s"]
            found[script]["times_ours"] = whole / statistics.median(ours[1:])
    finally:
        running.stop(for_good=True)
    return found


def build_nodes(build: Build) -> int:
    """Number of nodes."""
    return sum(build.rows(f"nodes/{label}") for label in build.labels)


def build_edges(build: Build) -> int:
    """Number of edges."""
    return sum(build.rows(f"edges/{kind}") for kind in build.edge_types)


# ---- update and topology ---------------------------------------------------------------------


def update(ws_path: Path, running: Server) -> dict[str, Any]:
    """Bring a server from the older build, which it holds, to the current one."""
    with workspace(ws_path, running) as ws:
        report: list[Any] = []
        seconds = timed(lambda: report.append(ws.update()))
        assert report[0].how == "changes"
        assert ws.store.build_id() == ws.graph.id
        return {"seconds": seconds, "edges": report[0].edges, "nodes": report[0].nodes}


def topology(running: Server) -> dict[str, Any]:
    """Every edge through Bolt into ``HeteroData``: numbers of ends, sign and evidence count."""
    import torch
    from torch_geometric.data import HeteroData

    data, ids = HeteroData(), {}
    start = time.perf_counter()
    with (
        running.driver() as driver,
        driver.session(default_access_mode=neo4j.READ_ACCESS) as session,
    ):
        for label in {label for a, _, b in triplets() for label in (a, b)}:
            found = session.run(f"MATCH (n:{label}) RETURN n.id ORDER BY n.id").value()
            ids[label] = pa.array(found, pa.string())
            data[label].num_nodes = len(found)
        for a, kind, b in triplets():
            query = f"MATCH (a:{a})-[r:{kind}]->(b:{b}) RETURN a.id, b.id, r.sign, r.n_evidence"
            rows = session.run(query).values()
            if rows:
                source, target, sign, count = (pa.array(c) for c in zip(*rows, strict=True))
                ends = [
                    pc.index_in(column, value_set=ids[label]).to_numpy(zero_copy_only=False)
                    for column, label in ((source, a), (target, b))
                ]
                data[a, kind, b].edge_index = torch.tensor([list(e) for e in ends])
                values = [pc.fill_null(c.cast(pa.float32()), 0).to_numpy() for c in (sign, count)]
                data[a, kind, b].edge_attr = torch.tensor([list(v) for v in values]).T
    return {"seconds": time.perf_counter() - start, "edges": data.num_edges}


def releases(work: Path, folder: Path, given: argparse.Namespace) -> tuple[list[Build], float]:
    """Build the older release and the newer, or the public files alone; seconds of the last."""
    if given.data:
        builds: list[Build] = []
        return builds, timed(lambda: builds.append(Workspace(work).build(given.data)))
    builds, seconds = [Workspace(work).graph] if given.older else [], 0.0
    for lacking in (100,) if given.older else (0, 100):
        data = folder / f"data{lacking}"
        synthetic.write(data, given.scale, lacking=lacking)
        seconds = timed(lambda d=data: builds.append(Workspace(work).build(d)))
    return builds, seconds


def measure(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Import the older of two releases, update to the newer, read it through Bolt."""
    work = given.older / str(given.scale) / "work" if given.older else folder / "work"
    builds, seconds = releases(work, folder, given)
    found: dict[str, Any] = {"nodes": build_nodes(builds[0]), "edges": build_edges(builds[0])}
    found["offline"] = offline(builds[0], folder, given.release, given.repeats)
    running = Server(RELEASES[given.release], Path(found["offline"].pop("home")), jvm=_JVM)
    running.options = {"server.memory.pagecache.size": "2g"}
    running.configure()
    running.start()
    try:
        with Neo4jStore(running.settings) as store:
            found["indexes_s"] = timed(lambda: store.load(builds[0]))
        if len(builds) > 1:
            found["update"] = update(work, running)
            again = seconds + statistics.median(found["offline"]["ours_s"]) + found["indexes_s"]
            found["update"] |= {"rebuild_s": seconds, "again_s": again}
            found["update"]["share_of_again"] = found["update"]["seconds"] / again
        found["queries"] = queries.measure(
            work, samples=given.samples, settings=settings_of(running)
        )
        if given.data or given.scale <= given.bolt_up_to:
            found["topology"] = topology(running)
    finally:
        running.stop(for_good=True)
    return found


def main() -> None:
    """Run everything and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--data", type=Path, help="a folder of public files, in place of a scale")
    parser.add_argument("--release", default="5.26", choices=RELEASES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--samples", type=int, default=20, help="of each named query")
    parser.add_argument(
        "--older", type=Path, help="folder that run.py --keep filled: the older release is there"
    )
    parser.add_argument("--bolt-up-to", type=float, default=0.1)
    parser.add_argument("--biocypher", type=Path, help="a Python that has biocypher")
    parser.add_argument("--py2neo", type=Path, help="a Python that has py2neo")
    parser.add_argument(
        "--apoc", type=Path, help="a folder with the jars of apoc-core, which BioCypher needs"
    )
    parser.add_argument("--skip", nargs="*", default=[], choices=("living", "whole"))
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    scripts = {"biocypher_online.py": given.biocypher, "py2neo_bulk.py": given.py2neo}
    result: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}
    result |= {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "versions": {"neo4j": RELEASES[given.release].version, "driver": version("neo4j")},
    }
    folder = Path(tempfile.mkdtemp(prefix="tosg-neo4j-"))
    try:
        if "living" not in given.skip:
            (folder / "living").mkdir()
            peers = {name: python for name, python in scripts.items() if python is not None}
            result["living"] = living(
                folder / "living", given.release, given.repeats, peers, given.apoc
            )
        if "whole" not in given.skip:
            (folder / "whole").mkdir()
            (folder / "whole" / "csv").mkdir()
            name = PUBLIC if given.data else str(given.scale)
            result.setdefault("scales", {})[name] = measure(folder / "whole", given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
