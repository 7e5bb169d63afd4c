"""Reasons: which of them a short list has, and that all of them sum to the score."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.explain.explainer import Explainer, Reason, reasons_for, shortlist
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    TEXT,
    SimilarityComponent,
)
from tastegraph.models.graph_network.component import GraphNetworkComponent
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.knowledge import knowledge_features
from tastegraph.profiles.association import ITSELF, Associations, associate
from tastegraph.profiles.attention import Recency, SequenceAttention, attend
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers
from tests.support.path_kernels import random_path_kernel

reason_lists = st.lists(
    st.builds(
        Reason,
        kind=st.sampled_from(["behaviour", "knowledge", "text"]),
        share=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 4.0]),
        event=st.integers(0, 3),
        events=st.sampled_from([1, 2, 40]),
    ),
    max_size=10,
)


@given(reason_lists, st.integers(0, 6))
def test_shortlist_is_positive_and_of_every_kind(reasons, max_reasons):
    shortlisted = shortlist(reasons, max_reasons, 0.0)
    positive = [r for r in reasons if r.share > 0]
    assert len(shortlisted) == min(max_reasons, len(positive))
    assert all(r in positive for r in shortlisted)
    assert [r.share for r in shortlisted] == sorted((r.share for r in shortlisted), reverse=True)
    kinds = {r.kind for r in positive}
    assert len({r.kind for r in shortlisted}) == min(max_reasons, len(kinds))


def test_large_share_per_event_goes_first():
    alone = Reason("knowledge", 0.5, event=0, feature=1)
    many = Reason("knowledge", 4.0, event=0, feature=2, events=40)
    assert shortlist([many, alone], 1, 4.5) == [alone]
    assert shortlist([alone, many], 2, 4.5) == [many, alone]


def test_small_reason_of_another_kind_goes_before_a_third_of_the_same():
    reasons = [Reason("behaviour", 3.0 - k, event=k) for k in range(3)]
    text = Reason("text", 0.1, event=0)
    assert shortlist([*reasons, text], 3, 6.1) == [*reasons[:2], text]


def test_share_below_a_hundredth_is_left_out_unless_there_is_no_other():
    large, small = Reason("behaviour", 3.0, event=0), Reason("text", 0.01, event=0)
    assert shortlist([large, small], 3, 3.01) == [large]
    assert shortlist([small], 3, 3.01) == [small]


N, NODES = 7, 5


def small_model(rng):
    """A random model with every kind of component, over a random graph, some items cold."""
    n_edges = int(rng.integers(0, 30))
    table = rng.integers(0, [N, 2, N + NODES], (n_edges, 3))
    table = np.unique(table[table[:, 0] != table[:, 2]], axis=0).astype(np.int32)
    graph = KnowledgeGraph(
        [f"i{k}" for k in range(N)], [f"n{k}" for k in range(NODES)], [""] * (N + NODES),
        ["r", "s"], table[:, 0], table[:, 1], table[:, 2],
        np.arange(len(table), dtype=np.int64),
        rng.uniform(0.5, 1, len(table)).astype(np.float32),
    )  # fmt: skip
    associations = associate(graph)
    weights = rng.uniform(0.5, 1, 4).astype(np.float32)
    features = FeatureKernel(knowledge_features(associations, weights))
    behaviour = rng.normal(size=(N, N)).astype(np.float32)
    np.fill_diagonal(behaviour, 0)
    left, right, values = rng.normal(size=(3, N, 4)).astype(np.float32)
    network = random_path_kernel(rng, values, right, associations)
    query, key = left[:4], right[:4]
    no_bias = np.zeros(4, np.float32), np.zeros(5, np.float32)
    attention = SequenceAttention(values, query, key, *no_bias)
    parts = {
        BEHAVIOUR: SimilarityComponent(Recency(3.0, 0.5), TableKernel(behaviour)),
        NETWORK: GraphNetworkComponent(attention, network),
        KNOWLEDGE: SimilarityComponent(Recency(None, 1.0), features),
        TEXT: SimilarityComponent(Recency(10.0, 1.0), FactorKernel(left, left)),
    }
    blend = Blend(
        warm={s: {p: float(rng.uniform(0.1, 1)) for p in parts} for s in ("new", "known")},
        cold={"new": {KNOWLEDGE: 1.0, TEXT: 0.3}, "known": {TEXT: 0.5}},
    )
    warm = rng.random(N) < 0.8
    likers = Likers.of_user_items(sparse.csr_array(rng.random((9, N)) < 0.3))
    counts = likers.number(np.arange(N))
    return HybridModel(parts, blend, warm, np.arange(N), counts, likers=likers), associations, graph


def small_history(rng):
    size = int(rng.integers(0, 9))
    return History(
        rng.integers(0, N, size).astype(np.int32),
        rng.choice([1.0, 0.5, 0.3, -0.3, -1.0], size).astype(np.float32),
    )


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_one_history_and_a_batch_have_equal_scores(seed):
    rng = np.random.default_rng(seed)
    model, _, _ = small_model(rng)
    histories = [small_history(rng) for _ in range(3)]
    for component in model.components.values():
        together = component.kernel.score(attend(histories, component.attention, N))
        for row, history in zip(together, histories, strict=True):
            weights = component.attention(history)
            alone = component.kernel.row(history.items, weights)
            np.testing.assert_allclose(alone, row, atol=1e-4)
            for target in range(N):
                shares = weights * component.kernel.between(history.items, np.array([target]))[:, 0]
                assert shares.sum() == pytest.approx(row[target], abs=1e-4)


def test_a_reason_without_a_name_is_left_out_unless_there_is_no_other():
    nameless, named = Reason("knowledge", 3.0, 0, feature=1), Reason("knowledge", 1.0, 0, feature=2)
    liked = Reason("behaviour", 2.0, 0)
    assert shortlist([nameless, named, liked], 2, 6.0) == [nameless, liked]
    assert shortlist([nameless, named, liked], 2, 6.0, lambda f: f == 2) == [liked, named]
    assert shortlist([nameless, liked], 2, 6.0, lambda f: f == 2) == [liked]
    assert shortlist([nameless], 2, 6.0, lambda f: f == 2) == [nameless]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_shortlist_equals_shortlist_of_all_reasons(seed, max_reasons):
    rng = np.random.default_rng(seed)
    model, associations, _ = small_model(rng)
    history = small_history(rng)
    ranked = model.rank(history)
    explainer = Explainer(model, associations, ranked)
    for target in set(range(N)) - set(history.items.tolist()):
        actual = explainer.shortlist(target, max_reasons)
        score = float(ranked.scores[target])
        expected = shortlist(explainer.reasons(target), max_reasons, score)
        assert [r.share for r in actual] == pytest.approx([r.share for r in expected], rel=1e-4)
        assert [r.kind for r in actual] == [r.kind for r in expected]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
@example(362880)  # one item is liked and disliked: 1e-8 is left of 4 in float32
@example(1024)
def test_reasons_sum_to_the_score(seed):
    rng = np.random.default_rng(seed)
    model, associations, graph = small_model(rng)
    history = small_history(rng)
    ranked = model.rank(history)
    for target in set(range(N)) - set(history.items.tolist()):
        reasons = reasons_for(model, associations, ranked, target)
        score = float(ranked.scores[target])
        assert sum(r.share for r in reasons) == pytest.approx(score, abs=1e-3, rel=1e-3)
        sizes = [abs(r.share) for r in reasons]
        assert all(size < 1e4 for size in sizes)
        assert sizes == sorted(sizes, reverse=True)
        for reason in reasons:
            if reason.kind == "popularity":
                assert (reason.event, reasons) == (None, [reason])
                continue
            start = int(history.items[reason.event])
            assert start != target
            if reason.feature is None:
                assert reason.kind != "knowledge"
                assert reason.facts == ()
                continue
            assert reason.kind in ("knowledge", "affinity", "facts")
            node = int(associations.node[reason.feature])
            assert ITSELF not in reason.facts
            items = (start, target) if reason.kind == "knowledge" else (target,)
            ends = [item for item in items if item != node]
            for item, fact in zip(ends, reason.facts, strict=True):
                assert {int(graph.heads[fact]), int(graph.tails[fact])} == {item, node}


def test_unknown_component_is_explained_by_what_it_declares():
    """Item 0 is in the history; the component says that item 1 is near to it, by facts."""

    class Neighbours(SimilarityComponent):
        name, reason = "neighbours", "knowledge"

    table = np.array([[0, 2, 0], [2, 0, 0], [0, 0, 0]], np.float32)
    blend = {segment: {Neighbours.name: 1.0} for segment in (KNOWN, NEW)}
    model = HybridModel(
        components={Neighbours.name: Neighbours(Recency(), TableKernel(table))},
        blend=Blend(blend, blend),
        warm=np.ones(3, bool),
        rows=np.arange(3),
        popularity=np.ones(3, np.int64),
    )
    ranked = model.rank(History(np.zeros(1, np.int32), np.ones(1, np.float32)))
    edges, ids = [np.zeros(0, np.int32)] * 3, ["a", "b", "c"]
    no_facts = KnowledgeGraph(ids, [], ids, [], *edges, np.arange(0), np.zeros(0, np.float32))
    (reason,) = reasons_for(model, associate(no_facts), ranked, 1)
    assert (reason.kind, reason.feature, reason.event) == ("facts", None, 0)
    assert reason.share == pytest.approx(ranked.scores[1])


def feature_model(table):
    """A model that ranks by these features alone, float32[I, features]."""
    strength = sparse.csr_array(table.astype(np.float32))
    n, width = strength.shape
    blend = {segment: {KNOWLEDGE: 1.0} for segment in ("new", "known")}
    associations = Associations(
        strength,
        facts=np.arange(strength.nnz),
        relation=np.zeros(width, np.int32),
        reverse=np.zeros(width, np.bool_),
        node=np.arange(n, n + width, dtype=np.int32),
    )
    parts = {KNOWLEDGE: SimilarityComponent(Recency(3.0, 1.0), FeatureKernel(strength))}
    model = HybridModel(parts, Blend(blend, blend), np.ones(n, bool), np.arange(n), np.ones(n, int))
    return model, associations


def test_reasons_of_an_item_without_shared_features_sum_to_the_score():
    """Items 0 and 1 have features that no other item has."""
    for seed in range(20):
        table = np.zeros((8, 12))
        rng = np.random.default_rng(seed)
        table[0, :3], table[1, 3:6], table[2:, 6:] = rng.random(3), rng.random(3), 0.5
        model, associations = feature_model(table)
        history = History(np.array([0, 1], np.int32), np.array([1, 0.3], np.float32))
        ranked = model.rank(history)
        shares = sum(r.share for r in reasons_for(model, associations, ranked, 0))
        assert shares == pytest.approx(ranked.scores[0], abs=1e-4)


def test_item_that_is_in_the_history_more_than_once_is_explained():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        model, associations = feature_model(rng.random((8, 6)) * (rng.random((8, 6)) < 0.4))
        weights = rng.choice([1, 0.3, -0.5], 9).astype(np.float32)
        ranked = model.rank(History(rng.integers(0, 3, 9).astype(np.int32), weights))
        for target in range(3):
            explainer = Explainer(model, associations, ranked)
            reasons, shortlisted = explainer.reasons(target), explainer.shortlist(target, 3)
            score = float(ranked.scores[target])
            assert sum(r.share for r in reasons) == pytest.approx(score, abs=1e-3)
            assert all(r.share > 0 for r in shortlisted)
            positive = [r for r in reasons if r.share > 1e-3]
            assert min(len(positive), 1) <= len(shortlisted) <= min(len(reasons), 3)


def test_large_share_of_many_events_is_not_displaced_by_tiny_ones():
    """Feature 0 is shared with 200 events, each worth 1; features 1 to 3 with one, worth 1.5."""
    rows = np.repeat(np.arange(204), [1] * 203 + [4])
    columns = np.array([0] * 200 + [1, 2, 3] + [0, 1, 2, 3])
    values = np.array([1.0] * 200 + [1.5] * 3 + [1.0] * 4, dtype=np.float32)
    features = sparse.csr_array((values, (rows, columns)), shape=(204, 4))
    associations = Associations(
        strength=features,
        facts=np.arange(207),
        relation=np.zeros(4, np.int32),
        reverse=np.zeros(4, bool),
        node=np.arange(204, 208, dtype=np.int32),
    )
    weights = {segment: {KNOWLEDGE: 1.0} for segment in (KNOWN, NEW)}
    model = HybridModel(
        components={KNOWLEDGE: SimilarityComponent(Recency(), FeatureKernel(features))},
        blend=Blend(weights, weights),
        warm=np.ones(204, bool),
        rows=np.arange(204),
        popularity=np.ones(204, np.int64),
    )
    history = History(np.arange(203, dtype=np.int32), np.ones(203, np.float32))
    ranked = model.rank(history)
    (reason,) = Explainer(model, associations, ranked).shortlist(203, 3)
    assert (reason.feature, reason.events) == (0, 200)
    assert reason.share == pytest.approx(ranked.scores[203] * 200 / 204.5, rel=1e-4)
