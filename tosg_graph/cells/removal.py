"""A version of a store without one of its data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tosg_graph.build.tables import write_parquet
from tosg_graph.cells.assembly import assemble, store_report
from tosg_graph.cells.axis import with_sums
from tosg_graph.cells.manifest import (
    axis_file,
    checked_table,
    features_file,
    file_record,
    measured_of,
    read_manifest,
)
from tosg_graph.cells.versions import commit_version, next_version, store_lock
from tosg_graph.errors import UsageError


def remove_dataset(folder: Path, name: str) -> dict[str, Any]:
    """Make a version of a store without one of its data sets; the axis keeps its places.

    Returns
    -------
    dict
        The manifest of the new version.

    Raises
    ------
    UsageError
        If there is no such data set, or no other.
    CellsError
        If another process writes to the store.
    """
    with store_lock(folder):
        old = read_manifest(folder)
        kept = [dataset for dataset in old["datasets"] if dataset["name"] != name]
        if len(kept) == len(old["datasets"]):
            known = ", ".join(dataset["name"] for dataset in kept)
            raise UsageError(f"the store {old['name']!r} has no data set {name!r}; it has {known}")
        if not kept:
            raise UsageError(
                f"{name!r} is the only data set of {old['name']!r}; delete the folder {folder}"
            )
        new = next_version(folder, old, change=f"removed {name}")
        new = _without(folder, old, new, kept)
        commit_version(folder, new)
    return new


def _without(
    folder: Path, old: dict[str, Any], new: dict[str, Any], kept: list[dict[str, Any]]
) -> dict[str, Any]:
    head = {key: old[key] for key in ("name", "value_kind", "build_id")}
    made = assemble(
        head, base=old, datasets=kept, shards={}, label=old["label_column"],
        widths={m: entry["n_features"] for m, entry in old["modalities"].items()},
    )  # fmt: skip
    made |= {key: new[key] for key in ("version", "change", "tool_version")}
    axis = checked_table(folder, axis_file(old), old["files"][axis_file(old)])
    measured = [checked_table(folder, measured_of(d), d["files"][measured_of(d)]) for d in kept]
    features = with_sums(
        axis.drop_columns(["total", "cells", "datasets"]), measured,
        normalised=old["value_kind"] == "normalised",
    )  # fmt: skip
    file = features_file(made["version"])
    fresh = folder / f".new-features-{made['version']}"
    write_parquet(features, fresh)
    fresh.replace(folder / file)
    made["files"] = {file: file_record(folder / file, rows=features.num_rows)}
    made["report"] = store_report(made, features)
    return made
