"""A living database comes from one build to the next, whole, or is completed after a kill."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graph.changing import random_tables, tiny_changed
from tests.graph.plans import one_edge, one_node, scans
from tests.neo4j_server import RELEASES, Server
from tests.tiny import write_build
from tosg_graph.build.diff import Diff, diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings
from tosg_graph.errors import StoreError
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.ddl import schema_cypher
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.neo4j_batches import (
    add_edges,
    change_edges,
    set_nodes,
    withdraw_edges,
    withdraw_nodes,
)
from tosg_graph.graph.parts import EdgePart
from tosg_graph.schema import EDGE_TYPES, LABELS, triplets


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return write_build(tmp_path_factory.mktemp("changed") / "build", tiny_changed(), "changed0")


@pytest.fixture(scope="module")
def step(tiny: Build, changed: Build, tmp_path_factory: pytest.TempPathFactory) -> Diff:
    return diff(tiny, changed, tmp_path_factory.mktemp("diffs"))


@pytest.fixture
def server(neo4j_settings: Neo4jSettings) -> Iterator[Neo4jStore]:
    with Neo4jStore(neo4j_settings) as store:
        yield store


# ---- the embedded file -----------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_an_updated_file_is_a_fresh_load(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, chance = tmp_path_factory.mktemp("pair"), random.Random(seed)
    before = write_build(folder / "a", random_tables(chance), "before")
    after = write_build(folder / "b", random_tables(chance), "after")
    with EmbeddedStore(folder / "graph.lbug") as store:
        store.load(before)
        report = store.apply(diff(before, after, folder / "diffs"))
        assert report.how == "loaded"
        assert store.build_id() == "after"
        assert store.fingerprint() == fingerprint_of_build(after)
        assert store.apply(diff(before, after, folder / "diffs")).how == "unchanged"


def test_a_file_of_another_build_is_not_updated(small: Build, step: Diff, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "graph.lbug") as store:
        with pytest.raises(StoreError, match=r"holds no build .* tosg load"):
            store.apply(step)
        store.load(small)
        with pytest.raises(StoreError, match=rf"holds build {small.id}; .* tosg load"):
            store.apply(step)
        assert store.build_id() == small.id


# ---- a server --------------------------------------------------------------------------------


@pytest.mark.neo4j
def test_a_server_comes_to_the_next_build_and_back(
    server: Neo4jStore, tiny: Build, changed: Build, step: Diff, tmp_path: Path
) -> None:
    server.load(tiny)
    said: list[str] = []
    report = server.apply(step, progress=said.append)
    assert (report.how, report.from_build, report.build_id) == ("changes", tiny.id, changed.id)
    assert report.nodes == {"added": 1, "withdrawn": 1, "changed": 1}
    assert "Drug: 1 withdrawn" in said
    assert server.fingerprint() == fingerprint_of_build(changed)
    assert server.build_id() == changed.id
    run = server.last_update()
    assert run is not None
    assert (run["build"], run["from"], run["nodes"]) == (changed.id, tiny.id, "+1-1~1")
    assert server.apply(step).how == "unchanged"
    assert not server.load(changed).changed  # a load finds it whole

    back = server.apply(diff(changed, tiny, tmp_path))
    assert back.how == "changes"
    assert server.fingerprint() == fingerprint_of_build(tiny)
    again = server.last_update()
    assert again is not None
    assert again["build"] == tiny.id
    server.load(changed)
    assert server.last_update() is None  # loaded whole


@pytest.mark.neo4j
@pytest.mark.only_on("2026")
def test_random_pairs_on_a_server(server: Neo4jStore, tmp_path: Path) -> None:
    """The embedded file, which is quicker, goes through many more."""
    chance = random.Random(5)
    builds = [
        write_build(tmp_path / f"b{i}", random_tables(chance), f"random-{i}") for i in range(6)
    ]
    server.load(builds[0])
    for before, after in itertools.pairwise(builds):
        assert server.apply(diff(before, after, tmp_path / "diffs")).how == "changes"
        assert server.fingerprint() == fingerprint_of_build(after)


@pytest.mark.neo4j
def test_a_vector_stays_while_its_text_does(
    server: Neo4jStore, neo4j_server: Server, tmp_path: Path
) -> None:
    nodes = [{"id": f"X:{i}", "name": "old", "text": "Same."} for i in range(3)]
    changes = [{}, {"name": "new"}, {"text": "Other."}]
    before = write_build(tmp_path / "a", {"nodes/Protein": nodes}, "before")
    later = [{**node, **change} for node, change in zip(nodes, changes, strict=True)]
    after = write_build(tmp_path / "b", {"nodes/Protein": later}, "after")
    server.load(before)
    neo4j_server.run("MATCH (n:Protein) SET n.embedding = [0.5, 0.25]")
    server.apply(diff(before, after, tmp_path / "diffs"))
    kept = "MATCH (n:Protein) RETURN n.id, n.embedding ORDER BY n.id"
    assert neo4j_server.run(kept) == [["X:0", [0.5, 0.25]], ["X:1", [0.5, 0.25]], ["X:2", None]]


@pytest.mark.neo4j
def test_a_server_that_holds_neither_build_is_left(
    server: Neo4jStore, neo4j_server: Server, tiny: Build, small: Build, step: Diff
) -> None:
    with pytest.raises(StoreError, match=r"holds no whole build; .* tosg load"):
        server.apply(step)
    server.load(small)
    with pytest.raises(StoreError, match=rf"holds build {small.id}; .* tosg load"):
        server.apply(step)
    assert server.fingerprint() == fingerprint_of_build(small)
    server.load(tiny)
    neo4j_server.run("MATCH (:Drug)-[r:TREATS]->() DELETE r")
    with pytest.raises(StoreError, match=r"somebody else changed it: .* tosg load"):
        server.apply(step)


@pytest.mark.neo4j
def test_update_statements_never_scan(neo4j_settings: Neo4jSettings, neo4j_server: Server) -> None:
    for line in schema_cypher().splitlines():
        if line.startswith("CREATE"):
            neo4j_server.run(line.rstrip(";"))
    batches = [batch for label in LABELS for batch in set_nodes(label.name, one_node(label))]
    batches += [withdraw_nodes(label.name, one_node(label)) for label in LABELS]
    for a, kind, b in triplets():
        part = EdgePart(a, b, one_edge(kind))
        batches += itertools.chain.from_iterable(add_edges(kind, part))
    for edge in EDGE_TYPES:
        row = one_edge(edge.name)
        batches += [*change_edges(edge.name, row), withdraw_edges(edge.name, row)]
    once = {batch.statement: batch for batch in batches}
    for batch in once.values():
        found = scans(neo4j_server, batch.statement, **batch.parameters)
        assert not found, batch.statement


# ---- kills -----------------------------------------------------------------------------------

#: Applies a difference and stops for ever where it is told to, saying so.
_UPDATE = """
import sys, time
from dataclasses import replace
from pathlib import Path
from tosg_graph.build.diff import Diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.neo4j_update import Updater
uri, password, folder, before, after, writes = sys.argv[1:]
step = Diff.open(Path(folder), Build.open(before), Build.open(after))
with Neo4jStore(Neo4jSettings(uri, password=password)) as store:
    whole, left = store._updater, [int(writes)]
    def stop_at(call):
        def stopping(*given):
            if left[0] == 0:
                print("here", flush=True)
                time.sleep(600)
            left[0] -= 1
            return call(*given)
        return stopping
    ways = {name: stop_at(getattr(whole, name)) for name in ("write", "write_all", "define")}
    replace(whole, **ways).update(step)
    print("done", flush=True)
