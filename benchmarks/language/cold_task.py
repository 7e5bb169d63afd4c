"""Strict cold items: a fifth of the items, whose events are in no training signal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.measures import RowScorer, UserValues, list_metrics
from benchmarks.language.sets import BenchmarkDataset
from benchmarks.published.sets.cold_items import drawn_cold_items
from tastegraph.core.arrays import CSR, Bools
from tastegraph.models.validation import without_items
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import TEST, TRAIN, VALID

MAX_HISTORY = 50
"""Newest events of a user that the system attends to."""


@dataclass(frozen=True)
class ColdItemTask:
    """The cold items of one seed, and the users with a test event on one of them.

    Attributes:
        dataset: with its split.
        seed: of the drawn items.
        cold: bool[I]; the events of these items are in no training signal.
    """

    dataset: BenchmarkDataset
    seed: int
    cold: Bools

    @classmethod
    def of(cls, dataset: BenchmarkDataset, seed: int) -> ColdItemTask:
        """A fifth of the items that have events, drawn by ``seed``."""
        return cls(dataset, seed, drawn_cold_items(dataset.events, seed))

    @cached_property
    def training(self) -> Interactions:
        """The train split, on items that are not cold."""
        return self._split(TRAIN)

    @cached_property
    def valid(self) -> CSR:
        """bool CSR[U, I], the validation split, on items that are not cold; it tunes."""
        return self._split(VALID).user_items()

    @cached_property
    def known(self) -> Interactions:
        """Train and validation split, on items that are not cold: the users' histories."""
        return self._split(TRAIN, VALID)

    @cached_property
    def users(self) -> NDArray[np.int64]:
        """int64[P], those with a history and a test event on a cold item."""
        has_target = np.diff(self._later.indptr) > 0
        return np.flatnonzero(has_target & (np.diff(self.known.user_items().indptr) > 0))

    @cached_property
    def histories(self) -> list[History]:
        """Of the users, oldest event first."""
        histories = self.known.histories(MAX_HISTORY)
        return [histories[user] for user in self.users]

    @cached_property
    def mean_history(self) -> CSR:
        """float32 CSR[P, I], rows of sum 1: all likes of a user with equal weight."""
        likes = self.known.user_items()[self.users].astype(np.float32)
        likes.data /= np.repeat(np.maximum(np.diff(likes.indptr), 1), np.diff(likes.indptr))
        return likes

    def cold_metrics(self, scorer: RowScorer) -> UserValues:
        """NDCG and recall of the users' lists of cold items.

        Args:
            scorer: (rows of :attr:`users`) → float32[B, I].
        """
        return self._metrics(scorer, self._later[self.users], self.cold)

    def all_metrics(self, scorer: RowScorer) -> UserValues:
        """The same, of lists of all items that a user does not know yet."""
        return self._metrics(scorer, self._later[self.users], None)

    def same_period_metrics(self, scorer: RowScorer) -> UserValues:
        """The same, of cold items, with the events on them before the test split as targets."""
        return self._metrics(scorer, self._earlier[self.users], self.cold)

    def _metrics(self, scorer: RowScorer, targets: CSR, candidates: Bools | None) -> UserValues:
        seen = self.known.user_items()[self.users]
        items = np.arange(len(self.cold)) if candidates is None else np.flatnonzero(candidates)
        return list_metrics(lambda rows: scorer(rows)[:, items], seen[:, items], targets[:, items])

    def _split(self, *parts: int) -> Interactions:
        events = self.dataset.events
        return events.select(np.isin(self.dataset.parts, parts) & ~self.cold[events.items])

    @cached_property
    def _later(self) -> CSR:
        return self._on_cold(TEST)

    @cached_property
    def _earlier(self) -> CSR:
        return self._on_cold(TRAIN, VALID)

    def _on_cold(self, *parts: int) -> CSR:
        events = self.dataset.events
        liked = np.isin(self.dataset.parts, parts) & (events.weights > 0)
        return without_items(events.select(liked).user_items(), ~self.cold)
