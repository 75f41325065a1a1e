"""Names by which people ask for columns of cells: of fields first, then of what files wrote."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from tosg_graph.cells.columns import ObsColumns
from tosg_graph.cells.fields import (
    AGE,
    AGE_COLUMNS,
    BEFORE_BIRTH,
    DATASET,
    DATASET_COLUMNS,
    DONOR,
    FIELD,
)
from tosg_graph.cells.obs import ontology_column
from tosg_graph.errors import UsageError

#: Other names of fields. They mean the field in every store, even if a file has a column that is
#: called so: such a column has what one file wrote, and the field what is known of all cells.
FIELD_NAMES = {
    "age": AGE,
    "development_stage": "stage",
    "donor": DONOR,
    "gender": "sex",
    "organ": "tissue",
    "study": DATASET,
    "technology": "assay",
}
#: Other names of columns, for people; a column that is really called so goes first.
ALIASES = {
    **FIELD_NAMES,
    "assay_id": ontology_column("assay"),
    "cells": "cell_type",
    "celltype": "cell_type",
}
#: Before the name of a column: what a file wrote there, where the name alone means a field.
SOURCE = "source_"


def column_named(columns: ObsColumns, name: str) -> str:
    """Find the column that a name means: a field, by whatever name, goes first.

    ``source_donor`` is the column that a file calls ``donor``, a name that means the field.

    Raises
    ------
    UsageError
        If there is none, with those that come near.
    """
    known, label = columns.names, columns.store.label_column
    if name == label and name in known:
        return name
    plain = name.casefold()
    meant = label if plain == "label" else FIELD_NAMES.get(plain)
    if meant in known:
        return str(meant)
    if name in known:
        return name
    folded = {column.casefold(): column for column in known}
    for other in (ALIASES.get(plain), folded.get(plain), name.removeprefix(SOURCE)):
        if other in known:
            return str(other)
    raise _no_column(columns, name, folded)


def _no_column(columns: ObsColumns, name: str, folded: Mapping[str, str]) -> UsageError:
    """Say that there is no column of a name, and why, or which ones come near."""
    store, known = columns.store, columns.names
    said = f"the cells of {store.name!r} have no column {name!r}"
    listed = f"Columns: {', '.join(known)}"
    if why := _why_absent(ALIASES.get(name.casefold(), name.casefold()), store.label_column):
        return UsageError(f"{said}: {why}. {listed}")
    names = {**{n: n for n in ALIASES if ALIASES[n] in known}, **folded}
    near = get_close_matches(name.casefold(), names, n=3, cutoff=0.6)
    shown = ", ".join(dict.fromkeys(folded.get(ALIASES.get(n, n), n) for n in near))
    return UsageError(f"{said}{f'; did you mean {shown}?' if near else '.'} {listed}")


def _why_absent(field: str, label: str | None) -> str | None:
    """Why the cells of a store do not have a field; None for what is none."""
    if field == "label":
        return "no label column was named when the cells were added (--label)"
    fields = {**FIELD, AGE: AGE_COLUMNS, BEFORE_BIRTH: FIELD["stage"], DATASET: DATASET_COLUMNS}
    if field not in fields:
        return None
    why = f"no data set has words in a column such as {', '.join(fields[field].columns[:2])}"
    if field == "cell_type" and label is not None:
        why += f", and no value of the label column {label!r} is a cell type that the graph knows"
    return why
