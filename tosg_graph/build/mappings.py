"""The identifier mappings that a build used, as SSSOM (https://w3id.org/sssom).

Three kinds: references that led to a node under another identifier · nodes that became one because
of their name · genes with several products, with the one that was taken as canonical.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from tosg_graph.build import products
from tosg_graph.build.engine import Engine
from tosg_graph.build.merging import HAS_PRODUCT, PRODUCT_OF
from tosg_graph.schema import LABEL

COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "comment",
)
#: Where the prefixes of Biolink and of the semantic web point to.
CURIE_MAP = {
    "CHEBI": "http://purl.obolibrary.org/obo/CHEBI_",
    "CHEMBL.COMPOUND": "https://identifiers.org/chembl.compound:",
    "CL": "http://purl.obolibrary.org/obo/CL_",
    "COMPLEX": "https://w3id.org/tosg-graph/complex/",
    "ComplexPortal": "https://www.ebi.ac.uk/complexportal/complex/",
    "DOID": "http://purl.obolibrary.org/obo/DOID_",
    "DRUGBANK": "https://identifiers.org/drugbank:",
    "DrugCentral": "https://identifiers.org/drugcentral:",
    "EFO": "http://www.ebi.ac.uk/efo/EFO_",
    "ENSEMBL": "https://identifiers.org/ensembl:",
    "FAMILY": "https://w3id.org/tosg-graph/family/",
    "GMT": "https://w3id.org/tosg-graph/set/",
    "GO": "http://purl.obolibrary.org/obo/GO_",
    "GTOPDB": "https://www.guidetopharmacology.org/GRAC/LigandDisplayForward?ligandId=",
    "HGNC": "https://identifiers.org/hgnc:",
    "HP": "http://purl.obolibrary.org/obo/HP_",
    "MESH": "http://id.nlm.nih.gov/mesh/",
    "MONDO": "http://purl.obolibrary.org/obo/MONDO_",
    "NCBIGene": "https://identifiers.org/ncbigene:",
    "NCIT": "http://purl.obolibrary.org/obo/NCIT_",
    "OMIM": "https://omim.org/entry/",
    "OMIM.PS": "https://www.omim.org/phenotypicseries/PS",
    "PUBCHEM.COMPOUND": "https://identifiers.org/pubchem.compound:",
    "REACT": "https://identifiers.org/reactome:",
    "RO": "http://purl.obolibrary.org/obo/RO_",
    "RefSeq": "https://identifiers.org/refseq:",
    "SIGNOR": "https://signor.uniroma2.it/relation_result.php?id=",
    "UBERON": "http://purl.obolibrary.org/obo/UBERON_",
    "UMLS": "https://identifiers.org/umls:",
    "UniProtKB": "https://identifiers.org/uniprot:",
    "WIKIPATHWAYS": "https://identifiers.org/wikipathways:",
    "orphanet": "http://www.orpha.net/ORDO/Orphanet_",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "symbol": "https://identifiers.org/hgnc.symbol:",
}

_USED = f"""
SELECT ref AS subject_id, NULL AS subject_label,
    CASE WHEN crossed AND label = 'Protein' THEN '{HAS_PRODUCT}'
        WHEN crossed THEN '{PRODUCT_OF}'
        WHEN kind IN ('id', 'xref', 'symbol') THEN 'skos:exactMatch'
        ELSE 'skos:closeMatch' END AS predicate_id,
    id AS object_id, label,
    CASE WHEN crossed THEN 'semapv:MappingChaining'
        WHEN kind IN ('id', 'xref') THEN 'semapv:UnspecifiedMatching'
        ELSE 'semapv:LexicalMatching' END AS mapping_justification,
    'found as ' || kind AS comment
FROM ({{ends}}) e ANTI JOIN merged m ON m.other = e.ref AND m.id = e.id
WHERE id IS NOT NULL AND ref <> id
"""
_MERGED = """
SELECT other, name, 'skos:exactMatch', id, label,
    CASE why WHEN 'same name' THEN 'semapv:LexicalMatching' ELSE 'semapv:UnspecifiedMatching' END,
    why FROM merged
"""
_CANONICAL = f"""
SELECT gene, symbol, '{HAS_PRODUCT}', protein, 'Protein', 'semapv:CompositeMatching',
    'canonical of ' || choices || ': {products.RULE}'
FROM encodes LEFT JOIN united_Gene g ON g.id = gene WHERE canonical AND choices > 1
"""


def write_mappings(engine: Engine, tables: Sequence[str], path: Path, build_id: str) -> None:
    """Write the mappings that a build used.

    Parameters
    ----------
    tables
        Tables of resolved references, as :meth:`Resolver.join` makes them.
    """
    ends = " UNION ".join(f"SELECT ref, label, id, kind, crossed FROM {name}" for name in tables)
    names = " UNION ALL ".join(
        f"SELECT '{label}' AS label, id AS object_id, name AS object_label FROM united_{label}"
        for label in LABEL
    )
    query = f"""SELECT DISTINCT {", ".join(COLUMNS)}
        FROM ({_USED.format(ends=ends)} UNION ALL {_MERGED} UNION ALL {_CANONICAL})
        LEFT JOIN ({names}) USING (label, object_id) ORDER BY ALL"""
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_header(build_id, _prefixes(engine, ends)))
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for batch in engine.stream(query, schema):
            writer.writerows(zip(*batch.to_pydict().values(), strict=True))


def _prefixes(engine: Engine, ends: str) -> dict[str, str]:
    """Give the meaning of every prefix that the mappings have; a local name's is made here."""
    used = {prefix for (prefix,) in engine.rows(f"SELECT DISTINCT prefix_of(ref) FROM ({ends})")}
    return {name: f"https://w3id.org/tosg-graph/source/{name}/" for name in used} | CURIE_MAP


def _header(build_id: str, prefixes: Mapping[str, str]) -> str:
    lines = [
        f"mapping_set_id: https://w3id.org/tosg-graph/mappings/{build_id}",
        "mapping_set_description: Identifier mappings that a TOSG Graph build used",
        "license: https://w3id.org/sssom/license/unspecified",
        "curie_map:",
        *(f'  {prefix}: "{base}"' for prefix, base in sorted(prefixes.items())),
    ]
    return "".join(f"#{line}\n" for line in lines)
