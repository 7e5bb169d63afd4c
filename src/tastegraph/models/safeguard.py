"""What is served is never worse than what is simple.

The blend is compared on validation data with popularity, recent popularity, ItemKNN and EASE. Where
one of them is better by more than chance, it is served instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import stats

from tastegraph.core.arrays import CSR
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWN,
    NEW,
    POPULARITY,
    RECENT_POPULARITY,
    Component,
)
from tastegraph.models.baselines import BASELINES
from tastegraph.models.ease import EASEParams
from tastegraph.models.fitted_model import Hyperparameters, ModelComparison
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_knn import ItemKNNParams
from tastegraph.models.tables import MAX_DENSE_ITEMS
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency

BLEND = "tastegraph"
"""The blend."""
CONFIDENCE = 0.95
"""One-sided: a lead of a simple model that could be chance with more than the rest is none."""
ITEM_KNN, EASE = "itemknn", "ease"


def simple_models(model: HybridModel, user_items: CSR) -> dict[str, Component]:
    """What needs no graph, no text and no training, in the forms their authors gave them.

    Args:
        model: for its popularities.
        user_items: CSR[U, I].
    """
    models: dict[str, Component] = dict(model.priors)
    for name in (ITEM_KNN, EASE):
        baseline = BASELINES[name]
        if not baseline.dense or model.n_items <= MAX_DENSE_ITEMS:
            models[name] = baseline.fit(user_items, *baseline.grid[0])
    return models


def compare(
    model: HybridModel, simple: Mapping[str, Component | HybridModel], validation: Validation
) -> tuple[ModelComparison, ...]:
    """The blend and the simple models on the same users.

    What is best is served, if it is better than the blend by more than chance.
    """
    histories, objective = validation.histories, validation.objective
    ours = objective.by_user(model.score(histories))
    rows = [ModelComparison(BLEND, float(ours.mean()), 0.0, 0.0, len(ours), served=True)]
    for name, scorer in simple.items():
        values = objective.by_user(scorer.score(histories))
        lead = values - ours
        error = float(lead.std(ddof=min(len(lead) - 1, 1)) / np.sqrt(len(lead)))
        mean = float(lead.mean())
        rows.append(
            ModelComparison(name, float(values.mean()), mean, error, len(lead), served=False)
        )
    best = max(rows, key=lambda row: row.ndcg)
    if best.lead > chance(best.error, best.people):
        rows = [replace(row, served=row is best) for row in rows]
    return tuple(rows)


def chance(error: float, n_users: int) -> float:
    """What a mean lead may reach by chance (Student's t); of one user anything.

    Args:
        error: standard error of the lead.
        n_users: how many users it is a mean over.
    """
    return float(stats.t.ppf(CONFIDENCE, n_users - 1)) * error if n_users > 1 else np.inf


def safeguarded(
    hyperparameters: Hyperparameters, compared: tuple[ModelComparison, ...]
) -> Hyperparameters:
    """``hyperparameters``, or the settings that make the simple model that is served instead."""
    served = next(row.model for row in compared if row.served)
    hyperparameters = replace(hyperparameters, compared=compared)
    if served == BLEND:
        return hyperparameters
    if served in (POPULARITY, RECENT_POPULARITY):
        return replace(
            hyperparameters, weights={segment: {served: 1.0} for segment in (KNOWN, NEW)}
        )
    (value,) = BASELINES[served].grid[0]
    assert value is not None
    params = ItemKNNParams(int(value)) if served == ITEM_KNN else EASEParams(value)
    return replace(
        hyperparameters.with_params(**{BEHAVIOUR: params}),
        attention={**hyperparameters.attention, BEHAVIOUR: Recency()},
        weights={segment: {BEHAVIOUR: 1.0} for segment in (KNOWN, NEW)},
    )
