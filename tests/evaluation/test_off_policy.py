"""Off-policy estimates against values worked out by hand, and against the truth they estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.evaluation.off_policy import (
    cumulative_propensity,
    doubly_robust,
    ips,
    observed_mean,
    snips,
)


def test_estimates_by_hand() -> None:
    """w = 2, 0, 4, 1: Σ w r = 2 + 1 = 3 over four, and over Σ w = 7."""
    reward, target = np.array([1.0, 1, 0, 1]), np.array([0.5, 0, 1, 1])
    chance = np.array([0.25, 0.5, 0.25, 1])
    assert ips(reward, target, chance).value == pytest.approx(3 / 4)
    assert snips(reward, target, chance).value == pytest.approx(3 / 7)
    # q = .5 throughout: .5 + w (r − .5) = 1.5, .5, −1.5, 1.
    half = np.full(4, 0.5)
    assert doubly_robust(reward, target, chance, half, half).value == pytest.approx(1.5 / 4)
    assert ips(reward, target, chance).effective == pytest.approx(49 / 21)
    assert observed_mean(reward).value == 0.75
    # The variance of 2, 0, 0, 1 is 11/12; its error √(11/48).
    estimate = ips(reward, target, chance)
    assert estimate.high - estimate.value == pytest.approx(1.959964 * np.sqrt(11 / 48))


def test_rate_is_clipped_to_zero_and_one() -> None:
    low = doubly_robust(np.zeros(4), np.ones(4), np.full(4, 0.1), np.full(4, 0.5), np.full(4, 0.5))
    assert low.value < 0
    assert (low.as_rate().value, low.as_rate().low, low.as_rate().high) == (0, 0, 0)
    high = ips(np.ones(3), np.ones(3), np.array([0.2, 0.5, 1.0]))
    assert high.value > 1
    assert high.as_rate().value == high.as_rate().high == 1
    assert np.isnan(observed_mean(np.zeros(0)).as_rate().value)


def test_no_observations_and_wrong_input() -> None:
    none = np.zeros(0)
    assert np.isnan(ips(none, none, none).value)
    assert np.isnan(snips(np.ones(2), np.zeros(2), np.ones(2)).value)
    with pytest.raises(ValueError, match="propensity"):
        ips(np.ones(1), np.ones(1), np.zeros(1))
    with pytest.raises(ValueError, match="2 rewards"):
        ips(np.ones(2), np.ones(1), np.ones(1))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 0.8))
def test_estimators_find_the_reward_of_the_target_policy(seed: int, share: float) -> None:
    """Four actions of known reward, chosen ε-greedily; the target policy chooses the first."""
    rng = np.random.default_rng(seed)
    mean_reward, n = rng.uniform(0.1, 0.9, 4), 20_000
    chances = np.full(4, share / 4)
    chances[0] += 1 - share
    actions = rng.choice(4, n, p=chances)
    reward = (rng.random(n) < mean_reward[actions]).astype(float)
    target, chance = (actions == 0).astype(float), chances[actions]
    wrong = np.full(4, 0.5)
    for estimate in (
        ips(reward, target, chance),
        snips(reward, target, chance),
        doubly_robust(reward, target, chance, wrong[actions], np.full(n, wrong[0])),
    ):
        assert estimate.value == pytest.approx(mean_reward[0], abs=0.06)


def test_doubly_robust_corrects_a_wrong_propensity() -> None:
    rng = np.random.default_rng(0)
    actions = rng.choice(2, 50_000, p=[0.8, 0.2])
    mean_reward = np.array([0.3, 0.6])
    reward = (rng.random(50_000) < mean_reward[actions]).astype(float)
    target, chance = (actions == 1).astype(float), np.full(50_000, 0.5)
    assert abs(ips(reward, target, chance).value - 0.6) > 0.2
    estimate = doubly_robust(
        reward, target, chance, mean_reward[actions], np.full(50_000, mean_reward[1])
    )
    assert estimate.value == pytest.approx(0.6, abs=0.02)


def test_propensity_of_a_place_includes_those_above() -> None:
    group = np.array([0, 0, 0, 1, 1])
    chances = np.array([0.5, 0.5, 0.2, 0.9, 0.1])
    assert cumulative_propensity(chances, group) == pytest.approx([0.5, 0.25, 0.05, 0.9, 0.09])
    # Deviations of the two lists are 1 and -1: variance 2, of a mean over four places.
    estimate = observed_mean(np.array([1.0, 1, 0, 0]), np.array([0, 0, 1, 1]))
    assert estimate.high - estimate.value == pytest.approx(1.959964 * np.sqrt(2 * 2) / 4)
