"""A build as KGX files, the exchange format of the Biolink model.

``tosg_nodes`` and ``tosg_edges``, as TSV (lists joined by ``|``) or JSON lines, in the layout of
https://github.com/biolink/kgx/blob/master/specification/kgx-format.md. Biolink gives an edge one
primary source, so an edge here is a fact *as one source states it*, with the publications,
licences and measurements of that source; ``fact_id`` joins those of one fact. A sign is a
qualifier: the core triple stays true without it. So several edges have the same triple; KGX keeps
them apart where it streams, and takes them for one where it holds a graph in memory.

TSV knows no escape: tabs and line ends inside a value become blanks, and a ``|`` inside an item of
a list becomes ``¦``. JSON lines hold every text to the letter.

Joins and aggregations run in DuckDB and spill to the disk; a batch of finished lines is what Python
holds.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tosg_graph.build.engine import Engine, literals, quoted
from tosg_graph.build.evidence import aggregated
from tosg_graph.build.lines import column_types, write_lines
from tosg_graph.build.manifest import ATTRIBUTION, infores_of
from tosg_graph.build.tables import MANIFEST, Build
from tosg_graph.errors import BuildError, UsageError
from tosg_graph.filing import commit_folder, folder_beside, sha256, write_json, writing
from tosg_graph.schema import EDGE_TYPES, LABELS, STATEMENT_PROPERTIES, Label

FORMATS = ("tsv", "jsonl")
KIND = "tosg-kgx"
#: Labels whose nodes are human molecules.
_HUMAN = ("Gene", "Transcript", "Protein", "Complex", "Family")
_TAXON = "NCBITaxon:9606"

#: Properties of nodes that Biolink calls something else.
_NODE_NAMES = {"synonyms": "synonym", "xrefs": "xref"}
_NODE_FIRST = ("id", "category", "name", "description", "xref", "provided_by", "synonym")

#: Biolink's class of a fact; what is not here is an Association.
_CLASSES = {
    "ENCODES": "GeneToGeneProductRelationship",
    "ACTIVATES": "GeneRegulatesGeneAssociation",
    "INHIBITS": "GeneRegulatesGeneAssociation",
    "BINDS": "PairwiseGeneToGeneInteraction",
    "INTERACTS_WITH": "PairwiseGeneToGeneInteraction",
    "ASSOCIATED_WITH": "GeneToDiseaseAssociation",
    "TARGETS": "ChemicalGeneInteractionAssociation",
    "TREATS": "ChemicalEntityToDiseaseOrPhenotypicFeatureAssociation",
    "PALLIATES": "ChemicalEntityToDiseaseOrPhenotypicFeatureAssociation",
}
#: What Biolink demands of a fact with a sign: (association, predicate).
_SIGNED = {
    "ACTIVATES": ("GeneRegulatesGeneAssociation", "biolink:regulates"),
    "INHIBITS": ("GeneRegulatesGeneAssociation", "biolink:regulates"),
    "TARGETS": ("ChemicalAffectsGeneAssociation", "biolink:affects"),
}
#: The ends that Biolink allows to a class. A complex is no gene product to it: what is said of one
#: is an Association.
_ENDS = {
    "GeneRegulatesGeneAssociation": ("Gene", "Protein", "Family"),
    "PairwiseGeneToGeneInteraction": ("Gene", "Protein"),
    "ChemicalGeneInteractionAssociation": ("Drug", "Gene", "Protein"),
}
#: The word of STRING for two proteins that need not touch.
_FUNCTIONAL = "functional association"

_EDGE_COLUMNS = (
    "id",
    "category",
    "subject",
    "predicate",
    "object",
    "qualified_predicate",
    "object_aspect_qualifier",
    "object_direction_qualifier",
    "knowledge_level",
    "agent_type",
    "primary_knowledge_source",
    "publications",
    "evidence_count",
    "fact_id",
    "fact_type",
    "mechanisms",
    "licences",
    "score",
    *(p.name for p in STATEMENT_PROPERTIES),
)


@dataclass(frozen=True)
class KgxExport:
    """What was written.

    Parameters
    ----------
    path
        The folder.
    manifest
        ``build_id``, ``use``, ``sources`` (infores per source), ``files`` (rows and sha256 of
        each).
    """

    path: Path
    manifest: Mapping[str, Any]


def write_kgx(
    build: Build, out: Path, *, file_format: str = "tsv", overwrite: bool = False
) -> KgxExport:
    """Write a build as KGX files. A failure leaves the folder as it was.

    Parameters
    ----------
    out
        The folder; it must not exist yet, or be empty.
    file_format
        ``tsv`` or ``jsonl``.
    overwrite
        Whether an earlier KGX export in that folder may be replaced.

    Raises
    ------
    UsageError
        If the folder is taken or the format unknown.
    BuildError
        If an id stands for nodes of two labels, an end of a fact is no node, or the disk is full.
    """
    if file_format not in FORMATS:
        raise UsageError(f"unknown format {file_format!r}; known: {', '.join(FORMATS)}")
    _check_free(out, overwrite=overwrite)
    with (
        writing(out, BuildError),
        folder_beside(out) as folder,
        Engine(spill=folder / "spill") as engine,
    ):
        new = folder / "kgx"
        new.mkdir()
        _look_at(engine, build)
        _check_ends(engine)
        files = {
            f"tosg_{what}.{file_format}": _write(engine, query, new, what, file_format)
            for what, query in (("nodes", nodes_query(build)), ("edges", _EDGES))
        }
        if (build.path / ATTRIBUTION).is_file():
            shutil.copyfile(build.path / ATTRIBUTION, new / ATTRIBUTION)
        manifest = {
            "format": KIND,
            "build_id": build.id,
            "use": build.manifest["use"],
            "sources": {name: infores_of(build, name)["infores"] for name in _sources(build)},
            "files": files,
        }
        write_json(new / MANIFEST, manifest)
        commit_folder(new, out)
    return KgxExport(out, manifest)


def _check_free(out: Path, *, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    try:
        ours = json.loads((out / MANIFEST).read_text(encoding="utf-8")).get("format") == KIND
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise UsageError(f"{out} exists and is no KGX export; it is left as it is: name another")
    if not overwrite:
        raise UsageError(f"{out} holds a KGX export already; name another, or use --overwrite")


# ---- tables ----------------------------------------------------------------------------------


def _sources(build: Build) -> list[str]:
    return sorted(build.manifest["sources"])


def _look_at(engine: Engine, build: Build) -> None:
    """Make views ``facts`` and ``evidence``, and macros that say what Biolink calls a source."""
    for name in ("infores", "knowledge_level", "agent_type"):
        engine.run(f"CREATE MACRO {name}_of(s) AS {_told(build, name)}")
    engine.run(f"CREATE VIEW node_ids AS {_ids(build)}")
    facts = " UNION ALL BY NAME ".join(
        f"""SELECT edge_id, '{t}' AS type, source AS subject, target AS object,
            {"canonical" if t == "ENCODES" else "NULL::BOOLEAN AS canonical"}, source_label,
            target_label FROM {_file(build, f"edges/{t}")}"""
        for t in build.edge_types
    )
    empty = """SELECT '' AS edge_id, '' AS type, '' AS subject, '' AS object,
        NULL::BOOLEAN AS canonical, '' AS source_label, '' AS target_label WHERE false"""
    engine.run(f"CREATE VIEW facts AS {facts or empty}")
    engine.run(f"CREATE VIEW evidence AS SELECT * FROM {_file(build, 'evidence')}")


def _told(build: Build, name: str) -> str:
    known = {source: infores_of(build, source)[name] for source in _sources(build)}
    other = "'infores:' || replace(s, '_', '-')" if name == "infores" else "'not_provided'"
    return _case("s", known, other) if known else other


def _file(build: Build, table: str) -> str:
    return f"read_parquet({quoted(str(build.file(table)))})"


def _ids(build: Build) -> str:
    return " UNION ALL ".join(
        f"SELECT '{label}' AS label, id FROM {_file(build, f'nodes/{label}')}"
        for label in build.labels
    )


def _check_ends(engine: Engine) -> None:
    twice = engine.rows(
        """SELECT id, string_agg(label, ' and ' ORDER BY label) FROM node_ids
        GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1"""
    )
    if twice:
        raise BuildError(f"the id {twice[0][0]} is that of a {twice[0][1]}; KGX needs one node")
    loose = engine.rows(
        """SELECT edge_id, id FROM (SELECT edge_id, unnest([subject, object]) AS id FROM facts)
        ANTI JOIN node_ids USING (id) ORDER BY ALL LIMIT 1"""
    )
    if loose:
        raise BuildError(f"the fact {loose[0][0]} joins {loose[0][1]}, which is no node")


def node_columns(build: Build) -> list[str]:
    """Columns of the nodes, in their order: Biolink's first, then those of the labels."""
    own = dict.fromkeys(
        p.name for label in LABELS if label.name in build.labels for p in label.properties
    )
    named = [_NODE_NAMES.get(name, name) for name in own if name != "sources"]
    first = [*_NODE_FIRST, "taxon"]
    return [*first, *(name for name in named if name not in first)]


