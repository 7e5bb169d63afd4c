"""Counts of users who like items, and the portions of the graph network's vectors."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.training import GraphData, item_vectors
from tastegraph.models.kernels import NetworkKernel
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


def a_graph() -> KnowledgeGraph:
    """Items 1, 2 and 3 have the entity 4."""
    return KnowledgeGraph(
        ["a", "b", "c", "d"], ["x"], ["A", "B", "C", "D", "X"], ["has"],
        np.array([1, 2, 3], np.int32), np.zeros(3, np.int32), np.array([4, 4, 4], np.int32),
        np.arange(3), np.ones(3, np.float32),
    )  # fmt: skip


# The network.


def trained(rng, evidence, dimensions=4):
    nodes, items = evidence.graph.n_nodes, evidence.graph.n_items
    shapes = {
        "node": (nodes, dimensions), "event": (items, dimensions),
        "text": (evidence.text.shape[1], dimensions), "query": (dimensions, dimensions),
        "query_bias": (dimensions,), "key": (dimensions, dimensions), "position": (5,), "decay": (),
    }  # fmt: skip
    parameters = {
        name: np.asarray(rng.normal(size=shape), dtype=np.float32) for name, shape in shapes.items()
    }
    settings = NetworkSettings(0.1, 2, dimensions // 2, 2, 0.01, 1)
    return TrainedNetwork(parameters, evidence.graph.item_ids, evidence.graph.node_ids, settings)


def evidence_of(rng, text):
    likes = sparse.csr_array(LIKES)
    return GraphData(a_graph(), text.astype(np.float32), likes, np.ones(2, np.float32))


def test_portions_sum_to_the_vector_and_are_what_they_are_called():
    rng = np.random.default_rng(1)
    text = rng.normal(size=(5, 3))
    evidence = evidence_of(rng, text)
    network = trained(rng, evidence)
    kernel = item_vectors(network, evidence).kernel
    assert isinstance(kernel, NetworkKernel)
    items = np.array([0, 1, 2], np.int32)
    for target in range(4):
        whole = np.sum(kernel.portions(items, target), axis=0)
        np.testing.assert_allclose(whole, kernel.between(items, target), atol=1e-5)
    # Item 0 has no fact and, through users and two steps, reaches none: a fact says nothing.
    assert not kernel.facts[0].any()
    assert kernel.facts[3].any()
    # Without texts there is no portion of texts, and without learned vectors nothing else.
    dumb = item_vectors(network, evidence_of(rng, np.zeros((5, 3)))).kernel
    assert not dumb.text.any()
    network.parameters["node"][:] = 0
    network.parameters["text"][:] = network.parameters["text"]
    only = item_vectors(network, evidence_of(rng, np.vstack([text[:4], np.zeros((1, 3))]))).kernel
    np.testing.assert_allclose(only.text, only.right, atol=2e-3)
