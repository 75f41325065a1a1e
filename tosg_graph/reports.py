"""How results of the workspace read in a terminal: builds, loads, cells, answers, exports."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tosg_graph import display
from tosg_graph.schema import COMMON, EDGE_COMMON, EDGE_TYPES, LABELS, SCHEMA_VERSION, Property

if TYPE_CHECKING:
    from tosg_graph.ask.answer import Answer
    from tosg_graph.build.tables import Build
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.rejoin import Rejoined
    from tosg_graph.cells.report import CellReport
    from tosg_graph.graph.queries import NamedQuery
    from tosg_graph.graph.store import LoadReport
    from tosg_graph.tensors.export import Export


def _properties(properties: tuple[Property, ...]) -> list[dict[str, str]]:
    return [{"name": p.name, "type": str(p.type), "doc": p.doc} for p in properties]


def schema_dict() -> dict[str, Any]:
    """The schema as plain values, for ``--json``."""
    return {
        "version": SCHEMA_VERSION,
        "node_properties": _properties(COMMON),
        "edge_properties": _properties(EDGE_COMMON),
        "labels": [
            {
                "label": label.name,
                "category": label.category,
                "prefixes": label.prefixes,
                "doc": label.doc,
                "properties": _properties(label.own),
            }
            for label in LABELS
        ],
        "edge_types": [
            {
                "type": edge.name,
                "predicate": edge.predicate,
                "ends": edge.ends,
                "sign": edge.sign,
                "directed": edge.directed,
                "doc": edge.doc,
                "properties": _properties(edge.own),
            }
            for edge in EDGE_TYPES
        ],
    }


def print_schema() -> None:
    """Print labels, edge types and properties as tables."""
    display.print_table(
        ("label", "ids", "own properties", "what it is"),
        [
            (one.name, [f"{p}:" for p in one.prefixes], ", ".join(p.name for p in one.own), one.doc)
            for one in LABELS
        ],
        title="Nodes",
    )
    display.print_table(
        ("type", "from → to", "own properties", "what it says"),
        [
            (
                edge.name,
                ", ".join(f"{a} → {b}" for a, b in edge.ends),
                ", ".join(p.name for p in edge.own),
                edge.doc,
            )
            for edge in EDGE_TYPES
        ],
        title="\nEdges",
    )
    for title, properties in (("Every node has", COMMON), ("Every edge has", EDGE_COMMON)):
        rows = [(p.name, str(p.type), p.doc) for p in properties]
        display.print_table(("property", "type", "what it says"), rows, title=f"\n{title}")


# ---- builds and loads ------------------------------------------------------------------------


def _rate(joins: list[dict[str, Any]]) -> str:
    total = sum(join["total"] for join in joins)
    return f"{sum(join['resolved'] for join in joins) / total:.2%}" if total else ""


def _source_row(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    rows = {kind: number for kind, number in part["rows"].items() if kind != "rejects"}
    return (
        name,
        sum(rows.values()),
        rows.get("nodes", 0) + rows.get("complexes", 0),
        part["facts"],
        part["evidence"],
        _rate(part["joins"]),
        sum(part["rejects"].values()),
    )


def _text_row(label: str, nodes: int, texts: dict[str, Any]) -> tuple[Any, ...]:
    by = sorted(texts.get("described_by", {}).items(), key=lambda item: (-item[1], item[0]))
    described = ", ".join(f"{source} {number:,}" for source, number in by)
    return (label, nodes, f"{texts['rate']:.1%}", texts.get("cut"), described)


def build_dict(build: Build) -> dict[str, Any]:
    """The report of a build as plain values, for ``--json``."""
    made = {"build_id": build.id, "folder": str(build.path), "reused": list(build.reused)}
    return {**made, **build.manifest["report"]}


def print_build(build: Build, *, data: Path | None = None) -> None:
    """Print the report of a build: sources, joins, what was turned away, and what there is.

    Parameters
    ----------
    build
        The build.
    data
        The folder that it was made from.
    """
    report = build.manifest["report"]
    display.print_table(
        ("source", "rows", "nodes", "facts", "statements", "ids joined", "rejects"),
        [_source_row(name, part) for name, part in report["sources"].items()],
        title=f"Build {build.id}",
    )
    _print_joins(report["sources"])
    if report["rejects"]:
        display.print_table(("rejected because", "rows"), list(report["rejects"].items()))
        display.say("")
    texts = report["text"]
    display.print_table(
        ("label", "nodes", "with text", "texts cut", "described by"),
        [_text_row(name, number, texts[name]) for name, number in report["nodes"].items()],
    )
    display.say("")
    display.print_table(("edge type", "facts"), list(report["edges"].items()))
    _print_files(report, build.manifest["use"], data)
    if build.reused:
        whole, names = len(report["sources"]), ", ".join(build.reused)
        display.say(f"not read again, {len(build.reused)} of {whole} sources: {names}")
    display.say(f"{build.path}")


def _print_files(report: dict[str, Any], use: str, data: Path | None) -> None:
    """What each file was taken for, and what could not be used."""
    files = [
        (file["file"], f"{file['source']}.{file['role']}", file["found_by"], file.get("layout"))
        for file in report["files"]
    ]
    display.print_table(("file", "taken for", "by", "layout"), files, title="\nFiles")
    # Not in the report of a build made by an earlier version.
    looks_like = report.get("looks_like", {})
    _print_left_out(report["left_out"], looks_like, data)
    for source, part in report["sources"].items():
        if part["dropped"]:
            named = ", ".join(f"{n:,} of {licence}" for licence, n in part["dropped"].items())
            display.say(f"left out for {use} use: {source}: {named}", "yellow")
    print_unused({name: looks_like.get(name, ()) for name in report["unused"]})


def _print_left_out(
    left_out: Mapping[str, str], looks_like: Mapping[str, Sequence[str]], data: Path | None
) -> None:
    """Name the sources that were not there in one line; one with some of its files has its own."""
    begun = {slot.partition(".")[0] for like in looks_like.values() for slot in like}
    for source in sorted(begun & left_out.keys()):
        display.say(f"left out: {source}: {left_out[source]}", "yellow")
    absent = [source for source in left_out if source not in begun]
    if absent:
        folder = "DIR" if data is None else shlex.quote(str(data))
        display.say(
            f"left out, without a file: {', '.join(absent)} "
            f"(how to get them: tosg sources --data {folder})",
            "yellow",
        )


def print_unused(files: Mapping[str, Sequence[str]]) -> None:
    """Name the files that no source uses; those that look like one of its files each in a line."""
    for name, like in files.items():
        if like:
            display.say(
                f"not used by any source: {name}, which looks like {' or '.join(like)}", "yellow"
            )
    others = [name for name, like in files.items() if not like]
    if others:
        display.say(f"not used by any source: {', '.join(others)}", "dim")


def _print_joins(sources: dict[str, Any]) -> None:
    """Identifiers that did not all find their node, by source and namespace."""
    rows = [
        (
            name,
            f"{join['namespace']}: → {join['label']} ({join['what']})",
            join["total"],
            f"{join['rate']:.2%}",
            ", ".join(f"{kind} {number:,}" for kind, number in join["kinds"].items()),
        )
        for name, part in sources.items()
        for join in part["joins"]
        if join["resolved"] < join["total"]
    ]
    columns = ("source", "identifiers", "number", "joined", "found as")
    if rows:
        display.print_table(columns, rows, title="\nIdentifiers that did not all find a node")
    display.say("")


def print_load(report: LoadReport) -> None:
    """Print what a load did."""
    did = "loaded" if report.changed else "already there, nothing changed"
    display.say(
        f"build {report.build_id} in {report.engine}: {report.nodes:,} nodes, "
        f"{report.edges:,} edges ({did}, {report.seconds:.1f} s)",
        "bold",
    )
    if report.next_step:
        display.say(report.next_step)


# ---- queries ---------------------------------------------------------------------------------


def query_dict(query: NamedQuery) -> dict[str, Any]:
    """A named query as plain values, for ``--json``."""
    return {
        "query": query.name,
        "answers": query.sentence,
        "usage": query.usage,
        "parameters": [
            {
                "name": p.name, "kind": p.kind, "required": p.required, "default": p.default,
                "doc": p.doc, "example": p.example,
            }
            for p in query.parameters
        ],
        "columns": [{"name": c.name, "doc": c.doc} for c in query.columns],
    }  # fmt: skip


def print_query(query: NamedQuery, *, as_json: bool) -> None:
    """Print what a named query answers, takes and gives, or JSON."""
    if as_json:
        display.print_json(query_dict(query))
        return
    display.say(f"{query.name}: {query.sentence}", "bold")
    if query.parameters:
        display.print_table(
            ("parameter", "kind", "default", "what it means", "example"),
            [(p.name, p.kind, p.default, p.doc, p.example) for p in query.parameters],
        )
    display.print_table(("column", "what it holds"), [(c.name, c.doc) for c in query.columns])
    display.say(f"\nRun: tosg query {query.name} {query.example}".rstrip())


# ---- cells -----------------------------------------------------------------------------------


def _modality_row(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in part["mapping"].items())
    return (
        name,
        f"{part['n_features']:,}",
        f"{part['total']:,.0f}",
        f"{part['mapped_features']:.1%}",
        f"{part['mapped_total']:.2%}",
        kinds,
    )


def print_cells_added(report: CellReport, *, total: int) -> None:
    """Print how a source of cells joined the graph, and its size before and after.

    Parameters
    ----------
    report
        What adding it gave.
    total
        Cells in the store now.
    """
    cells = display.counted(report.n_cells, "cell")
    all_cells = cells if total == report.n_cells else f"{cells} added, {total:,} now"
    display.say(f"{report.name}: {all_cells} ({report.value_kind}) in {report.path}", "bold")
    per_cell = report.shard_bytes / max(report.n_cells, 1)
    display.say(
        f"  data set {report.dataset} from {report.kind}, matrix {report.matrix}: "
        f"{report.source_bytes:,} bytes, {report.shard_bytes:,} in the store "
        f"({per_cell:,.0f} per cell)"
    )
    _print_joined(report.content())


def _print_joined(report: dict[str, Any]) -> None:
    kind = report["value_kind"]
    display.print_table(
        (
            "modality",
            "features",
            f"sum of {kind}",
            "features joined",
            f"{kind} joined",
            "joined by",
        ),
        [_modality_row(name, part) for name, part in report["modalities"].items()],
    )
    for name, part in report["modalities"].items():
        if part["unmapped"]:
            display.say(f"  {name}, not in the graph, largest first: {', '.join(part['unmapped'])}")
        for feature, candidates in part["ambiguous"].items():
            display.say(f"  {name}, ambiguous: {feature} may be {', '.join(candidates)}")
    if report["labels"]:
        display.print_table(
            ("label", "ontology id", "found by"),
            [(term["label"], term["ontology_id"], term["how"]) for term in report["labels"]],
        )
    for thing, why in report["left_out"].items():
        display.say(f"  left out: {thing}: {why}")
    for warning in report["warnings"]:
        display.say(f"  note: {warning}", "yellow")


def print_rejoined(done: Rejoined) -> None:
    """Print what joined to the build before, and what joins to this one."""
    if not done.modalities:
        display.say(f"{done.name} is joined to the current build {done.after}; nothing to do")
        return
    display.say(
        f"{done.name}: version {done.version}, joined to build {done.after}, before to "
        f"{done.before}", "bold",
    )  # fmt: skip
    display.print_table(
        ("modality", "features", "joined before", "now", "sum joined before", "now",
         "gained", "lost", "moved"),
        [
            (name, m.n_features, m.joined_before, m.joined_after, m.total_before, m.total_after,
             m.gained, m.lost, m.moved)
            for name, m in done.modalities.items()
        ],
    )  # fmt: skip
    for name, m in done.modalities.items():
        for example in m.examples:
            display.say(f"  {name}, {example}")
        if m.apart:
            display.say(
                f"  note: {m.apart:,} features of {name} are different nodes in different data "
                "sets now, and have none here; add the cells again to tell them apart",
                "yellow",
            )


def cell_store_dict(store: CellStore) -> dict[str, Any]:
    """What a cell store holds, as plain values for ``--json``."""
    from tosg_graph.cells.manifest import listed_files

    manifest = store.manifest
    groups: dict[str, int] = {}
    if store.label_column:
        counts = store.values(store.label_column).value_counts().to_pylist()
        groups = {str(c["values"]): c["counts"] for c in counts if c["values"] is not None}
    return {
        "name": store.name,
        "n_cells": store.n_cells,
        "value_kind": store.value_kind,
        "version": store.version,
        "datasets": [
            {key: dataset[key] for key in ("name", "n_cells", "source")}
            for dataset in manifest["datasets"]
        ],
        "tiers": {
            modality: sorted({shard["tier"] for shard in entry["shards"]})
            for modality, entry in manifest["modalities"].items()
        },
        "bytes": sum(r["bytes"] for r in listed_files(manifest).values()),
        "build_id": manifest["build_id"],
        "label_column": store.label_column,
        "groups": dict(sorted(groups.items())),
        **{
            key: manifest["report"][key] for key in ("modalities", "labels", "left_out", "warnings")
        },
    }


def print_cell_store(store: CellStore) -> None:
    """Print what a cell store holds."""
    found = cell_store_dict(store)
    display.say(
        f"{found['name']}: {found['n_cells']:,} cells ({found['value_kind']}), version "
        f"{found['version']}, {found['bytes']:,} bytes, joined to build {found['build_id']}",
        "bold",
    )
    display.print_table(
        ("data set", "cells", "from", "kind", "matrix"),
        [
            (d["name"], d["n_cells"], *(d["source"][key] for key in ("file", "kind", "matrix")))
            for d in found["datasets"]
        ],
    )
    _print_joined(found)
    if found["groups"]:
        display.print_table((found["label_column"], "cells"), list(found["groups"].items()))


# ---- answers ---------------------------------------------------------------------------------


def print_answer(answer: Answer, *, most: int) -> None:
    """Print an answer: how the question was read, the rows, the text with its publications."""
    style = "bold" if answer.status in ("answered", "empty") else "bold yellow"
    display.say(f"{answer.status}: {answer.reading}" if answer.reading else answer.status, style)
    if answer.rows:
        display.print_table(answer.columns, answer.rows, most=most)
    if answer.text:
        display.say("\n" + answer.text)
    for warning in answer.warnings:
        display.say(f"note: {warning}", "yellow")


def print_export(export: Export) -> None:
    """Print what an export holds and how it is read back."""
    manifest = export.manifest
    chosen = selection_text(manifest["selection"])
    display.say(f"{export.path}: {chosen}, of build {manifest['build_id']}", "bold")
    display.print_table(
        ("label", "nodes"), [(label, part["rows"]) for label, part in manifest["nodes"].items()]
    )
    display.print_table(
        ("edges", "from", "to", "number"),
        [(e["type"], e["source"], e["target"], e["rows"]) for e in manifest["edges"]],
    )
    if manifest["cells"]:
        _print_exported_cells(export)
        print_verdict(manifest["cells"].get("diagnostics"))
    display.say(f"Read it: tosg_graph.load_export({str(export.path)!r}).hetero_data()")


def selection_text(selection: Mapping[str, Any]) -> str:
    """How a part of the graph was chosen, as a person says it."""
    match selection["kind"]:
        case "pathway":
            inside = " with its sub-pathways" if selection["sub_pathways"] else ""
            return f"pathway {selection['pathway']}{inside}"
        case "around":
            seeds = ", ".join(selection["seeds"])
            return f"around {seeds}, {display.counted(selection['hops'], 'hop')} at most"
        case "ids":
            by = "a query" if selection["query"] else "their ids"
            return f"{display.counted(selection['n_ids'], 'node')} chosen by {by}"
        case _:
            return "the whole graph"


def _print_exported_cells(export: Export) -> None:
    _print_labels(export)
    if copies := export.manifest["cells"].get("copies"):
        display.say(
            f"{copies:,} of them are copies (is_primary_data is false: another data set holds "
            "them as its own); --primary leaves them out",
            "yellow",
        )


def _print_labels(export: Export) -> None:
    cells = display.counted(export.cells.num_rows, "cell")
    column = export.manifest["cells"]["label"]
    if column is None:
        display.say(f"{cells}, without a label")
        return
    counts = export.cells["label"].value_counts().to_pylist()
    found = {one["values"]: one["counts"] for one in counts}
    named = [f"{name} {found[name]:,}" for name in export.label_names if name in found]
    if None in found:
        named.append(f"unknown {found[None]:,}")
    display.say(f"{cells} by {column}: {', '.join(named)}")


def print_verdict(diagnostics: dict[str, Any] | None) -> None:
    """Print whether classes of cells can be compared, and each reason for caution in a line."""
    if diagnostics is None:
        return
    display.say(f"cohort: {diagnostics['verdict']}", "bold")
    for finding in diagnostics["findings"]:
        display.say(f"  {finding['verdict']}: {finding['sentence']}", "yellow")
