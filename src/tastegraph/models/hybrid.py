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

from tastegraph.core.arrays import Bools
from tastegraph.core.top_k import best_rows
from tastegraph.models.base import (
    KNOWLEDGE,
    KNOWN,
    NEW,
    POPULARITY,
    Component,
    Prior,
    SimilarityComponent,
    segment,
)
from tastegraph.models.kernels import FactorKernel, FeatureKernel, Scores
from tastegraph.models.knowledge import weighted
from tastegraph.models.ranked import Quota, Ranked, inverse_spread
from tastegraph.models.retrieval.evidence import Evidence, ScoredItems, UserVector
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History
from tastegraph.profiles.likers import Likers

OVERSAMPLING = 5
"""Candidates for each item that a quota asks for, at least."""


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
        index: finds candidates in a large catalogue; without it every item is scored.
    """

    components: Mapping[str, Component]
    blend: Blend
    warm: Bools
    rows: NDArray[np.int64]
    popularity: NDArray[np.int64]
    new: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    likers: Likers | None = field(default=None, repr=False)
    n_entities: int = 0
    index: RetrievalIndex | None = field(default=None, repr=False)

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
                total += np.where(self.warm, *(w[:, None] for w in weights)) * self._standard[name]
        total[~total.any(axis=1)] = self.prior()
        total[:, self.n_listed :] = -np.inf
        return total

    def rank(self, history: History, quotas: Sequence[Quota] = ()) -> Ranked:
        """The scores of one history, ready to be explained.

        Args:
            history: the history.
            quotas: which of the best items are scored at least; without any, and where there is no
                index, all items are.
        """
        evidence = self._evidence(history, self.index if quotas else None)
        items, is_silent = np.arange(self.n_items), None
        if quotas and self.index is not None:
            items, is_silent = self._candidates(history, evidence, quotas, self.index)
        warm_items = self.warm[items]
        total = np.zeros(len(items), dtype=np.float32)
        factors, component_scores, priors = {}, {}, {}
        for name, of_component in evidence.items():
            warm, cold = self._weights(name, history)
            weight = np.where(warm_items, warm, cold)
            component_scores[name] = (
                weight,
                np.float32(of_component.spread) * of_component.at(items),
            )
            total += weight * component_scores[name][1]
            factors[name] = (
                warm * np.float32(of_component.spread) * of_component.attention,
                cold * np.float32(of_component.spread) * of_component.attention,
            )
        for name in self.priors:
            warm, cold = self._weights(name, history)
            if warm or cold:
                weight, standard = np.where(warm_items, warm, cold), self._standard[name][items]
                component_scores[name] = weight, standard
                priors[name] = weight * standard
                total += priors[name]
        if not total.any() if is_silent is None else is_silent:
            total = self.prior()[items]
            priors = {POPULARITY: total.copy()}
            factors, component_scores = {}, {}
        total[items >= self.n_listed] = -np.inf
        return Ranked(history, items, total, factors, component_scores, priors)

    def _evidence(self, history: History, index: RetrievalIndex | None) -> dict[str, Evidence]:
        """What each component with a weight says of a history; by vectors those of an index."""
        evidence: dict[str, Evidence] = {}
        for name, component in self.similarities.items():
            if not any(self._weights(name, history)):
                continue
            kernel = component.kernel
            if index is not None and name in index.moments and isinstance(kernel, FactorKernel):
                moments = index.moments[name]
                evidence[name] = UserVector.of(component, kernel, history, self.warm, moments)
            else:
                evidence[name] = ScoredItems.of(component, history, self._warm_weights)
        return evidence

    def _candidates(
        self,
        history: History,
        evidence: Mapping[str, Evidence],
        quotas: Sequence[Quota],
        index: RetrievalIndex,
    ) -> tuple[NDArray[np.int64], bool]:
        """The items that are scored exactly, int64[C], ascending; and whether no evidence speaks.

        Then the candidates are the most popular items.
        """
        # What is said of an item if it has events, and of those that have none.
        scores = np.zeros(self.n_items, dtype=np.float32)
        of_cold = np.zeros(len(self._cold_rows), dtype=np.float32)

        def add(weights: tuple[np.float32, np.float32], values: Scores) -> None:
            if weights[0]:
                np.add(scores, weights[0] * values, out=scores)
            if weights[1]:
                np.add(of_cold, weights[1] * values[self._cold_rows], out=of_cold)

        users = np.zeros((2, index.vectors.shape[1]), dtype=np.float32)
        for name, of_component in evidence.items():
            warm, cold = self._weights(name, history)
            spread = np.float32(of_component.spread)
            if isinstance(of_component, UserVector):
                vector = of_component.vector @ index.queries[name]
                users += np.outer((warm * spread, cold * spread), vector)
            elif isinstance(of_component, ScoredItems):
                add((warm * spread, cold * spread), of_component.scores)
        for name in self.priors:
            add(self._weights(name, history), self._standard[name])
        scores += index.scores(users[0])
        scores[self._cold_rows] = of_cold + self._cold_index.scores(users[1])
        is_silent = not scores.any()
        if is_silent:
            scores = self.prior()
        scores[self.n_listed :] = -np.inf
        candidates = [
            best_rows(
                scores if quota.items is None else np.where(quota.items, scores, -np.inf),
                max(index.n_candidates, OVERSAMPLING * quota.size),
            )
            for quota in quotas
        ]
        return np.unique(np.concatenate(candidates)), is_silent

    def _weights(self, name: str, history: History) -> tuple[np.float32, np.float32]:
        """The weights of a component for one user, on warm and on cold items."""
        (warm,), (cold,) = self.blend.rows(name, [segment(history)])
        return warm, cold

    @cached_property
    def _warm_weights(self) -> Scores:
        """float32[I]: 1 for items with events, else 0."""
        return self.warm.astype(np.float32)

    @cached_property
    def _cold_rows(self) -> NDArray[np.int64]:
        """int64[n]: the items without events."""
        return np.flatnonzero(~self.warm)

    @cached_property
    def _cold_index(self) -> RetrievalIndex:
        """The index of the items without events."""
        assert self.index is not None
        return replace(self.index, vectors=self.index.vectors[self._cold_rows])

    @cached_property
    def _standard(self) -> Mapping[str, Scores]:
        """Prior → float32[I], its values over their spread."""
        return {
            name: prior.values * inverse_spread(prior.values[None, :], self.warm)[0]
            for name, prior in self.priors.items()
        }

    @cached_property
    def of_items(self) -> HybridModel:
        """The model that says how alike items are: without priors, as for a user with a history."""
        warm, cold = (
            {n: weight for n, weight in weights.get(KNOWN, {}).items() if n in self.similarities}
            for weights in (self.blend.warm, self.blend.cold)
        )
        return replace(self, blend=Blend({NEW: warm, KNOWN: warm}, {NEW: cold, KNOWN: cold}))

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
