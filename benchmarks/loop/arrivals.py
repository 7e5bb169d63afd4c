"""When items arrive in a replay, and how many events they had had by any time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.profiles.interactions import Interactions

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Arrivals:
    """Items' events in time.

    Attributes:
        began: int64[I], place of the first event among all; ``NEVER`` where there is none.
    """

    began: NDArray[np.int64]
    _keys: NDArray[np.int64]
    _first: NDArray[np.int64]

    @classmethod
    def of(cls, events: Interactions, when: NDArray[np.int64]) -> Arrivals:
        """Of ``events`` whose places in time are ``when`` (int64[E], each once)."""
        keys = np.sort(events.items.astype(np.int64) * len(when) + when)
        items = np.arange(events.n_items + 1, dtype=np.int64)
        first = np.searchsorted(keys, items * len(when))
        began = np.full(events.n_items, NEVER)
        some = np.diff(first) > 0
        began[some] = keys[first[:-1][some]] - items[:-1][some] * len(when)
        return cls(began, keys, first)

    def events_before(
        self, items: NDArray[np.integer], places: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """How many events each of ``items`` had had before its place in time."""
        position = np.searchsorted(self._keys, items * np.int64(len(self._keys)) + places)
        return np.asarray(position - self._first[items])

    def fewest(self, lists: NDArray[np.int32], places: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64[I], the fewest events with which an item stood in one of ``lists``.

        Args:
            lists: int32[Q, k], items; -1 where a list ends.
            places: int64[Q], when each was made.

        ``NEVER`` where it stood in none.
        """
        listed = lists >= 0
        items = lists[listed]
        times = np.repeat(places, listed.sum(axis=1))
        counts = np.full(len(self.began), NEVER)
        np.minimum.at(counts, items, self.events_before(items, times))
        return counts
