"""Are they counts? Every value of a matrix is looked at before it enters a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from tosg_graph.errors import CellsError

_Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass
class Fault:
    """One way in which values are wrong: how many, and the first of them."""

    what: str
    found: int = 0
    example: str = ""


def _faults() -> dict[str, Fault]:
    return {
        "not_finite": Fault("are NaN or infinite"),
        "negative": Fault("are negative"),
        "fractional": Fault("are not integers"),
    }


@dataclass
class ValueCheck:
    """Counts the wrong values of a matrix over all its blocks.

    Parameters
    ----------
    where
        File and path inside it.
    cells, features
        Names, for the example in the message.
    normalised
        Whether values that are not integers are welcome.
    """

    where: str
    cells: Sequence[str]
    features: Sequence[str]
    normalised: bool = False
    seen: int = 0
    faults: dict[str, Fault] = field(default_factory=_faults)

    def clean(self, block: csr_matrix, first_cell: int) -> csr_matrix | None:
        """Check a block and put it in order; None once a wrong value was seen.

        The result has sorted, unique indices and no zeros; values that a file lists twice for one
        cell and feature are added up. Counts are int64, normalised values float64.
        """
        self.seen += int(np.count_nonzero(block.data))
        self._look(block, first_cell)
        if self.failed:
            return None
        block.data = block.data.astype(np.float64 if self.normalised else np.int64)
        block.sum_duplicates()
        if not block.data.all():
            block.eliminate_zeros()
        return block

    @property
    def failed(self) -> bool:
        """Whether a wrong value was seen."""
        return any(fault.found for fault in self.faults.values())

    def _look(self, block: csr_matrix, first_cell: int) -> None:
        values = block.data
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            self._note("not_finite", ~finite, block, first_cell)
            if not self.normalised:
                whole = np.where(finite, np.rint(values) == values, True)
                self._note("fractional", ~whole, block, first_cell)
        if values.dtype.kind in "if":
            self._note("negative", values < 0, block, first_cell)

    def _note(self, fault: str, wrong: _Mask, block: csr_matrix, first_cell: int) -> None:
        number = int(np.count_nonzero(wrong))
        if not number:
            return
        kept = self.faults[fault]
        if not kept.found:
            at = int(wrong.argmax())
            row = int(np.searchsorted(block.indptr, at, side="right")) - 1
            kept.example = (
                f"{block.data[at].item()!r} for {self.features[int(block.indices[at])]} "
                f"in cell {self.cells[first_cell + row]}"
            )
        kept.found += number

    def finish(self, *, elsewhere: Sequence[str] = ()) -> None:
        """Refuse the matrix if it holds a wrong value.

        Parameters
        ----------
        elsewhere
            Other matrices of the file that may hold the counts.

        Raises
        ------
        CellsError
            With how many of how many values are wrong, an example, and what to do.
        """
        if not self.failed:
            return
        found = "; ".join(
            f"{fault.found:,} of {self.seen:,} values {fault.what}, for example {fault.example}"
            for fault in self.faults.values()
            if fault.found
        )
        raise CellsError(f"{self.where}: {found}. {self._advice(elsewhere)}")

    def _advice(self, elsewhere: Sequence[str]) -> str:
        if self.faults["not_finite"].found or self.faults["negative"].found:
            advice = "Such values are never stored: add the file with its raw counts"
        else:
            advice = (
                "Counts were expected: add the file with its raw counts or, to keep the values as "
                "they are, say that they are normalised (normalised=True, --normalised)"
            )
        if elsewhere:
            advice += f". The file also has {', '.join(elsewhere)}, which may hold them (matrix=…)"
        return advice
