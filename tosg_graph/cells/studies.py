"""The study of each cell: what its source says, else the data set that it was added as."""

from __future__ import annotations

import numpy as np

from tosg_graph.cells.codes import Words
from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.fields import DATASET
from tosg_graph.cells.obs_union import DATA_SET

#: How people ask for it.
STUDY = "study"


def study_words(columns: ObsColumns) -> Words:
    """Read the study of each cell.

    A data set that says it of no cell is a study itself: tumours that were added as one file and
    healthy tissue as another differ by all that the two laboratories do. Where a data set says it
    of some cells only, the study of the others is not known.
    """
    added = columns.words(DATA_SET)
    name = next((n for n in (STUDY, DATASET) if n in columns.names), None)
    if name is None:
        return added
    told = columns.values_of(name)
    known = np.bincount(added.codes[told.codes >= 0], minlength=len(added.values))
    silent = np.flatnonzero(known == 0)
    if not len(silent):
        return told
    values = list(dict.fromkeys([*told.values, *(added.values[at] for at in silent)]))
    place = {value: at for at, value in enumerate(values)}
    of_set = np.full(len(added.values), -1, np.int32)
    of_set[silent] = [place[added.values[at]] for at in silent]
    codes = np.where(told.codes < 0, of_set[added.codes], told.codes)
    return Words(tuple(values), codes.astype(np.int32))
