"""Learning from every event there is, with settings chosen on held-out ones."""

from __future__ import annotations

from tastegraph.core.config import Config
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.models.choice import choose
from tastegraph.models.fit import fit
from tastegraph.models.learned import FittedModel, ItemFeatures
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import VALID, assign_splits


def learn(item_features: ItemFeatures, events: Interactions, config: Config) -> FittedModel:
    """Choose on the validation part of the configured split, then fit on all events."""
    data = EvaluationData(
        events, assign_splits(events, config.evaluation, config.model.seed), item_features
    )
    hyperparameters = choose(
        item_features, data.train, data.targets(VALID), config.model
    ).hyperparameters
    return fit(item_features, events, hyperparameters, config.model)
