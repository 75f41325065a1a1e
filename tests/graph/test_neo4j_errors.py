"""What can be wrong with a server, and what is said of it; the servers are real where one can be."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.neo4j_server import PASSWORD, Server, free_port
from tosg_graph.build.diff import diff
from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings
from tosg_graph.errors import StoreError
from tosg_graph.graph.neo4j import Neo4jStore
from tosg_graph.graph.neo4j_version import ServerVersion

# ---- versions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "text", "release", "search"),
    [
        ("Neo4j/5.26.30", "5.26.30", (5, 26), False),
        ("Neo4j/5.27-aura", "5.27-aura", (5, 27), False),
        ("Neo4j/2025.06.2", "2025.06.2", (2025, 6), False),
        ("Neo4j/2026.03.1", "2026.03.1", (2026, 3), False),
        ("Neo4j/2026.08.1", "2026.08.1", (2026, 8), True),
        ("Neo4j/2026.10.0-12345", "2026.10.0-12345", (2026, 10), True),
    ],
)
def test_a_version_is_read(agent: str, text: str, release: tuple[int, int], search: bool) -> None:
    found = ServerVersion.parse(agent, "bolt://here")
    assert (found.text, found.release, found.has_search) == (text, release, search)


@pytest.mark.parametrize("version", ["4.4.30", "5.25.1", "5.9.0", "3.5.14"])
def test_an_older_server_is_refused(version: str) -> None:
    with pytest.raises(StoreError, match=rf"bolt://here is Neo4j {version}; 5\.26 LTS or .*2026"):
        ServerVersion.parse(f"Neo4j/{version}", "bolt://here")


@pytest.mark.parametrize(
    "agent",
    [
        "Neo4j/v5.11.0 compatible graph database server - Memgraph",
        "Neo4j/dev",
        "FalkorDB/4.2",
        "",
    ],
)
def test_a_server_of_another_make_is_refused(agent: str) -> None:
    with pytest.raises(StoreError, match=r"calls itself .*expected is Neo4j 5\.26 or newer"):
        ServerVersion.parse(agent, "bolt://here")


@pytest.mark.neo4j
def test_the_version_of_a_real_server(neo4j_server: Server) -> None:
    with Neo4jStore(neo4j_server.settings) as store:
        assert store.connection.version.text == neo4j_server.release.version


# ---- what answers is no Bolt, or no TLS ------------------------------------------------------


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A port on which something answers that is no Neo4j."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x00\x00\x00\x00", b"\x00\x00\x01\x02"]
)
def test_something_else_answers(answer: bytes) -> None:
    with (
        answering(answer) as place,
        Neo4jStore(Neo4jSettings(f"bolt://{place}", password="s3cret-word")) as store,
        pytest.raises(StoreError, match=rf"at bolt://{place} .*5\.26 or newer|no Neo4j answers") as raised,
    ):  # fmt: skip
        store.build_id()
    assert "s3cret-word" not in str(raised.value)


@pytest.mark.neo4j
@pytest.mark.parametrize("scheme", ["bolt+s", "bolt+ssc", "neo4j+s"])
def test_a_server_without_tls(neo4j_server: Server, tiny: Build, scheme: str) -> None:
    place = neo4j_server.settings.uri.partition("//")[2]
    plain = f"{scheme.partition('+')[0]}://{place}"
    settings = Neo4jSettings(f"{scheme}://{place}", password=PASSWORD)
    with (
        Neo4jStore(settings) as store,
        pytest.raises(StoreError, match=rf"did not accept an encrypted .*\(TLS\); name it as {plain} in") as raised,
    ):  # fmt: skip
        store.load(tiny)
    assert PASSWORD not in str(raised.value)


def test_a_certificate_that_nobody_vouches_for() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    with (
        Neo4jStore(Neo4jSettings("bolt+s://127.0.0.1:1")) as store,
        pytest.raises(
            StoreError, match=r"not trusted \(self-signed certificate\); .*\+ssc for \+s"
        ),
        store.connection.errors(),
    ):
        raise ValueError("no connection") from error


# ---- who may do what -------------------------------------------------------------------------


@pytest.mark.neo4j
def test_a_login_that_was_wrong_too_often_is_told_apart(neo4j_server: Server) -> None:
    """The right password is refused too, for some seconds; so it is a user of this test."""
    make = "CREATE USER forgetful IF NOT EXISTS SET PASSWORD 'right-word-42' CHANGE NOT REQUIRED"
    with neo4j_server.driver() as driver:
        driver.execute_query(make, database_="system")
    settings = Neo4jSettings(neo4j_server.settings.uri, user="forgetful", password="wrong-word-42")
    said = set()
    for _ in range(6):
        with Neo4jStore(settings) as store, pytest.raises(StoreError) as raised:
            store.counts()
        said.add(str(raised.value).partition("'forgetful'")[2][:25])
        assert "wrong-word-42" not in str(raised.value)
    assert said == {"; check TOSG_NEO4J_USER a", " wait after too many wron"}


def test_loading_a_server_that_is_gone_is_refused_at_once(tiny: Build, tmp_path: Path) -> None:
    """Only what has begun waits for its server."""
    settings = Neo4jSettings(f"bolt://127.0.0.1:{free_port()}")
    step = diff(tiny, tiny, tmp_path)
    with Neo4jStore(settings) as store:
        for call in (lambda: store.load(tiny), lambda: store.apply(step)):
            began = time.monotonic()
            with pytest.raises(StoreError, match="no Neo4j answers"):
                call()
            assert time.monotonic() - began < 30
