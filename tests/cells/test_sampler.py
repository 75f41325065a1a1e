"""The sampler: every cell once, ranks apart, one order for any number of ranks, resumable."""

from __future__ import annotations

import tracemalloc
from itertools import islice, zip_longest

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tosg_graph.cells import permutation
from tosg_graph.cells.draws import TabledWeights
from tosg_graph.cells.permutation import Permutation
from tosg_graph.cells.sampler import ORDERS, Sampler
from tosg_graph.errors import UsageError

CASES = {
    "n": st.integers(0, 700),
    "batch_size": st.integers(1, 50),
    "world_size": st.integers(1, 5),
    "seed": st.integers(0, 2**40),
    "epoch": st.integers(0, 5),
    "order": st.sampled_from([order for order in ORDERS if order != "weighted"]),
    "block_size": st.integers(1, 20),
    "window": st.integers(1, 6),
}


def ranks(world_size, n, epoch=0, **options):
    made = [Sampler(n, rank=r, world_size=world_size, **options) for r in range(world_size)]
    for sampler in made:
        sampler.set_epoch(epoch)
    return made


def interleaved(samplers):
    """What all ranks deliver, step by step, in the order of ranks."""
    steps = zip_longest(*samplers, fillvalue=np.empty(0, np.int64))
    parts = [batch for step in steps for batch in step]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


@given(**CASES)
@settings(deadline=None, max_examples=150)
def test_every_cell_once_and_the_same_order_for_any_number_of_ranks(
    n, batch_size, world_size, **options
):
    epoch = options.pop("epoch")
    found = interleaved(ranks(world_size, n, epoch, batch_size=batch_size, **options))
    assert np.array_equal(np.sort(found), np.arange(n))
    alone = interleaved(ranks(1, n, epoch, batch_size=7, **options))
    assert np.array_equal(found, alone)


@given(**CASES)
@settings(deadline=None, max_examples=150)
def test_the_length_is_the_number_of_batches(n, epoch, **options):
    for drop_last in (False, True):
        for sampler in ranks(n=n, epoch=epoch, drop_last=drop_last, **options):
            batches = list(sampler)
            assert len(batches) == len(sampler)
            assert all(0 < len(batch) <= sampler.batch_size for batch in batches)
            if drop_last:
                assert all(len(batch) == sampler.batch_size for batch in batches)


@given(
    **CASES,
    other_world=st.integers(1, 5),
    other_batch=st.integers(1, 50),
    steps=st.integers(0, 20),
    of=st.integers(0, 4),
)
@settings(deadline=None, max_examples=150)
@example(  # the second step has a cell for the first of five ranks alone
    n=11, batch_size=2, world_size=5, seed=0, epoch=0, order="shuffled", block_size=1, window=1,
    other_world=1, other_batch=1, steps=1, of=4,
)  # fmt: skip
def test_resuming_at_another_number_of_ranks_delivers_the_rest(
    n, batch_size, world_size, epoch, other_world, other_batch, steps, of, **options
):
    """From the state of any rank: they are the same where ranks were asked equally often."""
    before = ranks(world_size, n, epoch, batch_size=batch_size, **options)
    first = interleaved([list(islice(sampler, steps)) for sampler in before])
    states = [sampler.state_dict() for sampler in before]
    after = ranks(other_world, n, 0, batch_size=other_batch, **options)
    state = states[of % world_size]
    for sampler in after:
        sampler.load_state_dict(state)
    assert states == [state] * world_size
    rest = interleaved(after) if state["epoch"] == epoch else np.empty(0, np.int64)
    whole = interleaved(ranks(1, n, epoch, batch_size=batch_size, **options))
    assert np.array_equal(np.concatenate([first, rest]), whole)


@given(**CASES, steps=st.integers(1, 20))
@settings(deadline=None, max_examples=100)
def test_who_breaks_off_and_iterates_again_gets_the_epoch_anew(n, epoch, steps, **options):
    """But for a rank that had all of it, which goes on with the next epoch."""
    for sampler in ranks(n=n, epoch=epoch, **options):
        whole = [cells.tolist() for cells in sampler]
        assert sampler.epoch == epoch + 1
        sampler.set_epoch(epoch)
        list(islice(sampler, steps))
        again = [cells.tolist() for cells in sampler]
        assert sampler.epoch == epoch + 1 + (len(whole) <= steps)
        if steps < len(whole):
            assert again == whole


