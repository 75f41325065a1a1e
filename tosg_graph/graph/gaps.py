"""What a build lacks of the things that a named query asks for, and which source gives them."""

from __future__ import annotations

import re

from tosg_graph.build.tables import Build
from tosg_graph.graph.queries import NamedQuery

#: Labels that one source alone gives, and that a build is often without.
GIVEN_BY = {
    "Family": "SIGNOR's list of protein families (SIGNOR_PF*.csv, beside its relations) gives them",
    "Compartment": "the Human Protein Atlas (subcellular_location.tsv) gives them",
}
#: A node of one label; where a query takes several labels it needs none of them.
_NODE = re.compile(r"\(\w*:(\w+)\)")


def gap(query: NamedQuery, build: Build) -> str | None:
    """Say which label a query cannot do without and the build does not have; None if there is none.

    Parameters
    ----------
    query
        The query.
    build
        The build that the database holds.
    """
    needed = {*_NODE.findall(query.cypher), *(p.label for p in query.parameters)}
    for label, source in GIVEN_BY.items():
        if label in needed and label not in build.labels:
            return f"this build has no {label} nodes; {source}"
    return None
