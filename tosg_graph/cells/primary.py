"""Cells that another data set holds too, as CELLxGENE marks them.

In CELLxGENE's schema ``is_primary_data`` is false for a cell that is another data set's own: the
same cell of the same donor was submitted twice. Such a cell is called a *copy* here. Cells whose
data set says nothing are taken for its own, as no other source marks copies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.language import And, Compare, Condition, Known, Not, Or

#: The column that tells copies: true, false, or null where a data set does not say.
PRIMARY = "is_primary_data"

#: The condition that leaves copies out, as a query spells it.
NO_COPIES: Condition = Or((Compare(PRIMARY, "=", "true"), Not(Known(PRIMARY))))


def without_copies(condition: Condition, columns: ObsColumns) -> Condition:
    """Leave copies out; where no data set says which they are, nothing changes."""
    return And((condition, NO_COPIES)) if marks_copies(columns) else condition


def marks_copies(columns: ObsColumns) -> bool:
    """Whether any data set of the store says which of its cells are copies."""
    return PRIMARY in columns.names and columns.is_number(PRIMARY)


def count_copies(columns: ObsColumns, mask: npt.NDArray[np.bool_]) -> int:
    """Count the copies among some cells."""
    if not marks_copies(columns):
        return 0
    told = columns.numbers(PRIMARY)
    copies = (told.values == 0) & mask
    if told.null is not None:
        copies &= ~told.null
    return int(np.count_nonzero(copies))


def copies_note(columns: ObsColumns, mask: npt.NDArray[np.bool_]) -> str | None:
    """Say how many of the chosen cells are copies, and how to leave them out."""
    copies = count_copies(columns, mask)
    if not copies:
        return None
    return (
        f"{copies:,} of {np.count_nonzero(mask):,} cells are copies ({PRIMARY} is false: another "
        f"data set holds them as its own); leave them out with --primary (primary=True), or in the "
        f"query: {NO_COPIES}"
    )
