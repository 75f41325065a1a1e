"""The offline route: the CSV files say what the build says, and the server gets the same graph."""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import full_disk
from tests.graph.compose import amount, server_settings
from tests.graph.graphs import NASTY, n_nodes, nasty_tables, small_build
from tests.neo4j_server import RELEASES, Server, new_server
from tests.tiny import tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError, ForeignDatabase, QueryError, StoreError
from tosg_graph.graph.bulk_import import bulk_import
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.checkup import OK, check_server, check_settings
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.schema import LABELS

# ---- without a server: a program of the tests stands where neo4j-admin would -----------------

COPY = "import shutil, sys; [shutil.copy(w.split('=')[-1], {to!r}) for w in sys.argv if w.endswith('.csv')]"


def files_of(build: Build, folder: Path) -> tuple[dict[str, list[dict[str, str]]], list[str]]:
    """Import with a program that keeps the files and its own command line."""
    folder.mkdir()
    keep = (
        f"{COPY.format(to=str(folder))}\n"
        f"open({str(folder / 'words')!r}, 'w').write(chr(10).join(sys.argv[1:]))"
    )
    bulk_import(build, neo4j_admin=[sys.executable, "-c", keep])
    rows = {}
    csv.field_size_limit(1 << 24)
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows[path.stem] = list(csv.DictReader(file))
    return rows, (folder / "words").read_text().splitlines()


def test_the_files_hold_the_build(nasty: Build, tmp_path: Path) -> None:
    rows, words = files_of(nasty, tmp_path / "files")
    assert words[:4] == ["database", "import", "full", "neo4j"]
    assert {"--bad-tolerance=0", "--multiline-fields=true", "--id-type=string"} <= set(words)
    expected = nasty_tables()
    proteins = {row["id:ID(Protein)"]: row for row in rows["Protein"]}
    for row in expected["nodes/Protein"]:
        found = proteins[row["id"]]
        assert found["text:string"] == (row.get("text") or "")
        assert found["length:long"] == str(row.get("length") or "")
        assert (
            found["receptor:boolean"] == {True: "true", False: "false", None: ""}[row["receptor"]]
        )
    drug, protein = ":START_ID(Drug)", ":END_ID(Protein)"
    targets = {(r[drug], r[protein]): r for r in rows["TARGETS-Drug-Protein"]}
    of_proteins = [r for r in expected["edges/TARGETS"] if r["target_label"] == "Protein"]
    assert len(of_proteins) == len(targets) < len(expected["edges/TARGETS"])
    for row in of_proteins:
        found = targets[row["source"], row["target"]]
        affinity = found["affinity:double"]
        assert (float(affinity) if affinity else None) == row.get("affinity")
        assert found["action:string"] == (row["action"] or "")
    assert [(r[":START_ID(Complex)"], r[":END_ID(Protein)"]) for r in rows["BINDS-Complex-Protein"]] == [
        (r["source"], r["target"]) for r in expected["edges/BINDS"] if r["source_label"] == "Complex"
        and r["target_label"] == "Protein"
    ]  # fmt: skip
    assert f"--relationships=BINDS={tmp_path}" not in words
    assert sum(word.startswith("--relationships=BINDS=") for word in words) == 3


def test_items_are_joined_by_a_character_that_none_holds(nasty: Build, tmp_path: Path) -> None:
    """One of the nasty texts holds the first choice."""
    rows, words = files_of(nasty, tmp_path / "files")
    assert "--array-delimiter=U+001E" in words
    first = min(
        rows["Gene"], key=lambda row: row["id:ID(Gene)"] != nasty_tables()["nodes/Gene"][0]["id"]
    )
    assert first["synonyms:string[]"].split("\x1e") == [text[:200] for text in NASTY]


