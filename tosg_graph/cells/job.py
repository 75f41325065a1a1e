"""A conversion, cut into tasks that can run anywhere, in any order, more than once.

A job is a folder. ``job.json`` says what is to be done; the columns' places on the feature axis lie
beside it. A task reads its range of cells, writes its shards and sums into a folder of its own, and
moves that folder to ``tasks/000003`` in one step: a task whose folder is there is done, and one
that was cut off left nothing that counts. Whoever commits the job in the end takes the shards into
the store.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import numpy as np

from tosg_graph.cells.source import open_source
from tosg_graph.errors import CellsError
from tosg_graph.filing import write_json

if TYPE_CHECKING:
    from tosg_graph.cells.source import CellSource, Part
    from tosg_graph.cells.values import Sums

_Array = np.ndarray[Any, np.dtype[Any]]

JOB = "job.json"


@dataclass(frozen=True)
class SourceStamp:
    """Size and time of change of every file of a source, by which a change is noticed."""

    files: tuple[tuple[str, int, int], ...]

    @classmethod
    def of(cls, files: Sequence[Path]) -> Self:
        """Look at the files."""
        try:
            stats = [(str(path), path.stat()) for path in files]
        except FileNotFoundError as error:
            raise CellsError(f"{error.filename} disappeared while it was read") from error
        return cls(tuple((name, s.st_size, s.st_mtime_ns) for name, s in stats))

    def check(self) -> None:
        """Look again.

        Raises
        ------
        CellsError
            Naming the file that changed.
        """
        again = SourceStamp.of([Path(name) for name, _, _ in self.files])
        for before, after in zip(self.files, again.files, strict=True):
            if before != after:
                raise CellsError(f"{before[0]} changed while it was read; add it again")


@dataclass(frozen=True)
class Job:
    """A job on disk.

    Parameters
    ----------
    folder
        Its folder.
    content
        What ``job.json`` says: ``source`` (path, matrix, antibodies, files with size and time),
        ``annotation`` (file and checksum of the table that adds columns of cells, constants),
        ``normalised``, ``n_cells``, ``tasks`` (first and last cell of each), ``parts`` (per
        modality: length of the axis).
    """

    folder: Path
    content: dict[str, Any]

    @classmethod
    def open(cls, folder: Path | str) -> Self:
        """Open a job.

        Raises
        ------
        CellsError
            If there is none in the folder.
        """
        path = Path(folder) / JOB
        try:
            return cls(Path(folder), json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, json.JSONDecodeError) as error:
            raise CellsError(
                f"{folder} holds no conversion: {JOB} is missing or damaged; start it with "
                "tosg cells add"
            ) from error

    @property
    def tasks(self) -> range:
        """Numbers of the tasks."""
        return range(len(self.content["tasks"]))

    def done(self) -> list[int]:
        """Numbers of the tasks that are done."""
        return [number for number in self.tasks if self.task_folder(number).is_dir()]

    def task_folder(self, number: int) -> Path:
        """Where the result of a task is, or will be."""
        return self.folder / "tasks" / f"{number:06d}"

    def turned(self, modality: str) -> Path:
        """Where the matrix of a modality is turned, if it must be."""
        return self.folder / "turned" / modality

    @cached_property
    def stamp(self) -> SourceStamp:
        """The source's files as they were when the job was planned."""
        return SourceStamp(tuple(tuple(file) for file in self.content["source"]["files"]))

    def open_source(self) -> CellSource:
        """Open the source as it was when the job was planned."""
        asked = self.content["source"]
        return open_source(
            Path(asked["path"]), matrix=asked["matrix"], antibodies=asked["antibodies"]
        )

    def place(self, modality: str) -> _Array:
        """Place on the axis of each column of a matrix, or -1."""
        return np.asarray(np.load(self.folder / f"{modality}.place.npy"))

    def result(self, number: int) -> dict[str, Any]:
        """What a task gave: per modality its shard, if it has one, and its faults."""
        text = (self.task_folder(number) / "task.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    def sums(self, number: int, modality: str) -> Sums:
        """Sums over the range of a task."""
        from tosg_graph.cells.values import Sums

        with np.load(self.task_folder(number) / f"{modality}.npz") as found:
            return Sums(*(found[name] for name in ("totals", "detected", "feature", "cells")))


class Unfinished(Exception):
    """The tasks of a job run elsewhere; the same call, made when they are done, commits them.

    Parameters
    ----------
    job
        The job.
    words
        What to do next.
    """

    def __init__(self, job: Job, words: str) -> None:
        super().__init__(words)
        self.job = job


def plan_tasks(n_cells: int, shard_cells: int) -> list[tuple[int, int]]:
    """Cut cells into ranges, one per shard."""
    return [(a, min(a + shard_cells, n_cells)) for a in range(0, n_cells, shard_cells)]


def write_job(
    folder: Path, source: CellSource, parts: Sequence[Part], places: dict[str, _Array],
    widths: dict[str, int], *, antibodies: str | None, normalised: bool, shard_cells: int,
    stamp: SourceStamp, annotation: dict[str, Any],
) -> Job:  # fmt: skip
    """Write down a job, and turn the matrices that lie the wrong way round.

    Parameters
    ----------
    places
        Per modality the place of each of its features on the axis.
    widths
        Per modality the length of the axis.
    annotation
        Record of what was given beside the source
        (:attr:`tosg_graph.cells.annotation.Annotation.record`); the tasks need none of it.
    """
    tasks = plan_tasks(source.n_cells, shard_cells)
    for part in parts:
        columns = np.arange(part.matrix.shape[1]) if part.columns is None else part.columns
        place = np.full(part.matrix.shape[1], -1, np.int64)
        place[columns] = places[part.modality]
        if part.measured is not None:
            place[columns[~part.measured]] = -1
        np.save(folder / f"{part.modality}.place.npy", place)
    content = {
        "source": {
            "path": str(source.path.resolve()),
            "matrix": source.matrix,
            "antibodies": antibodies,
            "files": stamp.files,
        },
        "annotation": annotation,
        "normalised": normalised,
        "n_cells": source.n_cells,
        "tasks": tasks,
        "parts": {part.modality: widths[part.modality] for part in parts},
    }
    write_json(folder / JOB, content)
    job = Job.open(folder)
    (folder / "turned").mkdir(exist_ok=True)
    for part in parts:
        part.matrix.prepare(job.turned(part.modality), [first for first, _ in tasks])
    return job


def convert_task(folder: Path | str, number: int) -> int:
    """Do one task of a job; see :meth:`Converter.convert`."""
    with Converter(folder) as converter:
        return converter.convert(number)


class Converter:
    """Does tasks of a job, one after the other, with the source open all the while.

    Memory: see :mod:`tosg_graph.cells.matrix`; beside that, the tables of cells and features where
    the source must read them to give its matrix, 24 bytes per place on the axis and 12 per cell of
    the range.

    Parameters
    ----------
    folder
        The folder of the job.

    Raises
    ------
    CellsError
        If it holds no job.
    """

    def __init__(self, folder: Path | str) -> None:
        self.job = Job.open(folder)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @cached_property
    def _parts(self) -> list[Part]:
        return self._opened.enter_context(self.job.open_source()).parts()

    def convert(self, number: int) -> int:
        """Do a task, unless it is done; safe to run again and beside itself.

        Returns
        -------
        int
            The number of the task.

        Raises
        ------
        CellsError
            If there is no such task, or the source changed or cannot be read.
        """
        job = self.job
        if number not in job.tasks:
            raise CellsError(f"{job.folder} has no task {number}; it has 0 to {len(job.tasks) - 1}")
        target = job.task_folder(number)
        if target.is_dir():
            return number
        job.stamp.check()
        fresh = target.with_name(f".new-{target.name}-{uuid4().hex}")
        fresh.mkdir(parents=True)
        try:
            result = {part.modality: _convert(job, part, number, fresh) for part in self._parts}
            job.stamp.check()
            write_json(fresh / "task.json", result)
            with suppress(OSError):  # the task was done beside us: the same bytes are there
                fresh.rename(target)
        except OSError as error:
            raise CellsError(
                f"the store could not be written to {job.folder.parent} ({error}); nothing was "
                "kept. Make room and add the cells again"
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return number


def _convert(job: Job, part: Part, number: int, folder: Path) -> dict[str, Any]:
    """Check and write the cells of one modality."""
    from tosg_graph.cells.shards import ShardWriter
    from tosg_graph.cells.values import Sums, ValueCheck

    first, last = job.content["tasks"][number]
    normalised, width = job.content["normalised"], job.content["parts"][part.modality]
    sums = Sums.zero(last - first, width, normalised=normalised)
    check = ValueCheck(job.place(part.modality), sums, normalised, first)
    writer = ShardWriter(folder / f"{part.modality}.arrow", width, normalised=normalised)
    try:
        for raw in part.matrix.rows(first, last, job.turned(part.modality)):
            block = check.clean(raw)
            if not check.failed:
                writer.append(block)
        record = writer.finish()
    finally:
        with suppress(OSError):  # the disk may be full: what was raised first counts
            writer.close()
    np.savez(
        folder / f"{part.modality}.npz",
        totals=sums.totals, detected=sums.detected,
        feature=sums.feature_totals, cells=sums.feature_cells,
    )  # fmt: skip
    return {"shard": None if check.failed else record, **check.record()}
