"""The text tower: gradients, what surrounds a like, and what engagement teaches of texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config, ModelConfig
from tastegraph.core.records import Item
from tastegraph.kg.graph import build_graph
from tastegraph.models.learned import ItemFeatures
from tastegraph.models.mapping import completed
from tastegraph.models.tower import _Sequences, text_tower
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


def test_a_like_is_surrounded_by_the_others_of_its_person_the_nearest_first() -> None:
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


def test_where_nothing_has_a_time_all_that_is_liked_is_equally_near() -> None:
    events = _events([[0, 1, 2]], 3)
    untimed = replace(events, times=np.full(3, np.nan))
    around = _Sequences.of(untimed, newest=10).around(np.array([0]), 3).toarray()
    assert around.tolist() == [[0, 0.5, 0.5]]
    assert not len(_Sequences.of(events, newest=1).items)


def test_words_that_are_liked_together_come_to_mean_the_same() -> None:
    """Items say one of four words; likers of the first also like the second, third and fourth."""
    rng = np.random.default_rng(0)
    word = np.arange(80) % 4
    words = sparse.csr_array(np.eye(4, dtype=np.float32)[word])
    sequences = []
    for person in range(200):
        pair = np.flatnonzero(word // 2 == person % 2)
        sequences.append(rng.choice(pair[pair < 60], 8, replace=False).tolist())
    item_features, events = _content(words), _events(sequences, 80)
    vectors = text_tower(item_features, events, ModelConfig())
    cosine = vectors @ vectors.T
    # Items from the 60th on were never liked; what they say is enough.
    assert cosine[60, 61] > cosine[60, 62] + 0.5
    assert np.array_equal(vectors, text_tower(item_features, events, ModelConfig()))


def test_without_text_or_likes_there_is_nothing() -> None:
    nothing = sparse.csr_array((3, 0), dtype=np.float32)
    assert not text_tower(_content(nothing), _events([[0, 1]], 3), ModelConfig()).any()
    words = sparse.csr_array(np.eye(3, dtype=np.float32))
    assert not text_tower(_content(words), _events([[0], [1]], 3), ModelConfig()).any()


def test_newer_items_get_the_vector_that_their_features_suggest() -> None:
    features = np.eye(2, dtype=np.float32)[[0, 0, 1, 0]]
    fitted_model = np.array([[1, 0], [1, 0], [0, 1], [9, 9]], dtype=np.float32)
    found = completed(fitted_model, np.array([True, True, True, False]), features)
    assert np.array_equal(found[:3], fitted_model[:3])
    # Two items with the feature and λ 1: 2 / (2 + 1).
    assert found[3] == pytest.approx([2 / 3, 0])
