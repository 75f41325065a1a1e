"""What CELLxGENE's schema says of the cells of a file, in its versions 3 to 7.

A curator gives ids (``cell_type_ontology_term_id``); the portal adds words (``cell_type``) when a
file is uploaded, so that a file has either or both. The organism stands in obs up to version 5.3
and in uns since 6.0. Source: https://github.com/chanzuckerberg/single-cell-curation, ``schema/``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from tosg_graph.cells.primary import PRIMARY

#: Columns of obs that tell a file of this schema, whoever filled it in.
COLUMNS = ("cell_type_ontology_term_id", "donor_id", PRIMARY)
#: Keys of the organism, in obs or in uns.
ORGANISM = ("organism_ontology_term_id", "organism")
TISSUE_TYPE = "tissue_type"
#: Columns of obs that :func:`notes` looks at.
NOTED = (PRIMARY, TISSUE_TYPE, ORGANISM[0])
HUMAN = "NCBITaxon:9606"

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def default_columns(names: Collection[str]) -> dict[str, str]:
    """Columns of label and donor; the ids of cell types where the words are not added yet."""
    label = "cell_type" if "cell_type" in names else COLUMNS[0]
    return {"label": label, "donor": "donor_id"}


def tidied(obs: pd.DataFrame, organism: Mapping[str, str]) -> pd.DataFrame:
    """Give obs truth values that are such, and the organism that stands in uns.

    Parameters
    ----------
    organism
        What uns says; a column that obs has is kept.
    """
    columns: dict[str, Any] = {
        key: pd.Categorical([value] * len(obs))
        for key, value in organism.items()
        if key not in obs.columns
    }
    return obs.assign(**{PRIMARY: truth(obs[PRIMARY]), **columns})


def truth(values: pd.Series) -> pd.Series:
    """True, false, or None where neither is said, whatever type the values are stored in."""
    if values.dtype == bool:  # as the schema wants it; ten million cells take no time
        return values
    words = [str(value).strip().casefold() for value in values.astype(object)]
    return pd.Series([_TRUTH.get(word) for word in words], values.index, object)


def notes(columns: Mapping[str, pd.Series], organism: str | None) -> list[str]:
    """Say what is easily overlooked: copies, cells that were grown, other organisms.

    Parameters
    ----------
    columns
        Those of :data:`NOTED` that obs has.
    organism
        The id in uns, where it is there.
    """
    found = []
    cells = len(columns[PRIMARY])
    primary = truth(columns[PRIMARY])
    if number := int((primary == False).sum()):  # noqa: E712 - None is neither
        found.append(
            f"{number:,} of {cells:,} cells are no primary data: other data sets hold them too; "
            "choose is_primary_data where each shall count once"
        )
    if number := int(primary.isna().sum()):
        found.append(
            f"{number:,} of {cells:,} cells have an is_primary_data that is neither true nor "
            "false: it is taken as not said"
        )
    if TISSUE_TYPE in columns:
        found += _grown(columns[TISSUE_TYPE])
    if ORGANISM[0] in columns:
        said = columns[ORGANISM[0]]
        others = said[said.notna() & (said != HUMAN)]
        return found + _other_organisms(_listed(others), len(others), cells)
    if organism not in (None, HUMAN):
        return found + _other_organisms(str(organism), cells, cells)
    return found


def _grown(types: pd.Series) -> list[str]:
    others = types[types.notna() & (types != "tissue")]
    if others.empty:
        return []
    return [
        f"{len(others):,} of {len(types):,} cells are of {_listed(others)} ({TISSUE_TYPE}): they "
        f"were grown; choose {TISSUE_TYPE} = tissue where the organ itself is meant"
    ]


def _other_organisms(organisms: str, number: int, cells: int) -> list[str]:
    if not number:
        return []
    return [
        f"{number:,} of {cells:,} cells are of {organisms}, not of {HUMAN}: the graph is human, "
        "and genes of other species join none of its nodes"
    ]


def _listed(values: pd.Series) -> str:
    return ", ".join(sorted(map(str, values.unique())))
