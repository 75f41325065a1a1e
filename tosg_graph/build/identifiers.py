"""From references to node ids: one set of rules for the build, the cells and the command line.

A reference is a namespace, a colon and an identifier as written. It is looked for among the names
of the wanted label, strongest kind first (:data:`tosg_graph.schema.ALIAS_KINDS`), and the first
kind that knows it decides: one node, and it is resolved; several, and it is ambiguous. No kind is
ever passed over to get a single answer, and case counts.

- ``symbol:`` is looked for among approved symbols, then previous symbols, then synonyms.
- ``name:`` is looked for among symbols, names, previous names and synonyms.
- Any other namespace is a CURIE: looked for among ids, then cross-references; as written first,
  then without the version (``ENSG….12``, ``NM_….3``) or the isoform (``P00533-2``, ``…:PRO_…``).

A gene's reference that is wanted as a Protein gives the canonical product of the gene, and is
``no_product`` where the gene has none; candidates that share one product are one. An accession
that is wanted as a Gene gives the gene that encodes it, and is ambiguous where several do.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from tosg_graph.build.engine import Engine
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError
from tosg_graph.schema import ALIAS_KINDS, LABEL

#: What can become of a reference, beside the kind of name that it was found by.
FAILURES = ("ambiguous", "unmapped", "no_product")

#: Columns of the result of :meth:`Resolver.resolve`.
RESOLVED = pa.schema(
    [
        pa.field("value", pa.string()),
        pa.field("id", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("candidates", pa.list_(pa.string())),
    ]
)

# Namespaces whose references are names, and the kinds of names that they are looked for among.
_NAMED = {
    "symbol": ("symbol", "previous", "synonym"),
    "name": ("symbol", "name", "previous", "synonym"),
}
_IDS = ("id", "xref")

# (label wanted, label looked in, by name, order): the symbol of a protein is that of its gene.
_PLACES = (
    *((label, label, False, 0) for label in LABEL),
    *((label, label, True, 0) for label in LABEL if label != "Protein"),
    ("Protein", "Gene", True, 0),
    ("Protein", "Protein", True, 1),
    ("Protein", "Gene", False, 1),
    ("Gene", "Protein", False, 1),
)

_BARE = """bare(prefix, written) AS CASE
    WHEN prefix IN ('ENSEMBL', 'RefSeq')
        THEN regexp_replace(written, '\\.\\d+(_PAR_Y)?$', '')
    WHEN prefix = 'UniProtKB'
        THEN regexp_replace(written, '([-:]PRO_\\d+|-\\d+|\\.\\d+)$', '')
    ELSE written END"""

_JOIN = """
WITH wanted AS (SELECT DISTINCT ref, label FROM ({refs}) WHERE ref IS NOT NULL),
parts AS (
    SELECT ref, label, prefix_of(ref) AS prefix, local_of(ref) AS written
    FROM wanted WHERE strpos(ref, ':') > 0
),
tries AS (
    SELECT ref, label, prefix, written AS alias, 0 AS try FROM parts
    UNION ALL
    SELECT ref, label, prefix, bare(prefix, written), 1 FROM parts
    WHERE bare(prefix, written) <> written
),
places(label, place, named, turn) AS (VALUES {places}),
allowed(prefix, kind) AS (VALUES {allowed}),
hits AS (
    SELECT t.ref, t.label, p.place, k.kind, k.id, p.turn * 100 + t.try * 10 + k.rank AS step
    FROM tries t
    JOIN places p ON p.label = t.label AND p.named = (t.prefix IN {named})
    JOIN known k ON k.label = p.place AND k.alias = t.alias
        AND k.namespace = CASE WHEN p.named THEN '' ELSE t.prefix END
    JOIN allowed a ON a.kind = k.kind AND a.prefix = CASE WHEN p.named THEN t.prefix ELSE '' END
),
best AS (SELECT ref, label, min(step) AS step FROM hits GROUP BY ref, label),
reached AS (
    SELECT ref, label, place, kind,
        CASE WHEN label = 'Protein' AND place = 'Gene' THEN coalesce(product.protein, hits.id)
            WHEN label = 'Gene' AND place = 'Protein' THEN encoder.gene
            ELSE hits.id END AS id,
        label <> 'Protein' OR place <> 'Gene' OR product.protein IS NOT NULL AS made
    FROM hits JOIN best USING (ref, label, step)
    LEFT JOIN product ON label = 'Protein' AND place = 'Gene' AND product.gene = hits.id
    LEFT JOIN encoder ON label = 'Gene' AND place = 'Protein' AND encoder.protein = hits.id
),
found AS (
    SELECT ref, label, min(kind) AS kind, list_sort(list(DISTINCT id)) AS ids,
        bool_and(made) AS made, bool_or(place <> label) AS crossed
    FROM reached WHERE id IS NOT NULL GROUP BY ref, label
)
SELECT ref, label,
    CASE WHEN len(ids) = 1 AND made THEN ids[1] END AS id,
    CASE WHEN ids IS NULL THEN 'unmapped' WHEN len(ids) > 1 THEN 'ambiguous'
        WHEN NOT made THEN 'no_product' WHEN crossed AND kind = 'id' THEN 'xref'
        ELSE kind END AS kind,
    CASE WHEN len(ids) > 1 OR NOT made THEN ids END AS candidates,
    coalesce(crossed, false) AS crossed
