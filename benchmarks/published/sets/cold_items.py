"""Strict cold items: a fifth of a set's items, whose events are in no training signal.

Test likes on them are the targets, of users who like something else before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.published.sets.amazon_beauty import amazon_beauty
from benchmarks.published.sets.ml1m import ml1m_pearlm
from benchmarks.published.sets.ml100k import ml100k
from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.core.arrays import Bools
from tastegraph.core.config import EvaluationConfig
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TEST

ONE_IN = 5
"""Every fifth item is cold."""
SPLIT = EvaluationConfig(split="user-temporal", fractions=(0.6, 0.2, 0.2))
"""Of the data sets without a published split, in the shares of the one that has it."""


def drawn_cold_items(events: Interactions, seed: int) -> Bools:
    """bool[I]: a fifth of the items that are liked, drawn by ``seed``."""
    liked = np.unique(events.items[events.weights > 0])
    drawn = np.random.default_rng(seed).permutation(liked)[: len(liked) // ONE_IN]
    cold = np.zeros(events.n_items, dtype=np.bool_)
    cold[drawn] = True
    return cold


def with_cold_items(dataset: BenchmarkDataset, seed: int) -> BenchmarkDataset:
    """The set without the earlier events on the cold items, and with no other test events."""
    events, test = dataset.events, dataset.parts == TEST
    cold = drawn_cold_items(events, seed)
    on_cold = cold[events.items]
    has_history = np.zeros(events.n_users, dtype=np.bool_)
    has_history[events.users[~test & ~on_cold & (events.weights > 0)]] = True
    remain = np.where(test, on_cold & has_history[events.users], ~on_cold)
    return replace(
        dataset,
        name=f"{dataset.name}-cold",
        events=events.select(remain),
        parts=dataset.parts[remain],
        slices={},
        cold=cold,
    )


def ml100k_cold(data: Path, seed: int = 1) -> BenchmarkDataset:
    """MovieLens-100K."""
    return with_cold_items(ml100k(data, SPLIT), seed)


def ml1m_cold(data: Path, seed: int = 1) -> BenchmarkDataset:
    """MovieLens-1M, PEARLM's split."""
    return with_cold_items(ml1m_pearlm(data), seed)


def amazon_beauty_cold(data: Path, seed: int = 1) -> BenchmarkDataset:
    """Amazon's Beauty, without what was also bought."""
    return with_cold_items(amazon_beauty(data, SPLIT), seed)
