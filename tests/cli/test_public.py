"""tosg fetch and tosg sources, as a user types them, against a real server."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Tosg
from tests.loaders.reading import FIXTURES
from tests.sources.web import Web, serving
from tosg_graph.sources.registry import discover

LOADER = """
from tosg_graph.sources import Chunk, Download, FileSpec, Licence, Source

def read(files):
    yield from ()

SOURCE = Source(
    "moon", "The Moon", "rocks", "https://example.org/moon",
    Licence("CC0-1.0", "https://example.org"), "none",
    (FileSpec("rocks", ("rocks*.tsv",), columns=("rock", "weight"), layouts=(("weighed", ()),)),),
    read,
    downloads=(Download("rocks", {url!r}, "rocks.tsv"),),
)
"""
ROCKS = b"rock\tweight\n" + b"basalt\t3\n" * 5000


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server, and an installed package whose one source lies on it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with serving() as server:
        package = tmp_path / "package"
        info = package / "moon-1.dist-info"
        info.mkdir(parents=True)
        (package / "moon_loader.py").write_text(LOADER.format(url=server.url("/rocks")))
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moon\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[tosg_graph.loaders]\nmoon = moon_loader:SOURCE\n")
        monkeypatch.syspath_prepend(str(package))
        monkeypatch.delitem(__import__("sys").modules, "moon_loader", raising=False)
        yield server


def test_fetch_then_again(tosg: Tosg, web: Web, tmp_path: Path) -> None:
    web.put("/rocks", ROCKS, cuts=deque([1000]))
    data = tmp_path / "data"
    ran = tosg("fetch", "--source", "moon", "--data", data)
    assert ran.code == 0, ran.err
    assert "resumed" in ran.out
    assert f"{len(ROCKS)}" in ran.out
    assert f"Next: tosg build --data {data}" in ran.out
    assert (data / "moon" / "rocks.tsv").read_bytes() == ROCKS
    again = tosg("fetch", "--source", "moon", "--data", data, "--json")
    assert again.code == 0
    (file,) = again.json["files"]
    assert file == {
        "source": "moon",
        "role": "rocks",
        "did": "unchanged",
        "file": str(data / "moon" / "rocks.tsv"),
        "url": web.url("/rocks"),
        "bytes": len(ROCKS),
        "note": None,
    }
    assert web.sent("/rocks") == len(ROCKS)
    assert "fetched" in tosg("fetch", "--source", "moon", "--data", data, "--force").out


def test_a_failure_is_said_on_standard_error(tosg: Tosg, web: Web, tmp_path: Path) -> None:
    ran = tosg("fetch", "--source", "moon", "--data", tmp_path / "data")
    assert ran.code == 1
    assert "the server answered 404" in ran.err
    assert "get rocks.tsv from https://example.org/moon, and put it in the data folder" in ran.err
    assert "Next" not in ran.out
    again = tosg("fetch", "--source", "moon", "--data", tmp_path / "data", "--json")
    assert (again.code, again.json["files"][0]["did"]) == (1, "failed")


def test_what_can_only_be_got_by_hand(tosg: Tosg, tmp_path: Path) -> None:
    for name in ("celltalkdb", "opentargets"):
        ran = tosg("fetch", "--source", name, "--data", tmp_path)
        assert ran.code == 1
        assert discover()[name].url in ran.err
        assert "by hand: get" in ran.err
        assert "Next" not in ran.out
    (tmp_path / "x.dat").write_bytes((FIXTURES / "celltalkdb/human_lr_pair.txt").read_bytes())
    there = tosg("fetch", "--source", "celltalkdb", "--data", tmp_path, "--json")
    assert (there.code, there.json["files"][0]["did"]) == (0, "kept")


def test_an_unknown_source_is_wrong_use(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("fetch", "--source", "sginor", "--data", tmp_path / "data")
    assert ran.code == 2
    assert "did you mean 'signor'" in ran.err
    assert not (tmp_path / "data").exists()


def test_the_sources_and_how_they_are_got(tosg: Tosg) -> None:
    ran = tosg("sources")
    assert ran.code == 0
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert lines["celltalkdb"].rstrip().endswith("by hand")
    assert lines["signor"].rstrip().endswith("yes")
    assert lines["hgnc"].rstrip().endswith("yes")
    assert lines["reactome"].rstrip().endswith("yes")


def test_the_files_of_a_folder(tosg: Tosg, web: Web, tmp_path: Path) -> None:
    web.put("/rocks", ROCKS)
    data = tmp_path / "data"
    tosg("fetch", "--source", "moon", "--data", data)
    (data / "y.dat").write_bytes((FIXTURES / "signor" / "all_data_26_05_24.tsv").read_bytes())
    (data / "rocks.bak").write_bytes(ROCKS)
    (data / "reactome.gmt").write_bytes(
        (FIXTURES / "reactome" / "ReactomePathways.gmt").read_bytes()
    )
    for part in "1234":
        lines = (FIXTURES / "opentargets/associationByOverallDirect.json").read_bytes()
        (data / f"part{part}.json").write_bytes(lines)
    ran = tosg("sources", "--data", data)
    assert ran.code == 0
    assert (
        "part1.json, part2.json, part3.json and 1 more, which look like opentargets.json "
        "(if it is, name it like association_overall_direct*.json)"
    ) in ran.out
    rows = {tuple(line.split()[:3]) for line in ran.out.splitlines()}
    assert ("y.dat", "signor.relations", "header") in rows
    assert ("moon/rocks.tsv", "moon.rocks", "name") in rows
    assert "3.0 (with scores)" in ran.out
    assert "not used by any source: rocks.bak, which looks like moon.rocks" in ran.out
    assert "missing: reactome.pathways: tosg fetch --source reactome" in ran.out
    assert "also useful: signor.complexes: members of complexes" in ran.out
    found = {s["source"]: s for s in tosg("sources", "--data", data, "--json").json["sources"]}
    assert found["moon"]["version"] == "2025-06-02"
    assert found["moon"]["state"] == "there"
    assert found["moon"]["files"][0]["layout"] == "weighed"
    assert found["reactome"]["state"] == "incomplete"
    assert found["hgnc"]["state"] == "missing"


def test_a_folder_that_is_not_there(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("sources", "--data", tmp_path / "none")
    assert ran.code == 2
    assert "does not exist" in ran.err


def test_the_report_of_a_build_says_what_each_file_was_taken_for(
    tosg: Tosg, tmp_path: Path
) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    names = (
        "hgnc/hgnc_complete_set.txt",
        "signor/all_data_26_05_24.tsv",
        "uniprot/uniprotkb_human.tsv",
    )
    for name in names:
        (data / name).parent.mkdir(parents=True)
        (data / name).write_bytes((FIXTURES / name).read_bytes())
    (data / "old.txt").write_bytes((FIXTURES / "hgnc" / "hgnc_complete_set.txt").read_bytes())
    ran = tosg("build", "--data", data, "-w", work)
    assert ran.code == 0, ran.err
    rows = {tuple(line.split()[:3]) for line in ran.out.splitlines()}
    assert ("all_data_26_05_24.tsv", "signor.relations", "name") in rows
    assert "3.0 (with scores)" in ran.out
    assert "old.txt, which looks like hgnc.genes" in ran.out
    (manifest,) = work.glob("graph/*/manifest.json")
    said = json.loads(manifest.read_text())
    layouts = {file["name"]: file["layout"] for file in said["sources"]["signor"]["files"]}
    assert layouts == {"all_data_26_05_24.tsv": "3.0 (with scores)"}
    # A build of an earlier version says less, and is read all the same.
    del said["report"]["looks_like"]
    for file in said["report"]["files"]:
        del file["layout"]
    manifest.write_text(json.dumps(said))
    assert tosg("build", "--data", data, "-w", work).code == 0
