"""What orders items best whose events are not known: items play cold in turn.

In each of up to five trials a fifth of the items plays cold. People are asked for their validation
events on them, and what compares items is made without their events; only the weight of each
relation, one number, is learned with them. A language model that behaviour has taught was kept from
one fifth alone; then that trial stands for all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import ModelConfig
from tastegraph.models.base import KNOWN, MAPPED, NEW
from tastegraph.models.blend import fit_blend_weights
from tastegraph.models.cold import FOLDS, blind_parts, blind_scores, cold_folds, without_items
from tastegraph.models.described import Described
from tastegraph.models.fit import kind_weights_for
from tastegraph.models.kernels import Scores
from tastegraph.models.learned import FittedModel, ItemFeatures
from tastegraph.models.mapping import Target
from tastegraph.models.tower import text_tower
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency, attend
from tastegraph.profiles.interactions import History, Interactions

ENOUGH_PEOPLE = 2_000
"""Once so many have been asked, there are no more trials."""
EXPECTED = MAPPED
"""What speaks unless it clearly hurts: some new items have facts alone and others a text alone, and
what weighs nothing says nothing of them."""
TARGETS = [*(Target(None, strength) for strength in (1.0, 3.0, 10.0)), Target(64, 1.0)]


@dataclass(frozen=True)
class Trial:
    """One fifth of the items plays cold.

    Attributes:
        cold, warm: bool[I]; warm are those of the others that have events.
        user_items: CSR[U, I], those on the others.
        tower: float32[I, d], the text tower that those likes teach.
        validation: who is asked for what.
    """

    cold: Bools
    warm: Bools
    user_items: CSR
    tower: Scores
    validation: Validation


def cold_trials(
    item_features: ItemFeatures, training: Interactions, valid: CSR, config: ModelConfig
) -> list[Trial]:
    """Those in which enough people can be asked.

    Args:
        item_features: graph and texts.
        training: what is learned from.
        valid: CSR[U, I], what should be found.
        config: seed, and how much of a history counts.
    """
    user_items = training.user_items()
    folds = cold_folds(item_features.graph.item_ids, config.seed)
    has_events = np.bincount(user_items.indices, minlength=user_items.shape[1]) > 0
    found: list[Trial] = []
    for fold in range(1 if item_features.taught else FOLDS):
        if sum(len(trial.validation.histories) for trial in found) >= ENOUGH_PEOPLE:
            break
        cold = folds == fold
        validation = Validation.of_cold(training, valid, cold, config)
        if validation is not None:
            tower = text_tower(item_features, training.select(~cold[training.items]), config)
            warm = has_events & ~cold
            found.append(Trial(cold, warm, without_items(user_items, cold), tower, validation))
    return found


def best_for_cold(
    trials: Sequence[Trial],
    item_features: ItemFeatures,
    kind_weights: NDArray[np.float32],
    recencies: Sequence[Recency],
    targets: Mapping[str, Target],
) -> tuple[dict[str, Target], dict[str, Recency]]:
    """What mapped parts are best mapped to, and how each part best weighs a history.

    Args:
        trials: from :func:`cold_trials`.
        item_features: graph and texts.
        kind_weights: float32[2R], of facts.
        recencies: ways to weigh a history.
        targets: kept where too few people could be asked.
    """
    described = Described.of(item_features, kind_weights)
    reached: dict[str, dict[tuple[Target | None, Recency], float]] = {}
    for trial in trials:
        engaged = described.engaged(trial.user_items)
        known = np.ones(len(trial.cold), dtype=np.bool_)
        asked = trial.validation
        attended = {r: attend(asked.histories, r, len(trial.cold)) for r in recencies}
        for place, target in enumerate(TARGETS):
            kernels = engaged.kernels(dict.fromkeys(MAPPED, target), trial.tower, known)
            for name, kernel in kernels.items():
                if name not in MAPPED and place:
                    continue
                of_part = reached.setdefault(name, {})
                for recency, attention in attended.items():
                    setting = (target if name in MAPPED else None, recency)
                    values = asked.objective.by_person(kernel.score(attention, trial.cold))
                    of_part[setting] = of_part.get(setting, 0.0) + float(values.sum())
    best = {name: max(found, key=found.__getitem__) for name, found in reached.items()}
    chosen = {name: target for name, (target, _) in best.items() if target is not None}
    return {**targets, **chosen}, {name: recency for name, (_, recency) in best.items()}


def weighed_cold(
    trials: Sequence[Trial],
    item_features: ItemFeatures,
    fitted_model: FittedModel,
    parts: Collection[str],
) -> dict[str, dict[str, float]]:
    """Weights of ``parts`` relative to one another, for known and for new people.

    Empty where too few people could be asked.
    """
    if not trials:
        return {}
    described = Described.of(
        item_features, kind_weights_for(item_features, fitted_model.kind_weights)
    )
    blind = [
        blind_parts(described, trial.user_items, fitted_model.hyperparameters, trial.tower)
        for trial in trials
    ]

    def histories_of(trial: Trial, who: str) -> Sequence[History]:
        return trial.validation.histories if who == KNOWN else trial.validation.newest

    found = {}
    for who in (KNOWN, NEW):
        scores = [
            blind_scores(made, trial.warm, trial.cold, histories_of(trial, who))
            for trial, made in zip(trials, blind, strict=True)
        ]
        offers = {
            name: [_joined([of_trial[name] for of_trial in scores])]
            for name in scores[0]
            if name in parts
        }
        by_person = partial(_by_person, trials)
        found[who] = fit_blend_weights(offers, by_person, EXPECTED).weights if offers else {}
    return found


def _joined(scores: Sequence[Scores]) -> Scores:
    """Trials below one another, float32[ΣU, max C], filled up with 0."""
    width = max(of_trial.shape[1] for of_trial in scores)
    return np.concatenate(
        [np.pad(of_trial, ((0, 0), (0, width - of_trial.shape[1]))) for of_trial in scores]
    )


def _by_person(trials: Sequence[Trial], scores: Scores) -> NDArray[np.float64]:
    """NDCG of everybody asked in any trial, of scores as :func:`_joined` lays them out."""
    found, start = [], 0
    for trial in trials:
        end = start + len(trial.validation.histories)
        found.append(trial.validation.objective.by_person(scores[start:end, : trial.cold.sum()]))
        start = end
    return np.concatenate(found)
