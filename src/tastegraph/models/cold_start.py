"""How to rank items without events: among one another, and among those that have some.

A share of the items is held out (*cold-item holdout*): the components that can score them are made
without their events, and what these say is compared with what users did. Which evidence orders them
best decides its parameters and its weights relative to one another, in up to five trials; how far
the whole can be trusted follows from least squares against the scores that a model with their
events gives. So a cold item's score is what its score would be expected to be: where the evidence
says little, it shrinks.

A language model that was finetuned on behaviour was kept from one fifth alone; then that trial
stands for all. So does the first trial of a large catalogue, with as many users as all five would
have: what must be learned without the events of a fifth is learned once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import ModelConfig
from tastegraph.core.records import is_entity
from tastegraph.models import validation
from tastegraph.models.base import FEW_LIKES, KNOWN, NEW, Component, SimilarityComponent
from tastegraph.models.blend_weights import Shortlist, fit_blend_weights
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import inverse_spread
from tastegraph.models.registry import COMPONENTS
from tastegraph.models.training_data import TrainingData
from tastegraph.models.trials import TRIALS_SHARE, current_trials
from tastegraph.models.validation import MAX_VALIDATION_CELLS, Validation
from tastegraph.profiles.attention import Recency, attend
from tastegraph.profiles.interactions import History

FOLDS = 5
MAX_SCALING_USERS = 500
"""Users whose scores the weights on items without events are scaled to."""
ENOUGH_USERS = 2_000
"""Once trials have so many users, there are no more trials."""


@dataclass(frozen=True)
class ColdTrial:
    """One fifth of the items is held out.

    Attributes:
        cold, warm: bool[I], items that are held out; those of the others that have events.
        data: what is known without the events of ``cold``.
        validation: users, and what they went on to like in ``cold``.
    """

    cold: Bools
    warm: Bools
    data: TrainingData
    validation: Validation


def cold_item_holdout(item_ids: Sequence[str], seed: int) -> Bools:
    """bool[I]: a fifth of all items, the same ones whatever happens to the others.

    The language model is not finetuned on their events either: what its vectors are worth on new
    items can be seen on them.
    """
    return np.equal(cold_folds(item_ids, seed), 0)


def cold_folds(item_ids: Sequence[str], seed: int) -> NDArray[np.int64]:
    """int64[I] in 0 … 4: the trial in which each item is held out; -1 of entities: in none."""
    digests = (sha256(f"{seed}:{item_id}".encode("utf-8", "replace")) for item_id in item_ids)
    folds = np.array([d.digest()[0] % FOLDS for d in digests], dtype=np.int64)
    folds[np.array([is_entity(item_id) for item_id in item_ids], dtype=np.bool_)] = -1
    return folds


def cold_trials(data: TrainingData, valid: CSR, config: ModelConfig) -> list[ColdTrial]:
    """The trials that have enough users.

    Args:
        data: what is learned from.
        valid: CSR[U, I], what should be found.
        config: seed, and how much of a history counts.
    """
    folds = cold_folds(data.item_features.graph.item_ids, config.seed)
    has_events, large = data.popularity > 0, data.n_items > validation.LARGE_CATALOGUE
    trials: list[ColdTrial] = []
    for fold in range(1 if data.item_features.finetuned or large else FOLDS):
        if sum(len(trial.validation.histories) for trial in trials) >= ENOUGH_USERS:
            break
        if trials and current_trials().seconds_left(TRIALS_SHARE) <= 0:
            break
        cold = folds == fold
        users = Validation.of_cold(data.interactions, valid, cold, config, FOLDS if large else 1)
        if users is not None:
            blind = data.without_items(cold)
            trials.append(ColdTrial(cold, has_events & ~cold, blind, users))
    return trials


def tune_for_cold(
    trials: Sequence[ColdTrial], recencies: Sequence[Recency], seed: int
) -> tuple[dict[str, Any], dict[str, Recency]]:
    """Parameters and recency weighting of each component that order cold items best by it alone.

    Args:
        trials: from :func:`cold_trials`; without any, nothing is chosen.
        recencies: ways to weigh a history.
        seed: of what is learned.
    """
    sums: dict[str, dict[tuple[Any, Recency], float]] = {}
    for trial in trials:
        data, objective = trial.data, trial.validation.objective
        histories = trial.validation.histories
        attended = {recency: attend(histories, recency, data.n_items) for recency in recencies}
        for component in _components_of_cold_items():
            for params in component.grid(data):
                arrays = data.learn(component, params, seed)
                fitted = component.from_arrays(arrays, params, data)
                if fitted is None:
                    continue
                of_component = sums.setdefault(component.name, {})
                for recency, attention in attended.items():
                    if isinstance(fitted, SimilarityComponent) and not fitted.learns_attention:
                        scores = fitted.kernel.score(attention, trial.cold)
                    else:
                        scores = fitted.score(histories, trial.cold)
                    setting = params, recency
                    ndcg = float(objective.by_user(scores).sum())
                    of_component[setting] = of_component.get(setting, 0.0) + ndcg
    best = {name: max(ndcgs, key=ndcgs.__getitem__) for name, ndcgs in sums.items()}
    return (
        {name: params for name, (params, _) in best.items()},
        {name: recency for name, (_, recency) in best.items()},
    )


def fit_cold_weights(
    trials: Sequence[ColdTrial],
    hyperparameters: Hyperparameters,
    names: Collection[str],
    seed: int,
) -> dict[str, dict[str, float]]:
    """Weights on cold items relative to one another, for known and for new users.

    Args:
        trials: from :func:`cold_trials`; without any, the result is empty.
        hyperparameters: parameters and attention of the components.
        names: components that may have a weight.
        seed: of what is learned.
    """
    if not trials:
        return {}
    blind = [blind_components(trial.data, hyperparameters, seed) for trial in trials]
    expected = [c.name for c in COMPONENTS if c.expected_of_new_items]
    weights = {}
    if len(trials) == 1 and trials[0].data.n_items > validation.LARGE_CATALOGUE:
        return _cold_weights_by_shortlist(trials[0], blind[0], names, expected)
    for segment in (KNOWN, NEW):
        scores = [
            blind_scores(components, trial.warm, trial.cold, _histories(trial, segment))
            for trial, components in zip(trials, blind, strict=True)
        ]
        options = {
            name: [_stacked([of_trial[name] for of_trial in scores])]
            for name in scores[0]
            if name in names
        }
        by_user = partial(_by_user, trials)
        weights[segment] = fit_blend_weights(options, by_user, expected).weights if options else {}
    return weights


def _cold_weights_by_shortlist(
    trial: ColdTrial,
    components: Mapping[str, Component],
    names: Collection[str],
    expected: Collection[str],
) -> dict[str, dict[str, float]]:
    """:func:`fit_cold_weights` over the first cold items of each component alone."""
    options = {
        name: [_ColdScores(component, trial.warm, trial.cold)]
        for name, component in components.items()
        if name in names
    }
    if not options:
        return {KNOWN: {}, NEW: {}}
    weights = {}
    for segment in (KNOWN, NEW):
        shortlist = Shortlist.of(
            options, _histories(trial, segment), trial.validation.objective, _already_standardised
        )
        by_user = shortlist.objective.by_user
        weights[segment] = fit_blend_weights(shortlist.scores, by_user, expected).weights
    return weights


@dataclass(frozen=True)
class _ColdScores:
    """A component that scores ``cold`` items over its spread on ``warm`` ones (bool[I])."""

    component: Component
    warm: Bools
    cold: Bools

    @property
    def n_items(self) -> int:
        return int(self.cold.sum())

    def score(self, histories: Sequence[History]) -> Scores:
        return blind_scores({"": self.component}, self.warm, self.cold, histories)[""]


def _already_standardised(scores: Scores) -> NDArray[np.float32]:
    return np.ones(len(scores), dtype=np.float32)


def scale_cold_weights(
    model: HybridModel,
    data: TrainingData,
    hyperparameters: Hyperparameters,
    seed: int,
    names: Collection[str] | None = None,
) -> dict[str, dict[str, float]]:
    """User segment → component → weight on items without events.

    Empty where nobody's history says anything.

    Args:
        model: whose scores are predicted, without the events of the items held out.
        data: what it was learned from.
        hyperparameters: with weights relative to one another, if any; without them least squares
            decides all.
        seed: of what is learned, and of the users; at most 500 are drawn.
        names: components that may have a weight; by default all.
    """
    cold = cold_item_holdout(data.item_features.graph.item_ids, seed)
    blind_data = data.without_items(cold)
    blind = blind_components(blind_data, hyperparameters, seed, names)
    rng = np.random.default_rng(seed)
    everybody = blind_data.interactions.histories(data.history)
    telling = [history for history in everybody if len(history.likes) >= FEW_LIKES]
    telling = telling or [history for history in everybody if len(history.likes)]
    targets = cold & model.warm
    if not telling or not targets.any():
        return {}
    rows = rng.choice(len(telling), min(len(telling), MAX_SCALING_USERS), replace=False)
    sample = [telling[row] for row in rows]
    weights = {}
    for segment, newest in ((KNOWN, None), (NEW, FEW_LIKES - 2)):
        users = sample if newest is None else [history.newest(newest) for history in sample]
        score = _scores_of(model, users, targets)
        visible = blind_scores(blind, model.warm & ~cold, targets, users)
        direction = hyperparameters.cold.get(segment, {})
        if any(direction.values()):
            sums = (direction.get(name, 0.0) * scores for name, scores in visible.items())
            total = sum(sums, np.zeros_like(score))
            scale = predict_from({"all": total}, score)["all"]
            weights[segment] = {name: scale * weight for name, weight in direction.items()}
        else:
            weights[segment] = predict_from(visible, score)
    return weights


def _scores_of(model: HybridModel, histories: Sequence[History], items: Bools) -> Scores:
    """float32[U, C]: what ``model`` scores ``items`` (bool[I]), some users at a time."""
    block = max(MAX_VALIDATION_CELLS // max(model.n_items, 1), 1)
    starts = range(0, max(len(histories), 1), block)
    return np.concatenate(
        [model.score(histories[start : start + block])[:, items] for start in starts]
    )


def blind_components(
    data: TrainingData,
    hyperparameters: Hyperparameters,
    seed: int,
    names: Collection[str] | None = None,
) -> dict[str, Component]:
    """The components that score items without events, as ``data`` make them."""
    components = {}
    for component in _components_of_cold_items():
        name = component.name
        if names is not None and name not in names:
            continue
        params = hyperparameters.params.get(name, component.default)
        fitted = data.component(component, data.learn(component, params, seed), params)
        if fitted is not None:
            components[name] = fitted.with_recency(hyperparameters.attention.get(name, Recency()))
    return components


def blind_scores(
    components: Mapping[str, Component],
    warm: Bools,
    cold: Bools,
    histories: Sequence[History],
) -> dict[str, Scores]:
    """Component → float32[U, C]: scores of ``cold`` items over their spread on ``warm`` ones.

    Args:
        components: of :func:`blind_components`.
        warm, cold: bool[I].
        histories: of U users.
    """
    block = max(MAX_VALIDATION_CELLS // max(len(cold), 1), 1)
    starts = range(0, max(len(histories), 1), block)
    return {
        name: np.concatenate(
            [
                scores[:, cold] * inverse_spread(scores, warm)[:, None]
                for start in starts
                for scores in [component.score(histories[start : start + block])]
            ]
        )
        for name, component in components.items()
    }


def predict_from(scores: Mapping[str, Scores], target: Scores) -> dict[str, float]:
    """Weights ≥ 0 with which ``scores`` best predict ``target`` in the least-squares sense."""
    from scipy.optimize import nnls

    names = list(scores)
    if not names:
        return {}
    design = np.stack([scores[name].reshape(-1).astype(np.float64) for name in names], axis=1)
    # The normal equations are small however many pairs there are.
    gram, moment = design.T @ design, design.T @ target.reshape(-1).astype(np.float64)
    gram[np.diag_indices_from(gram)] += 1e-6 * max(float(np.trace(gram)), 1e-12)
    root = np.linalg.cholesky(gram).T
    weights, _ = nnls(root, np.linalg.solve(root.T, moment))
    return dict(zip(names, weights.tolist(), strict=True))


def _components_of_cold_items() -> Iterator[type[Component]]:
    return (component for component in COMPONENTS if component.ranks_new_items)


def _histories(trial: ColdTrial, segment: str) -> Sequence[History]:
    return trial.validation.histories if segment == KNOWN else trial.validation.newest


def _stacked(scores: Sequence[Scores]) -> Scores:
    """Trials below one another, float32[ΣU, max C], filled up with 0."""
    width = max(of_trial.shape[1] for of_trial in scores)
    return np.concatenate(
        [np.pad(of_trial, ((0, 0), (0, width - of_trial.shape[1]))) for of_trial in scores]
    )


def _by_user(trials: Sequence[ColdTrial], scores: Scores) -> NDArray[np.float64]:
    """NDCG of the users of all trials, of scores as :func:`_stacked` lays them out."""
    ndcg, start = [], 0
    for trial in trials:
        end = start + len(trial.validation.histories)
        ndcg.append(trial.validation.objective.by_user(scores[start:end, : trial.cold.sum()]))
        start = end
    return np.concatenate(ndcg)
