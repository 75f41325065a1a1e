"""Results of threads come in the order of the items, and no more of these are taken than may wait."""

from __future__ import annotations

import time

import pytest

from tosg_graph.threads import in_threads


def test_results_come_in_order_and_few_items_are_taken_ahead():
    taken, asked = [], []

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    def slow_where_even(number):
        time.sleep(0.002 * (number % 2 == 0))
        return number * number

    for result in in_threads(slow_where_even, items(), threads=3, ahead=4, name="t"):
        asked.append(result)
        assert len(taken) <= len(asked) + 4
    assert asked == [number * number for number in range(20)]


def test_an_error_ends_it_and_what_was_not_begun_is_not_done():
    done = []

    def work(number):
        if number == 1:
            raise ValueError("one")
        time.sleep(0.01)
        done.append(number)
        return number

    results = in_threads(work, range(100), threads=1, ahead=10, name="t")
    assert next(results) == 0
    with pytest.raises(ValueError, match="one"):
        next(results)
    assert max(done) < 12
