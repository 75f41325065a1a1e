"""KGX files follow the rules of their format and say what the build says, no more."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tests.build import world as w
from tests.faults import full_disk
from tests.graph.graphs import nasty_build
from tests.tiny import tiny_tables, write_build
from tosg_graph.build.kgx import write_kgx
from tosg_graph.errors import BuildError, UsageError
from tosg_graph.schema import EDGE_TYPE, LABEL

LISTS = {
    "nodes": {"category", "xref", "provided_by", "synonym", "members", "unresolved"},
    "edges": {"category", "publications", "mechanisms", "licences"},
}


def tsv(folder: Path, what: str) -> list[dict]:
    """Rows as KGX reads them: no quotes, one line each, lists split at the bar."""
    frame = pd.read_csv(
        folder / f"tosg_{what}.tsv", sep="\t", quoting=3, dtype=str, keep_default_na=False,
        lineterminator="\n",
    )  # fmt: skip
    return [
        {k: v.split("|") if k in LISTS[what] else v for k, v in row.items() if v}
        for row in frame.to_dict("records")
    ]


def jsonl(folder: Path, what: str) -> list[dict]:
    # only a line feed ends a line of JSON lines; str.splitlines knows others
    text = (folder / f"tosg_{what}.jsonl").read_bytes().decode()
    assert text.endswith("\n")
    return [json.loads(line) for line in text[:-1].split("\n")]


@pytest.fixture(scope="module")
def exported(tiny, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kgx")
    return {f: write_kgx(tiny, folder / f, file_format=f).path for f in ("tsv", "jsonl")}


@pytest.fixture(params=["tsv", "jsonl"])
def graph(request, exported) -> tuple[list[dict], list[dict]]:
    read = tsv if request.param == "tsv" else jsonl
    folder = exported[request.param]
    return read(folder, "nodes"), read(folder, "edges")


def test_every_node_is_there_once_with_its_category(tiny, graph):
    nodes, _ = graph
    expected = {
        row["id"]: LABEL[label].category
        for label in tiny.labels
        for row in w.rows(tiny, f"nodes/{label}")
    }
    assert {node["id"]: node["category"] for node in nodes} == {
        id_: [category] for id_, category in expected.items()
    }
    assert len(nodes) == len(expected)


def test_an_edge_is_a_fact_as_one_source_states_it(tiny, graph):
    _, edges = graph
    facts = {
        row["edge_id"]: (row["source"], row["target"])
        for kind in tiny.edge_types
        for row in w.rows(tiny, f"edges/{kind}")
    }
    stated: dict = defaultdict(set)
    for row in w.rows(tiny, "evidence"):
        stated[row["edge_id"], row["source"]] |= set(row.get("pmids", ()))
    assert len({edge["id"] for edge in edges}) == len(edges) == len(stated)
    for edge in edges:
        source = edge["id"].removeprefix(edge["fact_id"] + "-")
        assert (edge["subject"], edge["object"]) == facts[edge["fact_id"]]
        pmids = {f"PMID:{p}" for p in stated.pop((edge["fact_id"], source))}
        assert set(edge.get("publications", ())) == pmids
        assert edge["primary_knowledge_source"] == "infores:" + source.replace("_", "-")
    assert not stated


def test_the_required_elements_stand_in_every_edge(graph):
    nodes, edges = graph
    known = {node["id"] for node in nodes}
    for edge in edges:
        assert {edge["subject"], edge["object"]} <= known
        for name in ("id", "predicate", "knowledge_level", "agent_type"):
            assert edge[name]
        assert edge["predicate"].startswith("biolink:")
        assert all(c.startswith("biolink:") for c in edge["category"])
    assert all(":" in node["id"] and node.get("provided_by") for node in nodes)


def test_a_sign_is_a_qualifier_and_the_triple_stays_true_without_it(graph):
    _, edges = graph
    word = {"ACTIVATES": "increased", "INHIBITS": "decreased"}
    kinds = {edge["fact_type"] for edge in edges}
    assert {"ACTIVATES", "INHIBITS"} <= kinds
    for edge in edges:
        kind = edge["fact_type"]
        if kind in word:
            assert edge["predicate"] == "biolink:regulates"
            assert edge["qualified_predicate"] == "biolink:causes"
            assert edge["object_aspect_qualifier"] == "activity_or_abundance"
            assert edge["object_direction_qualifier"] == word[kind]
        elif kind != "TARGETS":
            assert edge["predicate"] == EDGE_TYPE[kind].predicate
            assert not {name for name in edge if name.endswith("qualifier")}


@pytest.mark.parametrize(
    ("sign", "predicate", "direction"),
    [
        (1, "biolink:affects", "increased"),
        (-1, "biolink:affects", "decreased"),
        (None, "biolink:physically_interacts_with", None),
    ],
)
def test_the_sign_of_a_drug_on_its_target(tmp_path, sign, predicate, direction):
    drug = w.source(
        "drugcentral",
        w.nodes("Drug", {"id": "DrugCentral:1", "name": "x"}),
        w.facts(
            "TARGETS", {"a": "DrugCentral:1", "b": "UniProtKB:P00533", "sign": sign, "affinity": 8.5},
            ends=("Drug", "Protein"),
        ),
    )  # fmt: skip
    other = w.source(
        "gtopdb",
        w.facts(
            "TARGETS", {"a": "DrugCentral:1", "b": "UniProtKB:P00533", "affinity": 9.5, "action": "BINDER"},
            ends=("Drug", "Protein"),
        ),
    )  # fmt: skip
    built = w.build(tmp_path, *w.base(), drug, other)
    out = write_kgx(built, tmp_path / "out", file_format="jsonl").path
    found = {e["primary_knowledge_source"]: e for e in jsonl(out, "edges") if e["fact_type"] == "TARGETS"}  # fmt: skip
    one, two = found["infores:drugcentral"], found["infores:gtopdb"]
    assert (one["predicate"], one.get("object_direction_qualifier")) == (predicate, direction)
    assert two["predicate"] == "biolink:physically_interacts_with"
    # what the other source measured is not put into the mouth of this one
    assert (one["affinity"], one.get("action")) == (8.5, None)
    assert (two["affinity"], two["action"]) == (9.5, "BINDER")


def test_json_lines_hold_every_text_to_the_letter(tmp_path):
    built = nasty_build(tmp_path / "build")
    out = write_kgx(built, tmp_path / "out", file_format="jsonl").path
    nodes = {node["id"]: node for node in jsonl(out, "nodes")}
    other = {"synonyms": "synonym", "xrefs": "xref"}
    for label in built.labels:
        for row in w.rows(built, f"nodes/{label}"):
            sources = row.pop("sources", None)
            found = nodes[row["id"]]
            assert {k: found.get(other.get(k, k)) for k in row} == row
            assert bool(sources) == ("provided_by" in found)


def test_tsv_keeps_one_line_per_row_and_one_bar_between_items(tmp_path):
    built = nasty_build(tmp_path / "build")
    out = write_kgx(built, tmp_path / "out").path
    nodes = {node["id"]: node for node in tsv(out, "nodes")}

    def flat(text: str) -> str:
        return text.replace("\t", " ").replace("\r", " ").replace("\n", " ")

    for row in w.rows(built, "nodes/Gene"):
        wanted = [flat(s).replace("|", "¦") for s in row.get("synonyms", ())]
        assert nodes[row["id"]].get("synonym", []) == wanted
    for row in w.rows(built, "nodes/Protein"):
        assert nodes[row["id"]].get("text") == (flat(row["text"]) if "text" in row else None)
    raw = (out / "tosg_nodes.tsv").read_bytes()
    width = raw.split(b"\n")[0].count(b"\t")
    assert {line.count(b"\t") for line in raw[:-1].split(b"\n")} == {width}


def test_the_same_build_gives_the_same_bytes_and_the_manifest_their_hash(tiny, exported, tmp_path):
    again = write_kgx(tiny, tmp_path / "again")
    assert w.bytes_of(again.path) == w.bytes_of(exported["tsv"])
    for name, said in again.manifest["files"].items():
        content = (again.path / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == said["sha256"]
        assert content.count(b"\n") - 1 == said["rows"]


def test_a_folder_with_something_else_is_left_alone(tiny, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match="is no KGX export"):
        write_kgx(tiny, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"
    write_kgx(tiny, tmp_path / "ours")
    with pytest.raises(UsageError, match="--overwrite"):
        write_kgx(tiny, tmp_path / "ours")
    write_kgx(tiny, tmp_path / "ours", file_format="jsonl", overwrite=True)
    assert not (tmp_path / "ours" / "tosg_nodes.tsv").exists()
    with pytest.raises(UsageError, match="known: tsv, jsonl"):
        write_kgx(tiny, tmp_path / "rdf", file_format="rdf")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "ours"]


def test_an_end_that_is_no_node_is_an_error_and_leaves_nothing(tmp_path):
    built = write_build(tmp_path / "build", tiny_tables())
    genes = built.nodes("Gene")
    pq.write_table(genes.slice(1), built.file("nodes/Gene"))
    with pytest.raises(BuildError, match="which is no node"):
        write_kgx(built, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["build"]


def test_one_id_under_two_labels_is_refused(tmp_path):
    tables = tiny_tables()
    twin = tables["nodes/Drug"][0] | {"id": tables["nodes/Disease"][0]["id"]}
    tables["nodes/Drug"] = sorted([*tables["nodes/Drug"], twin], key=lambda row: row["id"])
    built = write_build(tmp_path / "build", tables)
    with pytest.raises(BuildError, match="Disease and Drug"):
        write_kgx(built, tmp_path / "out")


@pytest.mark.parametrize("file_format", ["tsv", "jsonl"])
def test_a_full_disk_leaves_nothing(tiny, tmp_path, file_format):
    with (
        full_disk(1_000),
        pytest.raises(BuildError, match=r"kgx.*nothing of it is kept: free space"),
    ):
        write_kgx(tiny, tmp_path / "kgx", file_format=file_format)
    assert list(tmp_path.iterdir()) == []
