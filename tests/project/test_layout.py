"""The layers of the library point one way, and each engine has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tosg_graph"

# A module may import its own layer and those before it.
LAYERS = (
    ("errors", "config", "kinds", "schema", "lock", "filing", "threads"),
    ("sources",),
    ("build",),
    ("graph", "cells"),
    ("tensors",),
    ("ask",),
    ("doctor",),
    ("workspace", "example"),
    ("display", "reports", "demo", "commands", "cli"),
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

HOMES = {
    "neo4j": {"graph/neo4j_connection.py"},
    "ladybug": {"graph/embedded.py"},
    "torch": {"tensors"},
    "torch_geometric": {"tensors"},
    "safetensors": {"tensors"},
    "sklearn": {"tensors", "cells/metacells.py"},
    "openai": {"ask/llm.py"},
    "pydeseq2": {"cells/comparison.py"},
    "langchain": {"ask/llm.py"},
    "distributed": {"cells/executors.py"},
}


def imports(path: Path) -> set[str]:
    """Modules that a file imports when it runs; names under TYPE_CHECKING do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            typing_only.update(inner for child in node.body for inner in ast.walk(child))
    found: set[str] = set()
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def layer(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "tosg_graph" or len(parts) < 2:
        return None
    return parts[1] if parts[1] in RANK else None


MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert own in RANK, f"{own} has no place in the layers; give it one"
    above = {m for m in imports(path) if (found := layer(m)) and RANK[found] > RANK[own]}
    assert not above


def test_a_sibling_package_of_the_same_layer_is_not_imported() -> None:
    for own, other in (("graph", "cells"), ("cells", "graph")):
        for path in (PACKAGE / own).rglob("*.py"):
            assert not {m for m in imports(path) if layer(m) == other}, path


@pytest.mark.parametrize("engine", sorted(HOMES))
def test_an_engine_is_imported_in_its_home_only(engine: str) -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(m.split(".")[0] == engine for m in imports(path))
    }
    strangers = {
        u for u in users if not any(u == h or u.startswith(h + "/") for h in HOMES[engine])
    }
    assert not strangers


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        path.name
        for path in MODULES
        for word in ("os.environ", "os.getenv")
        if word in path.read_text()
    }
    assert readers == {"config.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "loaders").glob("*.py")), ids=lambda p: p.name)
def test_a_loader_knows_the_sources_and_the_schema_only(path: Path) -> None:
    ours = {m for m in imports(path) if m.startswith("tosg_graph")}
    assert all(m.startswith(("tosg_graph.sources", "tosg_graph.schema")) for m in ours)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, tosg_graph;"
        "print([m for m in ('numpy', 'pandas', 'pyarrow', 'torch', 'duckdb', 'neo4j', 'ladybug') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_public_names_are_sorted_complete_and_real() -> None:
    import tosg_graph

    assert tosg_graph.__all__ == sorted(tosg_graph.__all__)
    for name in tosg_graph.__all__:
        assert getattr(tosg_graph, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        tosg_graph.nonsense  # noqa: B018
