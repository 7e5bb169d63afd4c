"""Kernels, filters, network and blend, against values computed by hand or another way."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.evaluation.metrics import per_user, top_k
from tastegraph.models import filters
from tastegraph.models.blend import WEIGHTS, fit_blend_weights
from tastegraph.models.cold import predict_from
from tastegraph.models.graph_network.adjacency import propagation_matrix, steps
from tastegraph.models.graph_network.loss import loss
from tastegraph.models.graph_network.network import GraphConv, GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import Batch, NextItem, SetCompletion
from tastegraph.models.graph_network.training import GraphData, item_vectors, train
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.learned import ItemFeatures, no_words
from tastegraph.models.objective import Objective
from tastegraph.profiles.association import associate
from tastegraph.profiles.attention import Recency, attend
from tastegraph.profiles.graphs import ego_graph
from tastegraph.profiles.interactions import History
from tests.support.small_graphs import graph_of, random_graph

CHECKERBOARD = sparse.csr_array(
    np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0]], dtype=bool)
)


def likes_of(seed: int, n_users: int, n_items: int) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    return sparse.csr_array(rng.random((n_users, n_items)) < 0.3)


@pytest.mark.parametrize(
    "table",
    [
        lambda x: filters.ease(filters.gram(x), 1.0),
        lambda x: filters.co_engagement(x, 1.0, 1.0, 0.0),
        lambda x: filters.item_knn(x, 2),
    ],
)
def test_a_checkerboard_has_one_right_recommendation(table):
    kernel = TableKernel(table(CHECKERBOARD))
    newcomer = attend([History(np.array([0], np.int32), np.ones(1, np.float32))], Recency(), 4)
    assert top_k(kernel.score(newcomer), newcomer, 1).tolist() == [[2]]


def test_ease_solves_its_own_normal_equations():
    """Steck 2019: B minimises |X − XB|² + λ|B|² under diag B = 0; its gradient is 0 off it."""
    likes = likes_of(1, 40, 8)
    x, strength = likes.toarray().astype(float), 3.0
    b = filters.ease(filters.gram(likes), strength).astype(float)
    gradient = x.T @ (x @ b - x) + strength * b
    np.fill_diagonal(gradient, 0)
    assert np.abs(gradient).max() < 1e-4
    assert not np.diag(b).any()


def test_rp3beta_by_hand():
    """Users {a: 0, 1}, {b: 1}: from item 0 a walk reaches item 1 with ½; from 1 to 0 with ¼."""
    likes = sparse.csr_array(np.array([[1, 1], [0, 1]], dtype=bool))
    walk = filters.co_engagement(likes, 1.0, 1.0, 0.0).toarray()
    np.testing.assert_allclose(walk, [[0, 0.5], [0.25, 0]], atol=1e-6)
    damped = filters.co_engagement(likes, 1.0, 1.0, 1.0).toarray()
    np.testing.assert_allclose(damped, [[0, 0.25], [0.25, 0]], atol=1e-6)


def test_item_knn_keeps_the_nearest_of_each_target():
    likes = likes_of(3, 50, 9)
    x = likes.toarray().astype(float)
    norm = np.sqrt(x.sum(axis=0))
    cosine = x.T @ x / norm / norm[:, None]
    np.fill_diagonal(cosine, 0)
    for target in range(9):
        cosine[np.argsort(-cosine[:, target], kind="stable")[4:], target] = 0
    np.testing.assert_allclose(filters.item_knn(likes, 4).toarray(), cosine, atol=1e-6)


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
            between = kernel.between(history.items, target)
            np.testing.assert_allclose(between, matrix[history.items, target], atol=1e-4)


def test_knowledge_that_speaks_gets_the_weight():
    """Relation r0 joins items that the same people like; r1 is noise."""
    rng = np.random.default_rng(0)
    n_items = 40
    edges = [(i, 0, n_items + i // 10) for i in range(n_items)]
    edges += [(i, 1, n_items + 4 + int(rng.integers(4))) for i in range(n_items)]
    graph = graph_of(n_items, edges, n_items + 8)
    people = np.repeat(np.arange(4), 15)
    likes = (np.arange(n_items) // 10 == people[:, None]) & (rng.random((60, n_items)) < 0.7)
    weights = filters.kind_weights(associate(graph), sparse.csr_array(likes), seed=1)
    assert weights[0] == 1
    assert weights[2] < 0.2


def test_objective_agrees_with_the_evaluator():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(20, 30)).astype(np.float32)
    seen, wanted = likes_of(1, 20, 30), likes_of(2, 20, 30)
    wanted = sparse.csr_array(wanted.toarray() & ~seen.toarray())
    people = np.flatnonzero(np.diff(wanted.indptr))
    told = Objective.of(seen, wanted, people)(scores[people])
    values = per_user(top_k(scores, seen, 10), wanted, (10,), np.ones(30, int))["ndcg@10"]
    assert told == pytest.approx(np.nanmean(values))


def test_weigh_finds_the_part_that_knows():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30, 50)).astype(np.float32)
    noise = rng.normal(size=(30, 50)).astype(np.float32)
    wanted = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((30, 50), dtype=bool), wanted, np.arange(30))
    found = fit_blend_weights({"knows": [truth], "noise": [noise]}, objective.by_person)
    assert found.weights == {"knows": 1.0, "noise": 0.0}
    assert found.reached == pytest.approx(1.0)


def test_weights_go_on_from_where_they_were():
    """From what is best nothing moves; from what is worst the way leads back."""
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=(2, 60, 50)).astype(np.float32)
    wanted = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((60, 50), dtype=bool), wanted, np.arange(60))
    parts = {"knows": [truth], "noise": [noise]}
    held = fit_blend_weights(
        parts, objective.by_person, start={"knows": 0.7, "noise": 0.0, "gone": 1.0}
    )
    assert held.weights == {"knows": 0.7, "noise": 0.0}
    lost = fit_blend_weights(parts, objective.by_person, start={"knows": 0.0, "noise": 1.0})
    assert lost.reached > 0.9
    assert lost.weights["knows"] > lost.weights["noise"]


def test_weights_in_service_move_only_for_what_is_sure():
    """The second part helps 30 of 40 people and costs ten as much: 3.7 standard errors."""

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


def test_what_is_to_speak_does_unless_it_clearly_hurts():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30, 50)).astype(np.float32)
    wanted = sparse.csr_array(truth > np.sort(truth, axis=1)[:, [-4]])
    objective = Objective.of(sparse.csr_array((30, 50), dtype=bool), wanted, np.arange(30))
    faint = 1e-3 * rng.normal(size=(30, 50)).astype(np.float32)
    parts = {"knows": [truth], "paths": [faint]}
    assert fit_blend_weights(parts, objective.by_person).weights["paths"] == 0.0
    assert fit_blend_weights(parts, objective.by_person, ("paths",)).weights["paths"] == WEIGHTS[1]
    parts["paths"] = [-1000 * truth]
    assert fit_blend_weights(parts, objective.by_person, ("paths",)).weights["paths"] == 0.0


def test_what_is_to_speak_has_its_best_weight_even_if_that_may_be_chance():
    """Of 40 people the second part helps five a little and costs three as much."""

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


def test_a_cold_score_is_the_least_squares_prediction():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20, 30)).astype(np.float32)
    weights = predict_from({"a": a, "b": b}, 0.7 * a + 0.2 * b)
    assert weights == pytest.approx({"a": 0.7, "b": 0.2}, abs=1e-4)


def test_propagation_is_the_normalised_adjacency():
    """One item, one entity, one person: degrees 1.5, .5 and 1."""
    graph = graph_of(1, [(0, 0, 1)], 2)
    likes = sparse.csr_array(np.array([[True]]))
    matrix = propagation_matrix(graph, likes, np.ones(2, np.float32)).toarray()
    edge, like = 0.5 / np.sqrt(1.5 * 0.5), 1 / np.sqrt(1.5)
    np.testing.assert_allclose(matrix, [[0, edge, like], [edge, 0, 0], [like, 0, 0]], atol=1e-6)


def test_the_gradient_of_a_step_is_its_transpose():
    matrix = propagation_matrix(random_graph(), likes_of(1, 5, 12), np.ones(6, "f4"))
    for step in steps(matrix, 30, 12, layers=3):
        x = torch.randn(step.matrix.shape[1], 3, requires_grad=True)
        weight = torch.randn(step.matrix.shape[0], 3)
        (GraphConv(aggr="add")(x, step) * weight).sum().backward()
        torch.testing.assert_close(x.grad, step.matrix.to_dense().T @ weight)


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_what_is_left_out_of_a_step_changes_nothing(layers):
    """People start as nothing and items alone are asked for: the mean over layers is as of all."""
    graph = random_graph()
    matrix = propagation_matrix(graph, likes_of(1, 5, 12), np.ones(6, "f4"))
    network = GraphNetwork(graph.n_nodes, 12, 5, 8, 5)
    text = torch.randn(graph.n_nodes, 5)
    known = torch.ones(graph.n_nodes, 1)
    told = GraphTensors(steps(matrix, graph.n_nodes, 12, layers), text, known, 12)
    with torch.no_grad():
        start = (network.node + text @ network.text).numpy()
        h = total = np.concatenate([start, np.zeros((5, 8), np.float32)])
        for _ in range(layers):
            h = matrix @ h
            total = total + h
        np.testing.assert_allclose(network(told), total[:12] / (layers + 1), atol=1e-6)


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_the_content_graph_cut_out_gives_the_same_vector(layers):
    """An item's vector depends on its L-hop ego graph alone, to 1e-5."""
    graph = random_graph(3)
    likes = sparse.csr_array((4, graph.n_items), dtype=bool)
    whole = propagation_matrix(graph, likes, np.ones(6, np.float32))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(whole.shape[0], 8)).astype(np.float32)

    def propagate(matrix, start):
        h = total = start
        for _ in range(layers):
            h = matrix @ h
            total = total + h
        return total / (layers + 1)

    everything = propagate(whole, x)
    for item in range(graph.n_items):
        nodes = ego_graph(graph, item, layers).nodes
        alone = propagate(whole[nodes][:, nodes], x[nodes])
        np.testing.assert_allclose(alone[0], everything[item], atol=1e-5)


