"""Events as columns: by user, oldest first, each with the weight of its kind.

Time alone says what is newer, never the place of a row in a file. Events of one user at one
moment, and those without a time, are ordered by a hash of user and item; an event without a time
counts as older than any with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, Floats, Ints, binary
from tastegraph.core.records import is_entity
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.store.event_columns import EventColumns

SPLIT_CODES: Mapping[str | None, int] = {None: -1, "train": 0, "valid": 1, "test": 2}
"""Published split → its code."""


@dataclass(frozen=True, slots=True)
class History:
    """The events of one user, oldest first.

    Attributes:
        items: int32[T], item indices; while serving also nodes of the graph behind the items, of
            entities that no event was on when the model was made.
        weights: float32[T] in [-1, 1]: for (> 0) or against (< 0).
        ordered: whether any event has a time; without one no event is newer than another.
    """

    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    ordered: bool = True

    def __len__(self) -> int:
        return len(self.items)

    @property
    def likes(self) -> NDArray[np.int32]:
        """Items with an event that counts for them, oldest first."""
        return self.items[self.weights > 0]

    def within(self, n_items: int) -> History:
        """The same events, where those on what has no row among the first ``n_items`` say nothing.

        They are on the first item then, with a weight of 0.
        """
        known = self.items < n_items
        if known.all():
            return self
        items = np.where(known, self.items, 0).astype(np.int32)
        return History(items, np.where(known, self.weights, 0).astype(np.float32), self.ordered)

    def newest(self, count: int) -> History:
        """The last ``count`` events."""
        start = max(len(self) - count, 0)
        return History(self.items[start:], self.weights[start:], self.ordered)


@dataclass(frozen=True)
class Interactions:
    """Every event that counts, grouped by user, oldest first.

    Attributes:
        user_ids: ids of the users.
        n_items: how many items there are, with or without events.
        users, items: int32[E], indices.
        times: float64[E], seconds; NaN where the source has none.
        weights: float32[E] in [-1, 1], never 0.
        published_splits: int8[E], part of a published split: 0 train, 1 valid, 2 test, -1 none.
        n_entities: how many of the items, the last ones, are entities: events on them are learned
            from like others, and none of them is ever listed or to be found.
    """

    user_ids: list[str]
    n_items: int
    users: NDArray[np.int32]
    items: NDArray[np.int32]
    times: NDArray[np.float64]
    weights: NDArray[np.float32]
    published_splits: NDArray[np.int8]
    n_entities: int = 0

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_users(self) -> int:
        """Number of users, with or without events in this selection."""
        return len(self.user_ids)

    @property
    def n_listed(self) -> int:
        """Number of items that a list may have."""
        return self.n_items - self.n_entities

    @property
    def ordered(self) -> bool:
        """Whether at least half of the events have a time: only then is a sequence learned from."""
        return bool(len(self)) and 2 * int(np.isfinite(self.times).sum()) >= len(self)

    @cached_property
    def timed_users(self) -> Bools:
        """bool[U]: at least one event of the user has a time."""
        timed = np.zeros(self.n_users, dtype=np.bool_)
        timed[self.users[np.isfinite(self.times)]] = True
        return timed

    @cached_property
    def user_hashes(self) -> NDArray[np.uint64]:
        """uint64[U], of the ids."""
        return np.array([id_hash(user_id) for user_id in self.user_ids], dtype=np.uint64)

    def pair_hashes(self, seed: int = 0) -> NDArray[np.uint64]:
        """uint64[E]: a number for each (user, item), which no order of rows changes."""
        return pair_hashes(self.user_hashes[self.users], self.items, seed)

    def select(self, mask: Bools) -> Interactions:
        """The events where ``mask`` (bool[E]) holds; users and items keep their numbers."""
        return Interactions(
            self.user_ids, self.n_items, self.users[mask], self.items[mask], self.times[mask],
            self.weights[mask], self.published_splits[mask], self.n_entities,
        )  # fmt: skip

    def of_items(self, at: NDArray[np.int32]) -> Interactions:
        """The events on some of the items, ``at`` (int32[C]), which are numbered as they come."""
        place = np.full(self.n_items, -1, dtype=np.int32)
        place[at] = np.arange(len(at), dtype=np.int32)
        events = self.select(place[self.items] >= 0)
        n_entities = int((np.asarray(at) >= self.n_listed).sum())
        return replace(events, n_items=len(at), items=place[events.items], n_entities=n_entities)

    def user_items(self) -> CSR:
        """bool CSR[users, items]: at least one event counts for the item. Not to be changed."""
        return self._user_items

    def listed_likes(self) -> CSR:
        """:meth:`user_items` without entities: what may be listed, and is to be found."""
        if not self.n_entities:
            return self.user_items()
        return self.select(self.items < self.n_listed).user_items()

    @cached_property
    def _user_items(self) -> CSR:
        liked = self.weights > 0
        return binary(self.users[liked], self.items[liked], (self.n_users, self.n_items))

    def histories(self, newest: int | None = None, rows: Ints | None = None) -> list[History]:
        """One history for each user.

        Args:
            newest: events of each, at most; where events have no order, all of them.
            rows: int[R], the users, -1 for one without events; by default all in their order.
        """
        newest = newest if self.ordered else None
        rows = np.arange(self.n_users) if rows is None else np.asarray(rows)
        starts, ends = (np.searchsorted(self.users, rows, side) for side in ("left", "right"))
        starts = starts if newest is None else np.maximum(starts, ends - newest)
        timed = np.append(self.timed_users, False)[rows]
        return [
            History(self.items[a:b], self.weights[a:b], ordered)
            for a, b, ordered in zip(starts.tolist(), ends.tolist(), timed.tolist(), strict=True)
        ]

    def more_likes(self, before: Interactions) -> NDArray[np.int64]:
        """int64[U], how many more events that are liked each user has than ``before``."""
        had = dict(zip(before.user_ids, before._liked().tolist(), strict=True))
        earlier = np.array([had.get(user, 0) for user in self.user_ids], dtype=np.int64)
        more: NDArray[np.int64] = np.maximum(self._liked() - earlier, 0)
        return more

    def _liked(self) -> NDArray[np.int64]:
        return np.bincount(self.users[self.weights > 0], minlength=self.n_users)


def id_hash(user_id: str) -> int:
    """An id as a number in [0, 2⁶⁴) (BLAKE2b)."""
    digest = blake2b(user_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def pair_hashes(users: NDArray[np.uint64], items: Ints, seed: int = 0) -> NDArray[np.uint64]:
    """A number for each pair, uint64[E], evenly spread (SplitMix64, Steele et al. 2014).

    Args:
        users: uint64[E], of :func:`id_hash`.
        items: int[E], item indices.
        seed: other seeds give numbers that have nothing to do with these.
    """
    mixed = users ^ _mixed(np.asarray(items).astype(np.uint64) + np.uint64(1))
    return _mixed(mixed + _mixed(np.full(1, seed, dtype=np.int64).view(np.uint64)))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def oldest_first(
    users: Floats | Ints, times: Floats, hashes: NDArray[np.uint64], weights: Floats
) -> NDArray[np.intp]:
    """The order of rows by user and time, int[E]; no order of the rows given changes it.

    Equal times, and events without a time, which come first, are ordered by their hashes; events of
    one user on one item at one time by their weight.

    Args:
        users: number[E], whole numbers.
        times: float64[E], seconds; NaN where there is none.
        hashes: uint64[E], of :func:`pair_hashes`.
        weights: float64[E].
    """
    moments = np.where(np.isfinite(times), times, -np.inf)
    order = np.lexsort((moments, users))
    # Most rows differ in these two already; only rows that are tied are compared by the others.
    same = (np.diff(users[order]) == 0) & (moments[order[1:]] == moments[order[:-1]])
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    rows = order[tied]
    ranked = np.lexsort((weights[rows], hashes[rows], moments[rows], users[rows]))
    order[tied] = rows[ranked]
    return order


def settled(
    keys: NDArray[np.int64], weights: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One event for each key, oldest first: viewed, clicked and bought is bought once.

    Args:
        keys: int64[E], what the events are about, oldest first.
        weights: float32[E].

    Returns:
        int64[K] twice: the newest event of each key, which says when; and the strongest, the
        newest among equals, which says what.
    """
    order = np.lexsort((np.abs(weights), keys))  # stable: of equal weights the newest is last
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    if not len(starts):
        return order, order
    strongest = order[np.append(starts[1:], len(order)) - 1]
    newest = np.maximum.reduceat(order, starts)
    in_time = np.argsort(newest)
    return newest[in_time], strongest[in_time]


