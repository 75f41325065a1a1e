"""Names in all their spellings, over the tiny graph and over small tables of names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import DRUGS, GENES, gene, protein, tiny_tables, write_build
from tosg_graph.ask.english import ENGLISH
from tosg_graph.ask.index import AliasIndex
from tosg_graph.ask.link import Linker, node_parameter
from tosg_graph.ask.normalise import fold, key, plain, tokens, words
from tosg_graph.build.tables import Build
from tosg_graph.errors import UsageError


def linked(linker: Linker, text: str, *labels: str) -> set[str]:
    return {node.id for node in linker.resolve(text, linker.lookup(text), labels).nodes}


@pytest.fixture(scope="module")
def cytokines(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    """The tiny graph, where some genes get names with Greek letters and English words."""
    tables = tiny_tables()
    extra: dict[str, tuple[str, str, Iterable[str]]] = {
        "HGNC:11892": ("Gene", "TNF", ("TNF-alpha", "TNFSF2")),
        "HGNC:5992": ("Gene", "IL1B", ("IL1-BETA", "IL-1B")),
        "HGNC:6018": ("Gene", "IL6", ("IL-6", "BSF2")),
        "HGNC:20387": ("Gene", "IMPACT", ("RWDD5",)),
        "HGNC:1516": ("Gene", "CAT", ()),
        "HGNC:9966": ("Gene", "REST", ("NRSF",)),
        "HGNC:2513": ("Gene", "SET", ("2PP2A",)),
        "DOID:10652": ("Disease", "Alzheimer's disease", ()),
        "DOID:12336": ("Disease", "male infertility", ()),
    }
    for node, (label, name, synonyms) in extra.items():
        symbol = {"symbol": name} if label == "Gene" else {}
        tables[f"nodes/{label}"].append({"id": node, "name": name, "sources": ["hand"], **symbol})
        prefix, _, local = node.partition(":")
        kinds = [("id", prefix, local), ("symbol" if symbol else "name", None, name)]
        for kind, namespace, alias in [*kinds, *(("synonym", None, s) for s in synonyms)]:
            row = {"alias": alias, "namespace": namespace, "kind": kind, "label": label, "id": node}
            tables["aliases"].append({**row, "source": "hand"})
    for name in ("nodes/Gene", "nodes/Disease"):
        tables[name].sort(key=lambda row: row["id"])
    return Linker.of(write_build(tmp_path_factory.mktemp("names") / "build", tables, "names"))


@pytest.mark.parametrize("symbol", sorted(set(GENES) - {"FCGR3A", "FCGR3B"}))
def test_every_way_to_name_a_gene_leads_to_it_and_to_its_protein(
    linker: Linker, symbol: str
) -> None:
    hgnc, accession, ensembl, entrez, name, synonyms, previous = GENES[symbol]
    for text in (
        symbol,
        hgnc,
        ensembl,
        f"NCBIGene:{entrez}",
        name,
        accession,
        *synonyms,
        *previous,
    ):
        assert linked(linker, text, "Gene") == {gene(symbol)}, text
        assert linked(linker, text, "Protein") == {protein(symbol)}, text


@pytest.mark.parametrize("drug", sorted(DRUGS))
def test_every_way_to_name_a_drug_leads_to_it(linker: Linker, drug: str) -> None:
    name, synonyms, xrefs = DRUGS[drug]
    for text in (drug, name, name.upper(), name.capitalize(), *synonyms, *xrefs):
        assert linked(linker, text, "Drug") == {drug}, text


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("c-abl", "ABL1"), ("cABL", "ABL1"), ("C ABL", "ABL1"), ("egfr", "EGFR"), ("CD-49b", "ITGA2"), ("P53", "TP53"),
     ("mek-1", "MAP2K1"), ("Mitogen-Activated Protein Kinase 1", "MAPK1"), ("UniProtKB:P00533", "EGFR")],
)  # fmt: skip
def test_case_hyphens_and_spaces_do_not_matter(linker: Linker, text: str, symbol: str) -> None:
    assert linked(linker, text, "Gene") == {gene(symbol)}


@pytest.mark.parametrize(
    ("text", "node"),
    [("TNF-α", "HGNC:11892"), ("TNFα", "HGNC:11892"), ("TNF alpha", "HGNC:11892"), ("tnf-Alpha", "HGNC:11892"),
     ("IL-1β", "HGNC:5992"), ("IL1β", "HGNC:5992"), ("IL 1 beta", "HGNC:5992"), ("il‑6", "HGNC:6018"),
     ("IL–6", "HGNC:6018"), ("Alzheimer’s disease", "DOID:10652"), ("alzheimers disease", "DOID:10652")],
)  # fmt: skip
def test_greek_letters_and_dashes(cytokines: Linker, text: str, node: str) -> None:
    assert linked(cytokines, text, "Gene", "Disease") == {node}


def mentions(linker: Linker, question: str) -> set[str]:
    found = tokens(plain(question))
    return {
        question[found[i].start : found[spans[0][0] - 1].end]
        for i in range(len(found))
        if (spans := linker.spans(found, i))
    }


@pytest.mark.parametrize("symbol", ["IMPACT", "CAT", "REST", "SET"])
def test_an_english_word_is_a_symbol_in_capitals_only(cytokines: Linker, symbol: str) -> None:
    assert symbol.casefold() in ENGLISH
    assert mentions(cytokines, f"Which drugs target {symbol}?") == {symbol}
    assert mentions(cytokines, f"Which drugs target {symbol.lower()}?") == set()
    assert mentions(cytokines, f"Which drugs target {symbol.capitalize()}?") == set()
    typed = cytokines.spans(tokens(f"gene {symbol.lower()}"), 1, typed=True)
    assert typed[0][1][0].alias == symbol


def test_the_longest_name_is_meant(linker: Linker) -> None:
    found = tokens("genes in Signaling by EGFR")
    spans = linker.spans(found, 2)
    assert [end for end, _ in spans] == [5]
    assert mentions(linker, "drugs for chronic myeloid leukemia") >= {"chronic myeloid leukemia"}


def test_words_that_only_run_together_to_a_name_are_none(cytokines: Linker) -> None:
    assert mentions(cytokines, "is there a se t of genes") == set()
    assert mentions(cytokines, "which c at") == set()
    assert mentions(cytokines, "EGF R") == {"EGF"}


def test_one_name_of_two_genes_is_ambiguous(linker: Linker) -> None:
    found = linker.resolve("CD16", linker.lookup("CD16"), {"Protein"})
    assert found.nodes == ()
    assert [(c.id, c.name) for c in found.candidates] == [
        (protein("FCGR3A"), "FCGR3A"), (protein("FCGR3B"), "FCGR3B"),
    ]  # fmt: skip
    assert {c.to_dict()["alias"] for c in found.candidates} == {"CD16"}


def test_a_symbol_goes_before_a_synonym(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["nodes/Gene"].append(
        {
            "id": "HGNC:4893",
            "name": "hepatocyte growth factor",
            "symbol": "HGF",
            "sources": ["hand"],
        }
    )
    tables["nodes/Gene"].sort(key=lambda row: row["id"])
    tables["aliases"].append(
        {
            "alias": "HGF",
            "namespace": None,
            "kind": "symbol",
            "label": "Gene",
            "id": "HGNC:4893",
            "source": "hand",
        }
    )
    linker = Linker.of(write_build(tmp_path / "build", tables, "hgf"))
    assert linked(linker, "HGF", "Gene") == {"HGNC:4893"}  # a synonym of SOS1 too


def test_near_misses_are_suggested_nearest_first(linker: Linker) -> None:
    assert linker.near_misses("imatinb", {"Drug"})[0].id == "DrugCentral:1423"
    assert linker.near_misses("qqqqqq", {"Drug"}) == []


def test_a_parameter_is_a_name_of_one_node(linker: Linker) -> None:
    assert node_parameter(linker, "Gleevec", label="Drug") == "DrugCentral:1423"
    assert node_parameter(linker, "EGFR", label="Gene") == "HGNC:3236"
    assert node_parameter(linker, "EGFR", label="Protein") == "UniProtKB:P00533"
    assert node_parameter(linker, "EGFR", label=None) == "UniProtKB:P00533"


def test_a_parameter_that_names_several_or_nothing_says_what_to_do(linker: Linker) -> None:
    with pytest.raises(UsageError, match=r"(?s)'CD16' names several.*P08637.*give the id"):
        node_parameter(linker, "CD16", label="Protein")
    with pytest.raises(
        UsageError, match=r"no drug in this graph is called 'imatinb'; near to it: imatinib"
    ):
        node_parameter(linker, "imatinb", label="Drug")


def test_the_kept_names_are_those_of_the_build(tiny: Build, tmp_path: Path) -> None:
    build = write_build(tmp_path / "graph" / "one", tiny_tables(), "one")
    first = AliasIndex.of(build)
    kept = list((tmp_path / "graph" / ".names").iterdir())
    assert len(kept) == 1
    again = AliasIndex.of(build)
    assert len(again) == len(first) == len(AliasIndex.of(build, cache=False))
    assert again.find("cabl") == first.find("cabl") != ()
    kept[0].write_bytes(b"damaged")
    assert AliasIndex.of(build).find("cabl") == first.find("cabl")


def test_names_of_another_build_are_not_read(tmp_path: Path) -> None:
    AliasIndex.of(write_build(tmp_path / "graph" / "one", tiny_tables(), "same"))
    tables = tiny_tables()
    tables["aliases"] = [row for row in tables["aliases"] if row["alias"] != "Gleevec"]
    other = AliasIndex.of(write_build(tmp_path / "graph" / "two", tables, "same"))
    assert other.find("gleevec") == ()


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert fold(fold(text)) == fold(text)
    assert key(key(text)) == key(text)
    assert "".join(words(text)) == key(text)


@given(st.text(max_size=60))
def test_tokens_stand_where_they_say(text: str) -> None:
    whole = plain(text)
    for token in tokens(whole):
        assert whole[token.start : token.end] == token.text
