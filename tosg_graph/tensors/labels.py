"""Names and label codes of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.cells.reader import CellStore
from tosg_graph.tensors.subgraph import Index

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class CellLabels:
    """Names and label codes of cells.

    Parameters
    ----------
    read_ids
        Reads the name of every cell; called when names are first asked for.
    codes
        Place of each cell's label in ``names``, int64 [cells]; −1 where the label is not known.
    names
        The label values, sorted.
    """

    read_ids: Callable[[], pa.Array] = field(repr=False)
    codes: Index = field(repr=False)
    names: tuple[str, ...]

    @classmethod
    def of_store(cls, store: CellStore, label: str | None) -> CellLabels:
        """Read them from a store; None stands for the label column that the store was given.

        Raises
        ------
        UsageError
            If the store has no such column.
        """
        column = store.label_column if label is None else label

        def read_ids() -> pa.Array:
            return store.values("cell_id")

        if column is None:
            return cls(read_ids, np.full(store.n_cells, UNKNOWN, dtype=np.int64), ())
        return cls(read_ids, *label_codes(store.values(column)))

    @cached_property
    def _ids(self) -> pa.Array:
        return self.read_ids()

    def ids_of(self, cells: Index) -> list[str]:
        """Names of cells by position."""
        return list(self._ids.take(pa.array(cells)).to_pylist())


def label_codes(values: pa.Array | Sequence[str | None]) -> tuple[Index, tuple[str, ...]]:
    """Codes of labels (int64, −1 for an unknown one) and the sorted names that they stand for.

    Values that are no texts are taken as they would be written.
    """
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    coded = array if pa.types.is_dictionary(array.type) else pc.dictionary_encode(array)
    written = coded.dictionary.cast(pa.string()).to_pylist()
    used = set(pc.unique(coded.indices).to_pylist())
    names = tuple(sorted({n for i, n in enumerate(written) if i in used and n is not None}))
    place = {name: number for number, name in enumerate(names)}
    codes = np.array([place.get(name, UNKNOWN) for name in written] + [UNKNOWN], dtype=np.int64)
    indices = pc.fill_null(coded.indices.cast(pa.int64()), len(written))
    return codes[indices.to_numpy()], names
