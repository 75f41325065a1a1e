"""Ends of interactions that a source writes as one text: a protein, or a complex as its parts.

``EGFR`` and ``P00533`` are proteins. ``EGFR_ERBB2`` and ``COMPLEX:P00533_P04626`` are complexes of
two parts. A part is a symbol, a UniProt accession (of a virus, say), a ChEBI number, or empty where
the source has no symbol for it; an empty part is kept under the name ``unnamed`` of the source, so
that the complex is known to be incomplete. Digits alone belong to the part before them: ``C4B_2``
is a gene, ``CHEBI_18420`` a substance. A complex of one part says no more than the part does.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from tosg_graph.sources.accessions import UNIPROT
from tosg_graph.sources.columns import translated

_MARK = "COMPLEX:"
_DIGITS = re.compile(r"_(?=\d+(?:_|$))")
_CHEBI = re.compile(r"CHEBI[_:](\d+)")
_ACCESSION = re.compile(rf"{UNIPROT}(?:-\d+)?")  # with or without the number of an isoform


def members_of(node: str, *, source: str) -> list[str]:
    """Write the parts of a node as references; a node of one part is no complex.

    Parameters
    ----------
    node
        The end of an interaction, as the file has it.
    source
        Name of the source, under which an empty part is kept.

    Examples
    --------
    >>> members_of("NFKB1_RELA", source="omnipath")
    ['symbol:NFKB1', 'symbol:RELA']
    >>> members_of("COMPLEX:P19838_Q04206", source="omnipath")
    ['UniProtKB:P19838', 'UniProtKB:Q04206']
    >>> members_of("C4B_2", source="omnipath")
    ['symbol:C4B_2']
    """
    parts = _DIGITS.sub("\0", node.removeprefix(_MARK)).split("_")
    return [_reference(part.replace("\0", "_"), source) for part in parts]


def label_of(node: str, *, source: str) -> str:
    """Tell whether a node is a ``Protein`` or a ``Complex``."""
    return "Protein" if len(members_of(node, source=source)) == 1 else "Complex"


def reference_of(node: str, *, source: str) -> str:
    """Give the reference of a node: of its one part, or the local name of the complex."""
    members = members_of(node, source=source)
    return members[0] if len(members) == 1 else f"{source}:{node.removeprefix(_MARK)}"


def statement_ends(
    sources: pd.Series[Any], targets: pd.Series[Any], *, source: str
) -> dict[str, pd.Series[Any]]:
    """Give the four columns that say what the ends of statements are.

    Parameters
    ----------
    sources, targets
        The ends, as the file has them.
    source
        Name of the source.

    Returns
    -------
    dict
        ``source_ref``, ``source_label``, ``target_ref`` and ``target_label``.
    """
    nodes = pd.unique(pd.concat([sources, targets]))
    refs = {node: reference_of(node, source=source) for node in nodes}
    labels = {node: label_of(node, source=source) for node in nodes}
    return {
        "source_ref": translated(sources, refs),
        "source_label": translated(sources, labels),
        "target_ref": translated(targets, refs),
        "target_label": translated(targets, labels),
    }


def is_accession(node: str) -> bool:
    """Whether a node is a UniProt accession, with or without an isoform."""
    return _ACCESSION.fullmatch(node) is not None


def _reference(part: str, source: str) -> str:
    if not part:
        return f"{source}:unnamed"
    if chebi := _CHEBI.fullmatch(part):
        return f"CHEBI:{chebi[1]}"
    return f"UniProtKB:{part}" if is_accession(part) else f"symbol:{part}"


class Composites:
    """The complexes of a source, each to be declared once, where the file first names it.

    Parameters
    ----------
    source
        Name of the source.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._declared: set[str] = set()

    def fresh(self, nodes: pd.Series[Any], lines: pd.Series[Any]) -> pd.DataFrame:
        """Give one row per complex that was not declared before: ``ref``, ``members``, ``line``.

        Parameters
        ----------
        nodes
            Ends of interactions, as the file has them.
        lines
            The line of each; the smallest one of a complex is its line.
        """
        first = pd.DataFrame({"node": nodes, "line": lines}).sort_values("line", kind="stable")
        first = first.drop_duplicates("node")
        members = [members_of(node, source=self._source) for node in first["node"]]
        refs = [reference_of(node, source=self._source) for node in first["node"]]
        found = pd.DataFrame(
            {"ref": refs, "members": pd.Series(members, dtype=object), "line": list(first["line"])}
        )
        found = found[found["members"].str.len().gt(1) & ~found["ref"].isin(list(self._declared))]
        found = found.drop_duplicates("ref")
        self._declared.update(found["ref"])
        return found
