"""The text tower: gradients, what surrounds a like, and what engagement teaches of texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config
from tastegraph.core.records import Item
from tastegraph.kg.graph import build_graph
from tastegraph.models import tower_examples, tower_training
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.mapped import completed
from tastegraph.models.text import centred_rows
from tastegraph.models.tower_examples import Sequences, Step
from tastegraph.models.tower_training import TowerNetwork, step_loss, tower_vectors
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
    sequences = Sequences.of(_events([[0, 1, 2], [3], [4, 5]], 6), newest=10)
    assert sequences.items.tolist() == [0, 1, 2, 4, 5]
    around = sequences.around(np.array([0, 1, 4])).toarray()
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
    around = Sequences.of(untimed, newest=10).around(np.array([0])).toarray()
    assert around.tolist() == [[0, 0.5, 0.5]]
    assert not len(Sequences.of(events, newest=1).items)


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


def _random_world(n_items: int, n_users: int, seed: int) -> tuple[ItemFeatures, Interactions]:
    rng = np.random.default_rng(seed)
    words = sparse.random_array((n_items, 50), density=0.1, dtype=np.float32, rng=rng, format="csr")
    sequences = [rng.choice(n_items, rng.integers(2, 6), False).tolist() for _ in range(n_users)]
    features = _content(words)
    text = rng.standard_normal(features.text.shape).astype(np.float32)
    return replace(features, text=text), _events(sequences, n_items)


def _gradients(features: ItemFeatures, step: Step) -> tuple[float, np.ndarray, np.ndarray]:
    torch.manual_seed(3)
    n_items = features.graph.n_items
    vectors = centred_rows(features.text[:n_items])
    tower = TowerNetwork(features.words, vectors, torch.device("cpu"))
    loss = step_loss(tower(step.items), step)
    loss.backward()
    assert tower.by_word.grad is not None
    assert tower.by_vector.grad is not None
    by_word = tower.by_word.grad.to_dense() if tower.lazy else tower.by_word.grad
    return float(loss.detach()), by_word.numpy(), tower.by_vector.grad.numpy()


@pytest.mark.parametrize("max_dense_words", [0, 1_000])
def test_a_step_over_its_own_items_has_the_loss_and_gradient_of_one_over_all(
    max_dense_words: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, events = _random_world(400, 60, 1)
    sequences = Sequences.of(events, newest=10)
    places, negatives = np.array([0, 7, 30]), np.array([5, 60, 61, 399])
    few = sequences.step(places, negatives)
    monkeypatch.setattr(tower_examples, "WHOLE_SHARE", 0.0)
    whole = sequences.step(places, negatives)
    assert len(few.items) < 30
    assert len(whole.items) == 400
    expected = _gradients(features, whole)
    monkeypatch.setattr(tower_training, "MAX_DENSE_WORDS", max_dense_words)
    loss, by_word, by_vector = _gradients(features, few)
    assert loss == pytest.approx(expected[0], rel=1e-5)
    assert by_word == pytest.approx(expected[1], abs=1e-6)
    assert by_vector == pytest.approx(expected[2], abs=1e-6)


def test_loss_of_two_likes_by_hand() -> None:
    """Users are the vector of their other like; a like of theirs is no negative."""
    step = Sequences.of(_events([[0, 1], [2, 3]], 4), newest=10).step(
        np.array([0, 2]), np.array([1, 3])
    )
    angles = np.array([0.1, 0.5, 1.1, 2.0])
    items = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cosine = items @ items.T / tower_training.TEMPERATURE
    first = np.log(np.exp(cosine[1][[0, 2, 3]]).sum()) - cosine[1][0]
    second = np.log(np.exp(cosine[3][[0, 1, 2]]).sum()) - cosine[3][2]
    loss = step_loss(torch.from_numpy(items.astype(np.float32)), step)
    assert float(loss) == pytest.approx((first + second) / 2, rel=1e-5)


def test_a_step_of_a_large_catalogue_needs_a_bounded_number_of_items(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tower_examples, "MAX_WHOLE_ITEMS", 1_000)
    monkeypatch.setattr(tower_examples, "MAX_AROUND", 4)
    for n_items in (2_000, 20_000):
        events = _events([list(range(500)), list(range(500, 1_000))], n_items)
        step = Sequences.of(events, newest=200).step(np.array([0, 100, 250]), np.array([1, 2]))
        assert np.diff(step.around.indptr).tolist() == [2, 4, 4]
        assert len(step.items) <= 3 * 5 + 2


def test_a_teaching_reads_a_bounded_number_of_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tower_training, "MAX_LIKES", 100)
    monkeypatch.setattr(tower_training, "BATCH_LIKES", 10)
    monkeypatch.setattr(tower_training, "MIN_STEPS", 1)
    steps: list[int] = []
    step_of = Sequences.step

    def counting(self: Sequences, places: np.ndarray, negatives: np.ndarray) -> Step:
        steps.append(len(places))
        return step_of(self, places, negatives)

    monkeypatch.setattr(Sequences, "step", counting)
    for n_users in (100, 1_000):
        features, events = _random_world(300, n_users, 2)
        tower_vectors(features, events, 200, 1)
        assert sum(steps) == tower_training.PASSES * 100
        steps.clear()


def test_vectors_in_blocks_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    features, events = _random_world(300, 50, 4)
    whole = tower_vectors(features, events, 200, 1)
    monkeypatch.setattr(tower_training, "BLOCK_ITEMS", 64)
    assert tower_vectors(features, events, 200, 1) == pytest.approx(whole, abs=1e-5)
