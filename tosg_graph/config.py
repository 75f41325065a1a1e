"""Settings: small frozen values, and the only reader of environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tosg_graph.errors import UsageError

DEFAULT_WORKSPACE = "tosg-work"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What one read of the graph may cost.

    Parameters
    ----------
    timeout
        Seconds until the query is cancelled.
    max_rows
        Rows fetched at most; a result cut short says so.
    max_bytes
        Size of the fetched values at most, in bytes of their JSON text.
    """

    timeout: float = 15.0
    max_rows: int = 10_000
    max_bytes: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Neo4jSettings:
    """Where the Neo4j server is. The password never shows in a representation."""

    uri: str
    user: str = "neo4j"
    password: str = field(default="", repr=False)
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment can say.

    ``TOSG_WORKSPACE`` names the workspace folder (default ``./tosg-work``).
    ``TOSG_NEO4J_URI``, ``TOSG_NEO4J_USER``, ``TOSG_NEO4J_PASSWORD`` and ``TOSG_NEO4J_DATABASE``
    name a server; without a URI the embedded graph is used.
    ``TOSG_NEO4J_ADMIN`` is the command that runs ``neo4j-admin`` (default: the one on the path).
    ``TOSG_LOCK_WAIT`` is how many seconds a command that writes waits for another that does
    (default 0: it says at once who that is).
    """

    workspace: Path = Path(DEFAULT_WORKSPACE)
    neo4j: Neo4jSettings | None = None
    neo4j_admin: str = "neo4j-admin"
    limits: ReadLimits = ReadLimits()
    lock_wait: float = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from the process environment, or from a mapping given in its place."""
        env = os.environ if environment is None else environment
        uri = env.get("TOSG_NEO4J_URI")
        server = None
        if uri:
            server = Neo4jSettings(
                uri=uri,
                user=env.get("TOSG_NEO4J_USER", "neo4j"),
                password=env.get("TOSG_NEO4J_PASSWORD", ""),
                database=env.get("TOSG_NEO4J_DATABASE"),
            )
        return cls(
            workspace=Path(env.get("TOSG_WORKSPACE") or DEFAULT_WORKSPACE),
            neo4j=server,
            neo4j_admin=env.get("TOSG_NEO4J_ADMIN", "neo4j-admin"),
            lock_wait=_seconds(env, "TOSG_LOCK_WAIT"),
        )


def _seconds(env: Mapping[str, str], name: str) -> float:
    found = env.get(name) or "0"
    try:
        value = float(found)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"{name}={found!r} found, a number of seconds from 0 up expected")
    return value
