"""From finished tasks to a version of a store: tables, files in their places, manifest."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import tosg_graph
from tosg_graph.build.tables import Build, write_parquet
from tosg_graph.cells.assembly import assemble, store_report
from tosg_graph.cells.axis import extended, of_modality, with_sums
from tosg_graph.cells.fields import DATASET, DATASET_COLUMNS, DONOR
from tosg_graph.cells.job import Job
from tosg_graph.cells.labels import LabelTerm, label_terms
from tosg_graph.cells.manifest import (
    MODALITIES,
    checked_table,
    features_file,
    file_record,
    measured_file,
    measured_of,
    obs_file,
    write_manifest,
)
from tosg_graph.cells.metadata import standardise
from tosg_graph.cells.obs import ObsTable, donor_ids, ontology_column, paired_terms, total_names
from tosg_graph.cells.obs_union import DATA_SET
from tosg_graph.cells.options import Options
from tosg_graph.cells.report import CellReport, ModalityReport
from tosg_graph.cells.source import CellSource
from tosg_graph.cells.values import Sums
from tosg_graph.cells.versions import commit_version, next_number, next_version
from tosg_graph.errors import CellsError
from tosg_graph.filing import commit_folder, write_json

_Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Addition:
    """A data set whose tasks are done, ready to be committed.

    Parameters
    ----------
    job, source
        The job, and the source that it read.
    obs
        The table of cells, with the columns that were given beside the source.
    name
        What the data set is called.
    joined
        Per modality its features, joined to the graph.
    place
        Per modality the place of each feature on the axis.
    base, axis
        Manifest and axis of the store that is appended to; None for a new one.
    build
        The graph build.
    options
        What was said about the source, and what the source says itself.
    sha256
        Checksum of the source.
    """

    job: Job
    source: CellSource
    obs: pd.DataFrame
    name: str
    joined: dict[str, pa.Table]
    place: dict[str, _Array]
    base: dict[str, Any] | None
    axis: pa.Table | None
    build: Build
    options: Options
    sha256: str

    @cached_property
    def value_kind(self) -> str:
        """``counts`` or ``normalised``."""
        return "normalised" if self.job.content["normalised"] else "counts"

    @cached_property
    def sums(self) -> dict[str, Sums]:
        """Per modality the sums over all cells."""
        return {
            modality: Sums.joined(self.job.sums(number, modality) for number in self.job.tasks)
            for modality in self.joined
        }

    @cached_property
    def measured(self) -> dict[str, pa.Table]:
        """Per modality the features that were measured: place, names, sums over the data set."""
        found = {}
        for modality, table in self.joined.items():
            at, sums = self.place[modality], self.sums[modality]
            table = table.set_column(table.schema.get_field_index("index"), "index", pa.array(at))
            for name, values in (("total", sums.feature_totals), ("cells", sums.feature_cells)):
                table = table.append_column(name, pa.array(values[at]))
            taken = np.unique(self.job.place(modality))
            found[modality] = table.filter(pa.array(np.isin(at, taken)))
        return found

    @cached_property
    def new_axis(self) -> pa.Table:
        """The axis with the features of this data set."""
        parts = []
        for modality in MODALITIES:
            old = of_modality(self.axis, modality)
            if modality in self.joined:
                parts.append(extended(old, self.joined[modality], self.place[modality]))
            elif old is not None:
                parts.append(old.select(parts[0].column_names if parts else old.column_names[:7]))
        return pa.concat_tables(parts)


def commit(addition: Addition, target: Path) -> CellReport:
    """Make the data set part of a store, in one step.

    May be called again after a kill: what is to go where is written down first, and a file that is
    in its place already is left there.
    """
    job, append = addition.job, addition.base is not None
    root = target if append else job.folder / "store"
    plan_file = job.folder / "commit.json"
    if plan_file.exists():
        plan = json.loads(plan_file.read_text(encoding="utf-8"))
    else:
        root.mkdir(exist_ok=True)  # first: a job with a plan and no such folder is committed
        plan = _plan(addition, root, target)
        write_json(plan_file, plan)
    for source, place in plan["moves"]:
        _move(job.folder / source, root / place)
    if append:
        commit_version(root, plan["manifest"])
    else:
        write_manifest(root, plan["manifest"])
        commit_folder(root, target)
    return CellReport.of(plan["report"], target)


def _move(source: Path, place: Path) -> None:
    if source.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, place)
    elif not place.exists():
        raise CellsError(f"{source} and {place} are both missing; add the cells again")


def _plan(addition: Addition, root: Path, target: Path) -> dict[str, Any]:
    """Write the tables beside the shards, and say where everything goes and what it makes."""
    job = addition.job
    number = next_number(root, "obs")
    version = _version(addition, root)
    obs, terms = _obs(addition)
    study = _study_column(addition)
    table, metadata = standardise(
        obs.table(),
        addition.build,
        label=addition.options.label,
        study=None if study is None else obs.kept_as(study),
        data_set=addition.name if addition.options.dataset is None else None,
    )
    obs.warnings += metadata.warnings
    dataset, moves = _dataset(addition, number, table)
    shards, shard_moves = _shards(addition, root, number)
    manifest = assemble(
        {"name": target.name, "value_kind": addition.value_kind, "build_id": addition.build.id},
        base=addition.base,
        datasets=[*(addition.base or {}).get("datasets", []), dataset],
        shards=shards,
        label=(addition.base or {}).get("label_column") or addition.options.label,
        widths={m: t.num_rows for m in MODALITIES if (t := of_modality(addition.new_axis, m))},
    )
    report = _report(addition, target, obs, terms)
    dataset["report"] = report.content()
    manifest = {**manifest, **version}
    measured = [_measured(addition, root, d, number) for d in manifest["datasets"]]
    features = with_sums(
        addition.new_axis, measured, normalised=addition.value_kind == "normalised"
    )
    path = job.folder / "features.parquet"
    write_parquet(features, path)
    file = features_file(manifest["version"])
    manifest["files"] = {file: file_record(path, rows=features.num_rows)}
    manifest["report"] = store_report(manifest, features)
    return {
        "base": None if addition.base is None else addition.base["version"],
        "moves": [*shard_moves, *moves, ("features.parquet", file)],
        "manifest": manifest,
        "report": {"name": target.name, **report.content()},
    }


def _version(addition: Addition, root: Path) -> dict[str, Any]:
    change = f"added {addition.name}"
    if addition.base is None:
        return {"version": 1, "change": change, "tool_version": tosg_graph.__version__}
    made = next_version(root, addition.base, change=change)
    return {key: made[key] for key in ("version", "change", "tool_version")}


def _measured(addition: Addition, root: Path, dataset: dict[str, Any], new: int) -> pa.Table:
    if dataset["number"] == new:
        return pq.read_table(addition.job.folder / "measured.parquet")
    file = measured_of(dataset)
    return checked_table(root, file, dataset["files"][file])


def _dataset(
    addition: Addition, number: int, obs: pa.Table
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Write the tables of the data set; its entry in the manifest, and where they go."""
    tables = {"obs": obs, "measured": pa.concat_tables(addition.measured.values())}
    names = {"obs": obs_file(number), "measured": measured_file(number)}
    files, moves = {}, []
    for what, table in tables.items():
        path = addition.job.folder / f"{what}.parquet"
        write_parquet(table, path)
        files[names[what]] = file_record(path, rows=table.num_rows)
        moves.append((path.name, names[what]))
    source = addition.source
    entry = {
        "number": number,
        "name": addition.name,
        "n_cells": obs.num_rows,
        "source": {
            "file": source.path.name,
            "kind": source.kind,
            "bytes": sum(size for _, size, _ in addition.job.stamp.files),
            "sha256": addition.sha256,
            "matrix": source.matrix,
            "antibodies": addition.job.content["source"]["antibodies"],
            **addition.job.content["annotation"],
        },
        "files": files,
    }
    return entry, moves


