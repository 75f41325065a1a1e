"""The command line: a command parses, makes one call on the workspace, and prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import __version__, display, reports
from tosg_graph.commands import cells, doctor, inspect, leave, life, public
from tosg_graph.commands.shared import (
    AroundOption,
    HopsOption,
    JsonOption,
    MaxRowsOption,
    Pairs,
    PathwayOption,
    PrimaryOption,
    RowsOption,
    SelectingOption,
    ThresholdOption,
    TimeoutOption,
    WorkspaceOption,
    check_files,
    chosen_cells,
    limits_of,
    pairs,
    print_result,
    print_rows,
    say_next,
    thresholds_of,
    values,
)
from tosg_graph.errors import TosgError, UsageError
from tosg_graph.graph.queries import find_query
from tosg_graph.workspace import Workspace

if TYPE_CHECKING:
    from tosg_graph.cells.selection import Cohort

app = typer.Typer(
    name="tosg",
    help="Text-omic signalling graphs: build, query, ask, export.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cells.app, name="cells")


def main() -> None:
    """Run the command line; errors go to standard error, the exit code says what happened."""
    try:
        app()
    except UsageError as error:
        _fail(error, 2)
    except TosgError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None


def _fail(error: TosgError, code: int) -> None:
    display.note(f"tosg: {error}", "red")
    raise SystemExit(code)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"tosg {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Text-omic signalling graphs: build, query, ask, export."""


# ---- the graph -------------------------------------------------------------------------------


