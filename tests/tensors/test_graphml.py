"""GraphML is read back by networkx and holds what the tables hold."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pytest

from tests.build import world as w
from tests.graph.graphs import NASTY, nasty_build
from tests.tiny import tiny_tables, write_build
from tosg_graph.errors import ExportError, UsageError
from tosg_graph.tensors.graphml import write_graphml
from tosg_graph.tensors.subgraph import Subgraph


def read(path: Path) -> nx.MultiDiGraph:
    return nx.read_graphml(path, force_multigraph=True)


def plain(row: dict, *without: str) -> dict:
    """A row of a table as GraphML says it: lists joined, forbidden characters replaced."""

    def said(value):
        text = "|".join(v.replace("|", "¦") for v in value) if isinstance(value, list) else value
        if isinstance(text, str):
            return "".join(c if c in "\t\n\r" or c >= " " else "\ufffd" for c in text)
        return text

    return {k: said(v) for k, v in row.items() if k not in without}


def tables(build) -> tuple[dict, dict]:
    nodes = {
        row["id"]: {"label": label, **plain(row, "id")}
        for label in build.labels
        for row in w.rows(build, f"nodes/{label}")
    }
    ends = ("source", "target", "source_label", "target_label")
    edges = {
        (row["source"], row["target"], row["edge_id"]): {"type": kind, **plain(row, *ends)}
        for kind in build.edge_types
        for row in w.rows(build, f"edges/{kind}")
    }
    return nodes, edges


def found(graph: nx.MultiDiGraph) -> tuple[dict, dict]:
    edges = {(a, b, key): dict(data) for a, b, key, data in graph.edges(keys=True, data=True)}
    for data in edges.values():
        data.pop("id", None)
    return {node: dict(data) for node, data in graph.nodes(data=True)}, edges


@pytest.mark.parametrize("kind", ["tiny", "nasty"])
def test_networkx_reads_back_what_the_tables_hold(tiny, tmp_path, kind):
    build = tiny if kind == "tiny" else nasty_build(tmp_path / "build")
    written = write_graphml(build, Subgraph.whole(build), tmp_path / "g.graphml")
    nodes, edges = found(read(written.path))
    wanted_nodes, wanted_edges = tables(build)
    assert nodes == wanted_nodes
    assert edges == wanted_edges
    assert (written.nodes, written.edges) == (len(wanted_nodes), len(wanted_edges))


def test_values_have_their_types(tiny, tmp_path):
    graph = read(write_graphml(tiny, Subgraph.whole(tiny), tmp_path / "g.graphml").path)
    assert {type(d["receptor"]) for _, d in graph.nodes(data=True) if "receptor" in d} == {bool}
    assert {type(d["directed"]) for *_, d in graph.edges(data=True)} == {bool}
    assert {type(d["affinity"]) for *_, d in graph.edges(data=True) if "affinity" in d} == {float}
    assert {type(d["sign"]) for *_, d in graph.edges(data=True) if "sign" in d} == {int}


def test_what_xml_forbids_is_replaced_and_counted(tmp_path):
    build = nasty_build(tmp_path / "build")
    written = write_graphml(build, Subgraph.whole(build), tmp_path / "g.graphml")
    control = {c for text in NASTY for c in text if c < " " and c not in "\t\r\n"}
    assert control == {"\x1f", "\x01"}
    nodes = sum(
        any(c in str(list(row.values())) for c in (r"\x1f", r"\x01"))
        for label in build.labels for row in w.rows(build, f"nodes/{label}")
    )  # fmt: skip
    edges = sum(
        any(c in str(list(row.values())) for c in (r"\x1f", r"\x01"))
        for kind in build.edge_types for row in w.rows(build, f"edges/{kind}")
    )  # fmt: skip
    assert written.altered == nodes + edges > 0


def test_a_part_of_the_graph(tiny, tmp_path):
    part = Subgraph.around(tiny, ["UniProtKB:P00533"], hops=1)
    graph = read(write_graphml(tiny, part, tmp_path / "part.graphml").path)
    ids = {i for label in part.labels for i in part.node_ids(label)}
    assert set(graph.nodes) == ids
    assert {key for *_, key in graph.edges(keys=True)} == {
        i for edges in part.edges.values() for i in edges.edge_id
    }
    assert graph.graph["build"] == tiny.id
    assert '"seeds": ["UniProtKB:P00533"]' in graph.graph["selection"]


def test_the_same_subgraph_gives_the_same_bytes(tiny, tmp_path):
    paths = [
        write_graphml(tiny, Subgraph.whole(tiny), tmp_path / f"{n}.graphml").path for n in "ab"
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_file_that_is_there_stays_unless_it_may_go(tiny, tmp_path):
    path = tmp_path / "thesis.graphml"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--overwrite"):
        write_graphml(tiny, Subgraph.whole(tiny), path)
    assert path.read_text() == "mine"
    write_graphml(tiny, Subgraph.whole(tiny), path, overwrite=True)
    assert read(path).number_of_nodes() > 10


def test_a_failure_leaves_the_old_file(tiny, tmp_path):
    tables = tiny_tables()
    twin = tables["nodes/Drug"][0] | {"id": tables["nodes/Disease"][0]["id"]}
    tables["nodes/Drug"] = sorted([*tables["nodes/Drug"], twin], key=lambda row: row["id"])
    build = write_build(tmp_path / "build", tables, build_id="other")
    path = tmp_path / "old.graphml"
    path.write_text("old")
    with pytest.raises(ExportError, match="is the id of a Disease and of a Drug"):
        write_graphml(build, Subgraph.whole(build), path, overwrite=True)
    with pytest.raises(UsageError, match="not from other"):
        write_graphml(build, Subgraph.whole(tiny), path, overwrite=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        write_graphml(tiny, Subgraph.whole(tiny), tmp_path / "file" / "g.graphml")
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["build", "file", "old.graphml"]
