"""Packages of an extra, imported when they are needed and not before."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from tosg_graph.errors import MissingExtra


def require(module: str, extra: str) -> Any:
    """Import a module of an extra.

    Raises
    ------
    MissingExtra
        If its package is not installed.
    """
    package = module.partition(".")[0]
    try:
        # some compile helpers at import with functions that others have deprecated; nothing that a
        # caller of ours could change
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=FutureWarning)
            warnings.simplefilter("ignore", category=DeprecationWarning)
            warnings.simplefilter("ignore", category=ImportWarning)  # parts that we do not use
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingExtra(package, extra) from error
