"""The order of a list by limits, tiers, diversity, exploration and pins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.serving.lists.exploration import DrawnList, draw_list, with_new_items
from tastegraph.serving.policies.arrangement import Pool, Shares, arranged, with_pins


def pool_of(scores, *, tiers=None, groups=(), limits=(), new=None, similarity=None):
    scores = np.array(scores, dtype=np.float32)
    n = len(scores)
    return Pool(
        scores=scores,
        tiers=np.zeros(n, dtype=np.int64) if tiers is None else np.array(tiers),
        disagreement=np.ones(n, dtype=np.float32),
        new=np.zeros(n, dtype=bool) if new is None else np.array(new),
        groups=groups,
        limits=limits,
        similarity=similarity or (lambda place: np.zeros(n)),
    )


def items(pool, places, seed=0, **shares):
    return arranged(pool, places, Shares(**shares), np.random.default_rng(seed)).items


def test_without_rules_items_stand_by_their_scores():
    assert items(pool_of([1, 3, -np.inf, 2]), 3) == [1, 3, 0]
    assert items(pool_of([1, 3, -np.inf, 2]), 9) == [1, 3, 0]
    assert items(pool_of([]), 3) == []


def test_a_brand_has_no_more_items_than_its_limit():
    brands = [[(0, "a")], [(0, "a")], [(0, "a")], [(0, "b")], []]
    pool = pool_of([5, 4, 3, 2, 1], groups=brands, limits=[2])
    assert items(pool, 4) == [0, 1, 3, 4]
    assert items(replace(pool, limits=[1]), 4) == [0, 3, 4]


def test_an_item_of_two_brands_counts_for_both():
    pool = pool_of([5, 4, 3], groups=[[(0, "a"), (0, "b")], [(0, "b")], [(0, "c")]], limits=[1])
    assert items(pool, 3) == [0, 2]


def test_items_that_meet_everything_stand_above_those_for_which_something_gave_way():
    assert items(pool_of([1, 9, 2, 8], tiers=[0, 1, 0, 2]), 4) == [2, 0, 1, 3]


def test_diversity_puts_an_unlike_item_above_a_like_one():
    like = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    pool = pool_of([3, 2.9, 2], similarity=lambda place: like[place])
    assert items(pool, 3) == [0, 1, 2]
    assert items(pool, 3, diversity=0.6) == [0, 2, 1]
    assert items(pool, 3, diversity=1.0)[:2] == [0, 2]


def test_marginal_relevance_by_hand():
    # relevance 1, .9, .5, 0; after item 0: 1: .5*.9-.5*.8=.05, 2: .5*.5-0=.25, 3: 0.
    like = np.array([[1, 0.8, 0, 0], [0.8, 1, 0, 0.5], [0, 0, 1, 0.9], [0, 0.5, 0.9, 1]])
    pool = pool_of([10, 9, 5, 0], similarity=lambda place: like[place])
    # After item 2: 1: .05, 3: 0 - .45.
    assert items(pool, 4, diversity=0.5) == [0, 2, 1, 3]


def test_reserved_places_are_the_last_ones():
    pool = pool_of([9, 8, 7, 6, 1, 0.5], new=[0, 0, 0, 0, 1, 1])
    pool = replace(pool, new=pool.new.astype(bool))
    assert items(pool, 4, new_items=0.5) == [0, 1, 4, 5]
    assert items(replace(pool, new=np.zeros(6, dtype=bool)), 4, new_items=0.5) == [0, 1, 2, 3]


@given(
    st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=12, unique=True),
    st.integers(1, 8), st.sampled_from([0.0, 0.3, 1.0]), st.integers(0, 5),
)  # fmt: skip
def test_without_limits_it_is_the_list_that_is_drawn_without_a_policy(scores, places, share, seed):
    pool = pool_of(scores)
    rng = np.random.default_rng(seed)
    drawn = draw_list(pool.scores, pool.disagreement, places, share, rng)
    ours = arranged(pool, places, Shares(explore=share), np.random.default_rng(seed))
    assert ours.items == drawn.items
    assert ours.best == drawn.best
    assert ours.propensities == pytest.approx(drawn.propensities)


@given(
    st.lists(st.tuples(st.floats(-5, 5, width=32), st.booleans()), min_size=1, max_size=10,
             unique_by=lambda pair: pair[0]),
    st.integers(1, 6), st.sampled_from([0.0, 0.4, 1.0]),
)  # fmt: skip
def test_reserved_places_are_those_of_a_list_without_a_policy(rows, places, share):
    new = [is_new for _, is_new in rows]
    pool = pool_of([score for score, _ in rows], new=new)
    rng = np.random.default_rng(0)
    drawn = draw_list(pool.scores, pool.disagreement, places, 0.0, rng)
    expected = with_new_items(drawn, pool.scores, pool.new, places, share)
    ours = items(pool, places, new_items=share)
    assert set(ours) == set(expected.items)


@given(st.data())
def test_no_limit_is_passed_and_no_place_is_empty_that_an_item_could_have(data):
    n = data.draw(st.integers(1, 12))
    brands = data.draw(
        st.lists(st.lists(st.sampled_from("abc"), max_size=2, unique=True), min_size=n, max_size=n)
    )
    limit, places = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 12))
    groups = [[(0, brand) for brand in values] for values in brands]
    shares = Shares(
        explore=data.draw(st.sampled_from([0.0, 0.5])),
        diversity=data.draw(st.sampled_from([0.0, 0.5])),
    )
    pool = pool_of(range(n), groups=groups, limits=[limit])
    draw = arranged(pool, places, shares, np.random.default_rng(3))
    counts = {b: sum(b in brands[item] for item in draw.items) for b in "abc"}
    assert max(counts.values()) <= limit
    others = [item for item in range(n) if item not in draw.items]
    is_full = len(draw.items) == places
    assert is_full or all(any(counts[b] == limit for b in brands[item]) for item in others)


def test_chances_are_those_with_which_items_come():
    pool = replace(pool_of([3, 2, 1]), disagreement=np.array([0, 1, 3], dtype=np.float32))
    rng, counts = np.random.default_rng(1), np.zeros(3)
    for _ in range(4000):
        draw = arranged(pool, 1, Shares(explore=0.4), rng)
        counts[draw.items[0]] += 1
        assert draw.propensities[0] == pytest.approx([0.6, 0.1, 0.3][draw.items[0]])
        assert draw.best[0] == (draw.items[0] == 0)
    assert counts / 4000 == pytest.approx([0.6, 0.1, 0.3], abs=0.03)


def test_a_pin_has_its_place_and_the_others_move_on():
    draw = DrawnList([5, 6, 7], [0.5, 0.6, 0.7], [True, True, False])
    pinned = with_pins(draw, {1: 9, 3: 7}, 3)
    assert pinned == DrawnList([9, 5, 7], [1.0, 0.5, 1.0], [False, True, False])
    assert with_pins(draw, {50: 9}, 4).items == [5, 6, 7, 9]
    assert with_pins(draw, {50: 9}, 3).items == [5, 6, 7]
