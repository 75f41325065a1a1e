"""Names and label codes of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tosg_graph.cells.reader import CellStore
from tosg_graph.tensors.subgraph import Index

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class CellLabels:
    """Names and label codes of cells.

    Parameters
    ----------
    cell_ids
        Name of each cell.
    codes
        Place of each cell's label in ``names``, int64 [cells]; −1 where the label is not known.
    names
        The label values, sorted.
    """

    cell_ids: Sequence[str]
    codes: Index
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
        ids = store.values("cell_id").to_pylist()
        if column is None:
            return cls(ids, np.full(len(ids), UNKNOWN, dtype=np.int64), ())
        values = store.values(column).cast(pa.string()).to_pylist()
        return cls(ids, *label_codes(values))


def label_codes(values: Sequence[str | None]) -> tuple[Index, tuple[str, ...]]:
    """Codes of labels (int64, −1 for an unknown one) and the sorted names that they stand for."""
    names = tuple(sorted({value for value in values if value is not None}))
    code = {name: number for number, name in enumerate(names)}
    codes = [UNKNOWN if value is None else code[value] for value in values]
    return np.array(codes, dtype=np.int64), names