def trained(seed: int = 1, epochs: int = 3):
    graph = random_graph()
    rng = np.random.default_rng(2)
    histories = [
        History(rng.integers(0, 12, 7).astype(np.int32), np.ones(7, np.float32)) for _ in range(20)
    ]
    rows = np.repeat(np.arange(20), 7)
    items = np.concatenate([history.items for history in histories])
    likes = sparse.csr_array((np.ones(140, bool), (rows, items)), shape=(20, 12))
    likes.sum_duplicates()
    text = rng.normal(size=(30, 5)).astype(np.float32)
    evidence = GraphData.of(graph, text, likes, np.ones(6, np.float32))
    settings = NetworkSettings(0.2, 2, 8, 1, 0.01, epochs)
    return train(evidence, NextItem(histories, 5), settings, seed), evidence, histories


def test_numpy_attends_as_torch_does():
    network, evidence, histories = trained()
    vectors = item_vectors(network, evidence)
    module = GraphNetwork(evidence.graph.n_nodes, 12, 5, 8, 5)
    module.load_state_dict({k: torch.from_numpy(v) for k, v in network.parameters.items()})
    events = torch.from_numpy(vectors.attention.values)
    for history in histories[:5]:
        newest = torch.from_numpy(history.items[-5:].astype(np.int64))
        with torch.no_grad():
            tastes = module.tastes(events[newest][None], torch.ones(1, len(newest), dtype=bool))
        taste = torch.nn.functional.normalize(tastes[0, -1], dim=0).numpy()
        ours = vectors.attention(history) @ vectors.attention.values[history.items]
        np.testing.assert_allclose(ours, taste, atol=1e-5)


