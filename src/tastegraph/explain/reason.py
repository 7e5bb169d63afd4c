"""One reason in numbers: a term of a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.base import ReasonKind
from tastegraph.models.kernels import Scores


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score.

    Attributes:
        kind: ``behaviour``: some users like both items. ``learned``: no user likes both, or users
            do the opposite of what the term says, so only the model relates the two items.
            ``knowledge``: facts join the two items. ``affinity``: some users like the item of the
            history and something else that has a feature of the target. ``facts``: the model
            learned it from facts, and no count of users supports it. ``text``: from texts.
            ``popularity``: from how many users like the target.
        share: how much of the score it is; negative where it speaks against the target.
        event: position in the history of the event with the largest term; ``None`` for popularity.
        feature: for ``knowledge``, what the item and the target have in common; for ``affinity``,
            and for ``facts`` of one feature, what the target has.
        facts: ids of the stored facts on the path from the event's item to the target.
        events: number of events of the history that contribute to the share.
        support: number of users for whom it holds, counted from stored events; ``None`` where the
            reason does not speak of users.
        recent: for ``popularity``, whether it is recent popularity.
    """

    kind: ReasonKind
    share: float
    event: int | None = None
    feature: int | None = None
    facts: tuple[int, ...] = ()
    events: int = 1
    support: int | None = None
    recent: bool = False


@dataclass(frozen=True, slots=True)
class ShareFilter:
    """Which shares a short list may need.

    Attributes:
        max_count: number of shares per kind, at most.
        min_share: the smallest share to keep.
        is_named: whether a feature has a name: those go first.
    """

    max_count: int
    min_share: float
    is_named: Callable[[int], bool] = lambda _: True

    def select(
        self,
        shares: Scores,
        events: NDArray[np.int64] | int,
        features: NDArray[np.int32] | None = None,
    ) -> NDArray[np.int64]:
        """Positions of the positive shares with the largest share per event, int64[n].

        Args:
            shares: float32[m].
            events: number of events behind each share, int64[m], or one number for all.
            features: int32[m], of which the shares are, if they are of features.
        """
        counts = np.broadcast_to(events, shares.shape)
        positive = np.flatnonzero((shares > 0) & (shares >= self.min_share) & (counts > 0))
        per_event = shares[positive] / counts[positive]
        nameless = np.zeros(len(positive), dtype=np.bool_)
        if features is not None:
            nameless[:] = [not self.is_named(int(feature)) for feature in features[positive]]
        order = np.lexsort((-shares[positive], -per_event, nameless))
        return positive[order[: self.max_count]]
