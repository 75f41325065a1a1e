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
    assert "\nWhat each source gives now, and gave before\n" in tosg("diff", "-w", work).out
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


def test_a_build_says_what_was_not_read_again_and_one_build_has_no_difference(
    tosg: Tosg, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    data = ("--data", data_folder(), "-w", work)
    assert tosg("build", *data, "--source", "hgnc", "--json").json["reused"] == []
    alone = tosg("diff", "-w", work)
    assert alone.code == 2
    assert "build again (tosg build --data DIR" in " ".join(alone.err.split())
    both = tosg("build", *data, "--source", "hgnc", "--source", "uniprot")
    assert "not read again, 1 of 2 sources: hgnc" in " ".join(both.out.split())
    anew = tosg("build", *data, "--source", "hgnc", "--source", "uniprot", "--no-reuse", "--json")
    assert anew.json["reused"] == []
    assert anew.json["build_id"] == tosg("builds", "-w", work, "--json").json["rows"][0][0]
