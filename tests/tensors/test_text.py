"""Vectors of node texts."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.tiny import GENES, node_rows, tiny_tables, write_build
from tosg_graph.errors import MissingExtra, UsageError
from tosg_graph.tensors.subgraph import Subgraph
from tosg_graph.tensors.text import TfidfSvd, node_texts, text_vectors

pytest.importorskip("sklearn")

TEXTS = ["kinase of the receptor", "receptor kinase", "blood", "kinase", "the blood of the cell"]


def cosine(a, b):
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_same_texts_same_seed_same_bytes():
    first, again = TfidfSvd(4, 7)(TEXTS), TfidfSvd(4, 7)(TEXTS)
    assert first.dtype == np.float32
    assert first.shape == (5, 4)
    assert first.tobytes() == again.tobytes()


def test_inner_products_are_those_of_the_term_weights():
    """With all components kept, the projection keeps the geometry of TF-IDF, computed here."""
    words = sorted({w for t in TEXTS for w in t.split()})
    counts = np.array([[t.split().count(w) for w in words] for t in TEXTS], float)
    idf = np.log((1 + len(TEXTS)) / (1 + (counts > 0).sum(0))) + 1
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * idf
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    vectors = TfidfSvd(dims=5)(TEXTS)
    np.testing.assert_allclose(vectors @ vectors.T, weights @ weights.T, atol=1e-5)


def test_rank_below_dims_is_filled_with_zeros():
    vectors = TfidfSvd(dims=16)(["kinase", "kinase"])
    assert vectors.shape == (2, 16)
    assert vectors[0, 0] == pytest.approx(1.0)
    assert not vectors[:, 1:].any()


def test_the_sign_of_a_component_is_fixed():
    from sklearn.decomposition import TruncatedSVD

    from tosg_graph.tensors.text import _signs

    components = (
        TruncatedSVD(2, random_state=0).fit(np.random.default_rng(0).random((6, 5))).components_
    )
    fixed = components * _signs(components)[:, None]
    flipped = -components * _signs(-components)[:, None]
    np.testing.assert_array_equal(fixed, flipped)
    assert all(row[np.abs(row).argmax()] > 0 for row in fixed)


def test_text_then_name_then_nothing(tmp_path):
    tables = tiny_tables()
    (blood,) = (row for row in tables["nodes/Tissue"] if row["id"] == "UBERON:0000178")
    blood["name"] = None
    build = write_build(tmp_path / "b", tables)
    whole = Subgraph.whole(build)
    texts = node_texts(build, whole)
    rows = {row["id"]: row for row in node_rows()["Gene"]}
    assert texts["Gene"] == [rows[i]["text"] for i in whole.node_ids("Gene")]
    assert texts["Tissue"] == ["", "anatomical entity"]
    vectors = text_vectors(build, whole)
    assert vectors["Tissue"].shape == (2, 64)
    assert not vectors["Tissue"][0].any()
    assert vectors["Tissue"][1].any()


def test_all_labels_share_one_space(tiny):
    whole = Subgraph.whole(tiny)
    vectors = text_vectors(tiny, whole)
    egfr, tp53 = (whole.find("Gene", [GENES[s][0]])[0] for s in ("EGFR", "TP53"))
    product = whole.find("Protein", [f"UniProtKB:{GENES['EGFR'][1]}"])[0]
    same = cosine(vectors["Gene"][egfr], vectors["Protein"][product])
    other = cosine(vectors["Gene"][tp53], vectors["Protein"][product])
    assert same > other


def test_vectors_follow_the_nodes_not_the_order_of_the_build(tiny):
    ids = [GENES[s][0] for s in ("TP53", "ABL1", "EGFR")]
    chosen = Subgraph.of_ids(tiny, ids)
    vectors = text_vectors(
        tiny, chosen, embedder=lambda texts: np.array([[len(t), 1] for t in texts])
    )
    texts = {row["id"]: row["text"] for row in node_rows()["Gene"]}
    assert vectors["Gene"][:, 0].tolist() == [len(texts[i]) for i in sorted(ids)]


def test_an_embedder_must_give_one_row_per_text(tiny):
    with pytest.raises(UsageError, match=r"shape \(1, 3\) for 54 texts; expected one row per text"):
        text_vectors(tiny, Subgraph.whole(tiny), embedder=lambda texts: np.zeros((1, 3)))


def test_no_words_at_all_is_zero():
    assert not TfidfSvd(dims=3)(["", "--"]).any()


def test_wrong_dims_and_foreign_build_are_refused(tiny, tmp_path):
    with pytest.raises(UsageError, match="dims=0 found"):
        TfidfSvd(dims=0)(["a"])
    other = write_build(tmp_path / "b", tiny_tables(), "other")
    with pytest.raises(UsageError, match="taken from the build tiny0000tiny0000, not from other"):
        text_vectors(other, Subgraph.whole(tiny))


def test_missing_scikit_learn_is_named(monkeypatch):
    for name in [m for m in sys.modules if m.split(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"sklearn is not installed.*tosg-graph\[pyg\]"):
        TfidfSvd()(["a"])
