"""Which protein a gene stands for, and whose symbol a protein bears."""

from __future__ import annotations

import pytest

from tests.build import world as w
from tests.loaders.reading import FIXTURES
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.identifiers import Resolver
from tosg_graph.sources.registry import discover, find_files


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    late = w.source(
        "uniprot",
        w.PROTEINS,
        w.nodes(
            "Protein",
            {
                "id": "UniProtKB:Q00001",
                "entry_name": "AAA1_HUMAN",
                "length": 10,
                "accession": "Q00001",
            },
            {
                "id": "UniProtKB:Q00002",
                "entry_name": "BBB1_HUMAN",
                "length": 90,
                "accession": "Q00002",
            },
            {
                "id": "UniProtKB:Q00003",
                "entry_name": "CCC1_HUMAN",
                "length": 90,
                "accession": "Q00003",
            },
        ),
        w.facts("ENCODES", {"a": "HGNC:4", "b": "UniProtKB:Q00001"}, ends=("Gene", "Protein")),
    )
    genes = w.nodes(
        "Gene",
        {"id": "HGNC:1", "symbol": "AAA1", "name": "the first"},
        {"id": "HGNC:2", "symbol": "XXX2"},
        {"id": "HGNC:3", "symbol": "YYY3", "name": "the third"},
        {"id": "HGNC:4", "symbol": "ZZZ4"},
    )
    products = w.facts(
        "ENCODES",
        # the entry name is the symbol: it wins over length
        {"a": "HGNC:1", "b": "UniProtKB:Q00001"},
        {"a": "HGNC:1", "b": "UniProtKB:Q00002"},
        # neither name helps and the lengths are equal: the first accession
        {"a": "HGNC:2", "b": "UniProtKB:Q00003"},
        {"a": "HGNC:2", "b": "UniProtKB:Q00002"},
        # only one is known to UniProt, though the other comes first
        {"a": "HGNC:3", "b": "UniProtKB:A00000"},
        {"a": "HGNC:3", "b": "UniProtKB:Q00003"},
        # two sources say so, against length
        {"a": "HGNC:4", "b": "UniProtKB:Q00001"},
        {"a": "HGNC:4", "b": "UniProtKB:Q00002"},
        ends=("Gene", "Protein"),
    )
    unreviewed = w.nodes("Protein", {"id": "UniProtKB:A00000"}, {"id": "UniProtKB:Q00001"})
    hgnc = w.source("hgnc", w.GENES, w.ENCODED, genes, products, unreviewed)
    return w.build(tmp_path_factory.mktemp("products"), hgnc, late)


def canonical(built) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in w.rows(built, "edges/ENCODES"):
        assert row["canonical"] in (True, False)
        found.setdefault(row["source"], [])
        if row["canonical"]:
            found[row["source"]].append(row["target"])
    return found


def test_each_gene_with_products_has_exactly_one_canonical(built):
    chosen = canonical(built)
    assert {len(proteins) for proteins in chosen.values()} == {1}
    assert chosen["HGNC:3236"] == ["UniProtKB:P00533"]
    # GNAS1, GNAS2 and GNAS3 all begin with the symbol: the longest
    assert chosen["HGNC:4392"] == ["UniProtKB:Q5JWF2"]


def test_the_rule_in_its_order(built):
    chosen = canonical(built)
    assert {gene: chosen[f"HGNC:{gene}"] for gene in (1, 2, 3, 4)} == {
        1: ["UniProtKB:Q00001"],
        2: ["UniProtKB:Q00002"],
        3: ["UniProtKB:Q00003"],
        4: ["UniProtKB:Q00001"],
    }


def test_a_gene_without_a_product_is_a_reject_with_itself_as_candidate(built):
    row = Resolver.of(built).resolve(["symbol:MALAT1"], label="Protein").to_pylist()[0]
    assert (row["id"], row["kind"], row["candidates"]) == (None, "no_product", ["HGNC:29665"])


def test_genes_with_one_common_product_are_one_and_the_reverse_is_ambiguous(built):
    resolver = Resolver.of(built)
    forth = resolver.resolve(["symbol:CALM1", "symbol:CALM2"], label="Protein")
    assert forth["id"].to_pylist() == ["UniProtKB:P0DP23"] * 2
    back = resolver.resolve(["UniProtKB:P0DP23"], label="Gene").to_pylist()[0]
    assert (back["kind"], back["candidates"]) == ("ambiguous", ["HGNC:1442", "HGNC:1445"])


def test_a_protein_bears_the_symbol_of_its_gene_and_its_name_where_it_has_none(built):
    proteins = w.by_id(built, "Protein")
    assert proteins["UniProtKB:P00533"]["symbol"] == "EGFR"
    assert proteins["UniProtKB:P0DP23"]["symbol"] == "CALM1"
    assert {proteins[f"UniProtKB:{a}"]["symbol"] for a in ("O95467", "P63092", "Q5JWF2")} == {
        "GNAS"
    }
    # Q00001 is canonical of AAA1 and of ZZZ4, Q00003 of YYY3 and a mere product of XXX2
    assert proteins["UniProtKB:Q00001"]["symbol"] == "AAA1"
    assert proteins["UniProtKB:Q00003"]["symbol"] == "YYY3"
    assert proteins["UniProtKB:P00533"]["name"] == "Epidermal growth factor receptor"
    assert proteins["UniProtKB:Q00001"]["name"] == "the first"
    assert proteins["UniProtKB:A00000"]["name"] == "the third"
    assert "name" not in proteins["UniProtKB:P0DP23"]


def test_only_canonical_products_go_by_the_symbol(built):
    named = {
        (row["alias"], row["id"])
        for row in w.rows(built, "aliases")
        if row["label"] == "Protein" and row["kind"] == "symbol"
    }
    assert ("GNAS", "UniProtKB:Q5JWF2") in named
    assert ("GNAS", "UniProtKB:P63092") not in named
    assert {a for a, i in named if i == "UniProtKB:P0DP23"} == {"CALM1", "CALM2"}


def test_a_build_in_which_no_protein_has_an_entry_name(tmp_path):
    alone = w.source(
        "hgnc",
        w.nodes("Gene", {"id": "HGNC:3236", "symbol": "EGFR"}),
        w.nodes("Protein", {"id": "UniProtKB:P00533"}),
        w.facts("ENCODES", {"a": "HGNC:3236", "b": "UniProtKB:P00533"}, ends=("Gene", "Protein")),
    )
    [edge] = w.rows(w.build(tmp_path, alone), "edges/ENCODES")
    assert edge["canonical"] is True


def test_a_build_in_which_hgnc_alone(tmp_path) -> None:
    """HGNC alone: the whole column is empty."""
    located = find_files(FIXTURES / "hgnc", [discover()["hgnc"]], {})
    edges = build_graph(located, tmp_path).table("edges/ENCODES").to_pylist()
    canonical = [
        row["target"] for row in edges if row["source"] == "HGNC:1787" and row["canonical"]
    ]
    assert canonical == ["UniProtKB:P42771"]


def test_genes_alone_make_a_build(tmp_path):
    """A file of genes names their products; no protein is declared, so that none has a product."""
    built = w.build(tmp_path, w.source("hgnc", w.GENES, w.ENCODED))
    assert built.labels == ("Gene",)
    assert built.rows("nodes/Gene") == 8
    assert {row["reason"] for row in w.rows(built, "rejects")} == {"unknown node"}
