from __future__ import annotations

import gzip
import random
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest

from tests.loaders.reading import FIXTURES, Read, read
from tosg_graph.sources.registry import discover, find_files

CARNIVAL = FIXTURES / "omnipath/omnipath_carnival.tsv"
SERVICE = FIXTURES / "omnipath/omnipath_interactions.tsv"
HEADER = ("source", "target", "is_directed", "is_stimulation", "is_inhibition")


@pytest.fixture(scope="module")
def carnival() -> Read:
    return read("omnipath", overrides={"omnipath.interactions": CARNIVAL})


@pytest.fixture(scope="module")
def service() -> Read:
    return read("omnipath", overrides={"omnipath.service": SERVICE})


# ---- CARNIVAL --------------------------------------------------------------------------------


def test_complexes_are_declared_once_and_first(carnival: Read) -> None:
    assert [
        (row["ref"], row["members"], row["line"]) for row in carnival.rows("complexes", "Complex")
    ] == [
        ("omnipath:CHUK_IKBKB_IKBKG", ["symbol:CHUK", "symbol:IKBKB", "symbol:IKBKG"], 3),
        (
            "omnipath:_CHEBI_18420_DIS3L_EXOSC1",
            ["omnipath:unnamed", "CHEBI:18420", "symbol:DIS3L", "symbol:EXOSC1"],
            7,
        ),
        ("omnipath:P03200_UBE2I", ["UniProtKB:P03200", "symbol:UBE2I"], 8),
        (
            "omnipath:_C2_C4A_C4B_2",
            ["omnipath:unnamed", "symbol:C2", "symbol:C4A", "symbol:C4B_2"],
            9,
        ),
    ]


def test_signs_and_ends(carnival: Read) -> None:
    assert carnival.pairs("INHIBITS") == [
        ("symbol:CALM3", "symbol:TRPC1"),
        ("omnipath:CHUK_IKBKB_IKBKG", "symbol:NFKBIA"),
        ("omnipath:P03200_UBE2I", "symbol:TP53"),
    ]
    up = carnival.rows("statements", "ACTIVATES")
    assert [(row["source_label"], row["target_label"], row["line"]) for row in up[:3]] == [
        ("Protein", "Protein", 4),
        ("Protein", "Complex", 5),
        ("Protein", "Protein", 6),
    ]


def test_sign_that_is_none_is_rejected(carnival: Read) -> None:
    [(reason, value, line)] = carnival.rejects()
    assert "neither 1 nor -1" in reason
    assert (value, line) == ("EGF 0 EGFR", 10)


# ---- the web service -------------------------------------------------------------------------


def statements(found: Read, edge_type: str) -> list[tuple[object, ...]]:
    keys = ("source_ref", "target_ref", "record_id", "pmids", "line")
    return [tuple(row.get(k) for k in keys) for row in found.rows("statements", edge_type)]


EGF, EGFR = "UniProtKB:P01133", "UniProtKB:P00533"
MAPK1, TP53 = "UniProtKB:P28482", "UniProtKB:P04637"
NFKB, NFKBIA = "omnipath:P19838_Q04206", "UniProtKB:P25963"


def test_one_statement_per_resource_with_its_own_publications(service: Read) -> None:
    assert statements(service, "ACTIVATES")[:3] == [
        (EGF, EGFR, "CellPhoneDB", None, 2),
        (EGF, EGFR, "SIGNOR", ["12297049", "12297050"], 2),
        (EGF, EGFR, "SignaLink3", ["12297049"], 2),
    ]


def test_both_signs_are_kept(service: Read) -> None:
    both = [(MAPK1, TP53, "KEA", None, 3), (MAPK1, TP53, "SIGNOR", ["10958792"], 3)]
    assert statements(service, "ACTIVATES")[3:] == both
    assert statements(service, "INHIBITS") == both


