"""Which part of a split every event belongs to, those that count against included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.config import Evaluation
from tastegraph.evaluation.split import TRAIN, split
from tastegraph.profiles.interactions import Interactions


def resolved(events: Interactions, config: Evaluation) -> Evaluation:
    """``config`` with the split that ``auto`` stands for."""
    if config.split != "auto":
        return config
    given = events.given[events.weights > 0]
    published = bool(len(given)) and bool((given >= 0).all())
    return config.model_copy(update={"split": "given" if published else "user-temporal"})


def parts_of(events: Interactions, config: Evaluation, seed: int) -> NDArray[np.int8]:
    """int8[E]: likes are split; an event against an item goes with the person's latest like.

    So nothing that happened after the last training like is learned from, whatever its kind.

    Raises:
        ConfigError: the events do not have what the split needs.
    """
    liked = np.flatnonzero(events.weights > 0)
    config = resolved(events, config)
    given = events.given[liked] if config.split == "given" else None
    parts = np.full(len(events), TRAIN, dtype=np.int8)
    if not len(liked):
        return parts
    parts[liked] = split(
        events.users[liked], events.items[liked], events.times[liked], config, seed, given
    )
    latest = np.full(len(events), -1, dtype=np.int64)
    latest[liked] = liked
    latest = np.maximum.accumulate(latest)
    first = np.searchsorted(events.users, events.users)
    return np.where(latest >= first, parts[np.maximum(latest, 0)], TRAIN).astype(np.int8)
