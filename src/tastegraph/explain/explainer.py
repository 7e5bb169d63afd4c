"""Explains a score as a sum of reasons: liked items, and paths over stored facts.

Nothing is guessed afterwards: a score is a sum over (event, component) pairs, and each reason is
a group of its terms. All reasons of an item together sum to its score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tastegraph.core.arrays import Ints
from tastegraph.explain.paths import FeatureShares, knowledge_shares, learned_shares
from tastegraph.explain.reason import Reason
from tastegraph.explain.support import UserCounts
from tastegraph.models.base import RECENT_POPULARITY, ReasonKind
from tastegraph.models.graph_network.component import WHOLES
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import (
    AffinityKernel,
    FactorKernel,
    FeatureKernel,
    Portions,
    Scores,
)
from tastegraph.models.ranked import Ranked
from tastegraph.profiles.association import ITSELF, Associations
from tastegraph.profiles.interactions import History

WITHOUT_FEATURE: dict[ReasonKind, ReasonKind] = {"knowledge": "facts", "affinity": "facts"}
"""The kind of a reason that names no feature, where its component speaks of features."""
SAME_EVIDENCE: dict[ReasonKind, ReasonKind] = {"learned": "behaviour", "facts": "affinity"}
"""In a short list each key counts as its value: the same evidence, with fewer users behind it."""
MIN_SCORE_SHARE = 0.01
"""A short list leaves out a reason with a smaller share of the score."""


@dataclass(frozen=True)
class _Terms:
    """The scores of n items, taken apart.

    Attributes:
        by_event: kind → float32[T, n], what each event of the history adds.
        by_feature: kind → what is added by way of features.
    """

    by_event: Mapping[ReasonKind, Scores]
    by_feature: Sequence[tuple[ReasonKind, FeatureShares]]


class Explainer:
    """Decomposes the scores of one user.

    Args:
        model: the model that computed the scores.
        associations: items × features, as the model has them.
        ranked: the user's history and scores.
    """

    def __init__(self, model: HybridModel, associations: Associations, ranked: Ranked) -> None:
        self._model, self._associations, self._ranked = model, associations, ranked
        self._user_counts = None if model.likers is None else UserCounts(model.likers, associations)

    def reasons(self, target: int) -> list[Reason]:
        """All reasons for and against ``target``, the largest share first, whatever its sign.

        They sum to its score.
        """
        terms = self._terms(np.array([target]))
        reasons = self._popularity(target)
        for kind, by_feature in terms.by_feature:
            # A feature that no event has is behind no part of the score.
            behind = by_feature.counts if kind == "knowledge" else by_feature.shares
            reasons += [
                self._of_feature(kind, by_feature, place, target)
                for place in np.flatnonzero(behind).tolist()
            ]
        for kind, shares in terms.by_event.items():
            reasons += [
                Reason(kind, float(shares[event, 0]), event=event)
                for event in np.flatnonzero(shares[:, 0]).tolist()
            ]
        reasons = [self._with_support(reason, target) for reason in reasons]
        return sorted(reasons, key=lambda reason: -abs(reason.share))

    def shortlist(
        self, target: int, max_reasons: int, is_named: Callable[[int], bool] = lambda _: True
    ) -> list[Reason]:
        """:meth:`shortlists` of one item."""
        return self.shortlists([target], max_reasons, is_named)[0]

    def shortlists(
        self,
        targets: Sequence[int],
        max_reasons: int,
        is_named: Callable[[int], bool] = lambda _: True,
    ) -> list[list[Reason]]:
        """Up to ``max_reasons`` for each item: informative, and of many kinds.

        Args:
            targets: the items, distinct.
            max_reasons: how many, at most.
            is_named: whether a feature has a name; a reason that speaks of another is left out,
                unless the item has no other reason.
        """
        if not targets or not max_reasons:
            return [[] for _ in targets]
        terms, scores = self._terms(np.array(targets)), map(self._ranked.score_of, targets)
        best = _Best.of(terms, max_reasons, is_named)
        shortlists = []
        for place, (target, score) in enumerate(zip(targets, scores, strict=True)):
            smallest = max(MIN_SCORE_SHARE * score, 0.0)
            reasons = self._best(best, place, target, max_reasons, smallest)
            if not any(_is_named(reason, is_named) for reason in reasons):
                reasons = self._best(best, place, target, max_reasons, 0.0)
            reasons = shortlist(reasons, max_reasons, score, is_named)
            shortlists.append([self._with_support(reason, target) for reason in reasons])
        return shortlists

    def _best(
        self, best: _Best, place: int, target: int, max_reasons: int, smallest: float
    ) -> list[Reason]:
        """Reasons of one item before users are counted: the best of each kind.

        Args:
            best: terms of all items.
            place: of the item among them.
            target: the item.
            max_reasons: of each kind, at most.
            smallest: share that a reason other than popularity must have, at least.
        """
        reasons = self._popularity(target)
        for kind, by_feature, positions in best.by_feature:
            large = [at for at in positions[place] if by_feature.shares[at] >= smallest]
            reasons += [
                self._of_feature(kind, by_feature, at, target) for at in large[:max_reasons]
            ]
        for kind, events, shares in best.by_event:
            reasons += [
                Reason(kind, share, event=event)
                for event, share in zip(events[place], shares[place], strict=True)
                if share > 0 and share >= smallest
            ]
        return reasons

    def _popularity(self, target: int) -> list[Reason]:
        """What is said of an item whoever the user is."""
        ranked, place = self._ranked, self._ranked.place(target)
        if not ranked.factors:
            return [Reason("popularity", ranked.score_of(target))]
        return [
            Reason("popularity", float(shares[place]), recent=name == RECENT_POPULARITY)
            for name, shares in ranked.priors.items()
            if shares[place]
        ]

    def _terms(self, targets: Ints) -> _Terms:
        """The scores of some distinct items (int[n]), taken apart."""
        model, history = self._model, self._ranked.history
        # Kernels of whole items know nothing of nodes behind them, whose factors are 0.
        items = history.within(model.n_items).items
        is_warm, own = model.warm[targets], items[:, None] == targets
        by_event: dict[ReasonKind, Scores] = {}
        by_feature: list[tuple[ReasonKind, FeatureShares]] = []
        learned: list[tuple[Portions, Scores, Scores]] = []
        for name, (warm, cold) in self._ranked.factors.items():
            factors = np.where(is_warm, warm[:, None], cold[:, None])
            component = model.similarities[name]
            kernel = component.kernel
            if isinstance(kernel, FeatureKernel):
                known = history.within(kernel.n_sources).items
                shares = knowledge_shares(kernel, known, factors, targets)
                by_feature.append(("knowledge", shares))
                continue
            entries: dict[ReasonKind, Scores] = {}
            if isinstance(kernel, FactorKernel):
                # One side of a mapped matrix is read once for all items.
                left = np.asarray(kernel.left[items], dtype=np.float32)
                if isinstance(kernel, AffinityKernel | NetworkKernel):
                    portions = kernel.of_features(targets)
                    learned.append((portions, left, np.where(own, np.float32(0), factors)))
                    if isinstance(kernel, NetworkKernel):
                        wholes = kernel.wholes(items, targets, left, portions)
                        entries = dict(zip(WHOLES, wholes, strict=True))
                else:
                    kind = WITHOUT_FEATURE.get(component.reason, component.reason)
                    entries = {kind: kernel.between(items, targets, left)}
            else:
                kind = WITHOUT_FEATURE.get(component.reason, component.reason)
                entries = {kind: kernel.between(items, targets)}
            for kind, of_kind in entries.items():
                by_event[kind] = np.asarray(
                    by_event.get(kind, 0) + factors * of_kind, dtype=np.float32
                )
        through_features = learned_shares(learned, len(items))
        if through_features is not None:
            by_feature.append(("affinity", through_features))
        return _Terms(by_event, by_feature)

    def _of_feature(
        self, kind: ReasonKind, by_feature: FeatureShares, at: int, target: int
    ) -> Reason:
        """One share through a feature, with the facts behind it."""
        event, feature = int(by_feature.events[at]), int(by_feature.features[at])
        items: tuple[int, ...] = (target,)
        if kind == "knowledge":
            items = (int(self._ranked.history.items[event]), target)
        return Reason(
            kind,
            float(by_feature.shares[at]),
            event=event,
            feature=feature,
            facts=_fact_ids(self._associations, items, feature),
            events=int(by_feature.counts[at]),
        )

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


@dataclass(frozen=True)
class _Best:
    """The largest positive terms of each item, by its place.

    Attributes:
        by_event: of each kind the places of events and their shares, the largest first.
        by_feature: of each kind the shares, and the positions in it, the best first.
    """

    by_event: Sequence[tuple[ReasonKind, Sequence[Sequence[int]], Sequence[Sequence[float]]]]
    by_feature: Sequence[tuple[ReasonKind, FeatureShares, Mapping[int, Sequence[int]]]]

    @classmethod
    def of(cls, terms: _Terms, size: int, is_named: Callable[[int], bool]) -> _Best:
        """Of events the first ``size``, of features all."""
        by_event = []
        for kind, shares in terms.by_event.items():
            order = np.argsort(-shares, axis=0, kind="stable")[:size]
            largest = np.take_along_axis(shares, order, axis=0)
            by_event.append((kind, order.T.tolist(), largest.T.tolist()))
        by_feature = []
        for kind, of_kind in terms.by_feature:
            positions = of_kind.best_first(is_named)
            of_item: dict[int, list[int]] = defaultdict(list)
            for place, at in zip(
                of_kind.places[positions].tolist(), positions.tolist(), strict=True
            ):
                of_item[place].append(at)
            by_feature.append((kind, of_kind, of_item))
        return cls(by_event, by_feature)


def _fact_ids(associations: Associations, items: Sequence[int], feature: int) -> tuple[int, ...]:
    """Ids of the stored facts that tie ``items`` to ``feature``; an item itself has none."""
    fact_ids = []
    for item in (item for item in items if item < associations.strength.shape[0]):
        entries = associations.of_item(item)
        position = np.searchsorted(associations.strength.indices[entries], feature)
        fact_ids.append(int(associations.facts[entries][position]))
    return tuple(fact_id for fact_id in fact_ids if fact_id != ITSELF)


def implies_alike(reason: Reason, history: History) -> bool:
    """Whether a reason says that the target goes with its event's item, not that the two differ.

    A reason for the target from a disliked item says that they differ.
    """
    assert reason.event is not None
    return bool((history.weights[reason.event] > 0) == (reason.share > 0))


def reasons_for(
    model: HybridModel, associations: Associations, ranked: Ranked, target: int
) -> list[Reason]:
    """:meth:`Explainer.reasons` of ``target``."""
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
