"""tosg doctor prints what it found, and its exit code says whether anything fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tests.neo4j_server import free_port


def test_a_workspace_that_is_well(tosg: Tosg, work: Path) -> None:
    ran = tosg("doctor", "-w", work, "--json")
    assert ran.code == 0
    assert ran.json["ok"] is True
    assert {"name", "status", "found", "advice"} == set(ran.json["checks"][0])
    shown = tosg("doctor", "-w", work, "--deep")
    assert shown.code == 0
    assert "every value is the same" in shown.out


def test_nothing_at_all(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("doctor", "-w", tmp_path / "none")
    assert ran.code == 0
    assert "warn workspace" in ran.out
    assert "→ make one: tosg build --data DIR" in ran.out


def test_a_server_that_is_gone(tosg: Tosg, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOSG_NEO4J_URI", f"bolt://127.0.0.1:{free_port()}")
    ran = tosg("doctor", "-w", work)
    assert ran.code == 1
    assert "fail server: no Neo4j answers" in ran.out
    assert tosg("doctor", "-w", work, "--json").json["ok"] is False


def test_embed_and_similar_say_that_they_need_a_server(tosg: Tosg, work: Path) -> None:
    for words in (("embed",), ("similar", "EGFR")):
        ran = tosg(*words, "-w", work)
        assert ran.code == 2
        assert "TOSG_NEO4J_URI" in ran.err
