"""What a build does when it is killed, when the disk is full, and when the files are not clean."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pyarrow as pa
import pytest

from tests.build import world as w
from tests.build.test_assemble import world
from tests.faults import apart
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.tables import Build
from tosg_graph.errors import BuildError, SourceError
from tosg_graph.sources import Chunk
from tosg_graph.sources.own import edge_table_source

#: Builds the world of this test; dies, or runs out of disk, at a point that the caller names.
SCRIPT = """
import os, resource, signal, sys
from pathlib import Path
from tests.build import world as w
from tests.build.test_assemble import world
from tests.faults import apart
from tosg_graph.errors import BuildError

folder, point = Path(sys.argv[1]), sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(event, args):
    if event in ("open", "os.rename") and str(args[0]).endswith(point):
        die()

def say(said):
    if said == point:
        die()
    if point.isdigit():  # no file of the build may be larger
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(point), resource.RLIM_INFINITY))

sys.addaudithook(watch)
try:
    w.build(folder, *world(), progress=say)
except BuildError as error:
    sys.exit(f"BuildError: {error}")
"""
POINTS = (
    "reading aaa",
    "reading uniprot",
    "joining identifiers",
    "gathering evidence",
    "composing texts",
    "writing tables",
    "mappings.sssom.tsv",
    "ATTRIBUTION.md",
    "manifest.json",
    "staged.json",
    "/build",
)


def run(folder: Path, point: str) -> CompletedProcess[str]:
    return apart(SCRIPT, folder, point)


def seen(folder: Path) -> list[str]:
    """What stands below the folder of builds, without what is hidden."""
    into = folder / "graph"
    return sorted(p.name for p in into.iterdir() if p.name[0] != ".") if into.exists() else []


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Build:
    return w.build(tmp_path_factory.mktemp("whole"), *world())


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_build_is_not_seen_and_the_next_one_is_whole(tmp_path, whole, point):
    assert run(tmp_path, point).returncode == -signal.SIGKILL
    assert seen(tmp_path) == []
    assert any((tmp_path / "graph").iterdir())  # what it had begun
    again = w.build(tmp_path, *world())
    assert w.bytes_of(again.path) == w.bytes_of(whole.path)
    assert [p.name for p in (tmp_path / "graph").iterdir()] == [whole.id]


def test_a_build_killed_while_it_replaces_a_damaged_one(tmp_path, whole):
    built = w.build(tmp_path, *world())
    built.file("nodes/Gene").write_bytes(b"cut off")
    assert run(tmp_path, "/build").returncode == -signal.SIGKILL
    again = w.build(tmp_path, *world())
    assert w.bytes_of(again.path) == w.bytes_of(whole.path)
    assert [p.name for p in (tmp_path / "graph").iterdir()] == [whole.id]


def test_what_a_living_process_has_begun_is_left_alone(tmp_path, whole):
    into = tmp_path / "graph"
    mine = into / f".building-{os.getppid()}-{whole.id}-x"
    mine.mkdir(parents=True)
    (into / ".building-by-somebody-else").mkdir()
    w.build(tmp_path, *world())
    assert mine.is_dir()
    assert (into / ".building-by-somebody-else").is_dir()


def test_a_full_disk_is_an_error_of_ours_and_leaves_nothing(tmp_path, whole):
    sizes = sorted(path.stat().st_size for path in whole.path.rglob("*") if path.is_file())
    for limit in (1, sizes[len(sizes) // 2], sizes[-1] - 1):
        folder = tmp_path / str(limit)
        ran = run(folder, str(limit))
        assert ran.returncode == 1, (limit, ran.stderr)
        assert ran.stderr.startswith("BuildError: "), ran.stderr
        assert "free space" in ran.stderr
        assert not (folder / "graph").exists()
    assert run(tmp_path / "room", str(sizes[-1] * 100)).returncode == 0


# ---- rows that are not clean -----------------------------------------------------------------

EGF, EGFR = "UniProtKB:P01133", "UniProtKB:P00533"


def scores(tmp_path: Path, *values: float | None, arrow: bool = False) -> list[float | None]:
    """Scores of the one fact that statements with these scores make, and of its evidence."""

    def statements(file: str) -> Chunk:
        rows = w.frame([
            {"source_ref": EGF, "target_ref": EGFR, "source_label": "Protein", "target_label": "Protein",
             "score": value, "record_id": str(i)} for i, value in enumerate(values)
        ])  # fmt: skip
        return Chunk.statements(
            "ACTIVATES", file, pa.Table.from_pandas(rows, preserve_index=False) if arrow else rows
        )

    built = w.build(tmp_path, *w.base(), w.source("signor", statements))
    (fact,) = built.table("edges/ACTIVATES").to_pylist()
    return [fact["score"], *built.table("evidence").filter(
        pa.compute.equal(built.table("evidence")["source"], "signor"))["score"].to_pylist()]  # fmt: skip


@pytest.mark.parametrize("arrow", [False, True])
def test_what_is_no_number_is_not_known(tmp_path, arrow):
    found = scores(tmp_path, float("nan"), 0.25, float("inf"), arrow=arrow)
    assert found[0] == 0.25
    assert sorted(found[1:], key=str) == [0.25, None, None]


@pytest.mark.parametrize("arrow", [False, True])
def test_zero_has_no_sign(tmp_path, arrow):
    first = scores(tmp_path / "a", -0.0, 0.0, arrow=arrow)
    other = scores(tmp_path / "b", 0.0, -0.0, arrow=arrow)
    assert [str(value) for value in first] == [str(value) for value in other] == ["0.0"] * 3


def test_an_empty_list_is_as_absent_as_null(tmp_path):
    rows = ({"a": EGF, "b": EGFR, "pmids": []}, {"a": EGF, "b": EGFR, "pmids": [""], "record_id": "r"},
            {"a": EGF, "b": EGFR, "pmids": None, "sentence": "", "record_id": "s"})  # fmt: skip
    built = w.build(tmp_path, *w.base(), w.source("signor", w.facts("ACTIVATES", *rows)))
    assert built.table("edges/ACTIVATES")["pmids"].to_pylist() == [None]
    evidence = built.table("evidence").to_pandas()
    assert evidence.loc[evidence["source"] == "signor", ["pmids", "sentence"]].isna().all(axis=None)


def test_one_id_twice_is_one_node_with_what_both_say(tmp_path):
    twice = w.source(
        "twice",
        w.nodes(
            "Disease",
            {"id": "DOID:1", "name": "one", "synonyms": ["b"]},
            {"id": "DOID:1", "name": "one", "synonyms": ["a"]},
            {"id": "DOID:2", "name": "two"},
        ),
    )
    built = w.build(tmp_path, *w.base(), twice)
    found = w.by_id(built, "Disease")
    assert sorted(found) == ["DOID:1", "DOID:2"]
    assert built.rows("nodes/Disease") == 2
    assert found["DOID:1"]["synonyms"] == ["a", "b"]


def test_an_edge_to_nowhere_is_rejected_with_its_line(tmp_path):
    rows = ({"a": EGF, "b": "UniProtKB:P99999", "line": 7}, {"a": "symbol:NOBODY", "b": EGFR, "line": 8})  # fmt: skip
    built = w.build(tmp_path, *w.base(), w.source("signor", w.facts("ACTIVATES", *rows)))
    assert "ACTIVATES" not in built.edge_types
    found = {(r["reason"], r["line"], r["value"]) for r in w.rows(built, "rejects")}
    assert found == {
        ("unknown node", 7, "UniProtKB:P99999"), ("unmapped", 8, "symbol:NOBODY")
    }  # fmt: skip


# ---- files that are not clean ----------------------------------------------------------------

MAPPING = """\
source: {column: a, namespace: symbol, label: Protein}
target: {column: b, namespace: symbol, label: Protein}
type: {column: effect, values: {up: ACTIVATES, down: INHIBITS}}
licence: CC0-1.0
"""
LINES = ["a\tb\teffect", "EGF\tEGFR\tup", "EGFR\tCALM1\tdown", "CALM2\tEGFR\tup"]
CLEAN = "".join(line + "\n" for line in LINES).encode()


def built_from(folder: Path, content: bytes) -> Build:
    folder.mkdir()
    (folder / "facts.tsv").write_bytes(content)
    (folder / "facts.yaml").write_text(MAPPING)
    own = edge_table_source(folder / "facts.tsv", folder / "facts.yaml")
    found = w.located(folder / "data", *w.base()).joined([own])
    return build_graph(found, folder / "graph")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + CLEAN,
        CLEAN.replace(b"\n", b"\r\n"),
        CLEAN.replace(b"\n", b"\r\n", 2),
        CLEAN[:-1],
        CLEAN + b"\n\n",
        "".join(line + "\textra\n" for line in LINES).encode(),
    ],
    ids=["BOM", "CRLF", "mixed line ends", "no last line end", "blank lines", "a column more"],
)
def test_the_same_table_in_other_dress_gives_the_same_graph(tmp_path, content):
    clean = built_from(tmp_path / "clean", CLEAN)
    other = built_from(tmp_path / "other", content)
    assert clean.rows("edges/ACTIVATES") == 2
    for name in clean.manifest["tables"]:
        pd.testing.assert_frame_equal(
            clean.table(name).to_pandas(), other.table(name).to_pandas(), obj=name
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (CLEAN.replace(b"CALM1", b"CAL\xb5"), r"facts\.tsv:3: .*0xb5 is not UTF-8"),
        (CLEAN.replace(b"\tdown", b""), r"facts\.tsv:3: .*2 fields; expected 3"),
        (CLEAN.replace(b"\tdown", b"\tdown\tx"), r"facts\.tsv:3: .*4 fields|facts\.tsv:3"),
        (CLEAN.replace(b"effect", b"outcome"), r"facts\.tsv:1: .*'effect'"),
        (b"", r"facts\.tsv: the file is empty"),
    ],
    ids=["no UTF-8", "a field fewer", "a field more", "a column fewer", "empty"],
)
def test_a_damaged_table_is_named_with_its_line_and_builds_nothing(tmp_path, content, words):
    with pytest.raises(SourceError, match=words):
        built_from(tmp_path / "bad", content)
    assert not (tmp_path / "bad" / "graph").exists()


def test_a_workspace_keeps_its_build_when_the_next_one_is_killed(tmp_path):
    script = """
import os, signal, sys
from tosg_graph.example import data_folder
from tosg_graph.workspace import Workspace
def watch(event, args):
    if event == "os.rename" and str(args[1]).endswith("current"):
        os.kill(os.getpid(), signal.SIGKILL)
if len(sys.argv) > 2:
    sys.addaudithook(watch)
print(Workspace(sys.argv[1]).build(data_folder(), sources=["hgnc", *sys.argv[2:]]).id)
"""
    first = apart(script, tmp_path).stdout.strip()
    killed = apart(script, tmp_path, "uniprot")
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "graph" / "current").read_text().strip() == first
    assert Build.open(tmp_path / "graph" / first).rows("nodes/Gene")


def test_a_staged_file_that_vanishes_is_an_error_of_ours(tmp_path):
    """The disk under a running build goes away."""

    def vanish(said: str) -> None:
        if said == "joining identifiers":
            for path in (tmp_path / "graph").glob(".building-*/staged/*/*"):
                path.unlink()

    with pytest.raises(BuildError, match="could not read or write a file"):
        w.build(tmp_path, *world(), progress=vanish)
    assert not (tmp_path / "graph").exists()
