"""OBO files: the terms of an ontology as one table of tagged values.

Format: https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from tosg_graph.sources.columns import plain
from tosg_graph.sources.files import SourceFile

_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_ESCAPED = re.compile(r"\\(.)")
_QUALIFIERS = r"\s\{([^{}]*)\}\s*(?:!.*)?$"
_QUOTED = r'^"((?:[^"\\]|\\.)*)"\s*(\w*)'


def is_obo(head: list[str], ontology: str) -> bool:
    """Whether the first lines are those of an OBO file about terms with the given prefix."""
    return head[0].startswith("format-version:") and any(
        line.startswith(f"id: {ontology}:") for line in head
    )


def header(file: SourceFile) -> dict[str, str]:
    """Read the tags of the header, as far as they stand in the head of the file."""
    lines = file.head
    end = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    pairs = (line.partition(":") for line in lines[:end] if ":" in line)
    return {tag: value.strip() for tag, _, value in pairs}


def read_terms(file: SourceFile) -> pd.DataFrame:
    """Read every ``[Term]`` stanza.

    An ontology is read whole: stanzas refer to one another, and the largest in use have a few
    hundred thousand terms.

    Returns
    -------
    pandas.DataFrame
        One row per line of a stanza: ``term`` (its id), ``tag``, ``value`` (without its trailing
        comment and qualifiers, still escaped and quoted), ``qualifiers`` (what stands in the
        trailing braces, ``source="…", source="…"``; "" where nothing does), ``line`` (int64).
    """
    lines = pd.concat(file.lines(), ignore_index=True)
    text = lines["text"].str.strip()
    starts = text.str.startswith("[")
    pairs = text.str.extract(r"^([\w-]+):\s*(.*)$")
    rows = pd.DataFrame({"tag": pairs[0], "value": pairs[1], "line": lines["line"]})
    rows["kind"] = text.where(starts).astype("string").ffill()
    rows["stanza"] = starts.cumsum()
    rows = rows[rows["kind"].eq("[Term]") & rows["tag"].notna()]
    ids = rows[rows["tag"].eq("id")].drop_duplicates("stanza").set_index("stanza")["value"]
    rows["term"] = rows["stanza"].map(ids).astype(object)
    rows["qualifiers"] = rows["value"].str.extract(_QUALIFIERS)[0].fillna("")
    quoted = rows["value"].str.startswith('"')
    bare = rows["value"].str.replace(r"\s+(?:!|\{).*$", "", regex=True)
    rows["value"] = rows["value"].where(quoted, bare)
    columns = ["term", "tag", "value", "qualifiers", "line"]
    return rows.dropna(subset="term")[columns].reset_index(drop=True)


def quoted(values: pd.Series[str]) -> pd.DataFrame:
    """Take ``"text" SCOPE [references]`` apart: columns ``text`` and ``scope`` (None if absent)."""
    parts = values.str.extract(_QUOTED)
    return pd.DataFrame({"text": unescaped(parts[0]), "scope": plain(parts[1])})


def unescaped(values: pd.Series[Any]) -> pd.Series[Any]:
    r"""Undo the escapes of OBO: ``http\://`` becomes ``http://``."""
    return plain(values.str.replace(_ESCAPED, lambda m: _ESCAPES.get(m[1], m[1]), regex=True))
