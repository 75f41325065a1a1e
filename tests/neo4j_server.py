"""Real Neo4j servers for the tests, from Maven artefacts, without Docker.

The jars are fetched once into a cache folder of the user (``$XDG_CACHE_HOME/tosg-graph-tests``),
never into the repository. Every server has a home folder of its own under pytest's temporary
folder, a free port, and is stopped by its process id when the fixtures end. A machine without
Java or Maven has no such ring.

Fixtures: ``neo4j_server`` (one server per version, for the whole run), ``neo4j_settings`` (its
address, with an *empty* database), ``neo4j_tiny`` (a store that holds the tiny graph).
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import neo4j
import pytest

from tosg_graph.build.tables import Build
from tosg_graph.config import Neo4jSettings

PASSWORD = "a-password-of-the-tests"  # of servers that live for one test run on 127.0.0.1
HEAP = "512m"


@dataclass(frozen=True)
class Release:
    """A version of Neo4j Community and what it runs on."""

    version: str
    java: tuple[int, ...]
    main: str
    options: tuple[str, ...] = ()


RELEASES = {
    "5.26": Release("5.26.30", (17, 21), "org.neo4j.server.CommunityEntryPoint"),
    "2026": Release(
        "2026.08.1",
        (25,),
        "org.neo4j.server.Neo4jCommunity",
        ("--enable-native-access=ALL-UNNAMED",),
    ),
}
_ARTEFACTS = (
    ("org.neo4j", "neo4j"),
    ("org.neo4j.app", "neo4j-server"),
    ("org.neo4j", "neo4j-import-tool"),
    ("org.neo4j", "neo4j-slf4j-provider"),
)
_OPENS = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
)
#: The server serves one test at a time: the cheap collector and the first compiler start it sooner.
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Xmx{HEAP}")


class Absent(Exception):
    """What a server needs is not on this machine."""


@functools.cache
def find_java(accepted: tuple[int, ...]) -> Path:
    """The ``java`` of one of the accepted major versions."""
    homes = [Path(os.environ[name]) for name in sorted(os.environ) if name.startswith("JAVA_HOME")]
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    homes += sorted(Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"))
    programs = [home / "bin" / "java" for home in homes]
    on_path = shutil.which("java")
    programs += [Path(on_path)] if on_path else []
    found = {p: _java_version(p) for p in programs if p.is_file()}
    for program, version in found.items():
        if version in accepted:
            return program
    wanted = " or ".join(map(str, accepted))
    raise Absent(f"no Java {wanted} (found: {sorted(set(found.values()))})")


@functools.cache
def _java_version(program: Path) -> int:
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', said)
    return int(match[1]) if match else 0


@functools.cache
def jars(release: Release) -> Path:
    """The folder with the jars of a release, fetched by Maven the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tosg-graph-tests"
    final = cache / f"neo4j-{release.version}"
    if (final / "complete").exists():
        return final / "lib"
    if shutil.which("mvn") is None:
        raise Absent(f"Maven is not installed and {final} does not hold Neo4j {release.version}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as name:
        _fetch(release, Path(name))
        shutil.rmtree(final, ignore_errors=True)
        shutil.copytree(name, final)
    (final / "complete").touch()
    return final / "lib"


def _fetch(release: Release, folder: Path) -> None:
    wanted = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artefact}</artifactId>"
        f"<version>{release.version}</version></dependency>"
        for group, artefact in _ARTEFACTS
    )
    (folder / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>tests</groupId><artifactId>neo4j</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{wanted}</dependencies></project>"
    )
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies"]
    command += ["-DoutputDirectory=lib", "-DincludeScope=runtime"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Absent(f"Maven could not fetch Neo4j {release.version}: {done.stdout[-300:]}")


@functools.cache
def class_archive(release: Release) -> Path:
    """The classes of a release as the JVM maps them: every start takes half the processor time.

    Made once per machine, by a server that is started and stopped.
    """
    java = find_java(release.java)
    path = jars(release).parent / f"classes-{_java_version(java)}.jsa"
    if not path.exists():
        with tempfile.TemporaryDirectory() as name:
            part = path.with_suffix(f".{os.getpid()}")
            server = Server(release, Path(name) / "home", jvm=(f"-XX:ArchiveClassesAtExit={part}",))
            server.start()
            server.stop()
            part.rename(path)
    return path


@dataclass
class Server:
    """A home folder of Neo4j and the process that serves it, while it runs."""

    release: Release
    home: Path
    options: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    has_password: bool = False
    jvm: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.java = find_java(self.release.java)
        self.lib = jars(self.release)
        self.jvm = self.jvm or (f"-XX:SharedArchiveFile={class_archive(self.release)}",)
        for folder in ("conf", "import", "logs", "data"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self.configure()

    @property
    def settings(self) -> Neo4jSettings:
        return Neo4jSettings(uri=f"bolt://127.0.0.1:{self.port}", password=PASSWORD)

    @property
    def admin(self) -> list[str]:
        """``neo4j-admin`` as a sequence of words: the tests' way to say ``--neo4j-admin``."""
        java = [str(self.java), *_OPENS, *_JVM, *self.jvm, *self.release.options]
        return [
            *("env", f"NEO4J_HOME={self.home}", f"NEO4J_CONF={self.home / 'conf'}"),
            *(*java, "-cp", f"{self.lib}/*", "org.neo4j.cli.AdminTool"),
        ]

    def configure(self, **options: str) -> None:
        """Write the configuration; further settings are given with dots as double underscores."""
        self.port = free_port()
        settings = {
            "server.bolt.listen_address": f"127.0.0.1:{self.port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "dbms.usage_report.enabled": "false",
            "server.memory.pagecache.size": "64m",
            "db.shutdown_transaction_end_timeout": "0s",
            "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",  # seconds, twice
            "dbms.security.allow_csv_import_from_file_urls": "false",
            "server.directories.import": "import",
            **self.options,
            **{name.replace("__", "."): value for name, value in options.items()},
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        (self.home / "conf" / "neo4j.conf").write_text(lines)

    def start(self) -> None:
        command = [str(self.java), *_OPENS, *_JVM, *self.jvm, *self.release.options]
        command += ["-cp", f"{self.lib}/*", self.release.main, f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home / 'conf'}", "--console-mode"]
        with (self.home / "logs" / "console.txt").open("ab") as console:
            self.process = subprocess.Popen(command, stdout=console, stderr=console)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                self._set_password()
                with self.driver() as driver:
                    driver.verify_connectivity()
                return
            except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError):
                time.sleep(0.2)
        said = (self.home / "logs" / "console.txt").read_text(errors="replace")[-2000:]
        self.stop()
        raise AssertionError(f"Neo4j {self.release.version} did not start:\n{said}")

    def _set_password(self) -> None:
        """Change the password of a new home; quicker than a JVM for ``set-initial-password``."""
        if self.has_password:
            return
        first = neo4j.GraphDatabase.driver(self.settings.uri, auth=("neo4j", "neo4j"))
        with first as driver, driver.session(database="system") as session:
            change = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password"
            session.run(change, password=PASSWORD).consume()
        self.has_password = True

    def stop(self, *, for_good: bool = False) -> None:
        """End the process; gracefully, unless the home is not needed any more."""
        if self.process is None:
            return
        (self.process.kill if for_good else self.process.terminate)()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def driver(self) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(self.settings.uri, auth=("neo4j", PASSWORD))

    def run(self, query: str, **parameters: object) -> list[list[object]]:
        """Run a query with the driver itself: what a test compares the code under test with."""
        with self.driver() as driver, driver.session() as session:
            return [list(record.values()) for record in session.run(query, parameters)]

    def empty(self) -> None:
        """Drop everything, schema included. The server is the tests' own."""
        named = (
            ("CONSTRAINT", "SHOW CONSTRAINTS YIELD name"),
            ("INDEX", "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"),
        )
        with self.driver() as driver, driver.session() as session:
            for kind, query in named:
                names = session.run(query).value("name")
                with session.begin_transaction() as change:  # one commit in place of some forty
                    for name in names:
                        change.run(f"DROP {kind} `{name}`").consume()
                    change.commit()
            session.run(
                "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"
            ).consume()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_server(release: Release, home: Path) -> Server:
    """A home, not started; the ring is absent where it cannot be made."""
    from tests.conftest import ring_absent

    try:
        return Server(release, home)
    except Absent as why:
        ring_absent("neo4j", str(why))
        raise


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of the client's part, such as a server that goes away, on other versions."""
    other = set()
    for item in items:
        only = item.get_closest_marker("only_on")
        if only is not None and item.callspec.params["neo4j_server"] not in only.args:  # type: ignore[attr-defined]
            other.add(item)
    config.hook.pytest_deselected(items=list(other))
    items[:] = [item for item in items if item not in other]


@pytest.fixture(scope="session", params=RELEASES)
def neo4j_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A running server of each version in turn."""
    server = new_server(RELEASES[request.param], tmp_path_factory.mktemp("neo4j") / "home")
    server.start()
    yield server
    server.stop(for_good=True)


@pytest.fixture
def neo4j_settings(neo4j_server: Server) -> Neo4jSettings:
    """The address of a server whose database is empty."""
    neo4j_server.empty()
    return neo4j_server.settings


@pytest.fixture
def neo4j_tiny(neo4j_server: Server, tiny: Build) -> Iterator[object]:
    """A store that holds the tiny graph; for tests that read."""
    from tosg_graph.errors import ForeignDatabase
    from tosg_graph.graph.neo4j import Neo4jStore

    with Neo4jStore(neo4j_server.settings) as store:
        try:
            store.load(tiny)
        except ForeignDatabase:  # another test left something of its own
            neo4j_server.empty()
            store.load(tiny)
        yield store