def nodes_query(build: Build) -> str:
    """Give the query of the nodes of all labels, in schema order and by id."""
    parts = " UNION ALL BY NAME ".join(
        _nodes_of(build, label, place)
        for place, label in enumerate(LABELS)
        if label.name in build.labels
    )
    columns = ", ".join(node_columns(build))
    return f"SELECT {columns} FROM ({parts}) ORDER BY place, id"


def _nodes_of(build: Build, label: Label, place: int) -> str:
    named = ", ".join(
        f"{p.name} AS {_NODE_NAMES.get(p.name, p.name)}"
        for p in label.properties
        if p.name != "sources"
    )
    taxon = quoted(_TAXON) if label.name in _HUMAN else "NULL"
    return f"""SELECT {place} AS place, ['{label.category}'] AS category, {named},
        list_sort(list_transform(sources, lambda x: infores_of(x))) AS provided_by,
        {taxon} AS taxon FROM {_file(build, f"nodes/{label.name}")}"""


def _case(column: str, values: Mapping[str, str], other: str) -> str:
    cases = "".join(f" WHEN {quoted(k)} THEN {quoted(v)}" for k, v in values.items())
    return f"CASE {column}{cases} ELSE {other} END"


def _statement(p: Any) -> str:
    if p.name == "canonical":
        return "any_value(f.canonical) AS canonical"
    return f"{aggregated(p)} AS {p.name}"


