"""The example as a graph build: it is whole, and what the demo asks has an answer in it."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

from tosg_graph.build.tables import Build
from tosg_graph.example import data_folder

DATA = data_folder()
LABELS = {
    "CD14+ Monocyte": "CL:0001054",
    "CD19+ B": "CL:0000236",
    "CD34+": "CL:0008001",
    "CD4+ T Helper2": "CL:0000492",
    "CD56+ NK": "CL:0000623",
    "CD8+ Cytotoxic T": "CL:0000794",
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    from tosg_graph.build.assemble import build_graph
    from tosg_graph.sources.registry import find_files, select

    located = find_files(data_folder(), select(None), {})
    return build_graph(located, tmp_path_factory.mktemp("example") / "graph")


def nodes(build: Build, label: str) -> pd.DataFrame:
    return build.nodes(label).to_pandas().set_index("id")


def edges(build: Build, edge_type: str) -> pd.DataFrame:
    return build.edges(edge_type).to_pandas()


def hgnc() -> pd.DataFrame:
    return pd.read_csv(DATA / "hgnc/hgnc_complete_set.txt", sep="\t", dtype=str)


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_the_nodes_are_those_of_the_files(build: Build) -> None:
    assert set(nodes(build, "Gene").index) == set(hgnc()["hgnc_id"])
    accessions = {f"UniProtKB:{row[0]}" for row in rows("uniprot/uniprot.tab")[1:]}
    assert set(nodes(build, "Protein").index) == accessions
    human = {f"REACT:{r[0]}" for r in rows("reactome/ReactomePathways.txt") if "-HSA-" in r[0]}
    assert set(nodes(build, "Pathway").index) == human
    for label, name, dropped in (
        ("CellType", "CL-ontology-v2026-03-26.json", {"CL:0000003"}),
        ("Tissue", "UBERON-ontology-v2026-04-01.json", set()),
    ):
        terms = json.loads((DATA / "cellxgene_ontologies" / name).read_text(encoding="utf-8"))
        assert set(nodes(build, label).index) == set(terms) - dropped


def test_every_gene_has_its_text(build: Build) -> None:
    entrez = hgnc().set_index("entrez_id")["hgnc_id"]
    found = nodes(build, "Gene")["description"]
    for row in rows("refseq/human_gene_summary.tsv")[1:]:
        assert found[entrez[row[3]]] == row[5]


def test_nothing_is_lost_but_what_is_meant_to_be(build: Build) -> None:
    rejects = build.table("rejects").to_pandas()
    refused = rejects.groupby("source")["line"].count().to_dict()
    unknown = rejects[rejects["source"] == "omnipath"]
    with (DATA / "omnipath/omnipath_carnival.tsv").open(encoding="utf-8") as file:
        foreign = [n for n, r in enumerate(csv.reader(file, delimiter="\t"), 1) if "CALM3" in r]
    assert set(unknown["line"]) == set(foreign)
    assert set(refused) == {
        *("cell_ontology", "disease_ontology", "drugcentral", "hetionet", "omnipath", "reactome")
    }
    assert len(rejects) <= 12


def test_a_drug_of_two_sources_is_one_node(build: Build) -> None:
    drugs = nodes(build, "Drug")
    named = drugs[drugs["name"].str.lower() == "imatinib"]
    assert list(named.index) == ["DrugCentral:1423"]
    assert set(named["sources"].iloc[0]) == {"drugcentral", "hetionet"}
    assert "DRUGBANK:DB00619" in set(named["xrefs"].iloc[0])


def test_imatinib_targets_what_the_file_says_it_works_through(build: Build) -> None:
    targets = edges(build, "TARGETS")
    works = targets[
        (targets["source"] == "DrugCentral:1423") & targets["mechanism_of_action"].eq(True)
    ]
    symbols = nodes(build, "Protein")["symbol"]
    assert {symbols[target] for target in works["target"]} == {"ABL1", "KIT", "PDGFRB"}


def test_blood_cancer_has_drugs_and_chronic_myeloid_leukemia_is_a_kind_of_it(build: Build) -> None:
    treats = edges(build, "TREATS")
    drugs = nodes(build, "Drug")["name"].str.lower()
    treating = {drugs[d] for d in treats.loc[treats["target"] == "DOID:2531", "source"]}
    assert {"imatinib", "dasatinib", "nilotinib", "ruxolitinib"} <= treating
    parents = edges(build, "IS_A").groupby("source")["target"].agg(set)
    above, found = {"DOID:8552"}, set()
    while above:
        found |= above
        above = {p for child in above for p in parents.get(child, set())} - found
    assert "DOID:2531" in found


def test_egf_raises_mapk1_within_four_steps(build: Build) -> None:
    symbols = nodes(build, "Protein")["symbol"]
    after: dict[str, set[str]] = defaultdict(set)
    for row in edges(build, "ACTIVATES").itertuples():
        if row.source in symbols.index and row.target in symbols.index:
            after[symbols[row.source]].add(symbols[row.target])
    reached, steps = {"EGF"}, 0
    while "MAPK1" not in reached and steps < 4:
        reached |= {target for symbol in reached for target in after[symbol]}
        steps += 1
    assert steps == 3
    assert "EGFR" in after["EGF"]
    assert "MAP2K1" in after["EGFR"]
    assert "MAPK1" in after["MAP2K1"]


def test_receptors_of_monocytes_have_drugs(build: Build) -> None:
    proteins = nodes(build, "Protein")
    receptors = proteins[proteins["receptor"].eq(True)]
    targeted = set(edges(build, "TARGETS")["target"])
    symbols = set(receptors.loc[receptors.index.isin(targeted), "symbol"])
    assert {"CSF1R", "CSF3R", "CXCR4", "CCR2", "IL4R"} <= symbols


def test_cells_join_to_the_build(build: Build, tmp_path: Path) -> None:
    from tosg_graph.cells.convert import add_h5ad
    from tosg_graph.cells.reader import CellStore
    from tosg_graph.example import write_cells

    file = write_cells(tmp_path / "cells.h5ad")
    report = add_h5ad(
        file, tmp_path / "store", name="blood", build=build, label="celltype", donor="donor"
    )
    assert {term.label: term.ontology_id for term in report.labels} == LABELS
    assert all(term.in_build for term in report.labels)
    store = CellStore.open(tmp_path / "store" / "blood")
    genes = hgnc().set_index("ensembl_gene_id")["hgnc_id"]
    rna = store.features("rna").to_pandas().set_index("source_id")["graph_id"]
    assert rna.dropna().to_dict() == genes.to_dict()
    assert int(rna.isna().sum()) == 5
    antibodies = store.features("protein").to_pandas().set_index("source_id")
    assert antibodies["mapping"]["CD16"] == "ambiguous"
    assert antibodies["graph_id"][["CD14", "CD19", "CD4", "CD56"]].notna().all()
    assert pd.isna(antibodies["graph_id"]["IgG1"])
