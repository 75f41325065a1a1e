"""References resolve by one set of rules; expected values come from the constants of tests/tiny.py."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny as t
from tosg_graph.build.identifiers import Resolver
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError


@pytest.fixture(scope="module")
def resolver(tiny: Build) -> Resolver:
    return Resolver.of(tiny)


def expected_gene(word: str) -> tuple[str | None, str, list[str] | None]:
    """What a symbol must resolve to, by a plain walk through the constants."""
    levels = {
        "symbol": [s for s in t.GENES if s == word],
        "previous": [s for s, gene in t.GENES.items() if word in gene[6]],
        "synonym": [s for s, gene in t.GENES.items() if word in gene[5]],
    }
    for kind, symbols in levels.items():
        if len(symbols) == 1:
            return t.gene(symbols[0]), kind, None
        if symbols:
            return None, "ambiguous", sorted(map(t.gene, symbols))
    return None, "unmapped", None


WORDS = sorted({*t.GENES, *(w for g in t.GENES.values() for w in (*g[5], *g[6]))})


def as_tuples(table: pa.Table) -> list[tuple]:
    return [(r["id"], r["kind"], r["candidates"]) for r in table.to_pylist()]


def test_every_symbol_synonym_and_previous_symbol_resolves_as_a_plain_walk_does(resolver):
    words = [*WORDS, "nothing", "egfr", "Egfr"]
    found = resolver.resolve([f"symbol:{word}" for word in words], label="Gene")
    assert as_tuples(found) == [expected_gene(word) for word in words]
    assert {kind for _, kind, _ in as_tuples(found)} == {
        "symbol",
        "previous",
        "synonym",
        "ambiguous",
        "unmapped",
    }


def test_a_symbol_wanted_as_a_protein_gives_the_product_of_the_gene(resolver):
    found = resolver.resolve([f"symbol:{word}" for word in WORDS], label="Protein")
    proteins = {gene[0]: f"UniProtKB:{gene[1]}" for gene in t.GENES.values()}
    for word, (node, kind, candidates) in zip(WORDS, as_tuples(found), strict=True):
        gene, gene_kind, genes = expected_gene(word)
        assert (node, kind) == (proteins.get(gene), gene_kind)
        assert candidates == (sorted(proteins[g] for g in genes) if genes else None)


@pytest.mark.parametrize(
    ("reference", "label", "node", "kind"),
    [
        ("HGNC:3236", "Gene", "HGNC:3236", "id"),
        ("ENSEMBL:ENSG00000146648", "Gene", "HGNC:3236", "xref"),
        ("ENSEMBL:ENSG00000146648.17", "Gene", "HGNC:3236", "xref"),
        ("ENSEMBL:ENSG00000146648.17_PAR_Y", "Gene", "HGNC:3236", "xref"),
        ("NCBIGene:1956", "Gene", "HGNC:3236", "xref"),
        ("NCBIGene:1956", "Protein", "UniProtKB:P00533", "xref"),
        ("ENSEMBL:ENST00000275493.7", "Transcript", "ENSEMBL:ENST00000275493", "id"),
        ("UniProtKB:P00533-2", "Protein", "UniProtKB:P00533", "id"),
        ("UniProtKB:P00533:PRO_0000016665", "Protein", "UniProtKB:P00533", "id"),
        ("UniProtKB:P00533", "Gene", "HGNC:3236", "xref"),
        ("DRUGBANK:DB00619", "Drug", "DrugCentral:1423", "xref"),
        ("name:imatinib", "Drug", "DrugCentral:1423", "name"),
        ("name:STI-571", "Drug", "DrugCentral:1423", "synonym"),
        ("symbol:imatinib", "Drug", None, "unmapped"),
        ("NCBIGene:19", "Gene", None, "unmapped"),
        ("ENSEMBL:ENSG00000000000", "Gene", None, "unmapped"),
        ("EGFR", "Gene", None, "unmapped"),
        ("UniProtKB:P00533-x", "Protein", None, "unmapped"),
    ],
)
def test_ids_cross_references_and_names(resolver, reference, label, node, kind):
    assert as_tuples(resolver.resolve([reference], label=label)) == [(node, kind, None)]


def test_bare_identifiers_are_looked_for_in_each_namespace_in_turn(resolver):
    values = ["EGFR", "ENSG00000146648.3", "1956", "P00533", "CD16", "nothing", None]
    found = resolver.resolve(values, label="Gene", namespaces=["ENSEMBL", "symbol", "UniProtKB"])
    assert found["value"].to_pylist() == values
    egfr = t.gene("EGFR")
    assert as_tuples(found) == [
        (egfr, "symbol", None),
        (egfr, "xref", None),
        (None, "unmapped", None),
        (egfr, "xref", None),
        (None, "ambiguous", sorted([t.gene("FCGR3A"), t.gene("FCGR3B")])),
        (None, "unmapped", None),
        (None, "unmapped", None),
    ]


def test_the_result_has_its_schema_when_nothing_is_asked(resolver):
    found = resolver.resolve([], label="Gene")
    assert found.num_rows == 0
    assert found.column_names == ["value", "id", "kind", "candidates"]


def test_an_unknown_label_lists_the_known_ones(resolver):
    with pytest.raises(UsageError, match=r"'Genes'.*known: Gene, Transcript"):
        resolver.resolve(["symbol:EGFR"], label="Genes")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.sampled_from([f"symbol:{word}" for word in WORDS] + ["symbol:x'y", "a", ""]), max_size=40
    )
)
def test_rows_come_back_in_order_and_do_not_depend_on_each_other(resolver, values):
    together = as_tuples(resolver.resolve(pa.array(values, pa.string()), label="Protein"))
    alone = {v: as_tuples(resolver.resolve([v], label="Protein"))[0] for v in set(values)}
    assert together == [alone[v] for v in values]
