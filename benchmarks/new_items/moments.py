"""Moments after the cut: somebody likes something, with all that they did earlier as history.

A history reaches up to the like: it holds the user's events of strictly earlier times, those
after the cut and those on new items too, as a service has them. The model stays that of the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.new_items.cut import Cut
from tastegraph.core.arrays import CSR, binary
from tastegraph.profiles.interactions import History

MOST = 10
"""Likes of one user whose lists are looked at."""
FIRST = 5
"""Likes of one new item."""


@dataclass(frozen=True)
class Moments:
    """M likes, each in its own place in time.

    Attributes:
        users, items: int64[M].
        histories: of the users, who all have a like in theirs.
        seen: bool CSR[M, I], what the user has an event on and is not offered.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    histories: Sequence[History]
    seen: CSR

    def __len__(self) -> int:
        return len(self.users)

    def part(self, start: int, end: int) -> Moments:
        """Those from ``start`` to ``end``."""
        at = slice(start, end)
        return Moments(self.users[at], self.items[at], self.histories[at], self.seen[at])


def eligible(cut: Cut) -> NDArray[np.int64]:
    """int64[N], rows of the likes after the cut of users who had a like at an earlier time."""
    events = cut.events
    liked = events.weights > 0
    first = np.full(events.n_users, np.inf)
    telling = liked & ~cut.hidden
    np.minimum.at(first, events.users[telling], events.times[telling])
    return np.flatnonzero(liked & ~cut.before & (first[events.users] < events.times))


def sampled(cut: Cut, n_users: int, newest: int, seed: int) -> Moments:
    """Up to :data:`MOST` likes of each of up to ``n_users`` users, drawn by the seed."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(eligible(cut))
    users = cut.events.users[rows]
    chosen = rng.permutation(np.unique(users))[:n_users]
    rows = rows[np.isin(users, chosen)]
    rows = rows[np.argsort(cut.events.users[rows], kind="stable")]
    users = cut.events.users[rows]
    return _moments(cut, rows[np.arange(len(rows)) - np.searchsorted(users, users) < MOST], newest)


def first_likes(cut: Cut, newest: int) -> Moments:
    """The first :data:`FIRST` of the eligible likes of each new item."""
    events, rows = cut.events, eligible(cut)
    rows = rows[cut.new[events.items[rows]]]
    rows = rows[np.lexsort((events.users[rows], events.times[rows], events.items[rows]))]
    items = events.items[rows]
    return _moments(cut, rows[np.arange(len(rows)) - np.searchsorted(items, items) < FIRST], newest)


def _moments(cut: Cut, rows: NDArray[np.int64], newest: int) -> Moments:
    """Of ``rows`` (int64[N]); a second like of what a user knows is none."""
    events = cut.events
    histories, known, likes = [], [], []
    for row in rows.tolist():
        begin = int(np.searchsorted(events.users, events.users[row]))
        theirs = np.arange(begin, row)
        earlier = theirs[events.times[theirs] < events.times[row]]
        if events.items[row] in events.items[earlier]:
            continue
        likes.append(row)
        known.append(events.items[earlier])
        history = earlier[~cut.hidden[earlier]][-newest:]
        histories.append(History(events.items[history], events.weights[history]))
    if not likes:
        raise ValueError("nobody with a like before likes anything new after the cut")
    of = np.repeat(np.arange(len(likes)), [len(items) for items in known])
    return Moments(
        users=events.users[likes].astype(np.int64),
        items=events.items[likes].astype(np.int64),
        histories=histories,
        seen=binary(of, np.concatenate(known), (len(likes), events.n_items)),
    )
