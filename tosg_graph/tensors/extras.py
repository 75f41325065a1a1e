"""The packages of the extra ``pyg``, imported when they are needed and not before."""

from __future__ import annotations

from typing import Any

from tosg_graph.cells import extras

EXTRA = "pyg"


def require(module: str) -> Any:
    """Import a module of the extra ``pyg``.

    Raises
    ------
    MissingExtra
        If its package is not installed.
    """
    return extras.require(module, EXTRA)
