"""The declaration of the graph: labels, edge types, properties, allowed ends.

Everything else that knows the shape of the graph derives from :data:`LABELS` and
:data:`EDGE_TYPES`: Parquet schemas (here), the constraints in ``cypher/schema.cypher``, the
embedded tables, the vocabulary of the read gate, ``tosg schema`` and ``docs/schema.md``.

One rule holds for every property: a value that is not known is absent (null). There are no empty
strings and no empty lists, in no table and in no database, so that two ways of storing a graph
cannot differ in how they say nothing.
"""

from __future__ import annotations

import pyarrow as pa

from tosg_graph.kinds import (
    COMMON,
    EDGE_COMMON,
    EDGE_ENDS,
    Aggregate,
    EdgeType,
    Label,
    Property,
    PropertyType,
    flag,
    text,
    texts,
)

__all__ = [
    "ALIASES",
    "ALIAS_KINDS",
    "COMMON",
    "EDGE_COMMON",
    "EDGE_ENDS",
    "EDGE_TYPE",
    "EDGE_TYPES",
    "EVIDENCE",
    "LABEL",
    "LABELS",
    "REJECTS",
    "SCHEMA_VERSION",
    "SIGNALLING",
    "STATEMENT_PROPERTIES",
    "Aggregate",
    "EdgeType",
    "Label",
    "Property",
    "PropertyType",
    "triplets",
]

SCHEMA_VERSION = "2"

_PLACES = (
    flag("receptor", "Whether a source calls it a receptor."),
    flag("secreted", "Whether a source calls it secreted."),
    flag("transmembrane", "Whether a source places it across a membrane."),
)

LABELS: tuple[Label, ...] = (
    Label(
        "Gene",
        "biolink:Gene",
        ("HGNC", "ENSEMBL", "NCBIGene"),
        "A human gene with its approved symbol.",
        (
            text("symbol", "Approved symbol.", indexed=True),
            text("biotype", "Biotype of Ensembl, such as protein_coding."),
            text("locus_group", "Group of the locus type, such as protein-coding gene."),
            text("locus_type", "Locus type, such as gene with protein product."),
            text("location", "Cytogenetic band."),
        ),
    ),
    Label(
        "Transcript",
        "biolink:Transcript",
        ("ENSEMBL", "RefSeq"),
        "A transcript of a gene.",
        (
            text("symbol", "Approved symbol of its gene.", indexed=True),
            text("version", "Version of the id in the source that named it."),
            text("biotype", "Biotype of Ensembl, such as protein_coding or retained_intron."),
            flag("mane_select", "Whether MANE chose it as the representative transcript."),
        ),
    ),
    Label(
        "Protein",
        "biolink:Protein",
        ("UniProtKB",),
        "A protein as UniProt numbers it.",
        (
            text("symbol", "Approved symbol of the gene that encodes it.", indexed=True),
            text("accession", "UniProt accession.", indexed=True),
            text("entry_name", "UniProt entry name.", indexed=True),
            Property("length", PropertyType.INTEGER, "Number of amino acids."),
            flag("reviewed", "Whether UniProt's curators have reviewed the entry."),
            *_PLACES,
        ),
    ),
    Label(
        "Complex",
        "biolink:MacromolecularComplex",
        ("COMPLEX", "ComplexPortal"),
        "Proteins that act as one; without an accession it is named by its sorted members.",
        (
            texts("members", "Ids of its subunits, sorted, as often as they occur."),
            texts("unresolved", "Subunits as written that no identifier was found for."),
            *_PLACES,
        ),
    ),
    Label(
        "Family",
        "biolink:ProteinFamily",
        ("SIGNOR", "FAMILY"),
        "Proteins any of which may take the same part; a source names it as one actor.",
    ),
    Label(
        "Pathway",
        "biolink:Pathway",
        ("REACT", "WIKIPATHWAYS", "GMT"),
        "A pathway of a database, or a gene set of a user's own.",
    ),
    Label("Disease", "biolink:Disease", ("DOID", "MONDO"), "A disease of an ontology."),
    Label(
        "Drug",
        "biolink:Drug",
        (
            "DrugCentral",
            "DRUGBANK",
            "CHEMBL.COMPOUND",
            "GTOPDB",
            "CHEBI",
            "PUBCHEM.COMPOUND",
            "SIGNOR",
        ),
        "A substance that is used, or was tried, as a medicine, or that acts on proteins.",
        merge_by_name=True,
    ),
    Label("CellType", "biolink:Cell", ("CL",), "A cell type of the Cell Ontology."),
    Label("Tissue", "biolink:GrossAnatomicalStructure", ("UBERON",), "A part of the body."),
    Label("Compartment", "biolink:CellularComponent", ("GO",), "A place within or around a cell."),
)

