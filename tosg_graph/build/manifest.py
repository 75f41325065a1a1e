"""What a build says of itself: its id, its sources, its tables, its report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tosg_graph.build.attribution import attribution
from tosg_graph.build.tables import FORMAT, MANIFEST, Build
from tosg_graph.build.text import CAP
from tosg_graph.errors import BuildError, SourceError
from tosg_graph.filing import sha256, write_json
from tosg_graph.schema import SCHEMA_VERSION
from tosg_graph.sources.record import origin, recorded_version
from tosg_graph.sources.source import Files, Source

#: Raised when the build would make other rows of the same input, so that its id changes with it.
REVISION = 3
MAPPINGS = "mappings.sssom.tsv"
ATTRIBUTION = "ATTRIBUTION.md"


def inputs_of(files: Files) -> list[dict[str, Any]]:
    """List the files of a source, sorted by role.

    Returns
    -------
    list of dict
        ``role``, ``name``, ``bytes`` and ``sha256``; ``layout``, the name of its layout where its
        loader reads several; ``fetched``, the ``date``, ``url`` and ``version`` that were recorded
        when it was fetched, null for a file that was put there by hand.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    found = []
    for role, file in sorted(files.items()):
        try:
            size, digest = file.path.stat().st_size, sha256(file.path)
        except OSError as error:
            raise SourceError(f"cannot be read: {error.strerror}", path=file.path) from error
        found.append(
            {
                "role": role,
                "name": file.name,
                "bytes": size,
                "sha256": digest,
                "layout": file.layout_name,
                "fetched": origin(file.path, digest),
            }
        )
    return found


def build_id(sources: Sequence[Source], inputs: Mapping[str, Sequence[Any]], use: str) -> str:
    """Make the id of a build from all that decides its rows: 16 hexadecimal digits.

    These are name, revision and licence of each source, role, name and hash of each file, the
    version of the schema, the revision of the build, the use, and the cap of the texts.
    """
    read = [
        [
            source.name,
            source.revision,
            source.licence.name,
            file["role"],
            file["name"],
            file["sha256"],
        ]
        for source in sources
        for file in inputs[source.name]
    ]
    decisive = {"read": sorted(read), "constants": [SCHEMA_VERSION, REVISION, use, CAP]}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def finished(folder: Path) -> Build | None:
    """Open a build if it is there and whole: every file has the hash that its manifest says."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        build = Build.open(folder)
        hashes = {
            build.file(name): table["sha256"] for name, table in build.manifest["tables"].items()
        }
        hashes |= {
            folder / name: entry["sha256"] for name, entry in build.manifest["files"].items()
        }
    except (BuildError, KeyError):
        return None
    whole = all(path.is_file() and sha256(path) == known for path, known in hashes.items())
    return build if whole else None


def source_entry(
    source: Source,
    files: Files,
    inputs: Sequence[Any],
    rows: Mapping[str, int],
    licences: Sequence[str],
) -> dict[str, Any]:
    """Describe a source as the manifest does.

    Parameters
    ----------
    rows
        How many rows of each kind it gave.
    licences
        The licences of its evidence.
    """
    licence = source.licence
    return {
        "title": source.title,
        "gives": source.gives,
        "url": source.url,
        "version": _version(source, files, inputs),
        "revision": source.revision,
        "citation": source.citation,
        "licence": {
            "name": licence.name,
            "url": licence.url,
            "redistribute": licence.redistribute,
            "commercial": licence.commercial,
        },
        "licences": sorted(licences),
        "files": list(inputs),
        "rows": dict(rows),
        "biolink": {
            "infores": f"infores:{source.infores or source.name.replace('_', '-')}",
            "knowledge_level": source.knowledge_level,
            "agent_type": source.agent_type,
        },
    }


def _version(source: Source, files: Files, inputs: Sequence[Any]) -> str | None:
    """Read the release out of the files, else out of what was recorded when they were fetched."""
    stated = source.version(files) if source.version else None
    if stated is not None:
        return stated
    return recorded_version(file["fetched"] for file in inputs)


def infores_of(build: Build, source: str) -> dict[str, str]:
    """Say what Biolink calls a source: ``infores``, ``knowledge_level`` and ``agent_type``.

    A build of an earlier version does not tell; then the name of the source is taken for its id.
    """
    unknown = {
        "infores": f"infores:{source.replace('_', '-')}",
        "knowledge_level": "not_provided",
        "agent_type": "not_provided",
    }
    told = build.manifest["sources"].get(source, {}).get("biolink", {})
    return {name: str(told.get(name, default)) for name, default in unknown.items()}


def write_manifest(
    folder: Path,
    *,
    build: str,
    use: str,
    sources: Mapping[str, Any],
    tables: Mapping[str, Any],
    report: Mapping[str, Any],
) -> None:
    """Write the attribution and the manifest; the mappings must stand in the folder already."""
    (folder / ATTRIBUTION).write_text(attribution(sources, use), encoding="utf-8")
    manifest = {
        "format": FORMAT,
        "build_id": build,
        "schema_version": SCHEMA_VERSION,
        "tool_version": metadata.version("tosg-graph"),
        "use": use,
        "sources": sources,
        "tables": tables,
        "files": {name: {"sha256": sha256(folder / name)} for name in (MAPPINGS, ATTRIBUTION)},
        "report": report,
    }
    write_json(folder / MANIFEST, manifest)
