"""Ontologies as CELLxGENE publishes them: one JSON object, term id → label, ancestors, synonyms.

The files are read whole: they are one object, and the largest has some 16,000 terms.
https://github.com/chanzuckerberg/cellxgene-ontology-guide describes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from tosg_graph.errors import SourceError
from tosg_graph.sources.chunks import Chunk
from tosg_graph.sources.columns import normal_form, pmids
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.source import Download, Files
from tosg_graph.sources.spec import FileSpec

ROLE = "ontology"
#: Bytes of the file at most: it is one line.
LONGEST = 1 << 28


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


#: The keys of a term that are read, and what may stand there.
SHAPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "label": (_is_text, "text"),
    "description": (_is_text, "text"),
    "synonyms": (_is_texts, "a list of texts"),
    "ancestors": (lambda value: isinstance(value, dict), "an object"),
    "replaced_by": (_is_text, "text"),
    "consider": (_is_texts, "a list of texts"),
}
_RELEASE = re.compile(r"-v(\d{4}-\d{2}-\d{2})")
_TERM = re.compile(r'"([A-Za-z]+:\w+)"\s*:\s*\{')


def ontology_spec(prefix: str) -> FileSpec:
    """Describe the file of the ontology whose terms have a prefix (``CL``)."""
    start = re.compile(rf'\s*\{{\s*"{prefix}:\w+"\s*:')
    return FileSpec(
        ROLE,
        (f"{prefix.lower()}-ontology*.json", f"{prefix.lower()}.json"),
        recognise=lambda head: bool(start.match("\n".join(head[:3]))),
        expects=f"a JSON object with terms {prefix}:…",
    )


def ontology_download(commit: str, file: str) -> Download:
    """Say where an edition is: in the state of its repository that has the file.

    The project keeps the newest edition only.
    """
    at = "https://github.com/chanzuckerberg/cellxgene-ontology-guide/raw"
    return Download(ROLE, f"{at}/{commit}/ontology-assets/{file}", file)


def ontology_reader(label: str) -> Callable[[Files], Iterator[Chunk]]:
    """Make the ``read`` of a source whose terms become nodes of a label."""

    def read(files: Files) -> Iterator[Chunk]:
        """Read terms, then their hierarchy; deprecated terms are rejected."""
        file = files[ROLE]
        terms = _terms(file)
        current = terms[~terms["deprecated"]]
        retired = terms[terms["deprecated"]]
        yield Chunk.nodes(label, file.name, _nodes(current, _successors(current, retired)))
        yield Chunk.statements("IS_A", file.name, _parents(current, label))
        yield Chunk.rejects(file.name, _rejected(retired))

    return read


def release(files: Files) -> str | None:
    """Read the date of the release, which only the name of the file says."""
    found = _RELEASE.search(files[ROLE].name)
    return found[1] if found else None


def _terms(file: SourceFile) -> pd.DataFrame:
    """One row per term; the columns are the keys of its object, ``id`` and ``line``."""
    with file.open_text(longest_line=LONGEST) as text:
        content = text.read()
    terms = _parsed(file, content)
    lines = _lines(content)
    for name, term in terms.items():
        _check(file, name, term, lines.get(name, 1))
    table = {key: [term.get(key) for term in terms.values()] for key in SHAPES}
    frame = pd.DataFrame(table, index=pd.Index(terms, name="id"), dtype=object)
    frame["deprecated"] = [bool(term.get("deprecated")) for term in terms.values()]
    frame["line"] = [lines.get(term, 1) for term in terms]
    return frame


def _parsed(file: SourceFile, content: str) -> dict[str, Any]:
    line = 1
    try:
        terms = json.loads(content)
        if isinstance(terms, dict):
            return terms
        why = f"it is {type(terms).__name__}"
    except json.JSONDecodeError as error:
        why, line = error.msg, error.lineno
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits; deep nesting
        why = str(error)
    message = f"this is no whole JSON object ({why}); download the file again"
    raise SourceError(message, path=file.path, line=line)


def _check(file: SourceFile, name: str, term: Any, line: int) -> None:
    """Raise if a term is not the object that it should be."""
    wrong = None if isinstance(term, dict) else "an object"
    for key, (is_right, shape) in SHAPES.items() if wrong is None else ():
        if term.get(key) is not None and not is_right(term[key]):
            wrong = f"{shape} as {key!r}"
    if wrong is not None:
        message = f"the term {name!r} has another form; expected {wrong}; download the file again"
        raise SourceError(message, path=file.path, line=line)


def _lines(content: str) -> dict[str, int]:
    """Find the line on which each term starts; the published files have one line in all."""
    if "\n" not in content.strip():
        return {}
    lines: dict[str, int] = {}
    line, seen = 1, 0
    for found in _TERM.finditer(content):
        line += content.count("\n", seen, found.start())
        seen = found.start()
        lines[found[1]] = line
    return lines


def _nodes(current: pd.DataFrame, former: pd.Series[Any]) -> pd.DataFrame:
    nodes = pd.DataFrame(
        {
            "name": normal_form(current["label"]),
            "description": normal_form(current["description"]),
            "description_pmids": pmids(current["description"]),
            "synonyms": current["synonyms"],
            "former_ids": former,
            "line": current["line"],
        },
        index=current.index,
    )
    return nodes.reset_index()


def _successors(current: pd.DataFrame, retired: pd.DataFrame) -> pd.Series[Any]:
    """List the deprecated ids that each current term replaces, also through one another."""
    replaced_by = {str(old): str(new) for old, new in retired["replaced_by"].dropna().items()}
    ends = {}
    for term in replaced_by:
        end = term
        for _ in replaced_by:  # a circle of replacements ends here too, at a deprecated term
            end = replaced_by.get(end, end)
            if end not in replaced_by:
                break
        ends[term] = end
    pairs = pd.Series(ends, dtype=object)
    pairs = pairs[pairs.isin(current.index)]
    former = pd.Series(pairs.index, dtype=object).groupby(pairs.to_numpy()).agg(list)
    return former.reindex(current.index)


def _parents(current: pd.DataFrame, label: str) -> pd.DataFrame:
    rows = current[["ancestors", "line"]].reset_index()
    rows["parent"] = [
        [a for a, steps in (x or {}).items() if steps == 1] for x in rows["ancestors"]
    ]
    rows = rows.explode("parent", ignore_index=True).dropna(subset="parent")
    return pd.DataFrame(
        {
            "source_ref": rows["id"],
            "source_label": label,
            "target_ref": rows["parent"],
            "target_label": label,
            "line": rows["line"],
        }
    )


def _rejected(retired: pd.DataFrame) -> pd.DataFrame:
    """Say of each deprecated term what replaces it, or what to consider in its place."""
    value = pd.Series(retired.index, index=retired.index, dtype=object)
    replaced = retired["replaced_by"].notna()
    value[replaced] += ", replaced by " + retired.loc[replaced, "replaced_by"]
    considered = retired["consider"].notna()
    value[considered] += ", consider " + retired.loc[considered, "consider"].str.join(", ")
    return pd.DataFrame({"reason": "deprecated term", "value": value, "line": retired["line"]})
