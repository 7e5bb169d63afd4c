"""Reasons over features: facts that a history and an item share, and mapped knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.explain.reason import Reason, ShareFilter
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.kernels import AffinityKernel, FeatureKernel, Scores
from tastegraph.profiles.association import ITSELF, Associations


@dataclass(frozen=True)
class HistoryFeatures:
    """The features of all items of one history, with their weights.

    Attributes:
        kernel: compares items by their features.
        items: int32[T], the history.
        events, features, terms: columns, one row for each feature of each event.
        weights: float32[features], the sum of the terms of each feature.
        counts: int64[features], number of events that have the feature.
    """

    kernel: FeatureKernel
    items: NDArray[np.int32]
    events: NDArray[np.int64]
    features: NDArray[np.int32]
    terms: Scores
    weights: Scores
    counts: NDArray[np.int64]

    @classmethod
    def of(
        cls, kernel: FeatureKernel, items: NDArray[np.int32], factors: Scores
    ) -> HistoryFeatures:
        """All features of a history (int32[T]), weighted by ``factors`` (float32[T])."""
        events, features, values = kernel.entries(items)
        terms, width = factors[events] * values, kernel.features.shape[1]
        return cls(
            kernel, items, events, features, terms,
            weights=np.bincount(features, terms, minlength=width).astype(np.float32),
            counts=np.bincount(features[values != 0], minlength=width),
        )  # fmt: skip

    def reasons(
        self, associations: Associations, target: int, share_filter: ShareFilter | None
    ) -> list[Reason]:
        """One reason for each shared feature, by way of the event with the largest term.

        Args:
            associations: items × features.
            target: the explained item; its own events say nothing about it.
            share_filter: which shares to return; by default all.
        """
        row = slice(*self.kernel.features.indptr[target : target + 2])
        features, values = self.kernel.features.indices[row], self.kernel.features.data[row]
        if not len(features):
            return []
        own_events = np.flatnonzero(self.items == target)
        own_terms = np.zeros_like(values)
        if len(own_events):
            own_terms = self.terms[np.isin(self.events, own_events)]
        own_weights = own_terms.reshape(-1, len(values)).sum(axis=0)
        shares = (self.weights[features] - own_weights) * values
        counts = np.where(values != 0, self.counts[features] - len(own_events), 0)
        if share_filter is None:
            positions = np.flatnonzero(counts)
        else:
            positions = share_filter.select(shares, counts, features)
        reasons = []
        for position in positions:
            feature = int(features[position])
            rows = np.flatnonzero(self.features == feature)
            if len(own_events):
                rows = rows[self.items[self.events[rows]] != target]
            terms = self.terms[rows] * np.sign(shares[position])
            event = int(self.events[rows[np.argmax(terms)]])
            reasons.append(
                Reason(
                    "knowledge",
                    float(shares[position]),
                    event=event,
                    feature=feature,
                    facts=_fact_ids(associations, (int(self.items[event]), target), feature),
                    events=int(counts[position]),
                )
            )
        return reasons


def affinity_reasons(
    kernels: Sequence[tuple[AffinityKernel | NetworkKernel, Scores, Scores]],
    associations: Associations,
    items: NDArray[np.int32],
    target: int,
    share_filter: ShareFilter | None,
) -> list[Reason]:
    """One reason for each feature of ``target``, by way of the event with the largest term.

    Args:
        kernels: each with float32[T], weight of each event, and float32[T, d], its side of the
            history; their features are those of ``associations``, and what they say through one
            feature is one reason.
        associations: items × features.
        items: int32[T], the history.
        target: the explained item; its own events say nothing about it.
        share_filter: which shares to return; by default all.
    """
    features = associations.strength.indices[associations.of_item(target)]
    if not kernels or not len(features) or not len(items):
        return []
    terms = np.zeros((len(items), len(features)), dtype=np.float32)
    for kernel, factors, left in kernels:
        _, vectors = kernel.of_features(target)
        terms += np.where(items == target, 0, factors)[:, None] * (left @ vectors.T)
    shares = terms.sum(axis=0)
    counts = np.full(len(features), max(int(terms.any(axis=1).sum()), 1))
    if share_filter is None:
        positions = np.flatnonzero(shares)
    else:
        positions = share_filter.select(shares, counts, features)
    return [
        Reason(
            "affinity",
            float(shares[position]),
            event=int(np.argmax(terms[:, position] * np.sign(shares[position]))),
            feature=int(features[position]),
            facts=_fact_ids(associations, (target,), int(features[position])),
            events=int(counts[position]),
        )
        for position in positions
    ]


def _fact_ids(associations: Associations, items: tuple[int, ...], feature: int) -> tuple[int, ...]:
    """Ids of the stored facts that tie ``items`` to ``feature``; an item itself has none."""
    fact_ids = []
    for item in (item for item in items if item < associations.strength.shape[0]):
        entries = associations.of_item(item)
        position = np.searchsorted(associations.strength.indices[entries], feature)
        fact_ids.append(int(associations.facts[entries][position]))
    return tuple(fact_id for fact_id in fact_ids if fact_id != ITSELF)