def test_a_direction_without_a_sign_and_a_reference_of_a_resource_that_is_not_listed(
    service: Read,
) -> None:
    assert statements(service, "REGULATES") == [
        (NFKB, NFKBIA, "CollecTRI", ["11723248"], 5),
        (NFKB, NFKBIA, "SIGNOR_CollecTRI", None, 5),
    ]
    mechanisms = {row["mechanism"] for row in service.rows("statements", "REGULATES")}
    assert mechanisms == {"transcriptional"}


def test_undirected_pairs_stand_with_the_protein_first(service: Read) -> None:
    rows = service.rows("statements", "INTERACTS_WITH")
    assert statements(service, "INTERACTS_WITH") == [
        ("UniProtKB:P38398", "UniProtKB:Q99728", "HPRD", ["8944023"], 4),
        (NFKBIA, NFKB, "OmniPath", None, 6),
    ]
    assert (rows[1]["source_label"], rows[1]["target_label"]) == ("Protein", "Complex")


def test_a_complex_is_declared_once_by_its_accessions(service: Read) -> None:
    [row] = service.rows("complexes", "Complex")
    assert row == {"ref": NFKB, "members": ["UniProtKB:P19838", "UniProtKB:Q04206"], "line": 5}


def test_licences_that_are_known_stand_on_the_statement(service: Read) -> None:
    rows = service.rows("statements", "ACTIVATES")
    assert {row["record_id"]: row.get("licence") for row in rows} == {
        "CellPhoneDB": "MIT",
        "SIGNOR": "CC BY 4.0",
        "SignaLink3": None,
        "KEA": None,
    }


def test_what_is_turned_away(service: Read) -> None:
    assert service.rejects() == [
        ("a sign without a direction", "P53350 → P30304", 9),
        ("an end is missing", "? → P00533", 10),
        ("is_directed, is_stimulation or is_inhibition is no truth value", "P01133 → P00533", 11),
        ("an end is no protein or complex", "post_transcriptional: 1 row", 8),
        ("an end is no protein or complex", "small_molecule_protein: 1 row", 12),
        ("not human", "taxon 10090: 1 row", 7),
    ]


def test_both_files_are_read_and_told_apart_by_their_headers(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(CARNIVAL.read_bytes())
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(SERVICE.read_bytes()))
    both = read("omnipath", tmp_path)
    assert {chunk.file for chunk in both.chunks} == {"a.tsv", "b.tsv.gz"}
    assert both.count("statements", "INHIBITS") == 3 + 2


def test_the_plain_download_of_the_service(tmp_path: Path) -> None:
    """Without the columns of species and entities, flags 0 and 1, publications of nobody."""
    header = "source\ttarget\tis_directed\tis_stimulation\tis_inhibition\tconsensus_direction"
    rows = [
        "P01133\tP00533\t1\t1\t0\t1\tSIGNOR\t12297049;12297050",
        "P28482\tP04637\t1\t0\t1\t1\tKEA;SIGNOR\t10958792;SIGNOR:123",
    ]
    content = "\n".join([f"{header}\tsources\treferences", *rows, ""])
    (tmp_path / "omnipath_interactions.tsv").write_text(content, encoding="utf-8")
    found = read("omnipath", tmp_path)
    assert statements(found, "ACTIVATES") == [(EGF, EGFR, "SIGNOR", ["12297049", "12297050"], 2)]
    assert statements(found, "INHIBITS") == [
        (MAPK1, TP53, "KEA", None, 3),
        (MAPK1, TP53, "OmniPath", ["10958792"], 3),
        (MAPK1, TP53, "SIGNOR", ["123"], 3),
    ]
    source = discover()["omnipath"]
    files = find_files(tmp_path, [source], {}, required=True).files["omnipath"]
    assert files["service"].layout_name == "web service"


