"""A user's own facts, without a loader: edge tables, gene sets, identifier mappings.

Each function makes a :class:`Source` of one file. A row without a licence counts as the strictest:
it is kept for academic use only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tosg_graph.errors import SourceError, UsageError
from tosg_graph.schema import EDGE_TYPE
from tosg_graph.sources.chunks import Chunk
from tosg_graph.sources.columns import items, numbers, references, translated
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.source import Files, Licence, Source
from tosg_graph.sources.spec import FileSpec
from tosg_graph.sources.streams import open_text

#: Columns of a statement that a mapping may fill beside its ends, type and licence.
OPTIONAL = ("pmids", "record_id", "sentence", "mechanism", "residue", "score")
_KEYS = ("source", "target", "type", "licence", "separator", *OPTIONAL)
_END = ("column", "namespace", "label")
_STRICTEST = Licence("unspecified", "", redistribute=False, commercial=False)
_SEPARATOR = re.compile(r"[^\n\r\"]")
_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def edge_table_source(table: Path, mapping: Path) -> tuple[Source, dict[str, SourceFile]]:
    """Make a source of a table of facts and a YAML file that says what its columns are.

    ::

        source: {column: regulator, namespace: symbol, label: Protein}
        target: {column: target, namespace: UniProtKB, label: Protein}
        type: {column: effect, values: {up: ACTIVATES, down: INHIBITS}}   # or: type: ACTIVATES
        pmids: pubmed
        licence: CC0-1.0                                                   # or: {column: licence}

    Raises
    ------
    SourceError
        If the mapping is no YAML, lacks a key, has an unknown one, or names a label or type that
        the graph has not; or the table lacks a column.
    """
    said = _read_mapping(mapping)
    columns = tuple(dict.fromkeys(_columns(said)))
    separator = said.get("separator") or ("," if table.suffix == ".csv" else "\t")
    comma = separator == ","
    spec = FileSpec("table", ("*",), columns, separator=separator, quoted=comma, own=True)

    def read(files: Files) -> Iterator[Chunk]:
        file = files["table"]
        for rows in file.frames():
            types = _types(said["type"], rows)
            unknown = rows[types.isna()]
            if len(unknown):
                value = unknown[said["type"]["column"]]
                reason = "the mapping gives no edge type for this value"
                rejected = {"reason": reason, "value": value, "line": unknown["line"]}
                yield Chunk.rejects(file.name, pd.DataFrame(rejected))
            statements = _statements(said, rows)
            for name in sorted(types.dropna().unique()):
                yield Chunk.statements(name, file.name, statements[types.eq(name)])

    files = {"table": SourceFile(table, spec), "mapping": SourceFile(mapping, _MAPPING)}
    return _source(table, "facts of the user's own", read, (spec, _MAPPING)), _checked(files)


def gmt_source(path: Path) -> tuple[Source, dict[str, SourceFile]]:
    """Make a source of a file of gene sets: each becomes a Pathway ``GMT:<file>/<set>``.

    Members are symbols, or Entrez ids where they are digits.
    """
    spec = FileSpec(
        "sets", ("*",), recognise=lambda head: head[0].count("\t") > 1, expects="GMT", own=True
    )

    def read(files: Files) -> Iterator[Chunk]:
        file = files["sets"]
        for lines in file.lines():
            parts = lines["text"].str.split("\t", n=2, expand=True).reindex(columns=range(3))
            whole = parts[2].notna() & parts[0].ne("")
            sets = parts[whole].assign(line=lines.loc[whole, "line"])
            sets["id"] = f"GMT:{path.stem}/" + sets[0].str.strip()
            named = {"id": sets["id"], "name": sets[0].str.strip(), "line": sets["line"]}
            yield Chunk.nodes("Pathway", file.name, pd.DataFrame(named))
            yield Chunk.statements("MEMBER_OF", file.name, _members(sets))
            bad = lines[~whole & lines["text"].ne("")]
            rejected = {
                "reason": "the set has no members",
                "value": bad["text"],
                "line": bad["line"],
            }
            yield Chunk.rejects(file.name, pd.DataFrame(rejected))

    return _source(path, "gene sets of the user's own", read, (spec,)), _checked(
        {"sets": SourceFile(path, spec)}
    )


def sssom_source(path: Path) -> tuple[Source, dict[str, SourceFile]]:
    """Make a source of identifier mappings in SSSOM (https://w3id.org/sssom), as TSV."""
    columns = ("subject_id", "predicate_id", "object_id", "mapping_justification")
    spec = FileSpec("mappings", ("*",), columns=columns, comment="#", quoted=True, own=True)

    def read(files: Files) -> Iterator[Chunk]:
        file = files["mappings"]
        for rows in file.frames():
            found = {
                "subject_ref": rows["subject_id"],
                "object_ref": rows["object_id"],
                "predicate": rows["predicate_id"],
                "justification": rows["mapping_justification"],
                "licence": rows.get("license"),
                "line": rows["line"],
            }
            yield Chunk.mappings(file.name, pd.DataFrame(found))

    return _source(path, "identifier mappings of the user's own", read, (spec,)), _checked(
        {"mappings": SourceFile(path, spec)}
    )


_MAPPING = FileSpec("mapping", ("*",), own=True)


def _source(
    path: Path, gives: str, read: Callable[[Files], Iterator[Chunk]], files: tuple[FileSpec, ...]
) -> Source:
    name = "own_" + _PLAIN.sub("_", path.name.split(".")[0]).strip("_").lower()
    return Source(
        name=name,
        title=path.name,
        gives=gives,
        url="https://w3id.org/tosg-graph/own",
        licence=_STRICTEST,
        citation=f"{path.name}, given by the user",
        files=files,
        read=read,
    )


def _checked(files: dict[str, SourceFile]) -> dict[str, SourceFile]:
    for file in files.values():
        if not file.path.is_file():
            raise UsageError(f"there is no file {file.path}")
        file.layout  # noqa: B018 - raises where the file is not what it should be
    return files


def _members(sets: pd.DataFrame) -> pd.DataFrame:
    pairs = sets.assign(gene=sets[2].str.split("\t")).explode("gene", ignore_index=True)
    pairs["gene"] = pairs["gene"].str.strip()
    pairs = pairs[pairs["gene"].ne("")]
    digits = pairs["gene"].str.fullmatch(r"\d+")
    symbol, entrez = references("symbol", pairs["gene"]), references("NCBIGene", pairs["gene"])
    return pd.DataFrame(
        {
            "source_ref": symbol.mask(digits, entrez),
            "source_label": "Gene",
            "target_ref": pairs["id"],
            "target_label": "Pathway",
            "line": pairs["line"],
        }
    )


# ---- the mapping -----------------------------------------------------------------------------


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        with open_text(path) as text:
            said = yaml.safe_load(text.read())
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none; nesting
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise SourceError("the mapping is no valid YAML; mend it", path=path, line=line) from error
    if not isinstance(said, dict):
        raise SourceError(f"a mapping has keys such as {', '.join(_KEYS[:3])}", path=path)
    for key in said:
        _known(str(key), _KEYS, "key", path)
    for key in ("source", "target", "type"):
        if key not in said:
            raise SourceError(f"the mapping lacks the key {key!r}", path=path)
    for end in ("source", "target"):
        _check_end(said[end], end, path)
    _check_type(said, path)
    _check_texts(said, path)
    return said


def _check_end(end: Any, key: str, path: Path) -> None:
    if not isinstance(end, dict) or set(end) != set(_END):
        raise SourceError(f"{key!r} must have exactly the keys {', '.join(_END)}", path=path)
    for name in _END:
        _check_text(end[name], f"{key}.{name}", path)


def _check_texts(said: Mapping[str, Any], path: Path) -> None:
    for key in OPTIONAL:
        if key in said:
            _check_text(said[key], key, path)
    licence = said.get("licence")
    if isinstance(licence, dict) and set(licence) != {"column"}:
        raise SourceError("'licence' is the name of one, or has the key 'column'", path=path)
    if licence is not None:
        _check_text(licence["column"] if isinstance(licence, dict) else licence, "licence", path)
    separator = said.get("separator")
    if separator and (not isinstance(separator, str) or not _SEPARATOR.fullmatch(separator)):
        raise SourceError(f"'separator' is one character; found {separator!r}", path=path)


def _check_text(value: Any, key: str, path: Path) -> None:
    if not isinstance(value, str) or not value.strip():
        raise SourceError(f"{key!r} must be text; found {value!r}", path=path)


def _check_type(said: Mapping[str, Any], path: Path) -> None:
    kind = said["type"]
    if isinstance(kind, dict):
        if set(kind) != {"column", "values"} or not isinstance(kind["values"], dict):
            raise SourceError("'type' is an edge type, or has 'column' and 'values'", path=path)
        types = list(kind["values"].values())
    else:
        types = [kind]
    ends = said["source"]["label"], said["target"]["label"]
    for name in types:
        _known(str(name), tuple(EDGE_TYPE), "edge type", path)
        if ends not in EDGE_TYPE[str(name)].ends:
            allowed = ", ".join(f"{a} → {b}" for a, b in EDGE_TYPE[str(name)].ends)
            raise SourceError(f"{name} cannot join {ends[0]} → {ends[1]}; {allowed}", path=path)


def _known(name: str, known: tuple[str, ...], what: str, path: Path) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SourceError(f"unknown {what} {name!r}{hint} Known: {', '.join(known)}", path=path)


def _columns(said: Mapping[str, Any]) -> Iterator[str]:
    for key in ("source", "target"):
        yield str(said[key]["column"])
    for key in ("type", "licence"):
        if isinstance(said.get(key), dict):
            yield str(said[key]["column"])
    yield from (str(said[key]) for key in OPTIONAL if key in said)


def _types(kind: Any, rows: pd.DataFrame) -> pd.Series[Any]:
    if isinstance(kind, dict):
        table = {str(value): name for value, name in kind["values"].items()}
        return translated(rows[kind["column"]], table)
    return pd.Series(str(kind), index=rows.index, dtype=object)


def _statements(said: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, Any] = {"line": rows["line"]}
    for key in ("source", "target"):
        end = said[key]
        columns[f"{key}_ref"] = references(end["namespace"], rows[end["column"]])
        columns[f"{key}_label"] = end["label"]
    for key in OPTIONAL:
        if key in said:
            columns[key] = rows[str(said[key])]
    if "pmids" in said:
        columns["pmids"] = items(columns["pmids"].str.replace(r"[;,\s]+", "|", regex=True))
    if "score" in said:
        columns["score"] = numbers(columns["score"])
    licence = said.get("licence")
    columns["licence"] = rows[licence["column"]] if isinstance(licence, dict) else licence
    return pd.DataFrame(columns)
