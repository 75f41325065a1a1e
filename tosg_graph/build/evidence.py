"""From statements to evidence and facts.

A statement whose ends are both known is one row of evidence; statements of one file that agree in
everything but the line are one (SIGNOR repeats a record for each pathway that it tags). Evidence
with the same source, type and target makes one fact. What did not become evidence is rejected.

Self-loops. A source that writes one identifier at both ends means it, where a thing can act on or
bind itself (:data:`LOOPS`). A loop that only came about because two identifiers are one node, and
a loop in a hierarchy, are rejected.
"""

from __future__ import annotations

from tosg_graph.build import complexes, merging
from tosg_graph.build.engine import Engine, literals
from tosg_graph.build.identifiers import Resolver
from tosg_graph.errors import BuildError
from tosg_graph.schema import (
    EDGE_TYPES,
    EVIDENCE,
    LABEL,
    LABELS,
    SIGNALLING,
    STATEMENT_PROPERTIES,
    Aggregate,
    EdgeType,
    Property,
)

#: Types whose source and target may be one node.
LOOPS = (*SIGNALLING, "BINDS", "INTERACTS_WITH")

_REFS = """SELECT source_ref AS ref, source_label AS label FROM every_statement
UNION ALL SELECT target_ref, target_label FROM every_statement"""

_PLACED = """
WITH joined AS (
    SELECT s.*, a.id AS a, a.kind AS a_kind, a.candidates AS a_candidates,
        b.id AS b, b.kind AS b_kind, b.candidates AS b_candidates,
        type IN {undirected} AND source_label = target_label AND a.id > b.id AS turned
    FROM every_statement s
    LEFT JOIN ends a ON a.ref = source_ref AND a.label = source_label
    LEFT JOIN ends b ON b.ref = target_ref AND b.label = target_label
)
SELECT type, source, file, line, source_label, target_label,
    CASE WHEN turned THEN b ELSE a END AS source_id,
    CASE WHEN turned THEN a ELSE b END AS target_id,
    CASE WHEN turned THEN target_ref ELSE source_ref END AS source_as_written,
    CASE WHEN turned THEN source_ref ELSE target_ref END AS target_as_written,
    coalesce(sign, {sign}) AS sign, tidy_numbers(pmids) AS pmids, {columns},
    CASE WHEN a IS NULL THEN {why_a} WHEN b IS NULL THEN {why_b}
        WHEN a <> b OR source_label <> target_label THEN NULL
        WHEN source_ref <> target_ref THEN 'self-loop: two identifiers of one node'
        WHEN type NOT IN {loops} THEN 'self-loop' END AS reason,
    CASE WHEN a IS NULL THEN source_ref WHEN b IS NULL THEN target_ref
        WHEN source_ref = target_ref THEN source_ref
        ELSE source_ref || ' → ' || target_ref END AS value,
    CASE WHEN a IS NULL THEN a_candidates WHEN b IS NULL THEN b_candidates END AS candidates
FROM joined
"""
_HANDLED = ("edge_id", "source", "file", "line", "sign", "pmids")
_AS_WRITTEN = ("source_as_written", "target_as_written")


def gather(engine: Engine, resolver: Resolver) -> None:
    """Resolve the ends of all statements; make ``evidence_rows`` and ``reject_rows``.

    Raises
    ------
    BuildError
        If two facts got the same edge id.
    """
    engine.run(
        "CREATE OR REPLACE VIEW every_statement AS SELECT * FROM statements "
        f"UNION ALL BY NAME {complexes.subunits()}"
    )
    rejected = " UNION ALL ".join(_annotation_rejects(label) for label in LABEL)
    engine.run(f"CREATE OR REPLACE VIEW annotation_rejects AS {rejected}")
    resolver.join(_REFS, into="ends")
    engine.make("placed", _placed())
    engine.make("evidence_rows", _evidence())
    engine.make("reject_rows", _rejects())
    engine.run("DROP TABLE placed")
    _check_ids(engine)


def _placed() -> str:
    undirected = [edge.name for edge in EDGE_TYPES if not edge.directed]
    signs = " ".join(f"WHEN '{e.name}' THEN {e.sign}" for e in EDGE_TYPES if e.sign is not None)
    columns = [f.name for f in EVIDENCE if f.name not in (*_HANDLED, *_AS_WRITTEN)]
    return _PLACED.format(
        undirected=literals(undirected),
        sign=f"CASE type {signs} END",
        columns=", ".join(columns),
        why_a=_why("a_kind", "source"),
        why_b=_why("b_kind", "target"),
        loops=literals(LOOPS),
    )


