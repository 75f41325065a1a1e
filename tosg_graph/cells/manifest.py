"""What a cell store says of itself: ``manifest.json``, read, checked and written."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tosg_graph.errors import CellsError, UsageError
from tosg_graph.filing import sha256, write_json

FORMAT = 2
MANIFEST = "manifest.json"

#: Cells of a record batch; every batch of a shard but its last has this many.
BATCH_CELLS = 1_024

#: Cells of a shard at most.
SHARD_CELLS = 65_536

#: What a cell store, and a data set in it, may be called.
STORE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")

#: What can be counted, in the order in which it is listed.
MODALITIES = ("rna", "protein")


def version_file(version: int) -> str:
    """Path of the immutable manifest of a version."""
    return f"versions/{version:06d}.json"


def features_file(version: int) -> str:
    """Path of the feature axis as of a version."""
    return f"features/{version:06d}.parquet"


def axis_file(manifest: dict[str, Any]) -> str:
    """Path of the feature axis that a manifest lists: that of the version that changed it last."""
    return next(str(file) for file in manifest["files"] if file.startswith("features/"))


def obs_file(dataset: int) -> str:
    """Path of the table of cells of a data set."""
    return f"obs/{dataset:06d}.parquet"


def measured_file(dataset: int, *, version: int | None = None) -> str:
    """Path of the table of what a data set measured: its features and where the axis has them.

    Parameters
    ----------
    version
        The version that joined the features anew; default: as they were joined when added.
    """
    rejoined = "" if version is None else f".{version:06d}"
    return f"measured/{dataset:06d}{rejoined}.parquet"


def measured_of(dataset: dict[str, Any]) -> str:
    """Path of the table of what a data set measured, as its entry in a manifest lists it."""
    return next(str(file) for file in dataset["files"] if file.startswith("measured/"))


def file_record(path: Path, *, rows: int) -> dict[str, Any]:
    """Size, checksum and rows of a file, as a manifest lists it."""
    return {"rows": rows, "bytes": path.stat().st_size, "sha256": sha256(path)}


def damage(folder: Path, file: str, record: Mapping[str, Any]) -> str | None:
    """Say how a file differs from what a manifest says of it; None if it does not.

    The whole file is read, to compute its checksum.
    """
    path = folder / file
    try:
        found = sha256(path)
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read ({error})"
    if found == record["sha256"]:
        return None
    expected = str(record["sha256"])
    return f"{path} is damaged: SHA-256 {found[:12]}… found, {expected[:12]}… expected"


def check_file(folder: Path, file: str, record: Mapping[str, Any]) -> None:
    """See that a file is what a manifest says, before something lasting is made from it.

    Raises
    ------
    CellsError
        If it is missing or has another checksum.
    """
    if wrong := damage(folder, file, record):
        raise CellsError(
            f"{wrong}; nothing was made from it. Put a good copy of the file in its place, or add "
            "the cells again"
        )


def checked_table(folder: Path, file: str, record: Mapping[str, Any]) -> pa.Table:
    """Read a table of a store, once its checksum is found right.

    Raises
    ------
    CellsError
        If it is missing or has another checksum.
    """
    check_file(folder, file, record)
    return pq.read_table(folder / file)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a version; from then on, whoever opens the store finds that version.

    The manifest of the version is written first and never touched again; ``manifest.json``, a copy
    of it, comes last, so that a folder without one is no store.
    """
    write_json(folder / version_file(manifest["version"]), manifest)
    write_json(folder / MANIFEST, manifest)


def read_manifest(folder: Path, *, version: int | None = None) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Parameters
    ----------
    version
        An older version; default: the one that is current.

    Raises
    ------
    CellsError
        If the folder holds no finished store, none of that version, or one of another format.
    """
    path = folder / (MANIFEST if version is None else version_file(version))
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if version is not None and (folder / MANIFEST).is_file():
            known = ", ".join(map(str, version_numbers(folder)))
            raise UsageError(f"{folder} has no version {version}; it has {known}") from None
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


def version_numbers(folder: Path) -> list[int]:
    """Versions of a store whose manifest is still there, oldest first."""
    return sorted(int(p.stem) for p in (folder / "versions").glob("[0-9]*.json"))


def identity(manifest: dict[str, Any]) -> str:
    """SHA-256 over everything in the manifest that says what the store holds.

    The name of the store, its version, the tier of its shards and the reports on its making are
    left out: a store that was renamed or packed is the same store.
    """
    kept = {key: manifest[key] for key in ("format", "value_kind", "build_id", "label_column")}
    kept["files"] = [record["sha256"] for record in manifest["files"].values()]
    kept["datasets"] = [
        {
            "name": dataset["name"],
            "source": dataset["source"],
            "files": [record["sha256"] for record in dataset["files"].values()],
        }
        for dataset in manifest["datasets"]
    ]
    kept["shards"] = {
        modality: [shard["content"] for shard in entry["shards"]]
        for modality, entry in manifest["modalities"].items()
    }
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def listed_files(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every file that a manifest lists, with its record."""
    found = dict(manifest["files"])
    for dataset in manifest["datasets"]:
        found |= dataset["files"]
    return found | listed_shards(manifest)


def listed_shards(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every shard that a manifest lists, by its file."""
    entries = manifest["modalities"].values()
    return {str(shard["file"]): shard for entry in entries for shard in entry["shards"]}


def store_names(folder: Path) -> list[str]:
    """Names of the finished stores in a folder, sorted."""
    if not folder.is_dir():
        return []
    return sorted(
        p.name for p in folder.iterdir() if STORE_NAME.match(p.name) and (p / MANIFEST).is_file()
    )
