"""Headers of the named queries, and what they take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryError, QueryTimeout, UsageError
from tosg_graph.graph import queries
from tosg_graph.graph.embedded import EmbeddedStore
from tosg_graph.graph.parameters import parameter_names
from tosg_graph.graph.queries import Parameter, find_query, load_queries, parse_query
from tosg_graph.graph.result import ResultTable
from tosg_graph.schema import EDGE_TYPES, LABELS

QUERIES = load_queries()
GIVES = re.compile(r"^// @gives (.+)$", re.MULTILINE)
EACH = pytest.mark.parametrize("name", sorted(QUERIES))


def test_what_the_field_asks_is_there() -> None:
    assert len(QUERIES) >= 32
    assert list(QUERIES) == sorted(QUERIES)


@EACH
def test_header_and_text_agree(name: str) -> None:
    query = QUERIES[name]
    assert re.fullmatch(r"[A-Z].*\.", query.sentence)
    assert len({p.name for p in query.parameters}) == len(query.parameters)
    for text in {query.text("neo4j"), query.text("ladybug")}:
        given = {name for line in GIVES.findall(text) for name in line.split()}
        assert parameter_names(text) == sorted(given | {p.name for p in query.parameters})
        assert not GIVES.search(query.cypher)  # Neo4j Browser would not hand them on
        returned = re.split(r"\bRETURN\b", text)[-1]
        order = [c.name for c in query.columns]
        assert all(re.search(rf"\b{c}\b", returned) for c in order)
        assert "ORDER BY" in returned


@EACH
def test_the_hint_for_the_browser_sets_every_parameter(name: str) -> None:
    query = QUERIES[name]
    hints = dict(re.findall(r"^// :param (\w+) => (.+)$", query.cypher, re.MULTILINE))
    expected = {p.name: _hint(p) for p in query.parameters}
    assert hints == expected


def _hint(p: Parameter) -> str:
    value = p.value(p.example) if p.default is None else p.default
    return f"'{value}'" if isinstance(value, str) else str(value)


@EACH
def test_the_example_binds(name: str) -> None:
    query = QUERIES[name]
    bound = query.bind({p.name: p.example for p in query.parameters if p.required})
    assert sorted(bound) == parameter_names(query.cypher)
    assert query.usage.count("=") == len(query.parameters)


def test_queries_over_all_labels_and_types_name_each() -> None:
    for label in LABELS:
        assert label.name in QUERIES["neighbours"].cypher
        assert f"(n:{label.name})" in QUERIES["counts"].cypher
    for edge in EDGE_TYPES:
        assert edge.name in QUERIES["edge_evidence"].cypher
        assert f"[r:{edge.name}]" in QUERIES["counts"].cypher


def test_a_claim_comes_with_its_citation() -> None:
    no_claim = {"counts", "find_nodes", "hubs", "kinds_of_disease", "sub_pathways"}
    for name, query in QUERIES.items():
        columns = {c.name for c in query.columns}
        if name not in no_claim:
            assert {"sources", "pmids"} <= columns
            assert {"edge_id", "edge_ids"} & columns or name == "edge_evidence"


def test_kinds_of_parameters() -> None:
    (drug, limit) = QUERIES["drug_targets"].parameters
    assert (drug.name, drug.label, drug.is_node, drug.required) == ("drug", "Drug", True, True)
    assert (limit.name, limit.label, limit.is_node, limit.default) == ("limit", None, False, 1000)
    node = QUERIES["neighbours"].parameters[0]
    assert (node.is_node, node.label) == (True, None)
    assert QUERIES["drug_targets"].usage == "drug=imatinib [limit=20]"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "'drug_targets' needs 'drug'"),
        ({"drug": None}, "needs 'drug'"),
        ({"drgu": "x", "drug": "y"}, "takes no 'drgu'"),
        ({"drug": ""}, "got drug='', which is no Drug"),
        ({"drug": 5}, "got drug=5, which is no Drug"),
        ({"drug": "x", "limit": "many"}, "got limit='many', which is no integer"),
        ({"drug": "x", "limit": 1.5}, "got limit=1.5, which is no integer"),
        ({"drug": "x", "limit": True}, "got limit=True, which is no integer"),
    ],
)
def test_wrong_parameters_list_the_right_ones(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        QUERIES["drug_targets"].bind(given)
    assert message in str(raised.value)
    assert "drug (Drug): The drug, by id or name. Example: imatinib" in str(raised.value)
    assert "limit (integer, default 1000): Rows at most. Example: 20" in str(raised.value)


def test_texts_that_spell_a_value_are_taken() -> None:
    assert QUERIES["drug_targets"].bind({"drug": "x", "limit": "7"}) == {"drug": "x", "limit": 7}


def test_an_unknown_name_gets_the_near_ones() -> None:
    with pytest.raises(
        UsageError, match=r"no query is named 'drug_target'.*mean drug_targets.*upstream"
    ):
        find_query("drug_target")
    assert find_query("upstream").name == "upstream"


HEADER = """// Something.
// @param a string = x A text. e.g. y
// @param b strings Some texts. e.g. p,q
// @param c float A number. e.g. 1.5
// @param d boolean = true A choice. e.g. false
// @column v A value.
RETURN $a AS v
"""


def test_every_kind_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.cypher"
    path.write_text(HEADER)
    query = parse_query(path)
    bound = query.bind({"b": "p,q", "c": "1.5"})
    assert bound == {"a": "x", "b": ["p", "q"], "c": 1.5, "d": True}
    assert query.bind({"b": ["p"], "c": 2, "d": "false"}) == {
        "a": "x",
        "b": ["p"],
        "c": 2.0,
        "d": False,
    }
    for wrong in ({"b": 3}, {"b": [""]}, {"c": True}, {"d": "perhaps"}):
        with pytest.raises(UsageError, match="which is no"):
            query.bind({"b": "p", "c": 1, **wrong})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("// @param a string no example", r"bad\.cypher:2: .* expected '@param name kind"),
        (
            "// @param a Person The one. e.g. me",
            r"bad\.cypher:2: the kind 'Person' is not one of .*Drug",
        ),
        ("// @colum v A value.", r"bad\.cypher:2: "),
    ],
)
def test_a_wrong_header_names_file_and_line(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.cypher"
    path.write_text(f"// Something.\n{line}\nRETURN 1 AS v\n")
    with pytest.raises(UsageError, match=message):
        parse_query(path)


def test_the_folder_in_the_package_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "tosg_graph"
    for folder in (package, package.parent):
        (folder / "cypher" / "queries").mkdir(parents=True)
    monkeypatch.setattr(queries, "__file__", str(package / "graph" / "queries.py"))
    assert queries.queries_folder() == package / "cypher" / "queries"
    (package / "cypher" / "queries").rmdir()
    assert queries.queries_folder() == package.parent / "cypher" / "queries"


TWO = """// Numbers.
// @param limit integer = 10 Rows at most. e.g. 2
// @column v A number.
UNWIND [1, 2, 3] AS v
RETURN v ORDER BY v LIMIT $limit;
UNWIND [4, 5] AS v
RETURN v ORDER BY v LIMIT $limit
"""


class Counted:
    """The embedded store, and what it was asked."""

    engine = "ladybug"

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.asked: list[tuple[dict[str, Any], ReadLimits]] = []

    def read(self, query: str, parameters: Any = None, *, limits: ReadLimits) -> ResultTable:
        self.asked.append((dict(parameters), limits))
        return self.store.read(query, parameters, limits=limits)


@pytest.mark.parametrize(
    ("limit", "max_rows", "rows", "asked", "truncated"),
    [
        (10, 100, [1, 2, 3, 4, 5], [10, 7], False),
        (4, 100, [1, 2, 3, 4], [4, 1], False),
        (3, 100, [1, 2, 3], [3], False),
        (2, 100, [1, 2], [2], False),
        (10, 4, [1, 2, 3, 4], [10, 7], True),
        (10, 3, [1, 2, 3], [10, 7], True),
        (10, 2, [1, 2], [10], True),
    ],
)
def test_statements_follow_each_other_until_the_limit(
    embedded_tiny: EmbeddedStore,
    tmp_path: Path,
    limit: int,
    max_rows: int,
    rows: list[int],
    asked: list[int],
    truncated: bool,
) -> None:
    path = tmp_path / "two.cypher"
    path.write_text(TWO)
    query, store = parse_query(path), Counted(embedded_tiny)
    bound = query.bind({"limit": limit})
    found = query.run(store, bound, limits=ReadLimits(timeout=60, max_rows=max_rows))  # type: ignore[arg-type]
    assert [row[0] for row in found.rows] == rows
    assert [given["limit"] for given, _ in store.asked] == asked
    assert found.truncated is truncated
    times = [limits.timeout for _, limits in store.asked]
    assert times == sorted(times, reverse=True)
    assert times[0] <= 60


def test_the_timeout_is_that_of_all_statements(
    embedded_tiny: EmbeddedStore, tmp_path: Path
) -> None:
    path = tmp_path / "slow.cypher"
    heavy = ", ".join(f"({name})" for name in "abcdefg") + " WHERE a.id < b.id + g.id"
    path.write_text(TWO.replace("UNWIND [4, 5] AS v", f"MATCH {heavy} WITH count(a.name) AS v"))
    query = parse_query(path)
    with pytest.raises(QueryTimeout, match=r"ran longer than its 0\.5 s"):
        query.run(embedded_tiny, query.bind({}), limits=ReadLimits(timeout=0.5))


def test_a_statement_that_gives_hands_its_columns_to_the_next(
    tmp_path: Path, embedded_tiny: EmbeddedStore
) -> None:
    path = tmp_path / "two.cypher"
    path.write_text("// Two.\nUNWIND ['b', 'a'] AS v RETURN v ORDER BY v\n")
    path.with_name("two.ladybug.cypher").write_text(
        "// @gives found\nUNWIND ['b', 'a', 'b'] AS v RETURN DISTINCT v AS found ORDER BY found;\n"
        "// @gives found\nRETURN 'c' AS found;\n"
        "UNWIND $found AS v RETURN v + 'x' AS v ORDER BY v\n"
    )
    query = parse_query(path)
    limits = ReadLimits(max_rows=1)
    assert query.run(embedded_tiny, {}).rows == [("ax",), ("bx",), ("cx",)]
    assert query.run(embedded_tiny, {}, limits=limits).rows == [("ax",)]
    with pytest.raises(QueryError, match="the query 'two' goes over more nodes than 1 bytes hold"):
        query.run(embedded_tiny, {}, limits=ReadLimits(max_bytes=1))
