"""Commands on cell stores."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import display, reports
from tosg_graph.commands import cohorts
from tosg_graph.commands.shared import (
    JsonOption,
    RowsOption,
    WorkspaceOption,
    print_result,
    print_rows,
    say_next,
)
from tosg_graph.errors import UsageError
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.cells.executors import Executor
    from tosg_graph.cells.tiers import TierChange

app = typer.Typer(help="Cell stores: per-cell abundance keyed to the graph.", no_args_is_help=True)
_Name = Annotated[str, typer.Argument(help="Name of the cell store.")]


@app.command("add")
def add(
    source: Annotated[
        Path, typer.Argument(help="h5ad, zarr, 10x HDF5, 10x folder or OmniCellTOSG release.")
    ],
    name: Annotated[str, typer.Option("--name", help="Name of the cell store.")],
    label: Annotated[str | None, typer.Option("--label", help="obs column with the label.")] = None,
    label_map: Annotated[
        Path | None, typer.Option("--label-map", help="Table of label and ontology id.")
    ] = None,
    donor: Annotated[str | None, typer.Option("--donor", help="obs column with the donor.")] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="obs column with the data set of each cell.")
    ] = None,
    normalised: Annotated[
        bool, typer.Option("--normalised", help="Keep values that are not counts.")
    ] = False,
    matrix: Annotated[
        str | None,
        typer.Option("--matrix", help="X, raw/X, layers/NAME, or a genome (default: found)."),
    ] = None,
    antibodies: Annotated[
        str | None, typer.Option("--antibodies", help="Key of obsm with antibody counts.")
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the store of that name.")
    ] = False,
    dataset_name: Annotated[
        str | None, typer.Option("--dataset-name", help="What these cells are called in the store.")
    ] = None,
    replace_: Annotated[
        bool, typer.Option("--replace", help="Replace a store of that name.")
    ] = False,
    shard_cells: Annotated[
        int | None, typer.Option("--shard-cells", help="Cells of a shard (1,024 divides it).")
    ] = None,
    processes: Annotated[
        int, typer.Option("--processes", help="Convert in so many processes.", min=1)
    ] = 1,
    dask: Annotated[
        str | None, typer.Option("--dask", help="Convert on the Dask cluster of this address.")
    ] = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Write scripts for a SLURM array, or commit its work.")
    ] = False,
    slurm_option: Annotated[
        list[str] | None,
        typer.Option("--slurm-option", help="Option of sbatch, as --partition=short (repeat)."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Convert cells into a store keyed to the graph, and print how their features joined."""
    from tosg_graph.cells.job import Unfinished

    executor = _executor(processes, dask, slurm, slurm_option or [])
    with Workspace(workspace) as ws, display.steps() as progress:
        try:
            report = ws.add_cells(
                source,
                name=name,
                label=label,
                label_map=label_map,
                donor=donor,
                dataset=dataset,
                normalised=normalised,
                matrix=matrix,
                antibodies=antibodies,
                append=append,
                dataset_name=dataset_name,
                replace=replace_,
                shard_cells=shard_cells,
                executor=executor,
                progress=progress,
            )
        except Unfinished as waiting:
            progress.close()
            if as_json:
                display.print_json({"job": str(waiting.job.folder), "next": str(waiting)})
            else:
                display.say(str(waiting))
            return
        progress.close()
        if as_json:
            display.print_json(report.to_dict())
        else:
            reports.print_cells_added(report, total=ws.cells(name).n_cells)


def _executor(processes: int, dask: str | None, slurm: bool, options: list[str]) -> Executor | None:
    """Who does the tasks, as the options say."""
    from tosg_graph.cells.executors import Dask, Processes, Slurm

    if (processes > 1) + (dask is not None) + slurm > 1:
        raise UsageError("--processes, --dask and --slurm exclude each other; say one of them")
    if dask is not None:
        return Dask(dask)
    if slurm:
        again = (sys.executable, "-m", "tosg_graph.cli", *sys.argv[1:])
        return Slurm(again, options=tuple(options))
    return Processes(processes) if processes > 1 else None


@app.command("convert-task")
def convert_task(
    job: Annotated[Path, typer.Argument(help="Folder of the conversion.")],
    number: Annotated[int, typer.Argument(help="Number of the task.", min=0)],
    as_json: JsonOption = False,
) -> None:
    """Do one task of a conversion; what the scripts for SLURM call."""
    from tosg_graph.cells.job import Job
    from tosg_graph.cells.job import convert_task as convert

    convert(job, number)
    found = Job.open(job)
    row = (number, len(found.done()), len(found.tasks))
    print_rows(("task", "tasks done", "tasks"), [row], as_json=as_json)


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
    group: Annotated[str, typer.Argument(help="A label such as 'CD14+ Monocyte'.")],
    modality: Annotated[str, typer.Option("--modality", help="rna or protein.")] = "rna",
    rows: RowsOption = 20,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print, for a group of cells, the share detecting each feature and its mean per 10,000."""
    with Workspace(workspace) as ws:
        result = ws.profile(name, group, modality=modality)
        print_result(result, as_json=as_json, most=rows)


app.command("vocabulary")(cohorts.vocabulary)
app.command("cohort")(cohorts.cohort)
app.command("split")(cohorts.split)
app.command("match")(cohorts.match)
app.command("diagnose")(cohorts.diagnose)
app.command("pseudobulk")(cohorts.pseudobulk)
app.command("compare")(cohorts.compare)
app.command("metacells")(cohorts.metacells)
