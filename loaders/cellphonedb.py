"""CellPhoneDB: ligands and receptors, complexes, and what a protein's place in the cell is.

In ``Ligand-Receptor`` rows the ligand is the first partner. That was checked against the flags of
the same release (4.1): of the 2,508 rows, 1,945 have a receptor only on the right and 22 only on
the left. Those 22 are pairs such as CD80→CD28 and PVR→TIGIT, where the left one is the ligand, and
is flagged as a receptor for other partners. So the order is right where the flags mislead.

Releases before 4.1 do not say who the ligand is: their pairs are undirected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from tosg_graph.sources import (
    Chunk,
    Download,
    FileSpec,
    Licence,
    Source,
    SourceError,
    SourceFile,
)
from tosg_graph.sources.columns import first_known, flags, listed, merged, pmids, references
from tosg_graph.sources.source import Files

ROLES = ("receptor", "secreted", "transmembrane")
UNDIRECTED = ("Adhesion-Adhesion", "Gap-Gap", "Ligand-Ligand", "Receptor-Receptor")
EFFECTS = {"1": "ACTIVATES", "-1": "INHIBITS"}
#: Columns that only some releases have; where one is missing, its values are not known.
SINCE_41 = ("interactors", "classification", "directionality", "modulatory_effect")
XREFS = {"complexPortal_complex": "ComplexPortal", "reactome_complex": "REACT"}


def read(files: Files) -> Iterator[Chunk]:
    """Read complexes, roles of proteins, interactions, and receptors with their factors."""
    complexes: set[str] = set()
    for rows in files["complexes"].frames():
        rows["complex_name"] = rows["complex_name"].str.strip()
        complexes |= set(rows["complex_name"])
        yield Chunk.complexes(files["complexes"].name, _complexes(rows))
    for rows in files["proteins"].frames():
        yield Chunk.annotations("Protein", files["proteins"].name, _roles(rows))
    yield from _interactions(files["interactions"], complexes)
    if "factors" in files:
        yield from _factors(files["factors"], complexes)


def _complexes(rows: pd.DataFrame) -> pd.DataFrame:
    # The column `stoichiometry` counts the bound ligand in, so it is not used.
    subunits = [name for name in rows.columns if name.startswith("uniprot_")]
    return pd.DataFrame(
        {
            "ref": references("cellphonedb", rows["complex_name"]),
            "name": rows["complex_name"],
            "members": _members([references("UniProtKB", rows[name]) for name in subunits]),
            "xrefs": _xrefs(rows),
            **{role: flags(rows[role]) for role in ROLES},
            "line": rows["line"],
        }
    )


def _xrefs(rows: pd.DataFrame) -> pd.Series[Any] | None:
    found = [listed(prefix, rows[n], ";") for n, prefix in XREFS.items() if n in rows]
    return merged(*found) if found else None


def _members(subunits: list[pd.Series[str]]) -> list[list[str]]:
    """List the subunits of each complex; one that is listed twice is there twice."""
    return [[unit for unit in row if unit] for row in zip(*subunits, strict=True)]


def _roles(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ref": references("UniProtKB", rows["uniprot"]),
            **{role: flags(rows[role]) for role in ROLES},
            "line": rows["line"],
        }
    )


def _interactions(file: SourceFile, complexes: Collection[str]) -> Iterator[Chunk]:
    directed = _says_who_the_ligand_is(file)
    for rows in file.frames():
        rows = _with_columns(rows, ("id_cp_interaction", "is_ppi", *SINCE_41))
        statements = _pairs(rows, "partner_a", "partner_b", complexes).assign(
            record_id=first_known(rows["id_cp_interaction"], rows["interactors"]),
            pmids=pmids(rows["source"]),
            mechanism=_mechanism(rows),
            # Where no protein is the ligand, its first partner is the enzymes that make it.
            direct=flags(rows["is_ppi"]),
        )
        kind = rows["directionality"]
        binds, either = kind.eq("Ligand-Receptor"), kind.isin(UNDIRECTED) | (not directed)
        yield Chunk.statements("BINDS", file.name, statements[binds])
        yield Chunk.statements("INTERACTS_WITH", file.name, _protein_first(statements[either]))
        other = rows[~binds & ~either]
        yield Chunk.rejects(file.name, _rejected(other, "unknown directionality", "directionality"))


def _says_who_the_ligand_is(file: SourceFile) -> bool:
    """Whether the release is 4.1 or later; one that has some of its columns only is damaged."""
    missing = [name for name in SINCE_41 if name not in file.layout.names]
    if missing and len(missing) < len(SINCE_41):
        raise SourceError(
            f"the header lacks {', '.join(missing)}; expected all of {', '.join(SINCE_41)}, as "
            "since release 4.1, or none of them. Download the file again, or name the right one "
            "with --file.",
            path=file.path,
            line=1,
        )
    return not missing


def _with_columns(rows: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Add the columns that the release does not have, empty."""
    missing = {
        name: pd.Series(None, rows.index, dtype=object) for name in names if name not in rows
    }
    return rows.assign(**missing)


