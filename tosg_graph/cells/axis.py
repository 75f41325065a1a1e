"""The feature axis of a store: what its data sets measured, joined by graph id.

Places on the axis are never given up nor moved, so that shards stay as they were written: a data
set that brings new features makes the axis longer. Which places a data set measured is kept beside
it; elsewhere on the axis it says nothing, which is not zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.manifest import MODALITIES

_Array = np.ndarray[Any, np.dtype[Any]]

#: Columns that the axis takes from the first data set that has a feature.
JOINED = ("modality", "index", "source_id", "name", "graph_id", "mapping", "candidates")


def places(axis: pa.Table | None, features: pa.Table) -> _Array:
    """Find the place of each feature of a data set on the axis of its modality.

    A feature takes the place of the same graph id: the one with the same name as written, where
    several have that id, else the first that is free; features without a graph id go by their name
    as written. What finds no place gets one after the end, in order.

    Parameters
    ----------
    axis
        The axis so far, of this modality; None for a new store.
    features
        The joined features of a data set (:func:`tosg_graph.cells.features.join_features`).

    Returns
    -------
    numpy.ndarray
        int64, one per feature; no place occurs twice.
    """
    if axis is None:
        return np.arange(features.num_rows)
    free: dict[tuple[str, str], list[int]] = defaultdict(list)
    names = _keys(axis)
    for place, (key, name) in enumerate(names):
        free[key].append(place)
        free[("as written", f"{key}{name}")].append(place)
    found = np.full(features.num_rows, -1, np.int64)
    taken: set[int] = set()
    wanted = _keys(features)
    for exact in (True, False):
        for number, (key, name) in enumerate(wanted):
            if found[number] < 0:
                chosen = free[("as written", f"{key}{name}") if exact else key]
                place = next((p for p in chosen if p not in taken), -1)
                if place >= 0:
                    found[number] = place
                    taken.add(place)
    new = found < 0
    found[new] = axis.num_rows + np.arange(np.count_nonzero(new))
    return found


def _keys(features: pa.Table) -> list[tuple[tuple[str, str], str]]:
    """What a feature is joined by, and its name as written."""
    ids, names = (features[name].to_pylist() for name in ("graph_id", "source_id"))
    return [
        (("id", graph_id) if graph_id else ("name", name), name)
        for graph_id, name in zip(ids, names, strict=True)
    ]


def extended(axis: pa.Table | None, features: pa.Table, place: _Array) -> pa.Table:
    """Lengthen the axis of a modality by the features that had no place; sums are zero."""
    size = 0 if axis is None else axis.num_rows
    order = np.argsort(place, kind="stable")
    new = features.take(pa.array(order[place[order] >= size]))
    new = new.set_column(
        new.schema.get_field_index("index"), "index", pa.array(np.arange(size, size + len(new)))
    ).select(JOINED)
    return new if axis is None else pa.concat_tables([axis.select(JOINED), new])


def with_sums(axis: pa.Table, measured: Sequence[pa.Table], *, normalised: bool) -> pa.Table:
    """Add the sums over data sets to an axis: ``total``, ``cells`` and ``datasets``.

    Parameters
    ----------
    axis
        The axis of all modalities.
    measured
        Per data set what it measured: ``modality, index, total, cells``.
    """
    totals = np.zeros(axis.num_rows, np.float64 if normalised else np.int64)
    cells, datasets = np.zeros((2, axis.num_rows), np.int64)
    starts = modality_starts(axis)
    for table in measured:
        for modality, start in starts.items():
            part = table.filter(pc.equal(table["modality"], modality))
            at = start + part["index"].to_numpy()
            totals[at] += part["total"].to_numpy()
            cells[at] += part["cells"].to_numpy()
            datasets[at] += 1
    for name, values in (("total", totals), ("cells", cells), ("datasets", datasets)):
        axis = axis.append_column(name, pa.array(values))
    return axis


def modality_starts(axis: pa.Table) -> dict[str, int]:
    """Row at which each modality begins."""
    found = axis["modality"].to_numpy(zero_copy_only=False)
    return {m: int(np.flatnonzero(found == m)[0]) for m in MODALITIES if m in set(found)}


def of_modality(axis: pa.Table | None, modality: str) -> pa.Table | None:
    """Rows of one modality, or None where there are none."""
    if axis is None:
        return None
    part = axis.filter(pc.equal(axis["modality"], modality))
    return part if part.num_rows else None
