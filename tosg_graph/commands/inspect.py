"""Commands that look into a build."""

from __future__ import annotations

from typing import Annotated

import typer

from tosg_graph.commands.shared import JsonOption, RowsOption, WorkspaceOption, print_result
from tosg_graph.workspace import Workspace


def rejects(
    source: Annotated[
        str | None, typer.Option("--source", help="Rejects of this source only.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Rejects for this reason only.")
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", help="Show so many of each source and reason.", min=0)
    ] = 0,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count the input rows that became no fact, by source and reason, or show some of each."""
    with Workspace(workspace) as ws:
        result = ws.rejects(source=source, reason=reason, sample=sample)
        asked = f" of {source}" if source else ""
        asked += f" because {reason}" if reason else ""
        print_result(result, as_json=as_json, most=rows, searched=f"nothing{asked} was turned away")


def resolve(
    texts: Annotated[list[str], typer.Argument(help="Identifiers or names.")],
    label: Annotated[
        str | None, typer.Option("--label", help="Look among nodes of this label only.")
    ] = None,
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what identifiers and names would become in the graph, why, and the candidates."""
    with Workspace(workspace) as ws:
        print_result(ws.resolve(texts, label=label), as_json=as_json, most=rows)
