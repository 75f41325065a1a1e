from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from loaders.uniprot import names_of
from tests.loaders.reading import LAYOUTS, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.build.identifiers import Resolver
from tosg_graph.sources.registry import discover, find_files

OLD = LAYOUTS / "uniprot_2018"


@pytest.mark.parametrize(
    ("text", "name", "others"),
    [
        ("Sorting nexin-31", "Sorting nexin-31", []),
        ("Caspase-3 (CASP-3) (EC 3.4.22.56) (Apopain)", "Caspase-3", ["CASP-3", "Apopain"]),
        (
            "DNA (cytosine-5)-methyltransferase 1 (Dnmt1)",
            "DNA (cytosine-5)-methyltransferase 1",
            ["Dnmt1"],
        ),
        ("Collagen alpha-1(XXV) chain (CLAC-P)", "Collagen alpha-1(XXV) chain", ["CLAC-P"]),
        (
            "Enzyme E2 D2 (EC 2.3.2.23) ((E3-independent) E2 enzyme D2)",
            "Enzyme E2 D2",
            ["(E3-independent) E2 enzyme D2"],
        ),
        (
            "Synthase 5 (hTYW5) (tRNA(Phe) (7-(3-amino)(37)-C(2))-hydroxylase)",
            "Synthase 5",
            ["hTYW5", "tRNA(Phe) (7-(3-amino)(37)-C(2))-hydroxylase"],
        ),
        ("Alcohol dehydrogenase [NADP(+)] (ALDR)", "Alcohol dehydrogenase [NADP(+)]", ["ALDR"]),
        ("Polyubiquitin-B [Cleaved into: Ubiquitin (Ub)]", "Polyubiquitin-B", []),
        ("Mucin-3B (MUC-3B) (Fragments)", "Mucin-3B", ["MUC-3B"]),
        ("Leukosialin (CD antigen CD43)", "Leukosialin", ["CD43"]),
        ("Kinase (EC 2.7.1.n4) (EC 3.1.-.-)", "Kinase", []),
    ],
)
def test_names_are_peeled_from_the_end(text: str, name: str, others: list[str]) -> None:
    assert names_of(text) == (name, others)


def test_protein() -> None:
    proteins = read("uniprot", OLD).by_id("Protein")
    assert proteins["UniProtKB:P26358"] == {
        "id": "UniProtKB:P26358",
        "name": "DNA (cytosine-5)-methyltransferase 1",
        "synonyms": ["Dnmt1", "CXXC-type zinc finger protein 9"],
        "accession": "P26358",
        "entry_name": "DNMT1_HUMAN",
        "length": 1616,
        "reviewed": True,
        "line": 3,
    }
    assert proteins["UniProtKB:P08571"]["synonyms"] == [
        "Myeloid cell-specific leucine-rich glycoprotein",
        "CD14",
    ]


def test_first_name_of_each_group_is_a_gene() -> None:
    assert read("uniprot", OLD).pairs("ENCODES") == [
        ("symbol:EGFR", "UniProtKB:P00533"),
        ("symbol:DNMT1", "UniProtKB:P26358"),
        ("symbol:CD14", "UniProtKB:P08571"),
        ("symbol:SMN1", "UniProtKB:Q16637"),
        ("symbol:SMN2", "UniProtKB:Q16637"),
    ]


def test_other_species_are_rejected() -> None:
    assert read("uniprot", OLD).rejects() == [("not human", "Mus musculus (Mouse)", 7)]


def test_current_spelling_of_the_header(tmp_path: Path) -> None:
    text = (OLD / "uniprot.tab").read_text(encoding="utf-8")
    renamed = text.replace("Entry name", "Entry Name").replace("Gene names", "Gene Names")
    (tmp_path / "uniprotkb_human.tsv").write_text(renamed, encoding="utf-8")
    assert read("uniprot", tmp_path).rows("nodes", "Protein") == read("uniprot", OLD).rows(
        "nodes", "Protein"
    )


