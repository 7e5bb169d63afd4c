"""From events and what is known about items to a model: fit, update, assemble.

``fit`` learns from events with given hyperparameters; ``partial_fit`` goes on from a model of fewer
events. ``assemble`` makes a model of what was learned and what is known *now*, so that a new item
or fact counts without learning anything again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.core.stages import stage
from tastegraph.models.base import KNOWLEDGE, KNOWN, NEW, TEXT, Arrays, Component
from tastegraph.models.cold_start import scale_cold_weights
from tastegraph.models.fitted_model import FittedModel, Hyperparameters, Weights
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.registry import COMPONENTS, learns
from tastegraph.models.training_data import TrainingData, weights_by_name, weights_of_kinds
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.likers import Likers

BY_CONTENT = {segment: {KNOWLEDGE: 1.0, TEXT: 1.0} for segment in (KNOWN, NEW)}
"""Weights on items without events where nobody's events say anything better."""


def training_data(
    item_features: ItemFeatures, training: Interactions, config: ModelConfig
) -> TrainingData:
    """What components learn from, as the configuration says."""
    with stage("weighing relations"):
        return TrainingData.of(item_features, training, config.history, config.seed)


def fit(
    item_features: ItemFeatures,
    training: Interactions,
    hyperparameters: Hyperparameters,
    config: ModelConfig,
) -> FittedModel:
    """Learn from ``training`` with ``hyperparameters``, for items without events too."""
    return fit_and_assemble(item_features, training, hyperparameters, config)[0]


def fit_and_assemble(
    item_features: ItemFeatures,
    training: Interactions,
    hyperparameters: Hyperparameters,
    config: ModelConfig,
    cold: Weights | None = None,
) -> tuple[FittedModel, HybridModel]:
    """What :func:`fit` learns, and the model assembled from it over the same items.

    With the weights ``cold`` on items without events, where they are known already.
    """
    data = training_data(item_features, training, config)
    if cold is None:
        fitted_model = fit_on(data, hyperparameters, config)
    else:
        fitted_model = replace(learn(data, hyperparameters, config), cold=cold)
    return fitted_model, assembled(data, fitted_model)


def fit_on(
    data: TrainingData, hyperparameters: Hyperparameters, config: ModelConfig
) -> FittedModel:
    """What :func:`fit` learns, of data that are made already."""
    return with_cold_weights(data, learn(data, hyperparameters, config), config)


def partial_fit(
    item_features: ItemFeatures,
    training: Interactions,
    before: Interactions,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> FittedModel:
    """``fitted_model``, learned from ``before``, updated with the events of ``training``.

    The graph network goes on from its parameters, hyperparameters and weights stay, and all else is
    learned anew.

    Args:
        item_features: graph and texts as they are now.
        training: all events to learn from.
        before: events that ``fitted_model`` was learned from.
        fitted_model: from :func:`fit`, or from here.
        config: seed, and how much of a history counts.
    """
    data = TrainingData.of(
        item_features, training, config.history, config.seed, before, fitted_model.item_ids
    )
    now = learn(data, fitted_model.hyperparameters, config, fitted_model.learned)
    return replace(now, cold=fitted_model.cold)


def learn(
    data: TrainingData,
    hyperparameters: Hyperparameters,
    config: ModelConfig,
    before: Mapping[str, Arrays] | None = None,
    learned: Mapping[str, Arrays] | None = None,
    names: Collection[str] | None = None,
) -> FittedModel:
    """Learn all but the weights on items without events, which follow from the others.

    Args:
        data: what is learned from.
        hyperparameters: parameters of every component, attention and weights.
        config: seed.
        before: what components learned from ``data.previous``, to go on from.
        learned: what some components have learned from ``data`` already.
        names: components that are learned; by default all.
    """
    events = data.interactions
    params = {
        component.name: component.usable(
            hyperparameters.params.get(component.name, component.default), data
        )
        for component in COMPONENTS
    }
    arrays = dict(learned or {})
    for component in COMPONENTS:
        name = component.name
        if name in arrays or (names is not None and name not in names):
            continue
        with stage(f"learning: {name}", quiet=not learns(component)):
            if before is not None and name in before:
                arrays[name] = component.update(before[name], data, params[name], config.seed)
            else:
                arrays[name] = component.learn(data, params[name], config.seed)
    return FittedModel(
        hyperparameters=replace(hyperparameters, params=params),
        item_ids=data.item_features.graph.item_ids,
        warm=data.popularity > 0,
        touched=np.bincount(events.items, minlength=events.n_items) > 0,
        kind_weights=weights_by_name(data.item_features, data.kind_weights),
        learned=arrays,
        cold=BY_CONTENT,
    )


def with_cold_weights(
    data: TrainingData,
    fitted_model: FittedModel,
    config: ModelConfig,
    names: Collection[str] | None = None,
) -> FittedModel:
    """``fitted_model`` with weights on items without events, by those on items with events.

    Args:
        data: what ``fitted_model`` was learned from.
        fitted_model: all but these weights.
        config: seed.
        names: components that may have a weight; by default all.
    """
    model = assembled(data, fitted_model)
    with stage("scaling the scores of cold items"):
        weights = scale_cold_weights(model, data, fitted_model.hyperparameters, config.seed, names)
    return replace(fitted_model, cold=weights or fitted_model.cold)


def assemble(
    item_features: ItemFeatures, user_items: CSR, fitted_model: FittedModel
) -> HybridModel:
    """A model over the items of ``item_features``, which may be others than were learned from.

    Args:
        item_features: graph and texts as they are now.
        user_items: CSR[U, I] as they are now.
        fitted_model: from :func:`fit`.
    """
    weights = weights_of_kinds(item_features.graph.relations, fitted_model.kind_weights)
    ids = fitted_model.item_ids
    return assembled(
        TrainingData(item_features, user_items, weights, learned_ids=ids), fitted_model
    )


def data_of(
    item_features: ItemFeatures,
    training: Interactions,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> TrainingData:
    """The data that ``fitted_model`` was learned from, with the weights of relations that it has.

    Args:
        item_features: graph and texts.
        training: the events that it was learned from.
        fitted_model: of the same items.
        config: how much of a history counts.
    """
    weights = weights_of_kinds(item_features.graph.relations, fitted_model.kind_weights)
    return TrainingData(item_features, training.user_items(), weights, training, config.history)


def assembled(data: TrainingData, fitted_model: FittedModel) -> HybridModel:
    """A model over the items of ``data``; a component that is unchanged is not made again."""
    with stage("assembling the model"):
        return _assembled(data, fitted_model)


def _assembled(data: TrainingData, fitted_model: FittedModel) -> HybridModel:
    hyperparameters, rows = fitted_model.hyperparameters, data.rows
    components: dict[str, Component] = {}
    for component in COMPONENTS:
        name = component.name
        if name in fitted_model.learned:
            params = hyperparameters.params[name]
            fitted = data.component(component, fitted_model.learned[name], params)
            if fitted is not None:
                recency = hyperparameters.attention.get(name, Recency())
                components[name] = fitted.with_recency(recency)
    warm = (rows >= 0) & np.append(fitted_model.warm, False)[rows]
    touched = np.append(fitted_model.touched, False)[rows] if len(fitted_model.touched) else warm
    return HybridModel(
        components=components,
        blend=Blend(warm=hyperparameters.weights, cold=fitted_model.cold),
        warm=warm,
        rows=rows,
        popularity=data.popularity,
        new=~touched,
        likers=Likers.of_user_items(data.user_items),
        n_entities=data.n_items - data.n_listed,
    )
