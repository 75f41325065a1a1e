"""The parameters of a query text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tosg_graph.errors import UsageError

_PARAMETER = re.compile(
    r"""
      '(?:\\.|[^'\\])*' | "(?:\\.|[^"\\])*"     # texts
    | //[^\n]* | /\*.*?\*/                      # comments
    | \$(?:`((?:``|[^`])+)`|(\w+))              # $name, $`any name`
    | `(?:``|[^`])*`                            # names in back-ticks
    """,
    re.VERBOSE | re.DOTALL,
)


def parameter_names(query: str) -> list[str]:
    """Names of the parameters that a query uses, sorted."""
    found = {match[1] or match[2] for match in _PARAMETER.finditer(query)}
    return sorted(name for name in found if name)


def check_parameters(query: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a query that uses a parameter which was not given.

    LadybugDB would take it for null and answer with no rows; Neo4j would refuse. Both refuse here.
    """
    missing = [name for name in parameter_names(query) if name not in parameters]
    if missing:
        given = ", ".join(sorted(parameters)) or "none"
        raise UsageError(f"the query uses ${', $'.join(missing)}; parameters given: {given}")