_ACTORS = tuple((a, b) for a in ("Protein", "Complex") for b in ("Protein", "Complex"))
_SIGNALLERS = tuple(
    (a, b) for a in ("Protein", "Complex", "Family") for b in ("Protein", "Complex", "Family")
)

EDGE_TYPES: tuple[EdgeType, ...] = (
    EdgeType(
        "TRANSCRIBED_TO",
        "biolink:transcribed_to",
        (("Gene", "Transcript"),),
        "The gene is transcribed to the transcript.",
    ),
    EdgeType(
        "TRANSLATED_TO",
        "biolink:translates_to",
        (("Transcript", "Protein"),),
        "The transcript is translated to the protein.",
    ),
    EdgeType(
        "ENCODES",
        "biolink:has_gene_product",
        (("Gene", "Protein"),),
        "The gene encodes the protein.",
        own=(
            Property(
                "canonical",
                PropertyType.BOOLEAN,
                "Whether this is the product that a bare gene symbol stands for.",
                Aggregate.ANY,
            ),
        ),
    ),
    EdgeType(
        "PART_OF",
        "biolink:part_of",
        (("Protein", "Complex"),),
        "The protein is a subunit of the complex.",
        own=(
            Property(
                "stoichiometry",
                PropertyType.INTEGER,
                "How many copies of the subunit the complex lists.",
                Aggregate.MAX,
            ),
        ),
    ),
    EdgeType(
        "ACTIVATES",
        "biolink:regulates",
        _SIGNALLERS,
        "The source raises the activity or amount of the target.",
        sign=1,
    ),
    EdgeType(
        "INHIBITS",
        "biolink:regulates",
        _SIGNALLERS,
        "The source lowers the activity or amount of the target.",
        sign=-1,
    ),
    EdgeType(
        "REGULATES",
        "biolink:regulates",
        _SIGNALLERS,
        "The source acts on the target; the sign is not known.",
    ),
    EdgeType(
        "BINDS",
        "biolink:directly_physically_interacts_with",
        _ACTORS,
        "The ligand binds the receptor.",
    ),
    EdgeType(
        "INTERACTS_WITH",
        "biolink:physically_interacts_with",
        (("Protein", "Protein"), ("Protein", "Complex"), ("Complex", "Complex")),
        "The two touch; neither is said to act on the other.",
        directed=False,
    ),
    EdgeType(
        "MEMBER_OF",
        "biolink:participates_in",
        (("Gene", "Pathway"), ("Protein", "Pathway"), ("Protein", "Family")),
        "The gene or protein takes part in the pathway, or the protein is one of the family.",
    ),
    EdgeType(
        "LOCATED_IN",
        "biolink:located_in",
        (("Protein", "Compartment"),),
        "The protein was found in the compartment.",
        own=(
            Property(
                "reliability",
                PropertyType.STRING,
                "How sure a source is, in its own word, such as Enhanced.",
                Aggregate.JOIN,
            ),
        ),
    ),
    EdgeType(
        "IS_A",
        "biolink:subclass_of",
        (("Disease", "Disease"), ("CellType", "CellType"), ("Tissue", "Tissue")),
        "The source is a kind of the target; a tissue may also be a part of it, where its source "
        "does not tell the two apart.",
    ),
    EdgeType(
        "CHILD_OF",
        "biolink:part_of",
        (("Pathway", "Pathway"),),
        "The source is a sub-pathway of the target.",
    ),
    EdgeType(
        "ASSOCIATED_WITH",
        "biolink:associated_with",
        (("Gene", "Disease"),),
        "The gene is associated with the disease.",
    ),
    EdgeType(
        "TARGETS",
        "biolink:physically_interacts_with",
        (("Drug", "Protein"), ("Drug", "Complex"), ("Drug", "Family")),
        "The drug acts on, or binds, the protein, the complex or one of the family.",
        own=(
            Property(
                "action",
                PropertyType.STRING,
                "What the drug does to the protein, such as INHIBITOR.",
                Aggregate.JOIN,
            ),
            Property(
                "affinity",
                PropertyType.FLOAT,
                "Strongest reported affinity, as -log10 of the molar value.",
                Aggregate.MAX,
            ),
            Property(
                "mechanism_of_action",
                PropertyType.BOOLEAN,
                "Whether a source says that the drug works through this protein.",
                Aggregate.ANY,
            ),
        ),
    ),
    EdgeType("TREATS", "biolink:treats", (("Drug", "Disease"),), "The drug treats the disease."),
    EdgeType(
        "PALLIATES",
        "biolink:ameliorates_condition",
        (("Drug", "Disease"),),
        "The drug eases the disease without curing it.",
    ),
)

