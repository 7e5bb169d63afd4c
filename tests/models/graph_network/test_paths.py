"""What a linear network's vectors are made of: their own, texts, and what each feature sends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.config import Convolution
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.training import GraphData, item_vectors
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import Associations, associate
from tests.support.small_graphs import graph_of, random_graph


def network_of(
    rng: np.random.Generator,
    data: GraphData,
    layers: int = 2,
    heads: int = 2,
    convolution: Convolution = "linear",
) -> TrainedNetwork:
    """A network with random parameters, two dimensions in each head."""
    graph, width = data.graph, 2 * heads
    shapes = {
        "node": (graph.n_nodes, width), "event": (graph.n_items, width),
        "text": (data.text.shape[1], width), "query": (width, width),
        "query_bias": (width,), "key": (width, width), "position": (5,), "decay": (),
    }  # fmt: skip
    parameters = {
        name: np.asarray(rng.normal(size=shape), dtype=np.float32) for name, shape in shapes.items()
    }
    network = NetworkSettings(0.1, layers, 2, heads, 0.01, 1, convolution)
    return TrainedNetwork(parameters, graph.item_ids, graph.node_ids, network)


def path_kernel_of(
    network: TrainedNetwork, data: GraphData, associations: Associations
) -> NetworkKernel:
    kernel = item_vectors(network, data, associations).kernel
    assert isinstance(kernel, NetworkKernel)
    return kernel


def likes_of(rng: np.random.Generator, n_items: int) -> sparse.csr_array:
    return sparse.csr_array(rng.random((8, n_items)) < 0.3)


def test_one_layer_by_hand() -> None:
    """Without users, z = (x + Âx) / 2; two facts with one entity share its message."""
    graph = graph_of(3, [(0, 0, 3), (1, 0, 3), (1, 1, 3), (2, 1, 3), (0, 0, 4), (1, 0, 4)], 5)
    graph = replace(graph, confidence=np.array([1, 1, 0.5, 1, 1, 1], np.float32))
    nobody = sparse.csr_array((1, 3), dtype=np.bool_)
    kind_weights = np.array([1, 0.5, 0.25, 0.5], np.float32)
    data = GraphData.of(graph, np.zeros((5, 1), np.float32), nobody, kind_weights)
    network = network_of(np.random.default_rng(0), data, layers=1, heads=1)
    associations = associate(graph)
    kernel = path_kernel_of(network, data, associations)
    x = network.parameters["node"]
    # Edges weigh KNOWLEDGE_WEIGHT (½) · weight of the relation (1 or ½) · confidence.
    adjacency = np.zeros((5, 5))
    for head, relation, tail, confidence in zip(
        graph.heads, graph.relation, graph.tails, graph.confidence, strict=True
    ):
        weight = 0.5 * (1, 0.5)[relation] * confidence
        adjacency[head, tail] += weight
        adjacency[tail, head] += weight
    degree = adjacency.sum(axis=0)
    normalized = adjacency / np.sqrt(np.outer(degree, degree))
    z = (x + normalized @ x)[:3] / 2
    lengths = np.linalg.norm(z, axis=1)
    np.testing.assert_allclose(kernel.right, z / lengths[:, None], rtol=1e-5)
    _, features, vectors = kernel.of_features(np.array([1]))
    # Item 1 has entity 3 by relation 0 (confidence ½) and by relation 1, and entity 4.
    by_tie = {
        (int(associations.relation[f]), int(associations.node[f])): vector
        for f, vector in zip(features, vectors, strict=True)
    }
    message = normalized[1, 3] * x[3] / 2 / lengths[1]
    weights = {0: 0.5 * 1 * 0.5, 1: 0.5 * 0.5 * 1}
    for relation, weight in weights.items():
        share = weight / sum(weights.values())
        np.testing.assert_allclose(by_tie[relation, 3], share * message, rtol=2e-3)
    np.testing.assert_allclose(by_tie[0, 4], normalized[1, 4] * x[4] / 2 / lengths[1], rtol=2e-3)
    behaviour, text = (
        whole[:, 0] for whole in kernel.wholes(np.array([0], np.int32), np.array([1]))
    )
    assert not text.any()
    expected = kernel.left[0] @ (x[1] / 2 / lengths[1])
    np.testing.assert_allclose(behaviour, expected, atol=2e-3)


@pytest.mark.parametrize("convolution", ["linear", "LGConv"])
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), layers=st.integers(0, 3), heads=st.integers(1, 3))
def test_portions_sum_to_the_vector(
    convolution: Convolution, seed: int, layers: int, heads: int
) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(seed % 1000)
    text = rng.normal(size=(30, 3)).astype(np.float32)
    data = GraphData.of(graph, text, likes_of(rng, 12), rng.uniform(0.1, 1, 6).astype(np.float32))
    network = network_of(rng, data, layers, heads, convolution)
    kernel = path_kernel_of(network, data, associate(graph))
    items = np.arange(12, dtype=np.int32)
    plain = item_vectors(network, data).kernel
    assert type(plain) is FactorKernel
    np.testing.assert_array_equal(plain.right, kernel.right)
    for target in range(12):
        behaviour, of_text = (whole[:, 0] for whole in kernel.wholes(items, np.array([target])))
        _, _, vectors = kernel.of_features(np.array([target]))
        of_features = np.where(items == target, 0, kernel.left @ vectors.sum(axis=0))
        whole = behaviour + of_text + of_features
        np.testing.assert_allclose(
            whole, kernel.between(items, np.array([target]))[:, 0], atol=1e-3
        )


def text_only(network: TrainedNetwork) -> TrainedNetwork:
    parameters = {name: values.copy() for name, values in network.parameters.items()}
    parameters["node"][:] = 0
    return replace(network, parameters=parameters)


def test_each_portion_is_what_it_is_called() -> None:
    rng = np.random.default_rng(1)
    graph = random_graph()
    nobody = sparse.csr_array((1, 12), dtype=np.bool_)
    text = rng.normal(size=(30, 3)).astype(np.float32)
    text[12:] = 0
    data = GraphData.of(graph, text, nobody, np.ones(6, np.float32))
    network = network_of(rng, data)
    associations = associate(graph)
    items = np.arange(12, dtype=np.int32)
    # Without texts there is no portion of texts.
    dumb = path_kernel_of(network, replace(data, text=0 * data.text), associations)
    assert not dumb.text.any()
    # Without users, and without vectors of their own, items are texts and facts.
    kernel = path_kernel_of(text_only(network), data, associations)
    for target in range(12):
        behaviour, _ = (whole[:, 0] for whole in kernel.wholes(items, np.array([target])))
        np.testing.assert_allclose(behaviour, 0, atol=5e-3)
    # Without edges features send nothing.
    alone = graph.without_edges()
    edgeless = GraphData.of(alone, text, nobody, np.ones(6, np.float32))
    kernel = path_kernel_of(network_of(rng, edgeless), edgeless, associate(alone))
    assert not len(kernel.of_features(np.array([0])).features)


def test_a_leaf_sends_nothing() -> None:
    """A node with one neighbour joins nothing: its feature is there, and is worth 0."""
    graph: KnowledgeGraph = graph_of(2, [(0, 0, 2), (1, 0, 2), (0, 1, 3)], 4)
    likes = sparse.csr_array(np.ones((1, 2), dtype=np.bool_))
    data = GraphData.of(graph, np.zeros((4, 1), np.float32), likes, np.ones(4, np.float32))
    associations = associate(graph)
    kernel = path_kernel_of(network_of(np.random.default_rng(0), data), data, associations)
    _, features, vectors = kernel.of_features(np.array([0]))
    sent = {int(associations.node[f]): v.any() for f, v in zip(features, vectors, strict=True)}
    assert sent == {2: True, 3: False}


def test_an_item_is_a_sender_too() -> None:
    """A fact between two items sends each the other's vector."""
    graph = graph_of(3, [(0, 0, 1), (1, 0, 2)], 3)
    nobody = sparse.csr_array((1, 3), dtype=np.bool_)
    data = GraphData.of(graph, np.zeros((3, 1), np.float32), nobody, np.ones(2, np.float32))
    associations = associate(graph)
    network = network_of(np.random.default_rng(0), data, layers=1, heads=1)
    _, features, vectors = path_kernel_of(network, data, associations).of_features(np.array([1]))
    sending = vectors.any(axis=1)
    ties = list(zip(associations.node[features], associations.reverse[features], strict=True))
    assert {tie for tie, sends in zip(ties, sending, strict=True) if sends} == {
        (2, False), (0, True),
    }  # fmt: skip
