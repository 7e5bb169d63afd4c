"""Who likes what: counts beside their definition, and the network taken apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.explain import support
from tastegraph.explain.explainer import reasons_for
from tastegraph.explain.reason import Reason
from tastegraph.explain.support import TextSimilarity, UserCounts
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import KNOWN, NETWORK, NEW, TEXT, SimilarityComponent
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.training import GraphData, item_vectors
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, NetworkKernel
from tastegraph.profiles import likers as likers_module
from tastegraph.profiles.association import associate
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers

# Five people, four items: 0 and 1 are liked together by three, 3 by nobody.
LIKES = np.array(
    [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]], dtype=np.bool_
)


def test_people_of_both_items_are_counted():
    likers = Likers.of_user_items(sparse.csr_array(LIKES))
    assert likers.of(0).tolist() == [0, 1, 2, 3]
    assert likers.number(np.arange(4)).tolist() == [4, 3, 3, 0]
    assert likers.both(np.array([0, 1, 2, 3]), 2).tolist() == [2, 1, 3, 0]
    assert likers.how_many(np.array([1, 2])).tolist() == [1, 1, 2, 1, 1]
    assert likers.active == 5
    assert Likers.nobody(4).both(np.array([0, 3]), 1).tolist() == [0, 0]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 1, 32]))
def test_counts_are_those_of_the_matrix(seed, sparse_from):
    rng = np.random.default_rng(seed)
    likes = rng.random((rng.integers(1, 30), 8)) < rng.random()
    likers = Likers.of_user_items(sparse.csr_array(likes))
    items = rng.integers(0, 8, 5)
    before, likers_module.SPARSE = likers_module.SPARSE, sparse_from
    try:
        for target in range(8):
            expected = (likes[:, items] & likes[:, [target]]).sum(axis=0)
            assert likers.both(items, target).tolist() == expected.tolist()
    finally:
        likers_module.SPARSE = before
    assert likers.how_many(np.unique(items)).tolist() == likes[:, np.unique(items)].sum(1).tolist()


def test_it_is_said_of_people_only_where_there_are_some():
    likers = Likers.of_user_items(sparse.csr_array(LIKES))
    graph = a_graph()
    people = UserCounts(likers, associate(graph))
    reason = Reason("behaviour", 1.0, event=0)
    said = people.of_both_items(reason, 0, 1, alike=True)
    assert (said.kind, said.support) == ("behaviour", 3)
    assert people.of_both_items(reason, 0, 3, alike=True).kind == "learned"
    # Of the four who like item 0 two like item 2, of all five three: 1/2 < 3/5.
    said = people.of_both_items(reason, 0, 2, alike=False)
    assert (said.kind, said.support) == ("behaviour", 2)
    # Of the four three like item 1, of all five three: that is not less.
    said = people.of_both_items(reason, 0, 1, alike=False)
    assert (said.kind, said.support) == ("learned", None)


def a_graph() -> KnowledgeGraph:
    """Items 1, 2 and 3 have the entity 4."""
    return KnowledgeGraph(
        ["a", "b", "c", "d"], ["x"], ["A", "B", "C", "D", "X"], ["has"],
        np.array([1, 2, 3], np.int32), np.zeros(3, np.int32), np.array([4, 4, 4], np.int32),
        np.arange(3), np.ones(3, np.float32),
    )  # fmt: skip


def test_people_who_like_something_else_with_a_feature_are_counted():
    associations = associate(a_graph())
    (feature,) = np.flatnonzero(associations.node == 4)
    people = UserCounts(Likers.of_user_items(sparse.csr_array(LIKES)), associations)
    reason = Reason("affinity", 1.0, event=0, feature=int(feature))
    # Beside the target 3 the feature is had by 1 and 2: all four likers of 0 like one of them.
    assert people.of_feature(reason, 0, 3, alike=True).support == 4
    # Beside the target 2 it is had by 1 and 3, of which three like 1 …
    assert people.of_feature(reason, 0, 2, alike=True).support == 3
    # … and of those who like 1 nobody likes 3, which alone is neither of the two.
    assert people.of_feature(reason, 1, 2, alike=True).kind == "facts"


# Texts.


def test_what_is_much_alike_is_among_the_nearest_tenth(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors[7] = 0
    told = TextSimilarity(FactorKernel(vectors, vectors))
    for item in (0, 5):
        similarity = vectors @ vectors[item]
        others = np.setdiff1d(np.arange(200), [item, 7])
        order = others[np.argsort(-similarity[others])]
        assert [told.is_near(item, k) for k in order[[0, 18, 22, 100]]] == [
            True,
            True,
            False,
            False,
        ]
        assert [told.is_far(item, k) for k in order[[-1, -18, -24, 100]]] == [
            True,
            True,
            False,
            False,
        ]
    assert told.percentile(0, 7) is None
    assert told.percentile(7, 0) is None
    monkeypatch.setattr(support, "TEXT_SAMPLE_SIZE", 50)
    assert TextSimilarity(FactorKernel(vectors, vectors)).percentile(0, 3) == pytest.approx(
        told.percentile(0, 3), abs=0.2
    )


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
    # Item 0 has no fact and, through people and two steps, reaches none: a fact says nothing.
    assert not kernel.facts[0].any()
    assert kernel.facts[3].any()
    # Without texts there is no portion of texts, and without learned vectors nothing else.
    dumb = item_vectors(network, evidence_of(rng, np.zeros((5, 3)))).kernel
    assert not dumb.text.any()
    network.parameters["node"][:] = 0
    network.parameters["text"][:] = network.parameters["text"]
    only = item_vectors(network, evidence_of(rng, np.vstack([text[:4], np.zeros((1, 3))]))).kernel
    np.testing.assert_allclose(only.text, only.right, atol=2e-3)


def test_the_network_speaks_of_people_only_for_its_items_own_part():
    """Item 3 is liked by nobody: all that its own vector says is what was learned."""
    rng = np.random.default_rng(2)
    left, right, text, facts = rng.normal(size=(4, 4, 6)).astype(np.float32)
    kernel = NetworkKernel(left, right, text.astype(np.float16), facts.astype(np.float16))
    blend = {who: {NETWORK: 1.0} for who in (KNOWN, NEW)}

    def attention(history):
        return np.abs(history.weights)

    model = HybridModel(
        {NETWORK: SimilarityComponent(attention, kernel)}, Blend(blend, blend), np.ones(4, bool),
        np.arange(4),
        LIKES.sum(axis=0), likers=Likers.of_user_items(sparse.csr_array(LIKES)),
    )  # fmt: skip
    ranked = model.rank(History(np.array([0, 1], np.int32), np.ones(2, np.float32)))
    for target, kind in ((2, "behaviour"), (3, "learned")):
        reasons = reasons_for(model, associate(a_graph()), ranked, target)
        assert sum(r.share for r in reasons) == pytest.approx(ranked.scores[target], rel=1e-4)
        assert {r.kind for r in reasons} <= {"behaviour", "learned", "text", "facts"}
        assert {"text", "facts", kind} <= {r.kind for r in reasons}
        supports = {r.event: r.support for r in reasons if r.kind == "behaviour"}
        assert all(supports[event] == (2, 1)[event] for event in supports)
    assert not any(r.kind == "behaviour" for r in reasons)


def test_what_a_score_holds_beside_a_history_is_popularity():
    kernel = FactorKernel(*np.ones((2, 4, 2), np.float32))
    blend = {who: {TEXT: 1.0} for who in (KNOWN, NEW)}
    model = HybridModel(
        {TEXT: SimilarityComponent(lambda history: history.weights, kernel)}, Blend(blend, blend),
        np.ones(4, bool), np.arange(4), LIKES.sum(axis=0),
    )  # fmt: skip
    ranked = model.rank(History(np.array([0], np.int32), np.ones(1, np.float32)))
    priors = {"popularity": np.array([0, 0.5, 0.25, -1], np.float32)}
    priors["recent popularity"] = np.array([0, 0, 2, 0], np.float32)
    object.__setattr__(ranked, "priors", priors)
    found = {
        target: [
            (r.share, r.support, r.recent)
            for r in reasons_for(model, associate(a_graph()), ranked, target)
            if r.kind == "popularity"
        ]
        for target in range(4)
    }
    assert found == {0: [], 1: [(0.5, 3, False)], 2: [(2.0, 3, True), (0.25, 3, False)],
                     3: [(-1.0, 0, False)]}  # fmt: skip
