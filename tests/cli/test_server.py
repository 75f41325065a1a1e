"""The same commands with a Neo4j server in place of the embedded graph."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tests.neo4j_server import PASSWORD, RELEASES, Server, new_server
from tosg_graph.config import Neo4jSettings
from tosg_graph.graph.neo4j import Neo4jStore

pytestmark = pytest.mark.neo4j

QUESTION = "Which receptors detected in CD14+ monocytes are targeted by a drug?"


def name_server(monkeypatch: pytest.MonkeyPatch, settings: Neo4jSettings) -> None:
    monkeypatch.setenv("TOSG_NEO4J_URI", settings.uri)
    monkeypatch.setenv("TOSG_NEO4J_USER", settings.user)
    monkeypatch.setenv("TOSG_NEO4J_PASSWORD", settings.password)


def test_load_query_cypher_ask_and_export_on_a_server(
    tosg: Tosg,
    work: Path,
    tmp_path: Path,
    neo4j_settings: Neo4jSettings,
    neo4j_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = ("query", "drug_targets", "drug=imatinib", "-w", work, "--json")
    asked = ("ask", QUESTION, "--cells", "blood", "-w", work, "--json")
    embedded = tosg(*query).json, tosg(*asked).json
    name_server(monkeypatch, neo4j_settings)
    loaded = tosg("load", "-w", work, "--json")
    assert loaded.code == 0, loaded.err
    assert loaded.json["engine"] == "neo4j"
    assert tosg("load", "-w", work, "--json").json["changed"] is False
    served = tosg(*query).json, tosg(*asked).json
    assert served[0] == embedded[0]
    assert [served[1][k] for k in ("status", "answers", "citations")] == [
        embedded[1][k] for k in ("status", "answers", "citations")
    ]
    before = neo4j_server.run("MATCH (n) RETURN count(n)")
    for text in ("MATCH (n) DETACH DELETE n", "LOAD CSV FROM 'file:///etc/passwd' AS r RETURN r"):
        assert tosg("cypher", text, "-w", work).code == 1
    assert neo4j_server.run("MATCH (n) RETURN count(n)") == before
    _embed_and_look(tosg, work)
    words = ("export", "--cypher", "MATCH (g:Gene) RETURN g.id", "--out", tmp_path / "e")
    assert tosg(*words, "-w", work, "--json").json["nodes"]["Gene"]["rows"] == 222


def in_an_empty_folder(
    folder: Path, settings: Neo4jSettings, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does who has the address of a server and nothing else."""
    environment = {name: value for name, value in os.environ.items() if "TOSG" not in name}
    environment |= {"TOSG_NEO4J_URI": settings.uri, "TOSG_NEO4J_PASSWORD": settings.password}
    command = [sys.executable, "-m", "tosg_graph.cli", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_server_that_another_person_loaded(neo4j_tiny: Neo4jStore, tmp_path: Path) -> None:
    server = neo4j_tiny.settings
    ran = in_an_empty_folder(tmp_path, server, "query", "drug_targets", "drug=Gleevec", "--json")
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert [row[found["columns"].index("symbol")] for row in found["rows"]] == ["ABL1", "EGFR"]
    text = "MATCH (d:Drug)-[:TARGETS]->(p) WHERE d.name = $drug RETURN p.symbol ORDER BY p.symbol"
    ran = in_an_empty_folder(tmp_path, server, "cypher", text, "drug=imatinib", "--json")
    assert json.loads(ran.stdout)["rows"] == [["ABL1"], ["EGFR"]]
    for words, said in (
        (("drugs_of_target", "protein=CD16"), "FCGR3B"),
        (("drug_targets", "drug=imatinob"), "near to it: imatinib (DrugCentral:1423)"),
        (("drug_targets",), "drug (Drug): The drug, by id or name."),
    ):
        ran = in_an_empty_folder(tmp_path, server, "query", *words)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert said in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_queries_are_listed_without_a_server(tmp_path: Path) -> None:
    nobody = Neo4jSettings("bolt://127.0.0.1:9", password="none")
    for words in (("query", "--list"), ("query", "signal_chain", "--list"), ("query", "--help")):
        ran = in_an_empty_folder(tmp_path, nobody, *words)
        assert (ran.returncode, ran.stderr) == (0, ""), words
        assert "signal_chain" in ran.stdout or words[-1] == "--help"
    assert (
        "kinase" in in_an_empty_folder(tmp_path, nobody, "query", "signal_chain", "--list").stdout
    )
    assert in_an_empty_folder(tmp_path, nobody, "query", "counts").returncode == 1


def _embed_and_look(tosg: Tosg, work: Path) -> None:
    """The example has a text for every gene."""
    made = tosg("embed", "--dims", "16", "-w", work, "--json").json
    assert (made["dims"], made["vectors"]["Gene"], made["changed"]) == (16, 222, True)
    assert "already there" in tosg("embed", "--dims", "16", "-w", work).out
    near = tosg("similar", "EGFR", "-k", "3", "-w", work, "--json").json
    assert near["columns"] == ["id", "label", "name", "score"]
    assert len(near["rows"]) == 3
    assert "UniProtKB:P00533" not in [row[0] for row in near["rows"]]
    assert tosg("similar", "EGFR", "--label", "Nonsense", "-w", work).code == 2
    looked = tosg("doctor", "--deep", "-w", work, "--json")
    assert looked.code == 0, looked.out
    found = {check["name"]: check["status"] for check in looked.json["checks"]}
    assert found["indexes"] == found["vectors"] == found["build in the database"] == "ok"


def test_a_wrong_password_is_told_without_showing_it(
    tosg: Tosg, work: Path, neo4j_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name_server(monkeypatch, Neo4jSettings(neo4j_server.settings.uri, password="not-the-word-42"))
    ran = tosg("query", "counts", "-w", work)
    assert ran.code == 1
    assert "TOSG_NEO4J_PASSWORD" in ran.err
    assert "not-the-word-42" not in ran.err + ran.out


def test_bulk_load_then_start_then_load_finishes(
    tosg: Tosg, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = new_server(RELEASES["5.26"], tmp_path / "home")
    monkeypatch.setenv("TOSG_NEO4J_ADMIN", shlex.join(server.admin))
    ran = tosg("load", "--bulk", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["changed"] is True
    again = tosg("load", "--bulk", "-w", work)
    assert again.code == 1
    assert "Traceback" not in again.err
    server.start()
    try:
        name_server(monkeypatch, server.settings)
        assert server.settings.password == PASSWORD
        finished = tosg("load", "-w", work, "--json")
        assert finished.code == 0, finished.err
        genes = tosg("cypher", "MATCH (g:Gene) RETURN count(g) AS n", "-w", work, "--json")
        assert genes.json["rows"] == [[222]]
    finally:
        server.stop(for_good=True)
        shutil.rmtree(server.home, ignore_errors=True)
