from __future__ import annotations

from pathlib import Path

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_one_accession_names_the_protein_else_the_gene_does() -> None:
    first, second = read("biogrid").rows("statements", "INTERACTS_WITH")
    assert first == {
        "source_ref": "UniProtKB:P45985",
        "source_label": "Protein",
        "target_ref": "UniProtKB:Q14315",
        "target_label": "Protein",
        "record_id": "103",
        "pmids": ["9006895"],
        "mechanism": "Two-hybrid",
        "line": 2,
    }
    assert (second["source_ref"], second["target_ref"]) == ("NCBIGene:1956", "NCBIGene:2885")
    assert "pmids" not in second  # the file gives a DOI


def test_what_is_no_contact_of_two_human_proteins_is_counted() -> None:
    why = "no physical interaction of two known proteins"
    assert read("biogrid").rejects() == [
        ("not human", "an end of another species: 1 row", 5),
        (why, "genetic: 1 row", 4),
        (why, "Affinity Capture-RNA: 1 row", 6),
        (why, "an end without an identifier: 1 row", 7),
    ]


def test_tab2(tmp_path: Path) -> None:
    header = (
        "#BioGRID Interaction ID\tEntrez Gene Interactor A\tEntrez Gene Interactor B\t"
        "Experimental System\tExperimental System Type\tPubmed ID\t"
        "Organism Interactor A\tOrganism Interactor B"
    )
    row = "103\t6416\t2318\tTwo-hybrid\tphysical\t9006895\t9606\t9606"
    (tmp_path / "BIOGRID-ALL-3.5.1.tab2.txt").write_text(f"{header}\n{row}\n", encoding="utf-8")
    [fact] = read("biogrid", tmp_path).rows("statements", "INTERACTS_WITH")
    assert (fact["source_ref"], fact["target_ref"]) == ("NCBIGene:6416", "NCBIGene:2318")
    assert fact["pmids"] == ["9006895"]


def test_layout_and_release() -> None:
    source = discover()["biogrid"]
    files = find_files(FIXTURES / "biogrid", [source], {}, required=True).files["biogrid"]
    assert files["interactions"].layout_name == "tab3"
    assert source.version is not None
    assert source.version(files) == "4.4.240"
