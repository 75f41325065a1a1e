"""Write the files that derive from the code, or check that they have not drifted.

``python docs/generate.py`` writes them; with ``--check`` it names those that differ and exits 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer
from schema_picture import schema_picture
from typer.testing import CliRunner

from tosg_graph.build.licences import USES
from tosg_graph.cli import app
from tosg_graph.graph.ddl import schema_cypher
from tosg_graph.graph.queries import NamedQuery, load_queries
from tosg_graph.schema import COMMON, EDGE_COMMON, EDGE_TYPES, LABELS, SCHEMA_VERSION, Property
from tosg_graph.sources import Licence
from tosg_graph.sources.registry import discover

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SCALE = ROOT / "docs" / "scale.md"
LICENCES = ROOT / "docs" / "licences.md"
QUERIES = ROOT / "docs" / "queries.md"
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
        "![Labels as boxes, edge types as arrows](schema.svg)",
        "A dashed frame stands for every label in it; an arrow of a frame to itself joins all of "
        "them to all of them.",
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


#: The headings of the page of named queries, with what stands under each.
QUERY_GROUPS: dict[str, tuple[str, ...]] = {
    "Signalling": (
        "upstream", "downstream", "signed_path", "signal_chain", "feedback_loops",
        "shared_regulators", "ligands_of", "receptors_of", "regulators_in_pathway",
    ),
    "Drugs": (
        "drug_targets", "drugs_of_target", "shared_targets", "opposing_drugs", "drugs_of_pathway",
        "targeted_receptors", "drugs_of_disease", "diseases_of_drug",
    ),
    "Genes and their products": (
        "central_dogma", "transcripts_of_gene", "complexes_of_protein", "complex_members",
        "families_of_protein", "members_of_family", "location_of_protein",
    ),
    "Pathways and diseases": (
        "pathways_of_gene", "pathway_members", "sub_pathways", "diseases_of_gene",
        "disease_genes", "kinds_of_disease",
    ),
    "Looking around, and doubting": (
        "find_nodes", "neighbours", "edges_between", "edge_evidence", "conflicting_signs",
        "conflicting_signs_of", "hubs", "counts",
    ),
}  # fmt: skip


def query_list() -> str:
    """The named queries by heading, each with what it takes and gives."""
    queries = load_queries()
    if missing := set(queries) ^ {name for group in QUERY_GROUPS.values() for name in group}:
        raise SystemExit(f"the page of named queries and the files differ in {sorted(missing)}")
    parts = []
    for heading, names in QUERY_GROUPS.items():
        parts.append(f"## {heading}")
        parts += [query_section(queries[name]) for name in names]
    return "\n\n".join(["", *parts, ""])


def query_section(query: NamedQuery) -> str:
    """One named query: sentence, example, parameters, columns."""
    lines = [
        f"### {query.name}",
        query.sentence,
        f"```\n{f'tosg query {query.name} {query.usage}'.rstrip()}\n```",
    ]
    if query.parameters:
        rows = [
            f"| `{p.name}` | {p.kind} | {'' if p.required else f'`{p.default}`'} | {p.doc} |"
            for p in query.parameters
        ]
        lines.append("\n".join(["| parameter | kind | default | |", "|---|---|---|---|", *rows]))
    rows = [f"| `{c.name}` | {c.doc} |" for c in query.columns]
    lines.append("\n".join(["| column | |", "|---|---|", *rows]))
    return "\n\n".join(lines)


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


def licence_table() -> str:
    """The table of docs/licences.md, from what the loaders declare."""
    head = ["| source | licence | commercial | redistribute |", "|---|---|---|---|"]
    rows = [
        f"| {source.title} (`{source.name}`) | [{source.licence.name}]({source.licence.url}) | "
        f"{_kept(source.licence, 'commercial')} | {_kept(source.licence, 'redistribute')} |"
        for source in discover().values()
    ]
    return "\n".join([*head, *rows])


def _kept(licence: Licence, use: str) -> str:
    return "kept" if USES[use](licence) else "left out"


def query_costs() -> str:
    """The table of what named queries cost, from what benchmarks/graph/queries.py wrote."""
    runs = json.loads((RESULTS / "queries.json").read_text(encoding="utf-8"))["runs"]
    heads = [f"{name}: {run['edges']:,} edges, {run['engine']}" for name, run in runs.items()]
    rows = [
        f"| `{name}` | "
        + " | ".join(_times(run["queries"].get(name)) for run in runs.values())
        + " |"
        for name in sorted(load_queries())
        if any(run["queries"].get(name) for run in runs.values())
    ]
    rule = "|---|" + "--:|" * len(heads)
    return "\n".join([f"| query | {' | '.join(heads)} |", rule, *rows])


def _times(cost: dict[str, float] | None) -> str:
    if cost is None:
        return ""
    stopped = f", {cost['stopped']} stopped" if cost["stopped"] else ""
    return f"{cost['p50']:.3f} s, {cost['p95']:.3f} s{stopped}"


def filled(page: Path, begin: str, end: str, text: str) -> str:
    """A page with a generated text in its place."""
    return filled_text(page.read_text(encoding="utf-8"), begin, end, text)


def filled_text(page: str, begin: str, end: str, text: str) -> str:
    """The text of a page with a generated text in its place."""
    before, rest = page.split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"


def scale_page() -> str:
    """The page of costs with both of its tables."""
    page = filled(SCALE, "<!-- scale -->", "<!-- end of scale -->", scale_table())
    return filled_text(page, "<!-- queries -->", "<!-- end of queries -->", query_costs())


def generated() -> dict[Path, str]:
    """Every generated file with what should be in it."""
    return {
        ROOT / "README.md": filled(ROOT / "README.md", BEGIN, END, figures()),
        SCALE: scale_page(),
        LICENCES: filled(
            LICENCES, "<!-- licences -->", "<!-- end of licences -->", licence_table()
        ),
        CELLS: filled(CELLS, "<!-- tiers -->", "<!-- end of tiers -->", cells_tables()),
        ROOT / "docs" / "cli.md": cli_page(),
        QUERIES: filled(QUERIES, "<!-- queries -->", "<!-- end of queries -->", query_list()),
        ROOT / "docs" / "schema.md": schema_page(),
        ROOT / "docs" / "schema.svg": schema_picture(),
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
