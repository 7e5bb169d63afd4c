"""Divide events into train, valid and test, by time, by chance or as published."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools, Floats, Ints
from tastegraph.core.config import Evaluation
from tastegraph.core.errors import ConfigError

TRAIN: Final = 0
VALID: Final = 1
TEST: Final = 2

Parts = NDArray[np.int8]


def split(
    users: Ints,
    hashes: NDArray[np.uint64],
    times: Floats,
    config: Evaluation,
    given: Ints | None = None,
) -> Parts:
    """Assign every event to one part; the order of the rows decides nothing.

    Ties in time are ordered by ``hashes``, and so are events without a time, which count as older
    than any with one: a person without any time is split at random.

    Args:
        users: int32[E].
        hashes: uint64[E], a seeded hash of each person and item, of
            :meth:`tastegraph.profiles.interactions.Interactions.pair_hashes`.
        times: float64[E], seconds; nan where the source has none.
        config: strategy and fractions.
        given: int8[E] of :data:`TRAIN`, :data:`VALID` and :data:`TEST`, for ``given``.

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
            return _as_given(given, len(users))
        case "global-temporal":
            return _by_two_cuts(times, config.fractions)
        case "leave-last-out":
            place, size = _places(users, _ordered_within_user(users, hashes, times))
            return _last_two(place, size)
        case "random":
            order = np.lexsort((hashes, users))
        case "user-temporal" | "auto":
            order = _ordered_within_user(users, hashes, times)
    place, size = _places(users, order)
    counts = part_counts(size, config.fractions)
    return _parts(place >= counts[:, 0], place >= counts[:, 0] + counts[:, 1])


def part_counts(sizes: Ints, fractions: tuple[float, float, float]) -> NDArray[np.int64]:
    """Return how many of ``sizes`` events fall into each part, int64[N, 3].

    Fractions round down and train takes the rest; then test, and after it valid, takes one event
    from train where its exact share lies between nought and one and train keeps at least one.
    This is RecBole's ratio split (``Dataset._calcu_split_ids``, Zhao et al., CIKM 2021), so that
    published numbers can be compared.

    Args:
        sizes: int[N], events of each person.
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
    for part in (TEST, VALID):
        moved = (counts[:, TRAIN] > 1) & (shares[:, part] > 0) & (shares[:, part] < 1)
        counts[:, part] += moved
        counts[:, TRAIN] -= moved
    return counts


def _ordered_within_user(
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


def _last_two(place: NDArray[np.int64], size: NDArray[np.int64]) -> Parts:
    """Test on the last event and validate on the one before, for whoever has three or more."""
    enough = size >= 3
    return _parts(enough & (place >= size - 2), enough & (place >= size - 1))


def _by_two_cuts(times: Floats, fractions: tuple[float, float, float]) -> Parts:
    """Cut the time line twice; events at one instant stay together, on the later side."""
    missing = int(np.isnan(times).sum())
    if missing:
        raise ConfigError(
            f"evaluation.split = 'global-temporal' needs a timestamp on every event; {missing} of "
            f"{len(times)} have none: add them, or choose 'user-temporal' or 'random'"
        )
    train, valid, _ = part_counts(np.array([len(times)]), fractions)[0]
    line = np.append(np.sort(times), np.inf)
    if len(times) and line[0] == line[train]:
        raise ConfigError(
            "evaluation.split = 'global-temporal' finds no time to cut at: the events up to the "
            "cut all have one timestamp; choose 'user-temporal' or 'random'"
        )
    return _parts(times >= line[train], times >= line[train + valid])


def _as_given(given: Ints | None, events: int) -> Parts:
    advice = "import a 'split' column of train, valid and test, or choose another evaluation.split"
    if given is None:
        raise ConfigError(f"evaluation.split = 'given', but the events carry no split: {advice}")
    if len(given) != events:
        raise ValueError(f"{events} events, {len(given)} given parts")
    unknown = int((~np.isin(given, (TRAIN, VALID, TEST))).sum())
    if unknown:
        raise ConfigError(
            f"evaluation.split = 'given', but {unknown} of {events} events carry no split: {advice}"
        )
    return np.asarray(given).astype(np.int8)


def _parts(held_out: Bools, test: Bools) -> Parts:
    return (held_out.astype(np.int8) + test).astype(np.int8)
