"""Content attention: how much each fact of an item should say, beside what is there today.

An item's ties F are strength · √(weight of the relation), with strength = confidence × specificity.
Tried are other powers of specificity and of the learned weights, and an entity attention (as in
KGAT, but counted): how much more those who like one item of an entity like its others than chance
has it, relative to the other entities of the relation, by empirical Bayes.

Judged are knowledge and mapped knowledge alone, on items with events and on those without, and each
of them in the blend, with the weight that the other half of the users chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.details.fitted import ValidatedModel, validated_model
from benchmarks.details.halves import PerUser, cross_chosen, gain
from tastegraph.core.arrays import CSR
from tastegraph.models.base import KNOWLEDGE, MAPPED_KNOWLEDGE, segment
from tastegraph.models.blend_weights import WEIGHTS
from tastegraph.models.cold_start import ColdTrial, cold_trials
from tastegraph.models.decomposition import compressed
from tastegraph.models.item_features import TIES_DIMENSIONS
from tastegraph.models.kernels import FactorKernel, FeatureKernel, Kernel, Scores
from tastegraph.models.knowledge import relation_weights, unit_rows
from tastegraph.models.mapped import MappedParams, Ridge
from tastegraph.profiles.association import Associations, specificity
from tastegraph.profiles.attention import attend
from tastegraph.profiles.splits import VALID

COMPONENTS = (KNOWLEDGE, MAPPED_KNOWLEDGE)
Ties = Callable[[CSR], CSR]
"""Who likes what → the ties of items, where entities are weighed by it."""
MAX_RATIO = 10.0
"""An entity's attention is at most so many times that of its relation, and at least the inverse."""


@dataclass(frozen=True)
class ContentAttention:
    """A way to weigh ties.

    Attributes:
        specificity: exponent of specificity; 1 today.
        relations: exponent of the learned relation weights, under the root; 1 today, 0 for none.
        entities: whether entities have an attention.
    """

    specificity: float = 1.0
    relations: float = 1.0
    entities: bool = False

    def associations(self, stated: Associations) -> Associations:
        """``stated`` with another power of specificity."""
        rare = np.maximum(specificity(stated), 1e-9) ** (self.specificity - 1)
        strength = stated.strength.copy()
        strength.data = (strength.data * rare[strength.indices]).astype(np.float32)
        return replace(stated, strength=strength)

    def ties(self, associations: Associations, weights: Scores, user_items: CSR) -> CSR:
        """float32 CSR[I, features], rows of length 1.

        Args:
            associations: from :meth:`associations`.
            weights: float32[kinds], learned for these.
            user_items: CSR[U, I], what entities are weighed by.
        """
        of_feature = (weights**self.relations)[associations.kind].astype(np.float64)
        if self.entities:
            of_feature *= entity_attention(associations, user_items)
        strength = associations.strength
        values = strength.data * np.sqrt(of_feature)[strength.indices]
        ties = (values.astype(np.float32), strength.indices, strength.indptr)
        return unit_rows(sparse.csr_array(ties, shape=strength.shape))

    @property
    def name(self) -> str:
        """As the results call it."""
        entities = ", entities" if self.entities else ""
        return f"specificity {self.specificity:g}, relations {self.relations:g}{entities}"


TODAY = ContentAttention()
VARIANTS = (
    TODAY,
    ContentAttention(specificity=0),
    ContentAttention(specificity=0.5),
    ContentAttention(specificity=2),
    ContentAttention(relations=0),
    ContentAttention(relations=2),
    ContentAttention(specificity=0, relations=0),
    ContentAttention(specificity=2, relations=2),
    ContentAttention(entities=True),
)


def entity_attention(associations: Associations, user_items: CSR) -> NDArray[np.float64]:
    """float64[features], 1 on average over the pairs of a relation's items.

    Of the pairs of a feature's items that users like, O there are and E would be if nobody's likes
    depended on one another. O is Poisson with mean λE, and λ of the features of one relation is
    gamma distributed around λᵣ = ΣO / ΣE with a rate κ that follows from how the O/E differ (method
    of moments). The attention is the mean of λ given O, (O + κλᵣ) / (E + κ), over λᵣ.
    """
    popularity = np.bincount(user_items.indices, minlength=user_items.shape[1]).astype(np.float64)
    has = sparse.csr_array(associations.strength.astype(bool).astype(np.float64))
    per_user = sparse.csr_array(user_items.astype(np.float64) @ has)
    per_user.data = per_user.data * (per_user.data - 1) / 2
    liked = np.asarray(per_user.sum(axis=0)).reshape(-1)
    by_chance = ((has.T @ popularity) ** 2 - has.T @ popularity**2) / (2 * user_items.shape[0])
    attention = np.ones(len(liked))
    for kind in np.unique(associations.kind):
        features = np.flatnonzero((associations.kind == kind) & (by_chance > 0))
        if len(features) < 2 or not liked[features].any():
            continue
        observed, expected = liked[features], by_chance[features]
        mean = observed.sum() / expected.sum()
        spread = (expected * (observed / expected - mean) ** 2).sum() - mean * (len(features) - 1)
        spread /= expected.sum() - (expected**2).sum() / expected.sum()
        rate = mean / max(spread, 1e-12)
        ratio = (observed + rate * mean) / (expected + rate) / mean
        attention[features] = np.clip(ratio, 1 / MAX_RATIO, MAX_RATIO)
    return attention


