"""The join with cells: expectations from the counts that the cells were made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy.sparse import csr_matrix

from tests.ask.brute import gene, genes, joined, protein, proteins
from tests.ask.conftest import ANTIBODIES, GROUPS, SEEN, UNMEASURED, detected, shares
from tests.tiny import GENES, MEMBERS, RECEPTORS, edge_rows
from tosg_graph.ask.answer import Answer
from tosg_graph.ask.ask import ask
from tosg_graph.ask.link import Linker
from tosg_graph.build.tables import Build
from tosg_graph.cells.convert import add_h5ad
from tosg_graph.cells.reader import CellStore
from tosg_graph.graph.embedded import EmbeddedStore

Asker = Callable[[str], Answer]
MONOCYTES, B_CELLS = "CD14+ Monocyte", "CD19+ B"
TARGETED = {edge["target"] for edge in edge_rows()["TARGETS"]}


@pytest.mark.parametrize(
    "question",
    [
        "Which receptors detected in CD14+ monocytes are targeted by a drug?",
        "Which receptors are detected in CD14+ monocytes and targeted by a drug?",
        "Which receptors targeted by a drug are detected in CD14-positive monocytes?",
        "Which receptors that are targeted by a drug are expressed in monocytes?",
        "List receptors expressed in CL:0001054 that are targeted by drugs",
        "Which receptors detected in at least 25 % of CD14+ monocytes are targeted by any drug?",
    ],
)
def test_receptors_of_monocytes_that_a_drug_targets(answer: Asker, question: str) -> None:
    expected = proteins(*RECEPTORS) & TARGETED & proteins(*detected(MONOCYTES))
    found = answer(question)
    assert found.status == "answered", found.text
    assert set(found.answers) == expected == {protein("EGFR")}


@pytest.mark.parametrize(
    ("words", "least", "strict"),
    [("at least 25 %", 0.25, False), ("at least 50%", 0.5, False), ("more than 50 percent", 0.5, True),
     ("over 25 %", 0.25, True), ("≥ 75 %", 0.75, False), ("> 75 %", 0.75, True), ("at least 12.5 %", 0.125, False)],
)  # fmt: skip
def test_a_threshold_is_applied_and_stated(
    answer: Asker, words: str, least: float, strict: bool
) -> None:
    found = answer(f"Which genes are detected in {words} of CD14+ monocytes?")
    kept = {g for g, s in shares(MONOCYTES).items() if s > least or (s == least and not strict)}
    assert set(found.answers) == genes(*kept)
    number = f"{100 * least:g} %"
    bound = "more than" if strict else "at least"
    assert f"{bound} {number} of CD14+ monocytes" in found.reading
    assert f"{bound} {number}" in found.text


def test_a_threshold_that_was_not_said_is_stated(answer: Asker) -> None:
    found = answer("Which genes are detected in B cells?")
    assert set(found.answers) == genes(*detected(B_CELLS))
    assert "at least 25 % of B cells (CD19+ B)" in found.text
    place = found.columns.index("detected")
    symbol = found.columns.index("symbol")
    assert {row[symbol]: row[place] for row in found.rows} == {
        g: s for g, s in shares(B_CELLS).items() if s >= 0.25
    }


@pytest.mark.parametrize(
    ("question", "symbols"),
    [
        (
            "Which targets of imatinib are detected in CD14+ monocytes?",
            {"ABL1", "EGFR"} & detected(MONOCYTES),
        ),
        ("Which targets of imatinib do monocytes express?", {"ABL1", "EGFR"} & detected(MONOCYTES)),
        ("Which proteins do B cells express?", detected(B_CELLS)),
        (
            "Which proteins are detected in CD14+ monocytes and B cells?",
            detected(MONOCYTES) & detected(B_CELLS),
        ),
        (
            "Which proteins detected in CD34+ cells are receptors?",
            set(RECEPTORS) & detected("CD34+"),
        ),
    ],
)
def test_proteins_are_detected_by_their_genes(
    answer: Asker, question: str, symbols: set[str]
) -> None:
    assert set(answer(question).answers) == proteins(*symbols)


def test_genes_of_a_pathway_in_a_group(answer: Asker) -> None:
    found = answer("Which genes of the pathway Signaling by EGFR are detected in monocytes?")
    expected = set(MEMBERS["REACT:R-HSA-177929"]) & detected(MONOCYTES)
    assert set(found.answers) == genes(*expected)


def test_a_condition_on_the_other_end(answer: Asker) -> None:
    found = answer("Which drugs target receptors detected in CD14+ monocytes?")
    hit = proteins(*RECEPTORS) & proteins(*detected(MONOCYTES))
    expected = {drug for target in hit for drug in joined("TARGETS", target=target)}
    assert set(found.answers) == expected


def test_a_count_of_detected_genes(answer: Asker) -> None:
    found = answer("How many genes are detected in more than 50 % of CD34+ cells?")
    assert found.answers == [len({g for g, s in shares("CD34+").items() if s > 0.5})]


def test_a_complex_is_detected_by_its_least_detected_subunit(answer: Asker) -> None:
    least = min(shares(MONOCYTES)[s] for s in ("ITGA2", "ITGB1"))
    found = answer(f"Which complexes are detected in at least {100 * least:g} % of monocytes?")
    assert found.answers == ["COMPLEX:P05556-P17301"]
    assert (
        answer(f"Which complexes are detected in more than {100 * least:g} % of monocytes?").status
        == "empty"
    )


@pytest.mark.parametrize("symbol", ["CD14", "EGFR", "CD19", "KRAS"])
def test_yes_and_no_state_the_share(answer: Asker, symbol: str) -> None:
    found = answer(f"Is {symbol} detected in B cells?")
    share = shares(B_CELLS)[symbol]
    assert found.answers == [share >= 0.25]
    assert f"{100 * share:g} % of {GROUPS[B_CELLS]} cells" in found.text
    assert "threshold is 25 %" in found.text


def test_not_measured_is_not_zero(answer: Asker) -> None:
    for symbol in UNMEASURED:
        found = answer(f"Is {symbol} detected in monocytes?")
        assert (found.status, found.answers) == ("empty", [])
        assert "not measured" in found.text


@pytest.mark.parametrize("symbol", ["CD14", "KRAS", "ITGB1"])
def test_the_groups_that_express_a_gene(answer: Asker, symbol: str) -> None:
    expected = {g for g in GROUPS if SEEN[symbol].get(g, 0) / GROUPS[g] >= 0.25}
    for question in (
        f"In which cell types is {symbol} detected?",
        f"Which cells express {symbol}?",
        f"Where is {symbol} expressed?",
    ):
        found = answer(question)
        assert set(found.answers) == expected, question
    ordered = [row[2] for row in answer(f"Which cells express {symbol}?").rows]
    assert ordered == sorted(ordered, reverse=True)


def test_groups_that_did_not_measure_a_gene_are_named_and_are_not_zero(
    tmp_path: Path, tiny: Build, tiny_store: EmbeddedStore, linker: Linker
) -> None:
    first, second = cells_of(["CD34+"] * 4, ["KRAS", "CD14"]), cells_of(["CD34+", "NK"], ["CD14"])
    for name, data in (("first", first), ("second", second)):
        data.write_h5ad(tmp_path / f"{name}.h5ad")
        add_h5ad(
            tmp_path / f"{name}.h5ad", tmp_path, name="s", build=tiny, label="celltype",
            append=name == "second",
        )  # fmt: skip
    cells = {"s": CellStore.open(tmp_path / "s")}
    question = "In which cell types is KRAS detected?"
    found = ask(question, build=tiny, store=tiny_store, cells=cells, linker=linker)
    assert found.rows == [["CD34+", 4, 1.0, 5000.0]]
    assert "100 % of 4 cells\nNot measured in the cells of: NK." in found.text


def cells_of(labels: list[str], symbols: list[str]) -> AnnData:
    """One count of each gene in every cell."""
    return AnnData(
        X=csr_matrix(np.ones((len(labels), len(symbols)), np.float32)),
        obs=pd.DataFrame({"celltype": labels}, index=[f"c{i}" for i in range(len(labels))]),
        var=pd.DataFrame(index=[GENES[symbol][2] for symbol in symbols]),
    )


def test_surface_proteins_are_read_from_the_antibodies(answer: Asker) -> None:
    for question in (
        "Which surface proteins are detected in CD14+ monocytes?",
        "Which proteins are detected on the surface of CD14+ monocytes?",
        "Which proteins are detected at the protein level in monocytes?",
    ):
        found = answer(question)
        assert set(found.answers) == proteins(*detected(MONOCYTES, of=ANTIBODIES)), question
        assert "surface protein counted" in found.reading


def test_without_cells_the_question_says_what_is_missing(
    tiny: Build, tiny_store: EmbeddedStore, linker: Linker
) -> None:
    found = ask(
        "Which genes are detected in monocytes?", build=tiny, store=tiny_store, linker=linker
    )
    assert found.status == "unanswerable"
    assert "tosg cells add" in found.text
    assert "--cells NAME" in found.text


def test_an_unknown_group_is_not_guessed(answer: Asker) -> None:
    found = answer("Which genes are detected in fibroblastoid things?")
    assert found.status == "unknown_entity"
    assert "fibroblastoid things" in found.text


def test_two_stores_that_both_know_the_group_are_ambiguous(
    tiny: Build, tiny_store: EmbeddedStore, tiny_cells: CellStore, linker: Linker
) -> None:
    stores = {"one": tiny_cells, "two": tiny_cells}
    question = "Which genes are detected in monocytes?"
    found = ask(question, build=tiny, store=tiny_store, cells=stores, linker=linker)
    assert found.status == "ambiguous"
    assert [row[0] for row in found.rows] == ["one", "two"]
    chosen = ask(
        question, build=tiny, store=tiny_store, cells=stores, default_cells="two", linker=linker
    )
    assert chosen.status == "answered"
    assert "'two'" in chosen.reading


def test_a_modality_that_was_not_counted_is_said(
    tiny: Build, tiny_store: EmbeddedStore, rna_cells: CellStore, linker: Linker
) -> None:
    found = ask(
        "Which surface proteins are detected in monocytes?",
        build=tiny, store=tiny_store, cells={"rna": rna_cells}, linker=linker,
    )  # fmt: skip
    assert found.status == "unanswerable"
    assert "No protein counts" in found.text
    assert "rna: rna" in found.text


def test_evidence_is_of_facts_not_of_counts(answer: Asker) -> None:
    assert (
        answer("What is the evidence that CD14 is detected in monocytes?").status == "unanswerable"
    )


def test_the_answer_names_the_gene_once(answer: Asker) -> None:
    assert answer("Is CD14 detected in monocytes?").rows[0][0] == gene("CD14")
