"""The text tower: gradients, what surrounds a like, and what engagement teaches of texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config
from tastegraph.core.records import Item
from tastegraph.kg.graph import build_graph
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.mapped import completed
from tastegraph.models.tower_training import _Sequences, tower_vectors
from tastegraph.profiles.interactions import Interactions


def _events(sequences: list[list[int]], n_items: int) -> Interactions:
    users = np.repeat(np.arange(len(sequences)), [len(s) for s in sequences]).astype(np.int32)
    items = np.concatenate(sequences).astype(np.int32)
    n = len(items)
    return Interactions(
        [f"u{k}" for k in range(len(sequences))], n_items, users, items,
        np.arange(n, dtype=np.float64), np.ones(n, dtype=np.float32), np.full(n, -1, np.int8),
    )  # fmt: skip


def _content(words: CSR) -> ItemFeatures:
    items = [Item(f"i{k}", f"item {k}") for k in range(words.shape[0])]
    graph = build_graph(items, (), (), (), Config())
    return ItemFeatures(graph, np.zeros((graph.n_nodes, 4), dtype=np.float32), words)


def test_neighbours_of_a_like_weigh_by_distance() -> None:
    sequences = _Sequences.of(_events([[0, 1, 2], [3], [4, 5]], 6), newest=10)
    assert sequences.items.tolist() == [0, 1, 2, 4, 5]
    around = sequences.around(np.array([0, 1, 4]), 6).toarray()
    near, far = 1.05, 2**-0.5 + 0.05
    assert around == pytest.approx(
        np.array(
            [
                [0, near / (near + far), far / (near + far), 0, 0, 0],
                [0.5, 0, 0.5, 0, 0, 0],
                [0, 0, 0, 0, 1, 0],
            ]
        )
    )


def test_without_times_all_likes_weigh_the_same() -> None:
    events = _events([[0, 1, 2]], 3)
    untimed = replace(events, times=np.full(3, np.nan))
    around = _Sequences.of(untimed, newest=10).around(np.array([0]), 3).toarray()
    assert around.tolist() == [[0, 0.5, 0.5]]
    assert not len(_Sequences.of(events, newest=1).items)


def test_words_liked_together_get_similar_vectors() -> None:
    """Items say one of four words; likers of the first also like the second, third and fourth."""
    rng = np.random.default_rng(0)
    word = np.arange(80) % 4
    words = sparse.csr_array(np.eye(4, dtype=np.float32)[word])
    sequences = []
    for user in range(200):
        pair = np.flatnonzero(word // 2 == user % 2)
        sequences.append(rng.choice(pair[pair < 60], 8, replace=False).tolist())
    item_features, events = _content(words), _events(sequences, 80)
    vectors = tower_vectors(item_features, events, 200, 1)
    cosine = vectors @ vectors.T
    # Items from the 60th on were never liked; what they say is enough.
    assert cosine[60, 61] > cosine[60, 62] + 0.5
    assert np.array_equal(vectors, tower_vectors(item_features, events, 200, 1))


def test_without_text_or_likes_vectors_are_zero() -> None:
    no_text = sparse.csr_array((3, 0), dtype=np.float32)
    assert not tower_vectors(_content(no_text), _events([[0, 1]], 3), 200, 1).any()
    words = sparse.csr_array(np.eye(3, dtype=np.float32))
    assert not tower_vectors(_content(words), _events([[0], [1]], 3), 200, 1).any()


def test_newer_items_get_vectors_by_ridge_regression() -> None:
    features = np.eye(2, dtype=np.float32)[[0, 0, 1, 0]]
    learned = np.array([[1, 0], [1, 0], [0, 1], [9, 9]], dtype=np.float32)
    vectors = completed(learned, np.array([True, True, True, False]), features)
    assert np.array_equal(vectors[:3], learned[:3])
    # Two items with the feature and λ 1: 2 / (2 + 1).
    assert vectors[3] == pytest.approx([2 / 3, 0])
