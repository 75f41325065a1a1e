"""Splits and their leak check."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tosg_graph.errors import UsageError
from tosg_graph.tensors.splits import (
    check_leaks,
    profile_hashes,
    split_by_donor,
    split_by_label,
    split_cells,
)

DONORS = [f"d{i % 7}" for i in range(70)]
LABELS = ["a"] * 40 + ["b"] * 20 + [None] * 10


@given(st.lists(st.integers(0, 12), min_size=3, max_size=200), st.integers(0, 2**32 - 1))
def test_no_donor_is_in_two_parts_and_every_part_has_one(donors, seed):
    names = [f"d{d}" for d in donors]
    if len(set(names)) < 3:
        with pytest.raises(
            UsageError, match="donors found, one for each of train, validation, test"
        ):
            split_by_donor(names, seed=seed)
        return
    split = split_by_donor(names, seed=seed)
    parts = defaultdict(set)
    for donor, part in zip(names, split.parts, strict=True):
        parts[donor].add(part)
    assert all(len(found) == 1 for found in parts.values())
    assert set(split.parts) == {"train", "validation", "test"}
    check_leaks(split.parts, donors=names)


def test_donor_parts_come_near_their_shares():
    donors = [f"d{i % 100}" for i in range(1000)]
    counts = Counter(split_by_donor(donors, seed=1).parts)
    assert counts == {"train": 700, "validation": 150, "test": 150}


def test_labels_have_the_same_shares_in_every_part():
    split = split_by_label(LABELS, fractions={"train": 0.5, "test": 0.5}, seed=2)
    found = Counter(zip(LABELS, split.parts, strict=True))
    assert found == {
        ("a", "train"): 20,
        ("a", "test"): 20,
        ("b", "train"): 10,
        ("b", "test"): 10,
        (None, "train"): 5,
        (None, "test"): 5,
    }
    assert split.by == "label"
    assert "nothing about new donors" in split.note


@pytest.mark.parametrize("split", [split_by_label, split_by_donor])
def test_same_seed_same_split_other_seed_another(split):
    one, again, other = (split(DONORS, seed=s).parts.tolist() for s in (4, 4, 5))
    assert one == again
    assert one != other


def test_donors_decide_where_they_are_known():
    assert split_cells(donors=DONORS, labels=LABELS).by == "donor"
    without = split_cells(donors=[None] * 70, labels=LABELS)
    assert without.by == "label"
    assert without.note.startswith("No donor is recorded.")
    with pytest.raises(UsageError, match="1 of 70 cells have no donor; they could be anyone's"):
        split_cells(donors=[None, *DONORS[1:]], labels=LABELS)


def test_cells_of_a_part_are_positions():
    split = split_by_label(LABELS, seed=2)
    found = np.concatenate([split.cells(part) for part in ("train", "validation", "test")])
    assert sorted(found.tolist()) == list(range(70))
    assert set(split.parts[split.cells("test")]) == {"test"}
    assert split.record()["cells"] == dict(Counter(split.parts))
    with pytest.raises(UsageError, match="no part 'tset'; this split has train, validation, test"):
        split.cells("tset")


@pytest.mark.parametrize(
    "fractions", [{}, {"train": 1.2, "test": -0.2}, {"train": 0.5, "test": 0.4}]
)
def test_fractions_must_add_up(fractions):
    with pytest.raises(UsageError, match="positive numbers that add up to 1"):
        split_by_label(LABELS, fractions=fractions)


def test_leaks_are_named():
    parts = ["train", "test", "test"]
    check_leaks(parts, donors=["x", "y", "y"], cell_ids=["1", "2", "3"], profiles=["p", None, "q"])
    with pytest.raises(
        UsageError, match=r"leaks: 1 donors in two parts: x \(test, train\); split anew"
    ):
        check_leaks(parts, donors=["x", "x", "y"])
    with pytest.raises(UsageError, match=r"1 cells in two parts: c \(test, train\)"):
        check_leaks(parts, cell_ids=["c", "d", "c"])
    with pytest.raises(UsageError, match="1 cells with the same counts in two parts: p"):
        check_leaks(parts, profiles=["p", "p", None])
    check_leaks(parts, donors=[None, None, "y"])
    with pytest.raises(UsageError, match="and 2 more"):
        check_leaks(["train", "test"] * 7, cell_ids=[str(i // 2) for i in range(14)])


def test_equal_profiles_have_equal_hashes():
    rows = sparse.csr_matrix(np.array([[1, 0, 2], [0, 0, 0], [1, 0, 2], [1, 2, 0], [2, 0, 1]]))
    hashes = profile_hashes(rows, min_values=1)
    assert hashes[0] == hashes[2]
    assert hashes[1] is None
    assert len(set(hashes)) == 4


def test_cells_with_few_values_are_not_compared():
    rows = sparse.csr_matrix(np.vstack([np.arange(60) < 49, np.arange(60) < 50]).astype(int))
    assert [found is None for found in profile_hashes(rows)] == [True, False]
