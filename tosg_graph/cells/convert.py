"""From a source of cells into a store: planned, cut into tasks, committed in one step.

Memory: besides the bound of :func:`tosg_graph.cells.job.convert_task`, the tables of cells and
features (obs, var) and the sums per cell are in memory; matrices never are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

import tosg_graph
from tosg_graph.build.tables import Build
from tosg_graph.cells.annotation import Annotation
from tosg_graph.cells.axis import of_modality, places
from tosg_graph.cells.commit import Addition, commit
from tosg_graph.cells.digest import SourceDigest
from tosg_graph.cells.executors import Executor, Processes
from tosg_graph.cells.features import join_features
from tosg_graph.cells.job import JOB, Job, SourceStamp, Unfinished, write_job
from tosg_graph.cells.job_folder import (
    clear,
    committed,
    finished,
    job_folder,
    jobs,
    locked,
    taken,
    target_of,
)
from tosg_graph.cells.manifest import STORE_NAME, axis_file, check_file
from tosg_graph.cells.obs import check_column
from tosg_graph.cells.options import Options, SourceOptions
from tosg_graph.cells.report import CellReport
from tosg_graph.cells.source import CellSource, Part, open_source
from tosg_graph.cells.values import refuse_faults
from tosg_graph.errors import CellsError, UsageError

if TYPE_CHECKING:
    from tosg_graph.cells.reader import CellStore

_Progress = Callable[[str], None]
_Array = np.ndarray[Any, np.dtype[Any]]


def add_cells(
    source: Path,
    folder: Path,
    *,
    name: str,
    build: Build,
    append: bool = False,
    replace: bool = False,
    executor: Executor | None = None,
    progress: _Progress | None = None,
    **said: Unpack[SourceOptions],
) -> CellReport:
    """Convert a source of cells into the store ``folder/name``, joined to a graph build.

    A conversion that fails leaves nothing behind, and a store of that name as it was. One that was
    killed goes on where it stopped when the same call is made again.

    Parameters
    ----------
    source, folder, name
        The file or folder of cells (:func:`tosg_graph.cells.source.open_source`), the folder of all
        cell stores, the store's name (letters, digits, ``._-``).
    build
        The graph build that features and labels are joined to.
    append, replace, executor, progress
        See :class:`tosg_graph.cells.options.AddOptions`.
    said
        See :class:`tosg_graph.cells.options.SourceOptions`.

    Raises
    ------
    UsageError
        If the name is none, or is taken, or an option is out of range.
    CellsError
        If the source is not what it should be; the message says where and what to do.
    Unfinished
        If the executor leaves the tasks to others.
    """
    options = Options.of(said)
    target = target_of(folder, name, append=append, replace=replace)
    executor = executor or Processes()
    executor.get_ready()
    with ExitStack() as stack:
        opened = stack.enter_context(
            open_source(
                Path(source),
                matrix=options.matrix,
                antibodies=options.antibodies,
                counts=not options.normalised,
            )
        )
        stack.enter_context(locked(target))
        conversion = _Conversion(opened, target, build, options, progress or (lambda _: None))
        return conversion.run(executor, append=append, replace=replace)


#: The name that :func:`add_cells` had when it took h5ad files only.
add_h5ad = add_cells


class _Conversion:
    """One source on its way into a store."""

    def __init__(
        self, source: CellSource, target: Path, build: Build, options: Options, say: _Progress
    ) -> None:
        self._source, self._target, self._build, self._say = source, target, build, say
        self._options = _with_defaults(options, source)
        self._annotation = Annotation.of(options.obs, options.constants)
        self._name = options.dataset_name or _dataset_name(source.path)
        self._base: dict[str, Any] | None = None
        self._axis: pa.Table | None = None

    def run(self, executor: Executor, *, append: bool, replace: bool) -> CellReport:
        """Plan, do the tasks, commit."""
        if append:
            self._open_base()
        stamp = SourceStamp.of(self._source.files())
        parts = self._source.parts()
        self._check_columns()
        _ = self._source.cells  # names are checked before anything is written
        with SourceDigest(self._source) as digest, ExitStack() as stack:
            joined = {part.modality: self._join(part) for part in parts}
            place = {m: places(of_modality(self._axis, m), table) for m, table in joined.items()}
            key = self._key(stamp, place, append)
            folder = stack.enter_context(job_folder(self._target, key))
            if done := self._done_before(folder):
                return done
            job = self._plan(folder, parts, place, stamp)
            self._say(f"{len(job.done()):,} of {len(job.tasks):,} ranges of cells are done")
            if words := executor.run(job, self._say):
                raise Unfinished(job, words)
            self._check_values(job, parts)
            stamp.check()
            addition = self._addition(job, joined, place, digest.result())
            if not append and self._target.exists() and not replace:  # somebody was faster
                taken(self._target.name)
            return commit(addition, self._target)

    @cached_property
    def _obs(self) -> pd.DataFrame:
        """The table of cells, with the columns that were given beside the source."""
        if not self._annotation.record:
            return self._source.obs
        source = self._source
        obs, notes = self._annotation.join(source.obs, source.cells, source.path)
        source.notes += notes
        return obs

    def _open_base(self) -> None:
        """Read the store that is appended to, and check that the cells fit it."""
        from tosg_graph.cells.reader import CellStore

        store = CellStore.open(self._target)
        file = axis_file(store.manifest)
        check_file(store.folder, file, store.manifest["files"][file])
        self._base, self._axis = store.manifest, store.axis
        if store.build_id != self._build.id:
            raise CellsError(
                f"the store {store.name!r} is joined to build {store.build_id}, the current one is "
                f"{self._build.id}; join the store to it first: tosg cells rejoin {store.name}"
            )
        kind = "normalised" if self._options.normalised else "counts"
        if store.value_kind != kind:
            raise CellsError(f"the store {store.name!r} holds {store.value_kind}, not {kind}")
        self._check_name(store)

    def _check_name(self, store: CellStore) -> None:
        if self._name in store.dataset_names and not any(map(committed, jobs(self._target))):
            raise UsageError(
                f"the store {store.name!r} has a data set {self._name!r} already; say another name "
                "(--dataset-name) or remove that one first"
            )

    def _check_columns(self) -> None:
        asked = {
            "label": self._options.label,
            "donor": self._options.donor,
            "data set": self._options.dataset,
        }
        obs = self._obs
        for what, column in asked.items():
            if column is not None:
                check_column(obs, column, self._source.path, what)

    def _join(self, part: Part) -> pa.Table:
        self._say(f"{part.modality}: joining {len(part.features):,} features")
        return join_features(part.features, part.modality, self._build)

    def _key(self, stamp: SourceStamp, place: dict[str, _Array], append: bool) -> str:
        """Name the job after all that decides what it makes."""
        said = self._options.given() | {"obs": None, "constants": self._annotation.record}
        said["label_map"] = str(self._options.label_map)
        parts = {m: hashlib.sha256(found.tobytes()).hexdigest() for m, found in place.items()}
        content = [stamp.files, said, self._build.id, parts, append, self._name]
        text = json.dumps([*content, tosg_graph.__version__], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _done_before(self, folder: Path) -> CellReport | None:
        """Report of a job that was killed after its commit, before it was cleared away."""
        if not committed(folder):
            if self._base is None and self._target.exists() and finished(self._target):
                taken(self._target.name)
            return None
        plan = json.loads((folder / "commit.json").read_text(encoding="utf-8"))
        in_place = not (folder / "store").exists()
        if self._base is not None:
            in_place = _holds(self._base, plan["manifest"]["datasets"][-1])
            if not in_place and plan["base"] != self._base["version"]:
                # some of its shards may be in the store by now, where the next prune finds them
                self._say("the store has another version by now; the cells are converted anew")
                clear(folder)
                folder.mkdir()
        return CellReport.of(plan["report"], self._target) if in_place else None

    def _plan(
        self, folder: Path, parts: list[Part], place: dict[str, _Array], stamp: SourceStamp
    ) -> Job:
        if (folder / JOB).exists():
            return Job.open(folder)
        axis = {part.modality: of_modality(self._axis, part.modality) for part in parts}
        widths = {
            m: max(len(found) and int(found.max()) + 1, 0 if (a := axis[m]) is None else a.num_rows)
            for m, found in place.items()
        }
        return write_job(
            folder, self._source, parts, place, widths,
            antibodies=self._options.antibodies, normalised=self._options.normalised,
            shard_cells=self._options.shard_cells, stamp=stamp, annotation=self._annotation.record,
        )  # fmt: skip

    def _check_values(self, job: Job, parts: list[Part]) -> None:
        """Refuse the source if any task saw a wrong value, with all that the tasks saw."""
        results = [job.result(number) for number in job.tasks]
        for part in parts:
            columns = range(part.matrix.shape[1]) if part.columns is None else part.columns
            names = dict(zip(map(int, columns), part.features.index, strict=True))
            refuse_faults(
                [result[part.modality] for result in results],
                part.where,
                lambda cell: self._source.cells[cell],
                lambda column, names=names: str(names[column]),  # type: ignore[misc]
                elsewhere=self._source.other_matrices(),
            )

    def _addition(
        self, job: Job, joined: dict[str, pa.Table], place: dict[str, _Array], digest: str
    ) -> Addition:
        return Addition(
            job=job,
            source=self._source,
            obs=self._obs,
            name=self._name,
            joined=joined,
            place=place,
            base=self._base,
            axis=self._axis,
            build=self._build,
            options=self._options,
            sha256=digest,
        )


def _holds(manifest: dict[str, Any], dataset: dict[str, Any]) -> bool:
    """Whether a version has a data set; numbers of data sets are never given twice."""
    wanted = dataset["number"], dataset["name"]
    return wanted in [(found["number"], found["name"]) for found in manifest["datasets"]]


def _with_defaults(options: Options, source: CellSource) -> Options:
    """Fill in the columns that the kind of source names."""
    return Options(**{**source.default_columns(), **options.given()})


def _dataset_name(path: Path) -> str:
    """Name of a data set after its file: what may not stand in a name becomes ``-``."""
    stem = path.stem if path.is_file() else path.name.removesuffix(".zarr")
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem)
    return kept if STORE_NAME.match(kept) else f"cells-{kept}"
