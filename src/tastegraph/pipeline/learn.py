"""Learning from every event there is, with settings chosen on held-out ones."""

from __future__ import annotations

from tastegraph.core.config import Config
from tastegraph.evaluation.judge import Data
from tastegraph.evaluation.parts import parts_of
from tastegraph.evaluation.split import VALID
from tastegraph.models.choice import choose
from tastegraph.models.fit import fit
from tastegraph.models.learned import FittedModel, ItemFeatures
from tastegraph.profiles.interactions import Interactions


def learn(item_features: ItemFeatures, events: Interactions, config: Config) -> FittedModel:
    """Choose on the validation part of the configured split, then fit on all events."""
    data = Data(events, parts_of(events, config.evaluation, config.model.seed), item_features)
    hyperparameters = choose(
        item_features, data.training, data.wanted(VALID), config.model
    ).hyperparameters
    return fit(item_features, events, hyperparameters, config.model)
