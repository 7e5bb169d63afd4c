"""Slices of users and items."""

import math

import numpy as np
import pytest
from hypothesis import given

from tastegraph.evaluation.metrics import per_user
from tastegraph.evaluation.slices import standard_slices
from tests.support.matrices import csr, few_examples, seeds


@few_examples
@given(seeds)
def test_slices_are_partitions(seed):
    rng = np.random.default_rng(seed)
    train = csr(rng.random((9, 14)) < rng.random(14))
    by_name = {each.name: each for each in standard_slices(train)}
    assert next(iter(by_name)) == "all"
    for name, other, union in (
        ("cold_user", "warm_user", "all"),
        ("cold_item", "warm_item", "all"),
        ("tail", "head", "warm_item"),
    ):
        for axis in ("users", "items"):
            first, second = getattr(by_name[name], axis), getattr(by_name[other], axis)
            if not (first.all() and second.all()):
                assert not (first & second).any()
            np.testing.assert_array_equal(first | second, getattr(by_name[union], axis))
    popularity = np.asarray(train.toarray()).sum(0)
    assert popularity[by_name["tail"].items].sum() <= 0.2 * popularity.sum()
    of_head = popularity[by_name["head"].items]
    if len(of_head):
        n_events = popularity[popularity <= of_head.min()].sum()
        assert n_events > 0.2 * popularity.sum()


def test_slices_by_hand():
    train = csr([[1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0]])
    by_name = {each.name: each for each in standard_slices(train)}
    assert by_name["cold_user"].users.tolist() == [False, True, True]
    assert by_name["cold_item"].items.tolist() == [False] * 5 + [True]
    assert by_name["tail"].items.tolist() == [False, False, False, True, True, False]
    relevant = csr([[0, 0, 0, 1, 0, 1], [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 1]])
    assert by_name["tail"].restrict(relevant).toarray().tolist() == [
        [0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 0], [0] * 6,
    ]  # fmt: skip
    assert by_name["cold_user"].restrict(relevant).sum() == 3
    top = np.array([[5, 3], [5, 3], [5, 3]])
    values = per_user(top, by_name["cold_item"].restrict(relevant), (2,), np.zeros(6))["hit@2"]
    assert values[[0, 2]].tolist() == [1, 1]
    assert math.isnan(values[1])
    with pytest.raises(ValueError, match="slice"):
        by_name["all"].restrict(relevant[:2])
