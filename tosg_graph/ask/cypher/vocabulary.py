"""The words that the read gate knows: clauses, reserved words and the functions of each engine."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from tosg_graph.schema import EDGE_TYPES, LABELS

ENGINES = {"neo4j": "Neo4j", "ladybug": "LadybugDB"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: What a query may be made of; shown when something else is found.
ALLOWED_CLAUSES = (
    "MATCH, OPTIONAL MATCH, WHERE, WITH, RETURN, ORDER BY, SKIP, LIMIT, UNWIND, UNION, "
    "and CALL { … } with the same inside"
)

_WRITES = "it changes the graph, and queries here only read"
_FILES = "it reaches files, extensions or other databases"
_ADMIN = "it manages the server or a session"
_DOOR = "the plan of a query is asked for by the tool, not inside the query"
_OTHER = "it is not among the clauses that are read"

#: Words that start a clause or a statement which is not let through, and why.
FORBIDDEN: dict[str, str] = {
    word: reason
    for reason, words in (
        (
            _WRITES,
            "CREATE MERGE SET DELETE DETACH NODETACH REMOVE FOREACH INSERT DROP ALTER RENAME "
            "TRUNCATE ADD",
        ),
        (
            _FILES,
            "LOAD COPY EXPORT IMPORT ATTACH INSTALL UNINSTALL UPDATE FORCE PROJECT_GRAPH PROJECT "
            "GLOB",
        ),
        (
            _ADMIN,
            "SHOW TERMINATE GRANT DENY REVOKE BEGIN COMMIT ROLLBACK CHECKPOINT STOP ENABLE "
            "DEALLOCATE REALLOCATE DRYRUN ANALYZE COMMENT USE KILL",
        ),
        (_DOOR, "EXPLAIN PROFILE CYPHER"),
        (_OTHER, "USING HINT YIELD LET FILTER FINISH NEXT SEARCH"),
    )
    for word in words.split()
}

#: Words that hold the grammar together; bare, they are never a variable.
RESERVED = _words(
    "MATCH OPTIONAL WHERE WITH RETURN ORDER BY SKIP LIMIT OFFSET UNWIND UNION CALL AS AND OR XOR "
    "NOT IN IS STARTS ENDS CONTAINS CASE WHEN THEN ELSE END DISTINCT ASC ASCENDING DESC DESCENDING "
    "NULL TRUE FALSE EXISTS"
)

#: Keywords after which an expression or a pattern must follow in every engine, so that a word that
#: stands there cannot start a clause.
HARD = _words(
    "MATCH WHERE WITH RETURN BY SKIP LIMIT OFFSET UNWIND AS AND OR XOR IN CONTAINS WHEN THEN ELSE"
)

_NEO4J = _words(
    "count collect sum avg min max stdev stdevp percentilecont percentiledisc "
    "id elementid labels type properties keys nodes relationships startnode endnode length exists "
    "size head last tail range reverse coalesce nullif isempty valuetype "
    "tostring tostringornull tostringlist tointeger tointegerornull tointegerlist tofloat "
    "tofloatornull tofloatlist toboolean tobooleanornull tobooleanlist "
    "abs ceil floor round sign sqrt exp log log10 e pi isnan rand "
    "sin cos tan cot asin acos atan atan2 degrees radians "
    "substring left right replace split trim ltrim rtrim btrim tolower toupper lower upper "
    "char_length character_length normalize reduce"
)

_LADYBUG = _words(
    "count count_if collect sum avg min max percentilecont percentiledisc "
    "id label labels properties keys nodes rels relationships start_node end_node length offset "
    "is_trail is_acyclic coalesce ifnull nullif typeof "
    # Macros that the embedded graph defines, so that one text runs on both engines.
    "type tostring tointeger tofloat "
    "cast to_string to_int64 to_int32 to_double to_float to_bool "
    "abs ceil ceiling floor round sign sqrt cbrt pow ln log log2 log10 pi even greatest least "
    "sin cos tan cot asin acos atan atan2 degrees radians bitwise_and bitwise_or bitwise_xor "
    "concat concat_ws contains starts_with ends_with prefix suffix initcap lcase ucase lower upper "
    "tolower toupper left right substr substring trim ltrim rtrim reverse replace size split_part "
    "str_split string_split string_to_array levenshtein regexp_matches regexp_full_match "
    "regexp_extract regexp_extract_all regexp_replace regexp_split_to_array md5 sha256 hash "
    "range list_creation list_append list_prepend list_cat list_concat list_contains list_has "
    "list_has_all list_has_any list_distinct list_unique list_element list_extract list_slice "
    "list_reduce list_indexof list_position list_max list_min list_sum "
    "list_product list_reverse list_sort list_reverse_sort list_to_string list_any_value "
    "array_contains array_distance array_cosine_similarity array_inner_product array_dot_product "
    "map map_keys map_values map_extract element_at cardinality struct_extract struct_pack"
)

#: Lower-case names of the functions that may be called. None of them reads a file, a setting or the
#: catalogue, none keeps state, and none makes a long string out of a short one.
FUNCTIONS: dict[str, frozenset[str]] = {"neo4j": _NEO4J, "ladybug": _LADYBUG}

#: What an engine calls a function that the other one has.
ELSEWHERE: dict[str, dict[str, str]] = {
    "ladybug": {
        "startnode": "start_node(r)",
        "endnode": "end_node(r)",
        "head": "xs[1]",
        "last": "xs[-1]",
        "split": "string_split(s, separator)",
        # LadybugDB 0.22.0 hands these two values of other rows (docs/engines.md).
        "list_transform": "properties(nodes(p), 'id') on a path, or UNWIND",
        "list_filter": "any(x IN xs WHERE …), or UNWIND and WHERE",
        "reduce": "list_reduce(xs, (a, b) -> a + b)",
        "shortestpath": "(a)-[e:TYPE* SHORTEST 1..4]->(b)",
        "allshortestpaths": "(a)-[e:TYPE* ALL SHORTEST 1..4]->(b)",
    },
    "neo4j": {"label": "type(r) or labels(n)", "cast": "toString(x), toInteger(x) or toFloat(x)"},
}

#: Types whose edges climb a hierarchy. A step up has few ends, so these may be followed further.
HIERARCHIES = _words("IS_A CHILD_OF")
HIERARCHY_HOPS = 20

#: Types that a LadybugDB ``cast(x AS …)`` may name.
CAST_TYPES = _words("STRING INT64 INT32 INT16 INT8 DOUBLE FLOAT BOOL BOOLEAN DATE TIMESTAMP UUID")

NODE_PROPERTIES: dict[str, frozenset[str]] = {
    label.name: frozenset(p.name for p in label.properties) for label in LABELS
}
EDGE_PROPERTIES: dict[str, frozenset[str]] = {
    edge.name: frozenset(p.name for p in edge.properties) for edge in EDGE_TYPES
}


def near_miss(name: str, known: Iterable[str]) -> str:
    """Hint at what an unknown name may mean: the nearest known one, or all when none is near."""
    names = sorted(known)
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    close = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known are {', '.join(names)}" if names else "none is known"
