"""What a question and an export gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tosg_graph import display

if TYPE_CHECKING:
    from tosg_graph.ask.answer import Answer
    from tosg_graph.tensors.export import Export


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
        _print_split(manifest["cells"]["split"])
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


def _print_split(split: Mapping[str, Any] | None) -> None:
    if split is not None:
        display.say(split["note"], "yellow" if split["by"] == "label" else "")
        display.say(compared_text(split.get("profiles")))


def compared_text(profiles: Mapping[str, int] | None) -> str:
    """Say how many cells of a split were looked at for copies under other names."""
    if profiles is None:
        return "copies of cells under other names were not looked for: no counts were read"
    small = profiles["too_small"]
    left = f"; {small:,} have too few values to tell copies" if small else ""
    return f"no copies of cells in two parts: counts of {profiles['compared']:,} compared{left}"


def print_verdict(diagnostics: dict[str, Any] | None) -> None:
    """Print whether classes of cells can be compared, and each reason for caution in a line."""
    if diagnostics is None:
        return
    display.say(f"cohort: {diagnostics['verdict']}", "bold")
    for finding in diagnostics["findings"]:
        display.say(f"  {finding['verdict']}: {finding['sentence']}", "yellow")
