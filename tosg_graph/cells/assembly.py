"""The manifest of a version, put together from data sets and shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from tosg_graph.cells.axis import of_modality
from tosg_graph.cells.manifest import BATCH_CELLS, FORMAT
from tosg_graph.cells.report import ModalityReport


def assemble(
    head: dict[str, Any], *, base: dict[str, Any] | None, datasets: list[dict[str, Any]],
    shards: dict[str, list[dict[str, Any]]], label: str | None, widths: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Put a manifest together from data sets and shards; version, files and report come later.

    Parameters
    ----------
    base
        The manifest whose shards are kept, as far as their data sets are among ``datasets``.
    widths
        Length of the axis per modality.
    """
    kept = {dataset["number"] for dataset in datasets}
    modalities = {}
    for modality in widths:
        old = (base or {"modalities": {}})["modalities"].get(modality, {"shards": []})["shards"]
        every = [s for s in old if s["dataset"] in kept] + shards.get(modality, [])
        if every:
            modalities[modality] = _entry(every, widths[modality], head["value_kind"])
    return {
        **head,
        "format": FORMAT,
        "n_cells": sum(dataset["n_cells"] for dataset in datasets),
        "label_column": label,
        "datasets": datasets,
        "modalities": modalities,
    }


def _entry(shards: Sequence[dict[str, Any]], width: int, value_kind: str) -> dict[str, Any]:
    value = "value" if value_kind == "normalised" else "count"
    features, values = (
        max(shard[kind] for shard in shards)  # "uint32" is more than "uint16"
        for kind in ("feature_type", "value_type")
    )
    return {
        "n_features": width,
        "n_values": sum(shard["n_values"] for shard in shards),
        "batch_cells": BATCH_CELLS,
        "schema": {"feature": f"list<{features}>", value: f"list<{values}>"},
        "shards": list(shards),
    }


def store_report(manifest: dict[str, Any], features: pa.Table) -> dict[str, Any]:
    """Say of all data sets together what a report says of one."""
    reports = [(d["name"], d["report"]) for d in manifest["datasets"]]
    if len(reports) == 1:
        return {k: reports[0][1][k] for k in ("modalities", "labels", "left_out", "warnings")}
    labels = {term["label"]: term for _, report in reports for term in report["labels"]}
    modalities = {}
    for modality in manifest["modalities"]:
        empty = sum(
            r["modalities"].get(modality, {"empty_cells": 0})["empty_cells"] for _, r in reports
        )
        part = of_modality(features, modality)
        modalities[modality] = ModalityReport.of(part, empty_cells=empty).to_dict()
    return {
        "modalities": modalities,
        "labels": [labels[label] for label in sorted(labels)],
        "left_out": {
            f"{n}: {what}": why for n, r in reports for what, why in r["left_out"].items()
        },
        "warnings": [f"{name}: {words}" for name, r in reports for words in r["warnings"]],
    }
