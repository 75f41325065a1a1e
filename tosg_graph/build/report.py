"""What came of the rows: counts, join rates and rejects, as plain values for the manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.identifiers import FAILURES
from tosg_graph.build.staging import Staged
from tosg_graph.build.text import CAP, cut_query
from tosg_graph.schema import LABEL
from tosg_graph.sources.registry import Located

Report = dict[str, Any]

_ENDS = """
SELECT source, source_ref AS ref, source_label AS label, 'statements' AS what FROM statements
UNION ALL SELECT source, target_ref, target_label, 'statements' FROM statements
"""
_MEMBERS = (
    "SELECT source, unnest(members) AS ref, 'Protein' AS label, 'members' AS what FROM complexes"
)


def join_rates(engine: Engine) -> dict[str, list[Report]]:
    """Count how the references of each source joined.

    Returns
    -------
    dict
        Per source a list of ``what`` (statements, members, annotations), ``namespace``, ``label``
        (the wanted one), ``total`` and ``resolved`` (references, counted as often as they occur),
        ``rate``, ``distinct`` and ``distinct_resolved``, and ``kinds`` (name of kind → count).
    """
    parts = [(_ENDS, "ends"), (_MEMBERS, "member_ends")]
    parts += [
        (
            f"SELECT source, ref, '{name}' AS label, 'annotations' AS what FROM annotations_{name}",
            f"annotated_{name}",
        )
        for name in LABEL
    ]
    query = " UNION ALL ".join(
        f"""SELECT source, what, label, prefix_of(ref) AS namespace, kind, count(*) AS n,
            count(DISTINCT ref) AS n_distinct
        FROM ({refs}) JOIN (SELECT ref, label, kind FROM {ends}) USING (ref, label)
        GROUP BY source, what, label, namespace, kind"""
        for refs, ends in parts
    )
    groups: dict[tuple[str, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for *key, kind, n, distinct in engine.rows(f"SELECT * FROM ({query}) ORDER BY ALL"):
        groups[tuple(key)].append((kind, n, distinct))
    rates: dict[str, list[Report]] = defaultdict(list)
    for (source, what, label, namespace), kinds in groups.items():
        names = {"what": what, "namespace": namespace, "label": label}
        rates[source].append({**names, **_rate(kinds)})
    return dict(rates)


def _rate(kinds: Sequence[tuple[str, int, int]]) -> Report:
    total = sum(n for _, n, _ in kinds)
    resolved = sum(n for kind, n, _ in kinds if kind not in FAILURES)
    return {
        "total": total,
        "resolved": resolved,
        "rate": round(resolved / total, 6),
        "distinct": sum(distinct for _, _, distinct in kinds),
        "distinct_resolved": sum(d for kind, _, d in kinds if kind not in FAILURES),
        "kinds": {kind: n for kind, n, _ in kinds},
    }


def _grouped(engine: Engine, query: str) -> dict[str, dict[str, int]]:
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    for source, key, n in engine.rows(f"SELECT * FROM ({query}) ORDER BY ALL"):
        groups[source][key] = n
    return dict(groups)


def rejects_by_reason(engine: Engine) -> dict[str, dict[str, int]]:
    """Count the rejected input rows of each source by their reason."""
    return _grouped(
        engine,
        "SELECT source, reason, sum(rows)::BIGINT AS n FROM reject_rows GROUP BY source, reason",
    )


def nodes_by_source(engine: Engine) -> dict[str, int]:
    """Count the rows by which each source declares nodes and complexes, of those that were kept."""
    tables = [*(f"nodes_{label}" for label in LABEL), "complexes"]
    rows = " UNION ALL ".join(f"SELECT source FROM {table}" for table in tables)
    return dict(engine.rows(f"SELECT source, count(*) FROM ({rows}) GROUP BY source"))


def licences_of_rows(engine: Engine) -> dict[str, dict[str, int]]:
    """Count the evidence of each source by its licence."""
    return _grouped(
        engine, "SELECT source, licence, count(*) AS n FROM evidence_rows GROUP BY source, licence"
    )


def text_coverage(engine: Engine, folder: Path, nodes: Mapping[str, int]) -> dict[str, Report]:
    """Say per label of the written tables what the nodes have to read, and from whom.

    Returns
    -------
    dict
        Per label: ``nodes``, those with a ``text``, their ``rate``, those with a ``description`` of
        a source, their share ``described`` (a text alone may say no more than the name), and by
        whom (``described_by``: source → nodes), and the texts that were ``cut`` because they were
        longer than ``cap`` characters.
    """
    found = {}
    for label, total in nodes.items():
        path = quoted(str(folder / "nodes" / f"{label}.parquet"))
        query = f"SELECT count(text), count(description) FROM read_parquet({path})"
        texts, descriptions = engine.rows(query)[0]
        found[label] = {
            "nodes": total,
            "text": texts,
            "description": descriptions,
            "rate": round(texts / total, 6),
            "described": round(descriptions / total, 6),
            "described_by": dict(engine.rows(_DESCRIBED.format(path))),
            "cap": CAP,
            "cut": engine.count(cut_query(LABEL[label])),
        }
    return found


_DESCRIBED = """SELECT description_source, count(*) FROM read_parquet({})
WHERE description_source IS NOT NULL GROUP BY description_source ORDER BY description_source"""


def source_reports(
    engine: Engine, staged: Mapping[str, Staged], rates: Mapping[str, list[Report]]
) -> Report:
    """Say per source what it gave and what came of it."""
    evidence = {
        source: (kept, said, facts)
        for source, kept, said, facts in engine.rows(
            """SELECT source, count(*), sum(times), count(DISTINCT edge_id)
            FROM evidence_rows GROUP BY source"""
        )
    }
    rejects = rejects_by_reason(engine)
    nodes = nodes_by_source(engine)
    reports = {}
    for name in sorted(staged):
        kept, said, facts = evidence.get(name, (0, 0, 0))
        reports[name] = {
            "rows": staged[name].rows,
            "dropped": staged[name].dropped,
            "nodes": nodes.get(name, 0),
            "evidence": kept,
            "repeated": int(said) - kept,
            "facts": facts,
            "joins": rates.get(name, []),
            "rejects": rejects.get(name, {}),
        }
    return reports


def make_report(
    engine: Engine,
    folder: Path,
    staged: Mapping[str, Staged],
    tables: Mapping[str, Any],
    located: Located,
) -> Report:
    """Say all of it.

    Returns
    -------
    dict
        ``sources`` (per source: rows by kind, rows dropped by licence, nodes kept, evidence,
        statements that only repeat others, facts, joins, rejects by reason), ``nodes`` and
        ``edges`` (rows per label and type), ``text`` (coverage per label), ``rejects`` (per
        reason), ``merged`` (nodes per label that became one with another), ``files``,
        ``left_out``, ``also_useful`` and ``unused``.
    """
    rows = {name: int(table["rows"]) for name, table in tables.items()}
    nodes = {name[6:]: n for name, n in rows.items() if name.startswith("nodes/")}
    reasons = engine.rows(
        "SELECT reason, sum(rows)::BIGINT FROM reject_rows GROUP BY reason ORDER BY reason"
    )
    merged = engine.rows("SELECT label, count(*) FROM merged GROUP BY label ORDER BY label")
    return {
        "sources": source_reports(engine, staged, join_rates(engine)),
        "nodes": nodes,
        "edges": {name[6:]: n for name, n in rows.items() if name.startswith("edges/")},
        "evidence": rows["evidence"],
        "aliases": rows["aliases"],
        "rejects": dict(reasons),
        "merged": dict(merged),
        "text": text_coverage(engine, folder, nodes),
        **located.report(),
    }
