"""Which part of a split every event belongs to, those that count against included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Evaluation
from tastegraph.evaluation.split import TEST, TRAIN, VALID, split
from tastegraph.profiles.interactions import Interactions


def resolved(events: Interactions, config: Evaluation) -> Evaluation:
    """``config`` with the split that ``auto`` stands for."""
    if config.split != "auto":
        return config
    given = events.given[events.weights > 0]
    if len(given) and (given >= 0).all():
        return config.model_copy(update={"split": "given"})
    return config.model_copy(update={"split": "user-temporal" if events.ordered else "random"})


def parts_of(events: Interactions, config: Evaluation, seed: int) -> NDArray[np.int8]:
    """int8[E]: likes are split; an event against an item goes where its time belongs.

    With published parts it keeps its own (train where it has none); with two cuts over all time
    they cut it as well; else it goes with the person's latest like before it, so that nothing
    that happened after the first held-out like is learned from.

    Raises:
        ConfigError: the events do not have what the split needs.
    """
    config = resolved(events, config)
    liked = np.flatnonzero(events.weights > 0)
    parts = np.full(len(events), TRAIN, dtype=np.int8)
    if not len(liked):
        return parts
    given = events.given[liked] if config.split == "given" else None
    hashes = events.pair_hashes(seed)
    parts[liked] = split(events.users[liked], hashes[liked], events.times[liked], config, given)
    against = np.flatnonzero(events.weights < 0)
    if config.split == "given":
        parts[against] = np.maximum(events.given[against], TRAIN)
    elif config.split == "global-temporal":
        for part in (VALID, TEST):
            first = events.times[liked][parts[liked] == part].min(initial=np.inf)
            parts[against[events.times[against] >= first]] = part
    else:
        latest = np.full(len(events), -1, dtype=np.int64)
        latest[liked] = liked
        latest = np.maximum.accumulate(latest)
        begun = latest >= np.searchsorted(events.users, events.users)
        parts[against] = np.where(begun, parts[np.maximum(latest, 0)], TRAIN)[against]
    return parts
