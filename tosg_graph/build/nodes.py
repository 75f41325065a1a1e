"""Nodes: what several sources say of one thing becomes one row, and every name an alias.

Precedence. A property of one value is the first that is said, in this order: the authorities of the
label (:data:`AUTHORITIES`), then the other sources by name, each in file order; after them the
annotations, in the same order. Lists are united and sorted, and a name that lost becomes a synonym,
unless it differs from the one that won by case alone.
"""

from __future__ import annotations

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.identifiers import Resolver
from tosg_graph.schema import ALIAS_KINDS, ALIASES, LABELS, Label, Property, PropertyType

#: The sources whose word counts first, per label; the others follow in the order of their names.
AUTHORITIES: dict[str, tuple[str, ...]] = {
    "Gene": ("hgnc", "gencode"),
    "Transcript": ("gencode", "hgnc"),
    "Protein": ("uniprot", "hgnc"),
    "Complex": ("cellphonedb",),
    "Family": ("signor",),
    "Pathway": ("reactome", "wikipathways"),
    "Disease": ("disease_ontology", "mondo"),
    "Drug": ("drugcentral", "gtopdb", "hetionet"),
    "CellType": ("cell_ontology",),
    "Tissue": ("uberon",),
    "Compartment": ("hpa", "uniprot"),
}
#: Labels whose symbol names the node itself; a transcript bears the symbol of its gene.
_BEARS_SYMBOL = ("Gene", "Protein")
#: The table of all aliases, before the weaker ones of a node are left out.
ALIAS_ROWS = "alias_rows"
# Annotations come after every row that declares a node.
_AFTER = 1_000_000_000_000
_MADE_HERE = ("id", "text", "sources", "description_source")


def stated_properties(label: Label) -> list[Property]:
    """Properties that sources state; the build makes the others."""
    return [p for p in label.properties if p.name not in _MADE_HERE]


def precedence(label: str) -> str:
    """Write the SQL that orders rows of a label by the precedence of their sources."""
    ranks = " ".join(
        f"WHEN {quoted(name)} THEN {rank}" for rank, name in enumerate(AUTHORITIES.get(label, ()))
    )
    return f"CASE source {ranks} ELSE 1000 END, source, file, line, row"


def start(engine: Engine) -> None:
    """Make the tables that nodes are gathered in."""
    engine.run(
        "CREATE OR REPLACE TABLE alias_rows (alias VARCHAR, namespace VARCHAR, kind VARCHAR, "
        "label VARCHAR, id VARCHAR, source VARCHAR, prio BIGINT)"
    )
    for label in LABELS:
        columns = ", ".join(_column(p) for p in stated_properties(label))
        engine.run(
            f"CREATE OR REPLACE TABLE rows_{label.name} (id VARCHAR, source VARCHAR, prio BIGINT, "
            f"declares BOOLEAN, {columns}, previous VARCHAR[], former_ids VARCHAR[], "
            "same_as VARCHAR[])"
        )


def declare(engine: Engine, label: Label, query: str | None = None) -> None:
    """Gather the rows that declare nodes of a label.

    Parameters
    ----------
    query
        Query that gives them: the columns of a chunk of nodes, with ``source, file, line, row``;
        default: the staged rows.
    """
    rows = query or f"SELECT * FROM nodes_{label.name}"
    engine.run(
        f"INSERT INTO rows_{label.name} BY NAME SELECT * EXCLUDE (file, line, row), "
        "true AS declares, "
        f"row_number() OVER (ORDER BY {precedence(label.name)}) AS prio FROM ({rows})"
    )


def name_fallbacks(engine: Engine, label: Label) -> None:
    """Make an alias of a name that no source gave, but the build."""
    insert_aliases(
        engine,
        label.name,
        f"""SELECT 'name' AS kind, name AS value, id, sources[1] AS source, 0 AS prio
        FROM united_{label.name} WHERE name IS NOT NULL""",
    )


def annotate(engine: Engine, label: Label, resolver: Resolver) -> bool:
    """Add what annotations of a label say; make ``annotated_<Label>``, whom they speak of.

    Returns
    -------
    bool
        Whether they bring names.
    """
    refs = f"SELECT ref, '{label.name}' AS label FROM annotations_{label.name}"
    resolver.join(refs, into=f"annotated_{label.name}")
    engine.run(
        f"""INSERT INTO rows_{label.name} BY NAME
        SELECT * EXCLUDE (ref, file, line, row), false AS declares, {_AFTER}
            + row_number() OVER (ORDER BY {precedence(label.name)}) AS prio
        FROM annotations_{label.name} JOIN (
            SELECT ref, id FROM annotated_{label.name} WHERE id IS NOT NULL
        ) USING (ref)"""
    )
    names = ["name", "synonyms", "xrefs", *(["symbol"] if label.name in _BEARS_SYMBOL else [])]
    named = " OR ".join(f"{column} IS NOT NULL" for column in names)
    return bool(engine.count(f"SELECT count(*) FROM annotations_{label.name} WHERE {named}"))


