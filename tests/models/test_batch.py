"""A block of histories: each is ranked as it is alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.models.batch import BlockModel
from tastegraph.models.ranked import Quota
from tastegraph.models.retrieval import fit
from tastegraph.models.retrieval.fit import with_index
from tests.models.retrieval.test_two_stages import ENTITIES, ITEMS, events_of, history_of, model_of


@pytest.fixture(autouse=True)
def small_catalogues_have_an_index(monkeypatch):
    monkeypatch.setattr(fit, "EXHAUSTIVE_ITEMS", 0)
    monkeypatch.setattr(fit, "SHAPES", ((20, 60),))


def histories_of(seed, count=6):
    rng = np.random.default_rng(seed)
    lengths = [0, *rng.integers(0, 12, count - 1)]
    return [history_of(rng.integers(0, ITEMS, n), rng.choice([1.0, 0.5, -1.0], n)) for n in lengths]


def best(ranked, mask, places):
    scores = np.where(mask[ranked.items], ranked.scores, -np.inf)
    order = np.argsort(-scores, kind="stable")[:places]
    return ranked.items[order], scores[order]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), indexed=st.booleans(), share=st.sampled_from([1.0, 0.3, 0.02]))
def test_every_list_of_a_block_is_the_list_of_its_history_alone(seed, indexed, share):
    """With dislikes, no events, entities in the history, and items that may not be listed."""
    model = model_of(seed)
    model = with_index(model, events_of(seed), 200, 1) if indexed else replace(model, index=None)
    histories = histories_of(seed)
    block = BlockModel.of(model, histories)
    mask = np.random.default_rng(seed).random(ITEMS) < share
    quotas = [Quota(mask, 10), Quota(None, 3)]
    for history in histories:
        alone, together = model.rank(history, quotas), block.rank(history, quotas)
        items, scores = best(alone, mask, 10)
        same_items, same_scores = best(together, mask, 10)
        np.testing.assert_allclose(same_scores, scores, rtol=1e-4, atol=1e-4)
        gaps = np.abs(np.diff(scores[np.isfinite(scores)]))
        if len(gaps) and (gaps > 1e-3).all() and np.isfinite(scores).all():
            np.testing.assert_array_equal(same_items[:-1], items[:-1])
        assert list(together.factors) == list(alone.factors)
        assert together.items.max(initial=0) < ITEMS - ENTITIES or not indexed


def test_a_history_that_is_not_of_the_block_is_ranked_all_the_same():
    model = with_index(model_of(2), events_of(2), 200, 1)
    block = BlockModel.of(model, histories_of(2))
    stranger = history_of([1, 5, 9], [1, 1, 1])
    alone, through = (
        model.rank(stranger, [Quota(None, 10)]),
        block.rank(stranger, [Quota(None, 10)]),
    )
    np.testing.assert_array_equal(through.items, alone.items)
    np.testing.assert_array_equal(through.scores, alone.scores)


def test_an_empty_block_is_a_block():
    model = with_index(model_of(2), events_of(2), 200, 1)
    assert BlockModel.of(model, []).n_items == ITEMS
