"""What a cell store says of itself: ``manifest.json``, read, checked and written."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tosg_graph.errors import CellsError

FORMAT = 1
MANIFEST = "manifest.json"
FEATURES = "features.parquet"
OBS = "obs.parquet"

#: Cells of a record batch; every batch of a shard but its last has this many.
BATCH_CELLS = 1_024

#: Cells of a shard; every shard of a modality but its last has this many.
SHARD_CELLS = 262_144

#: Parts of a manifest that do not say what the store holds.
_NOT_IDENTITY = frozenset({"name", "report", "tool_version"})

#: What a cell store may be called.
STORE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


def file_record(path: Path, *, rows: int) -> dict[str, Any]:
    """Size, checksum and rows of a file, as a manifest lists it."""
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": sha256(path)}


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; the file is read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest; it comes last, so that a folder without one is no store."""
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Raises
    ------
    CellsError
        If the folder holds no finished store, or one of another format.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CellsError(
            f"{folder} holds no cell store: {MANIFEST} is missing; add cells first (tosg cells add)"
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CellsError(f"{path} is damaged: {error}; add the cells again") from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != FORMAT:
        raise CellsError(
            f"{path}: format {found!r} found, {FORMAT} expected; add the cells again with "
            "this version"
        )
    return dict(manifest)


def identity(manifest: dict[str, Any]) -> str:
    """SHA-256 over everything in the manifest that says what the store holds.

    The name of the store and the report on its making are left out: a renamed store is the same
    store.
    """
    kept = {key: value for key, value in manifest.items() if key not in _NOT_IDENTITY}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def store_names(folder: Path) -> list[str]:
    """Names of the finished stores in a folder, sorted."""
    if not folder.is_dir():
        return []
    return sorted(
        p.name for p in folder.iterdir() if STORE_NAME.match(p.name) and (p / MANIFEST).is_file()
    )
