"""Single changes that bring an item into a list, each of which is computed before it is said.

A few are proposed: likes of the items and entities that speak most for the item, the user's events
that speak more for the last item of the list than for it, and wishes. With each the whole list is
computed as it would be served; only what brings the item in is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.serving.lists.listing import UserState, listable_items
from tastegraph.serving.why_not.proposals import (
    event_shares,
    supporting_entities,
    supporting_items,
)
from tastegraph.serving.why_not.question import Question
from tastegraph.serving.why_not.report import BlockingRule, ChangeKind, RuleKind, VerifiedChange
from tastegraph.serving.why_not.rules import quoted
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.wording import chip_text

MAX_CHANGES = 3
"""Changes of each kind that are said."""
MAX_ENTITIES, MAX_LIKES = 3, 10
"""Entities and items whose like is computed, one by one."""
SETS_OF_LIKES = (2, 3, 5)
"""Where no like alone brings the item in, so many of the best ones together are computed."""
MAX_EVENTS = 10
"""Items or entities without whose events the list is computed."""
MAX_WISHES = 5
LIKE = "like"
IN_POWER: frozenset[RuleKind] = frozenset(("seen", "wish", "max_per"))
"""Rules that a change of the user's events or wishes may lift."""


@dataclass(frozen=True)
class Proposal:
    """A change that may bring the item in.

    Attributes:
        kind: of the change.
        user: the user after it.
        chips: the wishes after it.
        rows: what the events would be on, or would not be on.
        chip: the wish that would not be there.
    """

    kind: ChangeKind
    user: UserState
    chips: Sequence[Chip]
    rows: tuple[int, ...] = ()
    chip: Chip | None = None


