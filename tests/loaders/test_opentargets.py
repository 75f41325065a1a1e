from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loaders.opentargets import disease
from tests.loaders.reading import FIXTURES, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.errors import SourceError
from tosg_graph.sources.registry import discover, find_files

LINES = FIXTURES / "opentargets/associationByOverallDirect.json"


def table() -> pd.DataFrame:
    return pd.read_json(LINES, lines=True)


def facts(found) -> list[tuple]:
    rows = found.rows("statements", "ASSOCIATED_WITH")
    return [(row["source_ref"], row["target_ref"], row["score"], row["line"]) for row in rows]


def test_associations_with_their_score() -> None:
    found = read("opentargets")
    assert facts(found) == [
        ("ENSEMBL:ENSG00000146648", "MONDO:0005233", 0.75, 1),
        ("ENSEMBL:ENSG00000146648", "EFO:0000616", 0.5, 2),
        ("ENSEMBL:ENSG00000147889", "orphanet:79430", 0.0625, 3),
        ("ENSEMBL:ENSG00000146648", "DOID:1324", 0.25, 4),
    ]
    assert found.rejects() == [("no gene or no disease", "ENSG00000146648", 5)]


@pytest.mark.parametrize(
    "name", ["association_overall_direct.parquet", "associationByOverallDirect.tsv"]
)
def test_the_same_from_every_format(tmp_path: Path, name: str) -> None:
    if name.endswith(".parquet"):
        renamed = table().rename(columns={"score": "associationScore"})
        pq.write_table(pa.Table.from_pandas(renamed), tmp_path / name, row_group_size=2)
        first = 1
    else:
        table().to_csv(tmp_path / name, sep="\t", index=False)
        first = 2  # below the header
    found = read("opentargets", tmp_path)
    expected = [(*fact[:3], fact[3] + first - 1) for fact in facts(read("opentargets"))]
    assert facts(found) == expected
    assert found.rejects() == [("no gene or no disease", "ENSG00000146648", 4 + first)]


def test_parts_in_the_folder_of_the_data_set(tmp_path: Path) -> None:
    rows = table().dropna()
    for folder in ("association_overall_direct", "association_by_overall_indirect"):
        (tmp_path / folder).mkdir()
        for part in range(2):
            name = f"{folder}/part-0000{part}-c000.snappy.parquet"
            pq.write_table(pa.Table.from_pandas(rows[part::2]), tmp_path / name)
    located = find_files(tmp_path, [discover()["opentargets"]], {})
    assert [(f.role, f.path.parent.name) for f in located.found] == [
        ("associations", "association_overall_direct"),
        ("associations/2", "association_overall_direct"),
    ]
    assert len(located.unused) == 2
    found = facts(read("opentargets", tmp_path))
    assert sorted(fact[:3] for fact in found) == sorted(f[:3] for f in facts(read("opentargets")))


def test_json_beside_a_table_is_not_read_twice(tmp_path: Path) -> None:
    shutil.copy(LINES, tmp_path)
    table().to_csv(tmp_path / "association_overall_direct.tsv", sep="\t", index=False)
    found = read("opentargets", tmp_path)
    assert len(facts(found)) == 4
    assert found.rejects()[-1] == (
        "not read: the associations are there as a table too",
        "association_overall_direct.tsv",
        1,
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"targetId":"ENSG1","diseaseId":"EFO_1","score":1.5}', "from 0 to 1"),
        ('{"targetId":"ENSG1","diseaseId":"EFO_1","score":"high"}', "one JSON object per line"),
        ('{"targetId":"ENSG1","diseaseId":', "one JSON object per line"),
        ("[1, 2]", "one JSON object per line"),
        ('{"targetId":"ENSG1","diseaseId":"EFO_1"}', "the score is None"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    text = LINES.read_text(encoding="utf-8") + line + "\n"
    (tmp_path / LINES.name).write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words) as caught:
        read("opentargets", tmp_path)
    if '"high"' not in line:
        assert caught.value.line == 6


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "association_overall_direct.parquet"
    pq.write_table(pa.Table.from_pandas(table()), path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(SourceError, match="Parquet file is damaged"):
        read("opentargets", tmp_path)


@pytest.mark.parametrize(
    ("written", "curie"),
    [
        ("MONDO_0005148", "MONDO:0005148"),
        ("Orphanet_79430", "orphanet:79430"),
        ("EFO:0000616", "EFO:0000616"),
        ("HP_0000001", "HP:0000001"),
    ],
)
def test_disease(written: str, curie: str) -> None:
    assert disease(written) == curie


def test_a_disease_that_is_no_node_is_a_reject(tmp_path: Path) -> None:
    for name in ("hgnc", "opentargets", "disease_ontology"):
        shutil.copytree(FIXTURES / name, tmp_path / "data" / name)
    known = [discover()[n] for n in ("hgnc", "opentargets", "disease_ontology")]
    build = build_graph(find_files(tmp_path / "data", known, {}), tmp_path / "graph")
    rejects = build.table("rejects").to_pylist()
    unmapped = {r["value"] for r in rejects if r["source"] == "opentargets" and r["line"] == 2}
    assert unmapped == {"EFO:0000616"}
    edges = build.table("edges/ASSOCIATED_WITH").to_pylist()
    assert [(row["source"], row["target"], row["score"]) for row in edges] == [
        ("HGNC:3236", "DOID:1324", 0.25)
    ]
