"""A seeded world: users, items, events and knowledge, no text, in one shape at every size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.growth.behaviour import interactions
from benchmarks.growth.facts import graph
from benchmarks.growth.pools import ITEMS, Pool
from benchmarks.growth.shape import Shape
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.profiles.interactions import Interactions


@dataclass(frozen=True)
class World:
    """What a recommender sees, and what it does not.

    Attributes:
        events: what users did.
        item_features: the graph; no text.
        communities: int32[I], the latent group of each item.
    """

    events: Interactions
    item_features: ItemFeatures
    communities: NDArray[np.int32]

    @classmethod
    def of(cls, n_events: int, seed: int, shape: Shape | None = None) -> World:
        """The world of about ``n_events`` that ``seed`` makes."""
        shape = shape or Shape()
        n_items = shape.n_items(n_events)
        groups = shape.n_communities(n_items)
        items = Pool.of(n_items, groups, shape.popularity, np.random.default_rng([seed, ITEMS]))
        known = graph(items, shape, seed)
        text = np.zeros((known.n_nodes, 1), dtype=np.float32)
        item_features = ItemFeatures(known, text, no_words(n_items))
        return cls(interactions(n_events, items, shape, seed), item_features, items.home)
