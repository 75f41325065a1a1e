"""From a plan to an answer: cells, Cypher, evidence and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from tosg_graph.ask import cite, tables, wording
from tosg_graph.ask.abundance import Abundance
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.compile import edge_count_query, main_query
from tosg_graph.ask.link import Linker
from tosg_graph.ask.outcome import Status
from tosg_graph.ask.pattern import Query
from tosg_graph.ask.plan import Form, Plan
from tosg_graph.ask.run import guarded_read
from tosg_graph.ask.tables import SHOWN, Shares
from tosg_graph.build.tables import Build
from tosg_graph.config import ReadLimits
from tosg_graph.errors import QueryTimeout
from tosg_graph.graph.result import ResultTable
from tosg_graph.graph.store import GraphStore

#: Answers of a count whose evidence is shown.
_COUNT_SHOWN = 20


class Responder:
    """Answers plans from one build, one database and some cells.

    Parameters
    ----------
    build, store, cells, linker
        Where answers come from.
    limits
        What one read may cost.
    step
        Times a named block.
    """

    def __init__(
        self,
        build: Build,
        store: GraphStore,
        cells: Abundance,
        linker: Linker,
        limits: ReadLimits,
        step: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._build = build
        self._store = store
        self._cells = cells
        self._names = linker.names
        self._limits = limits
        self._step = step

    def respond(self, plan: Plan) -> Answer:
        """Give the answer to a plan.

        Raises
        ------
        Ended, Refused, QueryTimeout, StoreError, CellsError
            If there is none.
        """
        with self._step("cells"):
            shares = self._shares(plan)
        detected = {key: sorted(found) for key, found in shares.items()}
        query = main_query(
            plan, self._store.engine, limit=self._limits.max_rows + 1, detected=detected
        )
        with self._step("query"):
            table = self._read(query)
        base = Answer(
            str(Status.ANSWERED),
            reading=wording.reading(plan),
            plan=plan.to_dict(),
            cypher=query.text,
            parameters=dict(query.parameters),
            columns=list(table.columns),
            rows=[list(row) for row in table.rows],
            truncated=table.truncated,
            warnings=[*plan.notes, *wording.step_notes(plan), *self._other_build()],
        )
        respond = _FORMS.get(plan.form, Responder._listed)
        return respond(self, plan, base, shares)

    # ---- reading -----------------------------------------------------------------------------

    def _read(self, query: Query) -> ResultTable:
        return guarded_read(self._store, query.text, query.parameters, self._limits)

    def _other_build(self) -> list[str]:
        held = self._store.build_id()
        if held in (self._build.id, None):
            return []
        return [
            f"the database holds the build {held}, the names are those of {self._build.id}: load it"
        ]

    def _shares(self, plan: Plan) -> Shares:
        if plan.form is Form.GROUPS:
            return {}
        return {
            id(detection): self._cells.shares(tables.lowest(plan, detection), chosen.labels)
            for chosen in tables.node_sets(plan.answer)
            for detection in chosen.detections
        }

    def _support(
        self, plan: Plan, answers: Sequence[str], shares: Shares
    ) -> tuple[cite.Support, list[str]]:
        detected = {key: sorted(found) for key, found in shares.items()}
        notes = []
        try:
            with self._step("evidence"):
                found = cite.support(plan, answers, self._store.engine, self._read, detected)
        except QueryTimeout as error:
            found = cite.Support({answer: [] for answer in answers})
            notes.append(f"the evidence could not be read in time: {error}")
        if found.cut:
            notes.append(
                f"at most {cite.EDGES_PER_ANSWER} edges per answer are cited; the query gives all"
            )
        return found, notes

    def _cited(self, base: Answer, found: cite.Support, answers: Sequence[str]) -> Answer:
        return replace(
            base,
            citations=cite.citations(found),
            subgraph=cite.subgraph(found, answers, self._names),
        )

    # ---- nodes -------------------------------------------------------------------------------

    def _listed(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        base = tables.first_answers(plan, base)
        ids = list(dict.fromkeys(row[0] for row in base.rows))
        base = tables.with_shares(plan, base, shares)
        if not ids:
            return self._nothing(plan, base)
        shown = ids[:SHOWN]
        found, notes = self._support(plan, shown, shares)
        base = self._cited(replace(base, answers=list(ids)), found, shown)
        spelt = self._lines(plan, shown[: wording.SPELT_OUT], found, shares)
        more = "; ".join(tables.left_out(len(ids), base.truncated))
        head = f"Found {tables.number(ids, base.truncated)}: {base.reading}."
        text = "\n".join([head, *spelt, *([more[:1].upper() + more[1:] + "."] if more else [])])
        return replace(base, text=text, warnings=[*base.warnings, *notes, *tables.shown_note(ids)])

    def _lines(
        self, plan: Plan, answers: Sequence[str], found: cite.Support, shares: Shares
    ) -> list[str]:
        detections = [(d, shares[id(d)]) for d in plan.answer.detections]
        return wording.lines(answers, found.chains, detections, self._names)

    def _nothing(self, plan: Plan, base: Answer) -> Answer:
        text = f"Nothing was found: {base.reading}. Note that {tables.NOT_FALSE}."
        return replace(base, status=str(Status.EMPTY), text=text)

    def _counted(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        number = int(base.rows[0][0]) if base.rows else 0
        text = f"The {base.reading} is {number:,}."
        if number == 0:
            text += f" Note that {tables.NOT_FALSE}."
        base = replace(base, answers=[number], text=text)
        if number == 0 or not plan.answer.joins:
            return base
        listed = replace(plan, form=Form.LIST)
        detected = {key: sorted(found) for key, found in shares.items()}
        rows = self._read(
            main_query(listed, self._store.engine, limit=SHOWN, detected=detected)
        ).rows
        ids = list(dict.fromkeys(row[0] for row in rows))[:_COUNT_SHOWN]
        found, _ = self._support(listed, ids, shares)
        spelt = self._lines(plan, ids, found, shares)
        more = f"\n… and {number - len(ids):,} more." if number > len(ids) else ""
        text = text + (" They are:\n" if not more else " Among them:\n") + "\n".join(spelt) + more
        return self._cited(replace(base, text=text), found, ids)

    def _exists(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        answer = plan.answer
        if answer.detections and not answer.joins:
            return self._is_detected(plan, base, shares)
        if answer.filters and not answer.joins:
            return tables.has_property(plan, base)
        if not base.rows:
            said = wording.statement(answer)
            text = f"It is not recorded in this graph that {said}; {tables.NOT_FALSE}."
            return replace(base, status=str(Status.EMPTY), text=text)
        ids = list(dict.fromkeys(row[0] for row in base.rows))
        found, notes = self._support(plan, ids, shares)
        spelt = "\n".join(self._lines(plan, ids, found, shares))
        base = self._cited(replace(base, answers=[True]), found, ids)
        return replace(base, text=f"Yes:\n{spelt}", warnings=[*base.warnings, *notes])

    def _is_detected(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        """Measured and seen often enough, measured and not, or not measured at all."""
        said, verdicts = [], []
        for detection in plan.answer.detections:
            share = max(
                (shares[id(detection)].get(row[0], -1.0) for row in base.rows), default=-1.0
            )
            if share < 0:
                text = f"{plan.answer.says} is not measured in {wording.group(detection)}."
                return replace(
                    base, status=str(Status.EMPTY), rows=[], text=text[:1].upper() + text[1:]
                )
            verdicts.append(detection.admits(share))
            cells, least = self._cells.n_cells(detection), wording.percent(detection.min_share)
            said.append(
                f"counted in {wording.percent(share)} of {cells:,} cells, "
                f"{wording.group(detection)}; the threshold is {least}"
            )
        verdict = all(verdicts)
        base = tables.with_shares(plan, base, shares)
        text = f"{'Yes' if verdict else 'No'}: {plan.answer.says} is {'; '.join(said)}."
        return replace(base, answers=[verdict], text=text)

    # ---- the other forms ---------------------------------------------------------------------

    def _evidence(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        place = [i for i, name in enumerate(base.columns) if name.startswith("edge_id")]
        edge_ids = list(dict.fromkeys(row[i] for row in base.rows for i in place))
        if not edge_ids:
            return self._nothing(plan, base)
        ids = list(dict.fromkeys(row[0] for row in base.rows))
        found, notes = self._support(plan, ids, shares)
        with self._step("statements"):
            told = cite.statements(self._build, edge_ids)
        pmids = dict.fromkeys(f"PMID:{pmid}" for row in told for pmid in row["pmids"] or ())
        sources = dict.fromkeys(row["source"] for row in told)
        edges = {edge["edge_id"]: edge for _, edge in found.edges().values()}
        lines = [f"- {wording.claim(edge, self._names)}" for edge in edges.values()]
        lines += [tables.statement(row) for row in told[: wording.SPELT_OUT]]
        text = "\n".join(
            [f"Statements: {len(told)}, of {', '.join(sources)}; facts: {len(edge_ids)}.", *lines]
        )
        base = self._cited(base, found, ids)
        return replace(
            base, answers=list(pmids or sources), text=text, warnings=[*base.warnings, *notes]
        )

    def _path(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        paths = sorted((row[0] for row in base.rows), key=tables.path_order)
        if paths:
            paths = [path for path in paths if len(path) == len(paths[0])]
        rows = [tables.path_row(path, self._names) for path in paths]
        columns = ["steps", "sign", "nodes", "names", "edges"]
        base = replace(base, columns=columns, rows=rows)
        if not paths:
            return self._nothing(plan, base)
        shown = paths[: wording.SPELT_OUT]
        found = cite.of_paths(shown)
        ids = [paths[0][0]["source"], *(edge["target"] for edge in paths[0])]
        many = "path" if len(paths) == 1 else "paths"
        head = f"{len(paths)} shortest {many} of {len(paths[0])} steps:"
        lines = [wording.path_line(path, self._names) for path in shown]
        return self._cited(replace(base, answers=ids, text="\n".join([head, *lines])), found, ids)

    def _neighbours(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        ids = list(dict.fromkeys(row[0] for row in base.rows))
        if not ids:
            return self._nothing(plan, base)
        place = base.columns.index("edge_id")
        shown = {row[place]: row[0] for row in base.rows[:SHOWN]}
        found = cite.of_build(self._build, shown)
        base = self._cited(replace(base, answers=ids), found, ids[:SHOWN])
        spelt = wording.lines(ids[: wording.SPELT_OUT], found.chains, (), self._names)
        more = "; ".join(tables.left_out(len(ids), base.truncated))
        text = "\n".join(
            [f"Found {len(ids):,}: {base.reading}.", *spelt, *([more] if more else [])]
        )
        return replace(base, text=text, warnings=[*base.warnings, *tables.shown_note(ids)])

    def _chain(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        columns = ("gene", "transcript", "protein", "encoded")
        places = [base.columns.index(name) for name in columns]
        ids = dict.fromkeys(row[p] for p in places for row in base.rows if row[p] is not None)
        edges = [base.columns.index(name) for name in ("transcribed", "translated", "encodes")]
        behind = {row[e]: row[0] for row in base.rows for e in edges if row[e] is not None}
        if not behind:
            return self._nothing(plan, replace(base, rows=[]))
        found = cite.of_build(self._build, behind)
        lines = [f"- {wording.claim(edge, self._names)}" for _, edge in found.edges().values()]
        base = self._cited(replace(base, answers=list(ids)), found, list(ids))
        return replace(base, text="\n".join([f"Found {base.reading}:", *lines]))

    def _described(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        ids = [row[0] for row in base.rows]
        if not ids:
            return self._nothing(plan, base)
        if plan.what is not None:
            return self._names_of(plan, base, plan.what)
        said = []
        for row in base.rows:
            known = dict(zip(base.columns, row, strict=True))
            told = known.get("text") or known.get("description") or known["name"]
            by = wording.cited({"sources": known["sources"], "pmids": known["description_pmids"]})
            said.append(f"- {known['name']} ({row[0]}): {told} {by}")
        base = self._cited(replace(base, answers=ids), cite.Support(), ids)
        return replace(base, text="\n".join(said))

    def _names_of(self, plan: Plan, base: Answer, what: str) -> Answer:
        """Other names, or ids in other databases, of the described nodes."""
        place = base.columns.index(what)
        values = list(dict.fromkeys(value for row in base.rows for value in row[place] or ()))
        if not values:
            return self._nothing(plan, base)
        base = self._cited(replace(base, answers=values), cite.Support(), [r[0] for r in base.rows])
        return replace(base, text=f"{plan.answer.says}: {'; '.join(values)}.")

    def _grouped(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        detection = plan.answer.detections[0]
        with self._step("cells"):
            found = [
                self._cells.by_group(detection.store, detection.modality, row[0])
                for row in base.rows
            ]
        measured = [group for groups, _ in found for group in groups]
        base = replace(base, columns=["group", "cells", "detected", "mean_per_10k"])
        if not measured:
            text = f"{plan.answer.says} is not measured in the cells {detection.store!r}."
            return replace(base, status=str(Status.EMPTY), rows=[], text=text)
        reached = (group for group in measured if detection.admits(group.detected))
        kept = sorted(reached, key=lambda group: (-group.detected, group.group))
        base = replace(base, rows=[list(g) for g in kept], answers=[g.group for g in kept])
        if not kept:
            return self._nothing(plan, base)
        lines = [f"- {g.group}: {wording.percent(g.detected)} of {g.cells:,} cells" for g in kept]
        if silent := sorted({n for _, names in found for n in names} - {g.group for g in measured}):
            lines.append(f"Not measured in the cells of: {'; '.join(silent)}.")
        return replace(base, text="\n".join([f"Found {len(kept)}: {base.reading}.", *lines]))

    def _counts(self, plan: Plan, base: Answer, shares: Shares) -> Answer:
        totals = [sum(row[1] for row in base.rows)]
        kind = "edge" if plan.what == "edges" else "node"
        rows = [[kind, *row] for row in base.rows]
        if plan.what == "graph":
            edges = self._read(edge_count_query(self._store.engine)).rows
            totals.append(sum(row[1] for row in edges))
            rows += [["edge", *row] for row in edges]
        words = [
            f"{total:,} {what}" for total, what in zip(totals, (f"{kind}s", "edges"), strict=False)
        ]
        listed = [f"- {name}: {number:,}" for _, name, number in rows]
        text = "\n".join([f"The graph has {' and '.join(words)}.", *listed])
        return replace(
            base, answers=totals, columns=["kind", "name", "number"], rows=rows, text=text
        )


_FORMS = {
    Form.COUNT: Responder._counted,
    Form.EXISTS: Responder._exists,
    Form.EVIDENCE: Responder._evidence,
    Form.PATH: Responder._path,
    Form.NEIGHBOURS: Responder._neighbours,
    Form.CHAIN: Responder._chain,
    Form.DESCRIBE: Responder._described,
    Form.GROUPS: Responder._grouped,
    Form.COUNTS: Responder._counts,
}
