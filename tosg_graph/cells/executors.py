"""Who does the tasks of a conversion: this process, several, a SLURM array or a Dask cluster.

All of them go through :class:`tosg_graph.cells.job.Converter`; the store that results is the same,
byte for byte.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tosg_graph.cells.extras import require
from tosg_graph.cells.job import Converter, convert_task
from tosg_graph.errors import CellsError

if TYPE_CHECKING:
    from tosg_graph.cells.job import Job

_Progress = Callable[[str], None]

#: How often a task may take its process with it before it is given up.
_ATTEMPTS = 3


class Executor(Protocol):
    """Does the tasks of a job that are not done."""

    def run(self, job: Job, say: _Progress) -> str | None:
        """Do the tasks.

        Parameters
        ----------
        say
            Called with a line now and then.

        Returns
        -------
        str or None
            None when all are done; what to do next where they run elsewhere.
        """
        ...


def _open_tasks(job: Job) -> list[int]:
    done = set(job.done())
    return [number for number in job.tasks if number not in done]


class InProcess:
    """One task after the other, here."""

    def run(self, job: Job, say: _Progress) -> str | None:
        """Do the tasks; see :class:`Executor`."""
        with Converter(job.folder) as converter:
            for number in _open_tasks(job):
                converter.convert(number)
                _, last = job.content["tasks"][number]
                say(f"{last:,} of {job.content['n_cells']:,} cells")
        return None


@dataclass(frozen=True)
class Processes:
    """Several processes on this machine, started anew: no thread or lock is inherited.

    A process that is killed loses nothing but its task, which another one does again.

    Parameters
    ----------
    number
        How many.
    """

    number: int

    def run(self, job: Job, say: _Progress) -> str | None:
        """Do the tasks; see :class:`Executor`.

        Raises
        ------
        CellsError
            If processes die again and again.
        """
        for _ in range(_ATTEMPTS):
            try:
                self._run(job, say)
            except BrokenProcessPool:
                say("a process died; its tasks are done again")
            else:
                return None
        raise CellsError(
            f"{_ATTEMPTS} times a process of the conversion died, at one of the tasks "
            f"{_open_tasks(job)[: self.number]}; is memory short? Fewer processes or smaller "
            "shards need less"
        )

    def _run(self, job: Job, say: _Progress) -> None:
        context = multiprocessing.get_context("spawn")
        folder = (str(job.folder),)
        with ProcessPoolExecutor(self.number, context, _begin, folder) as pool:
            futures = [pool.submit(_convert, number) for number in _open_tasks(job)]
            try:
                for future in as_completed(futures):
                    future.result()
                    say(f"{len(job.done()):,} of {len(job.tasks):,} ranges of cells")
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise


#: In a process of a pool: does the tasks of its job, whose source stays open until it ends.
_converter: Converter | None = None


def _begin(folder: str) -> None:
    global _converter
    _converter = Converter(folder)


def _convert(number: int) -> int:
    assert _converter is not None  # the pool began with it
    return _converter.convert(number)


@dataclass(frozen=True)
class Dask:
    """A Dask cluster of any kind; its workers see the same files under the same paths.

    Parameters
    ----------
    address
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    """

    address: str

    def run(self, job: Job, say: _Progress) -> str | None:
        """Do the tasks; see :class:`Executor`.

        Raises
        ------
        MissingExtra
            If Dask is not installed.
        CellsError
            If the cluster cannot be reached, or keeps losing workers.
        """
        dask = require("distributed", "dask")
        try:
            client = dask.Client(self.address, timeout=30)
        except OSError as error:
            raise CellsError(f"no Dask cluster answers at {self.address}: {error}") from error
        with client:
            self._run(dask, client, job, say)
        return None

    def _run(self, dask: Any, client: Any, job: Job, say: _Progress) -> None:
        numbers = _open_tasks(job)
        futures = client.map(
            convert_task, [str(job.folder)] * len(numbers), numbers, pure=False, retries=_ATTEMPTS
        )
        try:
            for future in dask.as_completed(futures):
                future.result()
                say(f"{len(job.done()):,} of {len(job.tasks):,} ranges of cells")
        except dask.KilledWorker as error:
            raise CellsError(f"the Dask cluster lost too many workers: {error}") from error


@dataclass(frozen=True)
class Slurm:
    """A SLURM array: scripts are written, which the user submits.

    Parameters
    ----------
    again
        The command that commits the job when its tasks are done: the one that was called. It runs
        where it was called, wherever the scripts are submitted: its paths may be relative.
    at_most
        Tasks that run at the same time.
    options
        Further options of ``sbatch``, such as ``--partition=short``.
    """

    again: tuple[str, ...]
    at_most: int = 100
    options: tuple[str, ...] = ()

    def run(self, job: Job, say: _Progress) -> str | None:
        """Write the scripts, unless all tasks are done; see :class:`Executor`."""
        numbers = _open_tasks(job)
        if not numbers:
            return None
        array, script = job.folder / "tasks.sbatch", job.folder / "submit.sh"
        array.write_text(self._array(job, numbers), encoding="utf-8")
        script.write_text(self._submit(job), encoding="utf-8")
        return (
            f"{len(numbers):,} tasks wait for SLURM. Submit them, and what commits them, with: "
            f"sh {shlex.quote(str(script))}"
        )

    def _array(self, job: Job, numbers: list[int]) -> str:
        """An array over the places of the open tasks; the place's line says which task it is."""
        listed = job.folder / "tasks.txt"
        listed.write_text("".join(f"{number}\n" for number in numbers), encoding="utf-8")
        command = [sys.executable, "-m", "tosg_graph.cli", "cells", "convert-task"]
        lines = [
            "#!/bin/sh",
            "#SBATCH --job-name=tosg-cells",
            f"#SBATCH --array=1-{len(numbers)}%{self.at_most}",
            "#SBATCH --cpus-per-task=1",
            "#SBATCH --mem=2G",
            *(f"#SBATCH {option}" for option in self.options),
            "set -e",
            f'number=$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {shlex.quote(str(listed))})',
            f'{shlex.join(command)} {shlex.quote(str(job.folder))} "$number"',
        ]
        return "\n".join(lines) + "\n"

    def _submit(self, job: Job) -> str:
        array = shlex.quote(str(job.folder / "tasks.sbatch"))
        again = shlex.quote(f"cd {shlex.quote(os.getcwd())} && {shlex.join(self.again)}")
        lines = [
            "#!/bin/sh",
            "set -e",
            f"id=$(sbatch --parsable {array})",
            f'sbatch --dependency="afterok:${{id%%;*}}" --mem=8G --job-name=tosg-commit '
            f"{shlex.join(self.options)} --wrap={again}".rstrip(),
        ]
        return "\n".join(lines) + "\n"
