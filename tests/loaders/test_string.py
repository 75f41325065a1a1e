from __future__ import annotations

from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.errors import SourceError
from tosg_graph.sources.registry import discover, find_files

LINKS = FIXTURES / "string" / "9606.protein.links.detailed.v12.0.txt"
INFO = FIXTURES / "string" / "9606.protein.info.v12.0.txt"


def links(path: Path, *lines: str, header: str = "protein1 protein2 combined_score") -> Path:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def test_each_pair_once_with_its_score() -> None:
    rows = read("string").rows("statements", "INTERACTS_WITH")
    assert rows[0] == {
        "source_ref": "ENSEMBL:ENSP00000263253",
        "source_label": "Protein",
        "target_ref": "ENSEMBL:ENSP00000275493",
        "target_label": "Protein",
        "mechanism": "functional association",
        "score": 0.4,
        "line": 4,
    }
    assert [(row["target_ref"], row["score"], row["line"]) for row in rows[1:]] == [
        ("ENSEMBL:ENSP00000269305", 0.999, 5),
        ("ENSEMBL:ENSP00000275493", 0.978, 6),
    ]


def test_other_species_and_low_scores_are_counted() -> None:
    assert read("string").rejects() == [
        ("not human", "taxon 10090: 1 row", 8),
        ("the score is below the cut", "combined_score under 400: 1 row", 10),
    ]


def test_accessions_get_their_ensembl_protein_once() -> None:
    rows = read("string").rows("annotations", "Protein")
    assert rows == [
        {"ref": "UniProtKB:P00533", "xrefs": ["ENSEMBL:ENSP00000275493"], "line": 3},
        {"ref": "UniProtKB:P04637", "xrefs": ["ENSEMBL:ENSP00000269305"], "line": 6},
        {"ref": "UniProtKB:Q09472", "xrefs": ["ENSEMBL:ENSP00000263253"], "line": 8},
    ]


def test_without_aliases_the_preferred_symbols_serve() -> None:
    found = read("string", overrides={"string.links": LINKS, "string.info": INFO})
    assert [(row["ref"], row["xrefs"]) for row in found.rows("annotations", "Protein")] == [
        ("symbol:EGFR", ["ENSEMBL:ENSP00000275493"]),
        ("symbol:TP53", ["ENSEMBL:ENSP00000269305"]),
    ]


@pytest.mark.parametrize(
    ("name", "header", "zeros", "mechanism"),
    [
        ("9606.protein.links.v12.0.txt", "", "", "functional association"),
        ("9606.protein.physical.links.v12.0.txt", "", "", "physical association"),
        ("renamed.txt", "experimental database textmining ", "0 0 0 ", "physical association"),
    ],
)
def test_other_layouts(tmp_path: Path, name: str, header: str, zeros: str, mechanism: str) -> None:
    links(
        tmp_path / name,
        f"9606.ENSP1 9606.ENSP2 {zeros}1000",
        f"9606.ENSP2 9606.ENSP1 {zeros}1000",
        header=f"protein1 protein2 {header}combined_score",
    )
    [row] = read("string", tmp_path).rows("statements", "INTERACTS_WITH")
    assert (row["mechanism"], row["score"]) == (mechanism, 1.0)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (("9606.ENSP2 9606.ENSP1 700",), r"found 0 rows .* and 1 the other way round"),
        (("9606.ENSP1 9606.ENSP2 700", "9606.ENSP4 9606.ENSP3 701"), r"add up to 700.*\(701\)"),
    ],
)
def test_a_pair_that_stands_in_one_direction_only_is_an_error(
    tmp_path: Path, lines: tuple[str, ...], found: str
) -> None:
    links(tmp_path / "9606.protein.links.v12.0.txt", *lines)
    with pytest.raises(SourceError, match=found):
        read("string", tmp_path)


def test_a_score_that_is_no_number_is_an_error_with_its_line(tmp_path: Path) -> None:
    links(tmp_path / "9606.protein.links.v12.0.txt", "9606.ENSP1 9606.ENSP2 700", "a b high")
    with pytest.raises(SourceError, match=r"links\.v12\.0\.txt:3: combined_score is 'high'"):
        read("string", tmp_path)


def test_release_stands_in_the_name() -> None:
    source = discover()["string"]
    files = find_files(FIXTURES / "string", [source], {}, required=True).files["string"]
    assert source.version is not None
    assert source.version(files) == "12.0"