LABEL: dict[str, Label] = {label.name: label for label in LABELS}
EDGE_TYPE: dict[str, EdgeType] = {edge.name: edge for edge in EDGE_TYPES}

#: The types that carry a signal from one protein or complex to another.
SIGNALLING = ("ACTIVATES", "INHIBITS", "REGULATES")

#: The edge properties that statements carry and edges aggregate, each once.
STATEMENT_PROPERTIES: tuple[Property, ...] = tuple(
    {p.name: p for edge in EDGE_TYPES for p in edge.own if p.aggregate is not None}.values()
)


def triplets() -> tuple[tuple[str, str, str], ...]:
    """Every (source label, edge type, target label), in schema order."""
    return tuple((a, edge.name, b) for edge in EDGE_TYPES for a, b in edge.ends)


_FIELD = pa.field
_STRINGS = pa.list_(pa.string())

#: One row per statement of a source, joined to the fact that it supports. Sorted by
#: (edge_id, source, file, line).
EVIDENCE = pa.schema(
    [
        _FIELD("edge_id", pa.string(), nullable=False),
        _FIELD("source", pa.string(), nullable=False),
        _FIELD("record_id", pa.string()),
        _FIELD("pmids", _STRINGS),
        _FIELD("sentence", pa.string()),
        _FIELD("mechanism", pa.string()),
        _FIELD("residue", pa.string()),
        _FIELD("direct", pa.bool_()),
        _FIELD("sign", pa.int64()),
        _FIELD("score", pa.float64()),
        *[_FIELD(p.name, p.type.arrow) for p in STATEMENT_PROPERTIES],
        _FIELD("licence", pa.string(), nullable=False),
        _FIELD("source_as_written", pa.string(), nullable=False),
        _FIELD("target_as_written", pa.string(), nullable=False),
        _FIELD("file", pa.string(), nullable=False),
        _FIELD("line", pa.int64(), nullable=False),
    ]
)

#: Every string that names a node. ``kind`` is one of :data:`ALIAS_KINDS`; ``namespace`` is the
#: CURIE prefix for ids and cross-references (``alias`` then holds the part after the colon) and
#: null for symbols and names. Sorted by (alias, namespace, kind, label, id).
ALIASES = pa.schema(
    [
        _FIELD("alias", pa.string(), nullable=False),
        _FIELD("namespace", pa.string()),
        _FIELD("kind", pa.string(), nullable=False),
        _FIELD("label", pa.string(), nullable=False),
        _FIELD("id", pa.string(), nullable=False),
        _FIELD("source", pa.string(), nullable=False),
    ]
)

#: Strongest first: a string that is somebody's symbol is not looked for among the synonyms.
ALIAS_KINDS = ("id", "xref", "symbol", "name", "previous", "synonym")

#: The input rows that did not become a fact or a node; those that a source passes over for one
#: reason, such as another species, are one row here, with their number in ``rows`` and the line of
#: the first. Sorted by (source, file, line).
REJECTS = pa.schema(
    [
        _FIELD("source", pa.string(), nullable=False),
        _FIELD("file", pa.string(), nullable=False),
        _FIELD("line", pa.int64(), nullable=False),
        _FIELD("reason", pa.string(), nullable=False),
        _FIELD("value", pa.string()),
        _FIELD("candidates", _STRINGS),
        _FIELD("rows", pa.int64(), nullable=False),
    ]
)
