"""Explains a score as a sum of reasons: liked items, and paths over stored facts.

Nothing is guessed afterwards: a score is a sum over (event, component) pairs, and each reason is
a group of its terms. All reasons of an item together sum to its score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tastegraph.explain.paths import HistoryFeatures, affinity_reasons
from tastegraph.explain.reason import Reason, ShareFilter
from tastegraph.explain.support import UserCounts
from tastegraph.models.base import RECENT_POPULARITY, ReasonKind
from tastegraph.models.graph_network.component import WHOLES
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import AffinityKernel, FactorKernel, FeatureKernel, Scores
from tastegraph.models.ranked import Ranked
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History

WITHOUT_FEATURE: dict[ReasonKind, ReasonKind] = {"knowledge": "facts", "affinity": "facts"}
"""The kind of a reason that names no feature, where its component speaks of features."""
SAME_EVIDENCE: dict[ReasonKind, ReasonKind] = {"learned": "behaviour", "facts": "affinity"}
"""In a short list each key counts as its value: the same evidence, with fewer users behind it."""
MIN_SCORE_SHARE = 0.01
"""A short list leaves out a reason with a smaller share of the score."""


class Explainer:
    """Decomposes the scores of one user, item by item.

    Args:
        model: the model that computed the scores.
        associations: items × features, as the model has them.
        ranked: the user's history and scores.
    """

    def __init__(self, model: HybridModel, associations: Associations, ranked: Ranked) -> None:
        self._model, self._associations, self._ranked = model, associations, ranked
        self._history_features: dict[tuple[str, bool], HistoryFeatures] = {}
        self._lefts: dict[str, Scores] = {}
        self._user_counts = None if model.likers is None else UserCounts(model.likers, associations)

    def reasons(self, target: int) -> list[Reason]:
        """All reasons of ``target``, the largest share first; they sum to its score."""
        reasons = [self._with_support(reason, target) for reason in self._terms(target)]
        return sorted(reasons, key=lambda reason: -abs(reason.share))

    def shortlist(
        self, target: int, max_reasons: int, is_named: Callable[[int], bool] = lambda _: True
    ) -> list[Reason]:
        """Up to ``max_reasons`` for the item: informative, and of many kinds.

        Args:
            target: the item.
            max_reasons: how many, at most.
            is_named: whether a feature has a name; a reason that speaks of another is left out,
                unless the item has no other reason.
        """
        score = self._ranked.score_of(target)
        share_filter = ShareFilter(max_reasons, max(MIN_SCORE_SHARE * score, 0.0), is_named)
        terms = self._terms(target, share_filter)
        if not any(_is_named(reason, is_named) for reason in terms):
            terms = self._terms(target, replace(share_filter, min_share=0.0))
        return [
            self._with_support(reason, target)
            for reason in shortlist(terms, max_reasons, score, is_named)
        ]

    def _terms(self, target: int, share_filter: ShareFilter | None = None) -> list[Reason]:
        """All reasons before users are counted, or those of each kind that the filter selects."""
        model, ranked, place = self._model, self._ranked, self._ranked.place(target)
        # Kernels of whole items know nothing of nodes behind them, whose factors are 0.
        items = ranked.history.within(model.n_items).items
        if not ranked.factors:
            return [Reason("popularity", ranked.score_of(target))]
        by_event: dict[ReasonKind, Scores] = {}
        by_feature: list[tuple[AffinityKernel | NetworkKernel, Scores, Scores]] = []
        reasons = [
            Reason("popularity", float(shares[place]), recent=name == RECENT_POPULARITY)
            for name, shares in ranked.priors.items()
            if shares[place]
        ]
        is_warm = bool(model.warm[target])
        for name, (warm, cold) in ranked.factors.items():
            factors = warm if is_warm else cold
            component = model.similarities[name]
            kernel = component.kernel
            if isinstance(kernel, FeatureKernel):
                if (name, is_warm) not in self._history_features:
                    features = HistoryFeatures.of(
                        kernel, ranked.history.within(kernel.n_sources).items, factors
                    )
                    self._history_features[name, is_warm] = features
                features = self._history_features[name, is_warm]
                reasons += features.reasons(self._associations, target, share_filter)
            elif isinstance(kernel, AffinityKernel):
                by_feature.append((kernel, factors, self._left(name, kernel)))
            elif isinstance(kernel, NetworkKernel):
                left = self._left(name, kernel)
                by_feature.append((kernel, factors, left))
                portions = kernel.wholes(items, target, left)
                for kind, portion in zip(WHOLES, portions, strict=True):
                    by_event[kind] = by_event.get(kind, np.float32(0)) + factors * portion
            else:
                kind = WITHOUT_FEATURE.get(component.reason, component.reason)
                if isinstance(kernel, FactorKernel):
                    entries = kernel.between(items, target, self._left(name, kernel))
                else:
                    entries = kernel.between(items, target)
                shares = factors * entries
                by_event[kind] = by_event.get(kind, np.float32(0)) + shares
        reasons += affinity_reasons(by_feature, self._associations, items, target, share_filter)
        for kind, shares in by_event.items():
            if share_filter is None:
                positions = np.flatnonzero(shares)
            else:
                positions = share_filter.select(shares, 1)
            reasons += [Reason(kind, float(shares[t]), event=int(t)) for t in positions]
        return reasons

    def _left(self, name: str, kernel: FactorKernel) -> Scores:
        """float32[T, d], the side of the history of a component, which all items have in common."""
        if name not in self._lefts:
            items = self._ranked.history.within(self._model.n_items).items
            self._lefts[name] = np.asarray(kernel.left[items], dtype=np.float32)
        return self._lefts[name]

    def _with_support(self, reason: Reason, target: int) -> Reason:
        """``reason`` with the number of users behind it; of another kind where there are none."""
        if reason.kind == "popularity":
            return replace(reason, support=int(self._model.popularity[target]))
        if reason.kind not in SAME_EVIDENCE.values() or reason.event is None:
            return reason
        if reason.feature is not None and self._associations.node[reason.feature] == target:
            # Other items name the target as their object: no fact of the target has this feature.
            return replace(reason, kind="facts", feature=None, facts=())
        if self._user_counts is None:
            return replace(reason, kind="learned" if reason.kind == "behaviour" else "facts")
        history = self._ranked.history
        item, alike = int(history.items[reason.event]), implies_alike(reason, history)
        if reason.kind == "behaviour":
            return self._user_counts.of_both_items(reason, item, target, alike=alike)
        return self._user_counts.of_feature(reason, item, target, alike=alike)


def implies_alike(reason: Reason, history: History) -> bool:
    """Whether a reason says that the target goes with its event's item, not that the two differ.

    A reason for the target from a disliked item says that they differ.
    """
    assert reason.event is not None
    return bool((history.weights[reason.event] > 0) == (reason.share > 0))


def reasons_for(
    model: HybridModel, associations: Associations, ranked: Ranked, target: int
) -> list[Reason]:
    """All reasons of ``target``, the largest share first; they sum to its score."""
    return Explainer(model, associations, ranked).reasons(target)


def shortlist(
    reasons: Sequence[Reason],
    max_reasons: int,
    score: float,
    is_named: Callable[[int], bool] = lambda _: True,
) -> list[Reason]:
    """Up to ``max_reasons`` for the item: informative ones, and of as many kinds as possible.

    A reason is the more informative, the larger its share per event: one film by the same
    director says more than forty with the same age rating. One that speaks of a feature without a
    name is left out, unless there is no other. A share of less than :data:`MIN_SCORE_SHARE` of
    ``score`` is left out, unless there is no larger one.
    """
    positive = [r for r in reasons if r.share > 0]
    positive = [r for r in positive if _is_named(r, is_named)] or positive
    positive.sort(key=lambda reason: -reason.share / reason.events)
    positive = [r for r in positive if r.share >= MIN_SCORE_SHARE * score] or positive
    first_of_kind: dict[ReasonKind, Reason] = {}
    for reason in positive:
        first_of_kind.setdefault(SAME_EVIDENCE.get(reason.kind, reason.kind), reason)
    selection = list(first_of_kind.values())[:max_reasons]
    others = [r for r in positive if not any(r is c for c in selection)]
    selection += others[: max_reasons - len(selection)]
    return sorted(selection, key=lambda reason: -reason.share)


def _is_named(reason: Reason, is_named: Callable[[int], bool]) -> bool:
    """Whether all that a reason speaks of has a name."""
    return reason.feature is None or is_named(reason.feature)
