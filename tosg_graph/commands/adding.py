"""Adding cells: the command, and the one that does a task of a conversion elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import display, reports
from tosg_graph.commands.shared import JsonOption, WorkspaceOption, print_rows
from tosg_graph.errors import UsageError
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.cells.annotation import Constant
    from tosg_graph.cells.executors import Executor
    from tosg_graph.cells.job import Unfinished
    from tosg_graph.cells.options import AddOptions

_Source = Annotated[
    Path, typer.Argument(help="h5ad, zarr, 10x HDF5, 10x folder or OmniCellTOSG release.")
]
_Name = Annotated[str, typer.Option("--name", help="Name of the cell store.")]
_Label = Annotated[str | None, typer.Option("--label", help="obs column with the label.")]
_LabelMap = Annotated[
    Path | None, typer.Option("--label-map", help="Table of label and ontology id.")
]
_Donor = Annotated[str | None, typer.Option("--donor", help="obs column with the donor.")]
_Dataset = Annotated[
    str | None, typer.Option("--dataset", help="obs column with the study of each cell.")
]
_Obs = Annotated[
    Path | None,
    typer.Option("--obs", help="Table that adds columns of cells, by barcode: CSV, TSV, Parquet."),
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="Value that all cells have, as donor=P1 (repeat)."),
]
_Normalised = Annotated[bool, typer.Option("--normalised", help="Keep values that are not counts.")]
_Matrix = Annotated[
    str | None,
    typer.Option("--matrix", help="X, raw/X, layers/NAME, or a genome (default: found)."),
]
_Antibodies = Annotated[
    str | None, typer.Option("--antibodies", help="Key of obsm with antibody counts.")
]
_Append = Annotated[bool, typer.Option("--append", help="Add to the store of that name.")]
_DatasetName = Annotated[
    str | None, typer.Option("--dataset-name", help="What these cells are called in the store.")
]
_Replace = Annotated[bool, typer.Option("--replace", help="Replace a store of that name.")]
_ShardCells = Annotated[
    int | None, typer.Option("--shard-cells", help="Cells of a shard (1,024 divides it).")
]
_Processes = Annotated[
    int, typer.Option("--processes", help="Convert in so many processes.", min=1)
]
_DaskCluster = Annotated[
    str | None, typer.Option("--dask", help="Convert on the Dask cluster of this address.")
]
_SlurmArray = Annotated[
    bool, typer.Option("--slurm", help="Write scripts for a SLURM array, or commit its work.")
]
_SlurmOption = Annotated[
    list[str] | None,
    typer.Option("--slurm-option", help="Option of sbatch, as --partition=short (repeat)."),
]


def add(
    source: _Source,
    name: _Name,
    label: _Label = None,
    label_map: _LabelMap = None,
    donor: _Donor = None,
    dataset: _Dataset = None,
    obs: _Obs = None,
    constant: _Set = None,
    normalised: _Normalised = False,
    matrix: _Matrix = None,
    antibodies: _Antibodies = None,
    append: _Append = False,
    dataset_name: _DatasetName = None,
    replace: _Replace = False,
    shard_cells: _ShardCells = None,
    processes: _Processes = 1,
    dask: _DaskCluster = None,
    slurm: _SlurmArray = False,
    slurm_option: _SlurmOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Convert cells into a store keyed to the graph, and print how their features joined."""
    options: AddOptions = {
        "label": label,
        "label_map": label_map,
        "donor": donor,
        "dataset": dataset,
        "obs": obs,
        "constants": _constants(constant or []),
        "normalised": normalised,
        "matrix": matrix,
        "antibodies": antibodies,
        "append": append,
        "dataset_name": dataset_name,
        "replace": replace,
        "shard_cells": shard_cells,
        "executor": _executor(processes, dask, slurm, slurm_option or []),
    }
    with Workspace(workspace) as ws:
        _add(ws, source, name, options, as_json=as_json)


def _add(ws: Workspace, source: Path, name: str, options: AddOptions, *, as_json: bool) -> None:
    """Add cells, and print what came of it or what it waits for."""
    from tosg_graph.cells.job import Unfinished

    try:
        with display.steps() as progress:
            options["progress"] = progress
            report = ws.add_cells(source, name=name, **options)
    except Unfinished as waiting:
        _print_waiting(waiting, as_json=as_json)
        return
    if as_json:
        display.print_json(report.to_dict())
    else:
        reports.print_cells_added(report, total=ws.cells(name).n_cells)


def _print_waiting(waiting: Unfinished, *, as_json: bool) -> None:
    if as_json:
        display.print_json({"job": str(waiting.job.folder), "next": str(waiting)})
    else:
        display.say(str(waiting))


def _constants(said: list[str]) -> dict[str, Constant]:
    """Read ``NAME=VALUE``; values are numbers where they are written as such, as in a table."""
    import pyarrow as pa

    from tosg_graph.cells.barcode_table import typed

    found: dict[str, Constant] = {}
    for word in said:
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or not value or name in found:
            wrong = "is said twice" if name in found else "is no NAME=VALUE"
            raise UsageError(f"--set {word!r} {wrong}; expected one value each, as --set donor=P1")
        found[name] = typed(pa.chunked_array([[value]], pa.string()))[0].as_py()
    return found


def _executor(processes: int, dask: str | None, slurm: bool, options: list[str]) -> Executor:
    """Who does the tasks, as the options say."""
    from tosg_graph.cells.executors import Dask, Processes, Slurm

    if (processes > 1) + (dask is not None) + slurm > 1:
        raise UsageError("--processes, --dask and --slurm exclude each other; say one of them")
    if dask is not None:
        return Dask(dask)
    if slurm:
        again = (sys.executable, "-m", "tosg_graph.cli", *sys.argv[1:])
        return Slurm(again, options=tuple(options))
    return Processes(processes)


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
