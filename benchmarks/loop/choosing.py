"""A model chosen on everybody's newest tenth of what is known, and fitted on all of it."""

from __future__ import annotations

from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.models.fit import fit
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.tuning import choose
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

BY_TIME = EvaluationConfig(split="user-temporal", fractions=(0.9, 0.1, 0.0))


def chosen(item_features: ItemFeatures, known: Interactions, config: ModelConfig) -> FittedModel:
    """Every setting anew, as a build does."""
    parts = assign_splits(known, BY_TIME, config.seed)
    valid = known.select((parts == VALID) & (known.weights > 0)).user_items()
    fitted_model = choose(item_features, known.select(parts == TRAIN), valid, config)
    return fit(item_features, known, fitted_model.hyperparameters, config)
