"""What one request sees: a consistent state of the snapshot in service and of the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tastegraph.core.records import Event
from tastegraph.serving.lists.assignment import NO_EXPERIMENT, Assignment
from tastegraph.serving.lists.listing import UserState
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.chips import Chip
from tastegraph.store import events as log

MAX_USER_EVENTS = 10_000
"""Events of one user that are read for a list; items seen earlier are left out all the same."""

UserOrSession = str | Sequence[Event]
"""A user id, or the events of a session without a user."""


@dataclass(frozen=True)
class RequestView:
    """One consistent state of the snapshot and the store, which one request sees.

    Attributes:
        snapshot: in service, or of the user's variant, without the items that were erased since.
        user_id: of a user with at least one event; ``None`` for a session, and for an unknown id.
        events: the user's newest.
        seen_items: ids of all items that exclude_seen leaves out.
        revision: of the event log.
        erased_users: number of users that had been erased.
        wishes: standing wishes of the user.
        assignment: the variant of an experiment that the request gets.
    """

    snapshot: ServingSnapshot
    user_id: str | None
    events: Sequence[Event]
    seen_items: Collection[str]
    revision: int
    erased_users: int
    wishes: Sequence[Chip] = ()
    assignment: Assignment = NO_EXPERIMENT

    @property
    def erasures(self) -> tuple[int, int]:
        """Numbers of users and items that had been erased."""
        return self.erased_users, self.snapshot.erased_items

    def user(self) -> UserState:
        """The user whose events these are."""
        return UserState.of(self.events, self.seen_items, self.snapshot)


def events_and_seen(
    connection: Connection, user: UserOrSession, repeats: Collection[str], revision: int
) -> tuple[Sequence[Event], Collection[str]]:
    """The newest events, and the ids of all items with an event of a type not in ``repeats``."""
    if isinstance(user, str):
        seen_items = log.user_object_ids(connection, user, repeats, revision)
        return log.user_events(connection, user, MAX_USER_EVENTS, revision), seen_items
    return user, {event.object_id for event in user if event.type not in repeats}
