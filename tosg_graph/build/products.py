"""Which protein a gene stands for, and whose symbol a protein bears.

Exactly one product of a gene is canonical. It is the only one; else the first by: a source calls it
canonical · UniProt has reviewed it (it says so, or its file does not tell reviewed entries from
others and names it) · more sources say that the gene encodes it · its entry name is the symbol of
the gene, or begins with it · it is longer · its accession comes first.

A protein bears the symbol of the gene that encodes it. Where several do, it is the first in the
alphabet of those whose canonical product it is, else of all (CALM1 of CALM1, CALM2 and CALM3).
"""

from __future__ import annotations

from tosg_graph.build.engine import Engine, quoted
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.nodes import AUTHORITIES, insert_aliases

#: The rule as ``mappings.sssom.tsv`` quotes it.
RULE = "reviewed, stated by most sources, entry name like the symbol, longest, first accession"

_ENCODES = "SELECT gene, protein, canonical FROM encodes"

_REFS = """SELECT source_ref AS ref, source_label AS label FROM statements WHERE type = 'ENCODES'
UNION ALL SELECT target_ref, target_label FROM statements WHERE type = 'ENCODES'"""


def start(engine: Engine, resolver: Resolver) -> None:
    """Make the empty table of products; nothing is known to encode anything yet."""
    engine.run(
        "CREATE OR REPLACE TABLE encodes "
        "(gene VARCHAR, protein VARCHAR, canonical BOOLEAN, choices BIGINT)"
    )
    resolver.learn_products(_ENCODES)


def choose(engine: Engine, resolver: Resolver) -> None:
    """Make the table ``encodes``: gene, protein, canonical and the number of products (choices)."""
    resolver.join(_REFS, into="encoding_ends")
    reviewed = quoted(AUTHORITIES["Protein"][0])
    engine.make(
        "encodes",
        f"""WITH stated AS (
            SELECT g.id AS gene, p.id AS protein, count(DISTINCT source) AS n_sources,
                coalesce(bool_or(canonical), false) AS stated
            FROM statements s
            JOIN encoding_ends g ON g.ref = source_ref AND g.label = source_label
            JOIN encoding_ends p ON p.ref = target_ref AND p.label = target_label
            WHERE type = 'ENCODES' AND g.id IS NOT NULL AND p.id IS NOT NULL
            GROUP BY g.id, p.id
        ),
        symbols AS (SELECT id AS gene, arg_min(symbol, prio) AS symbol FROM rows_Gene
            WHERE symbol IS NOT NULL GROUP BY id),
        proteins AS (SELECT id AS protein,
            coalesce(bool_or(reviewed), bool_or(source = {reviewed})) AS reviewed,
            arg_min(entry_name, prio) FILTER (WHERE entry_name IS NOT NULL) AS entry_name,
            arg_min(length, prio) FILTER (WHERE length IS NOT NULL) AS length
            FROM rows_Protein GROUP BY id)
        SELECT gene, protein, row_number() OVER (PARTITION BY gene ORDER BY stated DESC,
                coalesce(reviewed, false) DESC, n_sources DESC,
                coalesce(string_split(entry_name, '_')[1] = symbol, false) DESC,
                coalesce(starts_with(entry_name, symbol), false) DESC,
                length DESC NULLS LAST, protein) = 1 AS canonical,
            count(*) OVER (PARTITION BY gene) AS choices
        FROM stated LEFT JOIN symbols USING (gene) LEFT JOIN proteins USING (protein)""",
    )
    resolver.learn_products(_ENCODES)


def name_products(engine: Engine) -> None:
    """Make the table ``bearers`` (protein, gene, symbol); let symbols name canonical products."""
    engine.make(
        "bearers",
        """SELECT protein, arg_min(gene, (NOT canonical, symbol, gene)) AS gene,
            arg_min(symbol, (NOT canonical, symbol, gene)) AS symbol
        FROM encodes JOIN (
            SELECT id AS gene, arg_min(symbol, prio) AS symbol FROM rows_Gene
            WHERE symbol IS NOT NULL GROUP BY id
        ) USING (gene) GROUP BY protein""",
    )
    engine.run(
        """DELETE FROM alias_rows WHERE label = 'Protein' AND kind = 'symbol'
        AND id IN (SELECT protein FROM encodes)"""
    )
    insert_aliases(
        engine,
        "Protein",
        """SELECT 'symbol' AS kind, symbol AS value, protein AS id, source, prio
        FROM encodes JOIN rows_Gene ON rows_Gene.id = gene
        WHERE canonical AND symbol IS NOT NULL""",
    )


def apply_symbols(engine: Engine) -> None:
    """Give united proteins the symbol of their gene, and its name where they have none."""
    engine.make(
        "united_Protein",
        """SELECT p.* REPLACE (coalesce(b.symbol, p.symbol) AS symbol,
            coalesce(p.name, g.name) AS name)
        FROM united_Protein p LEFT JOIN bearers b ON b.protein = p.id
        LEFT JOIN united_Gene g ON g.id = b.gene""",
    )
