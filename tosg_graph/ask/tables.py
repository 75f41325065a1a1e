"""Rows of an answer: which are kept, what is added, and small sentences about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tosg_graph.ask import wording
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.nodes import NodeNames
from tosg_graph.ask.outcome import Status
from tosg_graph.ask.plan import Detection, Form, NodeSet, Plan

#: Answers whose evidence is fetched and shown.
SHOWN = 200
NOT_FALSE = "what is not recorded is unknown, not false"

#: Per detection of a plan, by ``id()``: node id → share of the cells.
Shares = Mapping[int, Mapping[str, float]]


def node_sets(chosen: NodeSet) -> Iterator[NodeSet]:
    """Give a set and all sets inside its conditions."""
    yield chosen
    for join in chosen.joins:
        yield from node_sets(join.target)


def asks_detection(plan: Plan) -> bool:
    """Whether it is asked if named nodes are detected."""
    return plan.form is Form.EXISTS and bool(plan.answer.detections) and not plan.answer.joins


def lowest(plan: Plan, detection: Detection) -> Detection:
    """Whether something is detected is answered with its share, whatever it is."""
    return replace(detection, min_share=-1.0) if asks_detection(plan) else detection


def first_answers(plan: Plan, base: Answer) -> Answer:
    """Keep the rows of as many answers as were asked for."""
    if plan.limit is None:
        return base
    kept = set(list(dict.fromkeys(row[0] for row in base.rows))[: plan.limit])
    return replace(base, rows=[row for row in base.rows if row[0] in kept], truncated=False)


def with_shares(plan: Plan, base: Answer, shares: Shares) -> Answer:
    """One more column per group: the share of its cells."""
    for number, detection in enumerate(plan.answer.detections, start=1):
        found = shares[id(detection)]
        name = "detected" if number == 1 else f"detected_{number}"
        rows = [[*row, round(found[row[0]], 6) if row[0] in found else None] for row in base.rows]
        base = replace(base, columns=[*base.columns, name], rows=rows)
    return base


def has_property(plan: Plan, base: Answer) -> Answer:
    """Yes or no where a source says so; where none does, it is not known."""
    names = [wanted.name for wanted in plan.answer.filters]
    wanted = [f.value for f in plan.answer.filters]
    found = [[row[base.columns.index(name)] for name in names] for row in base.rows]
    said = " and ".join(name.replace("_", " ") for name in names)
    if any(values == wanted for values in found):
        text = f"Yes: {plan.answer.says} is marked as {said}."
        return replace(base, answers=[True], text=text)
    if found and all(
        v is not None and v != w for values in found for v, w in zip(values, wanted, strict=True)
    ):
        text = f"No: a source says that {plan.answer.says} is not {said}."
        return replace(base, answers=[False], text=text)
    text = f"No source says whether {plan.answer.says} is {said}; {NOT_FALSE}."
    return replace(base, status=str(Status.EMPTY), rows=[], text=text)


def number(ids: Sequence[str], truncated: bool) -> str:
    """Whether it is asked if named nodes are detected."""
    return f"{'at least ' if truncated else ''}{len(ids):,}"


def left_out(number: int, truncated: bool) -> list[str]:
    """Give how many answers there are, as a reader sees it."""
    found = []
    if number > wording.SPELT_OUT:
        found.append(
            f"{wording.SPELT_OUT} of {number:,} are spelt out; the rows have all that were fetched"
        )
    if truncated:
        found.append("a limit cut the rows short")
    return found


def shown_note(ids: Sequence[str]) -> list[str]:
    """Say what the text or the rows leave out."""
    return [f"evidence is given for the first {SHOWN} of {len(ids):,}"] if len(ids) > SHOWN else []


def statement(row: Mapping[str, Any]) -> str:
    """Say for how many answers evidence is given."""
    pmids = ", ".join(f"PMID {pmid}" for pmid in row["pmids"] or ())
    parts = [row["record_id"], row["mechanism"], row["residue"], pmids or None]
    said = "; ".join(str(part) for part in parts if part)
    told = f": {row['sentence']}" if row["sentence"] else ""
    return f"  - {row['source']}{f' ({said})' if said else ''}{told}"


def path_order(path: Sequence[Mapping[str, Any]]) -> tuple[int, list[str], list[str]]:
    """Say one statement of a source, with its publications."""
    return len(path), [edge["target"] for edge in path], [edge["edge_id"] for edge in path]


def path_row(path: Sequence[Mapping[str, Any]], names: NodeNames) -> list[Any]:
    """Give the order of paths: the shortest first, then by their nodes."""
    ids = [path[0]["source"], *(edge["target"] for edge in path)]
    edges = [edge["edge_id"] for edge in path]
    return [len(path), wording.net_sign(path), ids, wording.path_names(path, names), edges]
