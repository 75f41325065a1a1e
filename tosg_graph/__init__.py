"""TOSG Graph: the knowledge backend for text-omic signalling graphs.

One object opens every door::

    import tosg_graph

    ws = tosg_graph.open("work")
    ws.query("drug_targets", drug="imatinib")
    ws.ask("Which receptors detected in CD14+ monocytes are targeted by a drug?", cells="pbmc")

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tosg_graph.ask.answer import Answer
    from tosg_graph.build.tables import Build
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.config import Neo4jSettings, ReadLimits, Settings
    from tosg_graph.errors import TosgError
    from tosg_graph.graph.result import ResultTable
    from tosg_graph.graph.store import GraphStore
    from tosg_graph.tensors.batch import CellLoader
    from tosg_graph.tensors.cell_batch import CellBatch, SparseCellBatch
    from tosg_graph.tensors.export import Export, load_export
    from tosg_graph.tensors.subgraph import Subgraph
    from tosg_graph.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Build",
    "CellBatch",
    "CellLoader",
    "CellStore",
    "Export",
    "GraphStore",
    "Neo4jSettings",
    "ReadLimits",
    "ResultTable",
    "Settings",
    "SparseCellBatch",
    "Subgraph",
    "TosgError",
    "Workspace",
    "load_export",
    "open",
]

_HOMES = {
    "Answer": "tosg_graph.ask.answer",
    "Build": "tosg_graph.build.tables",
    "CellBatch": "tosg_graph.tensors.cell_batch",
    "CellLoader": "tosg_graph.tensors.batch",
    "CellStore": "tosg_graph.cells.reader",
    "Export": "tosg_graph.tensors.export",
    "GraphStore": "tosg_graph.graph.store",
    "Neo4jSettings": "tosg_graph.config",
    "ReadLimits": "tosg_graph.config",
    "ResultTable": "tosg_graph.graph.store",
    "Settings": "tosg_graph.config",
    "SparseCellBatch": "tosg_graph.tensors.cell_batch",
    "Subgraph": "tosg_graph.tensors.subgraph",
    "TosgError": "tosg_graph.errors",
    "Workspace": "tosg_graph.workspace",
    "load_export": "tosg_graph.tensors.export",
}


def open(  # noqa: A001 - the verb of the package, always called as tosg_graph.open
    path: Path | str | None = None, *, settings: Settings | None = None
) -> Workspace:
    """Open a workspace; a folder that does not exist yet is made when something is put in it.

    Parameters
    ----------
    path
        The folder; default: what ``TOSG_WORKSPACE`` says, else ``./tosg-work``.
    settings
        In place of what the environment says.
    """
    from tosg_graph.workspace import Workspace

    return Workspace(path, settings=settings)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tosg_graph' has no attribute {name!r}")
    return getattr(import_module(home), name)
