"""What a build and a load did."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tosg_graph import display

if TYPE_CHECKING:
    from tosg_graph.build.tables import Build
    from tosg_graph.graph.store import LoadReport


_FEW = 3  # files that look alike: of more it is said how many


def _rate(joins: list[dict[str, Any]]) -> str:
    total = sum(join["total"] for join in joins)
    return f"{sum(join['resolved'] for join in joins) / total:.2%}" if total else ""


def _source_row(name: str, part: dict[str, Any]) -> tuple[Any, ...]:
    rows = {kind: number for kind, number in part["rows"].items() if kind != "rejects"}
    return (
        name,
        sum(rows.values()),
        # Not in the report of a build made by an earlier version.
        part.get("nodes", rows.get("nodes", 0) + rows.get("complexes", 0)),
        part["facts"],
        part["evidence"],
        _rate(part["joins"]),
        sum(part["rejects"].values()),
    )


def _text_row(label: str, nodes: int, texts: dict[str, Any]) -> tuple[Any, ...]:
    by = sorted(texts.get("described_by", {}).items(), key=lambda item: (-item[1], item[0]))
    described = ", ".join(f"{source} {number:,}" for source, number in by)
    share = f"{texts['description'] / texts['nodes']:.1%}"
    return (label, nodes, share, described, texts.get("cut"))


def build_dict(build: Build) -> dict[str, Any]:
    """The report of a build as plain values, for ``--json``."""
    made = {"build_id": build.id, "folder": str(build.path), "reused": list(build.reused)}
    return {**made, **build.manifest["report"]}


def print_build(build: Build, *, data: Path | None = None) -> None:
    """Print the report of a build: sources, joins, what was turned away, and what there is.

    Parameters
    ----------
    build
        The build.
    data
        The folder that it was made from.
    """
    report = build.manifest["report"]
    display.print_table(
        ("source", "rows", "nodes", "facts", "statements", "ids joined", "rejects"),
        [_source_row(name, part) for name, part in report["sources"].items()],
        title=f"Build {build.id}",
    )
    _print_joins(report["sources"])
    if report["rejects"]:
        display.print_table(("rejected because", "rows"), list(report["rejects"].items()))
        display.say("")
    texts = report["text"]
    display.print_table(
        ("label", "nodes", "with a description", "described by", "texts cut"),
        [_text_row(name, number, texts[name]) for name, number in report["nodes"].items()],
    )
    display.say("")
    display.print_table(("edge type", "facts"), list(report["edges"].items()))
    _print_files(report, build.manifest["use"], data)
    if build.reused:
        whole, names = len(report["sources"]), ", ".join(build.reused)
        display.say(f"not read again, {len(build.reused)} of {whole} sources: {names}")
    display.say(f"{build.path}")


def _print_files(report: dict[str, Any], use: str, data: Path | None) -> None:
    """What each file was taken for, and what could not be used."""
    files = [
        (file["file"], f"{file['source']}.{file['role']}", file["found_by"], file.get("layout"))
        for file in report["files"]
    ]
    display.print_table(("file", "taken for", "by", "layout"), files, title="\nFiles")
    # Not in the report of a build made by an earlier version.
    looks_like = report.get("looks_like", {})
    _print_left_out(report["left_out"], looks_like, data)
    for source, part in report["sources"].items():
        if part["dropped"]:
            named = ", ".join(f"{n:,} of {licence}" for licence, n in part["dropped"].items())
            display.say(f"left out for {use} use: {source}: {named}", "yellow")
    _print_also_useful(report.get("also_useful", {}), data)
    print_unused({name: looks_like.get(name, ()) for name in report["unused"]})


def _print_also_useful(files: Mapping[str, str], data: Path | None) -> None:
    """Name the files that the sources did without, and what they would add, in one line."""
    if files:
        named = "; ".join(f"{name} ({adds})" for name, adds in files.items())
        display.say(
            f"also useful, and not there: {named} "
            f"(how to get them: tosg sources --data {_folder(data)})",
            "dim",
        )


def _folder(data: Path | None) -> str:
    return "DIR" if data is None else shlex.quote(str(data))


def _print_left_out(
    left_out: Mapping[str, str], looks_like: Mapping[str, Sequence[str]], data: Path | None
) -> None:
    """Name the sources that were not there in one line; one with some of its files has its own."""
    begun = {slot.partition(".")[0] for like in looks_like.values() for slot in like}
    for source in sorted(begun & left_out.keys()):
        display.say(f"left out: {source}: {left_out[source]}", "yellow")
    absent = [source for source in left_out if source not in begun]
    if absent:
        display.say(
            f"left out, without a file: {', '.join(absent)} "
            f"(how to get them: tosg sources --data {_folder(data)})",
            "yellow",
        )


def print_unused(files: Mapping[str, Sequence[str]]) -> None:
    """Name the files that no source uses; those that look like one of its files in lines apart."""
    alike: dict[str, list[str]] = {}
    for name, like in files.items():
        if like:
            alike.setdefault(" or ".join(like), []).append(name)
    for what, names in alike.items():
        more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
        looks = "which looks" if len(names) == 1 else "which look"
        named = ", ".join(names[:_FEW])
        display.say(f"not used by any source: {named}{more}, {looks} like {what}", "yellow")
    others = [name for name, like in files.items() if not like]
    if others:
        display.say(f"not used by any source: {', '.join(others)}", "dim")


def _print_joins(sources: dict[str, Any]) -> None:
    """Identifiers that did not all find their node, by source and namespace."""
    rows = [
        (
            name,
            f"{join['namespace']}: → {join['label']} ({join['what']})",
            join["total"],
            f"{join['rate']:.2%}",
            ", ".join(f"{kind} {number:,}" for kind, number in join["kinds"].items()),
        )
        for name, part in sources.items()
        for join in part["joins"]
        if join["resolved"] < join["total"]
    ]
    columns = ("source", "identifiers", "number", "joined", "found as")
    if rows:
        display.print_table(columns, rows, title="\nIdentifiers that did not all find a node")
    display.say("")


def print_load(report: LoadReport) -> None:
    """Print what a load did."""
    did = "loaded" if report.changed else "already there, nothing changed"
    display.say(
        f"build {report.build_id} in {report.engine}: {report.nodes:,} nodes, "
        f"{report.edges:,} edges ({did}, {report.seconds:.1f} s)",
        "bold",
    )
    if report.next_step:
        display.say(report.next_step)
