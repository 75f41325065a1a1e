"""The example that comes with the package: facts about some 220 genes, and simulated cells.

The files in :func:`data_folder` have the layouts of the public sources, so that the demo and the
tests run the real loaders on them. ``README.md`` beside them says what is taken from where.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["data_folder", "write_cells"]


def data_folder() -> Path:
    """Folder of the example's source files, as ``tosg build --data`` takes it."""
    return Path(__file__).resolve().parent / "data"


def write_cells(path: Path, *, seed: int = 0) -> Path:
    """Simulate blood cells and write them as an h5ad file.

    The cells stand for no person and no measurement: ``obs["simulated"]`` is true for each of them,
    their names start with ``SIMULATED``, and ``uns["note"]`` says so.

    Parameters
    ----------
    path
        File to write; replaced if it is there. Missing parent folders are made.
    seed
        Seed of every draw. The same seed gives the same file, byte for byte.

    Returns
    -------
    Path
        The path that was written. ``X`` holds counts (CSR, int32) of 600 cells × 227 features,
        ``obsm["ADT"]`` counts (int32) of 8 antibodies.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> write_cells(Path(mkdtemp()) / "cells.h5ad").name
    'cells.h5ad'
    """
    from tosg_graph.example.simulation import simulate

    path.parent.mkdir(parents=True, exist_ok=True)
    simulate(seed).write_h5ad(path)
    return path
