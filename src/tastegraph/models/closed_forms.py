"""The first lists: a model of closed forms alone, fitted in seconds, before anything is trained.

It is a blend of what needs no text and no training: co-engagement (EASE where its table is small),
stated knowledge, popularity and recent popularity. Weights are fitted to a sample of the validation
users, parameters are defaults. Whoever fits the full model compares it with this one.
"""

from __future__ import annotations

import numpy as np

from tastegraph.core.config import Config
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import BEHAVIOUR, KNOWLEDGE, POPULARITY, RECENT_POPULARITY
from tastegraph.models.ease import EASE
from tastegraph.models.fit import assembled, learn, training_data, with_cold_weights
from tastegraph.models.fitted_model import FittedModel, default_hyperparameters
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.tuning import fit_weights
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

CLOSED_FORMS = (BEHAVIOUR, KNOWLEDGE, POPULARITY, RECENT_POPULARITY)
"""Components of the first lists."""
MAX_EASE_ITEMS = 3_000
"""With more items co-engagement is used, since the inverse for EASE takes the cube of them."""
MAX_USERS = 1_000
"""Validation users that the weights are fitted to, at most."""


def fit_closed_forms(
    item_features: ItemFeatures, events: Interactions, config: Config
) -> tuple[FittedModel, HybridModel]:
    """Fit weights on the validation split of ``config``, then all closed forms on all events.

    Args:
        item_features: graph; texts are not used.
        events: all that count.
        config: how they are split, seed, and how much of a history counts.

    Returns:
        What was fitted, and the model assembled from it over the same items.
    """
    model = config.model
    hyperparameters = default_hyperparameters(ordered=events.ordered)
    if events.n_items <= MAX_EASE_ITEMS:
        hyperparameters = hyperparameters.with_params(**{BEHAVIOUR: EASE.default})
    splits = assign_splits(events, config.evaluation, model.seed)
    valid = events.select((splits == VALID) & (events.weights > 0)).user_items()
    training = training_data(item_features, events.select(splits == TRAIN), model)
    fitted_model = learn(training, hyperparameters, model, names=CLOSED_FORMS)
    hyperparameters = fit_weights(
        training, valid, fitted_model, model, (), CLOSED_FORMS, max_users=MAX_USERS
    )
    data = training_data(item_features, events, model)
    fitted_model = learn(data, hyperparameters, model, names=CLOSED_FORMS)
    fitted_model = with_cold_weights(data, fitted_model, model, names=CLOSED_FORMS)
    return fitted_model, assembled(data, fitted_model)


def without_texts(graph: KnowledgeGraph, associations: Associations) -> ItemFeatures:
    """What is known of items before any text is encoded."""
    text = np.zeros((graph.n_nodes, 1), dtype=np.float32)
    return ItemFeatures(graph, text, no_words(graph.n_items), stated=associations)