"""


def _kill_after(settings: Neo4jSettings, step: Diff, writes: int) -> bool:
    """Update in another process, killed after so many writes; False when it was done before."""
    words = [settings.uri, settings.password, step.path, step.before.path, step.after.path, writes]
    process = subprocess.Popen(
        [sys.executable, "-c", _UPDATE, *map(str, words)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.readline().strip()
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert said in ("here", "done")
    return said == "here"


#: After how many writes an update is killed: others on each version.
_KILLS = {"5.26": (1, 6, 40), "2026": (2, 4, 8, 40)}


@pytest.mark.neo4j
def test_a_killed_update_is_completed_wherever_it_was(
    server: Neo4jStore, neo4j_server: Server, neo4j_settings: Neo4jSettings,
    tiny: Build, changed: Build, step: Diff,
) -> None:  # fmt: skip
    kills = 0
    for writes in next(_KILLS[name] for name, of in RELEASES.items() if of is neo4j_server.release):
        server.load(tiny)
        if not _kill_after(neo4j_settings, step, writes):
            break
        if server.build_id() == changed.id:  # it was done, but for the note of what it did
            break
        kills += 1
        assert server.build_id() is None
        assert server.unfinished_update() == (tiny.id, changed.id)
        assert server.apply(step).how == "completed"
        assert server.fingerprint() == fingerprint_of_build(changed)
        assert server.unfinished_update() is None
    assert kills >= 2
    assert server.fingerprint() == fingerprint_of_build(changed)


@pytest.mark.neo4j
def test_a_killed_update_gives_way_to_a_load_of_another_build(
    server: Neo4jStore, neo4j_settings: Neo4jSettings, tiny: Build, small: Build, step: Diff
) -> None:
    server.load(tiny)
    assert _kill_after(neo4j_settings, step, 6)
    back = "an unfinished update from build .* tosg load"
    with pytest.raises(StoreError, match=back):
        server.apply(diff(tiny, small, step.path.parent))
    server.load(small)
    assert server.fingerprint() == fingerprint_of_build(small)
    assert server.unfinished_update() is None
