"""From events and what is known about items to a model: fit, then assemble.

``fit`` learns from events with given settings, ``go_on`` from what was learned of fewer events.
``assemble`` makes a model of what was learned and what is known *now*, so that a new item or fact
counts without learning anything again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Model as ModelConfig
from tastegraph.models import filters
from tastegraph.models.behaviour import DEFAULT, Ease
from tastegraph.models.cold import blind_parts, playing_cold, scaled, without_items
from tastegraph.models.described import Described
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.learned import Choice, Content, Learned, TrainedNetwork, aligned
from tastegraph.models.model import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    TEXT,
    Blend,
    Model,
    Part,
)
from tastegraph.models.popularity import recent_popularity
from tastegraph.models.tasks import NextItem, Task, WholeSet
from tastegraph.models.tower import DIMENSIONS, text_tower
from tastegraph.models.training import Evidence, item_vectors, train
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.likers import Likers

BY_CONTENT = {who: {KNOWLEDGE: 1.0, TEXT: 1.0} for who in (KNOWN, NEW)}
"""How items without events are ranked where nobody's events say anything better."""


WARM_EPOCHS = 4
"""Passes over the data where a network goes on from another."""


def fit(content: Content, training: Interactions, choice: Choice, config: ModelConfig) -> Learned:
    """Learn from ``training`` with the settings of ``choice``, for items without events too."""
    evidence, task = gather(content, training, config), task_of(content, training, config)
    network = train(evidence, task, choice.network, config.seed)
    learned = learn(content, training, choice, evidence.kind_weights, network, config)
    return with_cold_weights(content, training, learned, config)


def go_on(
    content: Content,
    training: Interactions,
    before: Interactions,
    learned: Learned,
    config: ModelConfig,
) -> Learned:
    """What ``learned``, which was told of ``before``, becomes with the events of ``training``.

    The network goes on in ``WARM_EPOCHS`` passes that ask for what is new first, every setting and
    weight stays, all else is made anew.

    Args:
        content: graph and texts as they are now.
        training: all events that it is to learn from.
        before: events that ``learned`` was told of.
        learned: from :func:`fit`, or from here.
        config: seed, and how much of a history counts.
    """
    evidence, task = gather(content, training, config), task_of(content, training, config, before)
    told = learned.choice.network
    few = replace(told, epochs=min(WARM_EPOCHS, told.epochs))
    network = train(evidence, task, few, config.seed, start=learned.network)
    network = replace(network, settings=told)
    now = learn(content, training, learned.choice, evidence.kind_weights, network, config)
    return replace(now, cold=learned.cold)


def gather(content: Content, training: Interactions, config: ModelConfig) -> Evidence:
    """What a network is trained on, the weight of each kind of facts among it."""
    likes = training.likes()
    weights = filters.kind_weights(content.associations, likes, config.seed)
    whole = kind_weights_for(content, _by_name(content, weights))
    return Evidence.of(content.graph, content.text, likes, whole)


def task_of(
    content: Content,
    training: Interactions,
    config: ModelConfig,
    before: Interactions | None = None,
) -> Task:
    """To tell the next like where likes have an order, and else whole sets of them.

    What is new since ``before`` is asked for first, where there is an order.
    """
    if training.ordered:
        new = None if before is None else training.more_likes(before)
        return NextItem(training.histories(config.history), config.history, new)
    sets = sparse.vstack([training.likes(), content.groups], format="csr")
    return WholeSet(sparse.csr_array(sets))


