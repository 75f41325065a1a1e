from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import ftfy
import pandas as pd
import pytest

from tests.build import world
from tests.loaders.reading import FIXTURES, LAYOUTS, Read, read
from tosg_graph.build.assemble import build_graph
from tosg_graph.errors import SourceError
from tosg_graph.sources.registry import Located, discover, find_files


def test_statement_with_all_that_is_said() -> None:
    [row] = read("signor", FIXTURES / "signor_2016").rows("statements", "ACTIVATES")
    assert row == {
        "source_ref": "UniProtKB:Q5JWF2",
        "source_label": "Protein",
        "target_ref": "UniProtKB:Q08828",
        "target_label": "Protein",
        "record_id": "SIGNOR-130065",
        "pmids": ["22863277"],
        "sentence": "The α subunit wakes the cyclase.",
        "mechanism": "binding",
        "direct": True,
        "licence": "CC BY-NC 4.0",
        "line": 1,
    }


def test_an_effect_spelt_two_ways_and_a_record_on_two_rows() -> None:
    rows = read("signor", FIXTURES / "signor_2016").rows("statements", "INHIBITS")
    assert [(row["record_id"], row["line"]) for row in rows] == [
        ("SIGNOR-114662", 2),
        ("SIGNOR-114662", 3),
        ("SIGNOR-60000", 4),
    ]
    assert rows[0]["residue"] == "Ser75"
    assert rows[0]["direct"] is False
    assert rows[0]["sentence"].startswith('"Quoted at its start only')


def test_unknown_stays_unknown() -> None:
    [row] = read("signor", FIXTURES / "signor_2016").rows("statements", "REGULATES")
    assert row["record_id"] == "SIGNOR-130820"
    assert {"sign", "direct", "residue", "sentence"}.isdisjoint(row)
    assert (
        "direct" not in read("signor", FIXTURES / "signor_2016").rows("statements", "INHIBITS")[2]
    )  # the file says UNK


def test_an_effect_that_is_not_known_is_rejected_with_its_line() -> None:
    assert read("signor", FIXTURES / "signor_2016").rejects() == [
        ("the effect is no regulation", "Teleports", 6)
    ]


def test_current_layout() -> None:
    found = read("signor")
    up = found.rows("statements", "ACTIVATES")[0]
    assert (up["source_ref"], up["target_ref"]) == ("UniProtKB:P01133", "UniProtKB:P00533")
    assert (up["record_id"], up["score"], up["line"]) == ("SIGNOR-263000", 0.912, 2)
    [down] = found.rows("statements", "INHIBITS")
    assert (down["record_id"], down["direct"]) == ("SIGNOR-2", True)


def without_lines(found: Read) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """All that was read, without the lines and the name of the file of relations."""
    keys = {(chunk.kind.value, chunk.subject) for chunk in found.chunks}
    return {
        key: [{k: v for k, v in row.items() if k != "line"} for row in found.rows(*key)]
        for key in keys
    }


@pytest.mark.parametrize(("end", "columns"), [("", 28), ("\t", 29)])
def test_the_rows_of_the_web_service_have_no_header(tmp_path: Path, end: str, columns: int) -> None:
    shutil.copytree(LAYOUTS / "signor_service", tmp_path / "signor")
    relations = tmp_path / "signor" / "signor_human.tsv"
    rows = relations.read_text(encoding="utf-8").splitlines()
    relations.write_text("".join(f"{row[:-1]}{end}\n" for row in rows), encoding="utf-8")
    found = read("signor", tmp_path)
    assert without_lines(found) == without_lines(read("signor"))
    assert found.rows("statements", "ACTIVATES")[0]["line"] == 1
    assert layout(tmp_path) == f"without a header ({columns} columns)"


def test_other_columns_without_a_header_are_not_guessed(tmp_path: Path) -> None:
    """A score where the id should stand: the columns are in another order."""
    rows = (FIXTURES / "signor" / "all_data_26_05_24.tsv").read_text(encoding="utf-8")
    fields = rows.splitlines()[1].split("\t")
    fields[26], fields[27] = fields[27], fields[26]
    path = tmp_path / "signor.tsv"
    path.write_text("\t".join(fields) + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match="or 25 or 28 or 29 columns without a header"):
        read("signor", overrides={"signor.relations": path})


