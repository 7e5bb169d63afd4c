"""Kernels, filters, network and blend, against values computed by hand or another way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.top_k import top_k
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.blend_weights import WEIGHTS, fit_blend_weights
from tastegraph.models.co_engagement import co_engagement_table
from tastegraph.models.cold_start import predict_from
from tastegraph.models.ease import ease_table, gram_matrix
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.item_knn import item_knn_table
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.knowledge import relation_weights
from tastegraph.models.validation import Objective
from tastegraph.profiles.association import associate
from tastegraph.profiles.attention import Recency, attend
from tastegraph.profiles.interactions import History
from tests.support.small_graphs import graph_of

CHECKERBOARD = sparse.csr_array(
    np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0]], dtype=bool)
)


def likes_of(seed: int, n_users: int, n_items: int) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    return sparse.csr_array(rng.random((n_users, n_items)) < 0.3)


@pytest.mark.parametrize(
    "table",
    [
        lambda x: ease_table(gram_matrix(x), 1.0),
        lambda x: co_engagement_table(x, 1.0, 1.0, 0.0),
        lambda x: item_knn_table(x, 2),
    ],
)
def test_checkerboard_has_one_right_recommendation(table):
    kernel = TableKernel(table(CHECKERBOARD))
    newcomer = attend([History(np.array([0], np.int32), np.ones(1, np.float32))], Recency(), 4)
    assert top_k(kernel.score(newcomer), newcomer, 1).tolist() == [[2]]


def test_ease_solves_its_own_normal_equations():
    """Steck 2019: B minimises |X − XB|² + λ|B|² under diag B = 0; its gradient is 0 off it."""
    likes = likes_of(1, 40, 8)
    x, strength = likes.toarray().astype(float), 3.0
    b = ease_table(gram_matrix(likes), strength).astype(float)
    gradient = x.T @ (x @ b - x) + strength * b
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient).max() < 1e-4
    assert not np.diag(b).any()


def test_rp3beta_by_hand():
    """Users {a: 0, 1}, {b: 1}: from item 0 a walk reaches item 1 with ½; from 1 to 0 with ¼."""
    likes = sparse.csr_array(np.array([[1, 1], [0, 1]], dtype=bool))
    walk = co_engagement_table(likes, 1.0, 1.0, 0.0).toarray()
    np.testing.assert_allclose(walk, [[0, 0.5], [0.25, 0]], atol=1e-6)
    damped = co_engagement_table(likes, 1.0, 1.0, 1.0).toarray()
    np.testing.assert_allclose(damped, [[0, 0.25], [0.25, 0]], atol=1e-6)


def test_item_knn_keeps_the_nearest_of_each_target():
    likes = likes_of(3, 50, 9)
    x = likes.toarray().astype(float)
    norm = np.sqrt(x.sum(axis=0))
    cosine = x.T @ x / norm / norm[:, None]
    np.fill_diagonal(cosine, 0)
    for target in range(9):
        cosine[np.argsort(-cosine[:, target], kind="stable")[4:], target] = 0
    np.testing.assert_allclose(item_knn_table(likes, 4).toarray(), cosine, atol=1e-6)


@given(st.integers(0, 10_000), st.integers(2, 9))
@settings(max_examples=40, deadline=None)
def test_every_kernel_agrees_with_its_matrix(seed, n_items):
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(n_items, 5)).astype(np.float32)
    dense[rng.random(dense.shape) < 0.4] = 0
    matrix = dense @ dense.T
    np.fill_diagonal(matrix, 0)
    history = History(
        rng.integers(0, n_items, 6).astype(np.int32), rng.normal(size=6).astype(np.float32)
    )
    attention = attend([history], Recency(2.0, against=1.0), n_items)
    weights = Recency(2.0, against=1.0)(history)
    expected = weights @ matrix[history.items]
    kernels = [
        TableKernel(matrix),
        TableKernel(sparse.csr_array(matrix)),
        FactorKernel(dense, dense),
        FeatureKernel(sparse.csr_array(dense)),
    ]
    for kernel in kernels:
        np.testing.assert_allclose(kernel.score(attention)[0], expected, atol=1e-4)
        for target in range(n_items):
            between = kernel.between(history.items, np.array([target]))[:, 0]
            np.testing.assert_allclose(between, matrix[history.items, target], atol=1e-4)


def test_informative_relation_gets_the_weight():
    """Relation r0 joins items that the same users like; r1 is noise."""
    rng = np.random.default_rng(0)
    n_items = 40
    edges = [(i, 0, n_items + i // 10) for i in range(n_items)]
    edges += [(i, 1, n_items + 4 + int(rng.integers(4))) for i in range(n_items)]
    graph = graph_of(n_items, edges, n_items + 8)
    users = np.repeat(np.arange(4), 15)
    likes = (np.arange(n_items) // 10 == users[:, None]) & (rng.random((60, n_items)) < 0.7)
    weights = relation_weights(associate(graph), sparse.csr_array(likes), seed=1)
    assert weights[0] == 1
    assert weights[2] < 0.2


def test_objective_agrees_with_the_evaluator():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(20, 30)).astype(np.float32)
    seen, targets = likes_of(1, 20, 30), likes_of(2, 20, 30)
    targets = sparse.csr_array(targets.toarray() & ~seen.toarray())
    users = np.flatnonzero(np.diff(targets.indptr))
    ndcg = Objective.of(seen, targets, users)(scores[users])
    values = per_user(top_k(scores, seen, 10), targets, (10,), np.ones(30, int))["ndcg@10"]
    assert ndcg == pytest.approx(np.nanmean(values))


def test_fitted_weights_prefer_the_informative_component():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30, 50)).astype(np.float32)
    noise = rng.normal(size=(30, 50)).astype(np.float32)
    targets = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((30, 50), dtype=bool), targets, np.arange(30))
    fitted = fit_blend_weights({"knows": [truth], "noise": [noise]}, objective.by_user)
    assert fitted.weights == {"knows": 1.0, "noise": 0.0}
    assert fitted.ndcg == pytest.approx(1.0)


def test_weights_start_from_given_ones():
    """From what is best nothing moves; from what is worst the way leads back."""
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=(2, 60, 50)).astype(np.float32)
    targets = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((60, 50), dtype=bool), targets, np.arange(60))
    parts = {"knows": [truth], "noise": [noise]}
    held = fit_blend_weights(
        parts, objective.by_user, start={"knows": 0.7, "noise": 0.0, "gone": 1.0}
    )
    assert held.weights == {"knows": 0.7, "noise": 0.0}
    lost = fit_blend_weights(parts, objective.by_user, start={"knows": 0.0, "noise": 1.0})
    assert lost.ndcg > 0.9
    assert lost.weights["knows"] > lost.weights["noise"]


def test_weights_change_only_for_gains_beyond_the_threshold():
    """The second part helps 30 of 40 users and costs ten as much: 3.7 standard errors."""

    def objective(scores):
        weight = scores[0, 0] - 1
        gain = 0.1 - abs(weight - 0.2)
        return np.concatenate([np.full(30, gain), np.full(10, -gain)]) + 0.5

    gain = objective(np.array([[1.2]])) - objective(np.array([[1.0]]))
    errors = gain.mean() / (gain.std() / np.sqrt(len(gain)))
    assert errors == pytest.approx(3.65, abs=0.01)
    ones = np.ones((1, 1), dtype=np.float32)
    parts, alone = {"leads": [ones], "helps": [ones]}, {"leads": 1.0, "helps": 0.0}
    for min_gain_se, weight in ((0.9 * errors, 0.2), (1.1 * errors, 0.0)):
        assert (
            fit_blend_weights(parts, objective, (), alone, min_gain_se).weights["helps"] == weight
        )


def test_expected_component_has_a_weight_unless_it_clearly_hurts():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30, 50)).astype(np.float32)
    targets = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((30, 50), dtype=bool), targets, np.arange(30))
    faint = 1e-3 * rng.normal(size=(30, 50)).astype(np.float32)
    parts = {"knows": [truth], "paths": [faint]}
    assert fit_blend_weights(parts, objective.by_user).weights["paths"] == 0.0
    assert fit_blend_weights(parts, objective.by_user, ("paths",)).weights["paths"] == WEIGHTS[1]
    parts["paths"] = [-1000 * truth]
    assert fit_blend_weights(parts, objective.by_user, ("paths",)).weights["paths"] == 0.0


def test_expected_component_has_its_best_weight_even_if_by_chance():
    """Of 40 users the second part helps five a little and costs three as much."""

    def objective(scores):
        weight = scores[0, 0] - 1
        gain = 0.1 - abs(weight - 0.2)
        return np.concatenate([np.full(5, gain), np.full(3, -gain), np.zeros(32)]) + 0.5

    ones = np.ones((1, 1), dtype=np.float32)
    parts = {"leads": [ones], "helps": [ones]}
    alone = {"leads": 1.0, "helps": 0.0}
    assert fit_blend_weights(parts, objective, start=alone).weights == alone
    assert fit_blend_weights(parts, objective, ("helps",), alone).weights == {
        "leads": 1.0,
        "helps": 0.2,
    }


def test_cold_weights_are_least_squares():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20, 30)).astype(np.float32)
    weights = predict_from({"a": a, "b": b}, 0.7 * a + 0.2 * b)
    assert weights == pytest.approx({"a": 0.7, "b": 0.2}, abs=1e-4)


@pytest.mark.parametrize("kind", ["table", "factors", "features"])
def test_candidates_score_as_all_items(kind: str) -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((6, 4), dtype=np.float32)
    kernel = {
        "table": TableKernel(rng.random((6, 6), dtype=np.float32)),
        "factors": FactorKernel(dense, rng.random((6, 4), dtype=np.float32)),
        "features": FeatureKernel(sparse.csr_array(dense)),
    }[kind]
    attention = sparse.csr_array(np.array([[1, 0, 0.5, 0, 0, 0]], dtype=np.float32))
    candidates = np.array([True, False, True, False, True, True])
    assert kernel.score(attention, candidates) == pytest.approx(
        kernel.score(attention)[:, candidates]
    )


def test_groups_are_features_that_several_items_share() -> None:
    graph = graph_of(3, [(0, 0, 3), (1, 0, 3), (2, 0, 4), (1, 1, 4), (2, 1, 4)], 5)
    item_features = ItemFeatures(graph, np.zeros((5, 1), np.float32), no_words(3))
    assert item_features.groups.toarray().tolist() == [[True, True, False], [False, True, True]]
    likes = sparse.csr_array(np.array([[1, 0, 1]], dtype=bool))
    assert gram_matrix(likes, item_features.groups).tolist() == [[2, 1, 1], [1, 2, 1], [1, 1, 2]]


def test_co_engagement_by_hand() -> None:
    """Two users, (a, b) and (a, c): D^(-s) Xᵀ Dᵤ^(-p) X D^(-t) for s = 1, p = 1, t = ½."""
    likes = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 1]], dtype=bool))
    table = co_engagement_table(likes, 1.0, 1.0, 0.5).toarray()
    targets = [[0, 0.25, 0.25], [0.5 / np.sqrt(2), 0, 0], [0.5 / np.sqrt(2), 0, 0]]
    np.testing.assert_allclose(table, targets, rtol=1e-6)
    cosine = co_engagement_table(CHECKERBOARD, 0.5, 0.0, 0.5).toarray()
    np.testing.assert_allclose(cosine, item_knn_table(CHECKERBOARD, 4).toarray(), rtol=1e-6)


def test_nan_scores_find_nothing() -> None:
    """A network that diverged must not look perfect to what stops it."""
    targets = sparse.csr_array(np.array([[0, 1, 0]], dtype=bool))
    objective = Objective.of(sparse.csr_array((1, 3), dtype=bool), targets, np.arange(1))
    assert objective(np.array([[0, 1, 0]], np.float32)) == 1
    assert objective(np.array([[0, np.nan, 0]], np.float32)) == 0
    assert objective(np.full((1, 3), np.nan, np.float32)) == 0
