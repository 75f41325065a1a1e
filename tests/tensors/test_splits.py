"""Splits and their leak check."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tosg_graph.errors import UsageError
from tosg_graph.tensors.leaks import check_leaks, profile_hashes
from tosg_graph.tensors.splits import (
    k_folds,
    split_by_donor,
    split_by_label,
    split_by_study,
    split_cells,
    with_donors,
)
from tosg_graph.tensors.weights import class_weights, upsampled

DONORS = [f"d{i % 7}" for i in range(70)]
LABELS = ["a"] * 40 + ["b"] * 20 + [None] * 10


@settings(deadline=None)
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
    with pytest.raises(UsageError, match="the query 'donor_id is known'"):
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
        UsageError, match=r"leaks: 1 donors in two parts: x \(test, train\); split by donor"
    ):
        check_leaks(parts, donors=["x", "x", "y"])
    with pytest.raises(UsageError, match=r"1 cells in two parts: c \(test, train\)"):
        check_leaks(parts, cell_ids=["c", "d", "c"])
    with pytest.raises(UsageError, match="1 cells with the same counts in two parts: p"):
        check_leaks(parts, profiles=["p", "p", None])
    with pytest.raises(UsageError, match=r"parts: a \(train\) = b \(test\); take one of each"):
        check_leaks(parts, profiles=["p", "p", None], names=lambda at: ["abc"[i] for i in at])
    check_leaks(parts, donors=[None, None, "y"])
    with pytest.raises(UsageError, match="and 2 more"):
        check_leaks(["train", "test"] * 7, cell_ids=[str(i // 2) for i in range(14)])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["train", "test"])), max_size=30)
)
def test_leaks_are_those_of_a_brute_force_search(rows):
    values, parts = [r[0] for r in rows], [r[1] for r in rows]
    leaking = {v for v, p in rows if p == "train"} & {v for v, p in rows if p == "test"}
    if leaking:
        with pytest.raises(UsageError, match=f"{len(leaking)} studies in two parts"):
            check_leaks(parts, studies=values)
    else:
        check_leaks(parts, studies=values)


def test_equal_profiles_have_equal_hashes():
    rows = sparse.csr_matrix(np.array([[1, 0, 2], [0, 0, 0], [1, 0, 2], [1, 2, 0], [2, 0, 1]]))
    hashes = profile_hashes(rows, min_values=1).to_pylist()
    assert hashes[0] == hashes[2]
    assert hashes[1] is None
    assert len(set(hashes)) == 4
    assert profile_hashes(rows, min_values=3).null_count == 5


def test_hashes_of_profiles_tell_apart_what_differs_in_one_value():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 5, 200)
    others = np.tile(base, (400, 1))
    for at in range(400):
        others[at, at % 200] += 1 + at // 200
    hashes = profile_hashes(sparse.csr_matrix(np.vstack([base, others])), min_values=1)
    assert len(set(hashes.to_pylist())) == 401
    shuffled = sparse.csr_matrix(base)
    order = rng.permutation(shuffled.nnz)
    shuffled.indices, shuffled.data = shuffled.indices[order], shuffled.data[order]
    assert profile_hashes(shuffled, min_values=1)[0].as_py() == hashes[0].as_py()
    floats = profile_hashes(sparse.csr_matrix(base.astype(np.float32)), min_values=1)
    assert floats[0].as_py() == hashes[0].as_py()
    halves = profile_hashes(sparse.csr_matrix(base + 0.5), min_values=1)
    assert halves[0].as_py() != hashes[0].as_py()


def test_studies_are_kept_whole():
    studies = [f"s{i % 5}" for i in range(100)]
    split = split_by_study(studies, seed=3)
    check_leaks(split.parts, studies=studies)
    assert split.record()["by"] == "study"
    assert split.note == "No study is in two parts; 5 studies."
    with pytest.raises(UsageError, match="1 of 100 cells have no study"):
        split_by_study([None, *studies[1:]])


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=5, max_size=100), st.integers(3, 6), st.integers(0, 99))
def test_every_cell_is_tested_once_and_validates_once(groups, k, seed):
    names = [f"d{g}" for g in groups]
    if len(set(names)) < k:
        with pytest.raises(UsageError, match="folds asked for; of"):
            k_folds(names, k, seed=seed)
        return
    folds = k_folds(names, k, seed=seed)
    assert len(folds) == k
    for fold in folds:
        check_leaks(fold.parts, donors=names)
        assert set(fold.parts) == {"train", "validation", "test"}
    for part in ("test", "validation"):
        seen = np.concatenate([fold.cells(part) for fold in folds])
        assert sorted(seen.tolist()) == list(range(len(names)))


def test_too_few_folds():
    with pytest.raises(UsageError, match="at least 3"):
        k_folds(DONORS, 2)
    said = "20 folds asked for; of 7 donors there can be at most 7 folds"
    with pytest.raises(UsageError, match=f"^{said}$"):
        k_folds(DONORS, 20)
    with pytest.raises(UsageError, match="of 2 studies there can be no folds, which take 3"):
        k_folds(["a", "b"], 3, by="study")


def test_a_split_by_label_counts_the_donors_in_two_parts():
    split = with_donors(split_by_label(LABELS, seed=2), [*DONORS[:69], "alone"])
    assert split.record()["shared_donors"] == 7
    assert split.note.endswith("7 of 8 known donors are in two parts.")
    assert with_donors(split_by_label(LABELS, seed=2), [None] * 70).shared_donors == 0


def test_classes_weigh_the_same_in_all():
    weights = class_weights(LABELS)
    assert weights == {"a": 60 / (2 * 40), "b": 60 / (2 * 20)}
    split = split_by_donor(DONORS, seed=0)
    training = [LABELS[i] for i in split.cells("train")]
    counts = Counter(label for label in training if label)
    weights = class_weights(LABELS, split=split)
    assert sum(weights[c] * n for c, n in counts.items()) == pytest.approx(sum(counts.values()))
    assert weights["a"] * counts["a"] == pytest.approx(weights["b"] * counts["b"])
    with pytest.raises(UsageError, match="no cell has a known label"):
        class_weights([None, None])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c", None])), min_size=8),
    st.integers(0, 99),
)
def test_more_draws_are_of_training_cells_only(rows, seed):
    donors, labels = [f"d{r[0]}" for r in rows], [r[1] for r in rows]
    if len(set(donors)) < 3:
        return
    split = split_by_donor(donors, seed=seed)
    training = [i for i in split.cells("train").tolist() if labels[i] is not None]
    if not training:
        with pytest.raises(UsageError, match="no training cell"):
            upsampled(labels, split, seed=seed)
        return
    found = upsampled(labels, split, seed=seed).tolist()
    assert set(found) == set(training)
    sizes = Counter(labels[i] for i in found)
    assert len(set(sizes.values())) == 1
    assert max(sizes.values()) == max(Counter(labels[i] for i in training).values())
