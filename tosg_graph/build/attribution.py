"""Whose work is in a build: the licence and the citation of each source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """# Attribution

This graph build holds rows of the sources below. Their terms apply to those rows; the column
`licence` of `evidence.parquet` names the terms of each statement. The build was made for this use:
{use}.
"""


def attribution(sources: Mapping[str, Mapping[str, Any]], use: str) -> str:
    """Write the attribution of a build as Markdown.

    Parameters
    ----------
    sources
        The sources as the manifest lists them, with ``licences`` (of the rows) beside ``licence``,
        and ``left_out`` where the use forbids all of their rows.
    """
    kept = [sources[name] for name in sorted(sources) if not sources[name].get("left_out")]
    left = [sources[name] for name in sorted(sources) if sources[name].get("left_out")]
    return _HEAD.format(use=use) + "".join(map(_section, kept)) + _left_out(left)


def _left_out(sources: Sequence[Mapping[str, Any]]) -> str:
    if not sources:
        return ""
    named = ", ".join(f"{source['title']} ({source['licence']['name']})" for source in sources)
    return f"\n## Left out\n\nThe use forbids every row of: {named}.\n"


def _section(source: Mapping[str, Any]) -> str:
    licence = source["licence"]
    others = [name for name in source["licences"] if name != licence["name"]]
    lines = [
        f"\n## {source['title']}\n",
        f"- Web: {source['url']}",
        f"- Version: {source['version'] or 'not stated'}",
        f"- Licence: {licence['name']}, {licence['url']}",
        *([f"- Licences of single rows: {', '.join(others)}"] if others else []),
        f"- Cite: {source['citation']}",
        f"- Files: {', '.join(file['name'] for file in source['files'])}",
        *(
            f"- Fetched: {file['name']} on {known['date']} from {known['url']}"
            for file in source["files"]
            if (known := file.get("fetched"))
        ),
    ]
    return "\n".join(lines) + "\n"