def test_a_taste_never_looks_ahead():
    module = GraphNetwork(12, 12, 5, 8, 5)
    sequence = torch.randn(1, 6, 8)
    changed = sequence.clone()
    changed[0, 4:] += 10
    present = torch.ones(1, 6, dtype=torch.bool)
    torch.testing.assert_close(
        module.tastes(sequence, present)[0, :4], module.tastes(changed, present)[0, :4]
    )


def test_training_is_deterministic_and_lowers_nothing_to_nan():
    first, second = trained()[0], trained()[0]
    other = trained(seed=2)[0]
    for name, array in first.parameters.items():
        assert np.isfinite(array).all()
        np.testing.assert_array_equal(array, second.parameters[name])
    assert not np.array_equal(first.parameters["node"], other.parameters["node"])


def test_training_learns_what_follows_what():
    """On a ring every film is followed by the next one; the network finds out."""
    n_items = 10
    graph = graph_of(n_items, [(k, 0, n_items) for k in range(n_items)], n_items + 1)
    histories = [
        History(((start + np.arange(6)) % n_items).astype(np.int32), np.ones(6, np.float32))
        for start in np.random.default_rng(0).integers(0, n_items, 80)
    ]
    rows = np.repeat(np.arange(80), 6)
    items = np.concatenate([history.items for history in histories])
    likes = sparse.csr_array((np.ones(480, bool), (rows, items)), shape=(80, n_items))
    evidence = GraphData.of(
        graph, np.zeros((n_items + 1, 1), np.float32), likes, np.ones(2, np.float32)
    )
    network = train(
        evidence, NextItem(histories, 200), NetworkSettings(0.2, 2, 16, 1, 0.01, 30), seed=1
    )
    vectors = item_vectors(network, evidence)
    scores = vectors.kernel.score(attend(histories, vectors.attention, n_items))
    seen = sparse.csr_array((np.ones(480, bool), (rows, items)), shape=(80, n_items))
    best = top_k(scores, seen, 1)[:, 0]
    right = np.array([(history.items[-1] + 1) % n_items for history in histories])
    assert (best == right).mean() > 0.9


