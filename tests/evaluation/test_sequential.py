"""Intervals that hold at all looks together: by hand, by simulation, never outside of bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.evaluation.sequential import (
    ResponseSums,
    boundary,
    difference_bounds,
    lists_needed,
    rate_bounds,
)

Rows = list[tuple[int, int]]


def sums_of(rows: Rows) -> ResponseSums:
    lists, responses = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    return ResponseSums.of_users(lists, responses)


def many(n_users: int, rate: float, lists: int = 1) -> ResponseSums:
    responses = np.zeros(n_users)
    responses[: round(n_users * rate)] = lists
    return ResponseSums.of_users(np.full(n_users, lists), responses)


def test_boundary_by_hand() -> None:
    """At 10,000 lists tρ² = log 400 + log(log 400 + 1) = 5.9915 + 1.9447."""
    scaled = 7.9362
    expected = 2 * (scaled + 1) / scaled * np.log(np.sqrt(scaled + 1) / 0.05)
    assert boundary(np.array(1e4)) ** 2 == pytest.approx(expected, rel=1e-4)
    assert np.isinf(boundary(np.array(0.0)))
    assert (boundary(np.geomspace(1, 1e8, 50)) > 1.96).all(), "one look needs less"
    assert boundary(np.array(1e4), 0.99) > boundary(np.array(1e4), 0.95)


def test_variance_of_a_ratio_by_hand() -> None:
    """Lists 1, 2, 3 with 1, 0, 2 responses: rate 1/2, residuals ½, −1, ½: 3/2 · 1.5 / 36 = 1/16."""
    sums = sums_of([(1, 1), (2, 0), (3, 2)])
    assert sums.rate == 0.5
    assert sums.effective_lists == pytest.approx(0.25 / (1 / 16))


def test_lists_of_one_user_count_once_where_they_are_alike() -> None:
    alike, single = many(200, 0.25, lists=10), many(200, 0.25)
    assert alike.lists == 2000
    assert alike.effective_lists == pytest.approx(single.effective_lists)
    assert single.effective_lists == pytest.approx(200, rel=0.01)
    unseen = many(50, 0.0, lists=10)
    assert unseen.effective_lists == 50, "without a response nothing is known of likeness"


def test_interval_without_lists_is_everything() -> None:
    nothing = sums_of([])
    rate = rate_bounds(nothing)
    assert np.isnan(rate.value)
    assert (rate.low, rate.high) == (0, 1)
    assert difference_bounds(nothing, many(100, 0.5))[1:] == (-1, 1)
    assert lists_needed(nothing, many(100, 0.5)) is None


users = st.lists(
    st.integers(0, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), max_size=30
)


@given(users, users)
def test_intervals_are_never_outside_of_their_bounds(a: Rows, b: Rows) -> None:
    first, second = sums_of(a), sums_of(b)
    rate, difference = rate_bounds(first), difference_bounds(first, second)
    assert 0 <= rate.low <= rate.high <= 1
    assert -1 <= difference.low <= difference.high <= 1
    if first.lists:
        assert rate.low <= rate.value <= rate.high
    if first.lists and second.lists:
        assert difference.low <= difference.value <= difference.high


@given(users, users)
def test_difference_changes_its_sign_with_the_order(a: Rows, b: Rows) -> None:
    one, other = (difference_bounds(sums_of(x), sums_of(y)) for x, y in ((a, b), (b, a)))
    assert one.low == pytest.approx(-other.high)
    assert one.high == pytest.approx(-other.low)


def test_lists_needed_tells_when_the_interval_leaves_zero() -> None:
    a, b = many(1000, 0.25), many(1000, 0.3)
    assert difference_bounds(a, b).high > 0
    more = lists_needed(a, b)
    assert more is not None
    assert 500 < more < 5000
    factor = 1 + more / 2000
    assert difference_bounds(many(int(1000 * factor * 1.03), 0.25),
                             many(int(1000 * factor * 1.03), 0.3)).high < 0  # fmt: skip
    assert lists_needed(many(30_000, 0.25), many(30_000, 0.3)) == 0
    assert lists_needed(a, a) is None


def looks_that_miss(rate: float, likeness: float, seed: int) -> tuple[float, float]:
    """Share of 200 experiments in which the interval of a rate, or of a difference of 0, misses the
    truth at any of 40 looks, at users who come again and again."""
    rng, runs, n_users, looks = np.random.default_rng(seed), 200, 400, 40
    shape = rate / likeness, (1 - rate) / likeness
    chances = [rng.beta(*shape, (runs, n_users)) for _ in "ab"]
    counts = [np.zeros((2, runs, n_users)) for _ in "ab"]
    rate_missed, difference_missed = np.zeros(runs, bool), np.zeros(runs, bool)
    for look in range(1, looks + 1):
        here = np.arange(n_users) < n_users * look // looks
        for chance, (lists, responses) in zip(chances, counts, strict=True):
            more = rng.poisson(1.0, (runs, n_users)) * here
            lists += more
            responses += rng.binomial(more, chance)
        a, b = (ResponseSums.of_users(*pair) for pair in counts)
        low_rate, difference = rate_bounds(a), difference_bounds(a, b)
        rate_missed |= (low_rate.low > rate) | (low_rate.high < rate)
        difference_missed |= (difference.low > 0) | (difference.high < 0)
    return float(rate_missed.mean()), float(difference_missed.mean())


@pytest.mark.parametrize(("rate", "likeness"), [(0.02, 0.01), (0.1, 0.3), (0.5, 1.0)])
def test_intervals_hold_at_forty_looks_together(rate: float, likeness: float) -> None:
    for missed in looks_that_miss(rate, likeness, seed=1):
        assert missed <= 0.05
