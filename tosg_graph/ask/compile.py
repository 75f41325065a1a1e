"""From a plan to Cypher: parameters for every value, an order and a limit on every query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tosg_graph.ask.dialect import dialect
from tosg_graph.ask.pattern import Query, Writer, conditions, end, labels, match, where
from tosg_graph.ask.plan import Form, Join, NodeSet, Plan
from tosg_graph.schema import EDGE_TYPE, LABEL

#: Paths that are looked at to find the shortest between two nodes, and to cite for one answer.
_PATHS = 1000
#: Edges that are fetched to cite for one page of answers.
MOST_CITED = 2000

#: What is shown of an edge whose other end is given.
_EDGE_COLUMNS = (
    "sign",
    "action",
    "affinity",
    "mechanisms",
    "n_evidence",
    "sources",
    "pmids",
    "edge_id",
)


def main_query(
    plan: Plan, engine: str, *, limit: int, detected: Mapping[int, Sequence[str]] | None = None
) -> Query:
    """Write the query whose rows answer the question.

    Parameters
    ----------
    plan
        What is asked for.
    engine
        ``ladybug`` or ``neo4j``.
    limit
        Rows at most.
    detected
        For each detection of the plan, by ``id()``: the ids of the nodes that it holds for.
    """
    writer = Writer(dialect(engine), detected or {})
    write = _FORMS.get(plan.form, _nodes)
    write(writer, plan, limit)
    return writer.query()


def edge_count_query(engine: str) -> Query:
    """Edges per type."""
    words = dialect(engine)
    return Query(
        "MATCH ()-[r]->()\n"
        f"RETURN {words.type('r')} AS type, count(*) AS n\nORDER BY type\nLIMIT 100",
        {},
    )


def cited_query(
    plan: Plan,
    join: Join,
    engine: str,
    answers: Sequence[str],
    *,
    detected: Mapping[int, Sequence[str]] | None = None,
) -> Query:
    """Write the edges that make a join true for some answers: one column ``answer``, then edges.

    Edges with more statements come first. For a chain of edges: the shortest chains, as lists.
    """
    writer = Writer(dialect(engine), detected or {})
    ids = writer.value("answer_ids", list(answers))
    if not all(step.single for step in join.steps):
        return _cited_chains(writer, plan, join, ids)
    writer.lines.append(f"MATCH (a:{labels(plan.answer.labels)})")
    writer.lines.append(f"WHERE a.id IN {ids}")
    edges = match(writer, "a", join)
    shown = ", ".join(f"{edge} AS {edge}" for edge in edges)
    order = ", ".join(f"{edge}.n_evidence DESC, {edge}.edge_id" for edge in edges)
    writer.lines.append(f"RETURN a.id AS answer, {shown}")
    writer.lines.append(f"ORDER BY answer, {order}")
    writer.lines.append(f"LIMIT {MOST_CITED}")
    return writer.query()


# ---- the forms -----------------------------------------------------------------------------------


def _nodes(writer: Writer, plan: Plan, limit: int) -> None:
    """List, count and exists: the nodes for which everything holds."""
    answer = plan.answer
    if plan.form is Form.EXISTS and answer.filters and not (answer.joins or answer.detections):
        _marked(writer, answer, limit)
        return
    _start(writer, answer)
    if plan.form is Form.COUNT:
        _joined(writer, answer)
        writer.lines += ["RETURN count(DISTINCT a.id) AS n", "ORDER BY n", "LIMIT 1"]
        return
    flat = len(answer.joins) == 1 and answer.joins[0].flat and not answer.joins[0].most
    columns = _flat(writer, answer.joins[0]) if flat else _joined(writer, answer)
    named = ["a.id AS id", "a.name AS name", *_symbol(answer.labels)]
    writer.lines.append("RETURN " + ", ".join([*named, *columns]))
    called = "toLower(coalesce(symbol, name))" if len(named) == 3 else "toLower(name)"
    order = [*_first(plan, flat=flat), called, "id", *(["edge_id"] if flat else [])]
    writer.lines.append("ORDER BY " + ", ".join(order))
    writer.lines.append(f"LIMIT {limit}")


def _marked(writer: Writer, answer: NodeSet, limit: int) -> None:
    """Write the properties that are asked about, whatever they are: "no" and "not known" differ."""
    _start(writer, replace(answer, filters=()))
    shown = [f"a.{wanted.name} AS {wanted.name}" for wanted in answer.filters]
    named = ["a.id AS id", "a.name AS name", *_symbol(answer.labels)]
    writer.lines += ["RETURN " + ", ".join([*named, *shown]), "ORDER BY name, id", f"LIMIT {limit}"]


def _first(plan: Plan, *, flat: bool) -> list[str]:
    """Write what goes before the order of names; what is not known goes last."""
    if plan.rank is None:
        return []
    if plan.rank.by == "affinity" and flat:
        return ["coalesce(affinity, -1.0) DESC"]
    if plan.rank.by == "count":
        most = [f"k{i + 1}" for i, join in enumerate(plan.answer.joins) if join.most]
        return [f"{_count_name(plan.answer.joins, column)} DESC" for column in most]
    if plan.rank.by == "affinity":
        return ["affinity DESC"]
    return ["n_evidence DESC"]


def _start(writer: Writer, answer: NodeSet) -> None:
    writer.lines.append(f"MATCH (a:{labels(answer.labels)})")
    where(writer, conditions(writer, "a", answer))


def _flat(writer: Writer, join: Join) -> list[str]:
    """One edge to given nodes: the edge's own columns."""
    (edge,) = match(writer, "a", join)
    known = {p.name for name in join.steps[0].edges for p in EDGE_TYPE[name].properties}
    shown = [f"{edge}.{name} AS {name}" for name in _EDGE_COLUMNS if name in known]
    return [f"{writer.words.type(edge)} AS relation", "n1.id AS other", *shown]


