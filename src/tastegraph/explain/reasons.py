"""Reasons: the parts of a score, as liked items and paths over stored facts.

Nothing is guessed after the fact: a score is a sum over (event, evidence) pairs, and each reason
is a group of its terms. All reasons of an item together are its score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tastegraph.explain.affinities import affinities
from tastegraph.explain.interests import Interests
from tastegraph.explain.people import People
from tastegraph.explain.reason import Kind, Reason, Wanted
from tastegraph.models.base import BEHAVIOUR, MAPPED_TEXT, NETWORK, RECENT_POPULARITY, TEXT, TOWER
from tastegraph.models.hybrid import HybridModel, Ranked
from tastegraph.models.kernels import AffinityKernel, FeatureKernel, NetworkKernel, Scores
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History

KIND_OF_PART: dict[str, Kind] = {
    BEHAVIOUR: "behaviour",
    NETWORK: "behaviour",
    TEXT: "text",
    MAPPED_TEXT: "text",
    TOWER: "text",
}
"""What a part says as long as nobody has counted the people."""
PORTIONS: tuple[Kind, ...] = ("behaviour", "text", "facts")
"""What the portions of the network say, of items' own vectors, of texts, of entities and values."""
BESIDE: dict[Kind, Kind] = {"learned": "behaviour", "facts": "affinity"}
"""What stands in a short list for what: it is the same evidence, with fewer people behind it."""
LEAST_SHOWN = 0.01


class Explainer:
    """Takes one person's scores apart, item by item."""

    def __init__(self, model: HybridModel, associations: Associations, ranked: Ranked) -> None:
        self._model, self._associations, self._ranked = model, associations, ranked
        self._interests: dict[tuple[str, bool], Interests] = {}
        self._people = None if model.likers is None else People(model.likers, associations)

    def reasons(self, target: int) -> list[Reason]:
        """All reasons of ``target``, the largest share first; they sum to its score."""
        found = [self._counted(reason, target) for reason in self._found(target)]
        return sorted(found, key=lambda reason: -abs(reason.share))

    def shortlist(self, target: int, most: int) -> list[Reason]:
        """The reasons to show first: for the item, telling, and of every kind there is."""
        score = float(self._ranked.scores[target])
        found = self._found(target, Wanted(most, max(LEAST_SHOWN * score, 0.0)))
        chosen = shortlist(found or self._found(target, Wanted(most, 0.0)), most, score)
        return [self._counted(reason, target) for reason in chosen]

    def _found(self, target: int, wanted: Wanted | None = None) -> list[Reason]:
        """All reasons, or of every kind those that tell most for the item."""
        model, ranked, items = self._model, self._ranked, self._ranked.history.items
        if not ranked.factors:
            return [Reason("popularity", float(ranked.scores[target]))]
        by_event: dict[Kind, Scores] = {}
        reasons = [
            Reason("popularity", float(shares[target]), recent=name == RECENT_POPULARITY)
            for name, shares in ranked.priors.items()
            if shares[target]
        ]
        is_warm = bool(model.warm[target])
        for name, (warm, cold) in ranked.factors.items():
            factors = warm if is_warm else cold
            kernel = model.components[name].kernel
            if isinstance(kernel, FeatureKernel):
                if (name, is_warm) not in self._interests:
                    self._interests[name, is_warm] = Interests.of(kernel, items, factors)
                interests = self._interests[name, is_warm]
                reasons += interests.paths(self._associations, target, wanted)
            elif isinstance(kernel, AffinityKernel):
                reasons += affinities(kernel, self._associations, items, factors, target, wanted)
            elif isinstance(kernel, NetworkKernel):
                for kind, portion in zip(PORTIONS, kernel.portions(items, target), strict=True):
                    by_event[kind] = by_event.get(kind, np.float32(0)) + factors * portion
            else:
                kind = KIND_OF_PART[name]
                shares = factors * kernel.between(items, target)
                by_event[kind] = by_event.get(kind, np.float32(0)) + shares
        for kind, shares in by_event.items():
            chosen = np.flatnonzero(shares) if wanted is None else wanted.of(shares, 1)
            reasons += [Reason(kind, float(shares[t]), event=int(t)) for t in chosen]
        return reasons

    def _counted(self, reason: Reason, target: int) -> Reason:
        """``reason`` with the people behind it, and of another kind where there are none."""
        if reason.kind == "popularity":
            return replace(reason, support=int(self._model.popularity[target]))
        if reason.kind not in BESIDE.values() or reason.event is None:
            return reason
        if reason.feature is not None and self._associations.node[reason.feature] == target:
            # What other items state of the target: no fact of its own says it has that.
            return replace(reason, kind="facts", feature=None, facts=())
        if self._people is None:
            return replace(reason, kind="learned" if reason.kind == "behaviour" else "facts")
        history = self._ranked.history
        item, alike = int(history.items[reason.event]), likens(reason, history)
        if reason.kind == "behaviour":
            return self._people.of_both(reason, item, target, alike=alike)
        return self._people.of_feature(reason, item, target, alike=alike)


def likens(reason: Reason, history: History) -> bool:
    """Whether what a reason says joins the target with its event's item, rather than parts them.

    What speaks for the target because of something disliked parts them, for one.
    """
    assert reason.event is not None
    return bool((history.weights[reason.event] > 0) == (reason.share > 0))


def reasons_for(
    model: HybridModel, associations: Associations, ranked: Ranked, target: int
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
        first.setdefault(BESIDE.get(reason.kind, reason.kind), reason)
    chosen = list(first.values())[:most]
    chosen += [r for r in telling if not any(r is c for c in chosen)][: most - len(chosen)]
    return sorted(chosen, key=lambda reason: -reason.share)
