"""Clicks of single pairs: hand-made evidence, no word of a pair's own click, one right answer."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.published.click_model import Pairs, evidence, fit_clicks
from scipy import sparse
from sklearn.metrics import roc_auc_score

from tastegraph.core.config import Config
from tastegraph.core.records import Fact, Item, Link
from tastegraph.kg.graph import build_graph
from tastegraph.models.ease import ease_table, gram_matrix
from tastegraph.models.item_features import ItemFeatures, no_words


def _content(n_items: int, makers: int) -> ItemFeatures:
    """Item k is by maker k mod ``makers``."""
    items = [Item(str(k), f"item {k}") for k in range(n_items)]
    facts = [Fact(f"e:{k}", "maker", f"m:{k % makers}") for k in range(n_items)]
    links = [Link(str(k), f"e:{k}") for k in range(n_items)]
    graph = build_graph(items, (), enumerate(facts), links, Config())
    return ItemFeatures(graph, np.zeros((graph.n_nodes, 4), dtype=np.float32), no_words(n_items))


def test_ease_takes_groups_for_users() -> None:
    likes = sparse.csr_array(np.array([[1, 1, 0], [0, 1, 1]], dtype=bool))
    groups = sparse.csr_array(np.array([[1, 0, 1]], dtype=bool))
    stacked = np.vstack([likes.toarray(), groups.toarray()]).astype(float)
    inverse = np.linalg.inv(stacked.T @ stacked + 3 * np.eye(3))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert ease_table(gram_matrix(likes, groups), 3.0) == pytest.approx(expected, abs=1e-6)


def test_a_click_says_nothing_of_itself() -> None:
    """With one click of its user, nothing but popularity can speak for a pair."""
    item_features = _content(6, 2)
    likes = sparse.csr_array(np.eye(6, dtype=bool))
    own = evidence(item_features, likes, Pairs(np.arange(6), np.arange(6)), seed=1)
    # Four columns speak of the item; what follows speaks of the user, and is silent.
    assert own.shape[1] > 4
    assert np.abs(own[:, 4:]).max() < 1e-5


@pytest.mark.slow
def test_tastes_are_found_where_popularity_says_nothing() -> None:
    """Users click items by one of two makers; whether they do is all that labels tell."""
    rng = np.random.default_rng(0)
    n_users, n_items = 120, 60
    users = np.repeat(np.arange(n_users), 12)
    items = np.concatenate([rng.permutation(n_items)[:12] for _ in range(n_users)])
    labels = items % 2 == users % 2
    part = rng.integers(0, 3, len(users))

    def of(k: int) -> tuple[Pairs, np.ndarray]:
        return Pairs(users[part == k], items[part == k]), labels[part == k]

    pairs, clicked = of(2)
    model = fit_clicks(_content(n_items, 2), of(0), of(1), n_users, seed=1)
    probabilities = model.probabilities(pairs.users, pairs.items)
    assert roc_auc_score(clicked, probabilities) > 0.9
    again = fit_clicks(_content(n_items, 2), of(0), of(1), n_users, seed=1)
    assert np.array_equal(
        again.probabilities(pairs.users, pairs.items),
        probabilities,
    )
