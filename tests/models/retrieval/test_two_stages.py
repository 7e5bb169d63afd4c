"""Candidates first, then exact scores: the list is that of the exhaustive ranking."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    POPULARITY,
    TEXT,
    Prior,
    SimilarityComponent,
)
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.ranked import Quota
from tastegraph.models.retrieval import fit
from tastegraph.models.retrieval.fit import with_index
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.models.retrieval.moments import Moments
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions

ITEMS, USERS, ENTITIES = 400, 90, 7


class Popularity(Prior):
    """A prior of the tests."""

    name = POPULARITY


def model_of(seed, *, weights=None, n_entities=ENTITIES, cold_share=0.2):
    rng = np.random.default_rng(seed)

    def factors(width):
        left, right = rng.normal(size=(2, ITEMS, width)).astype(np.float32)
        left[ITEMS - n_entities :], right[ITEMS - n_entities :] = 0, 0
        return FactorKernel(left, right)

    table = sparse.random_array((ITEMS, ITEMS), density=0.02, rng=rng, dtype=np.float32)
    table.setdiag(0)
    features = sparse.random_array((ITEMS, 60), density=0.05, rng=rng, dtype=np.float32)
    kernels = {
        NETWORK: factors(8),
        TEXT: factors(12),
        BEHAVIOUR: TableKernel(sparse.csr_array(table)),
        KNOWLEDGE: FeatureKernel(sparse.csr_array(features)),
    }
    popularity = rng.integers(0, 50, ITEMS)
    components = {
        name: SimilarityComponent(Recency(4.0, against=0.5), kernel)
        for name, kernel in kernels.items()
    }
    components[POPULARITY] = Popularity(popularity)
    names = [*components]
    warm, cold = weights or rng.uniform(-0.3, 1.0, size=(2, len(names))).tolist()
    return HybridModel(
        components=components,
        blend=Blend(
            {who: dict(zip(names, warm, strict=True)) for who in (KNOWN, NEW)},
            {who: dict(zip(names, cold, strict=True)) for who in (KNOWN, NEW)},
        ),
        warm=rng.random(ITEMS) >= cold_share,
        rows=np.arange(ITEMS),
        popularity=popularity,
        n_entities=n_entities,
    )


def events_of(seed):
    rng = np.random.default_rng(seed)
    users = np.sort(rng.integers(0, USERS, USERS * 12))
    items = rng.integers(0, ITEMS - ENTITIES, len(users))
    return Interactions(
        [f"u{user}" for user in range(USERS)],
        ITEMS,
        users.astype(np.int32),
        items.astype(np.int32),
        np.arange(len(users), dtype=np.float64),
        np.ones(len(users), np.float32),
        np.full(len(users), -1, np.int8),
        ENTITIES,
    )


def history_of(items, weights):
    return History(np.asarray(items, np.int32), np.asarray(weights, np.float32))


@pytest.fixture(autouse=True)
def small_catalogues_have_an_index(monkeypatch):
    monkeypatch.setattr(fit, "EXHAUSTIVE_ITEMS", 0)
    monkeypatch.setattr(fit, "SHAPES", ((20, 60),))


def same_list(model, history, mask, places=10):
    """Whether both ways give the same scores at the same places, of ties any item."""
    exact = replace(model, index=None).rank(history)
    ranked = model.rank(history, [Quota(mask, places)])
    allowed = np.ones(ITEMS, bool) if mask is None else mask
    best = np.where(allowed, exact.scores, -np.inf)
    best = np.sort(best[best > -np.inf])[::-1][:places]
    scores = np.where(allowed[ranked.items], ranked.scores, -np.inf)
    scores = np.sort(scores[scores > -np.inf])[::-1][:places]
    np.testing.assert_allclose(ranked.scores, exact.scores[ranked.items], atol=1e-4, rtol=1e-4)
    assert len(scores) == len(best)
    np.testing.assert_allclose(scores, best, atol=1e-4, rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), data=st.data())
def test_a_list_by_candidates_is_the_exhaustive_list(seed, data):
    """Weights below 0, items that are hidden, dislikes alone, an item twice, no event at all."""
    model = with_index(model_of(seed), events_of(seed), 200, 1)
    assert model.index is not None
    length = data.draw(st.integers(0, 12))
    items = data.draw(st.lists(st.integers(0, ITEMS - 1), min_size=length, max_size=length))
    weights = data.draw(
        st.lists(st.sampled_from([1.0, 0.5, -1.0]), min_size=length, max_size=length)
    )
    if data.draw(st.booleans()):
        weights = [-abs(weight) for weight in weights]
    mask = None
    if data.draw(st.booleans()):
        mask = np.random.default_rng(seed).random(ITEMS) < data.draw(st.sampled_from([0.01, 0.5]))
    same_list(model, history_of(items, weights), mask)


def test_ties_at_the_last_place_are_the_same_scores():
    """All items but a few say the same."""
    model = model_of(1)
    values = np.zeros((ITEMS, 4), np.float32)
    values[:5] = np.eye(4, dtype=np.float32)[[0, 0, 1, 1, 2]]
    components = {TEXT: SimilarityComponent(Recency(), FactorKernel(values, values))}
    weights = {who: {TEXT: 1.0} for who in (KNOWN, NEW)}
    model = replace(model, components=components, blend=Blend(weights, weights))
    model = with_index(model, events_of(1), 200, 1)
    for items in ([0], [0, 4], [2, 3]):
        same_list(model, history_of(items, np.ones(len(items))), None)


def test_a_history_that_says_nothing_gets_what_is_popular():
    names = [NETWORK, TEXT, BEHAVIOUR, KNOWLEDGE, POPULARITY]
    weights = [[1.0, 1.0, 1.0, 1.0, 0.0][: len(names)]] * 2
    model = with_index(model_of(3, weights=weights), events_of(3), 200, 1)
    ranked = model.rank(history_of([], []), [Quota(None, 10)])
    assert not ranked.factors
    np.testing.assert_array_equal(ranked.scores, model.prior()[ranked.items])
    assert set(np.argsort(-model.popularity[: -ENTITIES or None])[:5]) <= set(ranked.items)


def test_entities_are_never_candidates():
    model = with_index(model_of(5), events_of(5), 200, 1)
    ranked = model.rank(history_of([1, 2], [1, 1]), [Quota(None, 300)])
    assert ranked.items.max() < ITEMS - ENTITIES


def test_each_quota_has_its_candidates():
    model = with_index(model_of(6), events_of(6), 200, 1)
    few = np.zeros(ITEMS, bool)
    few[[3, 99, 250]] = True
    ranked = model.rank(history_of([1, 2], [1, 1]), [Quota(None, 5), Quota(few, 5)])
    assert {3, 99, 250} <= set(ranked.items.tolist())


@pytest.mark.parametrize("seed", range(5))
def test_the_spread_in_closed_form_is_that_of_all_scores(seed):
    """Also where items of the history, which say nothing of themselves, are among the warm ones."""
    model = model_of(seed)
    kernel = model.similarities[NETWORK].kernel
    rng = np.random.default_rng(seed)
    items = rng.integers(0, ITEMS, 9).astype(np.int32)
    attention = rng.choice([1.0, 0.4, -0.7], 9).astype(np.float32)
    scores = kernel.row(items, attention)[model.warm].astype(np.float64)
    inverse = Moments.of(kernel.right, model.warm).inverse_spread(
        kernel, items, attention, model.warm, kernel.user(items, attention)
    )
    assert inverse == pytest.approx(1 / scores.std(), rel=1e-5)


def test_the_spread_of_two_items_by_hand():
    """Scores 3 and 1 of two warm items: the standard deviation is 1."""
    vectors = np.array([[1, 0], [3, 0], [1, 5], [9, 9]], np.float32)
    kernel = FactorKernel(np.eye(4, 2, dtype=np.float32), vectors)
    warm = np.array([False, True, True, False])
    moments = Moments.of(vectors, warm)
    np.testing.assert_array_equal(moments.mean, [2, 2.5])
    assert moments.count == 2
    user = kernel.user(np.array([0]), np.ones(1, np.float32))
    one = np.ones(1, np.float32)
    assert moments.inverse_spread(kernel, np.array([0]), one, warm, user) == pytest.approx(1.0)


def test_all_directions_keep_every_product():
    model = with_index(model_of(8, cold_share=0.0), events_of(8), 200, 1)
    index = model.index
    assert index.recall == 1.0
    assert index.score_error < 1e-4
    for name in (NETWORK, TEXT):
        kernel = model.similarities[name].kernel
        user = kernel.left[3]
        np.testing.assert_allclose(
            index.vectors @ (user @ index.queries[name]), kernel.right @ user, atol=1e-3
        )


def test_small_catalogues_score_every_item(monkeypatch):
    monkeypatch.setattr(fit, "EXHAUSTIVE_ITEMS", ITEMS)
    model = with_index(model_of(1), events_of(1), 200, 1)
    assert model.index is None
    assert len(model.rank(history_of([1], [1]), [Quota(None, 3)]).items) == ITEMS


def test_too_few_directions_are_not_served(monkeypatch, capsys):
    monkeypatch.setattr(fit, "SHAPES", ((1, 3),))
    weights = [[1.0, 1.0, 0.0, 0.0, 0.0]] * 2
    assert with_index(model_of(2, weights=weights), events_of(2), 200, 1).index is None
    assert "recall" in capsys.readouterr().err


def test_an_index_comes_back_from_its_arrays():
    index = with_index(model_of(4), events_of(4), 200, 1).index
    again = RetrievalIndex.from_arrays(index.to_arrays(), index.to_json())
    assert again.to_json() == index.to_json()
    for name, array in index.to_arrays().items():
        np.testing.assert_array_equal(again.to_arrays()[name], array)


def test_the_same_seed_gives_the_same_index():
    first, second = (with_index(model_of(4), events_of(4), 200, 1).index for _ in range(2))
    np.testing.assert_array_equal(first.vectors, second.vectors)
