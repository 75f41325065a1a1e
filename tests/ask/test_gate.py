"""The read gate on the corpus of hostile and benign queries."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tosg_graph.ask.gate import check
from tosg_graph.errors import Refused, UsageError

FOLDER = Path(__file__).parent / "hostile"
ENGINES = ("neo4j", "ladybug")


def corpus(name: str) -> list[Any]:
    entries = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return [
        pytest.param(entry, engine, id=f"{engine}: {entry['why']}")
        for entry in entries
        for engine in entry.get("engines", ENGINES)
    ]


@pytest.mark.parametrize(("entry", "engine"), corpus("benign"))
def test_benign_queries_pass_unchanged(entry: dict[str, Any], engine: str) -> None:
    parameters = entry.get("parameters", {})
    checked = check(entry["query"], engine=engine, known_parameters=parameters)
    assert checked.text == entry["query"]
    assert checked.parameters == set(parameters)
    assert checked.warnings == ()


@pytest.mark.parametrize(("entry", "engine"), corpus("hostile"))
def test_hostile_queries_are_refused(entry: dict[str, Any], engine: str) -> None:
    with pytest.raises(Refused) as refused:
        check(entry["query"], engine=engine)
    assert entry["says"] in str(refused.value)


def test_the_corpus_is_large_enough() -> None:
    size = {
        name: len(yaml.safe_load((FOLDER / f"{name}.yaml").read_text()))
        for name in ("benign", "hostile")
    }
    assert size["benign"] >= 60
    assert size["hostile"] >= 80


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("MATCH (g:Gene)\n  DELETE g", 2, 3),
        ("MATCH (g:Genes) RETURN g", 1, 10),
        ("// one\n// two\nMATCH (a)-[:ACTIVATES*]->(b)\nRETURN b", 3, 22),
        ("RETURN 'a\nb' AS x,\n 'open", 3, 2),
        ("MATCH (g:Gene) RETURN g; DROP TABLE Gene", 1, 26),
        ("RETURN [1, 2", 1, 8),
    ],
)
def test_a_refusal_says_where(query: str, line: int, column: int) -> None:
    with pytest.raises(Refused) as refused:
        check(query)
    assert (refused.value.line, refused.value.column) == (line, column)
    assert str(refused.value).startswith(f"line {line}, column {column}: ")


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(Refused, match="Allowed: MATCH, OPTIONAL MATCH, WHERE"):
        check("MATCH (n) DELETE n")
    with pytest.raises(Refused, match="write it in back-ticks: `delete`"):
        check("MATCH (n) delete n")


def test_what_a_query_uses_is_reported() -> None:
    checked = check(
        "MATCH (d:Drug)-[:TARGETS|BINDS]->(p:Protein|Complex) "
        "WHERE d.name = $drug AND p.id IN $`ids` "
        "RETURN toLower(p.name), COUNT { MATCH (p)<-[:ENCODES]-(:Gene) }"
    )
    assert checked.engine == "neo4j"
    assert checked.parameters == {"drug", "ids"}
    assert checked.labels == {"Drug", "Protein", "Complex", "Gene"}
    assert checked.edge_types == {"TARGETS", "BINDS", "ENCODES"}
    assert checked.functions == {"tolower"}


def test_a_parameter_that_is_not_given_is_refused() -> None:
    with pytest.raises(Refused, match=r"the parameter \$durg is not given; did you mean drug\?"):
        check("RETURN $durg", known_parameters=["drug", "gene"])
    with pytest.raises(Refused, match="none is known"):
        check("RETURN $x", known_parameters=())
    assert check("RETURN $x", known_parameters=None).parameters == {"x"}


@pytest.mark.parametrize(
    ("query", "warning"),
    [
        (
            "MATCH (g:Gene) RETURN g.symboll",
            "25: Gene has no property symboll; did you mean symbol?",
        ),
        ("MATCH (g:Gene {symbl: 'x'}) RETURN g", "16: Gene has no property symbl; did you mean"),
        ("MATCH ()-[t:TARGETS]->() RETURN t.afinity", "35: TARGETS has no property afinity; did"),
        ("MATCH (d:Drug) RETURN d.accession", "25: Drug has no property accession; known are"),
        ("MATCH (d) RETURN d.affinity", "20: a node has no property affinity; "),
        ("MATCH ()-[r]->() RETURN r.symbol", "27: a relationship has no property symbol; "),
    ],
)
def test_unknown_properties_are_warned_of(query: str, warning: str) -> None:
    (found,) = check(query).warnings
    assert found.startswith(f"line 1, column {warning}")


@pytest.mark.parametrize(
    "query",
    [
        "MATCH (d:Drug|Protein) RETURN d.accession",
        "MATCH (d:!Drug) RETURN d.accession",
        "MATCH (g:Gene) WITH g.id AS g RETURN g.anything",
        "UNWIND $rows AS row RETURN row.anything",
        "MATCH (g:Gene) RETURN [g IN [{x: 1}] | g.x]",
    ],
)
def test_what_may_hold_any_property_is_not_warned_of(query: str) -> None:
    assert check(query).warnings == ()


def test_the_bound_on_hops_is_a_parameter() -> None:
    query = "MATCH (a)-[:ACTIVATES*1..3]->(b)-[:BINDS]->(c) RETURN c"
    assert check(query, max_hops=3).text == query
    with pytest.raises(Refused, match=r"at most 2: \*1\.\.2"):
        check(query, max_hops=2)
    with pytest.raises(Refused, match=r"write at most \{1,2\}"):
        check("MATCH (a)-->+(b) RETURN b", max_hops=2)


def test_size_and_depth_are_capped() -> None:
    assert check("RETURN '" + "x" * 19_000 + "'").labels == frozenset()
    with pytest.raises(Refused, match="20,008 characters; at most 20,000"):
        check("RETURN '" + "x" * 19_999 + "'")
    assert check("RETURN " + "(" * 15 + "1" + ")" * 15)
    with pytest.raises(Refused, match="brackets nest deeper than 20"):
        check("RETURN " + "(" * 5_000 + "1" + ")" * 5_000)


def joined(number: int) -> str:
    return "MATCH (a)" + "--()" * number


def nested(number: int) -> str:
    return "MATCH (a) WHERE " + "EXISTS { MATCH (a)--(b) WHERE " * number + "true" + "}" * number


# Shapes on which an engine crashes or hangs before its time limit counts.
@pytest.mark.parametrize(
    ("within", "beyond", "message"),
    [
        ("RETURN 1" + "+1" * 200, "RETURN 1" + "+1" * 9_900, "more than 200 operators"),
        ("RETURN 2" + "^1" * 200, "RETURN 2" + "^1" * 9_900, "more than 200 operators"),
        ("RETURN x" + ".a" * 16, "RETURN x" + ".a" * 500, "more than 16 properties or indices"),
        ("RETURN x" + "[0]" * 16, "RETURN x" + "[0]" * 17, "more than 16 properties or indices"),
        (
            "RETURN " + "CASE WHEN true THEN " * 4 + "1" + " END" * 4,
            "RETURN " + "CASE WHEN true THEN " * 5 + "1" + " END" * 5,
            "CASE nests deeper than 4",
        ),
        (
            "RETURN CASE WHEN 1 = 1 THEN 1 END" + " + CASE 1 WHEN 1 THEN 1 END" * 9,
            "RETURN " + "CASE " * 9,
            "CASE nests deeper",
        ),
        (nested(4) + " RETURN a", nested(5) + " RETURN a", "subqueries nest deeper than 4"),
        (joined(10) + " RETURN a", joined(11) + " RETURN a", "more than 10 relationships"),
        (
            joined(10) + " WITH a " + joined(10) + " RETURN a UNION " + joined(10) + " RETURN a",
            "MATCH (a)-->(b)" + ", (a)-->()" * 10 + " RETURN a",
            "more than 10 relationships",
        ),
    ],
)
def test_shapes_that_engines_do_not_survive_are_refused(
    within: str, beyond: str, message: str
) -> None:
    for engine in ENGINES:
        assert check(within, engine=engine).text == within
        with pytest.raises(Refused, match=message):
            check(beyond, engine=engine)


def test_a_long_query_is_checked_at_once() -> None:
    shapes = ("\\\\" * 9_000, "\\'" * 9_000, "//" * 9_000, "``" * 9_000, "/*" * 9_000)
    began = time.perf_counter()
    for shape in shapes:
        check(f"RETURN '{shape}'")
        check(f"RETURN '{shape}'", engine="ladybug")
    assert time.perf_counter() - began < 2


def test_wrong_use_is_told_apart_from_a_refusal() -> None:
    with pytest.raises(UsageError, match="unknown engine 'mysql'; known are neo4j, ladybug"):
        check("RETURN 1", engine="mysql")
    with pytest.raises(UsageError, match="max_hops is 0"):
        check("RETURN 1", max_hops=0)