def test_without_resources_every_statement_is_of_omnipath_itself(tmp_path: Path) -> None:
    content = (
        "source\ttarget\tis_directed\tis_stimulation\tis_inhibition\nP01133\tP00533\t1\t1\t0\n"
    )
    (tmp_path / "omnipath_interactions.tsv").write_text(content, encoding="utf-8")
    assert statements(read("omnipath", tmp_path), "ACTIVATES") == [(EGF, EGFR, "OmniPath", None, 2)]


def test_random_resources_and_references_agree_with_plain_python(tmp_path: Path) -> None:
    chance, names = random.Random(7), ["A", "B_C", "C", "D-E", "F.G"]
    lines, expected = ["\t".join([*HEADER, "sources", "references"])], {}
    for line in range(2, 400):
        listed = chance.sample(names, chance.randrange(4))
        cited = [
            (chance.choice([*names, ""]), str(chance.randrange(1, 30)))
            for _ in range(chance.randrange(6))
        ]
        written = ";".join(f"{name}:{pmid}" if name else pmid for name, pmid in cited)
        lines.append("\t".join(["P01133", "P00533", "1", "1", "0", ";".join(listed), written]))
        owner = listed[0] if len(listed) == 1 else "OmniPath"
        said: dict[str, list[str]] = {name: [] for name in listed}
        for name, pmid in cited:
            said.setdefault(name or owner, []).append(pmid)
        expected |= {(line, name): pmids for name, pmids in (said or {"OmniPath": []}).items()}
    (tmp_path / "omnipath_interactions.tsv").write_text("\n".join(lines), encoding="utf-8")
    rows = read("omnipath", tmp_path).rows("statements", "ACTIVATES")
    assert {(r["line"], r["record_id"]): r.get("pmids", []) for r in rows} == expected
    assert len(rows) == len(expected)


def test_blocks_do_not_show(service: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    from tosg_graph.sources.files import SourceFile

    monkeypatch.setitem(SourceFile.tables.__kwdefaults__, "block", 600)
    small = read("omnipath", overrides={"omnipath.service": SERVICE})
    assert len(small.chunks) > len(service.chunks)
    for edge_type in ("ACTIVATES", "INHIBITS", "REGULATES", "INTERACTS_WITH"):
        assert statements(small, edge_type) == statements(service, edge_type)
    assert sorted(small.rejects()) == sorted(service.rejects())
    assert small.rows("complexes", "Complex") == service.rows("complexes", "Complex")


def test_statements_agree_with_plain_python(service: Read) -> None:
    """Row × resource by hand: sets of publications, from the raw file."""
    raw = pd.read_csv(SERVICE, sep="\t", dtype=str, keep_default_na=False, quoting=3)
    human = raw[(raw["ncbi_tax_id_source"] == "9606") & (raw["entity_type_source"] != "mirna")]
    expected = defaultdict(set)
    for line, row in human[
        human["is_stimulation"].eq("True") & human["is_directed"].eq("True")
    ].iterrows():
        for resource in filter(None, row["sources"].split(";")):
            cited = [r.split(":") for r in row["references"].split(";") if r]
            expected[line + 2, resource] = {pmid for name, pmid in cited if name == resource}
    expected.pop((10, "KEA"))  # without its source
    rows = service.rows("statements", "ACTIVATES")
    assert {(r["line"], r["record_id"]): set(r.get("pmids", ())) for r in rows} == expected


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(real_data / "omnipath/omnipath_carnival.tsv.gz", sep="\t", dtype=str)
    found = read("omnipath", real_data)
    signs = raw["interaction"].value_counts()
    assert found.count("statements", "ACTIVATES") == signs["1"] == 14_350
    assert found.count("statements", "INHIBITS") == signs["-1"] == 5_457
    nodes = pd.concat([raw["source"], raw["target"]])
    with_parts = set(nodes[nodes.str.contains("_")])
    # The one approved symbol among them that has an underscore itself
    assert {row["ref"].removeprefix("omnipath:") for row in found.rows("complexes", "Complex")} == (
        with_parts - {"C4B_2"}
    )
