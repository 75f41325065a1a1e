from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import FIXTURES, Read, read

LEVELS = "UniProt2Reactome_All_Levels.txt"
UNREAD = "not read: another file holds all of its rows"


def test_pathways_of_man_only() -> None:
    assert read("reactome").rows("nodes", "Pathway") == [
        {"id": "REACT:R-HSA-162582", "name": "Signal Transduction", "line": 2},
        {"id": "REACT:R-HSA-177929", "name": "Signaling by EGFR", "line": 3},
    ]


def test_the_child_is_the_source() -> None:
    assert read("reactome").pairs("CHILD_OF") == [("REACT:R-HSA-177929", "REACT:R-HSA-162582")]


def test_members_as_written_viral_ones_too() -> None:
    rows = read("reactome").rows("statements", "MEMBER_OF")
    genes = [row for row in rows if row["source_label"] == "Gene"]
    assert [(row["source_ref"], row["target_ref"]) for row in genes] == [
        ("symbol:BANF1", "REACT:R-HSA-164843"),
        ("symbol:HMGA1", "REACT:R-HSA-164843"),
        ("symbol:gag", "REACT:R-HSA-164843"),
        ("symbol:vpr", "REACT:R-HSA-164843"),
        ("symbol:EGF", "REACT:R-HSA-177929"),
        ("symbol:EGFR", "REACT:R-HSA-177929"),
    ]


def test_other_species_are_counted_once_each() -> None:
    assert read("reactome").rejects() == [
        ("not human", "Bos taurus: 2 rows", 1),
        ("not human", "Mus musculus: 1 row", 5),
        ("not human", "BTA: 1 row", 1),
        ("the set has no human pathway id, or no members", "R-HSA-1", 3),
        ("not human", "Mus musculus: 2 rows", 4),
        ("not human", "Bos taurus: 1 row", 6),
    ]


def test_proteins_of_all_levels_with_the_evidence_code() -> None:
    found = read("reactome")
    rows = [r for r in found.rows("statements", "MEMBER_OF") if r["source_label"] == "Protein"]
    assert rows[0] == {
        "source_ref": "UniProtKB:P00533",
        "source_label": "Protein",
        "target_ref": "REACT:R-HSA-177929",
        "target_label": "Pathway",
        "mechanism": "TAS",
        "line": 1,
    }
    assert [(r["source_ref"], r["target_ref"], r["mechanism"]) for r in rows[1:]] == [
        ("UniProtKB:P00533", "REACT:R-HSA-162582", "TAS"),
        ("UniProtKB:P01133-1", "REACT:R-HSA-177929", "IEA"),
    ]
    files = {chunk.file for chunk in found.chunks if chunk.subject == "MEMBER_OF"}
    assert files == {"ReactomePathways.gmt", LEVELS}


def proteins(found: Read) -> list[str]:
    rows = found.rows("statements", "MEMBER_OF")
    return [row["source_ref"] for row in rows if row["source_label"] == "Protein"]


def test_the_lowest_levels_are_read_where_they_stand_alone(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "reactome", tmp_path, dirs_exist_ok=True)
    (tmp_path / LEVELS).rename(tmp_path / "UniProt2Reactome.txt")
    assert proteins(read("reactome", tmp_path)) == proteins(read("reactome"))


def test_the_lowest_levels_are_left_out_beside_all_levels(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "reactome", tmp_path, dirs_exist_ok=True)
    first = (tmp_path / LEVELS).read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "UniProt2Reactome.txt").write_text(first + "\n", encoding="utf-8")
    found = read("reactome", tmp_path)
    assert proteins(found) == proteins(read("reactome"))
    last = found.chunks[-1]
    assert (last.file, last.table.to_pylist()) == (
        "UniProt2Reactome.txt",
        [{"reason": UNREAD, "value": LEVELS, "rows": None, "line": 1}],
    )


def test_a_renamed_file_of_proteins_is_no_gene_set(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "reactome", tmp_path, dirs_exist_ok=True)
    (tmp_path / LEVELS).rename(tmp_path / "mirror.txt")
    assert sorted(read("reactome", tmp_path).pairs("MEMBER_OF")) == sorted(
        read("reactome").pairs("MEMBER_OF")
    )


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    folder = real_data / "reactome"
    names = pd.read_csv(folder / "ReactomePathways.txt.gz", sep="\t", header=None, quoting=3)
    tree = pd.read_csv(folder / "ReactomePathwaysRelation.txt.gz", sep="\t", header=None)
    with gzip.open(folder / "ReactomePathways.gmt.gz", "rt", encoding="utf-8") as text:
        sets = [line.rstrip("\n").split("\t") for line in text]
    found = read("reactome", real_data)
    human = set(names[names[2] == "Homo sapiens"][0])
    assert set(found.by_id("Pathway")) == {f"REACT:{pathway}" for pathway in human}
    both = tree[tree[0].isin(human) & tree[1].isin(human)]
    assert sorted(found.pairs("CHILD_OF")) == sorted(
        zip("REACT:" + both[1], "REACT:" + both[0], strict=True)
    )
    members = [(f"symbol:{s}", f"REACT:{fields[1]}") for fields in sets for s in fields[2:]]
    assert found.pairs("MEMBER_OF") == members
    # 21,130 relations of 20,987 pathways in 16 species: no row is unaccounted for.
    counted = [value.rpartition(": ")[2].split()[0] for _, value, _ in found.rejects()]
    kept = found.count("nodes", "Pathway") + found.count("statements", "CHILD_OF")
    assert sum(int(n.replace(",", "")) for n in counted) + kept == len(names) + len(tree)
