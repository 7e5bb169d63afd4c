"""Strict cold items: a fifth of the items, whose events nothing has learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.sets import BenchmarkDataset
from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.kernels import Scores
from tastegraph.models.validation import without_items
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import TEST, TRAIN, VALID

CUTOFF = 20
METRICS = ("ndcg@20", "recall@20")
EVERY = 5
NEWEST = 50
"""Events of a person that the system attends to."""
Values = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Task:
    """One seed's cold items, and the people with a test event on one of them.

    Attributes:
        cold: bool[I]; their events are in no training signal.
    """

    set: BenchmarkDataset
    seed: int
    cold: Bools

    @classmethod
    def of(cls, told: BenchmarkDataset, seed: int) -> Task:
        """A fifth of the items that have events, drawn by ``seed``."""
        events = told.events
        have = np.unique(events.items[events.weights > 0])
        drawn = np.random.default_rng(seed).permutation(have)[: len(have) // EVERY]
        cold = np.zeros(events.n_items, dtype=np.bool_)
        cold[drawn] = True
        return cls(told, seed, cold)

    @cached_property
    def training(self) -> Interactions:
        """The train part, on items that are not cold: what is learned from before choosing."""
        return self._part(TRAIN)

    @cached_property
    def valid(self) -> CSR:
        """bool CSR[U, I], the validation part, on items that are not cold: what chooses."""
        return self._part(VALID).user_items()

    @cached_property
    def known(self) -> Interactions:
        """Train and validation part, on items that are not cold: everybody's history."""
        return self._part(TRAIN, VALID)

    @cached_property
    def people(self) -> NDArray[np.int64]:
        """int64[P], those with a history and a test event on a cold item."""
        found = np.diff(self._later.indptr) > 0
        return np.flatnonzero(found & (np.diff(self.known.user_items().indptr) > 0))

    @cached_property
    def histories(self) -> list[History]:
        """Of the people, oldest first."""
        everybody = self.known.histories(NEWEST)
        return [everybody[person] for person in self.people]

    @cached_property
    def even(self) -> CSR:
        """float32 CSR[P, I], rows of sum 1: everything a person likes, alike."""
        likes = self.known.user_items()[self.people].astype(np.float32)
        likes.data /= np.repeat(np.maximum(np.diff(likes.indptr), 1), np.diff(likes.indptr))
        return likes

    @property
    def candidates(self) -> NDArray[np.int64]:
        """int64[C], the cold items."""
        return np.flatnonzero(self.cold)

    def among_cold(self, scores: Callable[[NDArray[np.int64]], Scores]) -> Values:
        """NDCG and recall of everybody, the cold items ranked by (rows) → float32[B, I]."""
        return self._ranked(scores, self._later[self.people], self.cold)

    def among_all(self, scores: Callable[[NDArray[np.int64]], Scores]) -> Values:
        """The same, ranked among all items that a person does not know yet."""
        return self._ranked(scores, self._later[self.people], None)

    def same_period(self, scores: Callable[[NDArray[np.int64]], Scores]) -> Values:
        """The cold items ranked for what the people did with them before the test part."""
        return self._ranked(scores, self._earlier[self.people], self.cold)

    def _ranked(
        self, scores: Callable[[NDArray[np.int64]], Scores], wanted: CSR, among: Bools | None
    ) -> Values:
        seen = self.known.user_items()[self.people]
        items = np.flatnonzero(among) if among is not None else np.arange(len(self.cold))
        top = top_k_blocks(
            lambda rows: scores(rows)[:, items], len(self.people), seen[:, items], CUTOFF
        )
        told = per_user(top, wanted[:, items], (CUTOFF,), np.ones(len(items), dtype=np.int64))
        return {name: told[name] for name in METRICS}

    def _part(self, *parts: int) -> Interactions:
        events = self.set.events
        return events.select(np.isin(self.set.parts, parts) & ~self.cold[events.items])

    @cached_property
    def _later(self) -> CSR:
        return self._on_cold(TEST)

    @cached_property
    def _earlier(self) -> CSR:
        return self._on_cold(TRAIN, VALID)

    def _on_cold(self, *parts: int) -> CSR:
        events = self.set.events
        liked = np.isin(self.set.parts, parts) & (events.weights > 0)
        return without_items(events.select(liked).user_items(), ~self.cold)


def pooled(found: Sequence[Values]) -> Values:
    """The values of several seeds, one after another."""
    return {name: np.concatenate([values[name] for values in found]) for name in METRICS}
