"""Commands for public files: which there are, which are at hand, and how to get the others."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tosg_graph import display, reports
from tosg_graph.commands.shared import JsonOption, say_next

if TYPE_CHECKING:
    from tosg_graph.sources.inventory import Inventory, Place, Stock
    from tosg_graph.sources.matching import Slot

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
                display.note(f"{one.source}.{one.role}: {one.did}: {one.note}", style)
    wanted = {"failed", "by hand"} if source else {"failed"}
    if any(one.did in wanted for one in done):
        raise typer.Exit(1)
    if not as_json:
        say_next(f"tosg build --data {data}")


def sources(
    data: Annotated[
        Path | None, typer.Option("--data", help="Say which of their files this folder holds.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the sources that can be built from, and which of their files a folder holds."""
    from tosg_graph.sources.inventory import take_inventory
    from tosg_graph.sources.registry import select

    inventory = take_inventory(select(None), data)
    if as_json:
        display.print_json(inventory.to_dict())
    elif data is None:
        _print_sources(inventory)
    else:
        _print_inventory(inventory, data)


def _print_sources(inventory: Inventory) -> None:
    rows = [
        (
            stock.source.name,
            stock.source.title,
            stock.source.release or ("newest" if stock.source.downloads else None),
            stock.source.licence.name,
            stock.source.gives,
            _can_be_fetched(stock),
        )
        for stock in inventory.stocks
    ]
    display.print_table(("source", "title", "version", "licence", "gives", "fetched"), rows)


def _can_be_fetched(stock: Stock) -> str:
    addresses = [place.can_be_fetched for place in stock.places if place.required]
    addresses = addresses or [place.can_be_fetched for place in stock.places]
    return "yes" if all(addresses) else "in part" if any(addresses) else "by hand"


def _print_inventory(inventory: Inventory, data: Path) -> None:
    rows = [
        (s.source.name, s.source.title, s.version, s.source.licence.name, s.source.gives, s.state)
        for s in inventory.stocks
    ]
    display.print_table(("source", "title", "version", "licence", "gives", "files"), rows)
    files = [
        (
            str(place.file.relative_to(data)),
            f"{stock.source.name}.{place.role}",
            place.by,
            place.layout,
            place.fetched and place.fetched["date"],
        )
        for stock in inventory.stocks
        for place in stock.places
        if place.file is not None
    ]
    columns = ("file", "taken for", "by", "layout", "fetched")
    display.print_table(columns, files, title=f"\nFiles in {data}")
    for stock in inventory.stocks:
        _print_lacks(stock, data)
    reports.print_unused(
        {
            str(path.relative_to(data)): [_likeness(inventory, path, slot) for slot in like]
            for path, like in inventory.unused
        }
    )


def _likeness(inventory: Inventory, path: Path, slot: Slot) -> str:
    """Name what a file looks like, and what to call it where only the name would tell."""
    from tosg_graph.sources.matching import name_for

    specs = {
        (stock.source.name, spec.role): spec
        for stock in inventory.stocks
        for spec in stock.source.files
    }
    wanted = name_for(path, specs[slot])
    return ".".join(slot) + (f" (if it is, name it like {wanted})" if wanted else "")


def _print_lacks(stock: Stock, data: Path) -> None:
    """Say what is wrong with a source, and how to get what it lacks."""
    if stock.state == "missing":
        display.say(f"missing: {stock.source.name}: {_how(stock, data, stock.places)}", "yellow")
    for place in stock.places:
        name = f"{stock.source.name}.{place.role}"
        if place.problem:
            display.say(f"wrong: {name}: {place.problem}", "red")
        elif stock.state == "incomplete" and place.required and place.file is None:
            display.say(f"missing: {name}: {_how(stock, data, [place])}", "yellow")
    for place in stock.also_useful:
        name = f"{stock.source.name}.{place.role}"
        display.say(f"also useful: {name}: {place.adds} ({_how(stock, data, [place])})", "dim")


def _how(stock: Stock, data: Path, places: Sequence[Place]) -> str:
    """How to get files of a source: by a command, by hand, or some by the one, some by the other.

    A source that can do without any one of its files is got where one of them is fetched.
    """
    source = stock.source
    needed = [place.can_be_fetched for place in places if place.required]
    fetched = needed or [any(place.can_be_fetched for place in places)]
    command = f"tosg fetch --source {source.name} --data {shlex.quote(str(data))}"
    if all(fetched):
        return command
    return (
        f"{command}, and by hand: {source.how_by_hand}"
        if any(fetched)
        else f"by hand: {source.how_by_hand}"
    )
