"""From the features of a file to nodes of the graph: which gene, which protein, or why none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa

from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.tables import Build
from tosg_graph.cells.antibodies import AntibodyNames
from tosg_graph.cells.cellxgene import HUMAN

#: How a feature came to its node, or why it has none.
#:
#: ``exact`` by id or approved symbol · ``xref`` by an id of another database · ``previous`` by a
#: former symbol · ``alias`` by a synonym · ``ambiguous`` several candidates · ``no_product`` the
#: gene is known and has no one canonical protein · ``control`` an isotype control · ``unmapped``.
MAPPINGS = ("exact", "xref", "previous", "alias", "ambiguous", "no_product", "control", "unmapped")

_MAPPING = {
    "id": "exact",
    "symbol": "exact",
    "xref": "xref",
    "previous": "previous",
    "synonym": "alias",
    "name": "alias",
}

_ENSEMBL = re.compile(r"^(ENS[A-Z]*G\d{11})(?:\.\d+)?$")
_HUMAN_GENE = re.compile(r"^ENSG\d")
_GENOME = re.compile(r"^(?:hg19|hg38|GRCh37|GRCh38)_+")

#: Columns of a table of features that hold symbols, folded.
_SYMBOL_COLUMNS = (
    "symbol", "symbols", "hgncsymbol", "genesymbol", "genesymbols", "genename", "genenames",
    "featurename", "geneshortname", "gene", "name", "sourcename",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The node of a feature: its id, or the candidates that there are."""

    mapping: str = "unmapped"
    graph_id: str | None = None
    candidates: tuple[str, ...] = ()


def join_features(features: pd.DataFrame, modality: str, build: Build) -> pa.Table:
    """Join the features of one modality to the nodes of a build.

    RNA joins to Gene: by Ensembl id (versions stripped), then by symbol (prefixes of genomes
    stripped). A gene of another species, by its Ensembl id or by the ``feature_reference`` of
    CELLxGENE's schema, joins none, whatever its symbol. Antibodies join to Protein, the canonical
    product of the gene that they are named after, or to a Complex of exactly their name.

    Parameters
    ----------
    features
        One row per feature; the index holds the names as written.
    modality
        ``rna`` or ``protein``.

    Returns
    -------
    pyarrow.Table
        ``modality, index, source_id, name, graph_id, mapping, candidates``, in the order of the
        matrix, and what :func:`feature_names` gives besides. ``candidates`` lists what an ambiguous
        name could be, and the gene of a ``no_product``.
    """
    return Joining(build).table(feature_names(features, modality))


def feature_names(features: pd.DataFrame, modality: str) -> pa.Table:
    """Give all that features of one modality are joined by.

    Returns
    -------
    pyarrow.Table
        ``modality, index, source_id, name`` and, of RNA, ``ensembl`` (an Ensembl gene id without
        its version) and ``symbols`` (the symbols to try, in order).
    """
    source_ids = [str(value) for value in features.index]
    rna = modality == "rna"
    symbols = _symbols(features) if rna else [[] for _ in source_ids]
    ensembl = _ensembl_ids(features) if rna else [None] * len(source_ids)
    names = [row[0] if row else source for row, source in zip(symbols, source_ids, strict=True)]
    if rna:  # a macaque's EGFR is not the human one, nor the gene S of a virus a human alias
        foreign = _of_another_species(features, ensembl)
        symbols = [[] if other else row for row, other in zip(symbols, foreign, strict=True)]
    return pa.table(
        {
            "modality": pa.array([modality] * len(source_ids), pa.string()),
            "index": pa.array(range(len(source_ids)), pa.int64()),
            "source_id": pa.array(source_ids, pa.string()),
            "name": pa.array(names, pa.string()),
            "ensembl": pa.array(ensembl, pa.string()),
            "symbols": pa.array(symbols, pa.list_(pa.string())),
        }
    )


class Joining:
    """Features on their way to the nodes of a build, whose names are read once.

    Parameters
    ----------
    build
        The graph build.
    """

    def __init__(self, build: Build) -> None:
        self._build = build

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver.of(self._build)

    @cached_property
    def _antibodies(self) -> AntibodyNames:
        return AntibodyNames.of(self._build)

    @cached_property
    def _products(self) -> dict[str, tuple[str, ...]]:
        return _products(self._build)

    def table(self, names: pa.Table) -> pa.Table:
        """Join the features of one modality, given what :func:`feature_names` gave of them."""
        if names.num_rows and names["modality"][0].as_py() == "protein":
            found = self._proteins(names["source_id"].to_pylist())
        else:
            found = self._genes(names["ensembl"].to_pylist(), names["symbols"].to_pylist())
        columns = {
            **{name: names[name] for name in ("modality", "index", "source_id", "name")},
            **targets_of(found),
            **{name: names[name] for name in ("ensembl", "symbols")},
        }
        return pa.table(columns)

    def _genes(
        self, ensembl: Sequence[str | None], symbols: Sequence[Sequence[str]]
    ) -> list[Found]:
        by_id = _resolve(self._resolver, [f"ENSEMBL:{e}" for e in ensembl if e], "Gene")
        by_symbol = _resolve(
            self._resolver, [f"symbol:{s}" for row in symbols for s in row], "Gene"
        )
        return [
            _first(
                ([by_id[f"ENSEMBL:{e}"]] if e else []) + [by_symbol[f"symbol:{s}"] for s in row],
            )
            for e, row in zip(ensembl, symbols, strict=True)
        ]

    def _proteins(self, names: Sequence[str]) -> list[Found]:
        complexes = _resolve(self._resolver, [f"name:{name}" for name in names], "Complex")
        found = []
        for name in names:
            target = self._antibodies.target(name)
            if target.kind == "unmapped":
                whole = complexes[f"name:{name}"]
                found.append(Found("exact", whole.graph_id) if whole.graph_id else Found())
            elif target.kind == "ambiguous":
                found.append(_several(target.genes, self._products))
            elif target.kind == "control":
                found.append(Found("control"))
            else:
                found.append(_product(target.genes[0], _MAPPING[target.kind], self._products))
        return found