def _joined(writer: Writer, answer: NodeSet) -> list[str]:
    """Each join in turn, folded to one row per node before the next begins."""
    carried: list[str] = []
    columns = []
    ranked = len(answer.joins) == 1 and all(step.single for step in answer.joins[0].steps)
    for number, join in enumerate(answer.joins, start=1):
        edges = match(writer, "a", join)
        far = end(writer, join)
        if join.target.joins:
            kept = [*carried, far, *([edges[0]] if ranked else [])]
            writer.lines.append("WITH DISTINCT a, " + ", ".join(kept))
        counted = [f"count(DISTINCT {far}.id) AS k{number}"]
        columns.append(f"k{number} AS {_count_name(answer.joins, f'k{number}')}")
        counted += _summed(writer, join, edges, columns) if ranked else []
        writer.lines.append("WITH " + ", ".join(["a", *carried, *counted]))
        carried.append(f"k{number}")
        if any(not step.single for step in join.steps):
            carried.append("steps")
            columns.append("steps AS steps")
            writer.lines[-1] += f", min({writer.words.hops(edges[0])}) AS steps"
    return columns


def _summed(writer: Writer, join: Join, edges: Sequence[str], columns: list[str]) -> list[str]:
    """Write number of statements, and the best affinity, over the edges of the only join."""
    main = edges[_main(join)]
    found = [f"sum({main}.n_evidence) AS s"]
    columns.append("s AS n_evidence")
    if join.steps[_main(join)].edges == ("TARGETS",):
        found.append(f"max({main}.affinity) AS best")
        columns.append("best AS affinity")
    return found


def _main(join: Join) -> int:
    """Position of the step that is the relation itself, not the one from gene to protein."""
    own = [i for i, step in enumerate(join.steps) if step.edges != ("ENCODES",)]
    return own[0] if own else 0


def _evidence(writer: Writer, plan: Plan, limit: int) -> None:
    _start(writer, plan.answer)
    edges = [edge for join in plan.answer.joins for edge in match(writer, "a", join)]
    ends = [f"n{number}" for number in range(1, len(edges) + 1)]
    shown = []
    for place, (edge, other) in enumerate(zip(edges, ends, strict=True), start=1):
        suffix = "" if len(edges) == 1 else f"_{place}"
        shown += [f"{writer.words.type(edge)} AS relation{suffix}", f"{other}.id AS other{suffix}"]
        names = ("sign", "mechanisms", "n_evidence", "sources", "pmids", "edge_id")
        shown += [f"{edge}.{name} AS {name}{suffix}" for name in names]
    writer.lines.append("RETURN a.id AS id, a.name AS name, " + ", ".join(shown))
    first = "" if len(edges) == 1 else "_1"
    writer.lines += [f"ORDER BY id, relation{first}, edge_id{first}", f"LIMIT {limit}"]


def _path(writer: Writer, plan: Plan, limit: int) -> None:
    assert plan.to is not None
    step = plan.answer.joins[0].steps[0]
    chain = writer.words.shortest(
        f"a:{labels(plan.answer.labels)}", "|".join(step.edges), step.max_hops,
        f"b:{labels(plan.to.labels)}",
    )  # fmt: skip
    starts = writer.value("source_ids", list(plan.answer.ids or ()))
    ends = writer.value("target_ids", list(plan.to.ids or ()))
    writer.lines += [
        f"MATCH p = {chain}",
        f"WHERE a.id IN {starts} AND b.id IN {ends}",
        f"RETURN {writer.words.edges_of_path} AS edges, length(p) AS steps",
        "ORDER BY steps",
        f"LIMIT {min(limit, _PATHS)}",
    ]


