"""Vectors of the nodes' texts on a Neo4j server: written in batches, indexed, searched.

A vector is a property ``embedding`` (``LIST<FLOAT>``) beside what the build says of a node: counts,
the canonical hash and whole nodes handed over to a reader leave it out. Which encoder made the
vectors, and from the texts of which build, is the name of one more index, as the mark of the
build is (see :mod:`tosg_graph.graph.neo4j_load`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tosg_graph.errors import StoreError, UsageError
from tosg_graph.graph.ddl import EMBEDDING, neo4j_vector_index, vector_index
from tosg_graph.graph.store import Progress, tell
from tosg_graph.schema import LABEL, LABELS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Numbers in one transaction, at most.
_NUMBERS = 128_000
#: Neighbours asked of an index at least, and per neighbour wanted. Asked for ten of 8,000 random
#: vectors of 64 numbers both versions find 42 % of the true ten; asked for 200, 99.8 %.
_ASKED, _ASKED_EACH = 200, 4
_MOST = 1_000
_NOTE_PREFIX = "tosg-vectors "
_NOTE = re.compile(r"tosg-vectors encoder=(?P<encoder>\S+) dims=(?P<dims>\d+) build=(?P<build>\S+)")


def vector_statement(label: str) -> str:
    """Write a batch ``$rows`` of vectors; may run twice. A null removes what was there."""
    return (
        f"UNWIND $rows AS row MATCH (n:{label} {{id: row.id}}) "
        f"SET n.{EMBEDDING} = row.vector RETURN count(n) AS written"
    )


def similar_statement(label: str, *, search: bool) -> str:
    """Find the ``$k`` nodes whose vectors lie next to ``$vector``, among ``$asked`` neighbours."""
    index = vector_index(label)
    found = (
        f"CYPHER 25 MATCH (n:{label}) SEARCH n IN "
        f"(VECTOR INDEX {index} FOR $vector LIMIT $asked) SCORE AS score"
        if search
        else f"CALL db.index.vector.queryNodes('{index}', $asked, $vector) YIELD node AS n, score"
    )
    return (
        f"{found} RETURN n.id AS id, '{label}' AS label, n.name AS name, score "
        "ORDER BY score DESC, id LIMIT $k"
    )


def vector_of_statement(label: str) -> str:
    """Read the vector of the node ``$id``."""
    return f"MATCH (n:{label} {{id: $id}}) RETURN n.{EMBEDDING}"


@dataclass(frozen=True, slots=True)
class VectorNote:
    """What made the vectors that a database holds.

    Parameters
    ----------
    encoder
        Its name, without blanks.
    dims
        Length of a vector.
    build
        Id of the build whose texts were read.
    """

    encoder: str
    dims: int
    build: str

    def __str__(self) -> str:
        return f"{_NOTE_PREFIX}encoder={self.encoder} dims={self.dims} build={self.build}"


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What an embedding of texts did.

    Parameters
    ----------
    engine
        ``neo4j``.
    build_id
        The build whose texts were read; the database holds it.
    encoder, dims
        What made the vectors, and how long they are.
    vectors
        How many nodes of each label have one.
    changed
        False when the database had these vectors already.
    seconds
        Wall time.
    """

    engine: str
    build_id: str
    encoder: str
    dims: int
    vectors: dict[str, int]
    changed: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Give the same as a mapping, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Vectors:
    """The vectors of a database, through the ways of talking to a server of a loader."""

    rows: Callable[..., list[list[Any]]]
    write: Callable[..., int]
    define: Callable[[Sequence[str]], None]
    where: str

    def note(self) -> VectorNote | None:
        """Read which vectors the database holds, all of them; None after an interruption."""
        found = [match for name in self._notes() if (match := _NOTE.fullmatch(name))]
        if len(found) != 1:
            return None
        return VectorNote(found[0]["encoder"], int(found[0]["dims"]), found[0]["build"])

    def indexes(self) -> dict[str, int]:
        """Labels with a vector index that is online, and the length of its vectors."""
        query = (
            "SHOW INDEXES YIELD name, type, state, options "
            "WHERE type = 'VECTOR' AND state = 'ONLINE' RETURN name, options"
        )
        dims = {
            name: int(options["indexConfig"].get("vector.dimensions", 0))
            for name, options in self.rows(query)
        }
        named = {label.name: vector_index(label.name) for label in LABELS}
        return {label: dims[name] for label, name in named.items() if name in dims}

    def counts(self) -> dict[str, int]:
        """Count the vectors per label; labels without are left out."""
        query = "MATCH (n:{0}) WHERE n.{1} IS NOT NULL RETURN count(n)"
        found = {
            label: int(self.rows(query.format(label, EMBEDDING))[0][0]) for label in self.indexes()
        }
        return {label: number for label, number in found.items() if number}

    def put(
        self,
        vectors: Mapping[str, tuple[Sequence[str], npt.NDArray[np.float32]]],
        note: VectorNote,
        *,
        progress: Progress | None = None,
    ) -> dict[str, int]:
        """Write vectors in place of those that are there, and make their indexes.

        Parameters
        ----------
        vectors
            Per label, ids [n] and float32 [n, dims]. A row of zeros has no direction: that node
            gets none.
        note
            What made them. It is written last.
        progress
            Called with a line of text when a step begins.

        Returns
        -------
        dict
            Number of vectors per label.

        Raises
        ------
        StoreError
            If an id is not there, or an index does not come online.
        """
        self.forget()
        written = {}
        for label, (ids, rows) in vectors.items():
            tell(progress, f"{label}: {len(ids):,} vectors")
            written[label] = self._put(label, ids, rows)
        tell(progress, "vector indexes")
        held = [label for label, number in written.items() if number]
        self.define([neo4j_vector_index(label, note.dims) for label in held])
        self.rows("CALL db.awaitIndexes(3600)")
        missing = set(held) - set(self.indexes())
        if missing:
            raise StoreError(
                f"the vector indexes of {', '.join(sorted(missing))} did not come online in "
                f"{self.where}; look at its log, and run tosg embed again"
            )
        on = f"FOR (n:{LABELS[0].name}) ON (n.tosg_vectors)"
        self.define([f"CREATE INDEX `{note}` IF NOT EXISTS {on}"])
        return written

    def forget(self) -> None:
        """Drop the indexes and the note; vectors that are there stay on their nodes."""
        names = [*self._notes(), *(vector_index(label.name) for label in LABELS)]
        self.define([f"DROP INDEX `{name}` IF EXISTS" for name in names])

    def _notes(self) -> list[str]:
        query = "SHOW INDEXES YIELD name WHERE name STARTS WITH $prefix RETURN name"
        return [name for (name,) in self.rows(query, {"prefix": _NOTE_PREFIX})]

    def _put(self, label: str, ids: Sequence[str], rows: npt.NDArray[np.float32]) -> int:
        step = max(1, _NUMBERS // max(1, rows.shape[1]))
        has = (rows != 0).any(axis=1).tolist()
        for first in range(0, len(ids), step):
            part = slice(first, first + step)
            batch = [
                {"id": node, "vector": vector if one else None}
                for node, vector, one in zip(ids[part], rows[part].tolist(), has[part], strict=True)
            ]
            written = self.write(vector_statement(label), {"rows": batch})
            if written != len(batch):
                raise StoreError(
                    f"{len(batch) - written} of {len(batch)} nodes {label} are not in "
                    f"{self.where}; load the build first: tosg load"
                )
        return sum(has)


def search_parameters(vector: Sequence[float], k: int, dims: int, label: str) -> dict[str, Any]:
    """Check what is looked for, and give the parameters of :func:`similar_statement`.

    Raises
    ------
    UsageError
        If the vector has another length than those of the index, holds what is no finite number,
        or is zero; or ``k`` is not from 1 to 1,000.
    """
    numbers = [float(number) for number in vector]
    if len(numbers) != dims:
        raise UsageError(
            f"a vector of {len(numbers)} numbers is looked for among those of {label}, "
            f"which have {dims}; use the encoder that made them"
        )
    if not all(map(math.isfinite, numbers)) or not any(numbers):
        raise UsageError("the vector must have finite numbers, not all of them zero")
    if not 1 <= k <= _MOST:
        raise UsageError(f"k={k} found, a number from 1 to {_MOST:,} expected")
    return {"vector": numbers, "k": k, "asked": max(_ASKED, _ASKED_EACH * k)}


def labels_to_search(label: str | None, held: Mapping[str, int]) -> list[str]:
    """Labels whose vectors are looked through.

    Raises
    ------
    UsageError
        If the label is none of the schema, or has no vectors.
    """
    if label is not None and label not in LABEL:
        raise UsageError(f"no label {label!r}; there are: {', '.join(LABEL)}")
    wanted = list(held) if label is None else [label]
    if not wanted or not set(wanted) <= set(held):
        what = "no vectors" if not held else f"vectors of {', '.join(held)} only"
        raise UsageError(f"the database holds {what}; make them: tosg embed")
    return wanted
