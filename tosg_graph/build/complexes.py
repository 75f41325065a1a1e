"""Complexes: named by their members, so that two sources that list the same ones name one node.

The id is ``COMPLEX:`` and the accessions of the members, sorted, as often as they are listed, with
``-`` between them. A member that could not be resolved (or is ambiguous) stands behind the others
as it was written, with a ``?`` before it: ``COMPLEX:P05556-?symbol:XYZ1``. A complex with no
resolved member is rejected.
"""

from __future__ import annotations

from tosg_graph.build.engine import Engine
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.nodes import declare, insert_aliases, name_aliases
from tosg_graph.schema import LABEL

_PARTS = """
SELECT c.source, c.row, c.member, e.id AS protein
FROM (SELECT source, row, unnest(members) AS member FROM complexes) c
LEFT JOIN member_ends e ON e.ref = c.member
"""

_IDS = """
SELECT source, row, members, unresolved, CASE WHEN members IS NOT NULL THEN
    'COMPLEX:' || array_to_string(list_concat(
        list_transform(members, lambda m: local_of(m)),
        list_transform(coalesce(unresolved, []), lambda u: '?' || u)), '-') END AS id
FROM (
    SELECT source, row, list_sort(list(protein) FILTER (WHERE protein IS NOT NULL)) AS members,
        list_sort(list(member) FILTER (WHERE protein IS NULL)) AS unresolved
    FROM parts GROUP BY source, row
)
"""


def gather(engine: Engine, resolver: Resolver) -> None:
    """Resolve the members of the staged complexes, and declare the complexes as nodes.

    Makes the tables ``member_ends``, ``parts`` (one row per listed member) and ``complex_ids``.
    """
    members = "SELECT unnest(members) AS ref, 'Protein' AS label FROM complexes"
    resolver.join(members, into="member_ends")
    engine.make("parts", _PARTS)
    engine.make("complex_ids", _IDS)
    named = """SELECT i.id, i.members, i.unresolved, c.* EXCLUDE (members, ref, licence)
        FROM complexes c JOIN complex_ids i USING (source, row) WHERE i.id IS NOT NULL"""
    declare(engine, LABEL["Complex"], f"SELECT * FROM nodes_Complex UNION ALL BY NAME {named}")
    name(engine)


def name(engine: Engine) -> None:
    """Make aliases of every name of the gathered complexes, and of the names local to a source."""
    name_aliases(engine, LABEL["Complex"])
    insert_aliases(engine, "Complex", _LOCAL_NAMES)


_LOCAL_NAMES = """SELECT 'xref' AS kind, ref AS value, i.id, source, 0 AS prio
FROM complexes JOIN complex_ids i USING (source, row) WHERE i.id IS NOT NULL"""


def subunits() -> str:
    """Give the query of the PART_OF statements that complexes imply, as staged statements are."""
    return """SELECT 'PART_OF' AS type, p.source_ref, 'Protein' AS source_label,
        c.ref AS target_ref, 'Complex' AS target_label, local_of(c.ref) AS record_id,
        p.stoichiometry, c.licence, c.line, c.source, c.file, c.row
    FROM (
        SELECT source, row, protein, min(member) AS source_ref, count(*) AS stoichiometry
        FROM parts WHERE protein IS NOT NULL GROUP BY source, row, protein
    ) p JOIN complexes c USING (source, row)"""


def rejects() -> str:
    """Give the query of the complexes that no member is known of, as rejects are."""
    return """SELECT source, file, line, 'no member of the complex is known' AS reason,
        ref AS value, NULL::VARCHAR[] AS candidates
    FROM complexes JOIN complex_ids USING (source, row) WHERE id IS NULL"""


def apply_names(engine: Engine) -> None:
    """Name united complexes that no source names: ``ITGA2:ITGB1``, ``?`` for an unknown member."""
    engine.make(
        "united_Complex",
        """SELECT c.* REPLACE (coalesce(c.name,
            m.name || repeat(':?', coalesce(len(c.unresolved), 0))) AS name)
        FROM united_Complex c LEFT JOIN member_symbols m USING (id)""",
    )


def list_symbols(engine: Engine) -> None:
    """Make the table ``member_symbols`` (id, name, listed): symbols of the members of complexes."""
    engine.make(
        "member_symbols",
        """SELECT id, string_agg(symbol, ':' ORDER BY symbol) AS name,
            string_agg(symbol, ', ' ORDER BY symbol) AS listed
        FROM (
            SELECT c.id, coalesce(p.symbol, local_of(member)) AS symbol
            FROM (SELECT id, unnest(members) AS member FROM united_Complex) c
            LEFT JOIN united_Protein p ON p.id = c.member
        ) GROUP BY id""",
    )