FROM wanted LEFT JOIN found USING (ref, label)
"""


class Resolver:
    """Resolves references against the names of a build.

    Parameters
    ----------
    engine
        The engine that holds the names; memory is bounded by the number of names and references.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        engine.run(f"CREATE OR REPLACE MACRO {_BARE}")

    @classmethod
    def of(cls, build: Build) -> Resolver:
        """Read the names of a finished build."""
        engine = Engine(threads=1)
        engine.take(
            "aliases", build.table("aliases", ["alias", "namespace", "kind", "label", "id"])
        )
        engine.take("encodes", build.edges("ENCODES", ["source", "target", "canonical"]))
        resolver = cls(engine)
        resolver.learn_names("aliases")
        resolver.learn_products("SELECT source AS gene, target AS protein, canonical FROM encodes")
        return resolver

    def learn_names(self, aliases: str) -> None:
        """Take the names to look in from a table with ``alias, namespace, kind, label, id``."""
        ranks = ", ".join(f"('{kind}', {rank})" for rank, kind in enumerate(ALIAS_KINDS))
        self._engine.make(
            "known",
            f"""SELECT DISTINCT label, coalesce(namespace, '') AS namespace, alias, kind, rank, id
            FROM {aliases} JOIN (VALUES {ranks}) AS ranks(kind, rank) USING (kind)""",
        )

    def learn_products(self, encodes: str) -> None:
        """Take the products of genes from a query: ``gene, protein, canonical``."""
        self._engine.make("product", f"SELECT gene, protein FROM ({encodes}) WHERE canonical")
        self._engine.make("encoder", f"SELECT DISTINCT gene, protein FROM ({encodes})")

    def join(self, refs: str, into: str) -> None:
        """Resolve every distinct reference of a query into a table.

        Parameters
        ----------
        refs
            Query that gives ``ref`` and ``label``.
        into
            Name of the table: ``ref, label, id, kind, candidates, crossed``; ``crossed`` says that
            the reference named a gene and a protein was wanted, or the reverse.
        """
        places = ", ".join(f"('{a}', '{b}', {named}, {turn})" for a, b, named, turn in _PLACES)
        pairs = [("", kind) for kind in _IDS]
        pairs += [(prefix, kind) for prefix, kinds in _NAMED.items() for kind in kinds]
        allowed = ", ".join(f"('{prefix}', '{kind}')" for prefix, kind in pairs)
        query = _JOIN.format(refs=refs, places=places, allowed=allowed, named=tuple(_NAMED))
        self._engine.make(into, query)

    def resolve(
        self,
        values: pa.Array | pa.ChunkedArray | Sequence[str | None],
        *,
        label: str,
        namespaces: Sequence[str] | None = None,
    ) -> pa.Table:
        """Resolve values to nodes of a label.

        Parameters
        ----------
        values
            References such as ``symbol:EGFR``; with ``namespaces``, bare identifiers.
        label
            The label of the nodes.
        namespaces
            Namespaces to look in for each bare identifier, in this order; the first that knows it
            decides, even if what it knows is ambiguous.

        Returns
        -------
        pyarrow.Table
            ``value, id, kind, candidates``, one row per value, in order. ``kind`` is the kind of
            name that it was found by, or ``ambiguous``, ``unmapped`` or ``no_product``; the last
            two have no id, and ``ambiguous`` and ``no_product`` have candidates.

        Raises
        ------
        UsageError
            If there is no such label.

        Examples
        --------
        ``Resolver.of(build).resolve(["symbol:ERBB1"], label="Gene")`` gives one row with the id
        ``HGNC:3236`` and the kind ``synonym``.
        """
        if label not in LABEL:
            raise UsageError(f"unknown label {label!r}; known: {', '.join(LABEL)}")
        column = pa.array(values) if isinstance(values, Sequence) else values
        self._engine.take("asked", _numbered(column))
        spellings = [""] if namespaces is None else [f"{name}:" for name in namespaces]
        turns = ", ".join(f"({turn}, '{text}')" for turn, text in enumerate(spellings))
        self._engine.make(
            "asked_refs",
            f"""SELECT row, turn, prefix || value AS ref, '{label}' AS label
            FROM asked, (VALUES {turns}) AS turns(turn, prefix)""",
        )
        self.join("SELECT ref, label FROM asked_refs", into="answers")
        return self._engine.arrow(_FIRST_ANSWER).cast(RESOLVED)


_FIRST_ANSWER = """
WITH found AS (
    SELECT row, arg_min(a, turn) AS a FROM (
        SELECT row, turn, struct_pack(id := id, kind := kind, candidates := candidates) AS a
        FROM asked_refs JOIN answers USING (ref, label) WHERE kind <> 'unmapped'
    ) GROUP BY row
)
SELECT value, a.id AS id, coalesce(a.kind, 'unmapped') AS kind, a.candidates AS candidates
FROM asked LEFT JOIN found USING (row) ORDER BY row
"""


def _numbered(values: pa.Array | pa.ChunkedArray) -> pa.Table:
    return pa.table(
        {"row": pa.array(range(len(values)), pa.int64()), "value": values.cast(pa.string())}
    )
