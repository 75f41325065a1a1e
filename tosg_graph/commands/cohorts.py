"""Commands that choose cells: what there is, which are meant, and whether they can be compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tosg_graph import display, reports
from tosg_graph.commands.shared import (
    JsonOption,
    PrimaryOption,
    RowsOption,
    ThresholdOption,
    WorkspaceOption,
    chosen_cells,
    thresholds_of,
)
from tosg_graph.errors import UsageError
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.cells.selection import Cohort

ModalityOption = Annotated[
    str | None, typer.Option("--modality", help="rna or protein; default: the store's first.")
]
#: What a person reads of a comparison, beside the feature.
SHOWN = ("base_mean", "log2_fold_change", "p_value", "p_adjusted")
StoreArgument = Annotated[str, typer.Argument(help="Name of the cell store.")]
QueryArgument = Annotated[
    str, typer.Argument(help="Which cells: a query or a saved cohort (.parquet); default: all.")
]


def vocabulary(
    name: StoreArgument,
    field: Annotated[
        str | None, typer.Option("--field", help="This field only, such as tissue.")
    ] = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="Only values that have no one term.")
    ] = False,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the values of each field with counts, the terms that they were read as, and the rest."""
    from tosg_graph.cells.fields import LISTED

    if field is not None and field not in LISTED:
        raise UsageError(f"no field is named {field!r}; there are: {', '.join(LISTED)}")
    with Workspace(workspace) as ws:
        report = ws.vocabulary(name)
        if as_json:
            display.print_json(report.to_dict())
            return
        chosen = report.unmapped if unmapped else report.values
        columns = ("field", "value", "cells", "id", "name", "read by", "candidates")
        shown = [
            (v.field, v.value, v.cells, v.id, v.name, v.how, list(v.candidates))
            for v in chosen
            if field in (None, v.field)
        ]
        display.print_table(columns, shown, most=rows)
        display.say(
            f"{len(report.unmapped)} values have no one term; {report.donors:,} donors are known, "
            f"{report.cells_without_donor:,} of {report.n_cells:,} cells have none"
        )
        for warning in report.warnings:
            display.say(f"note: {warning}", style="yellow")


def cohort(
    name: StoreArgument,
    query: Annotated[
        str, typer.Argument(help="Such as: cell_type under 'T cell' and not sex = male.")
    ] = "all",
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Count by this column (repeat: jointly).")
    ] = None,
    primary: PrimaryOption = False,
    save: Annotated[Path | None, typer.Option("--save", help="Write the cohort here.")] = None,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose cells by a query, and count them and their donors before anything is read."""
    with Workspace(workspace) as ws:
        chosen = chosen_cells(ws, name, query, primary=primary)
        counts = chosen.counts(*by or ())
        if save is not None:
            chosen.save(save)
        found = display.rows_of(counts)
        if as_json:
            said = {"query": chosen.query, "hash": chosen.hash, "n_cells": chosen.n_cells}
            table = {"columns": counts.column_names, "rows": found}
            display.print_json({**said, "notes": list(chosen.notes), "counts": table})
            return
        display.say(
            f"{chosen.n_cells:,} of {chosen.store.n_cells:,} cells: {chosen.query}", style="bold"
        )
        shown = [["unknown" if value is None else value for value in row] for row in found]
        display.print_table(counts.column_names, shown, most=rows)
        display.say(f"cohort {chosen.hash[:16]}" + (f", saved in {save}" if save else ""))


def split(
    name: StoreArgument,
    query: QueryArgument = "all",
    by: Annotated[
        str, typer.Option("--by", help="donor, study: what is whole in one part; label: neither.")
    ] = "donor",
    folds: Annotated[
        int | None,
        typer.Option("--folds", help="So many splits; each fold is tested and validates once."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draw.")] = 0,
    primary: PrimaryOption = False,
    profiles: Annotated[
        bool,
        typer.Option(
            "--profiles/--no-profiles", help="Find copies of cells by their counts; reads them all."
        ),
    ] = True,
    save: Annotated[
        Path | None, typer.Option("--save", help="Folder for a cohort of each part.")
    ] = None,
    rows: RowsOption = 100,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Split cells into training, validation and test, once or in folds, by donor or by study."""
    with Workspace(workspace) as ws:
        chosen = chosen_cells(ws, name, query, primary=primary)
        found = ws.split(name, chosen, by=by, folds=folds, seed=seed, profiles=profiles)
        if save is not None:
            found.save(save)
        counts = found.counts()
        said = display.rows_of(counts)
        if as_json:
            table = {"columns": counts.column_names, "rows": said}
            display.print_json({**found.record(), "counts": table})
            return
        display.print_table(counts.column_names, said, most=rows)
        display.say(found.splits[0].note.partition(". ")[2] if folds else found.splits[0].note)
        display.say(reports.compared_text(found.profiles))
        if save is not None:
            display.say(f"saved in {save}")


