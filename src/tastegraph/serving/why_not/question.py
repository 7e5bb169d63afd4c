"""One question why a list lacks an item: the user, the list, the item, and all its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.core.languages import Language
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Ranked
from tastegraph.serving.lists.listing import (
    ListRequest,
    UserState,
    list_places,
    listable_items,
)
from tastegraph.serving.lists.request_view import RequestView
from tastegraph.serving.policies.placing import Places
from tastegraph.serving.policies.policy import ListPolicy
from tastegraph.serving.policies.rules import ListRules
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.chips import Chip, Steering
from tastegraph.serving.wishes.effects import WishEffects
from tastegraph.serving.wishes.steering import Steerer


@dataclass(frozen=True)
class Question:
    """Why the list of a user lacks an item.

    Attributes:
        view: the user.
        user: the user's events, as a list needs them.
        item: row of the item.
        request: the list, without exploration.
        policy: of the request.
        chips: the wishes that count.
        steering: what the wish of the request was read as.
        effects: what these do; ``None`` where they do nothing.
        rules: the policy on the items; ``None`` where it asks for nothing.
        ranked: the scores of all items.
        scores: float32[I], the same with what wishes and boosts add.
        now: seconds since 1970-01-01 UTC.
        language: of the answer.
        steerer: knows what wishes do.
    """

    view: RequestView
    user: UserState
    item: int
    request: ListRequest
    policy: ListPolicy
    chips: Sequence[Chip]
    steering: Steering
    effects: WishEffects | None
    rules: ListRules | None
    ranked: Ranked
    scores: Scores
    now: float
    language: Language
    steerer: Steerer

    @property
    def snapshot(self) -> ServingSnapshot:
        """The snapshot that the user sees."""
        return self.view.snapshot

    def places(self, *, is_admitted: bool = False) -> Places:
        """The list; with ``is_admitted`` that in which no rule keeps out the item."""
        admitted = self.item if is_admitted else None
        return list_places(
            self.snapshot, self.user, self.request, self.now, self.effects, self.rules, admitted
        )

    def place_with(self, user: UserState, chips: Sequence[Chip]) -> int | None:
        """The item's place in the list that other events or wishes would give, from 1."""
        effects = self.steerer.effects(self.snapshot, chips, user.scored.history)
        places = list_places(self.snapshot, user, self.request, self.now, effects, self.rules)
        return place_in(places, self.item)

    def listable(self) -> Bools:
        """bool[I], the items that all rules let into the list."""
        _, listable = listable_items(self.snapshot, self.user, self.request, self.now, self.effects)
        mask = None if self.rules is None else self.rules.tiers[-1].mask
        listable = listable if mask is None else listable & mask
        return listable & np.isfinite(self.scores)

    def rank_in(self, items: Bools) -> int:
        """The item's rank in some items by the scores, equal ones in the order of rows."""
        score = self.scores[self.item]
        above = items & (self.scores > score)
        ties = np.flatnonzero(items[: self.item] & (self.scores[: self.item] == score))
        return int(above.sum()) + len(ties) + 1


def place_in(places: Places, item: int) -> int | None:
    """The place of the row of an item in a list, from 1; ``None`` where it has none."""
    rows = places.ranked.items[places.draw.items].tolist()
    return rows.index(item) + 1 if item in rows else None
