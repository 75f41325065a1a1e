"""Commands by which a graph leaves: KGX files and GraphML."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import pyarrow.parquet as pq

from tests.cli.conftest import Tosg
from tosg_graph.example import data_folder


def build_of(work: Path) -> Path:
    return work / "graph" / (work / "graph" / "current").read_text().strip()


def test_kgx_has_every_node_and_says_where(tosg: Tosg, work: Path, tmp_path: Path) -> None:
    nodes = sum(pq.read_metadata(f).num_rows for f in (build_of(work) / "nodes").iterdir())
    ran = tosg("kgx", "--out", tmp_path / "kgx", "-w", work, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["files"]["tosg_nodes.tsv"]["rows"] == nodes
    assert ran.json["sources"]["hetionet"] == "infores:hetio"
    edges = (tmp_path / "kgx" / "tosg_edges.tsv").read_text()
    assert "\tinfores:signor\tPMID:" in edges
    again = tosg("kgx", "--out", tmp_path / "kgx", "-w", work)
    assert again.code == 2
    assert "--overwrite" in again.err
    assert tosg("kgx", "--out", tmp_path / "kgx", "--overwrite", "-w", work).code == 0


def test_a_subgraph_is_counted_and_written(tosg: Tosg, work: Path, tmp_path: Path) -> None:
    file = tmp_path / "egfr.graphml"
    ran = tosg("subgraph", "--around", "EGFR", "--graphml", file, "-w", work, "--json")
    assert ran.code == 0, ran.err
    graph = nx.read_graphml(file, force_multigraph=True)
    assert graph.number_of_nodes() == sum(ran.json["nodes"].values())
    assert graph.number_of_edges() == sum(e["number"] for e in ran.json["edges"])
    assert ran.json["graphml"] == {"path": str(file), "altered": 0}
    assert "UniProtKB:P00533" in graph
    counted = tosg("subgraph", "--around", "EGFR", "-w", work)
    assert "Protein ACTIVATES Protein" in counted.out
    again = tosg("subgraph", "--around", "EGFR", "--graphml", file, "-w", work)
    assert again.code == 2
    assert "exists already" in again.err


def test_a_build_for_a_use_prints_what_it_left_out(tosg: Tosg, tmp_path: Path) -> None:
    words = ("build", "--data", data_folder(), "--source", "hgnc", "--source", "omnipath")
    ran = tosg(*words, "--use", "commercial", "-w", tmp_path / "work")
    assert ran.code == 0, ran.err
    line = next(x for x in ran.out.splitlines() if x.startswith("left out for commercial use"))
    assert "omnipath" in line
    assert "LicenseRef-OmniPath-composite-academic" in line