@given(**CASES, cut=st.tuples(st.integers(0, 700), st.integers(0, 700)))
@settings(deadline=None, max_examples=150)
def test_a_part_of_the_order_is_a_part_of_the_whole(n, epoch, cut, world_size, **options):
    sampler = Sampler(n, **options)
    first, last = sorted(min(place, n) for place in cut)
    whole = sampler.global_order(epoch)
    assert np.array_equal(sampler.global_order(epoch, first, last), whole[first:last])


WEIGHTED = {
    **{name: CASES[name] for name in ("batch_size", "world_size", "seed", "epoch")},
    "block_size": CASES["block_size"],
    "window": CASES["window"],
    "weights": st.lists(st.sampled_from([0, 0.001, 1, 2.5]), min_size=1, max_size=300).filter(any),
    "draws": st.integers(1, 700),
}


@given(**WEIGHTED, cut=st.tuples(st.integers(0, 700), st.integers(0, 700)))
@settings(deadline=None, max_examples=150)
def test_a_weighted_order_is_one_order_for_any_number_of_ranks(
    weights, epoch, cut, batch_size, world_size, draws, **options
):
    options |= {"order": "weighted", "weights": weights, "draws": draws}
    found = interleaved(ranks(world_size, len(weights), epoch, batch_size=batch_size, **options))
    sampler = Sampler(len(weights), batch_size=7, **options)
    assert np.array_equal(found, sampler.global_order(epoch))
    assert len(found) == draws
    assert np.asarray(weights)[found].all()  # a cell of weight 0 is never drawn
    first, last = sorted(min(place, draws) for place in cut)
    assert np.array_equal(sampler.global_order(epoch, first, last), found[first:last])


@given(**WEIGHTED, other_world=st.integers(1, 5), steps=st.integers(0, 20))
@settings(deadline=None, max_examples=100)
def test_a_weighted_order_resumes_at_another_number_of_ranks(
    weights, epoch, batch_size, world_size, draws, other_world, steps, **options
):
    options |= {"order": "weighted", "weights": weights, "draws": draws}
    before = ranks(world_size, len(weights), epoch, batch_size=batch_size, **options)
    first = interleaved([list(islice(sampler, steps)) for sampler in before])
    state = before[0].state_dict()
    after = ranks(other_world, len(weights), 0, batch_size=3, **options)
    for sampler in after:
        sampler.load_state_dict(state)
    rest = interleaved(after) if state["epoch"] == epoch else np.empty(0, np.int64)
    whole = Sampler(len(weights), batch_size=1, **options).global_order(epoch)
    assert np.array_equal(np.concatenate([first, rest]), whole)


@pytest.mark.parametrize("block_size", [1, 64])
def test_cells_are_drawn_as_often_as_their_weights_say(block_size):
    weights = np.random.default_rng(0).random(1000) ** 3
    sampler = Sampler(
        1000, batch_size=1, seed=5, order="weighted", weights=weights, draws=2_000_000,
        block_size=block_size,
    )  # fmt: skip
    times = np.bincount(sampler.global_order(0), minlength=1000)
    expected = weights / weights.sum() * 2_000_000
    # a draw brings up to block_size cells of one block: counts vary a little more than singly
    spread = (times - expected) / np.sqrt(np.maximum(expected, 1) * (1 + 64 / 16))
    assert np.abs(spread).max() < 5


