"""tosg doctor on real servers and on files that were spoilt on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graph.compose import server_settings
from tests.neo4j_server import Server, free_port
from tests.tiny import write_build
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings, Settings
from tosg_graph.graph.checkup import FAIL, OK, WARN, check_disk, check_settings
from tosg_graph.graph.neo4j_claim import claimed
from tosg_graph.workspace import Workspace


def workspace(folder: Path, server: Neo4jSettings | None, *builds: Build) -> Workspace:
    """A workspace with copies of builds, of which the last is the current one."""
    graph = folder / "work" / "graph"
    graph.mkdir(parents=True)
    for build in builds:
        (graph / build.id).symlink_to(build.path)
        (graph / "current").write_text(build.id)
    return Workspace(folder / "work", settings=Settings(neo4j=server))


def statuses(ws: Workspace, *, deep: bool = False) -> dict[str, str]:
    return {check.name: check.status for check in ws.doctor(deep=deep)}


def seen(ws: Workspace, name: str, *, deep: bool = False) -> tuple[str, str, str]:
    (check,) = [check for check in ws.doctor(deep=deep) if check.name == name]
    return check.status, check.found, check.advice or ""


def test_before_there_is_anything(tmp_path: Path) -> None:
    with Workspace(tmp_path / "none", settings=Settings()) as ws:
        found = statuses(ws, deep=True)
        assert FAIL not in found.values()
        assert found["workspace"] == found["current build"] == found["embedded graph"] == WARN
        assert found["disk of the workspace"] in (OK, WARN)
        assert {"extra pyg", "extra llm"} <= found.keys()
        assert "tosg build --data DIR" in seen(ws, "current build")[1]
    assert not (tmp_path / "none").exists()


def test_an_embedded_graph_that_is_well_behind_changed_or_damaged(
    tiny: Build, small: Build, tmp_path: Path
) -> None:
    with workspace(tmp_path, None, small, tiny) as ws:
        assert seen(ws, "embedded graph")[0] == WARN
        ws.load()
        assert set(statuses(ws, deep=True).values()) <= {OK}
        assert "every value is the same" in seen(ws, "drift", deep=True)[1]
        (ws.path / "graph" / "current").write_text(small.id)
        status, found, advice = seen(ws, "build in the database")
        assert (status, advice) == (WARN, "bring it up to date: tosg update")
        assert f"{tiny.id}; the current build is {small.id}" in found
        ws.embedded_file.write_bytes(b"spoilt" * 1000)
        status, found, advice = seen(ws, "embedded graph")
        assert status == FAIL
        assert str(ws.embedded_file) in found
        assert "tosg load" in advice


def test_a_build_whose_files_are_not_what_was_built(tmp_path: Path) -> None:
    build = write_build(tmp_path / "b", {"nodes/Gene": [{"id": "X:1", "name": "one"}]}, "spoilt")
    other = write_build(tmp_path / "o", {"nodes/Gene": [{"id": "X:1", "name": "two"}]}, "other")
    with workspace(tmp_path, None, build) as ws:
        assert seen(ws, "current build", deep=True)[0] == OK
        build.file("nodes/Gene").write_bytes(other.file("nodes/Gene").read_bytes())
        assert seen(ws, "current build")[0] == OK  # it takes --deep to see that
        status, found, advice = seen(ws, "current build", deep=True)
        assert (status, advice) == (FAIL, "build again: tosg build")
        assert "Gene.parquet is not what was built" in found
        build.file("nodes/Gene").unlink()
        assert "Gene.parquet is missing" in seen(ws, "current build")[1]
        (build.path / "manifest.json").write_text("{")
        assert seen(ws, "current build")[0] == FAIL


def test_a_workspace_that_is_written_to(tiny: Build, tmp_path: Path) -> None:
    with workspace(tmp_path, None, tiny) as ws, ws.lock.hold("build"):
        status, found, _ = seen(ws, "workspace")
        assert status == WARN
        assert "(build, since" in found


@pytest.mark.parametrize(("free", "status"), [(100 << 20, FAIL), (1 << 30, WARN), (50 << 30, OK)])
def test_little_disk(
    tmp_path: Path, free: int, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert check_disk("disk", tmp_path / "not" / "there").status == status


def test_the_settings_of_the_compose_file_are_all_well_and_those_of_a_fresh_server_are_not() -> (
    None
):
    live = server_settings("neo4j")
    assert {check.status for check in check_settings(live)} == {OK}
    fresh = {
        "dbms.security.allow_csv_import_from_file_urls": "true",
        "dbms.security.procedures.allowlist": "*",
        "dbms.security.procedures.unrestricted": "apoc.*",
        "db.transaction.timeout": "0s",
        "db.memory.transaction.max": "0B",
        "server.memory.heap.max_size": None,
        "server.memory.pagecache.size": None,
    }
    found = {c.name: c for c in check_settings(fresh) if c.name != "server.databases"}
    assert {c.status for c in found.values()} == {WARN}
    assert set(found) == set(fresh)
    assert all(c.advice and c.advice.startswith("set it to ") for c in found.values())


# ---- servers ---------------------------------------------------------------------------------


def test_a_server_that_is_gone_fails_and_the_rest_is_looked_at(tiny: Build, tmp_path: Path) -> None:
    gone = Neo4jSettings(f"bolt://127.0.0.1:{free_port()}", password="s3cret-word")
    with workspace(tmp_path, gone, tiny) as ws:
        status, found, _ = seen(ws, "server")
        assert status == FAIL
        assert "no Neo4j answers" in found
        assert seen(ws, "current build")[0] == OK
        assert "s3cret-word" not in json.dumps([check.to_dict() for check in ws.doctor()])


@pytest.fixture
def served(
    neo4j_settings: Neo4jSettings, small: Build, tiny: Build, tmp_path: Path
) -> Iterator[Workspace]:
    with workspace(tmp_path, neo4j_settings, small, tiny) as ws:
        yield ws


@pytest.mark.neo4j
def test_a_server_through_its_troubles(
    served: Workspace, neo4j_server: Server, small: Build, tiny: Build
) -> None:
    run = neo4j_server.run
    assert neo4j_server.release.version in seen(served, "server")[1]
    assert "community" in seen(served, "server")[1]
    assert seen(served, "build in the database")[2] == "load one: tosg load"
    run("CREATE (:Person)")
    status, found, _ = seen(served, "build in the database")
    assert (status, "1 nodes and 0 edges that this tool did not write" in found) == (FAIL, True)
    run("MATCH (n:Person) DELETE n")

    served.load()
    served.close()
    found = statuses(served, deep=True)
    assert FAIL not in found.values()
    wanted = ("build in the database", "drift", "indexes", "vectors", "disk of the database")
    assert {found[name] for name in wanted} <= {OK, WARN}
    assert [found[name] for name in wanted[:4]] == [OK] * 4
    assert "every value is the same" in seen(served, "drift", deep=True)[1]

    run("MATCH (g:Gene) WITH g LIMIT 1 SET g.name = 'somebody wrote'")
    assert seen(served, "drift")[0] == OK
    assert "values differ" in seen(served, "drift", deep=True)[1]
    run("MATCH ()-[r:TREATS]->() DELETE r")
    status, found_text, advice = seen(served, "drift")
    assert (status, "TREATS 0 for 2" in found_text, "tosg load" in advice) == (FAIL, True, True)

    run("DROP INDEX tosg_Gene_symbol")
    run("DROP INDEX tosg_names")
    run("CREATE FULLTEXT INDEX tosg_names FOR (n:Gene) ON EACH [n.name]")
    run("CALL db.awaitIndexes(60)")
    assert seen(served, "indexes")[:2] == (FAIL, "tosg_Gene_symbol: missing, tosg_names: old")
    served.load()
    assert seen(served, "indexes")[0] == OK


@pytest.mark.neo4j
def test_vectors_another_build_and_somebody_who_loads(
    served: Workspace, small: Build, tiny: Build
) -> None:
    served.load()
    served.embed(dims=4)
    assert seen(served, "vectors")[0] == OK
    assert "of 4 numbers, tfidf-svd" in seen(served, "vectors")[1]
    pointer = served.path / "graph" / "current"
    pointer.write_text(small.id)
    assert seen(served, "build in the database")[2] == "bring it up to date: tosg update"
    served.update()
    assert f"texts of build {tiny.id}" in seen(served, "vectors")[1]
    (served.path / "graph" / small.id).unlink()
    (pointer).write_text(tiny.id)
    assert "does not keep" in seen(served, "build in the database")[1]
    with claimed(served._databases.server.connection, "load", tiny.id):
        status, found, _ = seen(served, "being filled")
        assert (status, "(load, since" in found) == (WARN, True)