def _why(kind: str, end: str) -> str:
    """Write the SQL that says why an end has no node; ``kind``, ref and label are columns."""
    own = " ".join(f"WHEN '{a.name}' THEN {list(a.prefixes)}" for a in LABELS)
    return (
        f"CASE WHEN {kind} = 'ambiguous' THEN 'ambiguous' "
        f"WHEN {kind} = 'no_product' THEN 'no product' "
        f"WHEN list_contains(CASE {end}_label {own} END, prefix_of({end}_ref)) "
        "THEN 'unknown node' ELSE 'unmapped' END"
    )


def _evidence() -> str:
    columns = [f.name for f in EVIDENCE if f.name not in ("edge_id", "line")]
    return f"""SELECT type, source_id, target_id, source_label, target_label,
        substr(sha256(source_id || '|' || type || '|' || target_id), 1, 16) AS edge_id,
        {", ".join(columns)}, min(line) AS line, count(*) AS times
    FROM placed WHERE reason IS NULL GROUP BY ALL"""


def _rejects() -> str:
    return f"""SELECT source, file, line, reason, value, candidates, 1 AS rows FROM placed
        WHERE reason IS NOT NULL
    UNION ALL SELECT *, 1 FROM ({complexes.rejects()})
    UNION ALL SELECT source, file, line, reason, value, NULL, coalesce(rows, 1) FROM rejected
    UNION ALL SELECT *, 1 FROM ({merging.rejects()})
    UNION ALL SELECT source, file, line, reason, value, candidates, 1 FROM annotation_rejects"""


def _annotation_rejects(label: str) -> str:
    return f"""SELECT source, file, line, {_why("kind", "node")} AS reason, node_ref AS value,
        candidates
    FROM (
        SELECT source, file, line, ref AS node_ref, '{label}' AS node_label, kind, candidates
        FROM annotations_{label} JOIN annotated_{label} USING (ref) WHERE id IS NULL
    )"""


def _check_ids(engine: Engine) -> None:
    twice = engine.rows(
        """SELECT edge_id, list_sort(list(source_id || ' ' || type || ' ' || target_id))
        FROM (SELECT DISTINCT edge_id, source_id, type, target_id FROM evidence_rows)
        GROUP BY edge_id HAVING count(*) > 1 ORDER BY edge_id LIMIT 1"""
    )
    if twice:
        edge_id, facts = twice[0]
        raise BuildError(f"two facts have the edge id {edge_id}: {'; '.join(facts)}; report this")


def evidence_query() -> str:
    """Give the query of the table of evidence, in its order."""
    first = ["edge_id", "source", "file", "line"]
    rest = [f.name for f in EVIDENCE if f.name not in first]
    return (
        f"SELECT {', '.join(EVIDENCE.names)} FROM evidence_rows ORDER BY {', '.join(first + rest)}"
    )


def rejects_query() -> str:
    """Give the query of the table of rejects, in its order."""
    return (
        "SELECT source, file, line, reason, value, candidates, rows FROM reject_rows "
        "ORDER BY source, file, line, reason, value, candidates, rows"
    )


def facts_query(edge: EdgeType) -> str:
    """Give the query of the facts of an edge type, in their order."""
    sign = "CASE WHEN count(DISTINCT sign) = 1 THEN min(sign) END"
    own = "".join(f", {aggregated(p)} AS {p.name}" for p in edge.own)
    query = f"""SELECT source_id AS source, target_id AS target, source_label, target_label,
        edge_id, {sign} AS sign, {edge.directed} AS directed, tidy(list(mechanism)) AS mechanisms,
        tidy(list(e.source)) AS sources, tidy(list(licence)) AS licences,
        tidy_numbers(flatten(list(pmids))) AS pmids, count(*) AS n_evidence,
        max(score) AS score{own}
    FROM evidence_rows e WHERE type = '{edge.name}'
    GROUP BY source_id, target_id, source_label, target_label, edge_id"""
    if edge.name == "ENCODES":
        query = f"""SELECT f.* REPLACE (coalesce(p.canonical, false) AS canonical) FROM ({query}) f
            LEFT JOIN encodes p ON p.gene = f.source AND p.protein = f.target"""
    return f"SELECT * FROM ({query}) ORDER BY source, target"


def aggregated(p: Property) -> str:
    """Write the SQL by which statements give one value of a property.

    Raises
    ------
    BuildError
        If the schema does not say how.
    """
    if p not in STATEMENT_PROPERTIES:
        raise BuildError(f"the schema does not say how statements give the property {p.name!r}")
    match p.aggregate:
        case Aggregate.JOIN:
            # A statement may itself name several, such as "AGONIST; MODULATOR".
            parts = f"list(string_split({p.name}, '; ')) FILTER ({p.name} IS NOT NULL)"
            return f"array_to_string(list_sort(list_distinct(flatten({parts}))), '; ')"
        case Aggregate.MAX:
            return f"max({p.name})"
        case _:
            return f"bool_or({p.name})"
