"""One reason: a term of a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tastegraph.profiles.association import ITSELF, Associations
from tastegraph.ranking.kernels import Scores

Kind = Literal["behaviour", "knowledge", "affinity", "text", "popularity"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score.

    Attributes:
        kind: ``behaviour``, ``knowledge``, ``affinity``, ``text`` or ``popularity``.
        share: how much of the score it is; negative where it speaks against the item.
        event: position in the history of the event that says most of it; ``None`` for popularity.
        feature: for ``knowledge``, what item and target have in common; for ``affinity``, what the
            target has that likers of the item like.
        facts: ids of the stored facts on the path from the event's item to the target.
        events: how many events of the history say it.
    """

    kind: Kind
    share: float
    event: int | None = None
    feature: int | None = None
    facts: tuple[int, ...] = ()
    events: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which shares a short list may need: at most so many of a kind, each at least so large."""

    most: int
    least: float

    def of(self, shares: Scores, events: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Where the shares above 0 are that tell most for each event that says them."""
        counts = np.broadcast_to(events, shares.shape)
        speaking = np.flatnonzero((shares > 0) & (shares >= self.least) & (counts > 0))
        each = shares[speaking] / counts[speaking]
        return speaking[np.lexsort((-shares[speaking], -each))[: self.most]]


def stored_facts(
    associations: Associations, items: tuple[int, ...], feature: int
) -> tuple[int, ...]:
    """Ids of the stored facts that tie ``items`` to ``feature``; an item's own self has none."""
    found = []
    for item in items:
        at = associations.of_item(item)
        place = np.searchsorted(associations.strength.indices[at], feature)
        found.append(int(associations.facts[at][place]))
    return tuple(fact for fact in found if fact != ITSELF)