#: Whether an end has a label that the wanted class does not allow.
_FOREIGN_ENDS = " OR ".join(
    f"wanted = 'biolink:{name}' AND NOT list_has_all({list(labels)}, [source_label, target_label])"
    for name, labels in _ENDS.items()
)


def _edges() -> str:
    """Give the query of the edges: a row per fact and source, in schema order and by id."""
    order = {edge.name: str(place) for place, edge in enumerate(EDGE_TYPES)}
    places = "CASE type " + " ".join(f"WHEN '{k}' THEN {v}" for k, v in order.items()) + " END"
    own = ", ".join(_statement(p) for p in STATEMENT_PROPERTIES)
    signed = f"type IN {literals(list(_SIGNED))} AND stated_sign IS NOT NULL"
    predicate = f"""CASE WHEN {signed}
            THEN {_case("type", {k: v[1] for k, v in _SIGNED.items()}, "NULL")}
        WHEN type = 'MEMBER_OF' AND target_label = 'Family' THEN 'biolink:member_of'
        WHEN type = 'INTERACTS_WITH' AND mechanisms = ['{_FUNCTIONAL}']
            THEN 'biolink:interacts_with'
        ELSE {_case("type", {e.name: e.predicate for e in EDGE_TYPES}, "NULL")} END"""
    prefixed = {k: f"biolink:{v}" for k, v in _CLASSES.items()}
    category = f"""CASE WHEN {signed}
            THEN {_case("type", {k: f"biolink:{v[0]}" for k, v in _SIGNED.items()}, "NULL")}
        WHEN type = 'MEMBER_OF' AND target_label = 'Pathway'
            THEN 'biolink:GeneToPathwayAssociation'
        ELSE {_case("type", prefixed, "'biolink:Association'")} END"""
    return f"""SELECT fact_id || '-' || source AS id, {category} AS wanted,
        [CASE WHEN {_FOREIGN_ENDS} THEN 'biolink:Association' ELSE wanted END] AS category, subject,
        {predicate} AS predicate, object,
        CASE WHEN {signed} THEN 'biolink:causes' END AS qualified_predicate,
        CASE WHEN {signed} THEN 'activity_or_abundance' END AS object_aspect_qualifier,
        CASE WHEN {signed} AND stated_sign > 0 THEN 'increased'
            WHEN {signed} THEN 'decreased' END AS object_direction_qualifier,
        knowledge_level_of(source) AS knowledge_level, agent_type_of(source) AS agent_type,
        infores_of(source) AS primary_knowledge_source,
        list_transform(pmids, lambda p: 'PMID:' || p) AS publications, * EXCLUDE (pmids)
    FROM (
        SELECT e.edge_id AS fact_id, type, type AS fact_type, subject, object,
            source_label, target_label, e.source,
            CASE WHEN count(DISTINCT e.sign) = 1 THEN min(e.sign) END AS stated_sign,
            tidy_numbers(flatten(list(e.pmids))) AS pmids, count(*) AS evidence_count,
            tidy(list(mechanism)) AS mechanisms, tidy(list(licence)) AS licences,
            max(e.score) AS score, {own}
        FROM evidence e JOIN facts f USING (edge_id)
        GROUP BY e.edge_id, type, subject, object, source_label, target_label, e.source
    ) ORDER BY {places}, subject, object, source"""


