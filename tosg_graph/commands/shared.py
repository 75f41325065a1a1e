"""What the commands share: options, and how words are read and results printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tosg_graph import display
from tosg_graph.config import ReadLimits
from tosg_graph.errors import UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.diagnostics import Thresholds
    from tosg_graph.cells.selection import Cohort
    from tosg_graph.graph.result import ResultTable
    from tosg_graph.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", help="Workspace folder (default: $TOSG_WORKSPACE or ./tosg-work)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Pairs = Annotated[
    list[str] | None, typer.Argument(help="Parameters as name=value.", metavar="[NAME=VALUE]...")
]
RowsOption = Annotated[int, typer.Option("--rows", help="Rows shown at most.", min=1)]
PrimaryOption = Annotated[
    bool, typer.Option("--primary", help="Leave out copies: cells that are another data set's own.")
]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option("--threshold", help="A measure's limit, as max_unknown=0.2 (repeat)."),
]
PathwayOption = Annotated[
    str | None, typer.Option("--pathway", help="A pathway by id or name, with sub-pathways.")
]
AroundOption = Annotated[
    list[str] | None, typer.Option("--around", help="A node to start from (repeat for more).")
]
HopsOption = Annotated[int, typer.Option("--hops", help="Edges to go from --around.", min=0)]
SelectingOption = Annotated[
    str | None, typer.Option("--cypher", help="A query whose result holds node ids.")
]


#: Columns of a result whose rows are paths.
_PATH = frozenset({"nodes", "edge_ids"})


def pairs(given: list[str] | None) -> dict[str, str]:
    """Split ``name=value`` words.

    Raises
    ------
    UsageError
        If a word has no ``=`` or a name stands twice.
    """
    found: dict[str, str] = {}
    for word in given or []:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise UsageError(f"parameters are written name=value, found {word!r}")
        if name in found:
            raise UsageError(f"the parameter {name!r} is given twice")
        found[name] = value
    return found


def check_files(option: str, paths: Sequence[Path] | None) -> Sequence[Path]:
    """Give the paths of an option, once each is seen to be a file.

    Raises
    ------
    UsageError
        If one is not.
    """
    for path in paths or ():
        if not path.is_file():
            raise UsageError(f"{option} {path}: there is no such file")
    return paths or ()


def values(given: list[str] | None) -> dict[str, Any]:
    """Split ``name=value`` words and read numbers, true, false, null and JSON lists as such.

    A text that looks like a number is written in double quotes: ``n='"5"'``.
    """
    return {name: _value(text) for name, text in pairs(given).items()}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return text if isinstance(value, dict) else value


def chosen_cells(workspace: Workspace, name: str, query: str, *, primary: bool) -> Cohort:
    """Choose cells by a query or a saved cohort; what is odd about them goes to standard error."""
    found = workspace.cohort(name, query, primary=primary)
    for note in found.notes:
        display.note(f"note: {note}")
    return found


def thresholds_of(given: list[str] | None) -> Thresholds:
    """Read the words of ``--threshold``; see :meth:`.diagnostics.Thresholds.read`."""
    from tosg_graph.cells.diagnostics import Thresholds

    return Thresholds.read(given or ())


def limits_of(workspace: Workspace, timeout: float | None, max_rows: int | None) -> ReadLimits:
    """Read limits of the workspace, with what the command line says in their place."""
    limits = workspace.settings.limits
    return replace(
        limits,
        timeout=limits.timeout if timeout is None else timeout,
        max_rows=limits.max_rows if max_rows is None else max_rows,
    )


def print_result(
    result: ResultTable, *, as_json: bool, most: int, searched: str | None = None
) -> None:
    """Print a result table, or JSON.

    Parameters
    ----------
    result
        The table. One of paths, with a list of nodes and one of facts, has a line per step.
    as_json
        Whether JSON is printed, of all rows.
    most
        Rows that a person is shown.
    searched
        What was looked for; it is said where nothing was found.
    """
    if as_json:
        display.print_json(result.to_dict())
        return
    none = "no rows" if searched is None else f"no rows: {searched}"
    paths = _PATH.issubset(result.columns)
    display.print_table(result.columns, result.rows, most=most, none=none, unfold=paths)
    if result.truncated:
        display.note(
            f"Cut short at {display.counted(len(result.rows), 'row')}; "
            "--max-rows and --timeout widen the limits."
        )


TimeoutOption = Annotated[float | None, typer.Option("--timeout", help="Seconds (default 15).")]
MaxRowsOption = Annotated[
    int | None, typer.Option("--max-rows", help="Rows fetched at most (default 10000).", min=1)
]


def print_rows(
    columns: tuple[str, ...],
    rows: list[tuple[Any, ...]],
    *,
    as_json: bool,
    none: str = "no rows",
) -> None:
    """Print rows, or JSON; ``none`` is said where there are no rows."""
    if as_json:
        display.print_json({"columns": columns, "rows": rows, "truncated": False})
    else:
        display.print_table(columns, rows, none=none)


def say_next(command: str) -> None:
    """Say which command comes next."""
    display.console().print(f"\nNext: {command}", style="bold")
