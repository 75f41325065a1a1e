"""``tosg demo``: the main job from end to end, on the example data, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tosg_graph import display, reports
from tosg_graph.config import Settings
from tosg_graph.example import data_folder, write_cells
from tosg_graph.workspace import Workspace

PATHWAY = "R-HSA-1280215"
QUESTION = "Which receptors detected in CD14+ monocytes are targeted by a drug?"


def run_demo(path: Path, *, show: bool = True) -> dict[str, Any]:
    """Build, load, convert, query, ask and export; each step shows the command that does it.

    The embedded graph is used whatever the environment says, so that a server is never touched.

    Parameters
    ----------
    path
        The workspace folder.
    show
        Whether to print the commands and what they print.

    Returns
    -------
    dict
        What each command prints with ``--json``.

    Raises
    ------
    MissingExtra
        Before anything is written, if the extra ``pyg`` is not installed.
    """
    from tosg_graph.tensors.extras import require

    for module in ("torch", "torch_geometric", "safetensors.torch", "sklearn"):
        require(module)
    with Workspace(path, settings=Settings(workspace=path)) as ws:
        steps = (_build, _load, _cells, _query, _ask, _export)
        done = {step.__name__.strip("_"): step(ws, show) for step in steps}
    if show:
        _what_next(path)
    return done


def _command(text: str, show: bool) -> None:
    if show:
        line = f"\n$ {text}"
        display.say(line, "bold cyan")


def _build(ws: Workspace, show: bool) -> dict[str, Any]:
    _command(f"tosg build --data {data_folder()} -w {ws.path}", show)
    with display.steps() as progress:
        build = ws.build(data_folder(), progress=progress)
    if show:
        reports.print_build(build, data=data_folder())
    return reports.build_dict(build)


def _load(ws: Workspace, show: bool) -> dict[str, Any]:
    _command(f"tosg load -w {ws.path}", show)
    with display.steps() as progress:
        loaded = ws.load(progress=progress)
    if show:
        reports.print_load(loaded)
    return loaded.to_dict()


def _cells(ws: Workspace, show: bool) -> dict[str, Any]:
    file = write_cells(ws.path / "simulated_blood.h5ad")
    if show:
        display.console().print("\nThe cells of this demo are simulated; they stand for no person.")
    words = f"--name blood --label celltype --donor donor -w {ws.path}"
    _command(f"tosg cells add {file} {words}", show)
    with display.steps() as progress:
        report = ws.add_cells(
            file, name="blood", label="celltype", donor="donor", replace=True, progress=progress
        )
    if show:
        reports.print_cells_added(report, total=ws.cells("blood").n_cells)
    return report.to_dict()


def _query(ws: Workspace, show: bool) -> dict[str, Any]:
    _command(f"tosg query drug_targets drug=imatinib -w {ws.path}", show)
    result = ws.query("drug_targets", drug="imatinib")
    if show:
        display.print_table(result.columns, result.rows, most=10)
    return result.to_dict()


def _ask(ws: Workspace, show: bool) -> dict[str, Any]:
    _command(f'tosg ask "{QUESTION}" --cells blood -w {ws.path}', show)
    answer = ws.ask(QUESTION, cells="blood")
    if show:
        reports.print_answer(answer, most=10)
    return answer.to_dict()


def _export(ws: Workspace, show: bool) -> dict[str, Any]:
    out = ws.path / "export"
    _command(f"tosg export --pathway {PATHWAY} --cells blood --out {out} -w {ws.path}", show)
    with display.steps() as progress:
        progress("choosing the subgraph and writing tensors")
        export = ws.export(
            out, subgraph=ws.subgraph(pathway=PATHWAY), cells="blood", overwrite=True
        )
    if show:
        reports.print_export(export)
    return dict(export.manifest)


def _what_next(path: Path) -> None:
    lines = (
        "What to type next:",
        f"  tosg query --list -w {path}",
        f'  tosg ask "How does EGF activate MAPK1?" -w {path}',
        f'  tosg ask "Which drugs treat hematologic cancer?" -w {path}',
        f"  tosg cypher 'MATCH (d:Drug)-[t:TARGETS]->(p:Protein) WHERE d.name = $drug "
        f"RETURN p.symbol, t.action' drug=imatinib -w {path}",
        f"  python examples/train_cell_type.py {path / 'export'}",
        "With your own files: tosg build --data DIR -w work",
    )
    display.say("\n" + "\n".join(lines))