def test_comments_histories_and_ids_resolve_after_a_build(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    header = "Entry\tReviewed\tEntry Name\tProtein names\tGene Names\tOrganism\tLength\t"
    header += "Function [CC]\tSubcellular location [CC]\n"
    row = "P00533\treviewed\tEGFR_HUMAN\tReceptor\tEGFR\tHomo sapiens (Human)\t1210\t"
    row += "FUNCTION: Takes up a signal. {ECO:0000269|PubMed:7657591}.\t"
    row += "SUBCELLULAR LOCATION: Cell membrane; Single-pass type I membrane protein.; "
    row += "SUBCELLULAR LOCATION: [Isoform 2]: Secreted.\n"
    (data / "uniprotkb.tsv").write_text(header + row)
    (data / "sec_ac.txt").write_text("Secondary AC     Primary AC\nO00688     P00533\n")
    (data / "HUMAN_9606_idmapping.dat").write_text(
        "P00533\tUniProtKB-ID\tEGFR_HUMAN\nP00533-1\tEnsembl_PRO\tENSP00000275493.2\n"
        "P00533-1\tEnsembl_TRS\tENST00000275493.7\nP12345\tEnsembl_PRO\tENSP1\n"
    )
    build = build_graph(find_files(data, [discover()["uniprot"]], {}), tmp_path / "graph")
    asked = ["UniProtKB:P00533-2", "UniProtKB:O00688", "ENSEMBL:ENSP00000275493.2"]
    found = Resolver.of(build).resolve(asked, label="Protein")
    assert found["id"].to_pylist() == ["UniProtKB:P00533"] * 3
    (protein,) = build.table("nodes/Protein").to_pylist()
    assert protein["description"] == "Takes up a signal. Located in: Cell membrane."
    flags = (protein["reviewed"], protein["secreted"], protein["transmembrane"])
    assert flags == (True, None, True)
    translated = read("uniprot", data).pairs("TRANSLATED_TO")
    assert translated == [("ENSEMBL:ENST00000275493", "UniProtKB:P00533-1")]


def test_diseases_and_modifications() -> None:
    found = read("uniprot")
    assert found.rows("statements", "ASSOCIATED_WITH") == [
        {
            "source_ref": "UniProtKB:P00533",
            "source_label": "Gene",
            "target_ref": "OMIM:211980",
            "target_label": "Disease",
            "record_id": "P00533",
            "pmids": ["15118125", "16533793"],
            "sentence": "Lung cancer (LNCR) [MIM:211980]: A cancer. Note=Variants.",
            "line": 2,
        },
        {
            "source_ref": "UniProtKB:P00533",
            "source_label": "Gene",
            "target_ref": "OMIM:616069",
            "target_label": "Disease",
            "record_id": "P00533",
            "sentence": "Skin disease 2 (NISBD2) [MIM:616069]: A disorder. "
            "Note=Variants of the gene.",
            "line": 2,
        },
    ]
    assert found.rejects() == [("disease without a MIM number", "P00533", 2)]


def test_text_and_places_are_those_of_the_protein_itself() -> None:
    found = read("uniprot").rows("nodes", "Protein")
    said = {
        row["entry_name"]: (row.get("secreted"), row.get("transmembrane"), row["description"])
        for row in found
        if "entry_name" in row
    }
    assert said == {
        "EGFR_HUMAN": (
            None,  # its second isoform is
            True,
            "Takes up a signal. Hands it on (By similarity). [Isoform 2]: Acts less. "
            "(Microbial infection) Lets a virus in. Ubiquitinated. Palmitoylated. "
            "Located in: Cell membrane; Nucleus membrane; Nucleus.",
        ),
        "EGF_HUMAN": (True, True, "Located in: Membrane."),
        "IL6RA_HUMAN": (None, True, "Located in: Cell membrane."),
    }


def test_a_description_has_the_publications_of_what_it_was_made_of() -> None:
    found = read("uniprot").rows("nodes", "Protein")
    cited = {
        row["entry_name"]: row.get("description_pmids") for row in found if "entry_name" in row
    }
    assert cited == {  # not 3: who modifies it is left out
        "EGFR_HUMAN": ["10805725", "2790960", "21516087", "2", "17182860"],
        "EGF_HUMAN": None,
        "IL6RA_HUMAN": ["4"],  # 5 is about another isoform
    }


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(
        real_data / "uniprot/uniprot.tab.gz", sep="\t", dtype=str, quoting=3, keep_default_na=False
    )
    found = read("uniprot", real_data)
    proteins = found.by_id("Protein")
    assert set(proteins) == set("UniProtKB:" + raw["Entry"])
    assert len(proteins) == 20_421
    groups = raw["Gene names"].str.split(";").explode().str.strip()
    assert found.count("statements", "ENCODES") == (groups != "").sum()
    assert sum(row["length"] for row in proteins.values()) == raw["Length"].astype(int).sum()
    # A name and what follows it make up the text: nothing is lost at the front.
    for entry, text in zip(raw["Entry"], raw["Protein names"], strict=True):
        name = proteins[f"UniProtKB:{entry}"]["name"]
        assert text.startswith(name)
        assert name.count("(") == name.count(")")
