"""The life of a graph: which builds there are, what changed, and how a database follows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tosg_graph import display
from tosg_graph.commands.shared import (
    JsonOption,
    WorkspaceOption,
    print_result,
    print_rows,
    say_next,
)
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.build.diff import Diff
    from tosg_graph.graph.store import UpdateReport

_KINDS = ("added", "withdrawn", "changed")


def builds(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """List the graph builds that the workspace keeps, the newest first."""
    with Workspace(workspace) as ws:
        kept = ws.builds()
        current = ws.graph.id if kept else None
        rows = [
            (
                build.id,
                sum(build.rows(f"nodes/{label}") for label in build.labels),
                sum(build.rows(f"edges/{kind}") for kind in build.edge_types),
                build.manifest["use"],
                ", ".join(build.manifest["sources"]),
                build.id == current,
            )
            for build in kept
        ]
        columns = ("build", "nodes", "facts", "use", "sources", "current")
        none = f"no builds in {ws.path}; make one: tosg build --data DIR -w {ws.path}"
        print_rows(columns, rows, as_json=as_json, none=none)


def diff(
    before: Annotated[
        str,
        typer.Argument(help="The older build: id, its beginning, current, previous, or a folder."),
    ] = "previous",
    after: Annotated[str, typer.Argument(help="The newer build, named in the same way.")] = (
        "current"
    ),
    out: Annotated[
        Path | None, typer.Option("--out", help="Copy the result to this new folder.")
    ] = None,
    show: Annotated[
        int, typer.Option("--show", help="Examples shown per table and kind of change.", min=0)
    ] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what changed between two builds: nodes, facts and statements, by table and by source."""
    with Workspace(workspace) as ws, display.steps() as progress:
        made = ws.diff(before, after, out=out, progress=progress)
        progress.close()
        if as_json:
            display.print_json(_diff_dict(made, show))
        else:
            _print_diff(made, show)


def update(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database from the build that it holds to the current one."""
    with Workspace(workspace) as ws, display.steps() as progress:
        if dry_run:
            planned = ws.planned_update(progress=progress)
            progress.close()
            _print_plan(planned, ws.graph.id, as_json=as_json)
            return
        report = ws.update(progress=progress)
        progress.close()
        if as_json:
            display.print_json(report.to_dict())
        else:
            _print_update(report)
            say_next(f"tosg query --list -w {ws.path}")


def embed(
    dims: Annotated[int, typer.Option("--dims", help="Numbers in a vector.", min=1)] = 64,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the encoder.")] = 0,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give the nodes on a Neo4j server vectors of their texts, and index them by label."""
    with Workspace(workspace) as ws, display.steps() as progress:
        report = ws.embed(dims=dims, seed=seed, progress=progress)
        progress.close()
        if as_json:
            display.print_json(report.to_dict())
            return
        did = "written" if report.changed else "already there, nothing changed"
        display.say(f"{report.encoder}: vectors of {report.dims} numbers ({did})", "bold")
        print_rows(("label", "vectors"), list(report.vectors.items()), as_json=False)
        say_next(f"tosg similar NODE -w {ws.path}")


def similar(
    node: Annotated[str, typer.Argument(help="A node by id, symbol or name.")],
    label: Annotated[
        str | None, typer.Option("--label", help="Look among nodes of this label only.")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="How many.", min=1)] = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the nodes whose texts are most like that of a node; needs tosg embed."""
    with Workspace(workspace) as ws:
        print_result(ws.similar(node, label=label, k=k), as_json=as_json, most=k)


def _diff_dict(made: Diff, show: int) -> dict[str, Any]:
    columns = ("change", "table", "id", "name", "properties")
    shown = made.examples(show) if show else []
    examples = [dict(zip(columns, row, strict=True)) for row in shown]
    return {**made.manifest, "folder": str(made.path), **({"examples": examples} if show else {})}


def _print_diff(made: Diff, show: int) -> None:
    display.say(f"build {made.before.id} → {made.after.id}", style="bold")
    if made.empty:
        display.say("the same nodes and facts in both")
    tables = made.manifest["tables"]
    names = sorted(tables, key=lambda name: (not name.startswith("nodes/"), name))
    if names:
        display.print_table(
            ("nodes and facts", *_KINDS, "properties that changed"),
            [
                (name.partition("/")[2], *(tables[name][k] for k in _KINDS), _often(tables[name]))
                for name in names
            ],
        )
    _print_sources(made)
    if show:
        columns = ("change", "table", "id", "name", "properties")
        display.print_table(columns, made.examples(show), title="\nExamples")
    display.say(str(made.path))


def _print_sources(made: Diff) -> None:
    sources = made.manifest["sources"]
    rows = [
        (
            name,
            *(f"+{n['added']:,} −{n['withdrawn']:,}" for n in (c["nodes"], c["facts"])),
            f"+{c['statements']['added']:,} −{c['statements']['withdrawn']:,}",
        )
        for name, c in sources.items()
    ]
    if rows:
        columns = ("source", "nodes", "facts", "statements")
        display.say("\nWhat each source gives now, and gave before", style="bold")
        display.print_table(columns, rows)


def _often(table: dict[str, Any]) -> str:
    often = sorted(table["properties"].items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in often)


def _print_plan(planned: Diff | None, current: str, *, as_json: bool) -> None:
    if as_json:
        counts = None if planned is None else planned.counts()
        display.print_json({"to": current, "from": planned and planned.before.id, "counts": counts})
    elif planned is None:
        display.say(f"the database holds build {current}; nothing to update", style="bold")
    else:
        display.say(
            f"would go from build {planned.before.id} to {planned.after.id}: "
            f"{_counted(planned.counts())}",
            style="bold",
        )


def _print_update(report: UpdateReport) -> None:
    did = {
        "unchanged": "already there, nothing changed",
        "changes": "updated in place",
        "completed": "an interrupted update was completed",
        "loaded": "loaded whole",
    }[report.how]
    display.say(
        f"build {report.build_id} in {report.engine} ({did}, {report.seconds:.1f} s)", "bold"
    )
    if report.how != "unchanged" and report.note is None:
        display.say(_counted({"nodes": report.nodes, "edges": report.edges}))
    if report.note:
        display.say(f"note: {report.note}", "yellow")


def _counted(counts: dict[str, dict[str, int]]) -> str:
    return "; ".join(
        f"{what}: " + ", ".join(f"{counts[what][kind]:,} {kind}" for kind in _KINDS)
        for what in ("nodes", "edges")
    )