@pytest.mark.parametrize("kind", ["table", "factors", "features"])
def test_some_items_score_what_they_score_among_all(kind: str) -> None:
    rng = np.random.default_rng(0)
    dense = rng.random((6, 4), dtype=np.float32)
    kernel = {
        "table": TableKernel(rng.random((6, 6), dtype=np.float32)),
        "factors": FactorKernel(dense, rng.random((6, 4), dtype=np.float32)),
        "features": FeatureKernel(sparse.csr_array(dense)),
    }[kind]
    attention = sparse.csr_array(np.array([[1, 0, 0.5, 0, 0, 0]], dtype=np.float32))
    among = np.array([True, False, True, False, True, True])
    assert kernel.score(attention, among) == pytest.approx(kernel.score(attention)[:, among])


def test_whole_sets_learn_a_checkerboard() -> None:
    """Black squares go with black ones; people and a shared fact say so, and no order."""
    rng = np.random.default_rng(0)
    colour = np.arange(20) % 2
    likes = sparse.csr_array((rng.random((60, 20)) < 0.4) & (colour == np.arange(60)[:, None] % 2))
    graph = graph_of(20, [(k, 0, 20 + k % 2) for k in range(20)], 22)
    evidence = GraphData.of(graph, np.zeros((22, 1), np.float32), likes, np.ones(2, np.float32))
    settings = NetworkSettings(0.2, 2, 8, heads=2, learning_rate=0.02, epochs=100)
    vectors = item_vectors(train(evidence, SetCompletion(likes), settings, seed=1), evidence)
    people = [History(row.indices, np.ones(row.nnz, np.float32)) for row in likes]
    scores = vectors.kernel.score(attend(people, vectors.attention, 20))
    assert (colour[top_k(scores, likes, 2)] == np.arange(60)[:, None] % 2).all()