class ChangeSearch:
    """Searches the changes for one question.

    Args:
        question: the list and the item.
        rules: what keeps the item out.
        listed: rows of the items of the list, best place first.

    Attributes:
        lists_computed: number of changes with which the list was computed so far.
    """

    def __init__(
        self, question: Question, rules: Sequence[BlockingRule], listed: Sequence[int]
    ) -> None:
        self._question, self._listed = question, listed
        self._kinds = {rule.kind for rule in rules if not rule.gives_way}
        self.lists_computed = 0

    def verified(self) -> list[VerifiedChange]:
        """The changes that bring the item in, at most :data:`MAX_CHANGES` of each kind."""
        if not self._kinds <= IN_POWER:
            return []  # nothing that the user does lifts the others
        changes: list[VerifiedChange] = []
        if "seen" not in self._kinds:
            changes += self._first(self._without_wishes())
        if "wish" not in self._kinds:
            changes += self._first(self._without_events())
        if not self._kinds & {"seen", "wish"}:
            likes = self._first(self._likes())
            changes += likes or self._first(self._sets_of_likes(), 1)
        return changes

    def _first(
        self, proposals: Iterator[Proposal], most: int = MAX_CHANGES
    ) -> list[VerifiedChange]:
        """The first proposals that bring the item in."""
        changes: list[VerifiedChange] = []
        for proposal in proposals:
            self.lists_computed += 1
            place = self._question.place_with(proposal.user, proposal.chips)
            if place is not None:
                changes.append(self._worded(proposal, place))
            if len(changes) == most:
                break
        return changes

    def _likes(self) -> Iterator[Proposal]:
        for row in (*self._entities()[:MAX_ENTITIES], *self._items[:MAX_LIKES]):
            yield self._liked((row,))

    def _sets_of_likes(self) -> Iterator[Proposal]:
        items = self._items
        for size in SETS_OF_LIKES:
            if size <= len(items):
                yield self._liked(tuple(items[:size]))

    def _liked(self, rows: tuple[int, ...]) -> Proposal:
        """The user who likes what is in ``rows`` besides, now and one after another."""
        question = self._question
        events = [self._event(row, question.now + place / 1000) for place, row in enumerate(rows)]
        seen = set(question.user.seen_items)
        if self._like_type not in question.request.repeats:
            seen.update(event.object_id for event in events)
        user = UserState.of([*question.view.events, *events], seen, question.snapshot)
        return Proposal("like", user, question.chips, rows)

    def _event(self, row: int, moment: float) -> Event:
        question, snapshot = self._question, self._question.snapshot
        events = question.view.events
        user_id = events[0].user_id if events else question.view.user_id or ""
        new = partial(Event, f"what-if-{row}", user_id, type=self._like_type, timestamp=moment)
        if row < snapshot.model.n_listed:
            return new(item_id=snapshot.names.item_ids[row])
        return new(entity_id=snapshot.names.public_id(row))

    @property
    def _like_type(self) -> str:
        """The type of event by which a user likes something; empty where there is none."""
        weights = self._question.snapshot.fitted_config.meaning.weights
        kinds = [LIKE, *sorted(weights, key=lambda kind: -weights[kind])]
        return next((kind for kind in kinds if weights.get(kind, 0.0) > 0), "")

    @cached_property
    def _items(self) -> list[int]:
        """Items that the user could like, which speak most for the item."""
        question, snapshot = self._question, self._question.snapshot
        if not self._like_type:
            return []
        available, _ = listable_items(snapshot, question.user, question.request, question.now, None)
        allowed = available.copy()
        allowed[snapshot.listed_rows(question.user.seen_items)] = False
        history = question.user.scored.history.items
        allowed[history[history < len(allowed)]] = False
        allowed[question.item] = False
        listed = np.array(self._listed, dtype=np.int64)
        rows = supporting_items(snapshot.model, question.ranked, question.item, listed, allowed)
        return [int(row) for row in rows]

    def _entities(self) -> list[int]:
        """Entities that the user has no event on and could like."""
        if not self._like_type:
            return []
        history = set(self._question.user.scored.history.items.tolist())
        snapshot = self._question.snapshot
        return [
            node
            for node in supporting_entities(snapshot, self._question.item)
            if node not in history
            and snapshot.row_of_entity(snapshot.names.public_id(node)) == node
        ]

    def _without_events(self) -> Iterator[Proposal]:
        """The user without the events on one item or entity, those that hurt most first."""
        question = self._question
        history = question.user.scored.history
        if "seen" in self._kinds:
            yield self._without((question.item,))
            return
        model, ranked = question.snapshot.model, question.ranked
        harm = -event_shares(model, ranked, question.item)
        if self._listed:
            harm += event_shares(model, ranked, self._listed[-1])
        order = np.argsort(-harm, kind="stable")
        rows = [int(history.items[place]) for place in order if harm[place] > 0]
        for row in dict.fromkeys(rows[:MAX_EVENTS]):
            yield self._without((row,))

    def _without(self, rows: tuple[int, ...]) -> Proposal:
        question, row_of = self._question, self._question.snapshot.row_of
        events = [e for e in question.view.events if row_of(e.object_id) not in rows]
        seen = {name for name in question.user.seen_items if row_of(name) not in rows}
        user = UserState.of(events, seen, question.snapshot)
        return Proposal("without_events", user, question.chips, rows)

    def _without_wishes(self) -> Iterator[Proposal]:
        """Without one wish: those that let only some items in first, then those for less."""
        question = self._question
        order = {"never": 0, "only": 0, "less": 1, "more": 2}
        chips = sorted(question.chips, key=lambda chip: order[chip.direction])
        for chip in chips[:MAX_WISHES]:
            others = [each for each in question.chips if each is not chip]
            yield Proposal("without_wish", question.user, others, chip=chip)

    def _worded(self, proposal: Proposal, place: int) -> VerifiedChange:
        language, names = self._question.language, self._question.snapshot.names
        chip = proposal.chip
        if chip is not None:
            chip = chip.model_copy(update={"text": chip_text(chip, language)})
            text = Message("why_not.without_wish", place=place, chip=chip.text)
            return VerifiedChange(
                kind=proposal.kind, text=text.text(language), place=place, chip=chip
            )
        titles = quoted([names.event_title(row) for row in proposal.rows])
        n_listed, (first, *_) = self._question.snapshot.model.n_listed, proposal.rows
        message = Message("why_not.without_event", place=place, titles=titles)
        kind: str | None = None
        if proposal.kind == "like":
            kind = self._like_type
            message = Message("why_not.if_liked", place=place, titles=titles)
            if kind != LIKE:
                message = Message("why_not.if_event", place=place, titles=titles, type=kind)
        return VerifiedChange(
            kind=proposal.kind,
            text=message.text(language),
            place=place,
            item_ids=tuple(names.item_ids[row] for row in proposal.rows if row < n_listed),
            entity=names.public_id(first) if first >= n_listed else None,
            type=kind,
        )
