"""Schema statements of both databases, derived from :mod:`tosg_graph.schema`.

``python -m tosg_graph.graph.ddl`` writes ``cypher/schema.cypher`` of the checkout anew; a test
fails when that file and the schema differ.
"""

from __future__ import annotations

from pathlib import Path

from tosg_graph.schema import EDGE_ENDS, EDGE_TYPES, LABELS, EdgeType, Label, PropertyType

#: Name of the full-text index over everything that names a node.
FULLTEXT = "tosg_names"
FULLTEXT_PROPERTIES = ("name", "synonyms", "symbol")
#: It keeps every word: ``a`` and ``it`` are symbols of genes. What a server takes where none is
#: named differs by version and configuration.
ANALYSER = "standard-no-stop-words"
#: Property with the vector of a node's text. It is no part of the graph: see neo4j_vectors.
EMBEDDING = "embedding"

_COLUMN_TYPES = {
    PropertyType.STRING: "STRING",
    PropertyType.STRINGS: "STRING[]",
    PropertyType.INTEGER: "INT64",
    PropertyType.FLOAT: "DOUBLE",
    PropertyType.BOOLEAN: "BOOLEAN",
}

#: The 16 hexadecimal digits of an edge id are kept as a number of 128 bits in the embedded
#: database: distinct texts take ten times as long to copy, and three times to search.
EDGE_ID_TYPE = "UUID"

#: Functions of Neo4j that LadybugDB spells in another way. They are kept in the embedded database,
#: so that a query may say ``type(r)`` on both. ``labels(n)`` cannot be had so: there it is a text.
EMBEDDED_MACROS = (
    "CREATE MACRO type(r) AS label(r)",
    "CREATE MACRO toString(x) AS cast(x, 'STRING')",
    "CREATE MACRO toInteger(x) AS cast(x, 'INT64')",
    "CREATE MACRO toFloat(x) AS cast(x, 'DOUBLE')",
    "CREATE MACRO relationships(p) AS rels(p)",
)


def neo4j_constraints() -> list[str]:
    """One uniqueness constraint on ``id`` per label. They stand before the first row is loaded."""
    return [
        f"CREATE CONSTRAINT tosg_{label.name}_id IF NOT EXISTS "
        f"FOR (n:{label.name}) REQUIRE n.id IS UNIQUE"
        for label in LABELS
    ]


def neo4j_indexes() -> list[str]:
    """Range indexes on what is looked up, and the full-text index. They follow the last row."""
    nodes = [
        f"CREATE RANGE INDEX tosg_{label.name}_{p.name} IF NOT EXISTS "
        f"FOR (n:{label.name}) ON (n.{p.name})"
        for label in LABELS
        for p in label.properties
        if p.indexed
    ]
    edges = [
        f"CREATE RANGE INDEX tosg_{edge.name}_{p.name} IF NOT EXISTS "
        f"FOR ()-[r:{edge.name}]-() ON (r.{p.name})"
        for edge in EDGE_TYPES
        for p in edge.properties
        if p.indexed
    ]
    return [*nodes, *edges, _fulltext()]


def _fulltext() -> str:
    labels = "|".join(label.name for label in LABELS)
    properties = ", ".join(f"n.{name}" for name in FULLTEXT_PROPERTIES)
    return (
        f"CREATE FULLTEXT INDEX {FULLTEXT} IF NOT EXISTS FOR (n:{labels}) ON EACH [{properties}] "
        f"OPTIONS {{indexConfig: {{`fulltext.analyzer`: '{ANALYSER}'}}}}"
    )


def vector_index(label: str) -> str:
    """Name of the vector index of a label; one index cannot span several."""
    return f"tosg_{label}_{EMBEDDING}"


def neo4j_vector_index(label: str, dims: int) -> str:
    """Define the index over the vectors of one label: cosine, vectors kept as they are.

    Without being told, a server keeps them in fewer bits and finds fewer of the true neighbours.
    """
    options = (
        f"`vector.dimensions`: {dims}, `vector.similarity_function`: 'cosine', "
        "`vector.quantization.enabled`: false"
    )
    return (
        f"CREATE VECTOR INDEX {vector_index(label)} IF NOT EXISTS "
        f"FOR (n:{label}) ON (n.{EMBEDDING}) OPTIONS {{indexConfig: {{{options}}}}}"
    )


def schema_cypher() -> str:
    """Write out ``cypher/schema.cypher``: it runs as it stands in Neo4j Browser."""
    parts = (
        "// Generated from tosg_graph/schema.py by: python -m tosg_graph.graph.ddl",
        "",
        "// An id is unique within its label.",
        *(f"{statement};" for statement in neo4j_constraints()),
        "",
        "// What is looked up: names, symbols and accessions of nodes, ids of facts.",
        *(f"{statement};" for statement in neo4j_indexes()),
    )
    return "\n".join(parts) + "\n"


def embedded_tables() -> list[str]:
    """Define the node and edge tables of the embedded database, and its macros."""
    return [
        *(_node_table(label) for label in LABELS),
        *(_edge_table(edge) for edge in EDGE_TYPES),
        *EMBEDDED_MACROS,
    ]


def _node_table(label: Label) -> str:
    columns = ", ".join(
        f"{p.name} {_COLUMN_TYPES[p.type]}" + (" PRIMARY KEY" if p.name == "id" else "")
        for p in label.properties
    )
    return f"CREATE NODE TABLE {label.name}({columns})"


def _edge_table(edge: EdgeType) -> str:
    ends = [f"FROM {a} TO {b}" for a, b in edge.ends]
    types = {p.name: _COLUMN_TYPES[p.type] for p in edge.properties} | {"edge_id": EDGE_ID_TYPE}
    columns = [f"{name} {of}" for name, of in types.items()]
    return f"CREATE REL TABLE {edge.name}({', '.join(ends + columns)})"


def copied_columns(edge: EdgeType) -> tuple[str, ...]:
    """Columns of a part of an edge table in the order in which the embedded database takes them."""
    return (*EDGE_ENDS[:2], *(p.name for p in edge.properties))


def main() -> None:
    """Write ``cypher/schema.cypher`` of the checkout."""
    path = Path(__file__).resolve().parents[2] / "cypher" / "schema.cypher"
    path.write_text(schema_cypher(), encoding="utf-8")


if __name__ == "__main__":
    main()
