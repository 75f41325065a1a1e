"""Counts laid onto other places, against products of matrices."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tosg_graph.cells.onto import Join, log1p_scaled, totals_of
from tosg_graph.cells.rows import SparseRows

SIZES = st.integers(1, 7)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Counts [cells, features] and which places features stand for, bool [features, places]."""
    cells, features, places = draw(SIZES), draw(SIZES), draw(SIZES)
    numbers = st.integers(0, 3)
    counts = draw(st.lists(numbers, min_size=cells * features, max_size=cells * features))
    pairs = draw(st.lists(numbers, min_size=features * places, max_size=features * places))
    stands = np.array(pairs).reshape(features, places) == 3
    return np.array(counts).reshape(cells, features), stands


def rows_of(counts: np.ndarray) -> SparseRows:
    csr = sparse.csr_matrix(counts.astype(np.float32))
    return SparseRows(csr.indptr.astype(np.int64), csr.indices, csr.data, counts.shape[1])


@settings(deadline=None, max_examples=200)
@given(cases())
def test_laid_counts_are_the_product_with_the_join(case: tuple[np.ndarray, np.ndarray]) -> None:
    counts, stands = case
    features, places = np.nonzero(stands)
    join = Join.of_pairs(features, places, n_features=len(stands), n_places=stands.shape[1])
    laid = join.lay(rows_of(counts))
    np.testing.assert_array_equal(laid.to_scipy().toarray(), counts @ stands)
    for first, last in zip(laid.indptr[:-1], laid.indptr[1:], strict=True):
        assert len(set(laid.indices[first:last])) == last - first  # each place once
    assert laid.indices.dtype == np.int32
    assert laid.counts.dtype == np.float32


def test_totals_and_logarithms_are_those_of_numpy() -> None:
    counts = np.random.default_rng(0).poisson(0.8, (5, 203)) * np.array([1, 70, 0, 3, 1])[:, None]
    rows = rows_of(counts)
    totals = totals_of(rows)
    np.testing.assert_array_equal(totals, counts.sum(axis=1))
    scaled = log1p_scaled(rows, totals, 1e4).to_scipy().toarray()
    expected = np.log1p(counts * 1e4 / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    np.testing.assert_allclose(scaled, expected, rtol=1e-6)
