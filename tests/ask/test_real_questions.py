"""Questions over the public files; every expectation is worked out from the raw files with pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tosg_graph.ask.answer import Answer
from tosg_graph.ask.ask import ask
from tosg_graph.cells.reader import CellStore
from tosg_graph.graph.store import GraphStore
from tosg_graph.workspace import Workspace

pytestmark = pytest.mark.real

Asker = Callable[[str], Answer]


@pytest.fixture(scope="module")
def hgnc(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "hgnc/hgnc_complete_set.txt.gz", sep="\t", dtype=str)


@pytest.fixture(scope="module")
def by_entrez(hgnc: pd.DataFrame) -> dict[str, str]:
    known = hgnc.dropna(subset=["entrez_id"])
    return dict(zip(known["entrez_id"], known["hgnc_id"], strict=True))


@pytest.fixture(scope="module")
def accession(hgnc: pd.DataFrame) -> dict[str, str]:
    """Symbol → UniProt accession, for genes with exactly one."""
    known = hgnc[
        hgnc["uniprot_ids"].notna() & ~hgnc["uniprot_ids"].str.contains("|", regex=False, na=True)
    ]
    return dict(zip(known["symbol"], known["uniprot_ids"], strict=True))


@pytest.fixture(scope="module")
def real(real_work: Workspace, real_store: GraphStore, real_cells: CellStore) -> Asker:
    build, cells = real_work.graph, {"pbmc": real_cells}

    def of(question: str) -> Answer:
        return ask(question, build=build, store=real_store, cells=cells, linker=real_work.linker)

    return of


@pytest.fixture(scope="module")
def facs(real_data: Path) -> ad.AnnData:
    return ad.read_h5ad(real_data / "cells/pbmc_facs_3774.h5ad")


def shares(facs: ad.AnnData, hgnc: pd.DataFrame, label: str) -> dict[str, float]:
    """HGNC id → share of the cells of a label in which the gene is counted, by Ensembl id."""
    chosen = facs[facs.obs["celltype"] == label].X
    share = np.asarray((chosen > 0).mean(axis=0)).ravel()
    known = hgnc.dropna(subset=["ensembl_gene_id"])
    ids = dict(zip(known["ensembl_gene_id"], known["hgnc_id"], strict=True))
    return {ids[e]: float(s) for e, s in zip(facs.var_names, share, strict=True) if e in ids}


def drug_names(data: Path, accessions: set[str], entrez: set[str]) -> set[str]:
    """Lower-case names of the drugs that DrugCentral or Hetionet joins to a target."""
    central = pd.read_csv(data / "drugcentral/drug.target.interaction.tsv.gz", sep="\t", dtype=str)
    central = central[central["ORGANISM"] == "Homo sapiens"].dropna(subset=["ACCESSION"])
    hit = (
        central["ACCESSION"].str.split("|").map(lambda a: bool(accessions & {x.strip() for x in a}))
    )
    binding = pd.read_csv(data / "hetionet/CbG-binding.tsv.gz", sep="\t", dtype=str)
    compounds = hetionet_names(data)
    bound = binding.loc[binding["entrez_gene_id"].isin(entrez), "drugbank_id"]
    return set(central.loc[hit, "DRUG_NAME"].str.lower()) | {
        compounds[f"Compound::{b}"].lower()
        for b in bound
        if f"Compound::{b}" in compounds  # some compounds of the edges are no node
    }


def hetionet_names(data: Path) -> dict[str, str]:
    nodes = pd.read_csv(data / "hetionet/hetionet-v1.0-nodes.tsv.gz", sep="\t", dtype=str)
    return dict(zip(nodes["id"], nodes["name"], strict=True))


def sif(data: Path, metaedge: str) -> pd.DataFrame:
    edges = pd.read_csv(data / "hetionet/edges-5k.sif.gz", sep="\t", dtype=str)
    return edges[edges["metaedge"] == metaedge]


def names(found: Answer) -> set[str]:
    return {row[found.columns.index("name")].lower() for row in found.rows}


def test_drugs_of_egfr(real: Asker, real_data: Path) -> None:
    expected = drug_names(real_data, {"P00533"}, {"1956"})
    found = real("Which drugs target EGFR?")
    assert names(found) == expected
    assert len(found.answers) == len(expected) > 40
    assert real("How many drugs target EGFR?").answers == [len(expected)]


def test_genes_of_a_disease(real: Asker, real_data: Path, by_entrez: dict[str, str]) -> None:
    found = pd.read_csv(real_data / "hetionet/DaG-association.tsv.gz", sep="\t", dtype=str)
    rows = found.loc[found["doid_id"] == "DOID:1324", "entrez_gene_id"]
    expected = {by_entrez[entrez] for entrez in rows if entrez in by_entrez}
    assert set(real("Which genes are associated with lung cancer?").answers) == expected


def test_diseases_of_a_gene(real: Asker, real_data: Path) -> None:
    found = pd.read_csv(real_data / "hetionet/DaG-association.tsv.gz", sep="\t", dtype=str)
    expected = set(found.loc[found["entrez_gene_id"] == "1956", "doid_id"])
    assert set(real("Which diseases is EGFR associated with?").answers) == expected


def test_drugs_of_a_disease(real: Asker, real_data: Path) -> None:
    compounds = hetionet_names(real_data)
    treats = sif(real_data, "CtD")
    expected = {
        compounds[c].lower() for c in treats.loc[treats["target"] == "Disease::DOID:2841", "source"]
    }
    assert names(real("Which drugs treat asthma?")) == expected
    eases = sif(real_data, "CpD")
    more = {
        compounds[c].lower() for c in eases.loc[eases["target"] == "Disease::DOID:2841", "source"]
    }
    assert names(real("Which drugs are used for asthma?")) == expected | more


def test_members_of_a_pathway(real: Asker, real_data: Path, hgnc: pd.DataFrame) -> None:
    import gzip

    with gzip.open(real_data / "reactome/ReactomePathways.gmt.gz", "rt") as lines:
        fields = next(line.rstrip().split("\t") for line in lines if "\tR-HSA-177929\t" in line)
    approved = dict(zip(hgnc["symbol"], hgnc["hgnc_id"], strict=True))
    assert all(symbol in approved for symbol in fields[2:])
    expected = {approved[symbol] for symbol in fields[2:]}
    for question in (
        "Which genes are in Signaling by EGFR?",
        "What are the members of R-HSA-177929?",
    ):
        assert set(real(question).answers) == expected


def test_sub_pathways(real: Asker, real_data: Path) -> None:
    path = real_data / "reactome/ReactomePathwaysRelation.txt.gz"
    relations = pd.read_csv(path, sep="\t", names=["parent", "child"])
    expected = {
        f"REACT:{c}" for c in relations.loc[relations["parent"] == "R-HSA-1280215", "child"]
    }
    assert set(real("What are the sub-pathways of R-HSA-1280215?").answers) == expected


def test_what_tp53_activates(real: Asker, real_data: Path, accession: dict[str, str]) -> None:
    """SIGNOR and OmniPath, where both ends are approved symbols or accessions of one protein."""
    signor = pd.read_csv(real_data / "signor/signor_ppi.tsv.gz", sep="\t", dtype=str, header=None)
    stated = signor[(signor[2] == "P04637") & (signor[8] == "Activates")][6]
    omnipath = pd.read_csv(real_data / "omnipath/omnipath_carnival.tsv.gz", sep="\t", dtype=str)
    raised = omnipath[(omnipath["source"] == "TP53") & (omnipath["interaction"] == "1")]["target"]
    certain = {f"UniProtKB:{a}" for a in stated} | {
        f"UniProtKB:{accession[s]}" for s in raised if s in accession
    }
    found = set(real("What does TP53 activate?").answers)
    assert certain <= found
    # The rest are complexes and former symbols; the file has no more than this.
    assert len(found) <= len(set(raised) | set(stated))


def test_the_publications_of_a_fact(real: Asker, real_data: Path) -> None:
    signor = pd.read_csv(real_data / "signor/signor_ppi.tsv.gz", sep="\t", dtype=str, header=None)
    rows = signor[(signor[2] == "P01133") & (signor[6] == "P00533") & (signor[8] == "Activates")]
    found = real("What is the evidence that EGF activates EGFR?")
    assert set(found.answers) == {f"PMID:{pmid}" for pmid in rows[19].dropna()}


def test_ligands_of_egfr(real: Asker, real_data: Path) -> None:
    path = real_data / "cellphonedb/interaction_input.csv.gz"
    pairs = pd.read_csv(path, dtype=str)
    pairs = pairs[pairs["directionality"] == "Ligand-Receptor"]
    complexes = pd.read_csv(real_data / "cellphonedb/complex_input.csv.gz", dtype=str)
    units = [c for c in complexes.columns if c.startswith("uniprot_")]
    holding = set(complexes.loc[(complexes[units] == "P00533").any(axis=1), "complex_name"])
    ligands = set(pairs.loc[pairs["partner_b"].isin({"P00533", *holding}), "partner_a"])
    expected = {f"UniProtKB:{a}" for a in ligands if a not in set(complexes["complex_name"])}
    found = {a for a in real("What are the ligands of EGFR?").answers if a.startswith("UniProtKB:")}
    assert found == expected


def test_genes_detected_in_a_group(real: Asker, facs: ad.AnnData, hgnc: pd.DataFrame) -> None:
    by_id = shares(facs, hgnc, "CD19+ B")
    expected = {gene for gene, share in by_id.items() if share >= 0.5}
    found = set(real("Which genes are detected in at least 50 % of B cells?").answers)
    # Retired Ensembl ids may still be joined by their symbol: they can only add.
    assert expected <= found
    assert all(by_id.get(gene, 1.0) >= 0.5 for gene in found)
    assert len(found - expected) < 0.1 * len(expected)


def test_receptors_of_monocytes_that_a_drug_targets(
    real: Asker, real_data: Path, facs: ad.AnnData, hgnc: pd.DataFrame
) -> None:
    roles = pd.read_csv(real_data / "cellphonedb/protein_input.csv.gz", dtype=str)
    receptors = set(roles.loc[roles["receptor"].str.upper() == "TRUE", "uniprot"])
    by_id = shares(facs, hgnc, "CD14+ Monocyte")
    rows = hgnc.dropna(subset=["uniprot_ids"])
    expected = set()
    for _, row in rows.iterrows():
        ids = set(row["uniprot_ids"].split("|")) & receptors
        if (
            ids
            and by_id.get(row["hgnc_id"], 0) >= 0.25
            and drug_names(real_data, ids, {row["entrez_id"]})
        ):
            expected |= {f"UniProtKB:{a}" for a in ids}
    found = real("Which receptors detected in CD14+ monocytes are targeted by a drug?")
    assert set(found.answers) == expected
    assert "at least 25 %" in found.text


@pytest.mark.parametrize("symbol", ["CD14", "CD3D", "MS4A1", "GAPDH"])
def test_the_share_of_one_gene(
    real: Asker, facs: ad.AnnData, hgnc: pd.DataFrame, symbol: str
) -> None:
    gene = hgnc.loc[hgnc["symbol"] == symbol, "hgnc_id"].item()
    share = shares(facs, hgnc, "CD14+ Monocyte")[gene]
    found = real(f"Is {symbol} detected in CD14+ monocytes?")
    assert found.answers == [share >= 0.25]
    assert found.rows[0][found.columns.index("detected")] == pytest.approx(share, abs=1e-6)


def test_ambiguous_names_of_the_field(real: Asker, hgnc: pd.DataFrame) -> None:
    aliases = hgnc["alias_symbol"].fillna("").str.split("|")
    expected = set(hgnc.loc[aliases.map(lambda a: "CD16" in a), "symbol"])
    found = real("Which drugs target CD16?")
    assert found.status == "ambiguous"
    assert {row[1] for row in found.rows} == expected


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("TNF-α", "TNF"), ("TNF alpha", "TNF"), ("IL-1β", "IL1B"), ("IL 6", "IL6"), ("p53", "TP53"), ("HER2", "ERBB2"),
     ("c-Myc", "MYC"), ("IMPACT", "IMPACT"), ("CD29", "ITGB1"), ("Her-2", "ERBB2"), ("NFκB1", "NFKB1")],
)  # fmt: skip
def test_names_of_the_field(real: Asker, hgnc: pd.DataFrame, text: str, symbol: str) -> None:
    gene = hgnc.loc[hgnc["symbol"] == symbol, "hgnc_id"].item()
    assert real(f"What is the gene {text}?").answers == [gene]


def test_a_question_is_read_quickly(real: Asker) -> None:
    real("Which drugs target EGFR?")
    times = [
        real(q).timings["plan"]
        for q in (
            "Which drugs that treat asthma target a receptor?",
            "How does EGF reach MYC?",
            "EGFR ligands",
        )
    ]
    assert sorted(times)[1] < 0.2
