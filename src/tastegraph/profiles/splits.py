"""Assign every event to the train, validation or test split: by time, by chance or as published.

A split is written as a code, int8: :data:`TRAIN`, :data:`VALID` or :data:`TEST`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools, Floats, Ints
from tastegraph.core.config import EvaluationConfig
from tastegraph.core.errors import ConfigError
from tastegraph.profiles.interactions import Interactions

TRAIN: Final = 0
VALID: Final = 1
TEST: Final = 2

Splits = NDArray[np.int8]
"""int8[E], the split of each event."""


def resolve_split(events: Interactions, config: EvaluationConfig) -> EvaluationConfig:
    """Return ``config`` with ``split = "auto"`` replaced by the strategy that suits ``events``.

    ``given`` where every like has a published split, else ``user-temporal`` where events have an
    order, else ``random``.
    """
    if config.split != "auto":
        return config
    published = events.published_splits[events.weights > 0]
    if len(published) and (published >= 0).all():
        return config.model_copy(update={"split": "given"})
    return config.model_copy(update={"split": "user-temporal" if events.ordered else "random"})


def assign_splits(events: Interactions, config: EvaluationConfig, seed: int) -> Splits:
    """Return the split of every event, int8[E].

    Likes (weight above 0) are divided by :func:`split_events`. A dislike follows them: with
    published splits it keeps its own (train where it has none); with two cuts over all time it is
    cut as well; else it goes with the user's latest like before it, so that nothing that happened
    after the first held-out like is learned from.

    Raises:
        ConfigError: the events do not have what the strategy needs.
    """
    config = resolve_split(events, config)
    likes = np.flatnonzero(events.weights > 0)
    splits = np.full(len(events), TRAIN, dtype=np.int8)
    if not len(likes):
        return splits
    published = events.published_splits[likes] if config.split == "given" else None
    hashes = events.pair_hashes(seed)
    users, times = events.users[likes], events.times[likes]
    splits[likes] = split_events(users, hashes[likes], times, config, published)
    dislikes = np.flatnonzero(events.weights < 0)
    if config.split == "given":
        splits[dislikes] = np.maximum(events.published_splits[dislikes], TRAIN)
    elif config.split == "global-temporal":
        for split in (VALID, TEST):
            first = times[splits[likes] == split].min(initial=np.inf)
            splits[dislikes[events.times[dislikes] >= first]] = split
    else:
        latest = np.full(len(events), -1, dtype=np.int64)
        latest[likes] = likes
        latest = np.maximum.accumulate(latest)
        follows_like = latest >= np.searchsorted(events.users, events.users)
        splits[dislikes] = np.where(follows_like, splits[np.maximum(latest, 0)], TRAIN)[dislikes]
    return splits


def split_events(
    users: Ints,
    hashes: NDArray[np.uint64],
    times: Floats,
    config: EvaluationConfig,
    published: Ints | None = None,
) -> Splits:
    """Divide events by the configured strategy; the order of the rows does not matter.

    Ties in time are ordered by ``hashes``, and so are events without a time, which count as older
    than any with one: the events of a user without any time are divided at random.

    Args:
        users: int32[E].
        hashes: uint64[E], a seeded hash of each user and item, of
            :meth:`tastegraph.profiles.interactions.Interactions.pair_hashes`.
        times: float64[E], seconds; nan where the source has none.
        config: strategy and fractions.
        published: int8[E], the published splits, for the strategy ``given``.

    Returns:
        int8[E].

    Raises:
        ConfigError: the strategy cannot be applied to these events.
        ValueError: the arrays differ in length.
    """
    if not len(users) == len(hashes) == len(times):
        raise ValueError(f"{len(users)} users, {len(hashes)} hashes, {len(times)} times")
    match config.split:
        case "given":
            return _published_splits(published, len(users))
        case "global-temporal":
            return _split_by_two_cuts(times, config.fractions)
        case "leave-last-out":
            place, size = _places(users, _rows_by_user_and_time(users, hashes, times))
            return _leave_last_out(place, size)
        case "random":
            order = np.lexsort((hashes, users))
        case "user-temporal" | "auto":
            order = _rows_by_user_and_time(users, hashes, times)
    place, size = _places(users, order)
    counts = split_sizes(size, config.fractions)
    return _codes(place >= counts[:, 0], place >= counts[:, 0] + counts[:, 1])


def split_sizes(sizes: Ints, fractions: tuple[float, float, float]) -> NDArray[np.int64]:
    """Return how many of ``sizes`` events fall into each split, int64[N, 3].

    Fractions round down and train takes the rest; then test, and after it valid, takes one event
    from train where its exact share lies between nought and one and train keeps at least one.
    This is RecBole's ratio split (``Dataset._calcu_split_ids``, Zhao et al., CIKM 2021), so that
    published numbers can be compared.

    Args:
        sizes: int[N], events of each user.
        fractions: train, valid, test; scaled to sum to one.

    Raises:
        ConfigError: a fraction is negative or the train fraction is nought.
    """
    if min(fractions) < 0 or not fractions[0] > 0:
        raise ConfigError(
            f"evaluation.fractions: {fractions} found; train must be above 0 and none below 0"
        )
    shares = np.asarray(sizes)[:, None] * (np.asarray(fractions) / sum(fractions))
    counts = shares.astype(np.int64)
    counts[:, TRAIN] = sizes - counts[:, VALID] - counts[:, TEST]
    for split in (TEST, VALID):
        moved = (counts[:, TRAIN] > 1) & (shares[:, split] > 0) & (shares[:, split] < 1)
        counts[:, split] += moved
        counts[:, TRAIN] -= moved
    return counts


def _rows_by_user_and_time(
    users: Ints, hashes: NDArray[np.uint64], times: Floats
) -> NDArray[np.intp]:
    """Return rows by user, then time, then hash; those without a time first."""
    return np.lexsort((hashes, np.where(np.isnan(times), -np.inf, times), users))


def _places(users: Ints, order: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each row's place among its user's rows, and how many those are; both int64[E]."""
    _, first, size = np.unique(users[order], return_index=True, return_counts=True)
    place = np.empty(len(users), dtype=np.int64)
    sizes = np.empty(len(users), dtype=np.int64)
    place[order] = np.arange(len(users)) - np.repeat(first, size)
    sizes[order] = np.repeat(size, size)
    return place, sizes


