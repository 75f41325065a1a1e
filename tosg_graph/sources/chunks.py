"""What a loader hands over: typed tables of rows that say what the file says.

A loader does not resolve identifiers. It writes a *reference*: a namespace, a colon, and the
identifier as the file has it (``symbol:EGFR``, ``UniProtKB:P00533``, ``NCBIGene:1956``,
``ENSEMBL:ENSG00000146648``, ``DOID:9256``). The build turns references into node ids, or into
rejects that say why not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tosg_graph.errors import BuildError
from tosg_graph.schema import EDGE_TYPE, LABEL, STATEMENT_PROPERTIES


class ChunkKind(StrEnum):
    """The kinds of rows that a loader can hand over."""

    NODES = "nodes"  # declares nodes of one label
    ANNOTATIONS = "annotations"  # adds properties to nodes that another source declares
    COMPLEXES = "complexes"  # declares complexes by their members
    STATEMENTS = "statements"  # states facts of one edge type
    MAPPINGS = "mappings"  # says which identifiers name the same thing
    REJECTS = "rejects"  # rows that the loader itself turned away, with a reason


_S = pa.string()
_L = pa.list_(pa.string())
_LINE = pa.field("line", pa.int64(), nullable=False)


def _node_properties(label: str) -> list[pa.Field]:
    made_by_the_build = {"id", "text", "sources", "description_source"}
    return [
        pa.field(p.name, p.type.arrow)
        for p in LABEL[label].properties
        if p.name not in made_by_the_build
    ]


def nodes_schema(label: str) -> pa.Schema:
    """Columns of a chunk that declares nodes of a label.

    ``id`` is the CURIE; ``previous`` holds former symbols and names, ``former_ids`` CURIEs that
    were merged into this one, ``same_as`` CURIEs that the source calls exactly the same thing in
    another vocabulary: nodes that are the same become one. Symbol, name, synonyms, previous and
    all of the ids become aliases.
    """
    return pa.schema(
        [
            pa.field("id", _S, nullable=False),
            *_node_properties(label),
            pa.field("previous", _L),
            pa.field("former_ids", _L),
            pa.field("same_as", _L),
            _LINE,
        ]
    )


def annotations_schema(label: str) -> pa.Schema:
    """Columns of a chunk that describes nodes of a label: ``ref``, and the properties it knows."""
    return pa.schema([pa.field("ref", _S, nullable=False), *_node_properties(label), _LINE])


#: ``ref`` is the local name (``cellphonedb:integrin_a2b1_complex``) under which statements of the
#: same source speak of the complex; ``members`` are references, one per copy of a subunit.
COMPLEXES = pa.schema(
    [
        pa.field("ref", _S, nullable=False),
        pa.field("members", _L, nullable=False),
        *[f for f in _node_properties("Complex") if f.name not in ("members", "unresolved")],
        pa.field("licence", _S),
        _LINE,
    ]
)

#: ``source_ref`` and ``target_ref`` are references to nodes of ``source_label`` and
#: ``target_label``. ``licence`` is null where the source's own licence applies. ``sign`` may be
#: left null on ACTIVATES and INHIBITS, whose type says it.
STATEMENTS = pa.schema(
    [
        pa.field("source_ref", _S, nullable=False),
        pa.field("source_label", _S, nullable=False),
        pa.field("target_ref", _S, nullable=False),
        pa.field("target_label", _S, nullable=False),
        pa.field("record_id", _S),
        pa.field("pmids", _L),
        pa.field("sentence", _S),
        pa.field("mechanism", _S),
        pa.field("residue", _S),
        pa.field("direct", pa.bool_()),
        pa.field("sign", pa.int64()),
        pa.field("score", pa.float64()),
        *[pa.field(p.name, p.type.arrow) for p in STATEMENT_PROPERTIES],
        pa.field("licence", _S),
        _LINE,
    ]
)

#: ``subject_ref`` and ``object_ref`` are CURIEs; ``predicate`` is ``skos:exactMatch`` (nodes of one
#: label that it joins become one, an id that is no node becomes a cross-reference) or a weaker one
#: (kept as a cross-reference only); ``justification`` is a CURIE of semapv, or null.
MAPPINGS = pa.schema(
    [
        pa.field("subject_ref", _S, nullable=False),
        pa.field("object_ref", _S, nullable=False),
        pa.field("predicate", _S, nullable=False),
        pa.field("justification", _S),
        pa.field("licence", _S),
        _LINE,
    ]
)

#: ``rows`` says how many rows of the file one stands for; null is one. ``line`` is then the first.
REJECTED = pa.schema(
    [
        pa.field("reason", _S, nullable=False),
        pa.field("value", _S),
        pa.field("rows", pa.int64()),
        _LINE,
    ]
)


#: Rows as a loader has them: a data frame, or for large tables an Arrow table.
Rows: TypeAlias = "pd.DataFrame | pa.Table"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one kind from one file.

    Parameters
    ----------
    kind
        What the rows are.
    subject
        The label (nodes, annotations), the edge type (statements), or "".
    file
        Name of the file that the rows were read from.
    table
        The rows; its schema is the one of the kind and the subject.
    """

    kind: ChunkKind
    subject: str
    file: str
    table: pa.Table

    @classmethod
    def nodes(cls, label: str, file: str, rows: Rows) -> Chunk:
        """Declare nodes; columns that the frame lacks are null."""
        return cls(ChunkKind.NODES, label, file, _table(rows, nodes_schema(label), file))

    @classmethod
    def annotations(cls, label: str, file: str, rows: Rows) -> Chunk:
        """Describe nodes that another source declares."""
        table = _table(rows, annotations_schema(label), file)
        return cls(ChunkKind.ANNOTATIONS, label, file, table)

    @classmethod
    def complexes(cls, file: str, rows: Rows) -> Chunk:
        """Declare complexes by their members."""
        return cls(ChunkKind.COMPLEXES, "Complex", file, _table(rows, COMPLEXES, file))

    @classmethod
    def statements(cls, edge_type: str, file: str, rows: Rows) -> Chunk:
        """State facts of one edge type."""
        edge = EDGE_TYPE.get(edge_type)
        if edge is None:
            raise BuildError(f"unknown edge type {edge_type!r}; known: {', '.join(EDGE_TYPE)}")
        table = _table(rows, STATEMENTS, file)
        groups = table.group_by(["source_label", "target_label"]).aggregate([])
        wrong = {(g["source_label"], g["target_label"]) for g in groups.to_pylist()} - set(
            edge.ends
        )
        if wrong:
            raise BuildError(f"{edge_type} cannot join {sorted(wrong)}; allowed: {edge.ends}")
        return cls(ChunkKind.STATEMENTS, edge_type, file, table)

    @classmethod
    def mappings(cls, file: str, rows: Rows) -> Chunk:
        """Say which identifiers name the same thing."""
        return cls(ChunkKind.MAPPINGS, "", file, _table(rows, MAPPINGS, file))

    @classmethod
    def rejects(cls, file: str, rows: Rows) -> Chunk:
        """Turn rows away: ``reason``, ``value`` (what was found), ``rows`` and ``line``."""
        return cls(ChunkKind.REJECTS, "", file, _table(rows, REJECTED, file))


