"""Counts of users who like items."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.profiles import likers as likers_module
from tastegraph.profiles.likers import Likers

# Five users, four items: 0 and 1 are liked together by three, 3 by nobody.
LIKES = np.array(
    [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]], dtype=np.bool_
)


def test_users_of_both_items_are_counted():
    likers = Likers.of_user_items(sparse.csr_array(LIKES))
    assert likers.of(0).tolist() == [0, 1, 2, 3]
    assert likers.number(np.arange(4)).tolist() == [4, 3, 3, 0]
    assert likers.both(np.array([0, 1, 2, 3]), 2).tolist() == [2, 1, 3, 0]
    assert likers.how_many(np.array([1, 2])).tolist() == [1, 1, 2, 1, 1]
    assert likers.active == 5
    nobody = Likers.of_user_items(sparse.csr_array((0, 4), dtype=bool))
    assert nobody.both(np.array([0, 3]), 1).tolist() == [0, 0]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 1, 32]))
def test_counts_are_those_of_the_matrix(seed, sparse_from):
    rng = np.random.default_rng(seed)
    likes = rng.random((rng.integers(1, 30), 8)) < rng.random()
    likers = Likers.of_user_items(sparse.csr_array(likes))
    items = rng.integers(0, 8, 5)
    before, likers_module.MAX_LENGTH_RATIO = likers_module.MAX_LENGTH_RATIO, sparse_from
    try:
        for target in range(8):
            expected = (likes[:, items] & likes[:, [target]]).sum(axis=0)
            assert likers.both(items, target).tolist() == expected.tolist()
    finally:
        likers_module.MAX_LENGTH_RATIO = before
    assert likers.how_many(np.unique(items)).tolist() == likes[:, np.unique(items)].sum(1).tolist()