def _shards(
    addition: Addition, root: Path, dataset: int
) -> tuple[dict[str, list[dict[str, Any]]], list[tuple[str, str]]]:
    """Records of the new shards per modality, and where the files go."""
    shards: dict[str, list[dict[str, Any]]] = {}
    moves = []
    for modality in addition.joined:
        first = next_number(root, modality)
        for number in addition.job.tasks:
            record = addition.job.result(number)[modality]["shard"]
            file = f"{modality}/{first + number:06d}.arrow"
            source = addition.job.task_folder(number) / f"{modality}.arrow"
            moves.append((source.relative_to(addition.job.folder).as_posix(), file))
            shards.setdefault(modality, []).append({**record, "file": file, "dataset": dataset})
    return shards, moves


def _study_column(addition: Addition) -> str | None:
    """Column of the source with the study of each cell: the one named, else one that is known."""
    said = addition.options.dataset
    return said or DATASET_COLUMNS.column_in(map(str, addition.obs.columns))


def _obs(addition: Addition) -> tuple[ObsTable, list[LabelTerm]]:
    """Make the table of cells, with the terms of the labels, the donors and the sums."""
    source, said, terms = addition.source, addition.options, list[LabelTerm]()
    frame, label = addition.obs, said.label
    base_label = (addition.base or {}).get("label_column")
    renamed = label if label and base_label not in (None, label, *frame.columns) else None
    from_file = paired_terms(frame, label) if label else {}
    if renamed:
        frame, label = frame.rename(columns={renamed: base_label}), base_label
    totals = [column for modality in addition.joined for column in total_names(modality)]
    ours = [ontology_column(label)] if label else []
    if said.dataset not in (None, DATASET):
        ours.append(DATASET)
    obs = ObsTable(source.cells, [DONOR, DATA_SET, *totals, *ours])
    if renamed:
        obs.warnings.append(f"obs column {renamed!r} is kept as {label!r}, the store's label")
    obs.add_frame(frame, as_text=[label] if label else [])
    if label:
        kept = obs.kept_as(label)
        terms = label_terms(
            obs.labels(kept), addition.build, label_map=said.label_map, from_file=from_file
        )
        obs.add_terms(kept, ontology_column(label), terms)
    donors = donor_ids(
        addition.obs, said.donor, source=addition.name, dataset=_study_column(addition)
    )
    obs.add_strings(DONOR, donors)
    for modality, sums in addition.sums.items():
        for column, values in zip(total_names(modality), (sums.totals, sums.detected), strict=True):
            obs.add_numbers(column, values)
    return obs, terms


def _report(addition: Addition, target: Path, obs: ObsTable, terms: list[LabelTerm]) -> CellReport:
    shard_bytes = sum(
        part["shard"]["bytes"]
        for number in addition.job.tasks
        for part in addition.job.result(number).values()
    )
    return CellReport(
        name=target.name,
        path=target,
        n_cells=addition.job.content["n_cells"],
        value_kind=addition.value_kind,
        modalities={
            modality: ModalityReport.of(
                table, empty_cells=int(np.count_nonzero(addition.sums[modality].detected == 0))
            )
            for modality, table in addition.measured.items()
        },
        labels=terms,
        left_out=addition.source.left_out,
        warnings=[*addition.source.notes, *obs.warnings],
        dataset=addition.name,
        kind=addition.source.kind,
        matrix=addition.source.matrix,
        source_bytes=sum(size for _, size, _ in addition.job.stamp.files),
        shard_bytes=shard_bytes,
        new_features={
            modality: int(np.count_nonzero(place >= _width(addition.axis, modality)))
            for modality, place in addition.place.items()
        },
    )


def _width(axis: pa.Table | None, modality: str) -> int:
    part = of_modality(axis, modality)
    return 0 if part is None else part.num_rows
