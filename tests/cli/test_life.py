"""tosg builds, diff and update, on the example workspace and a second build of fewer sources."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Tosg
from tosg_graph.example import data_folder


def test_a_database_follows_the_current_build(tosg: Tosg, tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert tosg("update", "-w", work).code == 2  # no build yet
    data = ("--data", data_folder(), "-w", work)
    proteins = ("--source", "hgnc", "--source", "uniprot")
    assert tosg("build", *data, *proteins, "--source", "signor").code == 0
    assert tosg("load", "-w", work).code == 0
    assert tosg("build", *data, *proteins).code == 0
    listed = tosg("builds", "-w", work, "--json").json["rows"]
    assert [row[-1] for row in listed] == [True, False]
    found = tosg("diff", "-w", work, "--json").json
    assert found["sources"]["signor"]["facts"]["added"] == 0
    assert found["sources"]["signor"]["facts"]["withdrawn"] > 0
    planned = tosg("update", "--dry-run", "-w", work, "--json").json
    assert planned["from"] == listed[1][0]
    updated = tosg("update", "-w", work, "--json").json
    assert (updated["build_id"], updated["how"]) == (listed[0][0], "loaded")
    assert updated["edges"] == planned["counts"]["edges"]
    assert tosg("update", "-w", work, "--json").json["how"] == "unchanged"
    wrong = tosg("diff", "nonsense", "-w", work)
    assert wrong.code == 2
    assert listed[1][0] in wrong.err.replace("\n", "")
