"""What cell stores hold, and what was done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tosg_graph import display

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.cells.rejoin import Rejoined
    from tosg_graph.cells.report import CellReport


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