def name_aliases(engine: Engine, label: Label) -> None:
    """Make aliases of every name that the gathered rows of a label give."""
    engine.run(f"DELETE FROM alias_rows WHERE label = '{label.name}'")
    rows = f"rows_{label.name}"
    lists = (("xref", x) for x in ("xrefs", "former_ids", "same_as"))
    values = ["SELECT 'id' AS kind, id AS value, id, source, prio FROM " + rows]
    for kind, column in (*lists, ("previous", "previous"), ("synonym", "synonyms")):
        values.append(f"SELECT '{kind}', unnest({column}), id, source, prio FROM {rows}")
    values.append(f"SELECT 'name', name, id, source, prio FROM {rows}")
    if label.name in _BEARS_SYMBOL:
        values.append(f"SELECT 'symbol', symbol, id, source, prio FROM {rows}")
    insert_aliases(engine, label.name, " UNION ALL ".join(values))


def insert_aliases(engine: Engine, label: str, values: str) -> None:
    """Add the aliases that a query gives: ``kind, value, id, source, prio``."""
    engine.run(
        f"""INSERT INTO alias_rows SELECT
            CASE WHEN kind IN ('id', 'xref') THEN local_of(value) ELSE value END,
            CASE WHEN kind IN ('id', 'xref') THEN prefix_of(value) END,
            kind, '{label}', id, source, prio
        FROM ({values}) WHERE value <> '' AND (kind <> 'xref' OR value <> id)"""
    )


def settle_aliases(engine: Engine) -> None:
    """Make the table ``aliases``: each name of a node once, with the first source that gives it.

    Of several kinds that one string is for one node, only the strongest stays; but a name stays
    beside the others, because it is looked for apart from them.
    """
    ranks = ", ".join(f"('{kind}', {rank})" for rank, kind in enumerate(ALIAS_KINDS))
    engine.make(
        "aliases",
        f"""SELECT alias, namespace, kind, label, id, arg_min(source, (prio, source)) AS source
        FROM (
            SELECT *, min(rank) OVER (
                PARTITION BY alias, namespace, label, id, kind = 'name') AS best
            FROM alias_rows JOIN (VALUES {ranks}) AS ranks(kind, rank) USING (kind)
        ) WHERE rank = best GROUP BY alias, namespace, kind, label, id""",
    )


def aliases_query() -> str:
    """Give the query of the table of aliases, in its order."""
    return (
        f"SELECT {', '.join(ALIASES.names)} FROM aliases "
        "ORDER BY alias, namespace NULLS FIRST, kind, label, id"
    )


def unite(engine: Engine, label: Label) -> None:
    """Make the table ``united_<Label>``: one row per node, without its text."""
    columns = [
        f"arg_min({p.name}, prio) FILTER (WHERE {p.name} IS NOT NULL) AS {p.name}"
        for p in stated_properties(label)
        if p.name not in ("synonyms", "xrefs", "description_pmids")
    ]
    names = _united("synonyms", "previous", "[name]")
    symbol = "symbol" if any(p.name == "symbol" for p in label.own) else "NULL"
    engine.make(
        f"united_{label.name}",
        f"""SELECT * REPLACE (
            tidy(list_filter(synonyms, lambda s: lower(s) IS DISTINCT FROM lower(name)
                AND lower(s) IS DISTINCT FROM lower({symbol}))) AS synonyms,
            tidy(list_filter(xrefs, lambda x: x <> id)) AS xrefs
        ) FROM (
            SELECT id, {", ".join(columns)}, {names} AS synonyms,
                arg_min(source, prio) FILTER (WHERE description IS NOT NULL) AS description_source,
                tidy_numbers(arg_min_null(description_pmids, prio)
                    FILTER (WHERE description IS NOT NULL)) AS description_pmids,
                {_united("xrefs", "former_ids", "same_as")} AS xrefs,
                list_sort(list(DISTINCT source)) AS sources
            FROM rows_{label.name} GROUP BY id
        )""",
    )


def _united(*lists: str) -> str:
    parts = ", ".join(f"coalesce({name}, [])" for name in lists)
    return f"flatten(list(flatten([{parts}])))"


def _column(p: Property) -> str:
    return f"{p.name} {_SQL[p.type]}"


_SQL = {
    PropertyType.STRING: "VARCHAR",
    PropertyType.STRINGS: "VARCHAR[]",
    PropertyType.INTEGER: "BIGINT",
    PropertyType.FLOAT: "DOUBLE",
    PropertyType.BOOLEAN: "BOOLEAN",
}