def row_counts(item_index: Mapping[str, int]) -> tuple[int, int]:
    """How many rows there are, and how many of them, the last ones, are of entities alone.

    Args:
        item_index: as of :func:`interactions`.
    """
    n_items = max(item_index.values(), default=-1) + 1
    listed = (row for name, row in item_index.items() if not is_entity(name))
    return n_items, n_items - 1 - max(listed, default=-1)


def interactions(
    events: EventColumns, item_index: Mapping[str, int], meaning: EventMeaning
) -> Interactions:
    """The events that count, in any order of rows, as :class:`Interactions`.

    Events that count neither for nor against, or whose item is unknown, are left out. Several
    events of one user and item are one, in each part of a published split.

    Args:
        events: from the log.
        item_index: what an event is on (:attr:`~tastegraph.core.records.Event.object_id`) → its
            row; the rows that are of entities alone are the last.
        meaning: how events count.
    """
    n_items, n_entities = row_counts(item_index)
    has_event = np.zeros(len(events.user_ids), dtype=np.bool_)
    has_event[events.users] = True
    user_ids = sorted(events.user_ids[number] for number in np.flatnonzero(has_event).tolist())
    row_of_user = {user_id: row for row, user_id in enumerate(user_ids)}
    user_rows, item_rows = (
        np.array([index.get(name, -1) for name in names], dtype=np.int32)
        for index, names in ((row_of_user, events.user_ids), (item_index, events.item_ids))
    )
    weights = meaning.weights_of(events)
    items = item_rows[events.items]
    counts = (weights != 0) & (items >= 0)
    columns: list[NDArray[Any]] = [user_rows[events.users], items, events.times, weights]
    columns.append(events.splits)
    if not counts.all():
        columns = [column[counts] for column in columns]
    del events, items, weights, counts  # of tens of millions of events, each is a gigabyte
    return interactions_from_columns(user_ids, n_items, *columns, n_entities=n_entities)


