"""What holds for every loader: it is registered, described, has fixtures and a test of its own."""

from __future__ import annotations

import ast
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources import registry

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "loaders").glob("*.py") if path.stem != "__init__")
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
