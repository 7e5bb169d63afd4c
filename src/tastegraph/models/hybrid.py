"""The ranking model: components that weigh a history and compare items, and priors, blended.

    s(u, i) = Σₚ bₚ(u, i) / σₚ(u) · Σₜ αₚₜ Kₚ[itemₜ, i] + Σ_q b_q(u, i) / σ_q · log(1 + n_q[i])

σₚ(u) is the standard deviation of component p's scores for u over the warm items, n_q how many
users like an item (popularity) or have liked it lately (recent popularity), and b the weights of
the blend for the segments that u and i belong to. Everything is linear in the attention α, so a
score is exactly the sum of what each event says and of what many users like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import ROUNDING, Bools
from tastegraph.models.base import (
    KNOWLEDGE,
    POPULARITY,
    Component,
    Prior,
    SimilarityComponent,
    segment,
)
from tastegraph.models.kernels import FeatureKernel, Scores
from tastegraph.models.knowledge import weighted
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers


@dataclass(frozen=True)
class Blend:
    """Weights of the components, by segment.

    Attributes:
        warm: user segment → component → weight, for items with events.
        cold: the same for items without; components that cannot see them are absent.
    """

    warm: Mapping[str, Mapping[str, float]]
    cold: Mapping[str, Mapping[str, float]]

    @property
    def weighted(self) -> frozenset[str]:
        """The components that have a weight for any user on any item."""
        segments = [*self.warm.values(), *self.cold.values()]
        return frozenset(name for weights in segments for name, weight in weights.items() if weight)

    def rows(
        self, component: str, segments: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """float32[U] twice: the component's weight for each user, on warm and on cold items."""
        warm = [self.warm[segment].get(component, 0.0) for segment in segments]
        cold = [self.cold.get(segment, {}).get(component, 0.0) for segment in segments]
        return np.array(warm, dtype=np.float32), np.array(cold, dtype=np.float32)


@dataclass(frozen=True)
class Ranked:
    """One history's scores, and what is needed to take each of them apart.

    Attributes:
        history: the history.
        scores: float32[I].
        factors: component → float32[T] on warm items, float32[T] on cold ones; empty where no event
            says anything and the scores are popularity.
        component_scores: component → float32[I] twice, its weight on each item and its score over
            its spread.
        priors: prior → float32[I], its share of the score of each item.
    """

    history: History
    scores: Scores
    factors: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    component_scores: Mapping[str, tuple[Scores, Scores]]
    priors: Mapping[str, Scores] = field(default_factory=dict)

    def disagreement(self) -> Scores:
        """float32[I] ≥ 0: how much the components disagree: the standard deviation of their scores.

        Weighted as they are in the score; 0 where fewer than two speak.
        """
        if not self.component_scores:
            return np.zeros_like(self.scores)
        weights = np.stack([weight for weight, _ in self.component_scores.values()])
        scores = np.stack([score for _, score in self.component_scores.values()])
        total = np.maximum(weights.sum(axis=0), np.float32(1e-12))
        mean = (weights * scores).sum(axis=0) / total
        variance = (weights * (scores - mean) ** 2).sum(axis=0) / total
        return np.asarray(np.sqrt(variance), dtype=np.float32)


