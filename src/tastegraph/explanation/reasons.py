"""Reasons: the parts of a score, as liked items and paths over stored facts.

Nothing is guessed after the fact: a score is a sum over (event, evidence) pairs, and each reason
is a group of its terms. All reasons of an item together are its score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tastegraph.explanation.affinities import affinities
from tastegraph.explanation.interests import Interests
from tastegraph.explanation.reason import Kind, Reason, Wanted
from tastegraph.profiles.association import Associations
from tastegraph.ranking.kernels import AffinityKernel, FeatureKernel, Scores
from tastegraph.ranking.model import (
    BEHAVIOUR,
    MAPPED_TEXT,
    NETWORK,
    TEXT,
    TOWER,
    Model,
    Ranked,
)

KIND_OF_PART: dict[str, Kind] = {
    BEHAVIOUR: "behaviour",
    NETWORK: "behaviour",
    TEXT: "text",
    MAPPED_TEXT: "text",
    TOWER: "text",
}
"""The filter on co-engagement and the network both say: people who like this like that."""

LEAST_SHOWN = 0.01


class Explainer:
    """Takes one person's scores apart, item by item."""

    def __init__(self, model: Model, associations: Associations, ranked: Ranked) -> None:
        self._model, self._associations, self._ranked = model, associations, ranked
        self._interests: dict[tuple[str, bool], Interests] = {}

    def reasons(self, target: int) -> list[Reason]:
        """All reasons of ``target``, the largest share first; they sum to its score."""
        return sorted(self._found(target), key=lambda reason: -abs(reason.share))

    def shortlist(self, target: int, most: int) -> list[Reason]:
        """The reasons to show first: for the item, telling, and of every kind there is."""
        score = float(self._ranked.scores[target])
        found = self._found(target, Wanted(most, max(LEAST_SHOWN * score, 0.0)))
        return shortlist(found or self._found(target, Wanted(most, 0.0)), most, score)

    def _found(self, target: int, wanted: Wanted | None = None) -> list[Reason]:
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
                    self._interests[name, is_warm] = Interests.of(kernel, items, factors)
                interests = self._interests[name, is_warm]
                reasons += interests.paths(self._associations, target, wanted)
            elif isinstance(kernel, AffinityKernel):
                reasons += affinities(kernel, self._associations, items, factors, target, wanted)
            else:
                kind = KIND_OF_PART[name]
                shares = factors * kernel.between(items, target)
                by_event[kind] = by_event[kind] + shares if kind in by_event else shares
        for kind, shares in by_event.items():
            chosen = np.flatnonzero(shares) if wanted is None else wanted.of(shares, 1)
            reasons += [Reason(kind, float(shares[t]), event=int(t)) for t in chosen]
        return reasons


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
