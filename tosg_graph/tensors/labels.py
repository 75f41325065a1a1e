"""Names and label codes of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tosg_graph.cells.codes import as_words
from tosg_graph.cells.draws import TabledWeights
from tosg_graph.cells.label_codes import UNKNOWN, LabelCodes, label_codes_of, sorted_codes
from tosg_graph.cells.reader import CellStore
from tosg_graph.errors import UsageError
from tosg_graph.tensors.subgraph import Index


@dataclass(frozen=True, eq=False)
class CellLabels:
    """Names and label codes of cells.

    Parameters
    ----------
    read_ids
        Reads the names of cells by position.
    coded
        The codes, and the label values that they stand for.
    """

    read_ids: Callable[[Index], pa.Array] = field(repr=False)
    coded: LabelCodes

    @classmethod
    def of_store(cls, store: CellStore, label: str | None) -> CellLabels:
        """Read them from a store; None stands for the label column that the store was given.

        Raises
        ------
        UsageError
            If the store has no such column.
        """

        def read_ids(cells: Index) -> pa.Array:
            return store.take("cell_id", cells)

        column = store.label_column if label is None else label
        return cls(read_ids, label_codes_of(store, column))

    @property
    def names(self) -> tuple[str, ...]:
        """The label values, sorted."""
        return self.coded.names

    def ids_of(self, cells: Index) -> list[str]:
        """Names of cells by position."""
        return list(self.read_ids(cells).to_pylist())

    def balance(self, cells: npt.NDArray[Any] | None) -> TabledWeights:
        """Weights with which each label is drawn as often as any other, and unknown ones never.

        Parameters
        ----------
        cells
            Positions of the cells to draw from; None stands for all.

        Raises
        ------
        UsageError
            If no label is known.
        """
        chosen = self.coded if cells is None else LabelCodes(self.names, self.coded.codes[cells])
        sizes = chosen.sizes()
        if not sizes.any():
            raise UsageError(
                "class_balanced needs labels, and the label of no chosen cell is known; name a "
                "column with label="
            )
        table = np.append(1.0 / np.maximum(sizes, 1), 0.0)
        table[:-1][sizes == 0] = 0.0
        return TabledWeights(table, chosen.codes)


def label_codes(values: pa.Array | Sequence[str | None]) -> tuple[Index, tuple[str, ...]]:
    """Codes of labels (int64, −1 for an unknown one) and the sorted names that they stand for.

    Values that are no texts are taken as they would be written.
    """
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    found = sorted_codes(as_words(pa.chunked_array([array])))
    return found.of(slice(None)), found.names


__all__ = ["UNKNOWN", "CellLabels", "label_codes"]
