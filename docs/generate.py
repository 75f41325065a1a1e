"""Write the files that derive from the code, or check that they have not drifted.

``python docs/generate.py`` writes them; with ``--check`` it names those that differ and exits 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cell_tables
import graph_tables
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


def filled(page: Path, begin: str, end: str, text: str) -> str:
    """A page with a generated text in its place."""
    return filled_text(page.read_text(encoding="utf-8"), begin, end, text)


def filled_text(page: str, begin: str, end: str, text: str) -> str:
    """The text of a page with a generated text in its place."""
    before, rest = page.split(begin)
    return f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"


def scale_page() -> str:
    """The page of costs with its tables."""
    page = SCALE.read_text(encoding="utf-8")
    for name, table in (graph_tables.TABLES | cell_tables.TABLES).items():
        page = filled_text(page, f"<!-- {name} -->", f"<!-- end of {name} -->", table())
    return page


def generated() -> dict[Path, str]:
    """Every generated file with what should be in it."""
    return {
        ROOT / "README.md": filled(ROOT / "README.md", BEGIN, END, graph_tables.figures()),
        SCALE: scale_page(),
        LICENCES: filled(
            LICENCES, "<!-- licences -->", "<!-- end of licences -->", licence_table()
        ),
        CELLS: filled(CELLS, "<!-- tiers -->", "<!-- end of tiers -->", cell_tables.tiers()),
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