def test_a_release_that_quotes_its_fields() -> None:
    """A field with a space stands in quotes, and may hold a tab; the scores are left out."""
    found, other = read("signor", LAYOUTS / "signor_release"), read("signor")
    for edge_type in ("ACTIVATES", "INHIBITS", "TARGETS", "PART_OF", "MEMBER_OF"):
        assert found.pairs(edge_type) == other.pairs(edge_type)
    assert found.rejects() == other.rejects()
    first = found.rows("statements", "ACTIVATES")[0]
    assert first["sentence"] == 'A "quoted"\tword.'
    assert "score" not in first
    assert layout(LAYOUTS / "signor_release") == "with a header"


def layout(folder: Path) -> str | None:
    source = discover()["signor"]
    return find_files(folder, [source], {}, required=True).files["signor"]["relations"].layout_name


def test_complexes_and_families_act_and_are_acted_on() -> None:
    found = read("signor")
    assert found.pairs("ACTIVATES")[1:] == [
        ("SIGNOR:SIGNOR-C15", "UniProtKB:P49815"),
        ("SIGNOR:SIGNOR-PF1", "UniProtKB:P19419"),
    ]
    assert found.by_id("Family") == {
        "SIGNOR:SIGNOR-PF1": {"id": "SIGNOR:SIGNOR-PF1", "name": "ERK1/2", "line": 2},
        "SIGNOR:SIGNOR-PF2": {"id": "SIGNOR:SIGNOR-PF2", "name": "A family of families", "line": 3},
        "SIGNOR:SIGNOR-PF25": {"id": "SIGNOR:SIGNOR-PF25", "name": "MEK1/2", "line": 11},
    }


def test_a_part_that_is_listed_itself_stands_for_its_own_parts() -> None:
    found = read("signor")
    complexes = {row["ref"]: row["members"] for row in found.rows("complexes", "Complex")}
    assert complexes["SIGNOR:SIGNOR-C161"] == [
        *("UniProtKB:P17301", "UniProtKB:P05556", "UniProtKB:P12830"),
        *("CHEBI:29108", "SIGNOR:SIGNOR-PF1"),
    ]
    assert [a for a, b in found.pairs("MEMBER_OF") if b == "SIGNOR:SIGNOR-PF2"] == [
        *("UniProtKB:P27361", "UniProtKB:P28482", "UniProtKB:Q13164"),
    ]


def test_substances_have_targets_with_sign_and_action() -> None:
    rows = read("signor").rows("statements", "TARGETS")
    assert [(r["source_ref"], r["target_ref"], r.get("sign"), r.get("action")) for r in rows] == [
        ("PUBCHEM.COMPOUND:176870", "UniProtKB:P00533", -1, "INHIBITOR"),
        ("CHEBI:31638", "UniProtKB:P03372", -1, "REDUCER"),
        ("PUBCHEM.COMPOUND:11707110", "SIGNOR:SIGNOR-PF25", -1, "INHIBITOR"),
        ("PUBCHEM.COMPOUND:11707110", "SIGNOR:SIGNOR-C15", None, None),
    ]
    assert "pmids" not in rows[0]  # the file says Other


def test_every_row_that_is_no_fact_says_why() -> None:
    assert read("signor").pairs("PART_OF") == [("UniProtKB:P17301", "SIGNOR:SIGNOR-C160")]
    assert [(reason, line) for reason, _, line in read("signor").rejects()] == [
        ("no member is listed", 5),
        ("the member of the family is no protein", 3),
        ("the complex that is formed is not named", 4),
        ("what forms the complex is not a protein that it lists", 9),
        ("the target is a substance", 12),
        ("an end is no protein, complex, family or substance with an id that is read", 13),
        ("not human", 14),
        ("the complex is not listed in SIGNOR_complexes.csv", 15),
    ]


def test_without_the_files_of_members(tmp_path: Path) -> None:
    name = "all_data_26_05_24.tsv"
    (tmp_path / name).write_bytes((FIXTURES / "signor" / name).read_bytes())
    found = read("signor", tmp_path)
    assert set(found.by_id("Family")) == {"SIGNOR:SIGNOR-PF1", "SIGNOR:SIGNOR-PF25"}
    reasons = {line: reason for reason, _, line in found.rejects()}
    assert "put SIGNOR_complexes.csv beside the relations" in reasons[5]


