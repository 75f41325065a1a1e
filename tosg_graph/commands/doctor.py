"""The command that looks whether everything is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import display
from tosg_graph.commands.shared import JsonOption, WorkspaceOption
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.graph.checkup import Check

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read the whole database back and compare every value."),
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the workspace, its builds and its database; say what to change."""
    with Workspace(workspace) as ws:
        checks = ws.doctor(deep=deep)
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        display.print_json({"ok": not failed, "checks": [check.to_dict() for check in checks]})
    else:
        _print(checks)
    if failed:
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    out = display.console()
    for check in checks:
        out.print(f"{check.status:<5}", style=_STYLES[check.status], end="", markup=False)
        display.say(f"{check.name}: {check.found}")
        if check.advice:
            display.say(f"     → {check.advice}")
