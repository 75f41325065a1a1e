"""Commands for public files: which there are, which are at hand, and how to get the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tosg_graph import display
from tosg_graph.commands.shared import JsonOption, print_rows, say_next

SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="Take this source only (repeat for more).")
]


def fetch(
    data: Annotated[Path, typer.Option("--data", help="Folder that the files go to.")],
    source: SourceOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch anew what is there, whether it changed or not.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch the public files of sources; what is there and unchanged is not fetched again."""
    from tosg_graph.sources.fetch import fetch as fetch_files
    from tosg_graph.sources.registry import select

    with display.transfers() as watch:
        done = fetch_files(select(source), data, force=force, watch=watch)
    if as_json:
        display.print_json({"data": str(data), "files": [one.to_dict() for one in done]})
    else:
        rows = [(one.source, one.role, one.did, one.size or None, str(one.path)) for one in done]
        display.print_table(("source", "file", "", "bytes", "where"), rows)
        for one in done:
            if one.note:
                style = "red" if one.did == "failed" else "yellow"
                text = f"{one.source}.{one.role}: {one.did}: {one.note}"
                display.errors().print(text, style=style, markup=False, soft_wrap=True)
    wanted = {"failed", "by hand"} if source else {"failed"}
    if any(one.did in wanted for one in done):
        raise typer.Exit(1)
    if not as_json:
        say_next(f"tosg build --data {data}")


def sources(as_json: JsonOption = False) -> None:
    """List the sources that can be built from, with licence and what they give."""
    from tosg_graph.sources.registry import discover

    columns = ("source", "gives", "licence", "files")
    rows = [
        (s.name, s.gives, s.licence.name, ", ".join(f.patterns[0] for f in s.files))
        for s in discover().values()
    ]
    print_rows(columns, rows, as_json=as_json)