def test_built_end_to_end(tmp_path: Path) -> None:
    """A family, a complex and a substance stand at the right edges of a graph build."""
    accessions = ("P19419", "P27361", "P28482", "Q13131", "Q9Y478", "P54619", "P49815", "P00533")
    proteins = world.nodes("Protein", *[{"id": f"UniProtKB:{a}"} for a in accessions])
    signor = find_files(FIXTURES / "signor", [discover()["signor"]], {})
    uniprot = world.located(tmp_path / "data", world.source("uniprot", proteins))
    both = Located(
        sources=(*uniprot.sources, *signor.sources),
        files={**uniprot.files, **signor.files},
        found=(),
    )
    built = build_graph(both, tmp_path / "graph")

    def ends(edge_type: str) -> set[tuple[str, str]]:
        table = built.edges(edge_type, ["source", "target"]).to_pylist()
        return {(row["source"], row["target"]) for row in table}

    ampk = "COMPLEX:P54619-Q13131-Q9Y478"
    assert {
        (ampk, "UniProtKB:P49815"),
        ("SIGNOR:SIGNOR-PF1", "UniProtKB:P19419"),
    } <= ends("ACTIVATES")
    assert ("UniProtKB:P27361", "SIGNOR:SIGNOR-PF1") in ends("MEMBER_OF")
    assert ("UniProtKB:Q13131", ampk) in ends("PART_OF")
    assert ends("TARGETS") == {
        ("PUBCHEM.COMPOUND:176870", "UniProtKB:P00533"),
        ("PUBCHEM.COMPOUND:11707110", "SIGNOR:SIGNOR-PF25"),
        ("PUBCHEM.COMPOUND:11707110", ampk),
    }


@pytest.mark.real
def test_real_counts(real_data: Path) -> None:
    raw = pd.read_csv(
        real_data / "signor/signor_ppi.tsv.gz",
        sep="\t",
        dtype=str,
        header=None,
        quoting=3,
        keep_default_na=False,
    )
    found = read("signor", real_data)
    effects = raw[8].value_counts()
    assert found.count("statements", "ACTIVATES") == effects["Activates"] == 1_531
    assert (
        found.count("statements", "INHIBITS")
        == effects["Inactivates"] + effects["Inactivate"]
        == 600
    )
    assert found.count("statements", "REGULATES") == effects["Unknown"] == 5
    assert found.rejects() == []
    rows = [
        row for t in ("ACTIVATES", "INHIBITS", "REGULATES") for row in found.rows("statements", t)
    ]
    assert {row["record_id"] for row in rows} == set(raw[23])
    assert sum(row.get("direct") is True for row in rows) == (raw[20] == "YES").sum()
    assert sum(row.get("direct") is False for row in rows) == (raw[20] == "NO").sum()
    text = " ".join(row.get("sentence", "") for row in rows)
    assert "Î±" in " ".join(raw[22])
    assert "Î±" not in text
    assert text.count("α") == ftfy.fix_encoding(" ".join(raw[22])).count("α") > 0


@pytest.mark.parametrize("name", ["SIGNOR_complexes.csv", "SIGNOR_PF.csv"])
def test_an_id_that_is_listed_twice_counts_once(tmp_path: Path, name: str) -> None:
    shutil.copytree(FIXTURES / "signor", tmp_path, dirs_exist_ok=True)
    text = (tmp_path / name).read_text(encoding="utf-8")
    lines = text.splitlines()
    (tmp_path / name).write_text(f"{text.rstrip()}\n{lines[1]}\n", encoding="utf-8")
    found, before = read("signor", tmp_path), read("signor")
    again = ("the id is listed before", lines[1].split(";")[0].strip('"'), len(lines) + 1)
    assert sorted(set(found.rejects()) - set(before.rejects())) == [again]
    for kind, subject in (("complexes", "Complex"), ("nodes", "Family")):
        assert found.rows(kind, subject) == before.rows(kind, subject)


def test_a_group_without_members_is_rejected_and_one_may_hold_another(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "signor", tmp_path / "signor")
    lists = tmp_path / "signor" / "SIGNOR_PF.csv"
    lists.write_text(
        '"SIGNOR ID";"PROT. FAMILY NAME";"LIST OF ENTITIES"\n'
        'SIGNOR-PF1;inner;"P27361,  P28482"\n'
        'SIGNOR-PF2;outer;"SIGNOR-PF1,  P45983,  P27361"\n'
        'SIGNOR-PF3;a circle;"SIGNOR-PF3"\n'
        'SIGNOR-PF1;again;"P45983"\n'
    )
    found = read("signor", tmp_path / "signor")
    pairs = [(s, t) for s, t in found.pairs("MEMBER_OF") if t in ("SIGNOR:SIGNOR-PF2",)]
    assert [source for source, _ in pairs] == [
        "UniProtKB:P27361",
        "UniProtKB:P28482",
        "UniProtKB:P45983",
    ]
    assert [
        (row["reason"], row["value"], row["line"])
        for row in found.rows("rejects")
        if row["value"].startswith("SIGNOR-PF")
    ] == [("no member is listed", "SIGNOR-PF3", 4), ("the id is listed before", "SIGNOR-PF1", 5)]
