"""Are they counts? Every value of a matrix is looked at before it enters a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from tosg_graph.cells.room import room
from tosg_graph.errors import CellsError

_Array = np.ndarray[Any, np.dtype[Any]]

#: The ways in which values are wrong, in the order of :mod:`tosg_graph.cells.clean`.
_FAULTS = (
    "are NaN or infinite",
    "are negative",
    "are not integers",
    "are too large (a count, with what is listed twice for its cell and feature added up, is at "
    "most 4,294,967,295; a normalised value 3.4e38)",
)


@dataclass
class Fault:
    """One way in which values are wrong: how many, and the first of them.

    Parameters
    ----------
    found
        How many there are.
    value
        The first, as text.
    cell, column
        Its position among the cells and among the columns of the matrix.
    """

    found: int = 0
    value: str = ""
    cell: int = -1
    column: int = -1


@dataclass
class Sums:
    """Sums over a range of cells of one modality; c cells, f places on the feature axis.

    Parameters
    ----------
    totals, detected
        Per cell: sum of its values (int64; float64 in a normalised store), number of its features.
    feature_totals, feature_cells
        Per place: sum of the values, number of cells that have any.
    """

    totals: _Array
    detected: _Array
    feature_totals: _Array
    feature_cells: _Array

    @classmethod
    def zero(cls, cells: int, features: int, *, normalised: bool) -> Sums:
        """Start with zeros."""
        kind = np.float64 if normalised else np.int64
        return cls(
            np.zeros(cells, kind),
            np.zeros(cells, np.int32),
            np.zeros(features, kind),
            np.zeros(features, np.int64),
        )

    @classmethod
    def joined(cls, parts: Iterable[Sums]) -> Sums:
        """Put the sums of one range of cells after the other, one part in memory at a time."""
        totals, detected = [], []
        of_feature: list[Any] = [0, 0]
        for part in parts:
            totals.append(part.totals)
            detected.append(part.detected)
            more = part.feature_totals, part.feature_cells
            of_feature = [a + b for a, b in zip(of_feature, more, strict=True)]
        return cls(np.concatenate(totals), np.concatenate(detected), *of_feature)


@dataclass
class ValueCheck:
    """Checks blocks of a matrix, puts them on the feature axis, and adds up what they hold.

    Parameters
    ----------
    place
        int64 [columns of the matrix]: place of each column on the axis, or -1 to leave it out.
    sums
        Sums of the range of cells that the blocks cover, in order.
    normalised
        Whether values that are not integers are welcome.
    first_cell
        Position of the first cell of the range.
    """

    place: _Array
    sums: Sums
    normalised: bool = False
    first_cell: int = 0
    seen: int = 0
    faults: list[Fault] = field(default_factory=lambda: [Fault() for _ in _FAULTS])
    _done: int = 0

    def clean(self, block: csr_matrix) -> csr_matrix:
        """Check the next block and put it in order.

        The result has sorted, unique indices on the feature axis and no zeros. Counts are int64,
        normalised values 32-bit floats. Where :attr:`failed` is true it means nothing.
        """
        from tosg_graph.cells.clean import clean_rows
        from tosg_graph.cells.matrix import raw_block

        rows, sums = block.shape[0], self.sums
        part = slice(self._done, self._done + rows)
        width = len(sums.feature_totals)
        indptr = np.empty(rows + 1, np.int64)
        indices = room(len(block.data), np.int32 if width < 2**31 else np.int64)
        data = room(len(block.data), np.float32 if self.normalised else np.int64)
        found = np.zeros((len(_FAULTS), 3), np.int64)
        self.seen += clean_rows(
            block.indptr, block.indices, block.data, self.place, self.normalised,
            indptr, indices, data, sums.totals[part], sums.detected[part],
            sums.feature_totals, sums.feature_cells, found,
        )  # fmt: skip
        self._note(block, found)
        self._done += rows
        kept = int(indptr[-1])
        return raw_block(data[:kept], indices[:kept], indptr, width)

    @property
    def failed(self) -> bool:
        """Whether a wrong value was seen."""
        return any(fault.found for fault in self.faults)

    def record(self) -> dict[str, Any]:
        """Give what was seen as plain values."""
        return {"seen": self.seen, "faults": [asdict(fault) for fault in self.faults]}

    def _note(self, block: csr_matrix, found: _Array) -> None:
        for fault, (number, row, at) in zip(self.faults, found.tolist(), strict=True):
            if number and not fault.found:
                fault.value = repr(block.data[at].item())
                fault.cell = self.first_cell + self._done + row
                fault.column = int(block.indices[at])
            fault.found += number


def refuse_faults(
    records: Iterable[dict[str, Any]], where: str, cell: Callable[[int], str],
    feature: Callable[[int], str], *, elsewhere: Sequence[str] = (),
) -> None:  # fmt: skip
    """Refuse a matrix if it holds a wrong value.

    Parameters
    ----------
    records
        What each range of cells gave (:meth:`ValueCheck.record`), in order.
    where
        File and path inside it.
    cell, feature
        Name of a cell and of a column by position.
    elsewhere
        Other matrices of the file that may hold the counts.

    Raises
    ------
    CellsError
        With how many of how many values are wrong, an example, and what to do.
    """
    kept = list(records)
    seen = sum(record["seen"] for record in kept)
    words, wrong = list[str](), list[bool]()
    for kind, what in enumerate(_FAULTS):
        faults = [Fault(**record["faults"][kind]) for record in kept]
        number = sum(fault.found for fault in faults)
        wrong.append(number > 0)
        if number:
            one = next(fault for fault in faults if fault.found)
            example = f"{one.value} for {feature(one.column)} in cell {cell(one.cell)}"
            words.append(f"{number:,} of {seen:,} values {what}, for example {example}")
    if words:
        advice = _advice(elsewhere, never=wrong[0] or wrong[1] or wrong[3])
        raise CellsError(f"{where}: {'; '.join(words)}. {advice}")


def _advice(elsewhere: Sequence[str], *, never: bool) -> str:
    if never:
        advice = "Such values are never stored: add the file with its raw counts"
    else:
        advice = (
            "Counts were expected: add the file with its raw counts or, to keep the values as "
            "they are, say that they are normalised (normalised=True, --normalised)"
        )
    if elsewhere:
        advice += f". The file also has {', '.join(elsewhere)}, which may hold them (matrix=…)"
    return advice
