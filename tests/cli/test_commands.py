"""Each command as a user types it: exit code, standard output, standard error, JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Tosg
from tosg_graph.cli import app
from tosg_graph.commands.shared import pairs, values
from tosg_graph.errors import UsageError
from tosg_graph.example import data_folder

ROOT = Path(__file__).resolve().parents[2]


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, command in typer.main.get_group(app).commands.items():
        inner = getattr(command, "commands", None)
        found += [(name, one) for one in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_has_help_and_a_place_in_the_docs(words: tuple[str, ...], tosg: Tosg) -> None:
    ran = tosg(*words, "--help")
    assert ran.code == 0
    body = ran.out.split("\n", 2)[2].strip()
    assert body
    assert not body.startswith("Options")
    assert "--json" in ran.out
    assert f"## tosg {' '.join(words)}\n" in (ROOT / "docs" / "cli.md").read_text()


def drugs_and_targets() -> dict[str, set[str]]:
    """Targets by drug, from the example's own DrugCentral and Hetionet files."""
    found: dict[str, set[str]] = {}
    with (data_folder() / "drugcentral" / "drug.target.interaction.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["ORGANISM"] == "Homo sapiens":
                found.setdefault(row["DRUG_NAME"], set()).update(row["GENE"].split("|"))
    return found


def test_a_named_query_gives_the_rows_of_the_file(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "drug_targets", "drug=erlotinib", "limit=100", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert set(ran.json) == {"columns", "rows", "truncated"}
    place = ran.json["columns"].index("symbol")
    assert {row[place] for row in ran.json["rows"]} >= drugs_and_targets()["erlotinib"]


def test_a_query_takes_a_synonym_of_a_node(tosg: Tosg, work: Path) -> None:
    by_id = tosg("query", "drugs_of_target", "protein=UniProtKB:P00533", "-w", work, "--json")
    by_alias = tosg("query", "drugs_of_target", "protein=ERBB1", "-w", work, "--json")
    assert by_id.json["rows"]
    assert by_alias.json == by_id.json


def test_the_list_of_queries(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "--list", "-w", work, "--json")
    names = [row[0] for row in ran.json["rows"]]
    assert len(names) >= 15
    assert names == sorted(names)
    assert "drug_targets" in tosg("query", "--list", "-w", work).out


def test_the_list_with_a_name_says_what_that_query_takes(tosg: Tosg, work: Path) -> None:
    said = tosg("query", "hubs", "--list", "-w", work, "--json").json
    assert [p["name"] for p in said["parameters"]] == ["label", "type", "limit"]
    assert [p["required"] for p in said["parameters"]] == [True, True, False]
    assert said["usage"] == "label=Protein type=ACTIVATES [limit=5]"
    printed = tosg("query", "hubs", "--list", "-w", work).out
    assert "Run: tosg query hubs label=Protein type=ACTIVATES limit=5\n" in printed
    for column in said["columns"]:
        assert column["name"] in printed
    assert tosg("query", "hub", "--list", "-w", work).code == 2


def test_a_parameter_of_a_closed_list_is_checked(tosg: Tosg, work: Path) -> None:
    for words in (
        ("hubs", "label=Protien", "type=ACTIVATES"),
        ("hubs", "label=Protein", "type=ACTIVATE"),
        ("opposing_drugs", "protein=EGFR", "change=up"),
        ("opposing_drugs", "protein=EGFR", "change=2"),
    ):
        ran = tosg("query", *words, "-w", work)
        assert ran.code == 2
        assert f"{words[-1].split('=')[1]!r}, which is no" in ran.err or "'Protien'" in ran.err


def test_a_wrong_parameter_lists_the_right_ones(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "drug_targets", "drgu=imatinib", "-w", work)
    assert ran.code == 2
    assert ran.out == ""
    assert "drug" in ran.err
    assert "drgu" in ran.err


def test_an_unknown_query_suggests_a_near_one(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "drug_target", "drug=imatinib", "-w", work)
    assert ran.code == 2
    assert "drug_targets" in ran.err


def test_an_unknown_node_is_named(tosg: Tosg, work: Path) -> None:
    ran = tosg("query", "drug_targets", "drug=imatinob", "-w", work)
    assert ran.code == 2
    assert "imatinob" in ran.err
    assert "imatinib" in ran.err.lower()


CYPHER = (
    "MATCH (d:Drug)-[t:TARGETS]->(p:Protein) WHERE d.name = $drug "
    "RETURN p.name, t.action ORDER BY p.name, t.action"
)


def test_cypher_of_ones_own(tosg: Tosg, work: Path) -> None:
    ran = tosg("cypher", CYPHER, "drug=imatinib", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["columns"] == ["p.name", "t.action"]
    assert ["Tyrosine-protein kinase ABL1", "INHIBITOR"] in ran.json["rows"]


def test_cypher_that_writes_is_refused(tosg: Tosg, work: Path) -> None:
    before = tosg("query", "counts", "-w", work, "--json").json
    ran = tosg("cypher", "MATCH (n:Gene) DETACH DELETE n", "-w", work)
    assert ran.code == 1
    assert "DETACH" in ran.err
    assert tosg("query", "counts", "-w", work, "--json").json == before


def test_a_result_that_is_cut_short_says_so(tosg: Tosg, work: Path) -> None:
    query = "MATCH (g:Gene) RETURN g.symbol ORDER BY g.symbol"
    ran = tosg("cypher", query, "-w", work, "--max-rows", "3", "--json")
    assert len(ran.json["rows"]) == 3
    assert ran.json["truncated"] is True
    assert "3 rows" in tosg("cypher", query, "-w", work, "--max-rows", "3").err


def test_an_answer_with_its_citations(tosg: Tosg, work: Path) -> None:
    ran = tosg("ask", "What does erlotinib target?", "-w", work, "--json")
    assert ran.code == 0, ran.err
    answer = ran.json
    assert answer["status"] == "answered"
    assert "UniProtKB:P00533" in answer["answers"]
    assert {c["edge_id"] for c in answer["citations"]}
    fact = answer["citations"][0]["edge_id"]
    behind = tosg("evidence", fact, "-w", work, "--json")
    assert behind.json["rows"]


def test_a_question_out_of_reach_ends_with_one(tosg: Tosg, work: Path) -> None:
    ran = tosg("ask", "What will the weather be tomorrow?", "-w", work)
    assert ran.code == 1
    assert ran.out.startswith("unanswerable")


def test_abundance_joins_the_graph(tosg: Tosg, work: Path) -> None:
    question = "Which receptors detected in CD14+ monocytes are targeted by a drug?"
    ran = tosg("ask", question, "--cells", "blood", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["status"] == "answered"
    assert "UniProtKB:P07333" in ran.json["answers"]  # CSF1R


def test_cells_are_listed_and_described(tosg: Tosg, work: Path) -> None:
    assert tosg("cells", "list", "-w", work, "--json").json["rows"][0][:2] == ["blood", 600]
    info = tosg("cells", "info", "blood", "-w", work, "--json").json
    assert info["n_cells"] == 600
    assert sum(info["groups"].values()) == 600
    top = tosg("cells", "profile", "blood", "B cells", "-w", work, "--json").json
    assert top["columns"] == ["graph_id", "name", "cells", "detected", "mean_per_10k", "variance"]
    shares = [row[3] for row in top["rows"]]
    assert shares == sorted(shares, reverse=True)


def test_an_unknown_cell_store_is_named(tosg: Tosg, work: Path) -> None:
    ran = tosg("cells", "info", "blod", "-w", work)
    assert ran.code == 2
    assert "blod" in ran.err
    assert "blood" in ran.err


def test_export_and_read_back(tosg: Tosg, work: Path, tmp_path: Path) -> None:
    out = tmp_path / "export"
    words = ("export", "--pathway", "R-HSA-1280215", "--cells", "blood", "--out", out, "-w", work)
    ran = tosg(*words, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["nodes"]["Gene"]["rows"] > 20
    again = tosg(*words)
    assert again.code == 2
    assert str(out) in again.err

    import tosg_graph

    export = tosg_graph.load_export(out)
    assert export.hetero_data()["Gene"].num_nodes == ran.json["nodes"]["Gene"]["rows"]


def test_export_by_cypher(tosg: Tosg, work: Path, tmp_path: Path) -> None:
    query = "MATCH (d:Drug)-[:TARGETS]->(p:Protein) WHERE d.name = 'erlotinib' RETURN d.id, p.id"
    ran = tosg("export", "--cypher", query, "--out", tmp_path / "e", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["nodes"]["Drug"]["rows"] == 1
    wrong = tosg(
        "export",
        "--cypher",
        "MATCH (p:Protein) RETURN p.length",
        "--out",
        tmp_path / "f",
        "-w",
        work,
    )
    assert wrong.code == 2
    assert "p.length" in wrong.err
    assert not (tmp_path / "f").exists()


def test_build_again_is_the_same_build(tosg: Tosg, work: Path) -> None:
    current = (work / "graph" / "current").read_text().strip()
    ran = tosg("build", "--data", data_folder(), "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["build_id"] == current
    assert tosg("load", "-w", work, "--json").json["changed"] is False


def test_a_build_of_nothing_leaves_nothing(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("build", "--data", tmp_path / "none", "-w", tmp_path / "w")
    assert ran.code == 2
    assert "none" in ran.err
    assert not list((tmp_path / "w").rglob("manifest.json"))
    ran = tosg("build", "--data", data_folder(), "--source", "signr", "-w", tmp_path / "w")
    assert ran.code == 2
    assert "signor" in ran.err


def test_an_empty_workspace_says_what_to_do(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("query", "counts", "-w", tmp_path)
    assert ran.code == 2
    assert "tosg load" in ran.err or "tosg build" in ran.err
    assert "tosg build" in tosg("load", "-w", tmp_path).err


def test_the_schema_for_people_and_programs(tosg: Tosg) -> None:
    assert "TARGETS" in tosg("schema").out
    assert {one["label"] for one in tosg("schema", "--json").json["labels"]} >= {"Gene", "Drug"}
    assert {s["source"] for s in tosg("sources", "--json").json["sources"]} >= {"hgnc", "signor"}


def test_words_become_parameters() -> None:
    assert pairs(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    assert values(["n=5", "s=imatinib", 't="5"', "l=[1, 2]", "b=true", 'm={"x": 1}']) == {
        "n": 5,
        "s": "imatinib",
        "t": "5",
        "l": [1, 2],
        "b": True,
        "m": '{"x": 1}',
    }
    with pytest.raises(UsageError, match="name=value"):
        pairs(["drug"])
    with pytest.raises(UsageError, match="twice"):
        pairs(["a=1", "a=2"])


def test_a_build_report_is_an_object(tosg: Tosg, work: Path) -> None:
    ran = tosg("build", "--data", data_folder(), "-w", work, "--json")
    report = json.loads(ran.out)
    assert report["sources"]["signor"]["facts"] > 100
    assert report["nodes"]["Gene"] == 222


def test_the_demo_runs_the_whole_line(tosg: Tosg, tmp_path: Path) -> None:
    ran = tosg("demo", "-w", tmp_path / "demo", "--json")
    assert ran.code == 0, ran.err
    done = ran.json
    assert list(done) == ["build", "load", "cells", "query", "ask", "export"]
    assert done["load"]["build_id"] == done["build"]["build_id"]
    symbols = [row[done["query"]["columns"].index("symbol")] for row in done["query"]["rows"]]
    assert "ABL1" in symbols
    assert done["ask"]["status"] == "answered"
    assert done["ask"]["citations"]
    assert done["export"]["cells"]
    shown = tosg("demo", "-w", tmp_path / "demo")
    assert shown.code == 0, shown.err
    for said in ("$ tosg build", "simulated", "$ tosg query", "answered", "$ tosg export", "next"):
        assert said in shown.out
