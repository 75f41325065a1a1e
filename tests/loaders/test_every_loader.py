"""What holds for every loader: it is registered, described, has fixtures and a test of its own."""

from __future__ import annotations

import ast
import re
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources import SourceFile, registry
from tosg_graph.sources.inventory import take_inventory

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "loaders").glob("*.py") if path.stem != "__init__")
#: What the fixtures say of their release, in a header or a name; the others do not say it.
VERSIONS = {
    "biogrid": "4.4.240",
    "cell_ontology": "2026-03-26",
    "disease_ontology": "2016-08-12",
    "gencode": "49",
    "gtopdb": "2025.3",
    "hetionet": "1.0",
    "mondo": "2024-09-03",
    "signor": "26_05_24",
    "string": "12.0",
    "uberon": "2026-04-01",
    "wikipathways": "20240910",
}
ALLOWED = ("tosg_graph.sources", "tosg_graph.schema")


def test_every_file_is_registered_under_its_own_name() -> None:
    declared = {p.name: p.value for p in entry_points(group=registry.GROUP)}
    assert {name: f"loaders.{name}:SOURCE" for name in FILES} == declared


def test_names_are_those_of_the_files() -> None:
    assert [source.name for source in registry.discover().values()] == FILES


@pytest.mark.parametrize("name", FILES)
def test_source_is_described(name: str) -> None:
    source = registry.discover()[name]
    for value in (source.title, source.gives, source.citation, source.licence.name):
        assert value == value.strip()
        assert len(value) >= 3
    assert source.url.startswith("https://")
    assert source.licence.url.startswith("https://")
    assert source.files
    roles = [spec.role for spec in source.files]
    assert len(set(roles)) == len(roles)
    for spec in source.files:
        assert all(pattern == pattern.lower() for pattern in spec.patterns)
        assert spec.columns or spec.recognise is not None


@pytest.mark.parametrize("name", FILES)
def test_what_is_fetched_is_found_again(name: str) -> None:
    """A download has a file of the source as its role, and a name by which that file is found."""
    source = registry.discover()[name]
    specs = {spec.role: spec for spec in source.files}
    for download in source.downloads:
        parts = urlsplit(download.url)
        assert (parts.scheme, parts.username, parts.fragment) == ("https", None, "")
        assert "." in str(parts.hostname)
        assert download.file == Path(download.file).name
        (found,) = [r for r, spec in specs.items() if spec.matches_name(Path(download.file))]
        assert found == download.role
        assert download.sha256 is None or re.fullmatch("[0-9a-f]{64}", download.sha256)
    roles = [download.role for download in source.downloads]
    assert len(set(roles)) == len(roles)
    assert source.by_hand == source.by_hand.strip(" .")


def test_the_same_name_is_fetched_for_no_two_sources() -> None:
    found = Counter(
        spec.role + source.name
        for source in registry.discover().values()
        for download in source.downloads
        for other in registry.discover().values()
        for spec in other.files
        if spec.matches_name(Path(download.file)) and other.name != source.name
    )
    assert found == {}


@pytest.mark.parametrize("name", FILES)
def test_has_fixtures_and_tests(name: str) -> None:
    assert any((FIXTURES / name).iterdir())
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", FILES)
def test_imports_sources_and_schema_only(name: str) -> None:
    tree = ast.parse((ROOT / "loaders" / f"{name}.py").read_text(encoding="utf-8"))
    modules = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    modules += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    ours = [module for module in modules if module.startswith(("tosg_graph", "loaders"))]
    assert ours
    assert [module for module in ours if not module.startswith(ALLOWED)] == []


@pytest.mark.parametrize("name", FILES)
def test_chunks_name_their_file_and_lines(name: str) -> None:
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (FIXTURES / name).iterdir()
    }
    chunks = read(name).chunks
    assert sum(chunk.table.num_rows for chunk in chunks) > 0
    for chunk in chunks:
        assert chunk.file in lengths
        lines = chunk.table["line"].to_pylist()
        assert all(1 <= line <= lengths[chunk.file] for line in lines)


@pytest.mark.parametrize("name", FILES)
def test_reads_alike_in_chunks_of_any_size(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a chunk is a matter of memory: it must not show in the rows."""
    whole = read(name)
    defaults = {}
    for method in ("frames", "lines"):
        function = getattr(registry.SourceFile, method)
        defaults[method] = dict(function.__kwdefaults__)
        monkeypatch.setitem(function.__kwdefaults__, "rows", 2)
    small = read(name)
    keys = sorted({(chunk.kind.value, chunk.subject) for chunk in whole.chunks})
    assert keys == sorted({(chunk.kind.value, chunk.subject) for chunk in small.chunks})
    for key in keys:
        order = [repr(sorted(row.items())) for row in whole.rows(*key)]
        assert sorted(order) == sorted(repr(sorted(row.items())) for row in small.rows(*key))


def test_the_release_is_read_where_the_files_say_it() -> None:
    stated = {
        name: take_inventory([source], FIXTURES / name).stocks[0].version
        for name, source in registry.discover().items()
    }
    assert {name: version for name, version in stated.items() if version} == VERSIONS


@pytest.mark.parametrize(
    ("name", "role", "file", "version"),
    [
        ("hgnc", "genes", "hgnc_complete_set_2025-06-03.txt", "2025-06-03"),
        ("hgnc", "genes", "hgnc_complete_set.txt", None),
        ("signor", "relations", "Apr2026_release.txt", "Apr2026"),
        ("hetionet", "edges", "edges-5k.sif", None),
    ],
)
def test_the_release_is_read_from_the_name(
    name: str, role: str, file: str, version: str | None
) -> None:
    source = registry.discover()[name]
    spec = next(spec for spec in source.files if spec.role == role)
    assert source.version is not None
    assert source.version({role: SourceFile(Path(file), spec)}) == version
