"""A version of a store whose features are joined to another graph build; no shard is touched.

Every data set keeps what its features are joined by: names as written, Ensembl ids, symbols. These
are asked of the new build, and the answers written beside the old ones. Places on the axis stay, as
shards speak of places. Two places that come to one node are added up on reading, as ever. Where the
data sets that share a place come to different nodes, their counts can no longer be told apart there
without converting anew: the place has no node then, and the report says so.

Memory: the tables of features, of one data set at a time beside the axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.build.tables import Build, write_parquet
from tosg_graph.cells.assembly import store_report
from tosg_graph.cells.axis import JOINED, of_modality, with_sums
from tosg_graph.cells.features import Found, Joining, feature_names, targets_of
from tosg_graph.cells.manifest import (
    MODALITIES,
    axis_file,
    checked_table,
    features_file,
    file_record,
    measured_file,
    measured_of,
    read_manifest,
)
from tosg_graph.cells.report import ModalityReport
from tosg_graph.cells.terms import Terms
from tosg_graph.cells.versions import commit_version, next_version, store_lock
from tosg_graph.errors import CellsError

_EXAMPLES = 10
_NAMES = ("modality", "index", "source_id", "name", "ensembl", "symbols")
_SUMS = ("total", "cells", "datasets")


@dataclass(frozen=True)
class JoinChange:
    """How the features of one modality were joined before and are joined now.

    Parameters
    ----------
    n_features
        Length of the axis.
    total
        Sum of all values; the same before and after.
    joined_before, joined_after
        Features with a graph id.
    total_before, total_after
        Sum of the values of these.
    gained, lost, moved
        Features that have a graph id now, have none any more, or have another one.
    apart
        Features, among those without a graph id, whose data sets come to different nodes: their
        data sets must be added again to be told apart.
    examples
        ``name: before → after`` of those with the largest sums.
    """

    n_features: int
    total: int | float
    joined_before: int
    joined_after: int
    total_before: int | float
    total_after: int | float
    gained: int
    lost: int
    moved: int
    apart: int
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rejoined:
    """What joining a store anew gave.

    Parameters
    ----------
    name, version
        The store, and the version that was made; the current one where there was nothing to do.
    before, after
        Ids of the builds.
    modalities
        Per modality what changed; empty where there was nothing to do.
    """

    name: str
    version: int
    before: str
    after: str
    modalities: dict[str, JoinChange] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Write it in plain values."""
        return asdict(self)


def rejoin(folder: Path, build: Build) -> Rejoined:
    """Make a version of a store whose features are joined to a graph build.

    The terms of its cells stay as they were written; they are looked up in the build that is
    current whenever cells are chosen.

    Raises
    ------
    CellsError
        If a table is damaged, the disk is full, or another process writes to the store; the store
        stays as it was.
    """
    with store_lock(folder):
        old = read_manifest(folder)
        if old["build_id"] == build.id:
            return Rejoined(old["name"], old["version"], build.id, build.id)
        new = next_version(folder, old, change=f"joined to build {build.id}")
        try:
            changes = _Rejoining(folder, old, new, build).run()
        except (OSError, pa.ArrowInvalid) as error:
            raise CellsError(
                f"{folder} could not be joined to build {build.id} ({error}); the store is "
                "unchanged. If the disk is full, make room and run it again; tosg cells verify "
                "finds damage"
            ) from error
        commit_version(folder, new)
    return Rejoined(old["name"], new["version"], old["build_id"], build.id, changes)


