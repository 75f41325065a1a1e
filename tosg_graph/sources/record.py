"""What is recorded beside a fetched file: where it came from, and which version it is.

The record of ``genes.tsv`` is ``genes.tsv.source.json``, a JSON object:

================== ============================================================================
``url``            where it was fetched from, without passwords, keys and signatures
``final_url``      where that address led to
``fetched``        the day, as ``2025-03-31``
``version``        the release that the address is of, or that the server named, else the day of its
                   last change, else null
``etag``,
``last_modified``  what the server tells versions apart by
``source``,
``role``           whose file it is
``licence``        of the source
``bytes``,
``sha256``         of the file as it was fetched
``archive``        ``bytes`` and ``sha256`` of the zip archive that it was taken out of, if it was
================== ============================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tosg_graph.filing import sha256

#: Ends of the names of files that are no data: downloads that are not whole yet, and records.
PART, RECORD = ".part", ".source.json"


def beside(path: Path, ending: str) -> Path:
    """Name the file that stands beside another one."""
    return path.with_name(path.name + ending)


def read_record(path: Path, digest: str | None = None) -> dict[str, Any] | None:
    """Read what is recorded of a file; None where nothing is, or the file is another one since.

    Parameters
    ----------
    path
        The file.
    digest
        Its sha256, where it is known already.
    """
    record = read_object(beside(path, RECORD))
    if not record or not path.is_file():
        return None
    return record if record.get("sha256") == (digest or sha256(path)) else None


def origin(path: Path, digest: str | None = None) -> dict[str, str | None] | None:
    """Say where a file is from: ``date``, ``url`` and ``version``; None where nothing is recorded.

    Parameters
    ----------
    path
        The file.
    digest
        Its sha256, where it is known already.
    """
    record = read_record(path, digest)
    if record is None:
        return None
    said = {"date": "fetched", "url": "url", "version": "version"}
    values = {name: record.get(key) for name, key in said.items()}
    return {name: value if isinstance(value, str) else None for name, value in values.items()}


def recorded_version(origins: Iterable[Mapping[str, str | None] | None]) -> str | None:
    """Name the release of several files as their records do."""
    versions = {one["version"] for one in origins if one is not None}
    return ", ".join(sorted(version for version in versions if version)) or None


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; one that is missing or damaged is empty."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
