"""Which items of a snapshot may be listed now: all but erased, delisted and hidden ones.

Those that have dates may be listed between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.store.availability import Restriction

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class ListableItems:
    """The items of one snapshot that may not be listed, or not at all times.

    Attributes:
        revision: of the store's availabilities; -1 before they are read.
        erased: int64[e], items that were erased since the snapshot was made.
        withheld: int64[w], items that are delisted or hidden.
        timed: int64[t], items that may be listed from ``start`` until ``end``.
        start, end: float64[t], seconds since 1970-01-01 UTC; infinite without a bound.
    """

    revision: int
    erased: Rows
    withheld: Rows
    timed: Rows
    start: NDArray[np.float64]
    end: NDArray[np.float64]

    @classmethod
    def all_items(cls) -> ListableItems:
        """Every item may be listed; the store was not read yet."""
        none, times = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(-1, none, none, none, times, times)

    @classmethod
    def of(
        cls,
        restrictions: Iterable[Restriction],
        revision: int,
        item_rows: Mapping[str, int],
        erased: Rows,
    ) -> ListableItems:
        """From what the store says; items that the snapshot does not know are passed over."""
        known = [entry for entry in restrictions if entry.item_id in item_rows]
        withheld = [item_rows[entry.item_id] for entry in known if not entry.listed]
        timed = [entry for entry in known if entry.listed]
        start = [-np.inf if entry.start is None else entry.start for entry in timed]
        end = [np.inf if entry.end is None else entry.end for entry in timed]
        return cls(
            revision=revision,
            erased=erased,
            withheld=np.array(withheld, dtype=np.int64),
            timed=np.array([item_rows[entry.item_id] for entry in timed], dtype=np.int64),
            start=np.array(start, dtype=np.float64),
            end=np.array(end, dtype=np.float64),
        )

    def unlisted(self, now: float) -> Rows:
        """int64[k], the items that may not be listed at ``now``, in seconds since 1970-01-01 UTC.

        An item may be listed from its start on, and no more at its end.
        """
        outside = (now < self.start) | (now >= self.end)
        return np.concatenate([self.erased, self.withheld, self.timed[outside]])
