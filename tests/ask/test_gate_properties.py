"""Properties of the gate that hold for every text."""

from __future__ import annotations

import random
import unicodedata

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.ask.test_gate import ENGINES, FOLDER
from tosg_graph.ask.cypher.tokens import TRIVIA, Kind, tokenize
from tosg_graph.ask.gate import check
from tosg_graph.errors import Refused

engines = st.sampled_from(ENGINES)
BENIGN = [
    (entry["query"], engine)
    for entry in yaml.safe_load((FOLDER / "benign.yaml").read_text(encoding="utf-8"))
    for engine in entry.get("engines", ENGINES)
]
FORBIDDEN = (
    "CREATE (zz)",
    "CREATE (zz:Gene {id: 'x'})",
    "MERGE (zz:Gene {id: 'x'})",
    "SET zz.name = 'x'",
    "SET zz:Gene",
    "SET zz += {a: 1}",
    "REMOVE zz.name",
    "DELETE zz",
    "DETACH DELETE zz",
    "FOREACH (x IN [1] | CREATE (y))",
    "INSERT (:Gene)",
    "LOAD CSV FROM 'file:///etc/passwd' AS line",
    "LOAD FROM '/etc/passwd' (file_format='csv')",
    "COPY (RETURN 1) TO 'x.csv'",
    "EXPORT DATABASE 'x'",
    "CALL db.labels() YIELD label",
    "CALL apoc.cypher.doIt('CREATE (n)', {}) YIELD value",
    "CALL threads=1",
    "CALL { CREATE (n) RETURN n }",
    "DROP TABLE Gene",
    "USE system",
    "; MATCH (n) DETACH DELETE n",
    "FINISH",
)

# Pieces that break naive readers of Cypher, mixed with plain text to make hostile soup.
PIECES = (
    *"'\"`\\/*;:,.|(){}[]<>=+-$%!&\n\r\t ",
    *("//", "/*", "*/", "**/", "\\u0027", "\\u002a", "``", "''", "\\'", "$x", "$(", "..", "*1..3"),
    *(
        "MATCH (n:Gene)",
        "MATCH",
        "RETURN n",
        "RETURN",
        "WHERE",
        "WITH",
        "AS",
        "CREATE",
        "SET",
        "n.set",
    ),
    *("CASE", "WHEN", "THEN", "END", "NOT", "IN", "EXISTS", "COUNT", "CALL", "UNION", "DISTINCT"),
    *(
        "ORDER BY",
        "LIMIT 1",
        "UNWIND",
        "LOAD CSV FROM",
        "COPY",
        "-[:ACTIVATES]->",
        "-[r*1..2]-",
        "{1,2}",
    ),
    *(
        "1",
        "1.5",
        "0x1F",
        "'a'",
        '"b"',
        "`c`",
        "count(*)",
        "shortestPath(",
        "all(",
        "reduce(",
        "cast(",
    ),
    *("\u200b", "\u202e", "\u00a0", "\u212a", "é", "\ud800", "\0", "\u2028", "\x85"),
)
soup = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=40).map("".join)


def verdict(query: str, engine: str) -> str | None:
    """Nothing when the query passes, the first words of the refusal when it does not."""
    try:
        check(query, engine=engine)
    except Refused as refused:
        return str(refused).split(": ", 1)[1][:30]
    return None


@settings(deadline=None)
@given(query=soup, engine=engines)
@example(query="RETURN \ud800", engine="neo4j")
@example(query="$", engine="ladybug")
@example(query="RETURN $`", engine="neo4j")
@example(query="MATCH p =", engine="neo4j")
@example(query="RETURN a:", engine="neo4j")
def test_any_text_passes_or_is_refused(query: str, engine: str) -> None:
    try:
        checked = check(query, engine=engine)
    except Refused:
        return
    assert checked.text == query


@settings(deadline=None)
@given(query=soup, engine=engines)
def test_the_tokens_are_the_text(query: str, engine: str) -> None:
    try:
        tokens = tokenize(query, engine=engine)
    except Refused:
        return
    assert "".join(token.text for token in tokens) == query
    assert all(query.startswith(token.text, token.start) for token in tokens)
    assert all(token.text for token in tokens)


@pytest.mark.parametrize(("query", "engine"), BENIGN)
def test_the_tokens_of_a_benign_query_are_its_text(query: str, engine: str) -> None:
    tokens = tokenize(query, engine=engine)
    assert "".join(token.text for token in tokens) == query
    assert len(tokens) >= 3


def cleaned(text: str, *, controls: bool) -> str:
    """Leave out what may not stand in a string (``controls``) or in a name or comment (not so)."""
    hidden = {"Cs"} if controls else {"Cs", "Cc", "Cf", "Zl", "Zp"}
    kept = (c for c in text if c not in "\0\\" and unicodedata.category(c) not in hidden)
    return "".join(kept)


