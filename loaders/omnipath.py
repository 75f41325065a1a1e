"""OmniPath: signed, directed interactions between gene symbols, in the layout of CARNIVAL.

A node such as ``CHUK_IKBKB_IKBKG`` is a complex, written as its parts in alphabetic order. A part
is a symbol, a UniProt accession (of a virus, say), a ChEBI number, or empty where OmniPath has no
symbol for it; an empty part is kept as ``omnipath:unnamed``, so that the complex is known to be
incomplete. Digits alone belong to the part before them: ``C4B_2`` is a gene, ``CHEBI_18420`` a
substance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source
from tosg_graph.sources.columns import kept, references, translated
from tosg_graph.sources.source import Files

COLUMNS = ("source", "interaction", "target")
TYPES = {"1": "ACTIVATES", "-1": "INHIBITS"}
UNNAMED = "omnipath:unnamed"

_DIGITS = re.compile(r"_(?=\d+(?:_|$))")
_CHEBI = re.compile(r"CHEBI[_:](\d+)")
# https://www.uniprot.org/help/accession_numbers
_ACCESSION = re.compile(r"[OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d(?:[A-Z][A-Z\d]{2}\d){1,2}")


def read(files: Files) -> Iterator[Chunk]:
    """Read interactions; a complex is declared once, before the first statement about it."""
    file = files["interactions"]
    declared: set[str] = set()
    for rows in file.frames():
        whole = rows["source"].notna() & rows["target"].notna() & rows["interaction"].isin(TYPES)
        yield Chunk.rejects(file.name, _rejected(rows[~whole]))
        rows = rows[whole].reset_index(drop=True)
        members = {
            n: members_of(n) for n in pd.unique(rows[["source", "target"]].to_numpy().ravel())
        }
        yield Chunk.complexes(file.name, _complexes(rows, members, declared))
        statements = _statements(rows, members)
        for sign, edge_type in TYPES.items():
            yield Chunk.statements(edge_type, file.name, statements[rows["interaction"].eq(sign)])


def members_of(node: str) -> list[str]:
    """Write the parts of a node as references; a node of one part is no complex.

    Examples
    --------
    >>> members_of("NFKB1_RELA")
    ['symbol:NFKB1', 'symbol:RELA']
    >>> members_of("C4B_2")
    ['symbol:C4B_2']
    """
    parts = _DIGITS.sub("\0", node).split("_")
    return [_reference(part.replace("\0", "_")) for part in parts]


def _reference(part: str) -> str:
    if not part:
        return UNNAMED
    if chebi := _CHEBI.fullmatch(part):
        return f"CHEBI:{chebi[1]}"
    return f"UniProtKB:{part}" if _ACCESSION.fullmatch(part) else f"symbol:{part}"


def _complexes(
    rows: pd.DataFrame, members: dict[str, list[str]], declared: set[str]
) -> pd.DataFrame:
    """One row per complex that was not declared yet, in file order."""
    nodes = rows[["source", "target", "line"]].melt("line", value_name="node")
    nodes = nodes.sort_values("line", kind="stable").drop_duplicates("node")
    fresh = (len(members[node]) > 1 and node not in declared for node in nodes["node"])
    nodes = kept(nodes, fresh)
    declared.update(nodes["node"])
    return pd.DataFrame(
        {
            "ref": references("omnipath", nodes["node"]),
            "members": translated(nodes["node"], members),
            "line": nodes["line"],
        }
    )


def _statements(rows: pd.DataFrame, members: dict[str, list[str]]) -> pd.DataFrame:
    table = {n: parts[0] if len(parts) == 1 else f"omnipath:{n}" for n, parts in members.items()}
    labels = {n: "Protein" if len(parts) == 1 else "Complex" for n, parts in members.items()}
    return pd.DataFrame(
        {
            "source_ref": translated(rows["source"], table),
            "source_label": translated(rows["source"], labels),
            "target_ref": translated(rows["target"], table),
            "target_label": translated(rows["target"], labels),
            "line": rows["line"],
        }
    )


def _rejected(rows: pd.DataFrame) -> pd.DataFrame:
    value = rows["source"].fillna("") + " " + rows["interaction"].fillna("") + " "
    return pd.DataFrame(
        {
            "reason": "the interaction lacks an end, or its sign is neither 1 nor -1",
            "value": value + rows["target"].fillna(""),
            "line": rows["line"],
        }
    )


SOURCE = Source(
    name="omnipath",
    title="OmniPath",
    gives="signed, directed interactions between proteins and complexes",
    url="https://omnipathdb.org/",
    licence=Licence(
        "LicenseRef-OmniPath-composite-academic",
        "https://omnipathdb.org/info",
        redistribute=False,
        commercial=False,
    ),
    citation="Türei D et al., Integrated intra- and intercellular signaling knowledge for "
    "multicellular omics analysis, Molecular Systems Biology 17:e9923 (2021), "
    "doi:10.15252/msb.20209923",
    files=(FileSpec("interactions", ("omnipath*.tsv", "omnipath*.txt"), columns=COLUMNS),),
    read=read,
)
