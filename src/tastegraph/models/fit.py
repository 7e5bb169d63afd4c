"""From events and what is known about items to a model: fit, then assemble.

``fit`` learns from events with given settings; ``partial_fit`` goes on from a model of fewer
events. ``assemble`` makes a model of what was learned and what is known *now*, so that a new item
or fact counts without learning anything again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.models import filters
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    TEXT,
    SimilarityComponent,
)
from tastegraph.models.behaviour import DEFAULT, Ease
from tastegraph.models.cold import blind_parts, cold_item_holdout, scaled, without_items
from tastegraph.models.described import Described
from tastegraph.models.graph_network.parameters import TrainedNetwork
from tastegraph.models.graph_network.tasks import NextItem, SetCompletion, TrainingTask
from tastegraph.models.graph_network.training import GraphData, item_vectors, train
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.learned import FittedModel, Hyperparameters, ItemFeatures, aligned
from tastegraph.models.popularity import recent_popularity
from tastegraph.models.tower import DIMENSIONS, text_tower
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.likers import Likers

BY_CONTENT = {who: {KNOWLEDGE: 1.0, TEXT: 1.0} for who in (KNOWN, NEW)}
"""How items without events are ranked where nobody's events say anything better."""


WARM_EPOCHS = 4
"""Passes over the data where a network goes on from another."""


def fit(
    item_features: ItemFeatures,
    training: Interactions,
    hyperparameters: Hyperparameters,
    config: ModelConfig,
) -> FittedModel:
    """Learn from ``training`` with ``hyperparameters``, for items without events too."""
    evidence, task = (
        gather(item_features, training, config),
        task_of(item_features, training, config),
    )
    network = train(evidence, task, hyperparameters.network, config.seed)
    fitted_model = learn(
        item_features, training, hyperparameters, evidence.kind_weights, network, config
    )
    return with_cold_weights(item_features, training, fitted_model, config)


