"""Commands by which a graph leaves in formats of others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tosg_graph import display
from tosg_graph.commands.shared import (
    AroundOption,
    HopsOption,
    JsonOption,
    PathwayOption,
    SelectingOption,
    WorkspaceOption,
    print_rows,
)
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.tensors.graphml import GraphmlFile
    from tosg_graph.tensors.subgraph import Subgraph


def kgx(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    file_format: Annotated[
        str, typer.Option("--format", help="tsv, or jsonl for texts to the letter.")
    ] = "tsv",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a KGX export.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the graph as KGX files for the tools of the Biolink model."""
    with Workspace(workspace) as ws, display.steps() as progress:
        progress("writing KGX files")
        written = ws.write_kgx(out, file_format=file_format, overwrite=overwrite)
        progress.close()
        if as_json:
            display.print_json({"folder": str(written.path), **written.manifest})
            return
        rows = [
            (str(written.path / name), file["rows"])
            for name, file in written.manifest["files"].items()
        ]
        print_rows(("file", "rows"), rows, as_json=False)


def subgraph(
    pathway: PathwayOption = None,
    seed_node: AroundOption = None,
    hops: HopsOption = 1,
    cypher: SelectingOption = None,
    graphml: Annotated[
        Path | None, typer.Option("--graphml", help="File to write it to, with all properties.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose a part of the graph, count it, and write it as GraphML."""
    with Workspace(workspace) as ws, display.steps() as progress:
        progress("choosing the subgraph")
        chosen = ws.subgraph(pathway=pathway, seeds=seed_node, hops=hops, cypher=cypher)
        written = None
        if graphml is not None:
            progress("writing GraphML")
            written = ws.write_graphml(graphml, chosen, overwrite=overwrite)
        progress.close()
        if as_json:
            display.print_json(_subgraph_dict(chosen, written))
            return
        print_rows(("nodes and edges", "number"), _counts(chosen), as_json=False)
        if written is not None:
            display.say(str(written.path))
        if written is not None and written.altered:
            display.note(
                f"note: {written.altered:,} rows had control characters that XML forbids; "
                "they are U+FFFD in the file"
            )


def _counts(chosen: Subgraph) -> list[tuple[str, int]]:
    nodes = [(label, table.num_rows) for label, table in chosen.nodes.items()]
    return nodes + [(f"{a} {kind} {b}", len(e)) for (a, kind, b), e in chosen.edges.items()]


def _subgraph_dict(chosen: Subgraph, written: GraphmlFile | None) -> dict[str, Any]:
    file = None if written is None else {"path": str(written.path), "altered": written.altered}
    return {
        "build": chosen.build_id,
        "selection": dict(chosen.selection),
        "nodes": {label: table.num_rows for label, table in chosen.nodes.items()},
        "edges": [
            {"source": a, "type": kind, "target": b, "number": len(edges)}
            for (a, kind, b), edges in chosen.edges.items()
        ],
        "graphml": file,
    }
