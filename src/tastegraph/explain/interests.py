"""Knowledge as reasons: what items of a history and a target have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.explain.reason import Reason, Wanted, stored_facts
from tastegraph.models.kernels import FeatureKernel, Scores
from tastegraph.profiles.association import Associations


@dataclass(frozen=True)
class Interests:
    """One history's interest graph: what each feature is worth, and by which events.

    Attributes:
        events, features, terms: columns, one row for each feature of each event.
        worth: float32[features], the sum of the terms.
        count: int64[features], how many events have the feature.
    """

    kernel: FeatureKernel
    items: NDArray[np.int32]
    events: NDArray[np.int64]
    features: NDArray[np.int32]
    terms: Scores
    worth: Scores
    count: NDArray[np.int64]

    @classmethod
    def of(cls, kernel: FeatureKernel, items: NDArray[np.int32], factors: Scores) -> Interests:
        """Every feature of a history (int32[T]), weighted by ``factors`` (float32[T])."""
        events, features, values = kernel.entries(items)
        terms, width = factors[events] * values, kernel.features.shape[1]
        return cls(
            kernel, items, events, features, terms,
            worth=np.bincount(features, terms, minlength=width).astype(np.float32),
            count=np.bincount(features[values != 0], minlength=width),
        )  # fmt: skip

    def paths(self, associations: Associations, target: int, wanted: Wanted | None) -> list[Reason]:
        """One reason for each feature in common, by way of the event that says most of it."""
        at = slice(*self.kernel.features.indptr[target : target + 2])
        features, values = self.kernel.features.indices[at], self.kernel.features.data[at]
        if not len(features):
            return []
        # An item says nothing about itself.
        itself = np.flatnonzero(self.items == target)
        own = self.terms[np.isin(self.events, itself)] if len(itself) else np.zeros_like(values)
        shares = (self.worth[features] - own.reshape(-1, len(values)).sum(axis=0)) * values
        counts = np.where(values != 0, self.count[features] - len(itself), 0)
        chosen = np.flatnonzero(counts) if wanted is None else wanted.of(shares, counts)
        found = []
        for place in chosen:
            feature = int(features[place])
            rows = np.flatnonzero(self.features == feature)
            if len(itself):
                rows = rows[self.items[self.events[rows]] != target]
            # Of the events on its side, the one that says most.
            terms = self.terms[rows] * np.sign(shares[place])
            event = int(self.events[rows[np.argmax(terms)]])
            facts = stored_facts(associations, (int(self.items[event]), target), feature)
            found.append(
                Reason(
                    "knowledge",
                    float(shares[place]),
                    event=event,
                    feature=feature,
                    facts=facts,
                    events=int(counts[place]),
                )
            )
        return found
