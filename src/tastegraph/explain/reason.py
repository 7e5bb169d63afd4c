"""One reason in numbers: a term of a score."""

from __future__ import annotations

from dataclasses import dataclass

from tastegraph.models.base import ReasonKind


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
