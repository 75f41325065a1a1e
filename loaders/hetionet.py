"""Hetionet: drugs, what they treat and bind, genes of diseases, and genes that act on genes.

The edge list is published whole (2,250,197 edges) and, in the repository, as a sample that holds
5,000 edges of each kind at most. A kind is read where the file holds all of it: the number of its
edges tells. Compound–binds–Gene and Disease–associates–Gene have files of their own, which name
the licence of each row and the publications; where they are at hand they are read instead. Genes
and diseases are declared by their own sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.sources import Chunk, FileSpec, Licence, Source, SourceFile
from tosg_graph.sources.actions import action_words, signs
from tosg_graph.sources.arrays import repeated
from tosg_graph.sources.columns import items, normal_form, numbers, references
from tosg_graph.sources.releases import in_names
from tosg_graph.sources.source import Download, Files
from tosg_graph.sources.tally import Tally


class Kind(NamedTuple):
    """What the edges of a metaedge become, and how many there are of it in Hetionet 1.0.

    ``source`` and ``target`` are labels. A kind of which every file holds all has no ``total``.
    """

    edge_type: str
    source: str
    target: str
    total: int = 0
    turned: bool = False
    mechanism: str | None = None
    direct: bool | None = None
    role: str = ""  # of the file that holds the same edges with more about them


_AFTER_L1000 = "expression after the gene was silenced or overexpressed (LINCS L1000)"

KINDS = {
    "CtD": Kind("TREATS", "Drug", "Disease"),
    "CpD": Kind("PALLIATES", "Drug", "Disease"),
    "CbG": Kind("TARGETS", "Drug", "Protein", 11_571, role="bindings"),
    "DaG": Kind("ASSOCIATED_WITH", "Gene", "Disease", 12_623, turned=True, role="associations"),
    "GiG": Kind("INTERACTS_WITH", "Protein", "Protein", 147_164),
    "Gr>G": Kind("REGULATES", "Protein", "Protein", 265_672, False, _AFTER_L1000, False),
}
#: Why the other kinds are not read.
LEFT_OUT = {
    **dict.fromkeys(("AdG", "AeG", "AuG"), "expression in a part of the body: the cells give it"),
    **dict.fromkeys(("CdG", "CuG"), "expression after a drug: no edge type from drug to gene"),
    **dict.fromkeys(("DdG", "DuG"), "expression in a disease: no association by itself"),
    **dict.fromkeys(("CrC", "DrD"), "likeness: computed, no fact about the two"),
    "CcSE": "no label for side effects",
    "DlA": "no edge type from disease to tissue",
    "DpS": "no label for symptoms",
    "GcG": "genes whose rates of evolution covary: no interaction",
    "GpBP": "no label for biological processes",
    "GpCC": "cellular components with all their parents, complexes among them: no places",
    "GpMF": "no label for molecular functions",
    "GpPW": "pathways under ids of Hetionet's own: Reactome and WikiPathways give them",
    "PCiC": "no label for pharmacologic classes",
}
#: How the ids of nodes begin in the edge list, and the namespaces that they are of.
PREFIXES = (("^Compound::", "DRUGBANK:"), ("^Gene::", "NCBIGene:"), ("^Disease::", ""))
COMPOUND = "Compound::"
#: What stands in place of a licence that the file leaves empty: nobody has granted anything.
UNSPECIFIED = "unspecified"
_NANO = 9  # -log10 of a nanomole per litre


def read(files: Files) -> Iterator[Chunk]:
    """Read drugs, then the edge list, then what drugs bind, then genes of diseases."""
    yield from _compounds(files["nodes"])
    yield from _edges(files)
    if "bindings" in files:
        for rows in files["bindings"].frames():
            yield Chunk.statements("TARGETS", files["bindings"].name, _bindings(rows))
    if "associations" in files:
        name = files["associations"].name
        for rows in files["associations"].frames():
            yield Chunk.statements("ASSOCIATED_WITH", name, _associations(rows))


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


def _edges(files: Files) -> Iterator[Chunk]:
    """Count the edges of each kind, then read the kinds that are all there.

    Memory is bounded by a block of the file.
    """
    file = files["edges"]
    found = Tally()
    for table in file.tables(["metaedge"]):
        found.add_columns(pc.coalesce(table["metaedge"], "no kind"), table["line"])
    reasons = {kind: _why_not(kind, n, files) for kind, n in found.counts.items()}
    taken = [kind for kind in KINDS if kind in reasons and reasons[kind] is None]
    for table in file.tables(["source", "metaedge", "target"]):
        for kind in taken:
            rows = table.filter(pc.fill_null(pc.equal(table["metaedge"], kind), False))
            yield Chunk.statements(KINDS[kind].edge_type, file.name, _facts(rows, KINDS[kind]))
    yield Chunk.rejects(file.name, found.rows(reasons.get))


def _why_not(metaedge: str, found: int, files: Files) -> str | None:
    """Say why the edges of a kind are not read; None where they are."""
    kind = KINDS.get(metaedge)
    if kind is None:
        return LEFT_OUT.get(metaedge, "kind of edge that is not known")
    if kind.role in files:
        return f"read from {files[kind.role].name}, which says more of each edge"
    if found < kind.total:
        return f"only a part is here: the whole has {kind.total:,} edges of the kind"
    return None


def _facts(rows: pa.Table, kind: Kind) -> pa.Table:
    ends = [rows["source"], rows["target"]]
    for pattern, namespace in PREFIXES:
        ends = [pc.replace_substring_regex(end, pattern, namespace) for end in ends]
    source, target = reversed(ends) if kind.turned else ends
    count = len(rows)
    return pa.table(
        {
            "source_ref": source,
            "source_label": repeated(kind.source, count),
            "target_ref": target,
            "target_label": repeated(kind.target, count),
            "mechanism": repeated(kind.mechanism, count),
            "direct": repeated(kind.direct, count, pa.bool_()),
            # Only what drugs treat and ease is Hetionet's own; the list names no other licence.
            "licence": repeated(UNSPECIFIED if kind.total else None, count),
            "line": rows["line"],
        }
    )


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


_TSV = "https://github.com/hetio/hetionet/raw/main/hetnet/tsv"

SOURCE = Source(
    name="hetionet",
    title="Hetionet",
    gives="what drugs treat, ease and bind; genes of diseases; interacting genes",
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
            optional=True,
            adds="what drugs bind (CbG), with actions, affinity, publications and licence",
        ),
        FileSpec(
            "associations",
            ("dag-association*.tsv",),
            columns=("doid_id", "entrez_gene_id", "license"),
            optional=True,
            adds="genes of diseases (DaG), with the licence of each row",
        ),
    ),
    read=read,
    revision=2,
    version=in_names(r"(?<=hetionet-v)\d+\.\d+"),
    release="1.0",
    downloads=(
        Download(
            "nodes",
            f"{_TSV}/hetionet-v1.0-nodes.tsv",
            "hetionet-v1.0-nodes.tsv",
            sha256="3ad9eb86c031df8bc7d5efefa6edc93562182eb9a6a71e5129d3f18b9d42c50e",
        ),
        Download(
            "edges",
            f"{_TSV}/hetionet-v1.0-edges.sif.gz",
            "hetionet-v1.0-edges.sif.gz",
        ),
    ),
    infores="hetio",
    knowledge_level="not_provided",
)