@app.command()
def build(
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder with public files, in any subfolders.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Take this source only (repeat for more).")
    ] = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--file", help="Where a file is: NAME=PATH or NAME.ROLE=PATH (repeat)."),
    ] = None,
    edges: Annotated[
        list[Path] | None,
        typer.Option("--edges", help="Table of facts of your own (repeat; each with --mapping)."),
    ] = None,
    mapping: Annotated[
        list[Path] | None,
        typer.Option("--mapping", help="YAML that says what the columns of --edges are."),
    ] = None,
    gmt: Annotated[
        list[Path] | None, typer.Option("--gmt", help="Gene sets of your own (repeat for more).")
    ] = None,
    sssom: Annotated[
        list[Path] | None, typer.Option("--sssom", help="Identifier mappings (repeat for more).")
    ] = None,
    use: Annotated[
        str, typer.Option("--use", help="academic, commercial or redistribute.")
    ] = "academic",
    threads: Annotated[int | None, typer.Option("--threads", help="Threads.", min=1)] = None,
    no_reuse: Annotated[
        bool, typer.Option("--no-reuse", help="Read every source, even if its rows are kept.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the graph from public files and print the report."""
    files = {name: Path(path) for name, path in pairs(file).items()}
    tables, mappings = check_files("--edges", edges), check_files("--mapping", mapping)
    if len(tables) != len(mappings):
        raise UsageError(
            f"{len(tables)} --edges and {len(mappings)} --mapping; each table needs its mapping"
        )
    with Workspace(workspace) as ws, display.steps() as progress:
        built = ws.build(
            data,
            sources=source,
            files=files,
            edges=list(zip(tables, mappings, strict=True)),
            gmt=check_files("--gmt", gmt),
            sssom=check_files("--sssom", sssom),
            use=use,
            threads=threads,
            reuse=not no_reuse,
            progress=progress,
        )
        progress.close()
        if as_json:
            display.print_json(reports.build_dict(built))
        else:
            reports.print_build(built, data=data)
            say_next(f"tosg load -w {ws.path}")


@app.command()
def load(
    bulk: Annotated[
        bool, typer.Option("--bulk", help="Offline import into a stopped, empty Neo4j.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load the build into the embedded graph, or into the server that TOSG_NEO4J_URI names."""
    with Workspace(workspace) as ws, display.steps() as progress:
        report = ws.bulk_load(progress=progress) if bulk else ws.load(progress=progress)
        progress.close()
        if as_json:
            display.print_json(report.to_dict())
        else:
            reports.print_load(report)
            say_next(f"tosg query --list -w {ws.path}")


app.command("fetch")(public.fetch)
app.command("sources")(public.sources)
app.command("doctor")(doctor.doctor)
app.command("rejects")(inspect.rejects)
app.command("resolve")(inspect.resolve)
app.command("update")(life.update)
app.command("diff")(life.diff)
app.command("builds")(life.builds)
app.command("kgx")(leave.kgx)
app.command("subgraph")(leave.subgraph)
app.command("embed")(life.embed)
app.command("similar")(life.similar)


@app.command()
def schema(as_json: JsonOption = False) -> None:
    """Print the labels, edge types and properties of the graph."""
    if as_json:
        display.print_json(reports.schema_dict())
    else:
        reports.print_schema()


# ---- query and ask ---------------------------------------------------------------------------


@app.command()
def query(
    name: Annotated[str | None, typer.Argument(help="Name of the query; see --list.")] = None,
    parameters: Pairs = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the named queries; with a name, what it takes.")
    ] = False,
    rows: RowsOption = 50,
    timeout: TimeoutOption = None,
    max_rows: MaxRowsOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a named query."""
    with Workspace(workspace) as ws:
        if list_ and name is not None:
            reports.print_query(find_query(name), as_json=as_json)
            return
        if name is None:
            columns = ("query", "answers", "parameters")
            found = [(q.name, q.sentence, q.usage) for q in ws.queries().values()]
            print_rows(columns, found, as_json=as_json)
            return
        limits = limits_of(ws, timeout, max_rows)
        given = pairs(parameters)
        result = ws.query(name, given, limits=limits)
        searched = " ".join([name, *(f"{key}={value}" for key, value in given.items())])
        if not result.rows:
            searched = "; ".join([searched, *ws.query_notes(name)])
        print_result(result, as_json=as_json, most=rows, searched=searched)


@app.command()
def cypher(
    text: Annotated[str, typer.Argument(help="A Cypher query that reads.")],
    parameters: Pairs = None,
    rows: RowsOption = 50,
    timeout: TimeoutOption = None,
    max_rows: MaxRowsOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a Cypher query of your own; only reading passes."""
    with Workspace(workspace) as ws:
        limits = limits_of(ws, timeout, max_rows)
        result = ws.cypher(text, values(parameters), limits=limits)
        for note in ws.cypher_notes(text):
            display.note(f"note: {note}")
        print_result(result, as_json=as_json, most=rows)


@app.command()
def evidence(
    edge_id: Annotated[str, typer.Argument(help="The edge_id that a query or an answer shows.")],
    rows: RowsOption = 50,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the statements of the sources behind one fact."""
    with Workspace(workspace) as ws:
        print_result(ws.evidence(edge_id), as_json=as_json, most=rows)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in English.")],
    cells: Annotated[str | None, typer.Option("--cells", help="Cell store for abundance.")] = None,
    rows: RowsOption = 20,
    timeout: TimeoutOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question in English, with the rows and publications behind the answer."""
    with Workspace(workspace) as ws:
        answer = ws.ask(question, cells=cells, limits=limits_of(ws, timeout, None))
        if as_json:
            display.print_json(answer.to_dict())
        else:
            reports.print_answer(answer, most=rows)
        if answer.status not in ("answered", "empty"):
            raise typer.Exit(1)


# ---- tensors ---------------------------------------------------------------------------------


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    pathway: PathwayOption = None,
    seed_node: AroundOption = None,
    hops: HopsOption = 1,
    cypher_: SelectingOption = None,
    cells: Annotated[str | None, typer.Option("--cells", help="Cell store to join.")] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", help="Which cells: a query or a saved cohort (.parquet)."),
    ] = None,
    primary: PrimaryOption = False,
    label: Annotated[str | None, typer.Option("--label", help="obs column with the label.")] = None,
    split: Annotated[
        str, typer.Option("--split", help="auto, donor, study, label, none.")
    ] = "auto",
    text_dims: Annotated[int, typer.Option("--text-dims", help="Length of text vectors.")] = 64,
    seed: Annotated[int, typer.Option("--seed", help="Seed of text vectors and split.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an export.")] = False,
    threshold: ThresholdOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export a subgraph, joined with cells, as tensors for PyTorch Geometric."""
    with Workspace(workspace) as ws, display.steps() as progress:
        limits = thresholds_of(threshold)
        selected: Cohort | str | None = where
        if cells is not None and (where is not None or primary):
            selected = chosen_cells(ws, cells, where or "all", primary=primary)
            primary = False
        progress("choosing the subgraph")
        subgraph = ws.subgraph(pathway=pathway, seeds=seed_node, hops=hops, cypher=cypher_)
        progress("writing tensors")
        written = ws.export(
            out,
            subgraph=subgraph,
            cells=cells,
            selected=selected,
            primary=primary,
            label=label,
            text_dims=text_dims,
            seed=seed,
            overwrite=overwrite,
            split=None if split == "none" else split,
            thresholds=limits,
        )
        progress.close()
        if as_json:
            display.print_json(written.manifest)
        else:
            reports.print_export(written)


@app.command()
def demo(
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Workspace folder.")] = Path(
        "tosg-demo"
    ),
    as_json: JsonOption = False,
) -> None:
    """Run the main job from end to end on the example data: build, load, query, ask, export."""
    from tosg_graph.demo import run_demo

    done = run_demo(workspace, show=not as_json)
    if as_json:
        display.print_json(done)


if __name__ == "__main__":
    main()
