"""Which version of Neo4j answers, and what that version can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from tosg_graph.errors import StoreError

#: What a server calls itself: 5.26.30 (LTS), 2026.08.1 (calendar versions), 5.27-aura.
_AGENT = re.compile(r"Neo4j/(?P<text>(?P<major>\d+)\.(?P<minor>\d+)(?:[.+-][\w.+-]*)?)")
OLDEST = (5, 26)
#: SEARCH is there from 2026.01 on, at first as a preview; in 2026.04 it replaced the procedure.
_SEARCH = (2026, 4)


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """Version of a server.

    Parameters
    ----------
    text
        As the server writes it, such as ``5.26.30``.
    release
        Its first two numbers.
    """

    text: str
    release: tuple[int, int]

    @classmethod
    def parse(cls, agent: str, address: str) -> Self:
        """Read what a server calls itself when it is greeted.

        Parameters
        ----------
        agent
            Such as ``Neo4j/5.26.30``.
        address
            The server, for the error.

        Raises
        ------
        StoreError
            If it is older than 5.26, or no Neo4j.
        """
        match = _AGENT.fullmatch(agent)
        if match is None:
            raise StoreError(
                f"the server at {address} calls itself {agent!r}; expected is Neo4j 5.26 or newer: "
                "name such a server in TOSG_NEO4J_URI, or leave it out for the embedded graph"
            )
        release = int(match["major"]), int(match["minor"])
        if release < OLDEST:
            raise StoreError(
                f"the server at {address} is Neo4j {match['text']}; 5.26 LTS or a calendar version "
                "(2026.x) is needed: update it, or leave TOSG_NEO4J_URI out for the embedded graph"
            )
        return cls(match["text"], release)

    @property
    def has_search(self) -> bool:
        """Whether vectors are searched with the clause SEARCH, not with a procedure."""
        return self.release >= _SEARCH
