"""The declaration of the graph: labels, edge types, properties, allowed ends.

Everything else that knows the shape of the graph derives from :data:`LABELS` and
:data:`EDGE_TYPES`: Parquet schemas (here), the constraints in ``cypher/schema.cypher``, the
embedded tables, the vocabulary of the read gate, ``tosg schema`` and ``docs/schema.md``.

One rule holds for every property: a value that is not known is absent (null). There are no empty
strings and no empty lists, in no table and in no database, so that two ways of storing a graph
cannot differ in how they say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

SCHEMA_VERSION = "2"


class PropertyType(StrEnum):
    """The types that a property may have; each has one Arrow type."""

    STRING = "string"
    STRINGS = "strings"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow type of a column that holds this property."""
        return _ARROW[self]


_ARROW: dict[PropertyType, pa.DataType] = {
    PropertyType.STRING: pa.string(),
    PropertyType.STRINGS: pa.list_(pa.string()),
    PropertyType.INTEGER: pa.int64(),
    PropertyType.FLOAT: pa.float64(),
    PropertyType.BOOLEAN: pa.bool_(),
}


class Aggregate(StrEnum):
    """How the statements behind a fact become one value on its edge."""

    JOIN = "join"  # the distinct values, sorted, joined by "; "
    MAX = "max"
    ANY = "any"  # true if any statement says true, else false if any says false, else null


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a node or an edge.

    Parameters
    ----------
    name
        Its name in every table and database.
    type
        Its type.
    doc
        One sentence, with the unit where there is one.
    aggregate
        For an edge property that comes from the statements: how they become one value.
    indexed
        Whether a database keeps a range index on it.
    """

    name: str
    type: PropertyType
    doc: str
    aggregate: Aggregate | None = None
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of node.

    Parameters
    ----------
    name
        The label.
    category
        Its Biolink category.
    prefixes
        CURIE prefixes of its ids. When two nodes are found to be the same, the id whose prefix
        stands first here is kept.
    doc
        One sentence.
    own
        The properties that it has beside :data:`COMMON`.
    merge_by_name
        Whether two nodes of *different* sources with the same name are the same thing.
    """

    name: str
    category: str
    prefixes: tuple[str, ...]
    doc: str
    own: tuple[Property, ...] = ()
    merge_by_name: bool = False

    @property
    def properties(self) -> tuple[Property, ...]:
        """All its properties, the common ones first."""
        return COMMON + self.own

    @property
    def arrow(self) -> pa.Schema:
        """Schema of ``nodes/<Label>.parquet``."""
        return _arrow(self.properties)


