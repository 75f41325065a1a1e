"""A server that is killed in the middle, and two that fill one database: no row is lost or doubled."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.neo4j_server import Server
from tests.tiny import Row, _edge, write_build
from tosg_graph.build.diff import Diff, diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings
from tosg_graph.errors import StoreError
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.neo4j import Neo4jStore

NODES, FACTS = 2_500, 11_000


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Several batches of nodes and of facts."""
    return write_build(tmp_path_factory.mktemp("wide") / "b", _tables(1), "wide")


@pytest.fixture(scope="module")
def step(wide: Build, tmp_path_factory: pytest.TempPathFactory) -> Diff:
    """To a build in which every third node and many facts are others."""
    folder = tmp_path_factory.mktemp("step")
    return diff(wide, write_build(folder / "b", _tables(7), "wider"), folder / "diffs")


def _tables(stride: int) -> dict[str, list[Row]]:
    ids = [f"X:{i:05}" for i in range(NODES)]
    nodes = [
        {"id": x, "name": f"{x} {stride if i % 3 == 0 else 0}", "text": "A text."}
        for i, x in enumerate(ids)
    ]
    pairs = {(i % NODES, (i * (i // NODES + stride) + 1) % NODES) for i in range(FACTS)}
    facts = [
        _edge("ACTIVATES", ids[a], "Protein", ids[b], "Protein", "signor") for a, b in sorted(pairs)
    ]
    return {"nodes/Protein": nodes, "edges/ACTIVATES": facts}


@contextmanager
def at_writes(
    store: Neo4jStore, writes: Sequence[int], act: Callable[[], object]
) -> Iterator[None]:
    """Do something when a store is about to send some of its writes, counted from 1."""
    done = 0

    def around(write: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            nonlocal done
            done += 1
            if done in writes:
                act()
            return write(*given)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        for way in ("write", "write_all"):
            patch.setattr(store.connection, way, around(getattr(store.connection, way)))
        yield
    assert done >= max(writes)


@contextmanager
def outage(store: Neo4jStore, server: Server, *writes: int) -> Iterator[None]:
    """Kill a server while some writes are under way, and start it again."""
    threads: list[threading.Thread] = []

    def strike() -> None:
        time.sleep(0.03)
        process = server.process
        assert process is not None
        process.kill()
        process.wait(60)
        server.start()

    def begin() -> None:
        threads.append(threading.Thread(target=strike))
        threads[-1].start()

    try:
        with at_writes(store, writes, begin):
            yield
    finally:
        for thread in threads:
            thread.join()
    assert len(threads) == len(writes)


@pytest.mark.neo4j
@pytest.mark.only_on("2026")
def test_a_load_outlives_its_server_and_an_update_that_gives_up_is_completed(
    neo4j_settings: Neo4jSettings, neo4j_server: Server, wide: Build, step: Diff
) -> None:
    """One test, since every restart takes seconds."""
    with Neo4jStore(neo4j_settings) as store, Neo4jStore(neo4j_settings) as reader:
        assert reader.build_id() is None
        said: list[str] = []
        with outage(store, neo4j_server, 3):  # two batches of nodes, then facts
            store.load(wide, progress=said.append)
        assert any(text.startswith("waiting for bolt://") for text in said)
        assert reader.counts().nodes == {"Protein": NODES}  # over a connection that is no more
        assert store.fingerprint() == fingerprint_of_build(wide)
    with Neo4jStore(neo4j_settings, patience=0.5) as store:
        with (
            outage(store, neo4j_server, 2),
            pytest.raises(StoreError, match=r"no Neo4j answers .*run the same command again"),
        ):
            store.apply(step)
        assert store.build_id() is None
        assert store.unfinished_update() == (wide.id, step.after.id)
        assert store.apply(step).how == "completed"
        assert store.fingerprint() == fingerprint_of_build(step.after)


@contextmanager
def disk_filled(store: Neo4jStore, server: Server, write: int) -> Iterator[None]:
    """From a write on, let no file of the server grow: the system refuses as on a full disk."""
    assert server.process is not None
    pid, limit = server.process.pid, resource.RLIMIT_FSIZE
    soft, hard = resource.prlimit(pid, limit)
    try:
        with at_writes(store, [write], lambda: resource.prlimit(pid, limit, (4096, hard))):
            yield
    finally:
        resource.prlimit(pid, limit, (soft, hard))


@pytest.mark.neo4j
@pytest.mark.only_on("5.26")
def test_an_update_whose_server_has_no_room_says_so_and_is_completed_when_there_is(
    neo4j_settings: Neo4jSettings, neo4j_server: Server, wide: Build, step: Diff
) -> None:
    with Neo4jStore(neo4j_settings, patience=1.0) as store:
        store.load(wide)
        with disk_filled(store, neo4j_server, 2), pytest.raises(StoreError) as said:
            store.apply(step)
        assert "make room on its disk, restart it and run the same command again" in str(said.value)
    neo4j_server.stop()
    neo4j_server.start()
    with Neo4jStore(neo4j_settings) as store:
        assert store.build_id() is None
        assert store.unfinished_update() == (wide.id, step.after.id)
        assert store.apply(step).how == "completed"
        assert store.fingerprint() == fingerprint_of_build(step.after)


# ---- two that fill one database --------------------------------------------------------------

_LOAD = """
import sys
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings
from tosg_graph.graph.neo4j import Neo4jStore
uri, password, path = sys.argv[1:]
with Neo4jStore(Neo4jSettings(uri, password=password)) as store:
    say = lambda text: print(text, flush=True)
    say("done" if store.load(Build.open(path), progress=say).changed else "there")
"""


@contextmanager
def loading(settings: Neo4jSettings, build: Build) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", _LOAD, settings.uri, settings.password, str(build.path)]
    with subprocess.Popen(words, stdout=-1, stderr=-1, text=True) as process:
        yield process


@pytest.mark.neo4j
@pytest.mark.only_on("2026")
def test_a_second_loader_says_who_is_the_first_and_a_killed_one_lets_go(
    neo4j_settings: Neo4jSettings, wide: Build, small: Build, step: Diff
) -> None:
    with Neo4jStore(neo4j_settings) as store, loading(neo4j_settings, wide) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == f"Protein: {NODES:,} nodes\n"
        first.send_signal(signal.SIGSTOP)  # it holds still, its connections with it
        who = rf"process {first.pid} on \S+ \(load, since .*Z\) fills the database .* build wide"
        for call in (lambda: store.load(small), lambda: store.apply(step)):
            with pytest.raises(StoreError, match=rf"{who}; .*TERMINATE TRANSACTIONS 'neo4j-tr"):
                call()
        assert store.read("RETURN 1 AS one").rows == [(1,)]  # reading goes on
        first.send_signal(signal.SIGKILL)
        first.wait(30)
        assert store.load(wide).changed
        assert store.fingerprint() == fingerprint_of_build(wide)


@pytest.mark.neo4j
@pytest.mark.only_on("5.26")
def test_of_loaders_that_begin_together_one_fills_the_database(
    neo4j_settings: Neo4jSettings, wide: Build
) -> None:
    with loading(neo4j_settings, wide) as a, loading(neo4j_settings, wide) as b:
        said = [process.communicate(timeout=120) for process in (a, b)]
    ends = sorted(out.split("\n")[-2] if not err else "refused" for out, err in said)
    assert ends in (["done", "refused"], ["done", "there"]), said
    assert all("fills the database" in err for _, err in said if err)
    with Neo4jStore(neo4j_settings) as store:
        assert store.fingerprint() == fingerprint_of_build(wide)


@pytest.mark.neo4j
def test_a_claim_that_was_ended_does_not_stop_the_load_it_spoke_for(
    neo4j_settings: Neo4jSettings, neo4j_server: Server, small: Build
) -> None:
    """A person may end the transaction; whoever begins then is told of no one, and the hash is right."""
    listed = "SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.tosg IS NOT NULL RETURN transactionId"

    def end(_: str) -> None:
        for (name,) in neo4j_server.run(listed):
            neo4j_server.run(f"TERMINATE TRANSACTIONS '{name}'")

    with Neo4jStore(neo4j_settings) as store:
        store.load(small, progress=end)
        assert store.fingerprint() == fingerprint_of_build(small)
    assert neo4j_server.run(listed) == []


@pytest.mark.neo4j
def test_writers_that_lock_each_other_out_are_tried_again(
    neo4j_settings: Neo4jSettings, neo4j_server: Server
) -> None:
    """Two write the same nodes in opposite order until the server has ended one of them."""
    neo4j_server.run("CREATE CONSTRAINT FOR (n:X) REQUIRE n.id IS UNIQUE")
    neo4j_server.run("UNWIND range(1, 400) AS i CREATE (:X {id: i, n: 0})")
    query = "UNWIND $ids AS i MATCH (n:X {id: i}) SET n.n = n.n + 1 RETURN count(n)"
    ids, again, rounds = list(range(1, 401)), list[int](), 0
    deadline = time.monotonic() + 60
    with Neo4jStore(neo4j_settings) as store:
        store.connection.before_retry = lambda: again.append(1)

        def write(order: list[int]) -> int:
            return store.connection.write(query, {"ids": order})

        with ThreadPoolExecutor(2) as pool:
            while not again and time.monotonic() < deadline:
                rounds += 1
                assert list(pool.map(write, (ids, ids[::-1]))) == [400, 400]
    assert again, "the server never had to choose"
    assert neo4j_server.run("MATCH (n:X) RETURN DISTINCT n.n") == [[2 * rounds]]
