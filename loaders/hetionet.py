"""Hetionet: drugs, what they treat and bind, and genes of diseases; each row has its own licence.

Of the many kinds of edges only those are taken that the files hold whole and no better source here
gives: Compound–treats–Disease, Compound–palliates–Disease, Compound–binds–Gene and
Disease–associates–Gene. Genes and diseases are declared by their own sources.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.actions import action_words, signs
from tosg_graph.sources.columns import items, normal_form, numbers, references
from tosg_graph.sources.source import Files
from tosg_graph.sources.tally import Tally

#: Kinds of edges in the edge list that are read, and what they become.
METAEDGES = {"CtD": "TREATS", "CpD": "PALLIATES"}
COMPOUND, DISEASE = "Compound::", "Disease::"
#: What stands in place of a licence that the file leaves empty: nobody has granted anything.
UNSPECIFIED = "unspecified"
_NANO = 9  # -log10 of a nanomole per litre


def read(files: Files) -> Iterator[Chunk]:
    """Read drugs, then what they treat, then what they bind, then genes of diseases."""
    yield from _compounds(files["nodes"])
    yield from _treatments(files["edges"])
    for rows in files["bindings"].frames():
        yield Chunk.statements("TARGETS", files["bindings"].name, _bindings(rows))
    for rows in files["associations"].frames():
        yield Chunk.statements("ASSOCIATED_WITH", files["associations"].name, _associations(rows))


def _compounds(file: SourceFile) -> Iterator[Chunk]:
    passed = Tally()
    for rows in file.frames():
        compound = rows["kind"].eq("Compound")
        other = rows[~compound]
        passed.add(other["kind"].fillna("no kind"), other["line"])
        found = rows[compound]
        drugs = pd.DataFrame(
            {
                "id": references("DRUGBANK", found["id"].str.removeprefix(COMPOUND)),
                "name": normal_form(found["name"]),
                "line": found["line"],
            }
        )
        yield Chunk.nodes("Drug", file.name, drugs)
    yield Chunk.rejects(file.name, passed.rows("kind of node that other sources give"))


def _treatments(file: SourceFile) -> Iterator[Chunk]:
    passed = Tally()
    for rows in file.frames():
        used = rows["metaedge"].isin(METAEDGES)
        other = rows[~used]
        passed.add(other["metaedge"].fillna("no kind"), other["line"])
        for metaedge, edge_type in METAEDGES.items():
            found = rows[rows["metaedge"].eq(metaedge)]
            statements = pd.DataFrame(
                {
                    "source_ref": references(
                        "DRUGBANK", found["source"].str.removeprefix(COMPOUND)
                    ),
                    "source_label": "Drug",
                    "target_ref": found["target"].str.removeprefix(DISEASE),
                    "target_label": "Disease",
                    "line": found["line"],
                }
            )
            yield Chunk.statements(edge_type, file.name, statements)
    yield Chunk.rejects(file.name, passed.rows("kind of edge that is not read"))


def _bindings(rows: pd.DataFrame) -> pd.DataFrame:
    words = action_words(rows["actions"])
    nanomolar = numbers(rows["affinity_nM"])
    return pd.DataFrame(
        {
            "source_ref": references("DRUGBANK", rows["drugbank_id"]),
            "source_label": "Drug",
            "target_ref": references("NCBIGene", rows["entrez_gene_id"]),
            "target_label": "Protein",
            "pmids": items(rows["pubmed_ids"]),
            "sign": signs(words),
            "action": words.str.join("; "),
            "affinity": _NANO - np.log10(nanomolar.where(nanomolar > 0)),
            "licence": rows["license"].fillna(UNSPECIFIED),
            "line": rows["line"],
        }
    )


def _associations(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_ref": references("NCBIGene", rows["entrez_gene_id"]),
            "source_label": "Gene",
            "target_ref": rows["doid_id"],
            "target_label": "Disease",
            "licence": rows["license"].fillna(UNSPECIFIED),
            "line": rows["line"],
        }
    )


SOURCE = Source(
    name="hetionet",
    title="Hetionet",
    gives="what drugs treat, ease and bind; genes associated with diseases",
    url="https://github.com/hetio/hetionet",
    licence=Licence("CC0-1.0", "https://github.com/hetio/hetionet#license"),
    citation="Himmelstein DS et al., Systematic integration of biomedical knowledge prioritizes "
    "drugs for repurposing, eLife 6:e26726 (2017), doi:10.7554/eLife.26726",
    files=(
        FileSpec("nodes", ("hetionet*nodes*.tsv",), columns=("id", "name", "kind")),
        FileSpec(
            "edges", ("edges*.sif", "hetionet*.sif"), columns=("source", "metaedge", "target")
        ),
        FileSpec(
            "bindings",
            ("cbg-binding*.tsv",),
            columns=(
                "drugbank_id",
                "entrez_gene_id",
                "pubmed_ids",
                "actions",
                "affinity_nM",
                "license",
            ),
        ),
        FileSpec(
            "associations",
            ("dag-association*.tsv",),
            columns=("doid_id", "entrez_gene_id", "license"),
        ),
    ),
    read=read,
    infores="hetio",
    knowledge_level="not_provided",
)
