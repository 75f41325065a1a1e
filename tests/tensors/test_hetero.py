"""HeteroData of the tiny build."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.tiny import SIGNALS, edge_rows, protein
from tosg_graph.errors import MissingExtra, UsageError
from tosg_graph.schema import LABELS, triplets
from tosg_graph.tensors.hetero import EDGE_ATTR_NAMES, Topology
from tosg_graph.tensors.subgraph import Subgraph
from tosg_graph.tensors.text import TfidfSvd, text_vectors

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def whole(tiny):
    return Subgraph.whole(tiny)


@pytest.fixture(scope="module")
def data(whole):
    return whole.to_hetero_data()


def test_types_come_in_schema_order(data, tiny):
    assert data.node_types == [x.name for x in LABELS if x.name in tiny.labels]
    assert data.edge_types == [t for t in triplets() if t in data.edge_types]
    assert {kind for _, kind, _ in data.edge_types} == set(edge_rows())
    assert data.validate(raise_on_error=True)


def test_edge_index_is_source_above_target(whole, data):
    edge_index = data["Protein", "ACTIVATES", "Protein"].edge_index
    ids = whole.node_ids("Protein")
    assert edge_index.dtype == torch.int64
    pairs = {(ids[s], ids[t]) for s, t in edge_index.T.tolist()}
    assert pairs == {(protein(a), protein(b)) for a, kind, b, *_ in SIGNALS if kind == "ACTIVATES"}


def test_edge_attr_tells_unknown_from_zero(whole, data):
    assert data.edge_attr_names == ["sign", "sign_known", "direct", "direct_known", "n_evidence"]
    assert tuple(data.edge_attr_names) == EDGE_ATTR_NAMES
    ids = whole.node_ids("Protein")
    found = {}
    for kind in ("ACTIVATES", "INHIBITS", "REGULATES"):
        store = data["Protein", kind, "Protein"]
        assert store.edge_attr.dtype == torch.float32
        for (s, t), row in zip(store.edge_index.T.tolist(), store.edge_attr.tolist(), strict=True):
            found[ids[s], kind, ids[t]] = row
    for a, kind, b, _, pmids, direct in SIGNALS:
        sign = {"ACTIVATES": 1, "INHIBITS": -1, "REGULATES": 0}[kind]
        expected = [
            sign,
            abs(sign),
            float(direct or 0),
            float(direct is not None),
            max(1, len(pmids)),
        ]
        assert found[protein(a), kind, protein(b)] == expected
    assert len(found) == len(SIGNALS)


def test_isolated_nodes_and_number_zero_are_there(tiny):
    ids = [protein("CD19"), protein("EGF"), protein("EGFR")]
    chosen = Subgraph.of_ids(tiny, ids)
    data = chosen.to_hetero_data()
    assert data["Protein"].num_nodes == 3
    assert data["Protein"].node_index.tolist() == [0, 1, 2]
    edges = data["Protein", "BINDS", "Protein"].edge_index
    order = sorted(ids)
    assert edges.tolist() == [[order.index(protein("EGF"))], [order.index(protein("EGFR"))]]


def test_node_index_leads_to_the_ids_after_a_cut(whole, data):
    cut = data.subgraph({"Protein": torch.tensor([4, 7])})
    ids = [whole.node_ids("Protein")[n] for n in cut["Protein"].node_index.tolist()]
    assert ids == [whole.node_ids("Protein")[4], whole.node_ids("Protein")[7]]
    assert data["Protein"].id_hash == whole.id_hashes["Protein"]


def test_reverse_edges_are_named_and_undirected_ones_go_both_ways(whole, data):
    both = whole.to_hetero_data(reverse=True)
    forward = data["Gene", "ENCODES", "Protein"]
    back = both["Protein", "rev_ENCODES", "Gene"]
    assert back.edge_index.tolist() == forward.edge_index.flip(0).tolist()
    assert back.edge_attr.tolist() == forward.edge_attr.tolist()
    touch = both["Protein", "INTERACTS_WITH", "Complex"].edge_index
    assert (
        both["Complex", "INTERACTS_WITH", "Protein"].edge_index.tolist() == touch.flip(0).tolist()
    )
    assert both.edge_types[: len(data.edge_types)] == data.edge_types
    assert not [t for t in data.edge_types if t[1].startswith("rev_")]
    assert len(both.edge_types) == 2 * len(data.edge_types)
    assert both.validate(raise_on_error=True)


def test_an_undirected_edge_between_one_label_is_doubled_but_not_a_loop():
    triplet = ("Protein", "INTERACTS_WITH", "Protein")
    topology = Topology(
        "b",
        {"Protein": 3},
        {"Protein": "h"},
        {triplet: np.array([[0, 1], [2, 1]])},
        {triplet: np.array([[0, 0, 0, 0, 5], [0, 0, 0, 0, 6]], np.float32)},
    )
    assert topology.to_hetero_data()[triplet].edge_index.tolist() == [[0, 1], [2, 1]]
    both = topology.to_hetero_data(reverse=True)
    assert both.edge_types == [triplet]
    assert both[triplet].edge_index.tolist() == [[0, 1, 2], [2, 1, 0]]
    assert both[triplet].edge_attr[:, 4].tolist() == [5, 6, 5]


def test_text_vectors_become_x_text(tiny, whole):
    vectors = text_vectors(tiny, whole, embedder=TfidfSvd(dims=8))
    data = whole.to_hetero_data(text=vectors)
    for label in whole.labels:
        assert data[label].x_text.dtype == torch.float32
        assert data[label].x_text.numpy().tobytes() == vectors[label].tobytes()


def test_text_vectors_must_match_the_nodes(whole):
    with pytest.raises(
        UsageError, match=r"1 text vectors found for Gene, one for each of its 18 nodes"
    ):
        whole.to_hetero_data(text={"Gene": np.zeros((1, 4), np.float32)})


@pytest.mark.parametrize("package", ["torch", "torch_geometric"])
def test_a_missing_package_is_named_with_its_extra(whole, monkeypatch, package):
    for name in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=rf"{package} is not installed.*tosg-graph\[pyg\]"):
        whole.to_hetero_data()