def partial_fit(
    item_features: ItemFeatures,
    training: Interactions,
    before: Interactions,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> FittedModel:
    """What ``fitted_model``, which was told of ``before``, becomes with the events of ``training``.

    The network goes on in ``WARM_EPOCHS`` passes that ask for what is new first, every setting and
    weight stays, all else is made anew.

    Args:
        item_features: graph and texts as they are now.
        training: all events that it is to learn from.
        before: events that ``fitted_model`` was told of.
        fitted_model: from :func:`fit`, or from here.
        config: seed, and how much of a history counts.
    """
    evidence, task = (
        gather(item_features, training, config),
        task_of(item_features, training, config, before),
    )
    told = fitted_model.hyperparameters.network
    few = replace(told, epochs=min(WARM_EPOCHS, told.epochs))
    network = train(evidence, task, few, config.seed, start=fitted_model.network)
    network = replace(network, settings=told)
    now = learn(
        item_features,
        training,
        fitted_model.hyperparameters,
        evidence.kind_weights,
        network,
        config,
    )
    return replace(now, cold=fitted_model.cold)


def gather(item_features: ItemFeatures, training: Interactions, config: ModelConfig) -> GraphData:
    """What a network is trained on, the weight of each kind of facts among it."""
    user_items = training.user_items()
    weights = filters.kind_weights(item_features.associations, user_items, config.seed)
    whole = kind_weights_for(item_features, _by_name(item_features, weights))
    return GraphData.of(item_features.graph, item_features.text, user_items, whole)


def task_of(
    item_features: ItemFeatures,
    training: Interactions,
    config: ModelConfig,
    before: Interactions | None = None,
) -> TrainingTask:
    """To tell the next like where likes have an order, and else whole sets of them.

    What is new since ``before`` is asked for first, where there is an order.
    """
    if training.ordered:
        new = None if before is None else training.more_likes(before)
        return NextItem(training.histories(config.history), config.history, new)
    sets = sparse.vstack([training.user_items(), item_features.groups], format="csr")
    return SetCompletion(sparse.csr_array(sets))


def learn(
    item_features: ItemFeatures,
    training: Interactions,
    hyperparameters: Hyperparameters,
    kind_weights: NDArray[np.float32],
    network: TrainedNetwork,
    config: ModelConfig,
) -> FittedModel:
    """Learn all but the weights on items without events, which follow from the others.

    Args:
        item_features: graph and texts.
        training: events.
        hyperparameters: every setting.
        kind_weights: float32[2R], from :func:`tastegraph.models.filters.kind_weights`.
        network: trained on the same events.
        config: seed, and how much of a history counts.
    """
    user_items = training.user_items()
    # What was chosen for fewer items may be a table that is too large for those there are now.
    fits = (
        not isinstance(hyperparameters.filter, Ease) or user_items.shape[1] <= filters.DENSE_ITEMS
    )
    told = hyperparameters.filter if fits else DEFAULT
    return FittedModel(
        hyperparameters=replace(hyperparameters, filter=told, network=network.settings),
        item_ids=item_features.graph.item_ids,
        warm=np.bincount(user_items.indices, minlength=user_items.shape[1]) > 0,
        table=told.table(user_items, item_features.groups),
        kind_weights=_by_name(item_features, kind_weights),
        network=network,
        tower=text_tower(item_features, training, config),
        cold=BY_CONTENT,
        recent=recent_popularity(training, hyperparameters.recent),
        touched=np.bincount(training.items, minlength=training.n_items) > 0,
    )


def with_cold_weights(
    item_features: ItemFeatures,
    training: Interactions,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> FittedModel:
    """``fitted_model`` with weights on items without events, by those on items with events."""
    user_items = training.user_items()
    cold = cold_item_holdout(item_features.graph.item_ids, config.seed)
    described = Described.of(
        item_features, kind_weights_for(item_features, fitted_model.kind_weights)
    )
    weights = scaled(
        assemble(item_features, user_items, fitted_model),
        blind_parts(
            described,
            without_items(user_items, cold),
            fitted_model.hyperparameters,
            text_tower(item_features, training.select(~cold[training.items]), config),
        ),
        cold,
        training,
        config.history,
        fitted_model.hyperparameters.cold,
        np.random.default_rng(config.seed),
    )
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
    items = {item_id: row for row, item_id in enumerate(fitted_model.item_ids)}
    rows = np.array(
        [items.get(item_id, -1) for item_id in item_features.graph.item_ids], dtype=np.int64
    )
    warm = (rows >= 0) & np.append(fitted_model.warm, False)[rows]
    evidence = _evidence(item_features, user_items, fitted_model)
    vectors = item_vectors(fitted_model.network, evidence)
    touched = np.append(fitted_model.touched, False)[rows] if len(fitted_model.touched) else warm
    recent = (
        np.append(fitted_model.recent, np.float32(0))
        if len(fitted_model.recent)
        else fitted_model.recent
    )
    tower = np.concatenate(
        [fitted_model.tower, np.zeros_like(fitted_model.tower, shape=(1, DIMENSIONS))]
    )
    kernels: dict[str, TableKernel | FeatureKernel | FactorKernel] = {
        BEHAVIOUR: TableKernel(aligned(fitted_model.table, rows)),
        **Described.of(item_features, evidence.kind_weights)
        .engaged(user_items)
        .kernels(fitted_model.hyperparameters.targets, tower[rows], rows >= 0),
    }
    attention = fitted_model.hyperparameters.attention
    return HybridModel(
        components={
            NETWORK: SimilarityComponent(vectors.attention, vectors.kernel),
            **{
                part: SimilarityComponent(attention.get(part, Recency()), k)
                for part, k in kernels.items()
            },
        },
        blend=Blend(warm=fitted_model.hyperparameters.weights, cold=fitted_model.cold),
        warm=warm,
        rows=rows,
        popularity=np.bincount(user_items.indices, minlength=user_items.shape[1]),
        recent=recent[rows] if len(recent) else recent,
        new=~touched,
        likers=Likers.of_user_items(user_items),
    )


def _evidence(item_features: ItemFeatures, user_items: CSR, fitted_model: FittedModel) -> GraphData:
    weights = kind_weights_for(item_features, fitted_model.kind_weights)
    return GraphData.of(item_features.graph, item_features.text, user_items, weights)


def _by_name(
    item_features: ItemFeatures, kind_weights: NDArray[np.float32]
) -> dict[tuple[str, bool], float]:
    relations = item_features.graph.relations
    return {(relations[kind // 2], bool(kind % 2)): float(w) for kind, w in enumerate(kind_weights)}


def kind_weights_for(
    item_features: ItemFeatures, by_name: Mapping[tuple[str, bool], float]
) -> NDArray[np.float32]:
    """float32[2R] in the order of this graph; a relation never seen gets the middle weight."""
    middle = float(np.median(list(by_name.values()))) if by_name else 1.0
    return np.array(
        [
            by_name.get((relation, reverse), middle)
            for relation in item_features.graph.relations
            for reverse in (False, True)
        ],
        dtype=np.float32,
    )
