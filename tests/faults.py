"""Scripts in processes of their own, for what a process cannot survive: to be killed, a full disk.

A server that has imported the package forks them, so that one costs milliseconds and not the
seconds of an interpreter that imports pandas, Arrow and numba.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

_PRELOADED = (
    "pandas",
    "anndata",
    "numba",
    "tosg_graph.build.assemble",
    "tosg_graph.cells.convert",
    "tosg_graph.cells.gather",
    "tosg_graph.cells.rejoin",
    "tosg_graph.cells.tiers",
    "tosg_graph.graph.embedded",
)
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*_PRELOADED])


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes; the system refuses as where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def apart(script: str, *arguments: Any) -> CompletedProcess[str]:
    """Run a script in a process of its own, as ``python -c SCRIPT ARGUMENTS`` would.

    A script that limits its files does so by :func:`full_disk` or by the soft limit alone.

    Returns
    -------
    CompletedProcess
        A negative ``returncode`` is the signal that killed it.
    """
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory(prefix="apart-") as name:
        said = [Path(name) / stream for stream in ("stdout", "stderr")]
        process = _processes.Process(target=_run, args=(script, words, [str(p) for p in said]))
        process.start()
        process.join()
        stdout, stderr = (p.read_text() if p.exists() else "" for p in said)
    assert process.exitcode is not None
    return CompletedProcess(["-c", *words], process.exitcode, stdout, stderr)


def _run(script: str, words: list[str], said: list[str]) -> None:
    for number, path in enumerate(said, 1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["-c", *words]
    try:
        exec(compile(script, "script", "exec"), {"__name__": "__main__"})
    finally:  # a script that filled the disk must be able to say so
        soft = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, soft))
