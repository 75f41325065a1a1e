"""Commands on cell stores."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import display, reports
from tosg_graph.commands import adding, cohorts
from tosg_graph.commands.shared import (
    JsonOption,
    RowsOption,
    WorkspaceOption,
    print_result,
    print_rows,
    say_next,
)
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.cells.tiers import TierChange

app = typer.Typer(help="Cell stores: per-cell abundance keyed to the graph.", no_args_is_help=True)
_Name = Annotated[str, typer.Argument(help="Name of the cell store.")]

app.command("add")(adding.add)
app.command("convert-task")(adding.convert_task)


@app.command("list")
def list_(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the cell stores of the workspace."""
    with Workspace(workspace) as ws:
        stores = [ws.cells(name) for name in ws.cell_names()]
        current = ws.current_build
        columns = (
            "store",
            "cells",
            "modalities",
            "values",
            "label",
            "data sets",
            "build",
            "current",
        )
        rows = [
            (
                s.name,
                s.n_cells,
                list(s.modalities),
                s.value_kind,
                s.label_column,
                s.dataset_names,
                s.build_id,
                s.build_id == current,
            )
            for s in stores
        ]
        none = f"no cells in {ws.path}; add some: tosg cells add FILE --name NAME -w {ws.path}"
        print_rows(columns, rows, as_json=as_json, none=none)


@app.command("info")
def info(name: _Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Say what a cell store holds and how its features joined to the graph."""
    with Workspace(workspace) as ws:
        store = ws.cells(name)
        if as_json:
            display.print_json(reports.cell_store_dict(store))
        else:
            reports.print_cell_store(store)


@app.command("pack")
def pack(
    name: _Name,
    codec: Annotated[str, typer.Option("--codec", help="zstd for size, lz4 for speed.")] = "zstd",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version of a cell store that takes a third of the bytes."""
    with Workspace(workspace) as ws, display.steps() as progress:
        done = ws.pack_cells(name, codec=codec, progress=progress)
        progress.close()
        _print_tier(done, as_json=as_json)


@app.command("unpack")
def unpack(name: _Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Make a version of a cell store that is read fastest."""
    with Workspace(workspace) as ws, display.steps() as progress:
        done = ws.unpack_cells(name, progress=progress)
        progress.close()
        _print_tier(done, as_json=as_json)


def _print_tier(done: TierChange, *, as_json: bool) -> None:
    if as_json:
        display.print_json(asdict(done))
        return
    per_cell = done.after / max(done.n_cells, 1)
    display.say(
        f"{done.name}: version {done.version}, {done.tier}, {done.before:,} bytes before, "
        f"{done.after:,} now ({per_cell:,.0f} per cell)"
    )
    if done.before != done.after:
        say_next(f"tosg cells prune {done.name}   (frees the shards of older versions)")


@app.command("verify")
def verify(
    name: _Name,
    source: Annotated[
        Path | None, typer.Option("--source", help="Compare every value with this source.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset-name", help="The data set that came from it.")
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", help="An older version of the store.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove checksums, sums and counts of a cell store and, given its source, every value."""
    with Workspace(workspace) as ws:
        found = ws.cells(name, version=version).verify(source=source, dataset=dataset)
        columns = ("files", "cells", "values", "compared with the source")
        print_rows(columns, [tuple(asdict(found).values())], as_json=as_json)


@app.command("remove")
def remove(
    name: _Name,
    dataset: Annotated[str, typer.Argument(help="Name of the data set.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version of a cell store without one of its data sets."""
    with Workspace(workspace) as ws:
        store = ws.remove_cells(name, dataset)
        row = (store.name, store.version, store.n_cells, store.dataset_names)
        print_rows(("store", "version", "cells", "data sets"), [row], as_json=as_json)


@app.command("rejoin")
def rejoin(name: _Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Make a version of a cell store whose features are joined to the current build."""
    with Workspace(workspace) as ws:
        done = ws.rejoin_cells(name)
        if as_json:
            display.print_json(done.to_dict())
        else:
            reports.print_rejoined(done)


@app.command("versions")
def versions(name: _Name, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the versions of a cell store; the last one is current."""
    with Workspace(workspace) as ws:
        stores = [ws.cells(name, version=number) for number in ws.cells(name).versions]
        rows = [(s.version, s.manifest["change"], s.n_cells, s.dataset_names) for s in stores]
        print_rows(("version", "change", "cells", "data sets"), rows, as_json=as_json)


@app.command("prune")
def prune(
    name: _Name,
    keep: Annotated[int, typer.Option("--keep", help="Versions that stay.", min=1)] = 1,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove older versions of a cell store, and the files that only they had."""
    with Workspace(workspace) as ws:
        gone = ws.prune_cells(name, keep=keep)
        row = (list(gone.versions), gone.files, gone.size)
        print_rows(("versions removed", "files", "bytes"), [row], as_json=as_json)


@app.command("profile")
def profile(
    name: _Name,
    group: Annotated[
        str | None, typer.Argument(help="A label such as 'CD14+ Monocyte'; default: all cells.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", help="A profile per value of this column, as donor (repeat: jointly)."
        ),
    ] = None,
    modality: Annotated[str, typer.Option("--modality", help="rna or protein.")] = "rna",
    rows: RowsOption = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print for groups of cells the share detecting each feature, mean per 10,000 and variance."""
    with Workspace(workspace) as ws:
        most = rows if by and not as_json else None  # of each group
        result = ws.profile(
            name, group, by=by or (), modality=modality, most=most, progress=display.note
        )
        print_result(result, as_json=as_json, most=len(result.rows) or 1 if by else rows)


app.command("vocabulary")(cohorts.vocabulary)
app.command("cohort")(cohorts.cohort)
app.command("split")(cohorts.split)
app.command("match")(cohorts.match)
app.command("diagnose")(cohorts.diagnose)
app.command("pseudobulk")(cohorts.pseudobulk)
app.command("compare")(cohorts.compare)
app.command("metacells")(cohorts.metacells)
