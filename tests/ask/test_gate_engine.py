"""The gate beside the embedded engine: what the engine would do, the gate stops."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ladybug
import pytest
import yaml

from tests.ask.test_gate import FOLDER
from tests.tiny import tiny_build
from tosg_graph.ask.cypher.tokens import tokenize
from tosg_graph.ask.cypher.vocabulary import FORBIDDEN, RESERVED
from tosg_graph.ask.gate import check
from tosg_graph.errors import Refused
from tosg_graph.graph.embedded import EmbeddedStore


def corpus(name: str) -> list[Any]:
    entries = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return [entry for entry in entries if "ladybug" in entry.get("engines", ["ladybug"])]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate")
    path = folder / "graph.lbug"
    with EmbeddedStore(path) as store:
        store.load(tiny_build(folder / "build"))
    return path


@pytest.fixture(scope="module")
def store(database: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(database, read_only=True) as opened:
        yield opened


@pytest.mark.parametrize("entry", corpus("benign"), ids=lambda e: e["why"])
def test_benign_queries_run_on_the_embedded_engine(
    entry: dict[str, Any], store: EmbeddedStore
) -> None:
    parameters = entry.get("parameters", {})
    checked = check(entry["query"], engine="ladybug", known_parameters=parameters)
    assert store.read(checked.text, parameters).columns


def test_the_benign_queries_find_something(store: EmbeddedStore) -> None:
    found = [store.read(entry["query"], entry.get("parameters", {})) for entry in corpus("benign")]
    assert sum(len(table) > 0 for table in found) > len(found) * 0.8


@pytest.fixture
def raw(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ladybug.Connection]:
    """The engine without a gate, opened read-only, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    opened = ladybug.Database(str(database), read_only=True)
    connection = ladybug.Connection(opened)
    yield connection
    connection.close()
    opened.close()


def refused(query: str) -> None:
    with pytest.raises(Refused):
        check(query, engine="ladybug")


def test_the_engine_would_read_a_file_of_the_host(raw: ladybug.Connection, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2\n")
    query = "LOAD FROM 'secret.txt' (file_format='csv', header=false) RETURN *"
    assert raw.execute(query).get_all() == [["hunter2"]]
    refused(query)


@pytest.mark.parametrize(
    "query",
    [
        "COPY (MATCH (g:Gene) RETURN g.id) TO 'stolen.csv'",
        "MATCH (g:Gene) RETURN g.id; COPY (MATCH (g:Gene) RETURN g.id) TO 'stolen.csv'",
        "RETURN 1 /* **/ AS x, '*/ AS x; COPY (RETURN 1) TO \"stolen.csv\"; RETURN 1 // '",
    ],
    ids=["copy", "second statement", "comment that ends late"],
)
def test_the_engine_would_write_a_file(query: str, raw: ladybug.Connection, tmp_path: Path) -> None:
    refused(query)
    assert list(tmp_path.iterdir()) == []
    raw.execute(query)
    assert (tmp_path / "stolen.csv").exists()


def test_the_engine_would_export_a_database(tmp_path: Path) -> None:
    database = ladybug.Database(str(tmp_path / "small.lbug"))
    connection = ladybug.Connection(database)
    connection.execute("CREATE NODE TABLE Gene(id STRING PRIMARY KEY)")
    query = f"EXPORT DATABASE '{tmp_path / 'stolen'}'"
    refused(query)
    connection.execute(query)
    assert list((tmp_path / "stolen").iterdir())
    connection.close()
    database.close()


def test_the_engine_would_run_two_statements(raw: ladybug.Connection) -> None:
    results = raw.execute("RETURN 1; RETURN 2")
    assert isinstance(results, list)
    assert [result.get_all() for result in results] == [[[1]], [[2]]]
    refused("RETURN 1; RETURN 2")


def test_the_engine_would_take_a_dash_that_is_not_ascii(raw: ladybug.Connection) -> None:
    query = "MATCH (g:Gene)\u2014[:ENCODES]\u2014\u27e9(p) RETURN count(*)"
    assert raw.execute(query).get_all()[0][0] > 0
    refused(query)


def mutants(seed: int, number: int) -> Iterator[str]:
    """Benign and hostile queries with pieces cut out, put in and swapped."""
    rng = random.Random(seed)
    benign = [[t.text for t in tokenize(e["query"], engine="ladybug")] for e in corpus("benign")]
    hostile = [e["query"].split(" ") for e in corpus("hostile")]
    words = [
        *FORBIDDEN,
        *sorted(RESERVED),
        ";",
        "'",
        "`",
        '"',
        "/*",
        "*/",
        "//",
        "\n",
        "AS set",
        "*",
        "|",
    ]
    pieces = [token for tokens in benign for token in tokens] + [
        e["query"] for e in corpus("hostile")
    ]
    for _ in range(number):
        tokens = list(rng.choice(benign if rng.random() < 0.8 else hostile))
        for _ in range(rng.choice((1, 1, 2, 2, 3, 5))):
            at = rng.randrange(len(tokens))
            change = rng.random()
            if change < 0.2 and len(tokens) > 1:
                del tokens[at]
            elif change < 0.4:
                tokens[at] = rng.choice(pieces)
            else:
                tokens[at:at] = [" ", rng.choice(words if change < 0.7 else pieces), " "]
        yield "".join(tokens)


def test_what_passes_is_one_reading_statement_for_the_engine(
    raw: ladybug.Connection, tmp_path: Path
) -> None:
    raw.set_query_timeout(2_000)
    ran, complaints = 0, list[str]()
    for query in mutants(seed=20_260, number=6_000):
        try:
            checked = check(query, engine="ladybug")
        except Refused:
            continue
        try:
            result = raw.execute(query, dict.fromkeys(checked.parameters, 1))
        except RuntimeError as error:  # the engine's own errors: an unknown variable, a wrong type
            complaints.append(str(error).lower())
            continue
        assert not isinstance(result, list), query
        ran += 1
    assert ran > 100
    # A read-only database says so when it is asked to write; that must never come up.
    assert not [c for c in complaints if "read only" in c or "read-only" in c]
    assert list(tmp_path.iterdir()) == []
