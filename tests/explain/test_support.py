"""Claims of a sentence: users are counted, texts compared with other texts."""

import numpy as np
import pytest
from scipy import sparse

from tastegraph.explain import support
from tastegraph.explain.explainer import reasons_for
from tastegraph.explain.reason import Reason
from tastegraph.explain.support import TextSimilarity, UserCounts
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import KNOWN, NETWORK, NEW, TEXT, SimilarityComponent
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import associate
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers
from tests.support.path_kernels import random_path_kernel

# Five users, four items: 0 and 1 are liked together by three, 3 by nobody.
LIKES = np.array(
    [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]], dtype=np.bool_
)


def small_graph() -> KnowledgeGraph:
    """Items 1, 2 and 3 have the entity 4."""
    return KnowledgeGraph(
        ["a", "b", "c", "d"], ["x"], ["A", "B", "C", "D", "X"], ["has"],
        np.array([1, 2, 3], np.int32), np.zeros(3, np.int32), np.array([4, 4, 4], np.int32),
        np.arange(3), np.ones(3, np.float32),
    )  # fmt: skip


def test_reason_speaks_of_users_only_where_some_like_both():
    counts = UserCounts(Likers.of_user_items(sparse.csr_array(LIKES)), associate(small_graph()))
    reason = Reason("behaviour", 1.0, event=0)
    counted = counts.of_both_items(reason, 0, 1, alike=True)
    assert (counted.kind, counted.support) == ("behaviour", 3)
    assert counts.of_both_items(reason, 0, 3, alike=True).kind == "learned"
    # Of the four who like item 0 two like item 2, of all five three: 1/2 < 3/5.
    counted = counts.of_both_items(reason, 0, 2, alike=False)
    assert (counted.kind, counted.support) == ("behaviour", 2)
    # Of the four three like item 1, of all five three: that is not less.
    counted = counts.of_both_items(reason, 0, 1, alike=False)
    assert (counted.kind, counted.support) == ("learned", None)


def test_users_who_like_the_feature_elsewhere_are_counted():
    associations = associate(small_graph())
    (feature,) = np.flatnonzero(associations.node == 4)
    counts = UserCounts(Likers.of_user_items(sparse.csr_array(LIKES)), associations)
    reason = Reason("affinity", 1.0, event=0, feature=int(feature))
    # Beside the target 3 the feature is had by 1 and 2: all four likers of 0 like one of them.
    assert counts.of_feature(reason, 0, 3, alike=True).support == 4
    # Beside the target 2 it is had by 1 and 3, of which three like 1 …
    assert counts.of_feature(reason, 0, 2, alike=True).support == 3
    # … and of those who like 1 nobody likes 3, which alone is neither of the two.
    assert counts.of_feature(reason, 1, 2, alike=True).kind == "facts"


def test_near_text_is_in_the_nearest_tenth(monkeypatch):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors[7] = 0
    similarities = TextSimilarity(FactorKernel(vectors, vectors))
    for item in (0, 5):
        similarity = vectors @ vectors[item]
        others = np.setdiff1d(np.arange(200), [item, 7])
        order = others[np.argsort(-similarity[others])]
        assert [similarities.is_near(item, k) for k in order[[0, 18, 22, 100]]] == [
            True,
            True,
            False,
            False,
        ]
        assert [similarities.is_far(item, k) for k in order[[-1, -18, -24, 100]]] == [
            True,
            True,
            False,
            False,
        ]
    assert similarities.percentile(0, 7) is None
    assert similarities.percentile(7, 0) is None
    monkeypatch.setattr(support, "TEXT_SAMPLE_SIZE", 50)
    assert TextSimilarity(FactorKernel(vectors, vectors)).percentile(0, 3) == pytest.approx(
        similarities.percentile(0, 3), abs=0.2
    )


def test_network_speaks_of_users_only_where_counts_say_so():
    """No user likes item 3: all reasons of its own vector are of the kind ``learned``."""
    rng = np.random.default_rng(2)
    left, right = rng.normal(size=(2, 4, 6)).astype(np.float32)
    associations = associate(small_graph())
    kernel = random_path_kernel(rng, left, right, associations)
    blend = {segment: {NETWORK: 1.0} for segment in (KNOWN, NEW)}

    def attention(history):
        return np.abs(history.weights)

    model = HybridModel(
        {NETWORK: SimilarityComponent(attention, kernel)}, Blend(blend, blend), np.ones(4, bool),
        np.arange(4),
        LIKES.sum(axis=0), likers=Likers.of_user_items(sparse.csr_array(LIKES)),
    )  # fmt: skip
    ranked = model.rank(History(np.array([0, 1], np.int32), np.ones(2, np.float32)))
    for target, kind in ((2, "behaviour"), (3, "learned")):
        reasons = reasons_for(model, associations, ranked, target)
        assert sum(r.share for r in reasons) == pytest.approx(ranked.scores[target], rel=1e-3)
        features = {r.feature for r in reasons if r.feature is not None}
        at = associations.of_item(target)
        assert features <= set(associations.strength.indices[at].tolist())
        assert {"text", kind} <= {r.kind for r in reasons}
        supports = {r.event: r.support for r in reasons if r.kind == "behaviour"}
        assert all(supports[event] == (2, 1)[event] for event in supports)
    assert not any(r.kind == "behaviour" for r in reasons)


def test_priors_are_reasons_of_popularity():
    kernel = FactorKernel(*np.ones((2, 4, 2), np.float32))
    blend = {segment: {TEXT: 1.0} for segment in (KNOWN, NEW)}
    model = HybridModel(
        {TEXT: SimilarityComponent(lambda history: history.weights, kernel)}, Blend(blend, blend),
        np.ones(4, bool), np.arange(4), LIKES.sum(axis=0),
    )  # fmt: skip
    ranked = model.rank(History(np.array([0], np.int32), np.ones(1, np.float32)))
    priors = {"popularity": np.array([0, 0.5, 0.25, -1], np.float32)}
    priors["recent popularity"] = np.array([0, 0, 2, 0], np.float32)
    object.__setattr__(ranked, "priors", priors)
    popularity = {
        target: [
            (r.share, r.support, r.recent)
            for r in reasons_for(model, associate(small_graph()), ranked, target)
            if r.kind == "popularity"
        ]
        for target in range(4)
    }
    assert popularity == {0: [], 1: [(0.5, 3, False)], 2: [(2.0, 3, True), (0.25, 3, False)],
                     3: [(-1.0, 0, False)]}  # fmt: skip