def targets_of(found: Sequence[Found]) -> dict[str, pa.Array]:
    """Write the nodes of features as columns: ``graph_id``, ``mapping``, ``candidates``."""
    several = [list(f.candidates) or None for f in found]
    return {
        "graph_id": pa.array([f.graph_id for f in found], pa.string()),
        "mapping": pa.array([f.mapping for f in found], pa.string()),
        "candidates": pa.array(several, pa.list_(pa.string())),
    }


def _first(tries: Iterable[Found]) -> Found:
    """Choose the first try that found one node, else the first of several, else none."""
    kept = list(tries)
    for found in kept:
        if found.graph_id is not None:
            return found
    return next((found for found in kept if found.mapping == "ambiguous"), Found())


def _ensembl_ids(features: pd.DataFrame) -> list[str | None]:
    """Ensembl gene id of each feature, from the index or the column where most values are one."""
    columns = [pd.Series(features.index), *(features[name] for name in features.columns)]
    best: list[str | None] = [None] * len(features)
    for column in columns:
        matches = [_ENSEMBL.match(value) if isinstance(value, str) else None for value in column]
        found = [match[1] if match else None for match in matches]
        if sum(f is not None for f in found) > sum(b is not None for b in best):
            best = found
    return best


def _of_another_species(features: pd.DataFrame, ensembl: Sequence[str | None]) -> list[bool]:
    foreign = [gene is not None and not _HUMAN_GENE.match(gene) for gene in ensembl]
    if "feature_reference" not in features.columns:
        return foreign
    said = features["feature_reference"].astype(object)
    return [
        one or (isinstance(taxon, str) and taxon.startswith("NCBITaxon:") and taxon != HUMAN)
        for one, taxon in zip(foreign, said, strict=True)
    ]


def _symbols(features: pd.DataFrame) -> list[list[str]]:
    """Symbols to try for each feature, in order: index, then the columns that hold symbols."""
    folded = {re.sub(r"[^a-z]", "", str(name).lower()): name for name in reversed(features.columns)}
    columns = [folded[name] for name in _SYMBOL_COLUMNS if name in folded]
    rows: list[list[str]] = [[] for _ in range(len(features))]
    for column in (pd.Series(features.index), *(features[name] for name in columns)):
        for row, value in zip(rows, column, strict=True):
            symbol = _GENOME.sub("", value.strip()) if isinstance(value, str) else ""
            if symbol and not _ENSEMBL.match(symbol) and symbol not in row:
                row.append(symbol)
    return rows


def _several(genes: Sequence[str], products: dict[str, tuple[str, ...]]) -> Found:
    """Find the products of several genes; genes that share one product are no riddle."""
    candidates = tuple(sorted({p for gene in genes for p in products.get(gene) or (gene,)}))
    if len(candidates) == 1:
        return Found("alias", candidates[0])
    return Found("ambiguous", None, candidates)


def _product(gene: str, mapping: str, products: dict[str, tuple[str, ...]]) -> Found:
    proteins = products.get(gene, ())
    if len(proteins) == 1:
        return Found(mapping, proteins[0])
    return Found("no_product", None, (gene, *proteins))


def _products(build: Build) -> dict[str, tuple[str, ...]]:
    """Per gene its canonical protein; all its proteins where none is marked as canonical."""
    edges = build.edges("ENCODES", ["source", "target", "canonical"])
    every: dict[str, list[str]] = defaultdict(list)
    canonical: dict[str, list[str]] = defaultdict(list)
    for gene, protein, chosen in zip(*(c.to_pylist() for c in edges.columns), strict=True):
        every[gene].append(protein)
        if chosen:
            canonical[gene].append(protein)
    return {gene: tuple(sorted(canonical.get(gene) or found)) for gene, found in every.items()}


def _resolve(resolver: Resolver, references: Sequence[str], label: str) -> dict[str, Found]:
    """Resolve references (``symbol:EGFR``, ``ENSEMBL:ENSG…``) to nodes of a label."""
    wanted = list(dict.fromkeys(references))
    rows = resolver.resolve(pa.array(wanted, pa.string()), label=label).to_pydict()
    answers = zip(rows["id"], rows["kind"], rows["candidates"], strict=True)
    return {
        reference: Found(_MAPPING.get(kind, kind), graph_id, tuple(candidates or ()))
        for reference, (graph_id, kind, candidates) in zip(wanted, answers, strict=True)
    }