def _leave_last_out(place: NDArray[np.int64], size: NDArray[np.int64]) -> Splits:
    """Test on the last event and validate on the one before, for users with three or more."""
    enough = size >= 3
    return _codes(enough & (place >= size - 2), enough & (place >= size - 1))


def _split_by_two_cuts(times: Floats, fractions: tuple[float, float, float]) -> Splits:
    """Cut the time line twice; events at one instant stay together, on the later side."""
    missing = int(np.isnan(times).sum())
    if missing:
        raise ConfigError(
            f"evaluation.split = 'global-temporal' needs a timestamp on every event; {missing} of "
            f"{len(times)} have none: add them, or choose 'user-temporal' or 'random'"
        )
    train, valid, _ = split_sizes(np.array([len(times)]), fractions)[0]
    line = np.append(np.sort(times), np.inf)
    if len(times) and line[0] == line[train]:
        raise ConfigError(
            "evaluation.split = 'global-temporal' finds no time to cut at: the events up to the "
            "cut all have one timestamp; choose 'user-temporal' or 'random'"
        )
    return _codes(times >= line[train], times >= line[train + valid])


def _published_splits(published: Ints | None, n_events: int) -> Splits:
    advice = "import a 'split' column of train, valid and test, or choose another evaluation.split"
    if published is None:
        raise ConfigError(f"evaluation.split = 'given', but the events carry no split: {advice}")
    if len(published) != n_events:
        raise ValueError(f"{n_events} events, {len(published)} published splits")
    unknown = int((~np.isin(published, (TRAIN, VALID, TEST))).sum())
    if unknown:
        raise ConfigError(
            f"evaluation.split = 'given', but {unknown} of {n_events} events carry no split: "
            f"{advice}"
        )
    return np.asarray(published).astype(np.int8)


def _codes(held_out: Bools, test: Bools) -> Splits:
    """Split codes of events that are held out (valid or test), and of those that are test."""
    return (held_out.astype(np.int8) + test).astype(np.int8)
