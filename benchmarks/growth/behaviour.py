"""Who does what, when: events of users who draw from a few communities each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.growth.pools import COUNTS, EVENTS, Pool
from benchmarks.growth.shape import Shape
from tastegraph.core.progress import progress
from tastegraph.profiles.interactions import Interactions

USERS_PER_BLOCK = 8_192
"""Users whose events are drawn at once."""
REDRAWN = 12
"""How often what a user has already done is drawn anew before it is left out."""
DRIFT = 0.2
"""How far from its own third of a life a taste still speaks, as a share of that life."""
BEGIN, WINDOW = 1.6e9, 3 * 365 * 86_400.0
GAPS = 1.5
"""Standard deviation of the logarithm of the time between two events: most come in sessions."""


def numbers_of_events(n_events: int, shape: Shape, rng: np.random.Generator) -> NDArray[np.int64]:
    """int64[U], by a power law, as many users as make ``n_events`` together."""
    tail = 1 / (shape.activity - 1)
    drawn = shape.fewest * (1 - rng.random(n_events // shape.fewest + 1)) ** -tail
    most = shape.most * shape.n_items(n_events)
    counts = np.minimum(drawn, max(most, shape.fewest)).astype(np.int64)
    return counts[: int(np.searchsorted(np.cumsum(counts), n_events)) + 1]


def interactions(n_events: int, items: Pool, shape: Shape, seed: int) -> Interactions:
    """About ``n_events``: one for each user and item, by user, oldest first."""
    counts = numbers_of_events(n_events, shape, np.random.default_rng([seed, COUNTS]))
    most = int(counts.sum())
    users, chosen = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)
    times = np.empty(most)
    end = 0
    with progress("drawing users' events", len(counts)) as advance:
        for block, start in enumerate(range(0, len(counts), USERS_PER_BLOCK)):
            of_block = counts[start : start + USERS_PER_BLOCK]
            rng = np.random.default_rng([seed, EVENTS, block])
            user, item, when = _drawn(of_block, items, shape, rng)
            at = slice(end, end + len(user))
            users[at], chosen[at], times[at] = user + start, item, when
            end = at.stop
            advance(len(of_block))
    return Interactions(
        user_ids=[f"u{user:08d}" for user in range(len(counts))],
        n_items=len(items.home),
        users=users[:end],
        items=chosen[:end],
        times=times[:end],
        weights=np.ones(end, dtype=np.float32),
        published_splits=np.full(end, -1, dtype=np.int8),
    )


def _drawn(
    counts: NDArray[np.int64], items: Pool, shape: Shape, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Users of one block, what they do and when."""
    user = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    groups = rng.choice(items.groups, (len(counts), shape.groups_per_user), p=items.shares).astype(
        np.int32
    )
    place = (np.arange(len(user)) - starts + 0.5) / counts[user]
    now = (place + DRIFT * rng.standard_normal(len(user))) % 1
    group_now = groups[
        user, np.minimum((now * shape.groups_per_user).astype(int), shape.groups_per_user - 1)
    ]
    item = items.draw(group_now, shape.loyalty, rng)
    again = np.arange(len(user))
    for _ in range(REDRAWN):
        again = _repeated(user, item, len(items.home))
        if not len(again):
            break
        item[again] = items.draw(group_now[again], shape.loyalty, rng)
    first_of_pair = np.ones(len(user), dtype=np.bool_)
    first_of_pair[_repeated(user, item, len(items.home))] = False
    when = _times(user, counts, rng)
    return user[first_of_pair], item[first_of_pair], when[first_of_pair]


def _repeated(user: NDArray[np.int32], item: NDArray[np.int32], n_items: int) -> NDArray[np.int64]:
    """int64[R], the events whose user has done the same before."""
    key = user.astype(np.int64) * n_items + item
    order = np.argsort(key, kind="stable")
    return np.asarray(order[1:][key[order[1:]] == key[order[:-1]]])


def _times(
    user: NDArray[np.int32], counts: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """float64[E], rising for each user, from a first day on for a part of what is left."""
    gaps = np.cumsum(rng.lognormal(sigma=GAPS, size=len(user)))
    last = np.cumsum(counts) - 1
    before = np.concatenate([[0.0], gaps[last[:-1]]])
    lived = (gaps - before[user]) / (gaps[last] - before)[user]
    first = rng.random(len(counts))
    length = (1 - first) * rng.random(len(counts))
    return np.asarray(BEGIN + WINDOW * (first[user] + length[user] * lived))