contents = st.one_of(
    st.text(max_size=20), st.lists(st.sampled_from([*PIECES, *FORBIDDEN]), max_size=6).map(" ".join)
)
for_strings = contents.map(lambda text: cleaned(text, controls=True))
for_names = contents.map(lambda text: cleaned(text, controls=False) or "x")
BASES = (
    "MATCH (g:Gene) WHERE g.name <> 'x' {0} RETURN g.id AS id",
    "MATCH (g:Gene) {0} SET g.name = 'x' RETURN g.id",
    "MATCH (g:Genes) {0} RETURN g.id",
    "RETURN 1 AS x {0} ; RETURN 2 AS x",
    "MATCH (a)-[*]->(b) {0} RETURN b",
)


@settings(deadline=None)
@given(
    content=for_strings,
    quote=st.sampled_from("'\""),
    engine=engines,
)
def test_what_a_string_holds_does_not_matter(content: str, quote: str, engine: str) -> None:
    string = quote + content.replace(quote, "\\" + quote) + quote
    for base in (
        "MATCH (g:Gene) WHERE g.name = {0} RETURN g.id",
        "MATCH (g:Gene {{name: {0}}}) DELETE g",
    ):
        assert verdict(base.format(string), engine) == verdict(base.format("'x'"), engine)


@settings(deadline=None)
@given(content=for_names, engine=engines)
def test_what_a_name_in_back_ticks_holds_does_not_matter(content: str, engine: str) -> None:
    name = "`" + content.replace("`", "``") + "`"
    for base in ("MATCH ({0}:Gene) RETURN {0}.id AS {0}", "MATCH ({0}:Gene) SET {0}.name = 1"):
        assert verdict(base.format(name), engine) == verdict(base.format("`x`"), engine)


@settings(deadline=None)
@given(
    content=for_names,
    base=st.sampled_from(BASES),
    engine=engines,
)
def test_what_a_comment_holds_does_not_matter(content: str, base: str, engine: str) -> None:
    expected = verdict(base.format(" "), engine)
    assert verdict(base.format(f"//{content}\n"), engine) == expected
    block = content.replace("*/", "").replace("/*", "").strip("*/")
    assert verdict(base.format(f"/* {block} */"), engine) == expected


def clause_positions(query: str, engine: str) -> list[int]:
    """Offsets at which a clause can start: before a clause, and at the end."""
    tokens = [t for t in tokenize(query, engine=engine) if t.kind not in TRIVIA]
    starts = {"MATCH", "OPTIONAL", "RETURN", "UNWIND", "UNION", "ORDER", "SKIP", "LIMIT", "CALL"}
    found = [
        token.start
        for before, token in zip([None, *tokens], tokens, strict=False)
        if token.kind is Kind.WORD
        and token.text.upper() in starts
        and (before is None or before.text.upper() not in {"OPTIONAL", "AS", "."})
    ]
    last = next(token for token in reversed(tokens) if token.text != ";")
    return [*found, last.start + len(last.text)]


@settings(deadline=None)
@given(data=st.data())
def test_a_forbidden_clause_between_clauses_is_refused(data: st.DataObject) -> None:
    query, engine = data.draw(st.sampled_from(BENIGN))
    clause = data.draw(st.sampled_from(FORBIDDEN))
    clause = "".join(data.draw(st.sampled_from((c.lower(), c.upper()))) for c in clause)
    at = data.draw(st.sampled_from(clause_positions(query, engine)))
    space = data.draw(st.sampled_from((" ", "\n", "\t", "/**/", "/* x */", "// y\n")))
    hostile = query[:at] + space + clause + space + query[at:]
    assert verdict(hostile, engine) is not None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("clause", FORBIDDEN)
def test_every_forbidden_clause_is_refused_at_every_clause_position(
    clause: str, engine: str
) -> None:
    for query, for_engine in BENIGN:
        if for_engine == engine:
            for at in clause_positions(query, engine):
                assert verdict(f"{query[:at]} {clause} {query[at:]}", engine) is not None


@settings(deadline=None)
@given(data=st.data())
def test_spaces_and_comments_between_tokens_do_not_matter(data: st.DataObject) -> None:
    query, engine = data.draw(st.sampled_from(BENIGN))
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    trivia = ("\n", " \t ", " /* DELETE n */", " // SET x\n", " ")
    tokens = tokenize(query, engine=engine)
    spread = "".join(t.text if t.kind not in TRIVIA else rng.choice(trivia) for t in tokens)
    assert verdict(spread, engine) is None
