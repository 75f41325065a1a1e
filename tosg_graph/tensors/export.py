"""Write a subgraph, with the counts of cells on it, as a folder that training can read.

The folder holds Arrow files, safetensors files and a manifest, no pickles; ``docs/tensors.md``
tells what is in each. :func:`load_export` reads it, here or on a machine without the graph.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import tosg_graph
from tosg_graph.build.tables import Build
from tosg_graph.cells.diagnostics import Thresholds
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import Cohort
from tosg_graph.errors import ExportError, UsageError
from tosg_graph.filing import commit_folder, folder_beside, write_json, writing
from tosg_graph.tensors.exported_cells import CellWriter, SplitOptions
from tosg_graph.tensors.extras import require
from tosg_graph.tensors.hetero import EDGE_ATTR_NAMES, Topology
from tosg_graph.tensors.layout import (
    ATTRIBUTION,
    FORMAT,
    FORMAT_VERSION,
    MANIFEST,
    TOPOLOGY,
    edge_file,
    edge_key,
    file_record,
    node_file,
    write_arrays,
    write_arrow,
)
from tosg_graph.tensors.loaded import Export, load_export
from tosg_graph.tensors.splits import (
    DEFAULT_FRACTIONS,
)
from tosg_graph.tensors.subgraph import Subgraph
from tosg_graph.tensors.text import DEFAULT_DIMS, Embedder, TfidfSvd, text_vectors

__all__ = ["Export", "load_export", "write_export"]

_PACKAGES = ("numpy", "pyarrow", "safetensors", "scikit-learn", "scipy", "torch", "torch_geometric")


def write_export(
    folder: Path | str,
    *,
    build: Build,
    subgraph: Subgraph,
    store: CellStore | None = None,
    cells: npt.NDArray[np.integer[Any]] | Cohort | None = None,
    label: str | None = None,
    split: str | None = None,
    fractions: Mapping[str, float] = DEFAULT_FRACTIONS,
    text_dims: int = DEFAULT_DIMS,
    embedder: Embedder | None = None,
    seed: int = 0,
    overwrite: bool = False,
    thresholds: Thresholds | None = None,
) -> Export:
    """Write an export folder and open it. A failure leaves the folder as it was.

    The counts are held in memory in sparse form while they are written.

    Parameters
    ----------
    folder
        Where to; it must not exist yet, or be empty.
    build
        The build that the subgraph was taken from.
    subgraph
        The nodes and edges.
    store
        Cells whose counts to write too.
    cells
        Positions of the cells in the store, or a cohort of it; None stands for all.
    label
        Column of ``obs`` to predict; None stands for the store's label column.
    split
        ``auto`` (by donor where donors are known, else by label), ``donor``, ``study``, ``label``,
        or None for no split.
    fractions
        Shares of the parts of the split.
    text_dims
        Length of the text vectors; 0 leaves them out.
    embedder
        Turns texts into vectors; None stands for ``TfidfSvd(text_dims, seed)``.
    seed
        Seed of the text vectors and of the split.
    overwrite
        Whether an export that is there may be replaced.
    thresholds
        Those of the diagnostics in the manifest; None stands for the default ones.

    Raises
    ------
    UsageError
        If the folder is taken, the subgraph is of another build, or an option is wrong.
    ExportError
        If it cannot be written, as where the disk is full; nothing of it is kept.
    MissingExtra
        If safetensors, or scikit-learn for the text vectors, is not installed.
    """
    folder = Path(folder)
    _check_free(folder, overwrite=overwrite)
    query = cells.query if isinstance(cells, Cohort) else None
    cells = _positions(cells, store)
    _check_options(build, subgraph, store, cells=cells, split=split)
    manifest = _manifest(build, subgraph, seed)
    with writing(folder, ExportError), folder_beside(folder) as temporary:
        chosen = (embedder or TfidfSvd(text_dims, seed)) if text_dims or embedder else None
        _write_graph(temporary, build, subgraph, chosen, manifest)
        if store is not None:
            wanted = np.arange(store.n_cells) if cells is None else np.asarray(cells, np.int64)
            writer = CellWriter(temporary, store, subgraph, wanted, thresholds)
            how = None if split is None else SplitOptions(split, fractions, seed)
            manifest["cells"] = {**writer.write(label, how), "query": query}
        _finish(temporary, build, manifest)
        commit_folder(temporary, folder)
    return load_export(folder)


def _check_free(folder: Path, *, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not _is_export(folder):
        raise UsageError(f"{folder} exists and is no export; it is left as it is: name another")
    if not overwrite:
        raise UsageError(f"{folder} holds an export already; name another, or pass overwrite=True")


def _is_export(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def _positions(cells: Any, store: CellStore | None) -> Any:
    """Positions of the cells of a cohort; positions as they are."""
    if not isinstance(cells, Cohort):
        return cells
    if store is not None and cells.store.hash != store.hash:
        raise UsageError(f"the cohort is of the store {cells.store.name!r}, not of {store.name!r}")
    return cells.cells


def _check_options(
    build: Build, subgraph: Subgraph, store: CellStore | None, *, cells: Any, split: str | None
) -> None:
    require("safetensors.numpy")
    if build.id != subgraph.build_id:
        raise UsageError(
            f"the subgraph was taken from the build {subgraph.build_id}, not from {build.id}"
        )
    if split not in (None, "auto", "donor", "study", "label"):
        raise UsageError(f"split={split!r} found; expected auto, donor, study, label or None")
    if store is None and (cells is not None or split is not None):
        raise UsageError("cells and split belong to a cell store; pass store as well")
    if cells is not None and len(cells) == 0:
        raise UsageError("cells is empty: no cell is chosen; None stands for all")


def _manifest(build: Build, subgraph: Subgraph, seed: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "build_id": build.id,
        "schema_version": build.manifest.get("schema_version"),
        "use": build.manifest.get("use"),
        "selection": dict(subgraph.selection),
        "seed": seed,
        "nodes": {
            label: {"rows": table.num_rows, "id_sha256": subgraph.id_hashes[label]}
            for label, table in subgraph.nodes.items()
        },
        "edges": [
            {"source": a, "type": name, "target": b, "rows": len(edges)}
            for (a, name, b), edges in subgraph.edges.items()
        ],
        "edge_attr_names": list(EDGE_ATTR_NAMES),
        "text": None,
        "cells": None,
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "tosg-graph": tosg_graph.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _write_graph(
    folder: Path,
    build: Build,
    subgraph: Subgraph,
    embedder: Embedder | None,
    manifest: dict[str, Any],
) -> None:
    text = None
    if embedder is not None:
        text = text_vectors(build, subgraph, embedder=embedder)
        dims = next(iter(text.values())).shape[1]
        manifest["text"] = {"embedder": _described(embedder), "dims": dims}
    for label, table in subgraph.nodes.items():
        numbers = pa.array(np.arange(table.num_rows, dtype=np.int64))
        write_arrow(table.add_column(0, "index", numbers), folder / node_file(label))
    for triplet, edges in subgraph.edges.items():
        write_arrow(edges.table, folder / edge_file(triplet))
    write_arrays(folder / TOPOLOGY, _topology_arrays(Topology.of(subgraph, text=text)))


def _described(embedder: Embedder) -> str:
    """Name an embedder, without the address in memory that some representations have."""
    shown = repr(embedder)
    name = getattr(embedder, "__qualname__", type(embedder).__qualname__)
    return name if " at 0x" in shown else shown


def _topology_arrays(topology: Topology) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {}
    for triplet, edge_index in topology.edge_index.items():
        arrays[edge_key(triplet, "edge_index")] = edge_index
        arrays[edge_key(triplet, "edge_attr")] = topology.edge_attr[triplet]
    for label, vectors in topology.x_text.items():
        arrays[f"{label}/x_text"] = np.ascontiguousarray(vectors)
    return arrays


def _finish(folder: Path, build: Build, manifest: dict[str, Any]) -> None:
    """Copy the attribution, hash every file, and write the manifest last."""
    attribution = build.path / ATTRIBUTION
    if attribution.is_file():
        shutil.copyfile(attribution, folder / ATTRIBUTION)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest["files"] = {str(p.relative_to(folder).as_posix()): file_record(p) for p in files}
    write_json(folder / MANIFEST, manifest)