@dataclass(frozen=True, slots=True)
class EdgeType:
    """A kind of edge.

    Parameters
    ----------
    name
        The relationship type.
    predicate
        Its Biolink predicate.
    ends
        The allowed pairs (source label, target label), in the order in which tensors list them.
    doc
        One sentence, read from source to target.
    sign
        +1 or −1 when every edge of the type has that sign; None when edges have their own or none.
    directed
        False: stored once, the smaller id first.
    own
        The properties that it has beside :data:`EDGE_COMMON`.
    """

    name: str
    predicate: str
    ends: tuple[tuple[str, str], ...]
    doc: str
    sign: int | None = None
    directed: bool = True
    own: tuple[Property, ...] = ()

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties that a database keeps on the edge."""
        return EDGE_COMMON + self.own

    @property
    def arrow(self) -> pa.Schema:
        """Schema of ``edges/<TYPE>.parquet``: the ends, their labels, then the properties."""
        ends = [pa.field(name, pa.string(), nullable=False) for name in EDGE_ENDS]
        return pa.schema([*ends, *_arrow(self.properties)])


def _text(name: str, doc: str, *, indexed: bool = False) -> Property:
    return Property(name, PropertyType.STRING, doc, indexed=indexed)


def _texts(name: str, doc: str) -> Property:
    return Property(name, PropertyType.STRINGS, doc)


def _flag(name: str, doc: str) -> Property:
    return Property(name, PropertyType.BOOLEAN, doc)


def _arrow(properties: Iterable[Property]) -> pa.Schema:
    required = {"id", "edge_id"}
    return pa.schema(
        [pa.field(p.name, p.type.arrow, nullable=p.name not in required) for p in properties]
    )


COMMON: tuple[Property, ...] = (
    _text("id", "CURIE with a Biolink prefix; unique within the label."),
    _text("name", "The name that the field reads.", indexed=True),
    _text("text", "Readable paragraph, composed in a fixed order from sourced fields."),
    _text("description", "What a source says of it, as the source says it."),
    _text("description_source", "Name of the source whose description it is."),
    _texts("synonyms", "Other names, sorted."),
    _texts("xrefs", "The same thing in other databases, as CURIEs, sorted."),
    _texts("sources", "Names of the sources that know this node, sorted."),
)

EDGE_ENDS = ("source", "target", "source_label", "target_label")

EDGE_COMMON: tuple[Property, ...] = (
    _text(
        "edge_id",
        "Stable id of the fact (source, type, target): 16 hexadecimal digits.",
        indexed=True,
    ),
    Property("sign", PropertyType.INTEGER, "+1 raises, -1 lowers, null where not known."),
    _flag("directed", "Whether source and target play different parts."),
    _texts("mechanisms", "Mechanisms that the statements name, sorted."),
    _texts("sources", "Names of the sources that state the fact, sorted."),
    _texts("licences", "Licences of those statements, sorted."),
    _texts("pmids", "PubMed ids behind the fact, sorted as numbers."),
    Property("n_evidence", PropertyType.INTEGER, "Number of statements behind the fact."),
    Property(
        "score",
        PropertyType.FLOAT,
        "Largest score that a statement has, from 0 to 1; sources mean different things by it.",
    ),
)

_PLACES = (
    _flag("receptor", "Whether a source calls it a receptor."),
    _flag("secreted", "Whether a source calls it secreted."),
    _flag("transmembrane", "Whether a source places it across a membrane."),
)

LABELS: tuple[Label, ...] = (
    Label(
        "Gene",
        "biolink:Gene",
        ("HGNC", "ENSEMBL", "NCBIGene"),
        "A human gene with its approved symbol.",
        (
            _text("symbol", "Approved symbol.", indexed=True),
            _text("biotype", "Biotype of Ensembl, such as protein_coding."),
            _text("locus_group", "Group of the locus type, such as protein-coding gene."),
            _text("locus_type", "Locus type, such as gene with protein product."),
            _text("location", "Cytogenetic band."),
        ),
    ),
    Label(
        "Transcript",
        "biolink:Transcript",
        ("ENSEMBL", "RefSeq"),
        "A transcript of a gene.",
        (
            _text("symbol", "Approved symbol of its gene.", indexed=True),
            _text("version", "Version of the id in the source that named it."),
            _text("biotype", "Biotype of Ensembl, such as protein_coding or retained_intron."),
            _flag("mane_select", "Whether MANE chose it as the representative transcript."),
        ),
    ),
    Label(
        "Protein",
        "biolink:Protein",
        ("UniProtKB",),
        "A protein as UniProt numbers it.",
        (
            _text("symbol", "Approved symbol of the gene that encodes it.", indexed=True),
            _text("accession", "UniProt accession.", indexed=True),
            _text("entry_name", "UniProt entry name.", indexed=True),
            Property("length", PropertyType.INTEGER, "Number of amino acids."),
            _flag("reviewed", "Whether UniProt's curators have reviewed the entry."),
            *_PLACES,
        ),
    ),
    Label(
        "Complex",
        "biolink:MacromolecularComplex",
        ("COMPLEX", "ComplexPortal"),
        "Proteins that act as one; without an accession it is named by its sorted members.",
        (
            _texts("members", "Ids of its subunits, sorted, as often as they occur."),
            _texts("unresolved", "Subunits as written that no identifier was found for."),
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

#: Every input row that did not become a fact or a node. Sorted by (source, file, line).
REJECTS = pa.schema(
    [
        _FIELD("source", pa.string(), nullable=False),
        _FIELD("file", pa.string(), nullable=False),
        _FIELD("line", pa.int64(), nullable=False),
        _FIELD("reason", pa.string(), nullable=False),
        _FIELD("value", pa.string()),
        _FIELD("candidates", _STRINGS),
    ]
)
