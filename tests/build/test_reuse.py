"""Staged sources are reused, and only where that changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build import world as w
from tests.faults import apart
from tosg_graph.build import reuse
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.tables import Build
from tosg_graph.errors import SourceError
from tosg_graph.sources import Source
from tosg_graph.sources.registry import Located

NAMES = ["hgnc", "signor", "uniprot"]
FACT = w.facts("ACTIVATES", {"a": "UniProtKB:P01133", "b": "symbol:EGFR", "record_id": "r"})


class World:
    """A data folder, a folder of kept sources, and what was read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: list[str] = []
        self.found = w.located(folder / "data", *map(self._watched, sources()))

    def _watched(self, source: Source) -> Source:
        def read(files):
            self.read.append(source.name)
            return source.read(files)

        fields = {name: getattr(source, name) for name in source.__dataclass_fields__}
        return Source(**{**fields, "read": read})

    def build(self, into: str, **options) -> Build:
        self.read.clear()
        keep = self.folder / "staged"
        return build_graph(self.found, self.folder / into, keep=keep, **options)

    def change(self, name: str) -> None:
        path = self.found.files[name]["rows"].path
        path.write_text(path.read_text() + "another row\n")

    def entries(self) -> dict[str, Path]:
        return {path.name.rpartition("-")[0]: path for path in (self.folder / "staged").iterdir()}


def sources() -> tuple[Source, ...]:
    return (*w.base(), w.source("signor", FACT))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def alone(found: Located, folder: Path, **options) -> dict[str, bytes]:
    """Bytes of a build that knows of nothing kept."""
    return w.bytes_of(build_graph(found, folder / "alone", **options).path)


def test_what_has_not_changed_is_not_read_and_the_bytes_are_the_same(world, tmp_path):
    first = world.build("first")
    assert (world.read, first.reused) == (NAMES, ())
    again = world.build("again")
    assert (world.read, list(again.reused)) == ([], NAMES)
    assert w.bytes_of(first.path) == w.bytes_of(again.path) == alone(world.found, tmp_path)


def test_a_changed_source_alone_is_read(world, tmp_path):
    world.build("first")
    world.change("signor")
    changed = world.build("changed")
    assert (world.read, list(changed.reused)) == (["signor"], ["hgnc", "uniprot"])
    assert w.bytes_of(changed.path) == alone(world.found, tmp_path)


def test_no_reuse_reads_everything_and_makes_the_build_again(world):
    first = w.bytes_of(world.build("graph").path)
    again = world.build("graph", reuse=False)
    assert (world.read, again.reused) == (NAMES, ())
    assert w.bytes_of(again.path) == first
    assert list(world.build("other").reused) == NAMES  # what was read is kept


@pytest.mark.parametrize("what", ["use", "code", "revision", "licence", "role", "name", "layout"])
def test_the_key_holds_all_that_rows_depend_on(monkeypatch, what):
    source = w.base()[0]
    file = {"role": "rows", "name": "a.tsv", "layout": None, "sha256": "0" * 64, "bytes": 1}
    key = reuse.key_of(source, [file], "academic")
    assert key == reuse.key_of(source, [file | {"fetched": {"date": "2025-01-01"}}], "academic")
    use = "academic"
    if what == "use":
        use = "commercial"
    elif what == "code":
        monkeypatch.setattr(reuse, "code_version", lambda: "another")
    elif what == "licence":
        source = w.base(licence=w.ACADEMIC)[0]
    elif what == "revision":
        fields = {name: getattr(source, name) for name in source.__dataclass_fields__}
        source = Source(**{**fields, "revision": 2})
    else:
        file |= {what: "other"}
    assert reuse.key_of(source, [file], use) != key


def test_another_use_keeps_its_own_rows(tmp_path):
    found = w.located(tmp_path / "data", *w.base(), w.source("signor", FACT, licence=w.ACADEMIC))
    for use, facts in (("academic", 1), ("commercial", 0), ("academic", 1)):
        shutil.rmtree(tmp_path / "graph", ignore_errors=True)
        built = build_graph(found, tmp_path / "graph", keep=tmp_path / "staged", use=use)
        assert built.rows("edges/ACTIVATES") == facts
    assert list(built.reused) == NAMES


def cut(entry: Path) -> None:
    path = entry / "nodes_Protein.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def turn(entry: Path) -> None:
    """One bit of one byte."""
    path = entry / "nodes_Protein.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose(entry: Path) -> None:
    (entry / "nodes_Protein.parquet").unlink()


def miscount(entry: Path) -> None:
    said = json.loads((entry / reuse.ENTRY).read_text())
    said["rows"]["nodes"] += 1
    (entry / reuse.ENTRY).write_text(json.dumps(said))