def content_attention(name: str, data: Path) -> Iterator[dict[str, Any]]:
    """Of one set: NDCG@10 of each way, and its gain over today's; grows with each of them."""
    fitted = validated_model(name, data)
    if not fitted.data.ties.nnz:
        return
    rest = {component: _rest(fitted, component) for component in COMPONENTS}
    targets = fitted.events.targets(VALID)
    trials = cold_trials(fitted.data, targets, fitted.config)
    results: dict[str, Any] = {
        "users": len(fitted.validation.histories),
        "cold_users": sum(len(trial.validation.histories) for trial in trials),
    }
    today: dict[str, PerUser] = {}
    for variant in VARIANTS:
        associations = variant.associations(fitted.data.item_features.associations)
        weights = relation_weights(associations, fitted.data.user_items, fitted.config.seed)
        ties = partial(variant.ties, associations, weights)
        values = _warm(fitted, ties, rest) | _cold(fitted, ties, trials)
        today = today or values
        results[variant.name] = {
            judged: {"ndcg": float(each.mean()), **gain(each, today[judged])}
            for judged, each in values.items()
        }
        yield results


def kernels(ties: CSR, user_items: CSR, params: MappedParams) -> Iterator[tuple[str, Kernel]]:
    """The two components of facts, over these ties."""
    yield KNOWLEDGE, FeatureKernel(ties)
    few = compressed(ties, TIES_DIMENSIONS)
    by_facts = Ridge(few.rows, user_items).map(params)
    if by_facts is not None:
        yield MAPPED_KNOWLEDGE, FactorKernel(by_facts.left, by_facts.of(few.rows))


def _rest(fitted: ValidatedModel, name: str) -> Scores:
    """float32[U, I], the scores of the blend without one component."""
    model, histories = fitted.model, fitted.validation.histories
    weights, _ = model.blend.rows(name, [segment(history) for history in histories])
    scores = model.components[name].score(histories)
    return model.score(histories) - scores * (weights * model.inverse_spread(scores))[:, None]


def _warm(fitted: ValidatedModel, ties: Ties, rest: Mapping[str, Scores]) -> dict[str, PerUser]:
    """NDCG@10 by user, of each component alone and of the blend with it."""
    histories, objective = fitted.validation.histories, fitted.validation.objective
    params, user_items = fitted.hyperparameters.params[MAPPED_KNOWLEDGE], fitted.data.user_items
    values: dict[str, PerUser] = {}
    for name, kernel in kernels(ties(user_items), user_items, params):
        attention = fitted.hyperparameters.attention[name]
        scores = kernel.score(attend(histories, attention, kernel.n_items))
        values[name] = objective.by_user(scores)
        scores *= fitted.model.inverse_spread(scores)[:, None]
        blends = [objective.by_user(rest[name] + np.float32(w) * scores) for w in WEIGHTS]
        values[f"{name}, in the blend"], _ = cross_chosen(blends)
    return values


def _cold(fitted: ValidatedModel, ties: Ties, trials: list[ColdTrial]) -> dict[str, PerUser]:
    """NDCG@10 by user among items whose events are held out, over all trials."""
    by_trial: dict[str, list[PerUser]] = {}
    params = fitted.hyperparameters.params[MAPPED_KNOWLEDGE]
    for trial in trials:
        user_items = trial.data.user_items
        for name, kernel in kernels(ties(user_items), user_items, params):
            recency = fitted.hyperparameters.attention[name]
            attention = attend(trial.validation.histories, recency, kernel.n_items)
            scores = kernel.score(attention, trial.cold)
            by_trial.setdefault(name, []).append(trial.validation.objective.by_user(scores))
    return {f"{name}, cold items": np.concatenate(values) for name, values in by_trial.items()}
