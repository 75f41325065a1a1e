"""The types that the schema is declared in, and what every node and every edge has.

:mod:`tosg_graph.schema` declares the graph in them and is where the rest of the library takes
them from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


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


def text(name: str, doc: str, *, indexed: bool = False) -> Property:
    """Declare a property that holds one text."""
    return Property(name, PropertyType.STRING, doc, indexed=indexed)


def texts(name: str, doc: str) -> Property:
    """Declare a property that holds a list of texts."""
    return Property(name, PropertyType.STRINGS, doc)


def flag(name: str, doc: str) -> Property:
    """Declare a property that is true or false."""
    return Property(name, PropertyType.BOOLEAN, doc)


def _arrow(properties: Iterable[Property]) -> pa.Schema:
    required = {"id", "edge_id"}
    return pa.schema(
        [pa.field(p.name, p.type.arrow, nullable=p.name not in required) for p in properties]
    )


#: The properties of every node.
COMMON: tuple[Property, ...] = (
    text("id", "CURIE with a Biolink prefix; unique within the label."),
    text("name", "The name that the field reads.", indexed=True),
    text("text", "Readable paragraph, composed in a fixed order from sourced fields."),
    text("description", "What a source says of it, as the source says it."),
    text("description_source", "Name of the source whose description it is."),
    texts("description_pmids", "PubMed ids that this source gives for it, sorted as numbers."),
    texts("synonyms", "Other names, sorted."),
    texts("xrefs", "The same thing in other databases, as CURIEs, sorted."),
    texts("sources", "Names of the sources that know this node, sorted."),
)

#: The first columns of ``edges/<TYPE>.parquet``.
EDGE_ENDS = ("source", "target", "source_label", "target_label")

#: The properties of every edge.
EDGE_COMMON: tuple[Property, ...] = (
    text(
        "edge_id",
        "Stable id of the fact (source, type, target): 16 hexadecimal digits.",
        indexed=True,
    ),
    Property("sign", PropertyType.INTEGER, "+1 raises, -1 lowers, null where not known."),
    flag("directed", "Whether source and target play different parts."),
    texts("mechanisms", "Mechanisms that the statements name, sorted."),
    texts("sources", "Names of the sources that state the fact, sorted."),
    texts("licences", "Licences of those statements, sorted."),
    texts("pmids", "PubMed ids behind the fact, sorted as numbers."),
    Property("n_evidence", PropertyType.INTEGER, "Number of statements behind the fact."),
    Property(
        "score",
        PropertyType.FLOAT,
        "Largest score that a statement has, from 0 to 1; sources mean different things by it.",
    ),
)