class _Rejoining:
    """One store on its way to another build; the new manifest is filled in."""

    def __init__(
        self, folder: Path, old: dict[str, Any], new: dict[str, Any], build: Build
    ) -> None:
        self._folder, self._old, self._new, self._build = folder, old, new, build
        self._joining = Joining(build)
        self._axis = checked_table(folder, axis_file(old), old["files"][axis_file(old)])
        #: Per modality its rows of the axis.
        self._rows: dict[str, pa.Table] = {
            modality: part
            for modality in MODALITIES
            if (part := of_modality(self._axis, modality)) is not None
        }
        #: Per modality and place the nodes that the names of data sets come to.
        self._nodes: dict[str, list[dict[str | None, Found]]] = {
            modality: [{} for _ in range(part.num_rows)] for modality, part in self._rows.items()
        }

    def run(self) -> dict[str, JoinChange]:
        """Write the tables and fill in the manifest; what changed per modality."""
        datasets, tables = [], []
        for dataset in self._old["datasets"]:
            entry, table = self._dataset(dataset)
            datasets.append(entry)
            tables.append(table.select(["modality", "index", "total", "cells"]))
        axis = self._with_sums(tables)
        file = features_file(self._new["version"])
        files = {k: v for k, v in self._old["files"].items() if k != axis_file(self._old)}
        files = {file: self._write(axis, file), **files}
        self._new |= {"build_id": self._build.id, "datasets": datasets, "files": files}
        self._new["report"] = store_report(self._new, axis)
        return {m: _change(rows, of_modality(axis, m)) for m, rows in self._rows.items()}

    def _dataset(self, dataset: dict[str, Any]) -> tuple[dict[str, Any], pa.Table]:
        """Join what a data set measured; its entry in the manifest, and the table."""
        old_file = measured_of(dataset)
        measured = checked_table(self._folder, old_file, dataset["files"][old_file])
        parts = list(self._joined(measured))
        table = pa.concat_tables(parts)
        file = measured_file(dataset["number"], version=self._new["version"])
        kept = {k: v for k, v in dataset["files"].items() if k != old_file}
        files = {**kept, file: self._write(table, file)}
        return {**dataset, "files": files, "report": self._report(dataset["report"], table)}, table

    def _joined(self, measured: pa.Table) -> Iterator[pa.Table]:
        for modality, nodes in self._nodes.items():
            part = of_modality(measured, modality)
            if part is None:
                continue
            joined = self._joining.table(_names(part))
            for place, found in zip(part["index"].to_pylist(), _found(joined), strict=True):
                nodes[place].setdefault(found.graph_id, found)
            yield joined.append_column("total", part["total"]).append_column("cells", part["cells"])

    def _report(self, report: dict[str, Any], table: pa.Table) -> dict[str, Any]:
        modalities = {
            modality: ModalityReport.of(
                table.filter(pc.equal(table["modality"], modality)), empty_cells=part["empty_cells"]
            ).to_dict()
            for modality, part in report["modalities"].items()
        }
        known = Terms.of(self._build).names
        labels = [{**t, "in_build": t["ontology_id"] in known} for t in report["labels"]]
        return {**report, "modalities": modalities, "labels": labels}

    def _with_sums(self, tables: list[pa.Table]) -> pa.Table:
        """Put the new axis together, and see that no count was lost."""
        axis = pa.concat_tables([self._part(modality) for modality in self._nodes])
        normalised = self._old["value_kind"] == "normalised"
        axis = with_sums(axis, tables, normalised=normalised)
        if any(not axis[name].equals(self._axis[name]) for name in _SUMS):
            raise CellsError(
                f"{self._folder}: the sums of features are not those of its data sets; the store "
                "is unchanged. See what is damaged: tosg cells verify"
            )
        return axis

    def _part(self, modality: str) -> pa.Table:
        """Rows of a modality with their nodes; what nobody measures any more goes by its name."""
        part, nodes = self._rows[modality], self._nodes[modality]
        if spare := [place for place, said in enumerate(nodes) if not said]:
            own = _found(self._joining.table(_names(part.take(spare))))
            for place, found in zip(spare, own, strict=True):
                nodes[place][found.graph_id] = found
        targets = targets_of([_agreed(said) for said in nodes])
        return pa.table({**{column: part[column] for column in JOINED}, **targets})

    def _write(self, table: pa.Table, file: str) -> dict[str, Any]:
        fresh = self._folder / f".new-{file.replace('/', '-')}"
        try:
            write_parquet(table, fresh)
            fresh.replace(self._folder / file)
        finally:
            fresh.unlink(missing_ok=True)
        return file_record(self._folder / file, rows=table.num_rows)


def _names(table: pa.Table) -> pa.Table:
    """What features are joined by; of a table without it, the name as written and the symbol."""
    if set(_NAMES) <= set(table.column_names):
        return table.select(_NAMES)
    frame = pd.DataFrame(
        {"symbol": table["name"].to_pylist()}, index=table["source_id"].to_pylist()
    )
    names = feature_names(frame, table["modality"][0].as_py())
    return names.set_column(1, "index", table["index"])


def _found(joined: pa.Table) -> list[Found]:
    columns = (joined[name].to_pylist() for name in ("mapping", "graph_id", "candidates"))
    return [Found(m, g, tuple(c or ())) for m, g, c in zip(*columns, strict=True)]


def _agreed(nodes: dict[str | None, Found]) -> Found:
    """The node of a place: that of the data sets whose names come to one, if it is the same."""
    told = [graph_id for graph_id in nodes if graph_id is not None]
    if len(told) > 1:
        return Found("ambiguous", None, tuple(sorted(told)))
    return nodes[told[0]] if told else nodes[None]


def _change(before: pa.Table, after: pa.Table) -> JoinChange:
    was, now = (_ids(table) for table in (before, after))
    totals = after["total"].to_numpy()
    had, has = was != "", now != ""
    moved = had & has & (was != now)
    several = pc.list_value_length(after["candidates"]).fill_null(0).to_numpy() > 1
    before_several = pc.list_value_length(before["candidates"]).fill_null(0).to_numpy() > 1
    changed = np.flatnonzero(was != now)
    first = changed[np.argsort(-totals[changed], kind="stable")][:_EXAMPLES]
    names = after["name"].to_pylist()
    return JoinChange(
        n_features=len(now),
        total=totals.sum().item(),
        joined_before=int(had.sum()),
        joined_after=int(has.sum()),
        total_before=totals[had].sum().item(),
        total_after=totals[has].sum().item(),
        gained=int((has & ~had).sum()),
        lost=int((had & ~has).sum()),
        moved=int(moved.sum()),
        apart=int((had & ~has & several & ~before_several).sum()),
        examples=[f"{names[i]}: {was[i] or 'none'} → {now[i] or 'none'}" for i in first],
    )


def _ids(table: pa.Table) -> Any:
    """Graph ids; an empty text where there is none."""
    return table["graph_id"].fill_null("").to_numpy().astype(str)
