"""The embedded graph: one file, whole or not there, ours or left alone."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import ladybug
import pytest

from tests.faults import apart
from tests.graph.graphs import NASTY, n_nodes, nasty_tables
from tests.tiny import BUILD_ID, edge_rows, node_rows, protein, tiny_tables, write_build
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.errors import (
    BuildError,
    ForeignDatabase,
    QueryError,
    QueryTimeout,
    StoreError,
    UsageError,
)
from tosg_graph.graph.canonical import fingerprint_of_build
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.store import GraphStore
from tosg_graph.schema import SCHEMA_VERSION

HEAVY = "MATCH (a)-[*1..12]-(b)-[*1..12]-(c) RETURN count(*) AS n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work" / "graph.lbug"


def test_it_is_a_graph_store(embedded_tiny: EmbeddedStore) -> None:
    assert isinstance(embedded_tiny, GraphStore)


# ---- loading ---------------------------------------------------------------------------------


def test_the_file_holds_the_build(nasty: Build, path: Path) -> None:
    said: list[str] = []
    with EmbeddedStore(path) as store:
        report = store.load(nasty, progress=said.append)
        assert store.fingerprint() == fingerprint_of_build(nasty)
        assert store.build_id() == nasty.id
        nodes = store.read("MATCH (n) RETURN count(n) AS n").rows[0][0]
        assert store.counts().nodes == {
            label: nasty.rows(f"nodes/{label}") for label in nasty.labels
        }
        assert store.counts().edges == {
            kind: nasty.rows(f"edges/{kind}") for kind in nasty.edge_types
        }
    assert report.changed
    assert report.nodes == nodes == n_nodes(nasty_tables())
    assert report.to_dict()["engine"] == "ladybug"
    assert "Gene: 18 nodes" in said
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_texts_survive_to_the_letter(nasty: Build, path: Path) -> None:
    with EmbeddedStore(path) as store:
        store.load(nasty)
        found = store.read(
            "MATCH (p:Protein) WHERE p.text IN $texts RETURN p.text AS text",
            {"texts": list(NASTY)},
            limits=ReadLimits(max_bytes=16 << 20),
        )
        assert sorted(found.column("text")) == sorted(NASTY)
        synonyms = store.read("MATCH (g:Gene {id: 'HGNC:1097'}) RETURN g.synonyms").rows
        assert synonyms == [([text[:200] for text in NASTY],)]


def test_loading_the_same_build_again_changes_nothing(tiny: Build, path: Path) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
        before = path.stat()
        again = store.load(tiny)
    assert not again.changed
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_another_build_replaces_the_former(tiny: Build, small: Build, path: Path) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
        assert store.load(small).changed
        assert store.fingerprint() == fingerprint_of_build(small)
        assert store.build_id() == small.id


def test_a_load_that_fails_leaves_the_former_graph(tiny: Build, path: Path, tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["edges/TREATS"][0]["source"] = "DrugCentral:0"
    bad = write_build(tmp_path / "bad", tables, "bad")
    with EmbeddedStore(path) as store:
        store.load(tiny)
        with pytest.raises(StoreError, match=r"bad.*DrugCentral:0"):
            store.load(bad)
        assert store.build_id() == tiny.id
        assert store.fingerprint() == fingerprint_of_build(tiny)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_an_empty_text_in_a_build_is_refused(path: Path, tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["nodes/Tissue"][0]["description"] = ""
    with EmbeddedStore(path) as store, pytest.raises(BuildError, match="nodes/Tissue"):
        store.load(write_build(tmp_path / "bad", tables))
    assert not path.exists()


def test_a_process_killed_in_a_load_leaves_the_former_graph(
    tiny: Build, small: Build, path: Path
) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
    script = (
        "import os, sys\n"
        "from tosg_graph.build.tables import Build\n"
        "from tosg_graph.graph.embedded import EmbeddedStore\n"
        "build = Build.open(sys.argv[1]); build.manifest['build_id'] = 'other'\n"
        "stop = lambda text: os._exit(9) if text.startswith('TARGETS') else None\n"
        "EmbeddedStore(sys.argv[2]).load(build, progress=stop)\n"
    )
    assert apart(script, tiny.path, path).returncode == 9
    with EmbeddedStore(path) as store:
        assert store.build_id() == tiny.id
        assert store.fingerprint() == fingerprint_of_build(tiny)
        assert len(list(path.parent.iterdir())) == 2  # what the killed process left
        store.load(small)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("size", [1, 5_000, 100_000, 400_000])
def test_a_full_disk_leaves_the_former_graph(
    tiny: Build, small: Build, path: Path, size: int
) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
    script = (
        "import resource, sys\n"
        "from tosg_graph.build.tables import Build\n"
        "from tosg_graph.errors import StoreError\n"
        "from tosg_graph.graph.embedded import EmbeddedStore\n"
        "build = Build.open(sys.argv[1]); build.manifest['build_id'] = 'other'\n"
        "store = EmbeddedStore(sys.argv[2]); store.build_id()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))\n"
        "try:\n"
        "    store.load(build)\n"
        "except StoreError as error:\n"
        "    sys.exit(f'StoreError: {error}')\n"
    )
    ran = apart(script, tiny.path, path, size)
    # LadybugDB 0.22.0 ends the process when it cannot write its log; nothing can catch that
    assert ran.returncode == -signal.SIGABRT or ran.stderr.startswith("StoreError: "), ran.stderr
    if size != 5_000:
        assert "free space on that disk" in ran.stderr
    with EmbeddedStore(path) as store:
        assert store.build_id() == tiny.id
        assert store.fingerprint() == fingerprint_of_build(tiny)
        store.load(small)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_disk_that_is_surely_too_small_is_refused_at_once(
    tiny: Build, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(path.parent.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with EmbeddedStore(path) as store, pytest.raises(StoreError, match="0 MB free"):
        store.load(tiny)
    assert not path.exists()


# ---- files that are not ours -----------------------------------------------------------------


def test_a_file_that_is_no_database_is_refused_and_left(tiny: Build, tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("years of work\n" * 1000)
    store = EmbeddedStore(path)
    with store, pytest.raises(ForeignDatabase, match=r"thesis\.txt was not written by this tool"):
        store.load(tiny)
    assert path.read_text() == "years of work\n" * 1000


def test_a_database_of_somebody_else_is_refused_and_left(tiny: Build, path: Path) -> None:
    path.parent.mkdir()
    database = ladybug.Database(str(path), max_db_size=1 << 30)
    with database, ladybug.Connection(database) as connection:
        connection.execute("CREATE NODE TABLE Gene(id STRING PRIMARY KEY)")
        connection.execute("CREATE (:Gene {id: 'mine'})")
    before = path.read_bytes()
    store = EmbeddedStore(path)
    with (
        store,
        pytest.raises(ForeignDatabase, match=r"it has the tables Gene; .*another workspace"),
    ):
        store.load(tiny)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tiny: Build, tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as store, pytest.raises(ForeignDatabase, match="left untouched"):
        store.load(tiny)


def test_an_empty_file_or_database_is_taken(tiny: Build, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    ladybug.Database(str(tmp_path / "fresh"), max_db_size=1 << 30).close()
    for name in ("empty", "fresh"):
        with EmbeddedStore(tmp_path / name) as store:
            assert store.load(tiny).changed
            assert store.build_id() == BUILD_ID


# ---- reading ---------------------------------------------------------------------------------


def test_values_are_plain(embedded_tiny: EmbeddedStore) -> None:
    found = embedded_tiny.read(
        "MATCH p = (d:Drug)-[t:TARGETS]->(x:Protein) WHERE d.name = $drug AND t.affinity > 5.0 "
        "RETURN d, t, p, type(t) AS type, date('2020-01-02') AS date, {a: [1, 2.5]} AS map",
        {"drug": "imatinib"},
    )
    (row,) = found
    edge = next(e for e in edge_rows()["TARGETS"] if e["affinity"] == 8.7)
    drug = next(n for n in node_rows()["Drug"] if n["name"] == "imatinib")
    assert row["d"] == {"id": drug["id"], "label": "Drug", **drug}
    present = {k: v for k, v in edge.items() if v is not None and not k.endswith("_label")}
    assert row["t"] == {"type": "TARGETS", **present}
    assert [node["id"] for node in row["p"]["nodes"]] == [drug["id"], protein("ABL1")]
    assert row["p"]["edges"] == [row["t"]]
    assert row["type"] == "TARGETS"
    assert row["date"] == "2020-01-02"
    assert row["map"] == {"a": [1, 2.5]}


def test_an_edge_id_is_text_wherever_it_stands(embedded_tiny: EmbeddedStore) -> None:
    """Inside, it is a number (tosg_graph/graph/ddl.py); nobody who asks or reads sees that."""
    wanted = sorted(row["edge_id"] for row in edge_rows()["TARGETS"])[:2]
    match = "MATCH ()-[r:TARGETS]->() WHERE "
    asked = {
        f"r.edge_id = '{wanted[0]}'": {},
        f'r.edge_id = "{wanted[0]}"': {},
        "r.edge_id = $one": {"one": wanted[0]},
        "r.edge_id IN $some": {"some": wanted[:1]},
        f"r.edge_id IN ['{wanted[0]}']": {},
        "r.edge_id < $next": {"next": wanted[1]},
    }
    shown = " RETURN r.edge_id AS e, [r.edge_id] AS l, {e: r.edge_id} AS s, min(r.edge_id) AS m"
    for condition, given in asked.items():
        rows = embedded_tiny.read(match + condition + shown, given).rows
        assert rows == [(wanted[0], [wanted[0]], {"e": wanted[0]}, wanted[0])]
    ((edge, path),) = embedded_tiny.read(
        "MATCH p = ()-[r:TARGETS]->() WHERE r.edge_id = $one RETURN r, p", {"one": wanted[0]}
    ).rows
    assert edge["edge_id"] == path["edges"][0]["edge_id"] == wanted[0]


def test_an_edge_id_of_another_form_is_refused(path: Path, tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["edges/TARGETS"][0]["edge_id"] = "e1"
    build = write_build(tmp_path / "build", tables)
    with pytest.raises(BuildError, match=r"edges/TARGETS .* not 16 hexadecimal digits"):
        EmbeddedStore(path).load(build)
    assert not path.exists()


def test_a_file_of_an_older_layout_is_loaded_anew(tiny: Build, path: Path) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
    database = ladybug.Database(str(path), max_db_size=1 << 36)
    connection = ladybug.Connection(database)
    mark = f"tosg-graph build={tiny.id} schema={SCHEMA_VERSION}"
    connection.execute(f"COMMENT ON TABLE Gene IS '{mark}'")
    connection.close()
    database.close()
    with EmbeddedStore(path) as store:
        assert store.build_id() is None
        for ask in (store.read, store.explain):
            with pytest.raises(StoreError, match=r"another version .* write it anew: tosg load"):
                ask("MATCH (g:Gene) RETURN g.id")
        assert store.load(tiny).changed
        assert store.build_id() == tiny.id
        assert len(store.read("MATCH (g:Gene) RETURN g.id"))


def test_ends_of_an_edge_are_known_without_its_nodes(embedded_tiny: EmbeddedStore) -> None:
    found = embedded_tiny.read("MATCH ()-[r:PART_OF]->() RETURN r")
    ends = {(r["source"], r["target"]) for r in found.column("r")}
    assert ends == {(e["source"], e["target"]) for e in edge_rows()["PART_OF"]}
    many = embedded_tiny.read("MATCH (:Pathway)-[r:CHILD_OF*1..2]->() RETURN r LIMIT 1").rows[0][0]
    assert [edge["type"] for edge in many] == ["CHILD_OF"]


def test_sums_are_numbers(embedded_tiny: EmbeddedStore) -> None:
    (row,) = embedded_tiny.read("MATCH ()-[r:TARGETS]->() RETURN sum(r.sign), avg(r.affinity)").rows
    assert row == (-2, pytest.approx((8.7 + 4.5 + 9.0) / 3))
    assert type(row[0]) is int


def test_limits(embedded_tiny: EmbeddedStore) -> None:
    query = "MATCH (g:Gene) RETURN g.symbol AS symbol ORDER BY symbol"
    cut = embedded_tiny.read(query, limits=ReadLimits(max_rows=3))
    assert cut.rows == [("ABL1",), ("BRAF",), ("CD14",)]
    assert cut.truncated
    assert not embedded_tiny.read(query, limits=ReadLimits(max_rows=18)).truncated
    small = embedded_tiny.read(query, limits=ReadLimits(max_bytes=2 * len('["ABL1"]')))
    assert small.rows == [("ABL1",), ("BRAF",)]
    assert small.truncated
    edges = embedded_tiny.read("MATCH ()-[r]->() RETURN r", limits=ReadLimits(max_bytes=5000))
    assert edges.truncated
    assert sum(len(str(row)) for row in edges.rows) > 4000


def test_a_heavy_query_is_cancelled(embedded_tiny: EmbeddedStore) -> None:
    with pytest.raises(QueryTimeout, match=r"longer than its 0\.3 s"):
        embedded_tiny.read(HEAVY, limits=ReadLimits(timeout=0.3))
    assert embedded_tiny.read("RETURN 1 AS one").rows == [(1,)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("MATCH (n:Gene RETURN n", "Parser exception"),
        ("MATCH (n:Person) RETURN n", "Person"),
        ("MATCH (n:Gene) RETURN n.shoe_size", "shoe_size"),
        ("RETURN 1 AS a; RETURN 2 AS b", "multiple statements"),
        ("CREATE (:Gene {id: 'x'})", "read-only"),
        ("MATCH (n:Gene) SET n.name = 'x'", "read-only"),
        ("DROP TABLE Gene", "read-only"),
    ],
)
def test_what_is_refused(embedded_tiny: EmbeddedStore, query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        embedded_tiny.read(query)


def test_even_a_store_open_for_loading_does_not_write_in_a_read(tiny: Build, path: Path) -> None:
    with EmbeddedStore(path) as store:
        store.load(tiny)
        with pytest.raises(QueryError, match="read-only"):
            store.read("CREATE (:Gene {id: 'x'})")


def test_a_missing_parameter_is_not_null(embedded_tiny: EmbeddedStore) -> None:
    with pytest.raises(UsageError, match=r"uses \$x; parameters given: y"):
        embedded_tiny.read("MATCH (n:Gene) WHERE n.id = $x RETURN n", {"y": 1})


def test_explain_gives_a_plan_and_no_promise(embedded_tiny: EmbeddedStore) -> None:
    found = embedded_tiny.explain("MATCH (n:Gene) WHERE n.id = $x RETURN n", {"x": "HGNC:76"})
    assert found.read_only is None
    assert "PRIMARY_KEY_SCAN" in found.plan


def test_a_missing_file_says_what_to_do(path: Path) -> None:
    with EmbeddedStore(path, read_only=True) as store:
        assert store.build_id() is None
        with pytest.raises(StoreError, match=r"does not exist; load a build first: tosg load"):
            store.read("RETURN 1")
    assert not path.parent.exists()


def test_read_only_refuses_to_load(embedded_tiny: EmbeddedStore, tiny: Build) -> None:
    with pytest.raises(UsageError, match="opened to read only"):
        embedded_tiny.load(tiny)


def test_many_read_at_once_while_another_process_does(embedded_tiny: EmbeddedStore) -> None:
    script = (
        "import sys; from tosg_graph.graph.embedded import EmbeddedStore\n"
        "print(EmbeddedStore(sys.argv[1], read_only=True).read('MATCH (n:Gene) RETURN count(n)').rows)"
    )
    command = [sys.executable, "-c", script, str(embedded_tiny.path)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found: list[object] = []

    def ask(symbol: str) -> None:
        query = "MATCH (g:Gene) WHERE g.symbol = $s RETURN g.symbol"
        found.extend(embedded_tiny.read(query, {"s": symbol}).rows[0][0] for _ in range(5))

    threads = [threading.Thread(target=ask, args=(s,)) for s in ("EGF", "EGFR", "KRAS", "TP53")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(("EGF", "EGFR", "KRAS", "TP53") * 5)
    assert other.communicate()[0].strip() == "[(18,)]"