def test_the_softmax_by_hand() -> None:
    """Two heads of two dimensions, one taste, three items, temperature ½."""
    taste = torch.tensor([[2.0, 0, 0, 3]], dtype=torch.float64, requires_grad=True)
    items = torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0], [-1, 0, 0, -1]], dtype=torch.float64)
    settings = NetworkSettings(0.5, 0, 2, heads=2, learning_rate=0.01, epochs=1)
    none = torch.zeros(1, dtype=torch.int64)

    def asked(tastes: torch.Tensor) -> torch.Tensor:
        rng = np.random.default_rng(0)
        return loss(Batch(tastes, none, none), items, settings, len(items), rng)

    wanted = -2 + np.log(np.exp([2, 0, -2]).sum())
    assert asked(taste).item() == pytest.approx(wanted)
    assert torch.autograd.gradcheck(asked, (taste,))


def test_leaves_join_nothing() -> None:
    """A value that one item alone has, told from both sides, is cut off; a shared one stays."""
    graph = graph_of(2, [(0, 0, 2), (2, 1, 0), (0, 0, 3), (1, 0, 3)], 4)
    likes = sparse.csr_array(np.ones((1, 2), dtype=bool))
    evidence = GraphData.of(graph, np.zeros((4, 1), np.float32), likes, np.ones(4, np.float32))
    assert evidence.graph.node_ids == ["e1"]


def test_groups_are_features_that_several_items_share() -> None:
    graph = graph_of(3, [(0, 0, 3), (1, 0, 3), (2, 0, 4), (1, 1, 4), (2, 1, 4)], 5)
    item_features = ItemFeatures(graph, np.zeros((5, 1), np.float32), no_words(3))
    assert item_features.groups.toarray().tolist() == [[True, True, False], [False, True, True]]
    likes = sparse.csr_array(np.array([[1, 0, 1]], dtype=bool))
    assert filters.gram(likes, item_features.groups).tolist() == [[2, 1, 1], [1, 2, 1], [1, 1, 2]]


def test_co_engagement_by_hand() -> None:
    """Two people, (a, b) and (a, c): D^(-s) Xᵀ Dᵤ^(-p) X D^(-t) for s = 1, p = 1, t = ½."""
    likes = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 1]], dtype=bool))
    table = filters.co_engagement(likes, 1.0, 1.0, 0.5).toarray()
    wanted = [[0, 0.25, 0.25], [0.5 / np.sqrt(2), 0, 0], [0.5 / np.sqrt(2), 0, 0]]
    np.testing.assert_allclose(table, wanted, rtol=1e-6)
    cosine = filters.co_engagement(CHECKERBOARD, 0.5, 0.0, 0.5).toarray()
    np.testing.assert_allclose(cosine, filters.item_knn(CHECKERBOARD, 4).toarray(), rtol=1e-6)


def test_scores_that_are_no_numbers_find_nothing() -> None:
    """A network that diverged must not look perfect to what stops it."""
    wanted = sparse.csr_array(np.array([[0, 1, 0]], dtype=bool))
    objective = Objective.of(sparse.csr_array((1, 3), dtype=bool), wanted, np.arange(1))
    assert objective(np.array([[0, 1, 0]], np.float32)) == 1
    assert objective(np.array([[0, np.nan, 0]], np.float32)) == 0
    assert objective(np.full((1, 3), np.nan, np.float32)) == 0
