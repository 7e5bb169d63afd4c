"""Features mapped to likes: against dense algebra, and where one answer is right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.arrays import binary
from tastegraph.models.base import KNOWLEDGE, SimilarityComponent
from tastegraph.models.cold_start import (
    ColdTrial,
    _by_user,
    _stacked,
    blind_scores,
    cold_item_holdout,
    predict_from,
)
from tastegraph.models.decomposition import collaborative_factors, compressed
from tastegraph.models.kernels import AffinityKernel, FactorKernel
from tastegraph.models.mapped import MappedParams, Ridge
from tastegraph.models.text import text_features
from tastegraph.models.validation import Objective, Validation, without_items
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History

LIKES = binary([0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 2, 3, 2, 3], (4, 6))
"""Two users like items 0 and 1, two like 2 and 3; items 4 and 5 have no events."""
FEATURES = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [0, 1]], dtype=np.float32)


def random_features(rng, rows=30, columns=50):
    matrix = sparse.random_array((rows, columns), density=0.2, rng=rng, dtype=np.float32)
    return sparse.csr_array(matrix)


def test_full_rank_is_ridge_regression_of_the_cosine():
    cosine = np.zeros((6, 6))
    x = LIKES.toarray().astype(float)
    count = np.maximum(x.sum(axis=0), 1)
    cosine = x.T @ x / np.sqrt(count) / np.sqrt(count)[:, None]
    warm = FEATURES[:4].astype(float)
    matrix = np.linalg.solve(warm.T @ warm + 0.5 * np.eye(2), warm.T @ cosine[:4])
    mapped = Ridge(FEATURES, LIKES).map(MappedParams(None, 0.5))
    # It leaves the item's own normalisation on both sides of the co-engagement.
    kernel = mapped.left @ mapped.of(FEATURES).T
    assert kernel == pytest.approx((FEATURES @ matrix).T, abs=1e-6)


def test_factors_are_those_of_normalised_likes():
    factors = collaborative_factors(LIKES, 2)
    x = LIKES.toarray() / np.sqrt(2) / np.sqrt(2)
    assert factors @ factors.T == pytest.approx(_root(x.T @ x), abs=1e-5)
    assert not factors[4:].any()


def _root(gram):
    values, vectors = np.linalg.eigh(gram)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


@pytest.mark.parametrize("target", [MappedParams(None, 0.3), MappedParams(2, 0.3)])
def test_new_item_scores_with_items_of_its_kind(target):
    mapped = Ridge(FEATURES, LIKES).map(target)
    kernel = FactorKernel(mapped.left, mapped.of(FEATURES))
    scores = kernel.row(np.array([0], np.int32), np.ones(1, np.float32))
    assert scores[4] > 0.1
    assert scores[5] == pytest.approx(0, abs=1e-5)
    shuffled = FEATURES[[0, 2, 1, 3, 4, 5]]
    mapped = Ridge(shuffled, LIKES).map(target)
    scores = FactorKernel(mapped.left, mapped.of(shuffled)).row(
        np.array([0], np.int32), np.ones(1, np.float32)
    )
    assert scores[4] == pytest.approx(scores[5], abs=1e-5)


def test_no_map_without_likes_or_features():
    nobody = binary([], [], (3, 6))
    assert Ridge(FEATURES, nobody).map(MappedParams(None, 1.0)) is None
    assert Ridge(np.zeros_like(FEATURES), LIKES).map(MappedParams(None, 1.0)) is None


@pytest.mark.parametrize("columns", [50, 20])
def test_compression_keeps_products(columns):
    """Through the products of all items, or where features are fewer through theirs."""
    features = random_features(np.random.default_rng(0), columns=columns)
    few = compressed(features)
    assert few.rows @ few.rows.T == pytest.approx((features @ features.T).toarray(), abs=1e-3)
    assert few.rows == pytest.approx(features @ (features.T @ few.loadings), abs=1e-4)
    assert compressed(features).rows == pytest.approx(few.rows, abs=0)


def test_few_dimensions_are_the_largest():
    features = random_features(np.random.default_rng(1), 60, 80)
    whole = np.linalg.svd(features.toarray(), full_matrices=False)
    best = (whole.U[:, :3] * whole.S[:3] ** 2) @ whole.U[:, :3].T
    few = compressed(features, 3)
    assert few.rows.shape == (60, 3)
    assert few.rows @ few.rows.T == pytest.approx(best, abs=0.02 * float(whole.S[0]) ** 2)


def test_compression_of_zeros_is_zero():
    empty = sparse.csr_array((np.zeros(0, np.float32), np.zeros(0, int), np.zeros(5, int)), (4, 3))
    assert compressed(empty).rows.shape == (4, 1)
    assert not compressed(empty).rows.any()
    stored_zeros = sparse.csr_array((np.zeros(4, np.float32), np.zeros(4, int), np.arange(5)))
    assert not compressed(stored_zeros).rows.any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([5, 12, 20]))
def test_shares_of_features_sum_to_the_kernel(seed, n_features):
    rng = np.random.default_rng(seed)
    features = random_features(rng, 12, n_features)
    left, loadings = (rng.standard_normal((12, 4)).astype(np.float32) for _ in range(2))
    kernel = AffinityKernel.of(left, features, loadings)
    expected = features @ (features.T @ loadings)
    np.testing.assert_allclose(kernel.right, expected, atol=1e-4)
    for target in range(12):
        _, _, vectors = kernel.of_features(np.array([target]))
        assert left @ vectors.sum(axis=0) == pytest.approx(left @ kernel.right[target], abs=1e-3)


def test_texts_with_the_same_words_are_similar():
    vectors = np.array([[1, 0], [0, 1], [1, 0], [0, 0]], dtype=np.float32)
    words = sparse.csr_array(np.array([[1, 0], [0, 1], [0, 1], [0, 0]], dtype=np.float32))
    text = text_features(vectors, words)
    product = text @ text.T
    # Centred, the vectors are (1/3, −1/3), (−2/3, 2/3), (1/3, −1/3): cosines 1 and −1.
    assert product[0, 2] == pytest.approx(1 + 0, abs=1e-5)
    assert product[1, 2] == pytest.approx(-1 + 1, abs=1e-5)
    assert product[0, 0] == pytest.approx(2, abs=1e-5)
    assert not text[3].any()


def test_cold_item_holdout_is_a_stable_fifth():
    names = [f"item-{k}" for k in range(5000)]
    cold = cold_item_holdout(names, 1)
    assert 0.17 < cold.mean() < 0.23
    assert (cold_item_holdout(names[100:200], 1) == cold[100:200]).all()
    assert (cold_item_holdout(names, 2) != cold).any()


def test_without_items_drops_their_columns_alone():
    hidden = np.array([True, False, False, False, False, True])
    others = without_items(LIKES, hidden)
    assert others.shape == LIKES.shape
    assert others.toarray()[:, 1:].tolist() == LIKES.toarray()[:, 1:].tolist()
    assert not others[:, [0]].nnz


def test_predict_from_no_scores_is_empty():
    assert predict_from({}, np.ones((2, 2), np.float32)) == {}


def test_blind_scores_are_standardised():
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((6, 3)).astype(np.float32)
    components = {KNOWLEDGE: SimilarityComponent(Recency(), FactorKernel(factors, factors))}
    cold = np.array([0, 0, 0, 0, 1, 1], dtype=bool)
    user = History(np.array([0], np.int32), np.ones(1, np.float32))
    everything = blind_scores(components, ~cold, np.ones(6, dtype=bool), [user])[KNOWLEDGE]
    assert everything[0, :4].std() == pytest.approx(1, abs=1e-4)
    assert blind_scores(components, ~cold, cold, [user])[KNOWLEDGE] == pytest.approx(
        everything[:, 4:]
    )


def test_trials_of_unlike_size_are_stacked():
    """Two users of the first trial want items 1 and 0; one of the second wants item 2."""

    def trial(targets, n_items):
        seen = binary([], [], (len(targets), n_items))
        rows = np.arange(len(targets))
        to_find = binary(rows, targets, (len(targets), n_items))
        users = [History(np.array([0], np.int32), np.ones(1, np.float32)) for _ in targets]
        validation = Validation(users, Objective.of(seen, to_find, rows))
        cold = np.ones(n_items, dtype=bool)
        return ColdTrial(cold, ~cold, None, validation)

    trials = [trial([1, 0], 2), trial([2], 3)]
    scores = _stacked([np.array([[0, 1], [0, 1]], np.float32), np.array([[3, 2, 1]], np.float32)])
    assert scores.shape == (3, 3)
    expected = [1, 1 / np.log2(3), 1 / np.log2(4)]
    assert _by_user(trials, scores) == pytest.approx(expected)
