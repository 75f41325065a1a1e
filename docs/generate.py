"""Write the files that derive from the code, or check that they have not drifted.

``python docs/generate.py`` writes them; with ``--check`` it names those that differ and exits 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from tosg_graph.cli import app
from tosg_graph.graph.ddl import schema_cypher
from tosg_graph.schema import COMMON, EDGE_COMMON, EDGE_TYPES, LABELS, SCHEMA_VERSION, Property

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SCALE = ROOT / "docs" / "scale.md"
CELLS = ROOT / "docs" / "cells.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def property_table(properties: tuple[Property, ...]) -> str:
    """Properties as a Markdown table."""
    rows = [f"| `{p.name}` | {p.type} | {p.doc} |" for p in properties]
    return "\n".join(["| property | type | |", "|---|---|---|", *rows])


def schema_page() -> str:
    """The page that says what the graph holds."""
    parts = [
        "# What does the graph hold?",
        f"Schema version {SCHEMA_VERSION}. Generated from `tosg_graph/schema.py`; `tosg schema` "
        "prints the same. A value that is not known is absent: there are no empty strings and no "
        "empty lists.",
        "## Nodes",
        "Every node has these:",
        property_table(COMMON),
    ]
    for label in LABELS:
        parts.append(f"### {label.name}")
        prefixes = ", ".join(f"`{prefix}:`" for prefix in label.prefixes)
        parts.append(f"{label.doc} Ids: {prefixes}. Biolink: `{label.category}`.")
        if label.own:
            parts.append(property_table(label.own))
    parts += ["## Edges", "Every edge has these:", property_table(EDGE_COMMON)]
    rows = [
        f"| `{edge.name}` | {', '.join(f'{a} → {b}' for a, b in edge.ends)} | "
        f"{edge.doc} | `{edge.predicate}` |"
        for edge in EDGE_TYPES
    ]
    parts.append("\n".join(["| type | from → to | | Biolink |", "|---|---|---|---|", *rows]))
    for edge in EDGE_TYPES:
        if edge.own:
            parts += [f"### {edge.name}", property_table(edge.own)]
    return "\n\n".join(parts) + "\n"


def cli_page() -> str:
    """The page that lists every command with its help."""
    parts = [
        "# Which commands are there?",
        "Generated from the help of the commands. Every one takes `--help`.",
    ]
    runner = CliRunner()
    for words in command_paths():
        shown = runner.invoke(app, [*words, "--help"], prog_name="tosg", env={"COLUMNS": "100"})
        parts += [f"## tosg {' '.join(words)}", "```\n" + shown.output.strip() + "\n```"]
    return "\n\n".join(parts) + "\n"


def command_paths() -> list[tuple[str, ...]]:
    """Every command as the words that call it."""
    paths: list[tuple[str, ...]] = []
    for name, command in typer.main.get_group(app).commands.items():
        inner = getattr(command, "commands", None)
        paths += [(name, one) for one in inner] if inner else [(name,)]
    return paths


def figures() -> str:
    """The table of figures in the README, from what the benchmark scripts wrote."""
    line = json.loads((RESULTS / "line.json").read_text(encoding="utf-8"))
    rows = [
        f"| {what} | {run['median_s']:.1f} s ({run['range_s'][0]:.1f}–{run['range_s'][1]:.1f}), "
        f"{run['peak_mb']:,} MB | `benchmarks/line.py` |"
        for what, run in line["commands"].items()
    ]
    sizes = line["sizes_mb"]
    rows.append(
        f"| on disk: builds and names, embedded graph, cells | {sizes['graph']:.0f}, "
        f"{sizes['embedded']:.0f}, {sizes['cells']:.0f} MB | `benchmarks/line.py` |"
    )
    cells = json.loads((RESULTS / "cells_read.json").read_text(encoding="utf-8"))["results"]
    for order, name in (("random", "in random order"), ("block_64", "in shuffled blocks of 64")):
        ours, take, backed = (
            cells[order][reader]["median"] for reader in ("tosg_graph", "arrow_take", "h5ad_backed")
        )
        rows.append(
            f"| reading cells {name}, cells per second | {ours:,} ({ours / take:.0f} × Arrow take, "
            f"{ours / backed:.0f} × backed h5ad) | `benchmarks/cells_read.py` |"
        )
    return "\n".join(["| what | figure | script |", "|---|---|---|", *rows])


def scale_table() -> str:
    """The table of docs/scale.md, from what benchmarks/graph/run.py wrote."""
    scales = json.loads((RESULTS / "graph.json").read_text(encoding="utf-8"))["scales"]
    head = ["| share | nodes | edges | sources → build | → `HeteroData` | → embedded |"]
    rows = [
        f"| {float(share):.0%} | {run['rows']['nodes']:,} | {run['rows']['edges']:,} | "
        f"{_cost(run['build'])} | {_cost(run['topology'])} | {_cost(run.get('embedded'))} |"
        for share, run in scales.items()
    ]
    return "\n".join([*head, "|--:|--:|--:|--:|--:|--:|", *rows])


def cells_tables() -> str:
    """The tables of docs/cells.md, from what benchmarks/cells/convert.py wrote."""
    found = json.loads((RESULTS / "cells_convert.json").read_text(encoding="utf-8"))
    options, here = found["options"], found["conversion"][0]
    rows = [
        f"| {tier} | {run['bytes_per_cell']:,} | {run['cells_per_cpu_second']:,} |"
        for tier, run in found["tiers"].items()
    ]
    return "\n".join(
        [
            "| tier | bytes per cell | cells per CPU second |",
            "|---|--:|--:|",
            *rows,
            "",
            f"Converting them from h5ad ({found['source_bytes_per_cell']:,} bytes per cell, "
            f"{options['cells']:,} cells): {here['cells_per_cpu_second']:,} cells per CPU second "
            "in one process, joining the features included, "
            f"{here['peak_memory_mb']['this_process']} MB at most.",
        ]
    )


def _cost(step: dict[str, float] | None) -> str:
    if step is None:
        return "see below"
    seconds = step.get("seconds_without_imports", step["seconds"])
    return f"{seconds:.1f} s, {step['peak_mb']:,} MB"


def filled(page: Path, begin: str, end: str, text: str) -> str:
    """A page with a generated text in its place."""
    before, rest = page.read_text(encoding="utf-8").split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"


def generated() -> dict[Path, str]:
    """Every generated file with what should be in it."""
    return {
        ROOT / "README.md": filled(ROOT / "README.md", BEGIN, END, figures()),
        SCALE: filled(SCALE, "<!-- scale -->", "<!-- end of scale -->", scale_table()),
        CELLS: filled(CELLS, "<!-- tiers -->", "<!-- end of tiers -->", cells_tables()),
        ROOT / "docs" / "cli.md": cli_page(),
        ROOT / "docs" / "schema.md": schema_page(),
        ROOT / "cypher" / "schema.cypher": schema_cypher(),
    }


def main() -> int:
    """Write the files, or compare them."""
    files = generated()
    if "--check" not in sys.argv[1:]:
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
        return 0
    drifted = [
        path.relative_to(ROOT)
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in drifted:
        print(f"{path} differs from what the code says; run: make docs", file=sys.stderr)
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
