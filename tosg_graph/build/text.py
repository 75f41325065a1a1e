"""The paragraph that a language model gets of a node.

It is composed in a fixed order from what sources say of the node itself: what it is, what is told
of it, its other names, where it stands in its hierarchy. Who acts on it, which drugs hit it and
which diseases it has a part in are left out: they are edges, and a model that is trained to find
them must not read them here. A complex is its members, so it lists them.
"""

from __future__ import annotations

from tosg_graph.build.engine import Engine
from tosg_graph.schema import Label

#: Characters at most; what is longer ends with its last whole sentence, or else word, before that.
CAP = 2000
# A cut that would lose more than this for the sake of a whole sentence is made at a word.
_LEAST = CAP // 2

_MACROS = (
    "sentence(s) AS CASE WHEN regexp_matches(trim(s), '[.!?]$') THEN trim(s) "
    "WHEN trim(s) <> '' THEN trim(s) || '.' END",
    "tidied(s) AS nullif(trim(nfc_normalize(regexp_replace(s, '\\s+', ' ', 'g'))), '')",
    f"cut_at(s, mark) AS left(s, {CAP - 1} - strpos(reverse(left(s, {CAP - 1})), mark) + 1)",
    f"capped(s) AS CASE WHEN length(s) <= {CAP} THEN s "
    f"WHEN contains(left(s, {CAP - 1}), '. ') AND length(cut_at(s, ' .')) > {_LEAST} "
    "THEN trim(cut_at(s, ' .')) "
    f"WHEN contains(left(s, {CAP - 1}), ' ') THEN trim(cut_at(s, ' ')) || '…' "
    f"ELSE left(s, {CAP - 1}) || '…' END",
)

_OTHER_NAMES = "'Other names: ' || array_to_string(n.synonyms, '; ')"

#: Per label the parts of the text, in order; a part that is null is left out.
_PARTS: dict[str, tuple[str, ...]] = {
    "Gene": (
        "coalesce(n.symbol || ' (' || n.name || ')', n.symbol, n.name) || ', human gene'",
        "'Locus type: ' || n.locus_type",
        "'Location: ' || n.location",
        "n.description",
        _OTHER_NAMES,
    ),
    "Transcript": (
        "n.name",
        "'Transcript ' || local_of(n.id) || coalesce(' of ' || n.symbol, '')",
        "CASE WHEN n.mane_select THEN 'Chosen by MANE to represent its gene' END",
        "n.description",
        _OTHER_NAMES,
    ),
    "Protein": (
        "coalesce(n.name || coalesce(' (' || n.symbol || ')', ''), n.symbol) || ', human protein'",
        "'Length: ' || n.length || ' amino acids'",
        "places",
        "n.description",
        _OTHER_NAMES,
        "'Of its gene: ' || of_gene.description",
    ),
    "Complex": (
        "n.name || ', protein complex'",
        "'Members: ' || of_members.listed",
        "'Members not identified: ' || array_to_string("
        "list_transform(n.unresolved, lambda u: regexp_replace(u, '^symbol:', '')), ', ')",
        "places",
        "n.description",
        _OTHER_NAMES,
    ),
    "Family": ("n.name || ', protein family'", "n.description", _OTHER_NAMES),
    "Compartment": (
        "n.name || ', part of the cell'",
        "n.description",
        _OTHER_NAMES,
    ),
    "Pathway": (
        "n.name || ', pathway'",
        "n.description",
        _OTHER_NAMES,
        "'Part of: ' || parents.listed",
    ),
    "Disease": (
        "n.name || ', disease'",
        "n.description",
        _OTHER_NAMES,
        "'Kind of: ' || parents.listed",
    ),
    "Drug": ("n.name || ', drug'", "n.description", _OTHER_NAMES),
    "CellType": (
        "n.name || ', cell type'",
        "n.description",
        _OTHER_NAMES,
        "'Kind of: ' || parents.listed",
    ),
    "Tissue": (
        "n.name || ', part of the body'",
        "n.description",
        _OTHER_NAMES,
        "'Kind of: ' || parents.listed",
    ),
}
_PLACES = """concat_ws('. ', CASE WHEN receptor THEN 'A receptor' END,
    CASE WHEN secreted THEN 'Secreted' END,
    CASE WHEN transmembrane THEN 'Spans a membrane' END) AS places"""


def prepare(engine: Engine) -> None:
    """Make what the texts are composed of, from united nodes and evidence."""
    for macro in _MACROS:
        engine.run(f"CREATE OR REPLACE MACRO {macro}")
    for label in ("Pathway", "Disease", "CellType", "Tissue"):
        engine.make(
            f"parents_{label}",
            f"""SELECT source_id AS id, string_agg(DISTINCT name, '; ' ORDER BY name) AS listed
            FROM evidence_rows JOIN united_{label} n ON n.id = target_id
            WHERE type IN ('IS_A', 'CHILD_OF') AND source_label = '{label}' AND name IS NOT NULL
            GROUP BY source_id""",
        )
    engine.make(
        "gene_descriptions",
        """SELECT protein AS id, g.description FROM bearers JOIN united_Gene g ON g.id = gene
        WHERE g.description IS NOT NULL""",
    )


def nodes_query(label: Label) -> str:
    """Give the query of the nodes of a label with their texts, in their order."""
    text = f"capped({_composed(label)}) AS text"
    columns = ", ".join(text if p.name == "text" else f"n.{p.name}" for p in label.properties)
    return f"SELECT {columns} FROM {_composed_of(label)} ORDER BY n.id"


def cut_query(label: Label) -> str:
    """Give the query that counts the texts of a label that were longer than the cap."""
    return f"SELECT count(*) FROM {_composed_of(label)} WHERE length({_composed(label)}) > {CAP}"


def _composed(label: Label) -> str:
    parts = ", ".join(f"sentence({part})" for part in _PARTS[label.name])
    return f"tidied(concat_ws(' ', {parts}))"


def _composed_of(label: Label) -> str:
    places = f", {_PLACES}" if any(p.name == "receptor" for p in label.own) else ""
    return f"(SELECT *{places} FROM united_{label.name}) n {_joins(label.name)}"


def _joins(label: str) -> str:
    if label == "Protein":
        return "LEFT JOIN gene_descriptions of_gene USING (id)"
    if label == "Complex":
        return "LEFT JOIN member_symbols of_members USING (id)"
    if label in ("Pathway", "Disease", "CellType", "Tissue"):
        return f"LEFT JOIN parents_{label} parents USING (id)"
    return ""