def _factors(file: SourceFile, complexes: Collection[str]) -> Iterator[Chunk]:
    """Read which transcription factors a receptor raises or lowers, through steps in between."""
    for rows in file.frames():
        statements = _pairs(rows, "partner_receptor", "partner_TF", complexes).assign(
            record_id=rows["id_cp_interaction"], pmids=pmids(rows["Source"]), direct=False
        )
        for effect, edge_type in EFFECTS.items():
            yield Chunk.statements(edge_type, file.name, statements[rows["Effect"].eq(effect)])
        other = rows[~rows["Effect"].isin(EFFECTS)]
        yield Chunk.rejects(file.name, _rejected(other, "unknown effect", "Effect"))


def _pairs(
    rows: pd.DataFrame, source: str, target: str, complexes: Collection[str]
) -> pd.DataFrame:
    ends = {}
    for end, column in (("source", source), ("target", target)):
        names = rows[column].str.strip()
        known = names.isin(list(complexes))
        accession = references("UniProtKB", names)
        ends[f"{end}_ref"] = accession.mask(known, references("cellphonedb", names))
        ends[f"{end}_label"] = known.map({True: "Complex", False: "Protein"})
    return pd.DataFrame({**ends, "line": rows["line"]})


def _protein_first(pairs: pd.DataFrame) -> pd.DataFrame:
    """Turn the pairs of a complex with a protein round: neither end acts on the other."""
    turned = pairs["source_label"].eq("Complex") & pairs["target_label"].eq("Protein")
    swap = {
        "source_ref": "target_ref",
        "target_ref": "source_ref",
        "source_label": "target_label",
        "target_label": "source_label",
    }
    return pd.concat([pairs[~turned], pairs[turned].rename(columns=swap)]).sort_values("line")


def _mechanism(rows: pd.DataFrame) -> pd.Series[str]:
    kind, effect = rows["classification"].str.lower(), rows["modulatory_effect"].str.lower()
    return first_known(kind + " (" + effect + ")", kind, effect)


def _rejected(rows: pd.DataFrame, reason: str, column: str) -> pd.DataFrame:
    return pd.DataFrame({"reason": reason, "value": rows[column], "line": rows["line"]})


def _table(
    role: str,
    name: str,
    columns: tuple[str, ...],
    *,
    adds: str = "",
    layouts: tuple[tuple[str, tuple[str, ...]], ...] = (),
) -> FileSpec:
    return FileSpec(
        role,
        (f"{name}*.csv",),
        columns=columns,
        separator=",",
        quoted=True,
        optional=bool(adds),
        adds=adds,
        layouts=layouts,
    )


_AT = "https://raw.githubusercontent.com/ventolab/cellphonedb-data/v5.0.0/data"
_NAMES = {
    "interactions": "interaction_input.csv",
    "complexes": "complex_input.csv",
    "proteins": "protein_input.csv",
    "factors": "transcription_factor_input.csv",
}

FILES = (
    _table(
        "interactions",
        "interaction_input",
        ("partner_a", "partner_b", "source"),
        layouts=(
            ("5 (with modality)", (*SINCE_41, "modality")),
            ("4.1", SINCE_41),
            ("4.0 and before (undirected)", ()),
        ),
    ),
    _table(
        "complexes",
        "complex_input",
        ("complex_name", "uniprot_1", *ROLES),
        layouts=(("with cross-references", tuple(XREFS)), ("without cross-references", ())),
    ),
    _table("proteins", "protein_input", ("uniprot", "protein_name", *ROLES)),
    _table(
        "factors",
        "transcription_factor_input",
        ("id_cp_interaction", "partner_receptor", "partner_TF", "Effect", "Source"),
        adds="receptors and the transcription factors that they act on",
    ),
)

SOURCE = Source(
    name="cellphonedb",
    title="CellPhoneDB",
    gives="ligand–receptor pairs, complexes, places and roles of proteins",
    url="https://github.com/ventolab/cellphonedb-data",
    licence=Licence("MIT", "https://github.com/ventolab/cellphonedb-data/blob/master/LICENSE"),
    citation="Troulé K et al., CellPhoneDB v5: inferring cell–cell communication from single-cell "
    "multiomics data, Nature Protocols (2025), doi:10.1038/s41596-024-01137-1",
    files=FILES,
    release="5.0.0",
    read=read,
    downloads=tuple(Download(role, f"{_AT}/{file}", file) for role, file in _NAMES.items()),
)
