"""What became of the cells of a file: how much of it joins the graph, and what does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.features import MAPPINGS
from tosg_graph.cells.labels import LabelTerm

_EXAMPLES = 10


@dataclass(frozen=True)
class ModalityReport:
    """How the features of one modality join the graph.

    Parameters
    ----------
    n_features
        Length of the feature axis.
    n_values
        Stored values, that is, those above zero.
    total
        Their sum.
    mapping
        Features by how they were mapped; see :data:`tosg_graph.cells.features.MAPPINGS`.
    mapped_features, mapped_total
        Share of the features, and of the sum of values, that has a graph id.
    shared
        Graph ids that more than one feature has; all of them are kept.
    unmapped
        Names of the unmapped features with the largest sums.
    ambiguous
        Name → candidates, of those with the largest sums.
    empty_cells
        Cells without any count.
    """

    n_features: int
    n_values: int
    total: int | float
    mapping: dict[str, int]
    mapped_features: float
    mapped_total: float
    shared: int
    unmapped: list[str]
    ambiguous: dict[str, list[str]]
    empty_cells: int

    @classmethod
    def of(cls, features: pa.Table, *, empty_cells: int) -> ModalityReport:
        """Count the rows of ``features.parquet`` of one modality."""
        totals = features["total"]
        joined = features["graph_id"].is_valid()
        total = pc.sum(totals).as_py() or 0
        mapped = pc.sum(totals.filter(joined)).as_py() or 0
        times = pc.value_counts(features["graph_id"].drop_null()).field("counts")
        kinds = pc.value_counts(features["mapping"])
        found = dict(zip(kinds.field(0).to_pylist(), kinds.field(1).to_pylist(), strict=True))
        largest = features.sort_by([("total", "descending"), ("index", "ascending")])
        unmapped, several = (
            largest.filter(pc.equal(largest["mapping"], kind)) for kind in ("unmapped", "ambiguous")
        )
        candidates = zip(
            several["name"].to_pylist(), several["candidates"].to_pylist(), strict=True
        )
        return cls(
            n_features=features.num_rows,
            n_values=pc.sum(features["cells"]).as_py() or 0,
            total=total,
            mapping={kind: found[kind] for kind in MAPPINGS if kind in found},
            mapped_features=pc.sum(joined).as_py() / features.num_rows,
            mapped_total=mapped / total if total else 0.0,
            shared=pc.sum(pc.greater(times, 1)).as_py() or 0,
            unmapped=unmapped["name"].slice(0, _EXAMPLES).to_pylist(),
            ambiguous=dict(islice(dict(candidates).items(), _EXAMPLES)),
            empty_cells=empty_cells,
        )

    def to_dict(self) -> dict[str, Any]:
        """Write it in plain values."""
        return asdict(self)


@dataclass(frozen=True)
class CellReport:
    """What adding a file of cells gave.

    Parameters
    ----------
    name
        Name of the store.
    path
        Its folder.
    n_cells
        Cells stored.
    value_kind
        ``counts`` or ``normalised``.
    modalities
        Per modality, how it joins the graph.
    labels
        Label → its ontology term; empty without a label column.
    left_out
        What the file holds that is not stored, and why not.
    warnings
        What was found in the source, and what had to be done to the table of cells.
    dataset
        Name of the data set that the cells are.
    kind, matrix
        What kind of source they came from, and which matrix of it was taken.
    source_bytes, shard_bytes
        Size of the source and of the shards made from it.
    new_features
        Per modality how many features the store did not have before.
    """

    name: str
    path: Path
    n_cells: int
    value_kind: str
    modalities: dict[str, ModalityReport]
    labels: Sequence[LabelTerm] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    dataset: str = ""
    kind: str = ""
    matrix: str = ""
    source_bytes: int = 0
    shard_bytes: int = 0
    new_features: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, content: dict[str, Any], path: Path) -> CellReport:
        """Read a report back from what :meth:`content` gave, with ``name``."""
        modalities = {m: ModalityReport(**part) for m, part in content["modalities"].items()}
        labels = [
            LabelTerm(**{**term, "candidates": tuple(term["candidates"])})
            for term in content["labels"]
        ]
        return cls(**{**content, "path": path, "modalities": modalities, "labels": labels})

    def to_dict(self) -> dict[str, Any]:
        """Write the report in plain values, as ``--json`` prints it."""
        return {"name": self.name, "path": str(self.path), **self.content()}

    def content(self) -> dict[str, Any]:
        """Leave out name and place: what the manifest keeps of the report."""
        return {
            "n_cells": self.n_cells,
            "value_kind": self.value_kind,
            "modalities": {name: asdict(part) for name, part in self.modalities.items()},
            "labels": [
                {**asdict(term), "candidates": list(term.candidates)} for term in self.labels
            ],
            "left_out": self.left_out,
            "warnings": list(self.warnings),
            "dataset": self.dataset,
            "kind": self.kind,
            "matrix": self.matrix,
            "source_bytes": self.source_bytes,
            "shard_bytes": self.shard_bytes,
            "new_features": dict(self.new_features),
        }
