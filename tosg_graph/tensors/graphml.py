"""A subgraph as GraphML, for Cytoscape, Gephi, igraph and networkx.

Nodes and edges carry every property that the build has of them, typed; a list is its items joined
by ``|`` (a bar inside an item becomes ``¦``), and what is not known is left out. Texts survive to
the letter but for the control characters that XML 1.0 forbids (http://www.w3.org/TR/xml/#charsets):
each becomes U+FFFD, and the result says in how many rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.lines import write_lines
from tosg_graph.build.tables import Build
from tosg_graph.errors import ExportError, UsageError
from tosg_graph.filing import writing
from tosg_graph.schema import EDGE_ENDS, EDGE_TYPE, LABEL, Property, PropertyType
from tosg_graph.tensors.subgraph import Subgraph

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""
_TYPES = {
    PropertyType.STRING: "string",
    PropertyType.STRINGS: "string",
    PropertyType.INTEGER: "long",
    PropertyType.FLOAT: "double",
    PropertyType.BOOLEAN: "boolean",
}
_FORBIDDEN = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
_MACROS = (
    f"xml_clean(s) AS regexp_replace(s, '{_FORBIDDEN}', '\ufffd', 'g')",
    # a carriage return that is not written as a reference is read as a line feed
    "xml_text(s) AS replace(replace(replace(replace(xml_clean(s), "
    "'&', '&amp;'), '<', '&lt;'), '>', '&gt;'), chr(13), '&#13;')",
    "xml_value(s) AS '\"' || replace(replace(replace(xml_text(s), '\"', '&quot;'), "
    "chr(10), '&#10;'), chr(9), '&#9;') || '\"'",
)


@dataclass(frozen=True)
class GraphmlFile:
    """What was written.

    Parameters
    ----------
    path
        The file.
    nodes, edges
        How many it has.
    altered
        Nodes and edges in which a control character that XML forbids became U+FFFD.
    """

    path: Path
    nodes: int
    edges: int
    altered: int


def write_graphml(
    build: Build, subgraph: Subgraph, path: Path, *, overwrite: bool = False
) -> GraphmlFile:
    """Write a subgraph with the properties that its build has; a failure changes nothing.

    Rows are joined and written in DuckDB; Python holds the ids of the subgraph and some lines.

    Raises
    ------
    UsageError
        If the file exists and may not be replaced, or the subgraph is of another build.
    ExportError
        If one id stands for nodes of two labels, or the file cannot be written.
    """
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already; name another, or use --overwrite")
    if build.id != subgraph.build_id:
        raise UsageError(
            f"the subgraph was taken from the build {subgraph.build_id}, not from {build.id}"
        )
    _check_ids(subgraph)
    with _beside(path) as fresh, Engine() as engine:
        for macro in _MACROS:
            engine.run(f"CREATE MACRO {macro}")
        with fresh.open("wb") as file:
            nodes, edges, altered = _write(engine, build, subgraph, file)
        _check_form(fresh)
        fresh.replace(path)
    return GraphmlFile(path, nodes, edges, altered)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    fresh = path.with_name(f".{path.name}-{os.getpid()}.tmp")
    with writing(path, ExportError):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield fresh
        finally:
            with suppress(OSError):
                fresh.unlink()


def _check_ids(subgraph: Subgraph) -> None:
    seen: dict[str, str] = {}
    for label in subgraph.labels:
        ids = subgraph.node_ids(label)
        if twice := sorted(seen.keys() & ids):
            raise ExportError(
                f"{twice[0]} is the id of a {seen[twice[0]]} and of a {label}; "
                "GraphML needs one node per id: choose a subgraph without one of them"
            )
        seen |= dict.fromkeys(ids, label)


def _check_form(path: Path) -> None:
    try:
        with path.open("rb") as file:
            expat.ParserCreate().ParseFile(file)
    except expat.ExpatError as error:
        raise ExportError(f"the GraphML for {path.name} is not well formed: {error}") from error


def _write(
    engine: Engine, build: Build, subgraph: Subgraph, file: BinaryIO
) -> tuple[int, int, int]:
    about = {"build": subgraph.build_id, "selection": json.dumps(subgraph.selection)}
    properties = {
        "graph": {name: Property(name, PropertyType.STRING, "") for name in about},
        "node": _node_properties(subgraph),
        "edge": _edge_properties(subgraph),
    }
    keys = [key for what, found in properties.items() for key in _keys(what, found)]
    data = [_constant("graph", name, escape(value)) + "\n" for name, value in about.items()]
    head = [_HEAD, *keys, '<graph edgedefault="directed">\n', *data]
    file.write("".join(head).encode())
    nodes, altered = _write_nodes(engine, build, subgraph, file)
    edges, more = _write_edges(engine, build, subgraph, file)
    file.write(b"</graph>\n</graphml>\n")
    return nodes, edges, altered + more


def _node_properties(subgraph: Subgraph) -> dict[str, Property]:
    found = {p.name: p for label in subgraph.labels for p in LABEL[label].properties}
    return {"label": Property("label", PropertyType.STRING, ""), **found}


def _edge_properties(subgraph: Subgraph) -> dict[str, Property]:
    found = {p.name: p for _, kind, _ in subgraph.edges for p in EDGE_TYPE[kind].properties}
    return {"type": Property("type", PropertyType.STRING, ""), **found}


def _keys(what: str, properties: dict[str, Property]) -> Iterator[str]:
    for name, p in properties.items():
        if name != "id":
            kind = _TYPES[p.type]
            yield (
                f'<key id="{what[0]}_{name}" for="{what}" attr.name={quoteattr(name)} '
                f'attr.type="{kind}"/>\n'
            )


def _data(what: str, name: str, value: str) -> str:
    return f"""coalesce('<data key="{what[0]}_{name}">' || {value} || '</data>', '')"""


def _property(what: str, p: Property) -> str:
    if p.type is PropertyType.STRINGS:
        joined = f"array_to_string(list_transform({p.name}, lambda x: replace(x, '|', '¦')), '|')"
        return _data(what, p.name, f"xml_text({joined})")
    if p.type is PropertyType.STRING:
        return _data(what, p.name, f"xml_text({p.name})")
    return _data(what, p.name, f"CAST({p.name} AS VARCHAR)")


def _altered(engine: Engine, rows: str, properties: tuple[Property, ...]) -> int:
    text, texts = PropertyType.STRING, PropertyType.STRINGS
    columns = [p.name for p in properties if p.type is text]
    columns += [f"array_to_string({p.name}, '')" for p in properties if p.type is texts]
    return engine.count(
        f"""SELECT count(*) FROM ({rows})
        WHERE regexp_matches(concat_ws('', {", ".join(columns)}), '{_FORBIDDEN}')"""
    )


def _write_nodes(
    engine: Engine, build: Build, subgraph: Subgraph, file: BinaryIO
) -> tuple[int, int]:
    written = altered = 0
    for label, table in subgraph.nodes.items():
        engine.take("chosen", table.select(["id"]))
        own = LABEL[label].properties
        data = [f"'{_constant('node', 'label', label)}'"]
        data += [_property("node", p) for p in own if p.name != "id"]
        line = f"'<node id=' || xml_value(id) || '>' || {' || '.join(data)} || '</node>'"
        nodes = _file(build, f"nodes/{label}")
        rows = f"SELECT * FROM {nodes} SEMI JOIN chosen USING (id) ORDER BY id"
        written += write_lines(engine, line, rows, file)
        altered += _altered(engine, rows, own)
    return written, altered


def _write_edges(
    engine: Engine, build: Build, subgraph: Subgraph, file: BinaryIO
) -> tuple[int, int]:
    written = altered = 0
    for (_, kind, _), edges in subgraph.edges.items():
        engine.take("chosen", edges.table.select(["edge_id"]))
        own = EDGE_TYPE[kind].properties
        ends = f"{EDGE_ENDS[0]}, {EDGE_ENDS[1]}"
        data = [f"'{_constant('edge', 'type', kind)}'", *(_property("edge", p) for p in own)]
        line = (
            "'<edge id=' || xml_value(edge_id) || ' source=' || xml_value(source) || ' target=' "
            f"|| xml_value(target) || '>' || {' || '.join(data)} || '</edge>'"
        )
        rows = (
            f"SELECT * FROM {_file(build, f'edges/{kind}')} SEMI JOIN chosen USING (edge_id) "
            f"ORDER BY {ends}"
        )
        written += write_lines(engine, line, rows, file)
        altered += _altered(engine, rows, own)
    return written, altered


def _constant(what: str, name: str, value: str) -> str:
    return f'<data key="{what[0]}_{name}">{value}</data>'


def _file(build: Build, table: str) -> str:
    return f"read_parquet({quoted(str(build.file(table)))})"