def test_weighted_draws_come_in_blocks():
    sampler = Sampler(64_000, batch_size=1, order="weighted", weights=np.ones(64_000), window=10)
    for start in range(0, 6400, 640):
        assert len(np.unique(sampler.global_order(0, start, start + 640) // 64)) <= 10


def test_the_weighted_order_is_that_of_plain_python():
    weights, block, window, seed, epoch = [1, 0, 3, 2, 4], 2, 2, 3, 1
    whole = [round(w * (1 << 24) / 4) for w in weights]
    sums = [sum(whole[:2]), sum(whole[:4]), sum(whole)]

    def below(place, limit, salt):
        state = 0
        for part in (seed, epoch, salt):
            state = splitmix(state ^ part)
        return splitmix(state ^ splitmix(place)) % limit

    def draw(place):
        at = below(place // block, sums[-1], 1)
        chosen = next(b for b, end in enumerate(sums) if at < end)
        cells = list(range(chosen * block, min(5, chosen * block + block)))
        at = below(place, sum(whole[c] for c in cells), 2)
        return next(c for c in cells if at < sum(whole[cells[0] : c + 1]))

    expected = []
    for number, start in enumerate(range(0, 11, block * window)):
        drawn = [draw(place) for place in range(start, min(11, start + block * window))]
        mixed = plain_permutation(len(drawn), seed, epoch, number + 1)
        expected += [drawn[i] for i in mixed]
    sampler = Sampler(
        5, batch_size=2, seed=seed, order="weighted", weights=weights, draws=11,
        block_size=block, window=window,
    )  # fmt: skip
    assert sampler.global_order(epoch).tolist() == expected


def test_epochs_and_seeds_differ_and_repeat():
    orders = [
        Sampler(1000, batch_size=10, seed=s).global_order(e).tolist()
        for s in (0, 1)
        for e in (0, 1)
    ]
    assert len({tuple(order) for order in orders}) == 4
    assert orders[0] == Sampler(1000, batch_size=99, seed=0).global_order(0).tolist()


def splitmix(z):
    """SplitMix64's output function, in plain integers."""
    whole = 2**64 - 1
    z = (z + 0x9E3779B97F4A7C15) & whole
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & whole
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & whole
    return z ^ (z >> 31)


def plain_permutation(size, *key):
    state = 0
    for part in key:
        state = splitmix(state ^ part)
    return sorted(range(size), key=lambda i: splitmix(state ^ splitmix(i)))


@pytest.mark.parametrize(("n", "block", "window"), [(20, 4, 2), (23, 4, 2), (7, 1, 3), (5, 9, 2)])
def test_the_order_is_that_of_plain_python(n, block, window):
    """An order is part of a result: no release of any package may change it."""
    seed, epoch, expected = 3, 1, []
    blocks = plain_permutation(-(-n // block), seed, epoch)
    for number, first in enumerate(range(0, len(blocks), window)):
        cells = [b * block + i for b in blocks[first : first + window] for i in range(block)]
        cells = [cell for cell in cells if cell < n]
        mixed = plain_permutation(len(cells), seed, epoch, number + 1)
        expected += [cells[i] for i in mixed] if block > 1 else cells  # single cells are mixed
    sampler = Sampler(n, batch_size=4, seed=seed, block_size=block, window=window)
    assert sampler.global_order(epoch).tolist() == expected


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, 1000, 4097])
def test_a_permutation_that_is_not_kept_is_one_all_the_same(size, monkeypatch):
    monkeypatch.setattr(permutation, "SORTED", 0)
    permuted = Permutation(size, 7, 3)
    found = permuted.of(np.arange(size))
    assert np.array_equal(np.sort(found), np.arange(size))
    assert [permuted.place_of(int(value)) for value in found[:50]] == list(range(min(size, 50)))


def plain_network(value, bits, *key):
    """The Feistel network of permutation.py in plain Python."""
    low_bits, state = bits // 2, 0
    low, high = value % (1 << low_bits), value >> low_bits
    for number in range(6):
        state = 0
        for part in (*key, number):
            state = splitmix(state ^ part)
        if number % 2:
            low ^= splitmix(state ^ splitmix(high)) % (1 << low_bits)
        else:
            high ^= splitmix(state ^ splitmix(low)) % (1 << (bits - low_bits))
    return high << low_bits | low


def test_a_large_permutation_is_that_of_plain_python():
    size, key, places = 100_003, (3, 1), [0, 1, 77, 65_536, 100_002]
    expected = []
    for value in places:
        value = plain_network(value, 17, *key)
        while value >= size:
            value = plain_network(value, 17, *key)
        expected.append(value)
    assert Permutation(size, *key).of(np.array(places)).tolist() == expected


def test_a_large_permutation_has_no_pattern():
    found = Permutation(1_000_000, 5).of(np.arange(100_000))
    assert len(np.unique(found)) == 100_000
    counts = np.bincount(found // 10_000, minlength=100)  # even over the range
    assert ((counts - 1000) ** 2 / 1000).sum() < 149  # chi-square, 99 degrees, p = 0.001
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.015
    steps = np.abs(np.diff(found))
    assert abs(steps.mean() - 1_000_000 / 3) < 3_000


@pytest.mark.parametrize("block_size", [1, 3])
@pytest.mark.parametrize("n", [300_001, 262_144])
def test_a_large_order_delivers_every_cell_once(n, block_size):
    sampler = Sampler(n, batch_size=1000, seed=1, block_size=block_size, window=500)
    whole = np.concatenate(list(sampler))
    assert np.array_equal(np.sort(whole), np.arange(n))
    assert np.array_equal(sampler.global_order(0, 200_000, 200_100), whole[200_000:200_100])
    assert not np.array_equal(sampler.global_order(1), whole)


@pytest.mark.parametrize("options", [{"block_size": 1}, {"block_size": 64}, {"order": "weighted"}])
def test_memory_does_not_grow_with_the_number_of_cells(options):
    """What a sampler holds, and needs on the way; weights are given by code."""
    n = 12_000_000 if "order" in options else 120_000_000
    if "order" in options:
        codes = np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), (n,), (0,))
        options["weights"] = TabledWeights(np.array([1.0, 0.0]), codes)
    tracemalloc.start()
    sampler = Sampler(n, batch_size=512, seed=1, **options)
    first = [cells for cells, _ in zip(sampler, range(20), strict=False)]
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(np.unique(np.concatenate(first))) > 5_000
    assert held < 50e6
    assert most < 80e6


def test_a_shuffled_order_keeps_blocks_within_their_window():
    sampler = Sampler(6400, batch_size=512, seed=1, block_size=64, window=10)
    order = sampler.global_order(0)
    for start in range(0, 6400, 640):
        blocks = np.unique(order[start : start + 640] // 64)
        assert len(blocks) == 10  # ten whole blocks
    first = order[:640] // 64
    assert np.count_nonzero(first[1:] != first[:-1]) > 500  # and their cells are mixed


def test_the_next_epoch_follows_by_itself():
    sampler = Sampler(10, batch_size=4, seed=0)
    first, second = np.concatenate(list(sampler)), np.concatenate(list(sampler))
    assert sampler.epoch == 2
    assert np.array_equal(second, Sampler(10, batch_size=4).global_order(1))
    assert not np.array_equal(first, second)


def test_chosen_cells_are_delivered_and_no_others():
    chosen = [5, 900, 17, 3]
    sampler = Sampler(chosen, batch_size=3, seed=2, block_size=1)
    assert sorted(np.concatenate(list(sampler))) == sorted(chosen)


def test_the_state_of_another_sampler_is_refused():
    state = Sampler(100, batch_size=10, seed=1).state_dict()
    with pytest.raises(UsageError, match="seed 1 in the state, 2 here"):
        Sampler(100, batch_size=10, seed=2).load_state_dict(state)
    with pytest.raises(UsageError, match="n 100 in the state, 99 here"):
        Sampler(99, batch_size=10, seed=1).load_state_dict(state)
    with pytest.raises(UsageError, match="position 101 of 100"):
        Sampler(100, batch_size=10, seed=1).load_state_dict({**state, "position": 101})
    without = {key: value for key, value in state.items() if key != "epoch"}
    with pytest.raises(UsageError, match="none that a sampler gave: epoch None"):
        Sampler(100, batch_size=10, seed=1).load_state_dict(without)
    chosen = Sampler([1, 2, 3], batch_size=1).state_dict()
    with pytest.raises(UsageError, match="cells"):
        Sampler([3, 2, 1], batch_size=1).load_state_dict(chosen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size=0 found; a whole number from 1 up expected"),
        ({"batch_size": 1, "block_size": 0}, "block_size=0 found"),
        ({"batch_size": 32.0}, "batch_size=32.0 found; a whole number from 1 up"),
        ({"batch_size": True}, "batch_size=True found"),
        ({"batch_size": 1, "window": 2.5}, "window=2.5 found"),
        ({"batch_size": 1, "seed": 1.5}, "seed=1.5 found; a whole number from 0 up"),
        ({"batch_size": 1, "seed": None}, "seed=None found"),
        ({"batch_size": 1, "seed": 2**63}, "a whole number below"),
        ({"batch_size": 1, "order": "weighted", "weights": [1] * 10, "draws": 10.5}, "draws=10.5"),
        ({"batch_size": 1, "order": "random"}, "one of sequential, shuffled, weighted"),
        ({"batch_size": 1, "order": "weighted"}, r"weights of shape \(0,\) found for 10 cells"),
        ({"batch_size": 1, "order": "weighted", "weights": [1] * 9}, r"shape \(9,\) found"),
        ({"batch_size": 1, "order": "weighted", "weights": [0] * 10}, "one of them above 0"),
        ({"batch_size": 1, "order": "weighted", "weights": [-1] + [1] * 9}, "0 or more"),
        ({"batch_size": 1, "order": "weighted", "weights": [float("nan")] * 10}, "finite"),
        (
            {"batch_size": 1, "order": "weighted", "weights": [1] * 10, "draws": 0},
            "draws=0 found; a whole number from 1 up",
        ),
        ({"batch_size": 1, "weights": [1] * 10}, "for the order weighted, not for shuffled"),
        ({"batch_size": 1, "rank": 2, "world_size": 2}, "ranks are 0 to 1"),
        ({"batch_size": 1, "seed": -1}, "seed=-1 found"),
    ],
)
def test_wrong_numbers_are_named(options, message):
    with pytest.raises(UsageError, match=message):
        Sampler(10, **options)
