"""Reasons: the parts of a score, as liked items and paths over stored facts.

Nothing is guessed after the fact: a score is a sum over (event, evidence) pairs, and each reason
is a group of its terms. All reasons of an item together are its score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tastegraph.profiles.association import ITSELF, Associations
from tastegraph.ranking.kernels import FeatureKernel, Scores
from tastegraph.ranking.model import BEHAVIOUR, NETWORK, TEXT, Model, Ranked

Kind = Literal["behaviour", "knowledge", "text", "popularity"]
KIND_OF_PART: dict[str, Kind] = {BEHAVIOUR: "behaviour", NETWORK: "behaviour", TEXT: "text"}
"""The filter on co-engagement and the network both say: people who like this like that."""

LEAST_SHOWN = 0.01


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score.

    Attributes:
        kind: ``behaviour``, ``knowledge``, ``text`` or ``popularity``.
        share: how much of the score it is; negative where it speaks against the item.
        event: position in the history of the event that says most of it; ``None`` for popularity.
        feature: the feature that item and target have in common, for ``knowledge`` alone.
        facts: ids of the stored facts on the path from the event's item to the target, with
            ``SEMANTIC`` in the place of one that nobody states.
        events: how many events of the history say it.
    """

    kind: Kind
    share: float
    event: int | None = None
    feature: int | None = None
    facts: tuple[int, ...] = ()
    events: int = 1


class Explainer:
    """Takes one person's scores apart, item by item."""

    def __init__(self, model: Model, associations: Associations, ranked: Ranked) -> None:
        self._model, self._associations, self._ranked = model, associations, ranked
        self._interests: dict[tuple[str, bool], _Interests] = {}

    def reasons(self, target: int) -> list[Reason]:
        """All reasons of ``target``, the largest share first; they sum to its score."""
        return sorted(self._found(target), key=lambda reason: -abs(reason.share))

    def shortlist(self, target: int, most: int) -> list[Reason]:
        """The reasons to show first: for the item, telling, and of every kind there is."""
        score = float(self._ranked.scores[target])
        found = self._found(target, _Wanted(most, max(LEAST_SHOWN * score, 0.0)))
        return shortlist(found or self._found(target, _Wanted(most, 0.0)), most, score)

    def _found(self, target: int, wanted: _Wanted | None = None) -> list[Reason]:
        """All reasons, or of every kind those that tell most for the item."""
        model, ranked, items = self._model, self._ranked, self._ranked.history.items
        if not ranked.factors:
            return [Reason("popularity", float(ranked.scores[target]))]
        by_event: dict[Kind, Scores] = {}
        reasons: list[Reason] = []
        is_warm = bool(model.warm[target])
        for name, (warm, cold) in ranked.factors.items():
            factors = warm if is_warm else cold
            kernel = model.parts[name].kernel
            if isinstance(kernel, FeatureKernel):
                if (name, is_warm) not in self._interests:
                    self._interests[name, is_warm] = _Interests.of(kernel, items, factors)
                interests = self._interests[name, is_warm]
                reasons += interests.paths(self._associations, target, wanted)
            else:
                kind = KIND_OF_PART[name]
                shares = factors * kernel.between(items, target)
                by_event[kind] = by_event[kind] + shares if kind in by_event else shares
        for kind, shares in by_event.items():
            chosen = np.flatnonzero(shares) if wanted is None else wanted.of(shares, 1)
            reasons += [Reason(kind, float(shares[t]), event=int(t)) for t in chosen]
        return reasons


@dataclass(frozen=True)
class _Interests:
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
    def of(cls, kernel: FeatureKernel, items: NDArray[np.int32], factors: Scores) -> _Interests:
        events, features, values = kernel.entries(items)
        terms, width = factors[events] * values, kernel.features.shape[1]
        return cls(
            kernel, items, events, features, terms,
            worth=np.bincount(features, terms, minlength=width).astype(np.float32),
            count=np.bincount(features[values != 0], minlength=width),
        )  # fmt: skip

    def paths(
        self, associations: Associations, target: int, wanted: _Wanted | None
    ) -> list[Reason]:
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
            event = int(self.events[rows[np.argmax(np.abs(self.terms[rows]))]])
            facts = (_fact(associations, int(self.items[event]), feature),
                     _fact(associations, target, feature))  # fmt: skip
            found.append(
                Reason(
                    "knowledge",
                    float(shares[place]),
                    event=event,
                    feature=feature,
                    facts=tuple(fact for fact in facts if fact != ITSELF),
                    events=int(counts[place]),
                )
            )
        return found


def reasons_for(
    model: Model, associations: Associations, ranked: Ranked, target: int
) -> list[Reason]:
    """All reasons of ``target``, the largest share first; they sum to its score."""
    return Explainer(model, associations, ranked).reasons(target)


def shortlist(reasons: Sequence[Reason], most: int, score: float) -> list[Reason]:
    """The reasons to show first: for the item, telling, and of every kind there is.

    A reason tells more the larger its share for each event that says it: one film by the same
    director tells more than forty with the same age rating. What makes up less than a hundredth
    of ``score`` is no reason to show, unless there is no other.
    """
    telling = sorted((r for r in reasons if r.share > 0), key=lambda r: -r.share / r.events)
    telling = [r for r in telling if r.share >= LEAST_SHOWN * score] or telling
    first: dict[Kind, Reason] = {}
    for reason in telling:
        first.setdefault(reason.kind, reason)
    chosen = list(first.values())[:most]
    chosen += [r for r in telling if not any(r is c for c in chosen)][: most - len(chosen)]
    return sorted(chosen, key=lambda reason: -reason.share)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which shares a short list may need: at most so many of a kind, each at least so large."""

    most: int
    least: float

    def of(self, shares: Scores, events: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Where the shares above 0 are that tell most for each event that says them."""
        counts = np.broadcast_to(events, shares.shape)
        speaking = np.flatnonzero((shares > 0) & (shares >= self.least) & (counts > 0))
        each = shares[speaking] / counts[speaking]
        return speaking[np.lexsort((-shares[speaking], -each))[: self.most]]


def _fact(associations: Associations, item: int, feature: int) -> int:
    at = associations.of_item(item)
    row = associations.strength.indices[at]
    return int(associations.facts[at][np.searchsorted(row, feature)])