def match(
    name: StoreArgument,
    cases: Annotated[str, typer.Argument(help="The cases: a query or a saved cohort.")],
    controls: Annotated[str, typer.Argument(help="The controls, likewise; never just the rest.")],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Match on this column or age_band (repeat)."),
    ] = None,
    ratio: Annotated[int, typer.Option("--ratio", help="Controls per case.", min=1)] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draw.")] = 0,
    primary: PrimaryOption = False,
    save: Annotated[
        Path | None, typer.Option("--save", help="Folder for cases.parquet and controls.parquet.")
    ] = None,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw cases and controls that are alike, stratum by stratum, and report what was left out."""
    with Workspace(workspace) as ws:
        sides = _sides(ws, name, cases, controls, primary=primary)
        found = ws.match(name, *sides, by=by, ratio=ratio, seed=seed)
        if save is not None:
            save.mkdir(parents=True, exist_ok=True)
            found.cases.save(save / "cases.parquet")
            found.controls.save(save / "controls.parquet")
        said = found.to_dict()
        if as_json:
            display.print_json(said)
            return
        display.print_table(said["strata"]["columns"], said["strata"]["rows"], most=rows)
        for side in ("cases", "controls"):
            part = said[side]
            display.say(
                f"{side}: {part['cells']:,} cells of {part['donors']:,} donors taken; "
                f"{part['left_out_unknown']:,} left out because a value is not known"
            )
        if found.absent:
            display.say(
                f"note: not matched on {', '.join(found.absent)}: no cell says it", style="yellow"
            )
        reports.print_verdict(said["diagnostics"])


def diagnose(
    name: StoreArgument,
    query: QueryArgument = "all",
    label: Annotated[
        str | None, typer.Option("--label", help="Column that makes the classes.")
    ] = None,
    thresholds: ThresholdOption = None,
    primary: PrimaryOption = False,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether classes of cells can be compared: assay, study, sex, donors, depth; a verdict."""
    with Workspace(workspace) as ws:
        limits = thresholds_of(thresholds)
        chosen = chosen_cells(ws, name, query, primary=primary)
        found = ws.diagnose(name, chosen, label=label, thresholds=limits).to_dict()
        if as_json:
            display.print_json({**found, "notes": list(chosen.notes)})
        else:
            print_diagnostics(found, most=rows)


