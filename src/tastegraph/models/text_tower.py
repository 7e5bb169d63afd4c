"""The text tower as a component of the blend: texts compared as users' likes have taught.

An item's vector is made of its text alone, so that an item without events has one as good as any.
Training needs torch, which is imported where it happens (:mod:`~tastegraph.models.tower_training`).
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from tastegraph.models.base import TOWER, Arrays, SimilarityComponent, at_rows
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.mapped import completed

if TYPE_CHECKING:
    from tastegraph.models.new_items import Growth
    from tastegraph.models.training_data import TrainingData
    from tastegraph.profiles.interactions import Interactions


MAX_SHARED_BYTES = 2**28
"""Of the vectors that are kept for other graphs over the same texts."""


class TextTower(SimilarityComponent):
    """Cosine of learned text vectors; those of newer items follow by ridge regression."""

    name = TOWER
    reason = "text"
    ranks_new_items = True
    learned_prefix = "tower."
    serves_learned = False

    @classmethod
    def learn(cls, data: TrainingData, params: Any, seed: int) -> Arrays:
        """``vectors``: float32[I, d], of zeros where there is no text or nothing to learn.

        The same texts and events, under whatever graph, are learned from once.
        """
        from tastegraph.models.tower_training import tower_vectors

        events, features = data.interactions, data.item_features
        digest = _digest(events, data.history, seed)
        vectors = features.towers.get(digest)
        if vectors is None:
            vectors = tower_vectors(features, events, data.history, seed)
            if vectors.nbytes * (len(features.towers) + 1) <= MAX_SHARED_BYTES:
                features.towers[digest] = vectors
        return {"vectors": vectors}

    @classmethod
    def similarity(cls, arrays: Arrays, params: Any, data: TrainingData) -> FactorKernel | None:
        """eᵢ · eⱼ; ``None`` where no item has a text or nothing was learned."""
        vectors = at_rows(arrays["vectors"], data.rows)
        if not data.text.any() or not vectors.any():
            return None
        vectors = completed(vectors, data.rows >= 0, data.text)
        return FactorKernel(vectors, vectors)

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """New texts by the ridge regression that newer items have as well."""
        known = arrays["both_sides"]
        return {"both_sides": growth.with_rows(known, growth.mapped(known))}


def _digest(events: Interactions, history: int, seed: int) -> bytes:
    """A hash of all that a tower is learned from, but for the texts."""
    digest = blake2b(repr((events.n_users, events.n_items, history, seed)).encode())
    for column in (events.users, events.items, events.times, events.weights):
        digest.update(column.tobytes())
    return digest.digest()
