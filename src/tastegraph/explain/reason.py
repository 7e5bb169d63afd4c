"""One reason: a term of a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.kernels import Scores
from tastegraph.profiles.association import ITSELF, Associations

Kind = Literal["behaviour", "learned", "knowledge", "affinity", "facts", "text", "popularity"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score.

    Attributes:
        kind: ``behaviour``: there are people who like both items; ``learned``: there are none, or
            the term says the opposite of what they do, and only the model likens the two.
            ``knowledge``: facts join the two. ``affinity``: there are people who like the item and
            something else that has a feature of the target; ``facts``: by what is known, as the
            model learned it. ``text``: by texts. ``popularity``: by how many people like it.
        share: how much of the score it is; negative where it speaks against the item.
        event: position in the history of the event that says most of it; ``None`` for popularity.
        feature: for ``knowledge``, what item and target have in common; for ``affinity``, and
            ``facts`` where one feature says it, what the target has.
        facts: ids of the stored facts on the path from the event's item to the target.
        events: how many events of the history say it.
        support: people for whom it is so, counted from stored events; ``None`` where nothing is
            said of people.
        recent: for ``popularity``, whether it is that of late.
    """

    kind: Kind
    share: float
    event: int | None = None
    feature: int | None = None
    facts: tuple[int, ...] = ()
    events: int = 1
    support: int | None = None
    recent: bool = False


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
