"""Shares of scores that go through features: facts that two items have in common, and learned ones.

All shown items are looked at together: what a history holds is gathered once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Ints
from tastegraph.models.kernels import FeatureKernel, Portions, Scores, row_entries


@dataclass(frozen=True)
class FeatureShares:
    """One share for each feature of some items, by way of the event with the largest term.

    Attributes:
        places: int64[m], the place of the item among those asked for, ascending.
        features: int32[m].
        shares: float32[m].
        counts: int64[m], number of events behind each share.
        events: int64[m], place in the history of the event with the largest term.
    """

    places: NDArray[np.int64]
    features: NDArray[np.int32]
    shares: Scores
    counts: NDArray[np.int64]
    events: NDArray[np.int64]

    def best_first(self, is_named: Callable[[int], bool]) -> NDArray[np.int64]:
        """int64[n], positions of the positive shares: item by item, the largest per event first.

        Those of features that have no name are the last of their item.
        """
        positive = np.flatnonzero((self.shares > 0) & (self.counts > 0))
        distinct, at = np.unique(self.features[positive], return_inverse=True)
        nameless = np.array([not is_named(feature) for feature in distinct.tolist()], np.bool_)
        shares, counts = self.shares[positive], self.counts[positive]
        order = np.lexsort((-shares, -shares / counts, nameless[at], self.places[positive]))
        return positive[order]


def knowledge_shares(
    kernel: FeatureKernel, items: NDArray[np.int32], factors: Scores, targets: Ints
) -> FeatureShares:
    """Shares of the features that ``targets`` share with the items of a history.

    Args:
        kernel: compares items by their features.
        items: int32[T], the history.
        factors: float32[T, n], weight of each event for each target.
        targets: int64[n], distinct; events on an item say nothing about itself.
    """
    places, features, values = row_entries(kernel.features, targets)
    shares = np.zeros(len(features), dtype=np.float32)
    counts, events = np.zeros(len(features), np.int64), np.zeros(len(features), np.int64)
    own = items[:, None] == targets
    for columns in _alike(own, factors):
        at = np.flatnonzero(np.isin(places, columns))
        others = np.flatnonzero(~own[:, columns[0]])
        history = _HistoryFeatures.of(kernel, items[others], factors[others, columns[0]])
        weights, numbers, first, last = history.lookup(features[at])
        shares[at] = weights * values[at]
        counts[at] = np.where(values[at] != 0, numbers, 0)
        largest = np.where(shares[at] < 0, last, first)
        events[at] = others[largest] if len(others) else largest
    return FeatureShares(places, features, shares, counts, events)


def learned_shares(
    parts: Sequence[tuple[Portions, Scores, Scores]], n_events: int
) -> FeatureShares | None:
    """Shares of all features of some items, by vectors; ``None`` where there are none.

    Args:
        parts: of each kernel the portions of the same features of the same items, the side of the
            history (float32[T, d]), and the weight of each event for each item (float32[T, n], 0
            for events on the item itself). What kernels say through one feature is one share.
        n_events: T.
    """
    if not parts or not n_events or not len(parts[0][0].features):
        return None
    places, features, _ = parts[0][0]
    terms = np.zeros((n_events, len(features)), dtype=np.float32)
    for portions, left, factors in parts:
        terms += factors[:, places] * (left @ portions.vectors.T)
    shares = terms.sum(axis=0)
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    active = np.logical_or.reduceat(terms != 0, starts, axis=1).sum(axis=0)
    counts = np.repeat(np.maximum(active, 1), np.diff(starts, append=len(places)))
    events = np.argmax(terms * np.sign(shares), axis=0)
    return FeatureShares(places, features, shares, counts, events)


@dataclass(frozen=True)
class _HistoryFeatures:
    """The features of all items of one history, with their weights.

    Attributes:
        features: int32[f], distinct, ascending.
        weights: float32[f], the sum of the terms of each feature.
        counts: int64[f], number of events that have the feature.
        first, last: int64[f], the event with the largest term, and with the smallest.
    """

    features: NDArray[np.int32]
    weights: Scores
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @classmethod
    def of(
        cls, kernel: FeatureKernel, items: NDArray[np.int32], factors: Scores
    ) -> _HistoryFeatures:
        """All features of a history (int32[T]), weighted by ``factors`` (float32[T])."""
        events, features, values = kernel.entries(items)
        terms = factors[events] * values
        distinct, at = np.unique(features, return_inverse=True)
        return cls(
            distinct,
            np.bincount(at, terms, minlength=len(distinct)).astype(np.float32),
            np.bincount(at[values != 0], minlength=len(distinct)),
            events[_first_largest(at, terms)],
            events[_first_largest(at, -terms)],
        )

    def lookup(
        self, features: NDArray[np.int32]
    ) -> tuple[Scores, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Weight, count, first and last of each of ``features`` (int32[m]); 0 of others."""
        if not len(self.features):
            nothing = np.zeros(len(features), dtype=np.int64)
            return nothing.astype(np.float32), nothing, nothing, nothing
        at = np.minimum(np.searchsorted(self.features, features), len(self.features) - 1)
        known = self.features[at] == features
        weights = np.where(known, self.weights[at], np.float32(0))
        return weights, np.where(known, self.counts[at], 0), self.first[at], self.last[at]


def _first_largest(groups: NDArray[np.intp], values: Scores) -> NDArray[np.intp]:
    """int[g], where the largest value of each group stands, the first of equal ones."""
    order = np.lexsort((-values, groups))
    return order[np.flatnonzero(np.diff(groups[order], prepend=-1))]


def _alike(own: NDArray[np.bool_], factors: Scores) -> list[list[int]]:
    """The targets in groups with the same columns of both: most are in no history."""
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for target, columns in enumerate(zip(own.T, factors.T, strict=True)):
        key = columns[0].tobytes(), columns[1].tobytes()
        groups.setdefault(key, []).append(target)
    return list(groups.values())
