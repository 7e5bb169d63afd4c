"""A seeded world whose truth is known: whom an item would please, and how interests drift.

A user's interest in an entity is a number; an item pleases by what it is tied to, and by a
quality of its own that nobody states:

    p(u, i) = 1 / (1 + exp(-(BASE + Σ_e interest_ue tied_ie + quality_i)))

A list is read from the top, place k with probability 1 / √k (a position bias); what is read is
liked with probability p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.records import Fact, Item
from tastegraph.kg.graph import build_graph
from tastegraph.models.item_features import ItemFeatures, no_words

RELATIONS = {"genre": 12, "maker": 40}
"""Entities of each relation."""
TIES = {"genre": 2, "maker": 1}
"""Of each item."""
INTERESTS, LIKES, LOATHES = 4, 2.0, -1.0
"""So many entities of each relation that a user likes, by how much, and the same for loathing."""
BASE, QUALITY = -3.0, 0.5


@dataclass
class Truth:
    """What nobody is told.

    Attributes:
        ties: float64[I, E], 0 or 1.
        quality: float64[I].
        interests: float64[U, E].
    """

    ties: NDArray[np.float64]
    quality: NDArray[np.float64]
    interests: NDArray[np.float64]

    @classmethod
    def of(cls, users: int, items: int, seed: int) -> Truth:
        """A world of so many; the last items are those that come later."""
        rng = np.random.default_rng([seed, 0])
        ties = np.concatenate(
            [_rows(items, size, rng, ones=TIES[relation]) for relation, size in RELATIONS.items()],
            axis=1,
        )
        interests = np.concatenate(
            [_interests(users, size, rng) for size in RELATIONS.values()], axis=1
        )
        return cls(ties, rng.normal(scale=QUALITY, size=items), interests)

    def pleases(self) -> NDArray[np.float64]:
        """p, float64[U, I]."""
        return np.asarray(1 / (1 + np.exp(-(BASE + self.interests @ self.ties.T + self.quality))))

    def drift(self, share: float, rng: np.random.Generator) -> None:
        """``share`` of the users have other interests from now on."""
        changed = np.flatnonzero(rng.random(len(self.interests)) < share)
        self.interests[changed] = np.concatenate(
            [_interests(len(changed), size, rng) for size in RELATIONS.values()], axis=1
        )

    def item_features(self) -> ItemFeatures:
        """What is stated of the items: their ties, and no text."""
        items = [Item(f"{k:05}", f"Item {k}") for k in range(len(self.ties))]
        names = [f"{r}:{k}" for r, size in RELATIONS.items() for k in range(size)]
        facts = [
            Fact(f"item:{items[i].item_id}", names[e].partition(":")[0], names[e])
            for i, e in zip(*np.nonzero(self.ties), strict=True)
        ]
        graph = build_graph(items, (), enumerate(facts), (), Config())
        text = np.zeros((graph.n_nodes, 1), dtype=np.float32)
        return ItemFeatures(graph, text, no_words(graph.n_items))


def read(places: int) -> NDArray[np.float64]:
    """How probably each place of a list is read, float64[places]."""
    return np.asarray(1 / np.sqrt(np.arange(1, places + 1)))


def _rows(n: int, size: int, rng: np.random.Generator, ones: int) -> NDArray[np.float64]:
    """``ones`` of ``size`` in each of ``n`` rows."""
    chosen = rng.random((n, size)).argsort(axis=1)[:, :ones]
    rows = np.zeros((n, size))
    np.put_along_axis(rows, chosen, 1.0, axis=1)
    return rows


def _interests(users: int, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    liked = _rows(users, size, rng, ones=INTERESTS)
    loathed = _rows(users, size, rng, ones=INTERESTS)
    return LIKES * liked + LOATHES * loathed * (1 - liked)