def test_a_build_whose_items_hold_every_delimiter_is_refused(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["nodes/Gene"][0]["synonyms"] = ["".join(map(chr, range(1, 32)))]
    build = write_build(tmp_path / "build", tables)
    with pytest.raises(BuildError, match=r"every control character .*tosg load without --bulk"):
        bulk_import(build, neo4j_admin=[sys.executable, "-c", "raise SystemExit(1)"])


def test_the_read_buffer_holds_the_longest_text(nasty: Build, tiny: Build, tmp_path: Path) -> None:
    longest = max(len(text.encode()) for text in NASTY)
    for build, least in ((nasty, longest), (tiny, 1)):
        _, words = files_of(build, tmp_path / build.id)
        (size,) = [w.split("=")[1] for w in words if w.startswith("--read-buffer-size=")]
        assert int(size) >= max(2 * least, 4 << 20)


def test_a_missing_command_says_how_to_name_it(tiny: Build) -> None:
    with pytest.raises(StoreError, match=r"no-such-admin cannot be run .*TOSG_NEO4J_ADMIN="):
        bulk_import(tiny, neo4j_admin="no-such-admin --flag")


def test_a_full_disk_of_the_temporary_files_leaves_nothing(
    tiny: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with full_disk(500), pytest.raises(StoreError, match=r"cannot be written: .*free space"):
        bulk_import(tiny, neo4j_admin=[sys.executable, "-c", "raise SystemExit(1)"])
    assert list(tmp_path.iterdir()) == []


def test_what_a_failing_command_said_last_is_shown(tiny: Build) -> None:
    failing = "print('......'); print('\\n'.join(map(str, range(100)))); raise SystemExit('Too little disk')"
    with pytest.raises(StoreError) as raised:
        bulk_import(tiny, neo4j_admin=[sys.executable, "-c", failing])
    said = str(raised.value)
    assert "failed with code 1; nothing was kept" in said
    assert said.endswith("98\n99\nToo little disk")
    assert "\n50\n" not in said


@pytest.mark.parametrize("age", [0, 3600])
def test_a_half_done_store_goes_and_an_older_one_stays(
    tiny: Build, tmp_path: Path, age: int
) -> None:
    store = tmp_path / "data" / "databases" / "neo4j"
    store.mkdir(parents=True)
    file = store / "neostore"
    then = time.time() - age
    failing = (
        f"import os; open({str(file)!r}, 'w').close(); os.utime({str(file)!r}, ({then}, {then}))\n"
        f"print('Importing the contents of these files into {store}:')\n"
        "raise SystemExit('broken')"
    )
    with pytest.raises(StoreError, match="broken"):
        bulk_import(tiny, neo4j_admin=[sys.executable, "-c", failing])
    assert file.exists() == (age > 0)


# ---- with real servers -----------------------------------------------------------------------


@pytest.fixture(params=RELEASES)
def stopped(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    server = new_server(RELEASES[request.param], tmp_path / "home")
    yield server
    server.stop(for_good=True)


@pytest.mark.neo4j
def test_import_start_finish_and_serve_read_only(
    stopped: Server, nasty: Build, tmp_path: Path
) -> None:
    """One home through its whole life, since every JVM takes seconds."""
    _failed(stopped, tmp_path)
    report = bulk_import(nasty, neo4j_admin=stopped.admin)
    assert report.nodes == n_nodes(nasty_tables())
    assert report.next_step is not None
    assert "start the server" in report.next_step
    with pytest.raises(ForeignDatabase, match=r"has a database 'neo4j' already.*left untouched"):
        bulk_import(nasty, neo4j_admin=stopped.admin)

    stopped.start()
    with Neo4jStore(stopped.settings) as store:
        assert store.build_id() == nasty.id
        assert store.fingerprint() == fingerprint_of_build(nasty)
        _finished(store, stopped, nasty, report.nodes)
    stopped.stop()
    _read_only(stopped, nasty)


def _failed(server: Server, folder: Path) -> None:
    """An import that fails on its last file leaves no database behind."""
    tables = tiny_tables()
    tables["edges/PALLIATES"][0]["target"] = "DOID:0"
    bad = write_build(folder / "bad", tables, "bad")
    with pytest.raises(StoreError, match=r"neo4j-admin failed with code \d+; nothing was kept"):
        bulk_import(bad, neo4j_admin=server.admin)
    assert not (server.home / "data" / "databases" / "neo4j").exists()


def _finished(store: Neo4jStore, server: Server, build: Build, nodes: int) -> None:
    """The next load finds the build and makes what an import cannot make."""
    assert server.run("SHOW CONSTRAINTS") == []
    assert store.finish_import(build).changed
    assert not store.load(build).changed
    assert store.fingerprint() == fingerprint_of_build(build)
    assert server.run("MATCH (n) RETURN count(n)") == [[nodes]]
    assert len(server.run("SHOW CONSTRAINTS")) == len(LABELS)
    (found,) = store.read(
        "MATCH (p:Protein) WHERE p.text = $text RETURN size(p.text)", {"text": NASTY[4]}
    ).rows
    assert found == (len(NASTY[4]),)


def _read_only(server: Server, build: Build) -> None:
    """A server with the settings of the compose file's second service takes them, and only reads."""
    small = {"heap.initial_size": "256M", "heap.max_size": "512M", "pagecache.size": "64M"}
    memory = {f"server.memory.{name}": value for name, value in small.items()}
    wanted = server.options = {**server_settings("readonly"), **memory}
    server.configure()
    server.start()
    live = {str(name): value for name, value in server.run("SHOW SETTINGS YIELD name, value")}
    public = {name: value for name, value in wanted.items() if not name.startswith("internal.")}
    assert {name: amount(live[name]) for name in public} == {
        n: amount(v) for n, v in public.items()
    }
    assert {check.status for check in check_settings(live)} == {OK}
    with Neo4jStore(server.settings) as store:
        assert store.build_id() == build.id
        assert not store.load(build).changed  # a copy that is whole needs no writing
        with pytest.raises(StoreError, match=r"is read-only .*server\.databases\.default_to_read"):
            store.load(small_build(server.home / "small"))
        found = {check.name: check for check in check_server(store, {}, None, deep=False)}
        assert found["database"].found == "neo4j: read-only, online"
        assert found["database"].status == OK
        assert store.read("MATCH (g:Gene) RETURN count(g)").rows == [(18,)]
        with pytest.raises(StoreError, match="read-only mode"):
            store.connection.write("CREATE (:Gene {id: 'x'}) RETURN 1")
        with pytest.raises(StoreError, match="read-only mode"):
            store.connection.define(["DROP INDEX tosg_names"])
        for url in ("file:///etc/passwd", "http://127.0.0.1:7474/"):
            with pytest.raises(QueryError, match="Cannot load from URL"):
                store.read(f"LOAD CSV FROM '{url}' AS line RETURN line")