def pseudobulk(
    name: StoreArgument,
    query: QueryArgument = "all",
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Add up by this column (repeat: jointly).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write.")] = None,
    primary: PrimaryOption = False,
    modality: ModalityOption = None,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add up the counts of each donor, or of each donor and kind of cell, as integers."""
    with Workspace(workspace) as ws:
        chosen = chosen_cells(ws, name, query, primary=primary)
        found = ws.pseudobulk(name, chosen, by=by or ["donor_id"], modality=modality)
        if out is not None:
            found.save(out)
        groups, said = display.rows_of(found.groups), found.record()
        if as_json:
            table = {"columns": found.groups.column_names, "rows": groups}
            display.print_json({**said, "groups": table})
            return
        display.print_table(found.groups.column_names, groups, most=rows)
        display.say(
            f"{found.left_out:,} cells with {found.left_out_total:,} counts are in no group"
            + (f"; written to {out}" if out else "")
        )
        if said["not_measured"] or said["measured_in_part"]:
            display.note(
                f"note: of {found.groups.num_rows * found.features.num_rows:,} sums, "
                f"{said['not_measured']:,} are of features that no cell of the group measured, and "
                f"are not known; {said['measured_in_part']:,} are of a part of the group's cells"
            )


def compare(
    name: StoreArgument,
    cases: Annotated[str, typer.Argument(help="The cases: a query or a saved cohort.")],
    controls: Annotated[str, typer.Argument(help="The controls, likewise.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write.")] = None,
    min_donors: Annotated[int, typer.Option("--min-donors", help="Donors per side.", min=2)] = 3,
    min_cells: Annotated[int, typer.Option("--min-cells", help="Cells per donor.", min=1)] = 10,
    thresholds: ThresholdOption = None,
    primary: PrimaryOption = False,
    modality: ModalityOption = None,
    rows: RowsOption = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the features that differ between two cohorts, donors being the samples, never cells."""
    with Workspace(workspace) as ws:
        sides = _sides(ws, name, cases, controls, primary=primary)
        found = ws.compare(
            name, *sides, modality=modality, thresholds=thresholds_of(thresholds),
            min_donors=min_donors, min_cells=min_cells,
        )  # fmt: skip
        if out is not None:
            found.save(out)
        if as_json:
            table = display.rows_of(found.table)
            columns = found.table.column_names
            display.print_json({**found.record(), "table": {"columns": columns, "rows": table}})
            return
        shown = found.table.select(["graph_id", "name", *SHOWN])
        lines = display.rows_of(shown)
        display.print_table(shown.column_names, lines, most=rows)
        donors = found.donors["side"].to_pylist()
        display.say(
            f"{donors.count('case')} donors against {donors.count('control')}, {found.design}; "
            f"{found.table.num_rows:,} features tested, {found.not_tested:,} had too few counts, "
            f"{found.not_measured:,} not measured in all samples"
        )
        reports.print_verdict(found.diagnostics.to_dict())


def metacells(
    name: StoreArgument,
    query: QueryArgument = "all",
    into: Annotated[str, typer.Option("--into", help="Name of the new cell store.")] = "",
    within: Annotated[
        list[str] | None,
        typer.Option("--within", help="Column that keeps cells apart (repeat)."),
    ] = None,
    size: Annotated[int, typer.Option("--size", help="Cells per meta-cell.", min=2)] = 50,
    method: Annotated[
        str, typer.Option("--method", help="kmeans, or metacells: the package of that name.")
    ] = "kmeans",
    seed: Annotated[int, typer.Option("--seed", help="Seed of sample and clusters.")] = 0,
    primary: PrimaryOption = False,
    replace_: Annotated[
        bool, typer.Option("--replace", help="Replace a store of that name.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add up cells that resemble each other within a donor and tissue, as a cell store."""
    how = {"within": within, "size": size, "seed": seed, "method": method}
    options: dict[str, Any] = {**how, "replace": replace_}
    with Workspace(workspace) as ws:
        chosen = chosen_cells(ws, name, query, primary=primary)
        store, report = ws.metacells(name, chosen, name=into or f"{name}-metacells", **options)
        if as_json:
            display.print_json({"name": store.name, "path": str(store.folder), **report.to_dict()})
            return
        display.say(
            f"{store.name}: {report.n_metacells:,} meta-cells of {report.n_cells:,} cells", "bold"
        )
        purity = "not known" if report.purity is None else f"{report.purity:.1%}"
        display.say(
            f"members {report.sizes[0]} to {report.sizes[2]} (median {report.sizes[1]:g}); "
            f"purity {purity}; compactness {report.compactness:.2f} of 1"
        )
        display.say(
            f"left out: {report.left_out_small:,} cells in {report.small_partitions:,} small "
            f"partitions, {report.left_out_unknown:,} of unknown "
            f"{' or '.join(report.options.within)}, {report.left_out_outliers:,} outliers"
        )


def _sides(
    ws: Workspace, name: str, cases: str, controls: str, *, primary: bool
) -> tuple[Cohort, Cohort]:
    return (
        chosen_cells(ws, name, cases, primary=primary),
        chosen_cells(ws, name, controls, primary=primary),
    )


def print_diagnostics(found: dict[str, Any], *, most: int) -> None:
    """Print what a manifest says of the classes of its cells."""
    columns = ("class", "cells", "donors", "largest donor", "its share", "donor unknown", "depth")
    display.print_table(columns, [tuple(one.values()) for one in found["classes"]], most=most)
    spread = [(b["column"], b["association"], b["unknown"]) for b in found["balance"]]
    if spread:
        display.print_table(("column", "goes with class", "unknown"), spread)
    reports.print_verdict(found)
