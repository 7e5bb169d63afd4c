"""Where time is cut, and which items are new then.

Everything before the cut is known, and an item without an event before it is **new**: it stands in
the catalogue with all that is stated of it. Public sets have few such items, and users like them
rarely, so there are two arrivals:

- ``first seen``: the items whose first event lies behind the cut, as it happened;
- ``withheld``: besides, a tenth of the other items, drawn by the seed, lose their events before the
  cut. So new items are of all kinds, popular ones too. Who had an event on one is not offered it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.profiles.interactions import Interactions

FIRST_SEEN, WITHHELD = "first seen", "withheld"
ARRIVALS = (FIRST_SEEN, WITHHELD)
WITHHELD_SHARE = 0.1


@dataclass(frozen=True)
class Cut:
    """A set's events, cut in time.

    Attributes:
        events: everybody's, each user's oldest first.
        before: bool[E], earlier than the cut; events of one instant are on one side.
        hidden: bool[E], events before the cut of items that are withheld: never history.
        new: bool[I].
    """

    events: Interactions
    before: Bools
    hidden: Bools
    new: Bools

    @classmethod
    def of(cls, events: Interactions, share: float, arrival: str, seed: int) -> Cut:
        """Cut where ``share`` of all events are earlier.

        Args:
            events: with times.
            share: in (0, 1).
            arrival: of :data:`ARRIVALS`.
            seed: draws what is withheld.

        Raises:
            ValueError: an event has no time, or the share leaves a side empty.
        """
        if not len(events) or np.isnan(events.times).any():
            raise ValueError("a replay needs a time of every event")
        before = events.times < np.sort(events.times)[int(share * len(events))]
        if not before.any():
            raise ValueError(f"no event is earlier than the cut at {share:g} of all events")
        new = np.bincount(events.items[before], minlength=events.n_items) == 0
        if arrival == WITHHELD:
            others = np.flatnonzero(~new)
            drawn = np.random.default_rng(seed).permutation(others)
            new[drawn[: round(WITHHELD_SHARE * len(others))]] = True
        return cls(events, before, before & new[events.items], new)

    @property
    def known(self) -> Interactions:
        """What a model is learned from."""
        return self.events.select(self.before & ~self.hidden)
