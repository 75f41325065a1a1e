from __future__ import annotations

import bz2
from pathlib import Path

from tests.loaders.reading import FIXTURES, read
from tosg_graph.sources.registry import discover, find_files


def test_one_statement_per_pair_and_resource() -> None:
    rows = read("liana").rows("statements", "BINDS")
    assert rows[0] == {
        "source_ref": "UniProtKB:P01133",
        "source_label": "Protein",
        "target_ref": "UniProtKB:P00533",
        "target_label": "Protein",
        "record_id": "consensus:EGF/EGFR",
        "line": 2,
    }
    assert [(row["record_id"], row["line"]) for row in rows[1:]] == [
        ("consensus:NRG2/ERBB2_ERBB3", 3),
        ("cellphonedb:EGF/EGFR", 4),
        ("cellphonedb:CDH1/ITGA2_ITGB1", 5),
        ("celltalkdb:NRG2/ERBB2_ERBB3", 6),
        ("hpmr:TNF/TNF", 10),
    ]


def test_complexes_are_declared_by_their_parts() -> None:
    found = read("liana")
    assert [
        (row["ref"], row["members"], row["line"]) for row in found.rows("complexes", "Complex")
    ] == [
        ("liana:P04626_P21860", ["UniProtKB:P04626", "UniProtKB:P21860"], 3),
        ("liana:P05556_P17301", ["UniProtKB:P05556", "UniProtKB:P17301"], 5),
        ("liana:ERBB2_ERBB3", ["symbol:ERBB2", "symbol:ERBB3"], 6),
    ]
    receptors = [
        (row["target_ref"], row["target_label"]) for row in found.rows("statements", "BINDS")
    ]
    assert receptors[1] == ("liana:P04626_P21860", "Complex")
    assert receptors[4] == ("liana:ERBB2_ERBB3", "Complex")
    assert receptors[5] == ("UniProtKB:P01375", "Protein")  # a complex of one part


def test_the_mouse_is_counted_and_a_pair_without_its_receptor_rejected() -> None:
    assert read("liana").rejects() == [
        ("the pair lacks its ligand, its receptor or its resource", "EGF NA", 9),
        ("not human", "mouseconsensus: 2 rows", 7),
    ]


def test_a_file_of_the_mouse_alone(tmp_path: Path) -> None:
    header, *rows = (FIXTURES / "liana/omni_resource.csv").read_text(encoding="utf-8").splitlines()
    mouse = [row for row in rows if "mouse" in row]
    (tmp_path / "liana.csv").write_text("\n".join([header, *mouse, ""]), encoding="utf-8")
    found = read("liana", tmp_path)
    assert found.rejects() == [("not human", "mouseconsensus: 2 rows", 2)]
    assert found.count("statements", "BINDS") == found.count("complexes", "Complex") == 0


def test_without_an_index_and_without_accessions(tmp_path: Path) -> None:
    content = "resource,source_genesymbol,target_genesymbol\nconsensus,EGF,EGFR\n"
    (tmp_path / "omni_resource.csv.bz2").write_bytes(bz2.compress(content.encode()))
    assert read("liana", tmp_path).pairs("BINDS") == [("symbol:EGF", "symbol:EGFR")]
    assert layout(tmp_path) == "symbols"


def test_the_fixture_has_accessions() -> None:
    assert layout(FIXTURES / "liana") == "with accessions"


def layout(folder: Path) -> str | None:
    source = discover()["liana"]
    return find_files(folder, [source], {}, required=True).files["liana"]["pairs"].layout_name
