"""Who does the tasks of a conversion: this process, several, a SLURM array or a Dask cluster.

All of them go through :class:`tosg_graph.cells.job.Converter`; the store that results is the same,
byte for byte.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, Protocol

from tosg_graph.cells.extras import require
from tosg_graph.cells.job import Converter, convert_task
from tosg_graph.errors import CellsError

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

    from tosg_graph.cells.job import Job

_Progress = Callable[[str], None]

#: How often a task may take its process with it before it is given up.
_ATTEMPTS = 3


class Executor(Protocol):
    """Does the tasks of a job that are not done."""

    def get_ready(self) -> None:
        """Begin what takes a while, before it is known what the tasks are; default: nothing."""
        return

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


@dataclass(frozen=True)
class Processes(Executor):
    """The process that asks, and others on this machine.

    The others are forked from a server that has done nothing but import what they need: they
    inherit no thread or lock, and begin at once. One that is killed loses nothing but its task,
    which is done again.

    Parameters
    ----------
    number
        How many, the one that asks among them.
    """

    number: int = 1

    def get_ready(self) -> None:
        """Start the server, where others will be needed; it imports while the source is opened."""
        if self.number > 1:
            _others().set_forkserver_preload(["tosg_graph.cells.forked"])
            forkserver.ensure_running()

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
        open_tasks = deque(_open_tasks(job))
        others = min(self.number, len(open_tasks)) - 1
        with ExitStack() as stack:
            converter = stack.enter_context(Converter(job.folder))
            waiting = list[Future[None]]()
            if others > 0:
                from tosg_graph.cells import forked

                pool = stack.enter_context(
                    ProcessPoolExecutor(others, _others(), forked.begin, (str(job.folder),))
                )
                threads = stack.enter_context(ThreadPoolExecutor(others))

                def there(number: int) -> None:
                    pool.submit(forked.convert, number).result()

                waiting += [threads.submit(_do, open_tasks, there) for _ in range(others)]

            def here(number: int) -> None:
                converter.convert(number)
                say(_how_far(job))

            _do(open_tasks, here)
            for other in as_completed(waiting):
                other.result()
                say(_how_far(job))


def _do(open_tasks: deque[int], convert: Callable[[int], object]) -> None:
    """Do tasks as long as there are any; whoever fails leaves none to the others."""
    try:
        for number in _taken(open_tasks):
            convert(number)
    except BaseException:
        open_tasks.clear()
        raise


def _taken(open_tasks: deque[int]) -> Iterator[int]:
    """Take one after the other, beside others who do."""
    with suppress(IndexError):
        while True:
            yield open_tasks.popleft()


def _how_far(job: Job) -> str:
    """Say how many cells are done."""
    ranges = job.content["tasks"]
    done = sum(last - first for first, last in map(ranges.__getitem__, job.done()))
    return f"{done:,} of {job.content['n_cells']:,} cells"


def _others() -> ForkServerContext:
    return multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Dask(Executor):
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
                say(_how_far(job))
        except dask.KilledWorker as error:
            raise CellsError(f"the Dask cluster lost too many workers: {error}") from error


@dataclass(frozen=True)
class Slurm(Executor):
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