def _neighbours(writer: Writer, plan: Plan, limit: int) -> None:
    ids = writer.value("ids", list(plan.answer.ids or ()))
    shown = ", ".join(f"r.{name} AS {name}" for name in ("sign", "n_evidence", "sources", "pmids"))
    writer.lines += [
        f"MATCH (n:{labels(plan.answer.labels)})-[r]-(a)",
        f"WHERE n.id IN {ids}",
        f"RETURN a.id AS id, a.name AS name, {writer.words.type('r')} AS relation, n.id AS other, "
        f"{shown}, r.edge_id AS edge_id",
        "ORDER BY relation, name, id, edge_id",
        f"LIMIT {limit}",
    ]


def _chain(writer: Writer, plan: Plan, limit: int) -> None:
    ids = writer.value("ids", list(plan.answer.ids or ()))
    writer.lines += [
        "MATCH (g:Gene)",
        f"WHERE g.id IN {ids}",
        "OPTIONAL MATCH (g)-[r1:TRANSCRIBED_TO]->(t:Transcript)",
        "OPTIONAL MATCH (t)-[r2:TRANSLATED_TO]->(p:Protein)",
        "OPTIONAL MATCH (g)-[r3:ENCODES]->(q:Protein)",
        "RETURN g.id AS gene, g.symbol AS symbol, t.id AS transcript, p.id AS protein, "
        "q.id AS encoded, q.name AS name, r1.edge_id AS transcribed, r2.edge_id AS translated, "
        "r3.edge_id AS encodes",
        "ORDER BY gene, transcript, protein, encoded",
        f"LIMIT {limit}",
    ]


def _describe(writer: Writer, plan: Plan, limit: int) -> None:
    _start(writer, plan.answer)
    names = ("text", "description", "description_pmids", "synonyms", "xrefs", "sources")
    shown = [f"a.{name} AS {name}" for name in names]
    named = ["a.id AS id", "a.name AS name", *_symbol(plan.answer.labels)]
    writer.lines.append("RETURN " + ", ".join([*named, *shown]))
    writer.lines += ["ORDER BY name, id", f"LIMIT {limit}"]


def _groups(writer: Writer, plan: Plan, limit: int) -> None:
    ids = writer.value("a_ids", list(plan.answer.ids or ()))
    writer.lines += [
        f"MATCH (a:{labels(plan.answer.labels)})",
        f"WHERE a.id IN {ids}",
        "RETURN " + ", ".join(["a.id AS id", "a.name AS name", *_symbol(plan.answer.labels)]),
        "ORDER BY name, id",
        f"LIMIT {limit}",
    ]


def _counts(writer: Writer, plan: Plan, limit: int) -> None:
    if plan.what == "edges":
        writer.lines += edge_count_query(writer.words.engine).text.splitlines()
        return
    writer.lines += [
        "MATCH (n)",
        f"RETURN {writer.words.label('n')} AS label, count(*) AS n",
        "ORDER BY label",
        f"LIMIT {min(limit, 100)}",
    ]


_FORMS = {
    Form.EVIDENCE: _evidence,
    Form.PATH: _path,
    Form.NEIGHBOURS: _neighbours,
    Form.CHAIN: _chain,
    Form.DESCRIBE: _describe,
    Form.GROUPS: _groups,
    Form.COUNTS: _counts,
}


def _cited_chains(writer: Writer, plan: Plan, join: Join, ids: str) -> Query:
    """Write the shortest chains between each answer and the given nodes."""
    step = join.steps[0]
    ends = writer.value("given_ids", list(join.target.ids or ()))
    near, far = f"a:{labels(plan.answer.labels)}", f"b:{labels(join.target.labels)}"
    start, end = (near, far) if step.direction == "out" else (far, near)
    chain = writer.words.shortest(start, "|".join(step.edges), step.max_hops, end)
    writer.lines += [
        f"MATCH p = {chain}",
        f"WHERE a.id IN {ids} AND b.id IN {ends} AND a.id <> b.id",
        f"RETURN a.id AS answer, {writer.words.edges_of_path} AS edges, length(p) AS steps",
        "ORDER BY answer, steps",
        f"LIMIT {MOST_CITED}",
    ]
    return writer.query()


def _count_name(joins: Sequence[Join], column: str) -> str:
    """How the number of related nodes is called in the result."""
    number = int(column[1:])
    labels = joins[number - 1].target.labels
    name = labels[0].lower() if len(labels) == 1 else "related"
    plural = {"celltype": "cell_types", "complex": "complexes", "related": "related"}
    plain = plural.get(name, name + "s")
    return plain if len(joins) == 1 else f"{plain}_{number}"


def _symbol(labels: Sequence[str]) -> list[str]:
    has = any(p.name == "symbol" for label in labels for p in LABEL[label].properties)
    return ["a.symbol AS symbol"] if has else []