def interactions_from_columns(
    user_ids: list[str],
    n_items: int,
    users: Floats | Ints,
    items: Floats | Ints,
    times: Floats,
    weights: Floats,
    published_splits: Floats | Ints,
    *,
    n_entities: int = 0,
) -> Interactions:
    """The same from columns of equal length, rows in any order.

    Args:
        user_ids: ids of the users.
        n_items: how many items there are.
        users, items: int[E], indices.
        times: float64[E], seconds; NaN where there is none.
        weights: float64[E] in [-1, 1], never 0.
        published_splits: int[E], part of a published split: 0 train, 1 valid, 2 test, -1 none.
        n_entities: how many of the items, the last ones, are entities.
    """
    of_user = np.array([id_hash(user_id) for user_id in user_ids], dtype=np.uint64)
    hashes = pair_hashes(
        of_user[users.astype(np.intp, copy=False)], items.astype(np.int64, copy=False)
    )
    order = oldest_first(users, times, hashes, weights)
    del hashes
    keys = users[order].astype(np.int64)
    keys *= n_items
    keys += items[order].astype(np.int64, copy=False)
    keys *= 4
    keys += published_splits[order].astype(np.int64, copy=False)
    keys += 1
    newest, strongest = settled(keys, weights[order].astype(np.float32))
    del keys
    rows, weight_rows = order[newest], order[strongest]
    del order, newest, strongest
    return Interactions(
        user_ids=user_ids,
        n_items=n_items,
        users=users[rows].astype(np.int32, copy=False),
        items=items[rows].astype(np.int32, copy=False),
        times=np.asarray(times[rows], dtype=np.float64),
        weights=weights[weight_rows].astype(np.float32),
        published_splits=published_splits[rows].astype(np.int8, copy=False),
        n_entities=n_entities,
    )