def _table(rows: Rows, schema: pa.Schema, file: str) -> pa.Table:
    """Lay the columns out in the order of the schema, absent values as null."""
    names = rows.column_names if isinstance(rows, pa.Table) else list(rows.columns)
    unknown = set(names) - set(schema.names)
    if unknown:
        raise BuildError(f"{file}: rows have columns {sorted(unknown)} that no table takes")
    arrays = [_column(rows, field, file, field.name in names) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _column(rows: Rows, field: pa.Field, file: str, given: bool) -> pa.Array | pa.ChunkedArray:
    if not given:
        if not field.nullable:
            raise BuildError(f"{file}: rows lack the required column {field.name!r}")
        return pa.nulls(len(rows), field.type)
    try:
        if isinstance(rows, pa.Table):
            array = _without_empty(rows[field.name].cast(field.type))
        else:
            values = _plain(rows[field.name], field.type)
            array = pa.array(values, field.type, from_pandas=True)
        if pa.types.is_floating(field.type):
            array = _finite(array)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise BuildError(
            f"{file}: column {field.name!r} does not hold {field.type}: {error}"
        ) from error
    if not field.nullable and array.null_count:
        place = pc.index(pc.is_null(array), True).as_py()
        first = pa.array(rows["line"])[place].as_py()
        raise BuildError(f"{file}:{first}: column {field.name!r} is empty and must not be")
    return array


def _without_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make empty texts and empty lists null; a list of an Arrow table holds no empty text."""
    if pa.types.is_string(column.type):
        empty = pc.equal(pc.binary_length(column), 0)
    elif pa.types.is_list(column.type):
        empty = pc.equal(pc.list_value_length(column), 0)
    else:
        return column
    if not pc.any(empty).as_py():
        return column
    return pc.if_else(empty, pa.scalar(None, column.type), column)


def _finite(numbers: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Make NaN and infinities null, and -0.0 zero: the larger of two zeros must be one value."""
    known = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, numbers.type))
    return pc.add(known, 0.0)


def _plain(values: pd.Series, kind: pa.DataType) -> Iterable[object]:
    """Empty strings and empty lists become null: nothing is said in one way only."""
    if pa.types.is_string(kind):
        return list(values.astype(object).mask(values == ""))
    if pa.types.is_list(kind):
        return [_items(value) for value in values]
    return values


def _items(value: object) -> list[str] | None:
    if not isinstance(value, (list, tuple)):
        return None
    kept = [item for item in value if item]
    return kept or None
