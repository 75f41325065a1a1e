"""The packages of the extra ``pyg``, imported when they are needed and not before."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from tosg_graph.errors import MissingExtra

EXTRA = "pyg"


def require(module: str) -> Any:
    """Import a module of the extra ``pyg``.

    Raises
    ------
    MissingExtra
        If its package is not installed.
    """
    package = module.partition(".")[0]
    try:
        # torch_geometric compiles helpers at import with a function that torch has deprecated;
        # nothing that a caller of ours could change.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=FutureWarning)
            warnings.simplefilter("ignore", category=DeprecationWarning)
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingExtra(package, EXTRA) from error
