"""Settings come from the environment, and the password stays out of sight."""

from __future__ import annotations

from pathlib import Path

from tosg_graph.config import Settings


def test_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.workspace == Path("tosg-work")
    assert settings.neo4j is None
    assert settings.limits.max_rows == 10_000


def test_a_server_is_named_by_its_uri() -> None:
    settings = Settings.from_environment(
        {
            "TOSG_NEO4J_URI": "bolt://localhost:7687",
            "TOSG_NEO4J_PASSWORD": "s3cret-word",
            "TOSG_WORKSPACE": "w",
        }
    )
    assert settings.neo4j is not None
    assert (settings.neo4j.uri, settings.neo4j.user) == ("bolt://localhost:7687", "neo4j")
    assert settings.neo4j.password == "s3cret-word"
    assert settings.workspace == Path("w")
    assert "s3cret-word" not in repr(settings)
