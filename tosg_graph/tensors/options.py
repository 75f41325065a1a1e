"""Options of loaders, and what is wrong with them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.audit import Audit
from tosg_graph.cells.draws import Weights
from tosg_graph.cells.reader import CellStore
from tosg_graph.cells.selection import Cohort
from tosg_graph.errors import UsageError
from tosg_graph.tensors.dataset import NORMALISATIONS
from tosg_graph.tensors.subgraph import Index, Subgraph


class LoaderOptions(TypedDict, total=False):
    """Options of every loader; :class:`BatchLoader` tells what they mean and their defaults."""

    batch_size: int
    cells: npt.NDArray[Any] | Sequence[int] | None
    order: str
    block_size: int
    window: int
    weights: Weights | None
    draws: int | None
    drop_last: bool
    seed: int
    rank: int
    world_size: int
    normalise: str
    layout: str
    threads: int
    workers: int
    worker_options: Mapping[str, Any] | None
    audit: Audit | None


def check_names(given: Mapping[str, Any], *own: str) -> None:
    """Refuse an option that a loader does not have, with the name that comes nearest."""
    known = sorted({*own, *LoaderOptions.__optional_keys__})
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise UsageError(f"no option is called {name!r}; {hint}expected: {', '.join(known)}")


def check_one_of(name: str, value: str, known: Collection[str]) -> None:
    """Refuse a value that is not among the known ones."""
    if value not in known:
        raise UsageError(f"{name}={value!r} found; expected one of {', '.join(known)}")


def check_normalisation(normalise: str, value_kind: str) -> None:
    """Refuse to normalise what is normalised."""
    check_one_of("normalise", normalise, NORMALISATIONS)
    if normalise == "log1p_10k" and value_kind != "counts":
        raise UsageError(
            f"the cells hold {value_kind} values, which {normalise!r} must not change again; "
            "pass normalise='none'"
        )


def check_audit(audit: Audit | None, n_cells: int, of: str | None) -> None:
    """Refuse the account of other cells."""
    if audit is None or (audit.n_cells, audit.of) == (n_cells, of or audit.of):
        return
    raise UsageError(
        f"the audit is one of {audit.n_cells:,} cells of {audit.of!r}; Audit({n_cells}, of={of!r}) "
        "expected: the number of cells and the hash of what the loader reads"
    )


def check_store(store: Any, subgraph: Any, targets: Sequence[str] | None) -> None:
    """Refuse names in the place of a store or a subgraph, and no targets at all."""
    if not isinstance(store, CellStore):
        raise UsageError(
            f"{store!r} found in the place of the cell store; an open one expected: "
            "ws.cells(name), or ws.cell_loader(name, subgraph) in the place of CellLoader"
        )
    if not isinstance(subgraph, Subgraph):
        raise UsageError(f"{subgraph!r} found; a Subgraph expected, as ws.subgraph(…) gives it")
    if targets is not None and not len(targets):
        raise UsageError("targets=[] found; one label at least expected, or None for the default")


def cells_of(cohort: Any, store: CellStore, cells: Any) -> Index:
    """Positions of a cohort that is of this store, has cells, and stands alone."""
    if not isinstance(cohort, Cohort):
        raise UsageError(
            f"cohort={cohort!r} found; a cohort expected: cohort=ws.cohort({store.name!r}, query), "
            "or a part of ws.split(…)"
        )
    if cells is not None:
        raise UsageError("cohort and cells are both given; one of them chooses the cells")
    if cohort.store.hash != store.hash:
        raise UsageError(f"the cohort is of the store {cohort.store.name!r}, not of {store.name!r}")
    if not cohort.n_cells:
        raise UsageError(f"the cohort has no cell: {cohort.query}")
    return cohort.cells


def positions(cells: Any, n_cells: int) -> Index | int:
    """Positions that ``cells`` names, as a list or a mask; their number where all are meant."""
    if cells is None:
        return n_cells
    found = np.asarray(cells)
    if found.dtype == bool and found.shape == (n_cells,):
        found = np.flatnonzero(found)
    if found.ndim != 1 or found.size == 0 or found.dtype.kind not in "iu":
        raise UsageError(
            f"cells of shape {found.shape} and type {found.dtype} found; a list of at least one "
            f"position, or a mask of {n_cells} booleans, expected"
        )
    if found.min() < 0 or found.max() >= n_cells:
        raise UsageError(
            f"cells {found.min()} to {found.max()} asked for; there are 0 to {n_cells - 1}"
        )
    return found
