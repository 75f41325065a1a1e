"""Commands by which a graph leaves in formats of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tosg_graph import display
from tosg_graph.commands.shared import JsonOption, WorkspaceOption, print_rows
from tosg_graph.workspace import Workspace


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
