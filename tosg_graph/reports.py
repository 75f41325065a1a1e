"""How results of the workspace read in a terminal: builds, loads, cells, answers, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tosg_graph import display
from tosg_graph.schema import COMMON, EDGE_COMMON, EDGE_TYPES, LABELS, SCHEMA_VERSION, Property

if TYPE_CHECKING:
    from tosg_graph.ask.answer import Answer
    from tosg_graph.build.tables import Build
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.report import CellReport
    from tosg_graph.graph.store import LoadReport
    from tosg_graph.tensors.export import Export


def _say(text: str, style: str = "") -> None:
    display.console().print(text, style=style, markup=False, soft_wrap=True)


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


def build_dict(build: Build) -> dict[str, Any]:
    """The report of a build as plain values, for ``--json``."""
    return {"build_id": build.id, "folder": str(build.path), **build.manifest["report"]}


def print_build(build: Build) -> None:
    """Print the report of a build: sources, joins, what was turned away, and what there is."""
    report = build.manifest["report"]
    display.print_table(
        ("source", "rows", "nodes", "facts", "statements", "ids joined", "rejects"),
        [_source_row(name, part) for name, part in report["sources"].items()],
        title=f"Build {build.id}",
    )
    _print_joins(report["sources"])
    display.print_table(("rejected because", "rows"), list(report["rejects"].items()))
    _say("")
    texts = report["text"]
    display.print_table(
        ("label", "nodes", "with text"),
        [(name, number, f"{texts[name]['rate']:.1%}") for name, number in report["nodes"].items()],
    )
    _say("")
    display.print_table(("edge type", "facts"), list(report["edges"].items()))
    for source, why in report["left_out"].items():
        _say(f"left out: {source}: {why}", "yellow")
    if report["unused"]:
        _say(f"not used by any source: {', '.join(report['unused'])}", "dim")
    _say(f"{build.path}")


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
    display.print_table(columns, rows, title="\nIdentifiers that did not all find a node")
    _say("")


def print_load(report: LoadReport) -> None:
    """Print what a load did."""
    did = "loaded" if report.changed else "already there, nothing changed"
    _say(
        f"build {report.build_id} in {report.engine}: {report.nodes:,} nodes, "
        f"{report.edges:,} edges ({did}, {report.seconds:.1f} s)",
        "bold",
    )
    if report.next_step:
        _say(report.next_step)


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


def print_cells_added(report: CellReport) -> None:
    """Print how a file of cells joined the graph."""
    _say(f"{report.name}: {report.n_cells:,} cells ({report.value_kind}) in {report.path}", "bold")
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
            _say(f"  {name}, not in the graph, largest first: {', '.join(part['unmapped'])}")
        for feature, candidates in part["ambiguous"].items():
            _say(f"  {name}, ambiguous: {feature} may be {', '.join(candidates)}")
    if report["labels"]:
        display.print_table(
            ("label", "ontology id", "found by"),
            [(term["label"], term["ontology_id"], term["how"]) for term in report["labels"]],
        )
    for thing, why in report["left_out"].items():
        _say(f"  left out: {thing}: {why}")
    for warning in report["warnings"]:
        _say(f"  note: {warning}", "yellow")


def cell_store_dict(store: CellStore) -> dict[str, Any]:
    """What a cell store holds, as plain values for ``--json``."""
    manifest = store.manifest
    groups: dict[str, int] = {}
    if store.label_column:
        counts = store.values(store.label_column).value_counts().to_pylist()
        groups = {str(c["values"]): c["counts"] for c in counts if c["values"] is not None}
    return {
        "name": store.name,
        "n_cells": store.n_cells,
        "value_kind": store.value_kind,
        "source": manifest["source"],
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
    _say(
        f"{found['name']}: {found['n_cells']:,} cells ({found['value_kind']}) of "
        f"{found['source']['file']}, joined to build {found['build_id']}",
        "bold",
    )
    _print_joined(found)
    if found["groups"]:
        display.print_table((found["label_column"], "cells"), list(found["groups"].items()))


# ---- answers ---------------------------------------------------------------------------------


def print_answer(answer: Answer, *, most: int) -> None:
    """Print an answer: how the question was read, the rows, the text with its publications."""
    style = "bold" if answer.status in ("answered", "empty") else "bold yellow"
    _say(f"{answer.status}: {answer.reading}" if answer.reading else answer.status, style)
    if answer.rows:
        display.print_table(answer.columns, answer.rows, most=most)
    if answer.text:
        _say("\n" + answer.text)
    for warning in answer.warnings:
        _say(f"note: {warning}", "yellow")


def print_export(export: Export) -> None:
    """Print what an export holds and how it is read back."""
    manifest = export.manifest
    chosen = ", ".join(f"{key} {value}" for key, value in manifest["selection"].items())
    _say(f"{export.path}: build {manifest['build_id']}, chosen by {chosen}", "bold")
    display.print_table(
        ("label", "nodes"), [(label, part["rows"]) for label, part in manifest["nodes"].items()]
    )
    display.print_table(
        ("edges", "from", "to", "number"),
        [(e["type"], e["source"], e["target"], e["rows"]) for e in manifest["edges"]],
    )
    if manifest["cells"]:
        _say(f"cells: {export.cells.num_rows:,}, label {', '.join(export.label_names)}")
        print_verdict(manifest["cells"].get("diagnostics"))
    _say(f"Read it: tosg_graph.load_export({str(export.path)!r}).hetero_data()")


def print_verdict(diagnostics: dict[str, Any] | None) -> None:
    """Print whether classes of cells can be compared, and each reason for caution in a line."""
    if diagnostics is None:
        return
    _say(f"cohort: {diagnostics['verdict']}", "bold")
    for finding in diagnostics["findings"]:
        _say(f"  {finding['verdict']}: {finding['sentence']}", "yellow")