def garble(entry: Path) -> None:
    (entry / reuse.ENTRY).write_text("{")


def swap(entry: Path) -> None:
    """Whole, but of another source."""
    other = next(entry.parent.glob("hgnc-*"))
    shutil.rmtree(entry)
    shutil.copytree(other, entry)


def empty(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.mkdir()


@pytest.mark.parametrize("harm", [cut, turn, lose, miscount, garble, swap, empty])
def test_a_damaged_or_foreign_entry_is_read_anew_and_replaced(world, tmp_path, harm):
    world.build("first")
    entry = world.entries()["uniprot"]
    whole = w.bytes_of(entry)
    harm(entry)
    again = world.build("again")
    assert (world.read, list(again.reused)) == (["uniprot"], ["hgnc", "signor"])
    assert w.bytes_of(again.path) == alone(world.found, tmp_path)
    assert w.bytes_of(entry) == whole


def test_a_file_that_changes_while_it_is_read_is_not_kept(world):
    def meddle(said: str) -> None:
        if said == "reading signor":
            world.change("signor")

    with pytest.raises(SourceError, match="signor changed while they were read"):
        world.build("graph", progress=meddle)
    assert sorted(world.entries()) == ["hgnc"]  # the one before it, which is whole


def test_entries_that_are_not_used_are_bounded_the_longest_unused_go_first(world, monkeypatch):
    world.build("one")
    old = world.entries()["signor"]
    world.change("signor")
    world.build("two")
    middle = next(p for p in old.parent.glob("signor-*") if p != old)
    os.utime(old / reuse.ENTRY, (1, 1))
    world.change("signor")
    spare = sum(path.stat().st_size for path in middle.iterdir())
    monkeypatch.setattr(reuse, "SPARE", spare)
    world.build("three")
    assert middle.is_dir()
    assert not old.exists()
    monkeypatch.setattr(reuse, "SPARE", 0)
    assert list(world.build("four").reused) == NAMES
    assert sorted(world.entries()) == NAMES
    assert len(list(old.parent.iterdir())) == len(NAMES)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.build.test_reuse import World
def watch(event, args):
    if event == sys.argv[2] and sys.argv[3] in str(args[event == "os.rename"]):  # where it goes
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
World(Path(sys.argv[1])).build("graph")
"""


@pytest.mark.parametrize(
    ("event", "path", "reused"),
    [
        ("open", ".new-staged.json", []),  # before the first entry is one
        ("os.rename", "/staged/uniprot-", ["hgnc", "signor"]),  # before the third is in its place
        ("open", ".new-manifest.json", NAMES),
        ("os.rename", "/graph/", NAMES),
    ],
)
def test_a_killed_build_leaves_whole_entries_only(tmp_path, event, path, reused):
    killed = apart(SCRIPT, tmp_path, event, path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    world = World(tmp_path)
    again = world.build("graph")
    assert list(again.reused) == reused
    assert w.bytes_of(again.path) == alone(world.found, tmp_path)
    assert [path.name for path in (tmp_path / "staged").glob(".*")] == []
    assert sorted(world.entries()) == NAMES


LOADER = """
from tosg_graph.sources import Chunk, FileSpec, Licence, Source
def read(files):
    print("READ")
    yield from ()
SOURCE = Source(name="moon", title="", gives="", url="", licence=Licence("CC0-1.0", ""),
                citation="", files=(FileSpec("rows", ("moon.tsv",)),), read=read)
"""


def test_a_source_is_read_again_when_the_code_of_its_loader_changes(tmp_path):
    package, info = tmp_path / "installed", tmp_path / "installed" / "moon-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moon\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tosg_graph.loaders]\nmoon = moon_loader:SOURCE\n")
    (tmp_path / "moon.tsv").write_text("x\n")
    script = (
        "import sys; from pathlib import Path; from tosg_graph.workspace import Workspace\n"
        "Workspace(sys.argv[1]).build(files={'moon': Path(sys.argv[2])}, sources=['moon'])"
    )

    def ran() -> str:
        shutil.rmtree(tmp_path / "work" / "graph", ignore_errors=True)
        arguments = [str(tmp_path / name) for name in ("work", "moon.tsv")]
        command = [sys.executable, "-B", "-c", script, *arguments]
        env = {**os.environ, "PYTHONPATH": str(package)}
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    (package / "moon_loader.py").write_text(LOADER)
    assert (ran(), ran()) == ("READ\n", "")
    (package / "moon_loader.py").write_text(LOADER + "# mended\n")
    assert (ran(), ran()) == ("READ\n", "")
