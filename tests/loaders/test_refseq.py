from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import read


def test_descriptions_keep_their_quotes() -> None:
    first, second = read("refseq").rows("annotations", "Gene")
    assert first == {
        "ref": "NCBIGene:1956",
        "description": 'Receptor of the "EGF" family; it passes a signal on when a ligand binds.',
        "line": 2,
    }
    assert (second["ref"], second["description_pmids"]) == ("NCBIGene:7157", ["1614522"])


def test_rejects() -> None:
    assert read("refseq").rejects() == [
        ("not human", "10090", 4),
        ("no gene or no summary", "Gene_ID 1", 5),
    ]


def test_the_file_of_ncbi(tmp_path: Path) -> None:
    lines = ["#tax_id\tGeneID\tSource\tSummary", "9606\t1956\tRefSeq\tA receptor."]
    lines += ["10090\t13649\tRefSeq\tA receptor of mice."]
    (tmp_path / "gene_summary").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = read("refseq", tmp_path)
    assert found.rows("annotations", "Gene") == [
        {"ref": "NCBIGene:1956", "description": "A receptor.", "line": 2}
    ]
    assert found.rejects() == [("not human", "10090", 3)]


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(
        real_data / "refseq/human_gene_summary.tsv.gz", sep="\t", dtype=str, quoting=3
    )
    found = read("refseq", real_data)
    rows = found.rows("annotations", "Gene")
    assert len(raw) == 15_150
    # One row names no gene.
    assert [row["ref"] for row in rows] == ("NCBIGene:" + raw["Gene_ID"].dropna()).to_list()
    assert found.rejects() == [("no gene or no summary", "Gene_ID <NA>", 15_151)]
    cited = {row["ref"]: row["description_pmids"] for row in rows if "description_pmids" in row}
    assert len(cited) == 103
    assert ["20625391", "20625391", "10094393"] in cited.values()
