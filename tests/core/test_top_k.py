"""Sparse cells, and the best items of each row."""

import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core import top_k as top_k_module
from tastegraph.core.arrays import binary, contains, pair_keys
from tastegraph.core.top_k import best_first, ideal_dcg, rank_discount, top_k, top_k_blocks
from tests.support.matrices import csr, few_examples, random_lists, seeds


def test_pair_keys_ignore_stored_zeros_and_repeats():
    matrix = sparse.csr_array(
        (np.array([1.0, 0.0, 2.0, 3.0]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), shape=(2, 3)
    )
    assert pair_keys(matrix).tolist() == [2, 4]
    assert contains(pair_keys(matrix), np.array([[2, 3], [-1, 99]])).tolist() == [
        [True, False],
        [False, False],
    ]
    assert not contains(np.array([], dtype=np.int64), np.array([0])).any()
    assert binary([0, 0, 1], [1, 1, 0], (2, 2)).toarray().tolist() == [[0, 1], [1, 0]]


def test_top_k_breaks_ties_by_index_and_pads():
    scores = np.array([[1, 3, 3, -np.inf, 0, -0.0], [-1, -2, -3, -4, np.inf, -1]], dtype=np.float32)
    mask = csr([[0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    assert top_k(scores, mask, 2).tolist() == [[1, 2], [4, 5]]
    assert top_k(scores, mask, 8).tolist() == [
        [1, 2, 0, 4, 5, -1, -1, -1],
        [4, 5, 1, 2, 3, -1, -1, -1],
    ]
    assert top_k(scores, None, 3).dtype == np.int32
    assert top_k(scores.astype(np.float64), None, 3).tolist() == [[1, 2, 0], [4, 0, 5]]


def test_top_k_rejects_wrong_input():
    with pytest.raises(ValueError, match="1 scores are nan"):
        top_k(np.array([[0, np.nan]], dtype=np.float32), None, 1)
    with pytest.raises(ValueError, match="shape"):
        top_k(np.zeros((1, 2), dtype=np.float32), csr([[1, 0, 0]]), 1)
    with pytest.raises(ValueError, match="k ≥ 1"):
        top_k(np.zeros((1, 2), dtype=np.float32), None, 0)


@few_examples
@given(seeds, st.integers(1, 15), st.integers(1, 9))
def test_top_k_is_a_full_sort(seed, k, block):
    scores, _, mask, _ = random_lists(np.random.default_rng(seed))
    scores[scores == 3] *= -1
    hidden = mask.toarray()
    expected = []
    for row in range(len(scores)):
        order = sorted(range(12), key=lambda item: (-scores[row, item], item))
        best = [item for item in order if not hidden[row, item]][:k]
        expected.append(best + [-1] * (k - len(best)))
    assert top_k(scores, mask, k).tolist() == expected
    blocks = top_k_blocks(lambda rows: scores[rows], len(scores), mask, k, block)
    assert blocks.tolist() == expected
    assert not contains(pair_keys(mask), np.arange(7)[:, None] * 12 + blocks)[blocks >= 0].any()


@few_examples
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_top_k_orders_every_float(values):
    scores = np.array([values], dtype=np.float32)
    top = top_k(scores, None, len(values))[0]
    order = sorted(range(len(values)), key=lambda item: (-values[item], item))
    finite = [item for item in order if values[item] != -math.inf]
    assert top[: len(finite)].tolist() == finite
    assert (top[len(finite) :] == -1).all()


def test_ideal_dcg_by_hand():
    assert rank_discount(np.array([1, 3])).tolist() == [1, 0.5]
    ideal = ideal_dcg(np.array([0, 1, 2, 9]), 3)
    assert ideal == pytest.approx([0, 1, 1 + 1 / math.log2(3), 1 + 1 / math.log2(3) + 0.5])


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**31), size=st.integers(0, 60), n=st.integers(0, 3000))
def test_best_first_is_a_stable_sort(seed, size, n):
    """Many ties and hidden rows; a small sample, so that the threshold is taken."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 40, n).astype(np.float32)
    scores[rng.random(n) < 0.3] = -np.inf
    order = np.argsort(-scores, kind="stable")
    expected = order[np.isfinite(scores[order])][:size]
    with mock.patch.object(top_k_module, "SAMPLE_SIZE", 16):
        np.testing.assert_array_equal(best_first(scores, size), expected)
