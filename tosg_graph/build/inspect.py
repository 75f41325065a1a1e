"""Looking into a build: what its rows were turned away for, and what a text would become in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import LABEL

Rows = tuple[tuple[str, ...], list[tuple[object, ...]]]

_ACCESSION = re.compile(r"([OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2})(-\d+)?")
_ENSEMBL = re.compile(r"ENS[GTP]\d{11}(\.\d+)?")


def rejects_summary(build: Build, *, source: str | None = None, reason: str | None = None) -> Rows:
    """Count the rejects of a build by source and reason, the most frequent first.

    Memory is bounded by the engine; the table is not read as a whole.
    """
    query = f"""SELECT source, reason, count(*) AS rows, any_value(value ORDER BY value) AS example
        FROM {_rejects(build)} {_where(source, reason)}
        GROUP BY ALL ORDER BY rows DESC, source, reason"""
    return ("source", "reason", "rows", "example"), _rows(build, query)


def rejects_sample(
    build: Build, most: int, *, source: str | None = None, reason: str | None = None
) -> Rows:
    """Give the first rejects of each source and reason, with file, line, value and candidates."""
    columns = ("source", "reason", "file", "line", "value", "candidates")
    query = f"""SELECT {", ".join(columns)} FROM {_rejects(build)} {_where(source, reason)}
        QUALIFY row_number() OVER (PARTITION BY source, reason ORDER BY file, line, value) <= {most}
        ORDER BY source, reason, file, line, value"""
    return columns, _rows(build, query)


def resolve(build: Build, texts: Sequence[str], *, label: str | None = None) -> Rows:
    """Say what each text would become in the build, and why.

    Parameters
    ----------
    texts
        Identifiers or names: a CURIE, an Ensembl id, a UniProt accession, a symbol, a name.
    label
        Look among the nodes of this label only.

    Returns
    -------
    tuple
        Columns and rows: ``text``, ``label``, ``id``, ``name``, ``found as`` (kind of name, or
        ``ambiguous`` or ``unmapped``) and ``candidates``; one row per text and label that knows it,
        or one row ``unmapped``.

    Raises
    ------
    UsageError
        If there is no such label.
    """
    if label is not None and label not in LABEL:
        raise UsageError(f"unknown label {label!r}; known: {', '.join(LABEL)}")
    resolver = Resolver.of(build)
    references = [_reference(text) for text in texts]
    rows: list[tuple[object, ...]] = []
    found: dict[str, list[tuple[object, ...]]] = {text: [] for text in texts}
    for one in [label] if label else LABEL:
        answered = resolver.resolve(references, label=one)
        named = _names(build, one, answered["id"])
        for text, answer in zip(texts, answered.to_pylist(), strict=True):
            if answer["kind"] != "unmapped":
                node = answer["id"]
                row = (text, one, node, named.get(node), answer["kind"], answer["candidates"])
                found[text].append(row)
    for text in texts:
        rows += found[text] or [(text, label, None, None, "unmapped", None)]
    return ("text", "label", "id", "name", "found as", "candidates"), rows


def _names(build: Build, label: str, ids: pa.ChunkedArray) -> dict[str, str]:
    """Names of the nodes that were found; of no others, for there may be half a million."""
    table = build.nodes(label, ["id", "name"])
    table = table.filter(pc.is_in(table["id"], value_set=ids.combine_chunks().drop_null()))
    return dict(zip(table["id"].to_pylist(), table["name"].to_pylist(), strict=True))


def _reference(text: str) -> str:
    """Give a text the namespace that its form tells; a name is looked for among all names."""
    if _ENSEMBL.fullmatch(text):
        return f"ENSEMBL:{text}"
    if _ACCESSION.fullmatch(text):
        return f"UniProtKB:{text}"
    return text if re.fullmatch(r"[A-Za-z][\w.]*:\S+", text) else f"name:{text}"


def _rejects(build: Build) -> str:
    return f"read_parquet({quoted(str(build.file('rejects')))})"


def _where(source: str | None, reason: str | None) -> str:
    wanted = {"source": source, "reason": reason}
    said = [f"{name} = {quoted(value)}" for name, value in wanted.items() if value is not None]
    return f"WHERE {' AND '.join(said)}" if said else ""


def _rows(build: Build, query: str) -> list[tuple[object, ...]]:
    if not build.rows("rejects"):
        return []
    with Engine() as engine:
        return engine.rows(query)
