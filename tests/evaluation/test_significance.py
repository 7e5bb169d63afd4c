"""Intervals and tests, against textbook formulas and enumeration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tests.support.matrices import few_examples


def test_bootstrap_agrees_with_the_normal_interval():
    values = np.random.default_rng(0).normal(3, 2, 2000)
    low, high = bootstrap_interval(values, 2000, 1)
    error = 1.96 * values.std() / math.sqrt(len(values))
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.01)
    assert bootstrap_interval(values, 2000, 1) == (low, high)
    narrow = bootstrap_interval(values, 2000, 1, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_bootstrap_covers_the_mean_at_its_level():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        low, high = bootstrap_interval(rng.exponential(1, 80), 300, seed)
        covered += low <= 1 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_bootstrap_leaves_nan_out():
    values = np.array([1.0, np.nan, 3.0])
    assert bootstrap_interval(values, 500, 1) == bootstrap_interval(values[[0, 2]], 500, 1)
    assert all(math.isnan(end) for end in bootstrap_interval(np.array([np.nan]), 10, 1))
    with pytest.raises(ValueError, match="level"):
        bootstrap_interval(values, 10, 1, level=1)


def test_sign_flip_agrees_with_the_t_test_on_a_large_sample():
    rng = np.random.default_rng(3)
    a = rng.normal(0, 1, 1500)
    b = a + rng.normal(0.04, 1, 1500)
    assert paired_p(a, b, 10_000, 1) == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.015)
    assert paired_p(a, a + 1, 999, 1) == pytest.approx(1 / 1000)


def test_sign_flip_is_exact_on_a_small_sample():
    a = np.array([0.3, 0.1, 0.4, 0.2, 0.6, np.nan])
    b = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert paired_p(a, b, 1000, 1) == pytest.approx(2 / 32)
    assert paired_p(a, b, 1000, 1) == paired_p(b, a, 1000, 9)
    assert paired_p(b, b, 1000, 1) == 1
    assert math.isnan(paired_p(a[5:], b[5:], 1000, 1))
    exact, drawn = paired_p(a - 0.2, b, 32, 1), paired_p(a - 0.2, b, 31, 1)
    assert exact == pytest.approx(drawn, abs=0.25)
    with pytest.raises(ValueError, match="resamples"):
        paired_p(a, b[:2], 10, 1)


@few_examples
@given(st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=7))
def test_sign_flip_against_enumeration(differences):
    values = np.array(differences)
    p = paired_p(values, np.zeros_like(values), 1000, 1)
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    sums = np.abs(values @ signs)
    assert p == pytest.approx((sums >= abs(values.sum()) - 1e-9).mean())


def test_holm_by_hand():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "none": math.nan})
    assert list(adjusted) == ["a", "b", "c", "d", "none"]
    assert [adjusted[name] for name in "abcd"] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert math.isnan(adjusted["none"])
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}