def learn(
    content: Content,
    training: Interactions,
    choice: Choice,
    kind_weights: NDArray[np.float32],
    network: TrainedNetwork,
    config: ModelConfig,
) -> Learned:
    """Learn all but the weights on items without events, which follow from the others.

    Args:
        content: graph and texts.
        training: events.
        choice: every setting.
        kind_weights: float32[2R], from :func:`tastegraph.models.filters.kind_weights`.
        network: trained on the same events.
        config: seed, and how much of a history counts.
    """
    likes = training.likes()
    # What was chosen for fewer items may be a table that is too large for those there are now.
    fits = not isinstance(choice.filter, Ease) or likes.shape[1] <= filters.DENSE_ITEMS
    told = choice.filter if fits else DEFAULT
    return Learned(
        choice=replace(choice, filter=told, network=network.settings),
        item_ids=content.graph.item_ids,
        warm=np.bincount(likes.indices, minlength=likes.shape[1]) > 0,
        table=told.table(likes, content.groups),
        kind_weights=_by_name(content, kind_weights),
        network=network,
        tower=text_tower(content, training, config),
        cold=BY_CONTENT,
        recent=recent_popularity(training, choice.recent),
        touched=np.bincount(training.items, minlength=training.n_items) > 0,
    )


def with_cold_weights(
    content: Content, training: Interactions, learned: Learned, config: ModelConfig
) -> Learned:
    """``learned``, with the weights on items without events that follow from those on others."""
    likes = training.likes()
    cold = playing_cold(content.graph.item_ids, config.seed)
    described = Described.of(content, kind_weights_for(content, learned.kind_weights))
    weights = scaled(
        assemble(content, likes, learned),
        blind_parts(
            described,
            without_items(likes, cold),
            learned.choice,
            text_tower(content, training.select(~cold[training.items]), config),
        ),
        cold,
        training,
        config.history,
        learned.choice.cold,
        np.random.default_rng(config.seed),
    )
    return replace(learned, cold=weights or learned.cold)


def assemble(content: Content, likes: CSR, learned: Learned) -> Model:
    """A model over the items of ``content``, which may be more or others than were learned from.

    Args:
        content: graph and texts as they are now.
        likes: CSR[U, I] as they are now.
        learned: from :func:`fit`.
    """
    items = {item_id: row for row, item_id in enumerate(learned.item_ids)}
    rows = np.array([items.get(item_id, -1) for item_id in content.graph.item_ids], dtype=np.int64)
    warm = (rows >= 0) & np.append(learned.warm, False)[rows]
    evidence = _evidence(content, likes, learned)
    vectors = item_vectors(learned.network, evidence)
    touched = np.append(learned.touched, False)[rows] if len(learned.touched) else warm
    recent = np.append(learned.recent, np.float32(0)) if len(learned.recent) else learned.recent
    tower = np.concatenate([learned.tower, np.zeros_like(learned.tower, shape=(1, DIMENSIONS))])
    kernels: dict[str, TableKernel | FeatureKernel | FactorKernel] = {
        BEHAVIOUR: TableKernel(aligned(learned.table, rows)),
        **Described.of(content, evidence.kind_weights)
        .engaged(likes)
        .kernels(learned.choice.targets, tower[rows], rows >= 0),
    }
    attention = learned.choice.attention
    return Model(
        parts={
            NETWORK: Part(vectors.attention, vectors.kernel),
            **{part: Part(attention.get(part, Recency()), k) for part, k in kernels.items()},
        },
        blend=Blend(warm=learned.choice.weights, cold=learned.cold),
        warm=warm,
        rows=rows,
        popularity=np.bincount(likes.indices, minlength=likes.shape[1]),
        recent=recent[rows] if len(recent) else recent,
        new=~touched,
        likers=Likers.of_likes(likes),
    )


def _evidence(content: Content, likes: CSR, learned: Learned) -> Evidence:
    weights = kind_weights_for(content, learned.kind_weights)
    return Evidence.of(content.graph, content.text, likes, weights)


def _by_name(content: Content, kind_weights: NDArray[np.float32]) -> dict[tuple[str, bool], float]:
    relations = content.graph.relations
    return {(relations[kind // 2], bool(kind % 2)): float(w) for kind, w in enumerate(kind_weights)}


def kind_weights_for(
    content: Content, by_name: Mapping[tuple[str, bool], float]
) -> NDArray[np.float32]:
    """float32[2R] in the order of this graph; a relation never seen gets the middle weight."""
    middle = float(np.median(list(by_name.values()))) if by_name else 1.0
    return np.array(
        [
            by_name.get((relation, reverse), middle)
            for relation in content.graph.relations
            for reverse in (False, True)
        ],
        dtype=np.float32,
    )
