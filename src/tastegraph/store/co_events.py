"""Who else has events on the same items: read by item, the newest first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from tastegraph.core.records import SESSION
from tastegraph.store.schema import event_items, event_log, event_types, event_users

MAX_EVENTS_PER_ITEM = 1000
"""Newest events that are read of one item: popular ones say little of who is alike."""
MAX_EVENTS_PER_USER = 1000
_IDS_PER_QUERY = 500


class CoEvent(NamedTuple):
    """One event: of which user, by number, on which item, by id, and what it was."""

    user: int
    item_id: str
    type: str
    value: float | None


def events_on(connection: Connection, item_ids: Collection[str]) -> Iterator[CoEvent]:
    """Yield the newest events on each item."""
    for item_id in item_ids:
        number = select(event_items.c.item).where(event_items.c.item_id == item_id)
        item = connection.scalar(number)
        if item is None:
            continue
        rows = connection.execute(
            select(event_log.c.user, event_types.c.name, event_log.c.value)
            .join(event_types, event_types.c.type == event_log.c.type)
            .where(event_log.c.item == item)
            .order_by(event_log.c.seq.desc())
            .limit(MAX_EVENTS_PER_ITEM)
        )
        for user, kind, value in rows:
            yield CoEvent(user, item_id, kind, value)


def events_of(connection: Connection, users: Sequence[int]) -> Iterator[CoEvent]:
    """Yield the newest events of each user."""
    for user in users:
        rows = connection.execute(
            select(event_items.c.item_id, event_types.c.name, event_log.c.value)
            .join(event_items, event_items.c.item == event_log.c.item)
            .join(event_types, event_types.c.type == event_log.c.type)
            .where(event_log.c.user == user)
            .order_by(event_log.c.seq.desc())
            .limit(MAX_EVENTS_PER_USER)
        )
        for item_id, kind, value in rows:
            yield CoEvent(user, item_id, kind, value)


def user_ids(connection: Connection, users: Sequence[int]) -> dict[int, str]:
    """Number → id of the users that are no sessions."""
    ids: dict[int, str] = {}
    for start in range(0, len(users), _IDS_PER_QUERY):
        batch = users[start : start + _IDS_PER_QUERY]
        query = select(event_users.c.user, event_users.c.user_id)
        ids |= {
            number: name
            for number, name in connection.execute(query.where(event_users.c.user.in_(batch)))
            if not name.startswith(SESSION)
        }
    return ids
