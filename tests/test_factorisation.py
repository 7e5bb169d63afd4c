"""Weighted matrix factorisation: its equations, its people, its place in a model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.profiles.attention import Distinct, Recency
from tastegraph.profiles.interactions import History
from tastegraph.ranking.factorisation import DIMENSIONS, Factorisation
from tastegraph.ranking.kernels import FactorKernel
from tastegraph.ranking.model import Part


def sets_of(rows):
    return sparse.csr_array(np.array(rows, dtype=bool))


def drawn(seed, people=30, items=20, share=0.3):
    return sets_of(np.random.default_rng(seed).random((people, items)) < share)


def best_by_hand(told, members, others):
    """(αOᵀO + λI + MᵀM)⁻¹ Mᵀ1, equation 4 of Hu, Koren & Volinsky, where all events count alike."""
    width = others.shape[1]
    inner = told.unobserved * others.T @ others + told.regularisation * np.eye(width)
    return np.linalg.solve(inner + members.T @ members, members.sum(axis=0))


def loss(told, likes, people, items):
    scores, liked = people @ items.T, likes.toarray()
    size = (people**2).sum() + (items**2).sum()
    observed = ((1 - scores[liked]) ** 2).sum()
    return observed + told.unobserved * (scores**2).sum() + told.regularisation * size


def test_one_sweep_by_hand():
    # One dimension that speaks, one person who likes both items: α = 1, λ = 2, h = (1, 1).
    told = Factorisation(1.0, 2.0)
    start = np.ones((2, 1), dtype=np.float32)
    # p = 2 / (1·2 + 2 + 2) = 1/3;  h = p / (1·p² + 2 + p²) = (1/3) / (2 + 2/9) = 3/20.
    found = told.items(sets_of([[1, 1]]), 0, start, sweeps=1)
    np.testing.assert_allclose(found, [[3 / 20], [3 / 20]], rtol=1e-6)
    # v = h / √(αΣh² + λ) = .15 / √(.045 + 2)
    np.testing.assert_allclose(told.comparable(found), 0.15 / np.sqrt(2.045), rtol=1e-6)


@pytest.mark.parametrize("width", [2, 7, 40])
def test_each_item_is_the_best_there_is_for_the_people_it_was_found_with(width):
    told, likes = Factorisation(0.1, 0.7), drawn(1)
    start = np.random.default_rng(2).normal(size=(20, width)).astype(np.float32)
    rows = likes.toarray()
    people = np.stack([best_by_hand(told, start[row], start) for row in rows])
    wanted = np.stack([best_by_hand(told, people[column], people) for column in rows.T])
    np.testing.assert_allclose(told.items(likes, 0, start, 1), wanted, rtol=2e-3, atol=2e-5)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 100), st.sampled_from([0.01, 0.3]), st.sampled_from([0.5, 4.0]))
def test_a_person_is_what_the_history_makes_of_them(seed, unobserved, regularisation):
    told, likes = Factorisation(unobserved, regularisation), drawn(seed)
    items = told.items(likes, seed)
    vectors = told.comparable(items)
    part = Part(Distinct(Recency(), vectors), FactorKernel(vectors, vectors))
    rows = likes.toarray()
    pasts = [np.flatnonzero(row).astype(np.int32) for row in rows]
    scores = part.scores([History(past, np.ones(len(past), np.float32)) for past in pasts])
    for row, found in zip(rows, scores, strict=True):
        person = best_by_hand(told, items[row].astype(float), items.astype(float))
        # An item says nothing about itself, so what is liked has another score.
        np.testing.assert_allclose(found[~row], (items @ person)[~row], atol=1e-4)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 100))
def test_every_sweep_lowers_the_loss(seed):
    told, likes = Factorisation(0.1, 0.5), drawn(seed)
    reached = []
    for sweeps in (1, 2, 4, 8):
        items = told.items(likes, seed, sweeps=sweeps)
        people = np.stack([best_by_hand(told, items[row], items) for row in likes.toarray()])
        reached.append(loss(told, likes, people, items))
    assert reached == sorted(reached, reverse=True)


def test_a_checkerboard_has_one_right_answer():
    board = np.add.outer(np.arange(12), np.arange(8)) % 2 == 0
    board[0, 0] = False
    told = Factorisation(0.03, 0.5)
    vectors = told.comparable(told.items(sets_of(board), 1))
    part = Part(Distinct(Recency(), vectors), FactorKernel(vectors, vectors))
    past = np.flatnonzero(board[0]).astype(np.int32)
    (scores,) = part.scores([History(past, np.ones(len(past), np.float32))])
    scores[past] = -np.inf
    assert scores.argmax() == 0


def test_one_seed_makes_one_table_and_items_without_events_nothing():
    told, likes = Factorisation(0.03, 2.0), drawn(3).toarray()
    likes[:, 5] = False
    first, again, other = (told.items(sets_of(likes), seed) for seed in (1, 1, 2))
    assert first.shape == (20, DIMENSIONS)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not first[5].any()
    assert not told.comparable(first)[5].any()
    assert not told.items(sets_of(np.zeros((2, 20))), 1).any()
