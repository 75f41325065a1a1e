from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.files import SourceFile
from tosg_graph.sources.registry import discover, find_files

FIXTURE = FIXTURES / "intact/human.txt"


def by_line() -> dict[int, dict[str, object]]:
    return {row["line"]: row for row in read("intact").rows("statements", "INTERACTS_WITH")}


def test_a_direct_interaction() -> None:
    assert by_line()[2] == {
        "source_ref": "UniProtKB:P49418",
        "source_label": "Protein",
        "target_ref": "UniProtKB:O43426",
        "target_label": "Protein",
        "record_id": "EBI-7121552",
        "pmids": ["10542231"],
        "mechanism": "phage display (direct interaction)",
        "direct": True,
        "score": 0.56,
        "line": 2,
    }


def test_isoforms_and_chains_stand_as_written() -> None:
    rows = by_line()
    assert (rows[3]["target_ref"], rows[3]["score"]) == ("UniProtKB:P00533-2", 0.4)
    assert "direct" not in rows[3]  # a physical association may have others between the two
    assert rows[13]["target_ref"] == "UniProtKB:P04637-PRO_0000185703"
    assert (rows[13]["direct"], rows[13]["record_id"]) == (True, "MINT-9")
    assert rows[13]["pmids"] == ["10958792", "10958793"]


def test_a_pair_out_of_an_expanded_complex_is_not_direct_and_says_so() -> None:
    row = by_line()[4]
    assert row["mechanism"] == "anti bait coimmunoprecipitation (association, spoke expansion)"
    assert (row["direct"], row["score"]) == (False, 0.35)


def test_a_protein_that_binds_itself() -> None:
    row = by_line()[5]
    assert row["source_ref"] == row["target_ref"] == "UniProtKB:P00533"


def test_empty_fields_are_absent() -> None:
    assert by_line()[15] == {
        "source_ref": "UniProtKB:P38398",
        "source_label": "Protein",
        "target_ref": "UniProtKB:Q99728",
        "target_label": "Protein",
        "line": 15,
    }


def test_what_is_turned_away() -> None:
    assert set(by_line()) == {2, 3, 4, 5, 13, 15}
    end = "an end is no protein with a UniProt accession"
    assert read("intact").rejects() == [
        (
            "self-interaction that comes of expanding a complex",
            "uniprotkb:P00533 – uniprotkb:P00533",
            6,
        ),
        (
            "negative: the two were found not to interact",
            "uniprotkb:P28482 – uniprotkb:P04637",
            7,
        ),
        (end, "intact: 1 row", 9),
        (end, "chebi: 1 row", 10),
        (end, "ensembl: 1 row", 11),
        (end, "one participant only: 1 row", 12),
        ("not human", "an end of another species: 1 row", 8),
        ("no physical interaction", "colocalization: 1 row", 14),
    ]


def test_every_row_is_a_fact_or_a_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where blocks of a few rows are read one after the other."""
    whole = read("intact")
    monkeypatch.setitem(SourceFile.tables.__kwdefaults__, "block", 2_000)
    small = read("intact")
    assert len(small.chunks) > len(whole.chunks)
    for kind, subject in (("statements", "INTERACTS_WITH"), ("rejects", "")):
        assert small.rows(kind, subject) == whole.rows(kind, subject)
    rows = len(FIXTURE.read_text(encoding="utf-8").splitlines()) - 1
    counted = sum(int(v.split(": ")[1].split()[0]) for _, v, _ in whole.rejects() if " row" in v)
    assert whole.count("statements", "INTERACTS_WITH") + counted + 2 == rows


def test_a_term_may_be_quoted_and_several_may_stand_there(tmp_path: Path) -> None:
    content = FIXTURE.read_text(encoding="utf-8")
    content = content.replace("(phage display)", '("display (phage)")|psi-mi:"MI:0018"(two hybrid)')
    (tmp_path / "human.txt").write_text(content, encoding="utf-8")
    first = read("intact", tmp_path).rows("statements", "INTERACTS_WITH")[0]
    assert first["mechanism"] == "display (phage) (direct interaction)"


@pytest.mark.parametrize(
    ("columns", "layout"), [(42, "MITAB 2.7"), (36, "MITAB 2.6"), (15, "MITAB 2.5")]
)
def test_layouts(tmp_path: Path, columns: int, layout: str) -> None:
    lines = FIXTURE.read_text(encoding="utf-8").splitlines()
    content = "".join("\t".join(line.split("\t")[:columns]) + "\n" for line in lines)
    (tmp_path / "intact.txt.gz").write_bytes(gzip.compress(content.encode()))
    source = discover()["intact"]
    files = find_files(tmp_path, [source], {}, required=True).files["intact"]
    assert files["interactions"].layout_name == layout
    found = read("intact", tmp_path)
    lines_read = {row["line"] for row in found.rows("statements", "INTERACTS_WITH")}
    # Before 2.6 nothing says that a row is negative or comes of an expanded complex.
    assert lines_read == {2, 3, 4, 5, 13, 15} | ({6, 7} if columns == 15 else set())