_EDGES = f"SELECT {', '.join(_EDGE_COLUMNS)} FROM ({_edges()})"


# ---- lines -----------------------------------------------------------------------------------


def _write(engine: Engine, query: str, folder: Path, what: str, file_format: str) -> dict[str, Any]:
    """Write the rows of a query as lines; give their number and the hash of the file."""
    columns = column_types(engine, query)
    line = _tsv_line(columns) if file_format == "tsv" else _json_line(columns)
    path = folder / f"tosg_{what}.{file_format}"
    with path.open("wb") as file:
        if file_format == "tsv":
            file.write(("\t".join(columns) + "\n").encode())
        rows = write_lines(engine, line, query, file)
    return {"rows": rows, "sha256": sha256(path)}


def _tsv_line(columns: Mapping[str, str]) -> str:
    return f"concat_ws(chr(9), {', '.join(_tsv_value(n, t) for n, t in columns.items())})"


def _tsv_value(name: str, kind: str) -> str:
    blank = "regexp_replace({}, '[\\t\\r\\n]', ' ', 'g')"
    if kind.endswith("[]"):
        item = blank.format("replace(item, '|', '¦')")
        return f"coalesce(array_to_string(list_transform({name}, lambda item: {item}), '|'), '')"
    return f"coalesce({blank.format(f'CAST({name} AS VARCHAR)')}, '')"


def _json_line(columns: Mapping[str, str]) -> str:
    """Write an object; a value that is not known is left out."""
    values = ", ".join(f"{quoted(json.dumps(name) + ':')} || to_json({name})" for name in columns)
    return f"'{{' || concat_ws(',', {values}) || '}}'"