@dataclass(frozen=True)
class HybridModel:
    """Ranks all items for any history.

    Attributes:
        components: by name; one that is absent says nothing.
        blend: their weights.
        warm: bool[I], items with events at the time of the fit.
        rows: int64[I], row of each item in what was learned; -1 for an item that is newer.
        popularity: int64[I], users who like each item.
        new: bool[I], items that had no event when the model was fitted, or that came later; empty
            where that is not known.
        likers: who they are, by number; without them nothing is said of other users.
        n_entities: how many of the items, the last ones, are entities, which are never listed:
            their score is -inf.
    """

    components: Mapping[str, Component]
    blend: Blend
    warm: Bools
    rows: NDArray[np.int64]
    popularity: NDArray[np.int64]
    new: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    likers: Likers | None = field(default=None, repr=False)
    n_entities: int = 0

    @property
    def n_items(self) -> int:
        """How many items are compared."""
        return len(self.warm)

    @property
    def n_listed(self) -> int:
        """How many of them are ranked."""
        return self.n_items - self.n_entities

    @cached_property
    def priors(self) -> Mapping[str, Prior]:
        """Those of the components that know nothing of the user."""
        return {n: each for n, each in self.components.items() if isinstance(each, Prior)}

    @cached_property
    def similarities(self) -> Mapping[str, SimilarityComponent]:
        """Those of the components that weigh a history and compare items."""
        return {
            n: each for n, each in self.components.items() if isinstance(each, SimilarityComponent)
        }

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]: higher is better; by popularity for a history that says nothing."""
        total = np.zeros((len(histories), self.n_items), dtype=np.float32)
        segments = [segment(history) for history in histories]
        for name, component in self.similarities.items():
            warm, cold = self.blend.rows(name, segments)
            if not warm.any() and not cold.any():
                continue
            scores = component.score(histories)
            spread = self.inverse_spread(scores)
            total[:, self.warm] += scores[:, self.warm] * (warm * spread)[:, None]
            total[:, ~self.warm] += scores[:, ~self.warm] * (cold * spread)[:, None]
        for name in self.priors:
            weights = self.blend.rows(name, segments)
            if weights[0].any() or weights[1].any():
                total += np.where(self.warm, *(w[:, None] for w in weights)) * self._standard(name)
        total[~total.any(axis=1)] = self.prior()
        total[:, self.n_listed :] = -np.inf
        return total

    def rank(self, history: History) -> Ranked:
        """The scores of one history, ready to be explained."""
        total = np.zeros(self.n_items, dtype=np.float32)
        factors, component_scores = {}, {}
        for name, component in self.similarities.items():
            (warm,), (cold,) = self.blend.rows(name, [segment(history)])
            if not warm and not cold:
                continue
            known = history.within(component.kernel.n_sources)
            attention = component.attention(known)
            scores = component.kernel.row(known.items, attention)
            (spread,) = self.inverse_spread(scores[None, :])
            weight = np.where(self.warm, warm, cold)
            component_scores[name] = weight, spread * scores
            total += weight * component_scores[name][1]
            factors[name] = (warm * spread * attention, cold * spread * attention)
        priors = {}
        for name in self.priors:
            (warm,), (cold,) = self.blend.rows(name, [segment(history)])
            if warm or cold:
                weight, standard = np.where(self.warm, warm, cold), self._standard(name)
                component_scores[name] = weight, standard
                priors[name] = weight * standard
                total += priors[name]
        if not total.any():
            total, priors = self.prior(), {POPULARITY: self.prior()}
            factors, component_scores = {}, {}
        total[self.n_listed :] = -np.inf
        return Ranked(history, total, factors, component_scores, priors)

    def _standard(self, name: str) -> Scores:
        """float32[I], a prior over its spread."""
        values = self.priors[name].values
        return np.asarray(values * self.inverse_spread(values[None, :])[0], dtype=np.float32)

    def prior(self) -> Scores:
        """float32[I] in [0, 1]: popularity, for users of whom nothing is known."""
        return (self.popularity / max(int(self.popularity.max(initial=0)), 1)).astype(np.float32)

    def with_nodes(self, associations: Associations, weights: NDArray[np.float32]) -> HybridModel:
        """The same, where events on any entity that an item is tied to speak through knowledge.

        Args:
            associations: items × features that the model compares items by.
            weights: float32[kinds], of facts by relation and direction.
        """
        knowledge = self.similarities.get(KNOWLEDGE)
        if knowledge is None or not isinstance(knowledge.kernel, FeatureKernel):
            return self
        of_nodes = weighted(associations.of_nodes, associations.kind, weights)
        kernel = replace(knowledge.kernel, of_nodes=of_nodes)
        components = {**self.components, KNOWLEDGE: replace(knowledge, kernel=kernel)}
        return replace(self, components=components)

    def inverse_spread(self, scores: Scores) -> NDArray[np.float32]:
        """1 / σ over the warm items, float32[U]; 0 where a component says nothing."""
        return inverse_spread(scores, self.warm)


def inverse_spread(scores: Scores, warm: Bools) -> NDArray[np.float32]:
    """1 / σ of each row over the items in ``warm``, float32[U]; 0 where a component says nothing.

    It says nothing where σ is no more than rounding of the largest score.
    """
    deviation = scores[:, warm].std(axis=1) if warm.any() else scores.std(axis=1)
    largest = np.maximum(scores.max(axis=1, initial=0), -scores.min(axis=1, initial=0))
    inverse = np.zeros(len(scores), dtype=np.float32)
    np.divide(1, deviation, out=inverse, where=deviation > ROUNDING * largest)
    return inverse
