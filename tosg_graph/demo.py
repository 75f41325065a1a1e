"""``tosg demo``: the main job from end to end, on the example data, in one folder."""

from __future__ import annotations

from pathlib import Path

from tosg_graph import display, reports
from tosg_graph.config import Settings
from tosg_graph.example import data_folder, write_cells
from tosg_graph.workspace import Workspace

PATHWAY = "R-HSA-1280215"
QUESTION = "Which receptors detected in CD14+ monocytes are targeted by a drug?"


def run_demo(path: Path) -> None:
    """Build, load, convert, query, ask and export; each step shows the command that does it.

    The embedded graph is used whatever the environment says, so that a server is never touched.

    Raises
    ------
    MissingExtra
        Before anything is written, if the extra ``pyg`` is not installed.
    """
    from tosg_graph.tensors.extras import require

    for module in ("torch", "torch_geometric", "safetensors.torch", "sklearn"):
        require(module)
    ws = Workspace(path, settings=Settings(workspace=path))
    with ws:
        _graph(ws)
        _cells(ws)
        _query(ws)
        _ask(ws)
        _export(ws)
    _what_next(path)


def _command(text: str) -> None:
    display.console().print(f"\n$ {text}", style="bold cyan", markup=False, soft_wrap=True)


def _graph(ws: Workspace) -> None:
    _command(f"tosg build --data {data_folder()} -w {ws.path}")
    with display.steps() as progress:
        build = ws.build(data_folder(), progress=progress)
    reports.print_build(build)
    _command(f"tosg load -w {ws.path}")
    with display.steps() as progress:
        loaded = ws.load(progress=progress)
    reports.print_load(loaded)


def _cells(ws: Workspace) -> None:
    file = write_cells(ws.path / "simulated_blood.h5ad")
    display.console().print("\nThe cells of this demo are simulated; they stand for no person.")
    _command(f"tosg cells add {file} --name blood --label celltype -w {ws.path}")
    with display.steps() as progress:
        report = ws.add_cells(
            file, name="blood", label="celltype", donor="donor", replace=True, progress=progress
        )
    reports.print_cells_added(report)


def _query(ws: Workspace) -> None:
    _command(f"tosg query drug_targets drug=imatinib -w {ws.path}")
    result = ws.query("drug_targets", drug="imatinib")
    display.print_table(result.columns, result.rows, most=10)


def _ask(ws: Workspace) -> None:
    _command(f'tosg ask "{QUESTION}" --cells blood -w {ws.path}')
    reports.print_answer(ws.ask(QUESTION, cells="blood"), most=10)


def _export(ws: Workspace) -> None:
    out = ws.path / "export"
    _command(f"tosg export --pathway {PATHWAY} --cells blood --out {out} -w {ws.path}")
    with display.steps() as progress:
        progress("choosing the subgraph and writing tensors")
        export = ws.export(
            out, subgraph=ws.subgraph(pathway=PATHWAY), cells="blood", overwrite=True
        )
    reports.print_export(export)


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
    display.console().print("\n" + "\n".join(lines), markup=False, soft_wrap=True)
