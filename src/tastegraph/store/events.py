"""The event log: append-only, durable when acknowledged, idempotent by event id.

The revision of the log is the sequence number of its newest event. Functions that take a
``until`` read the log as it was at that revision; by default they read all of it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, true

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import (
    ENTITY,
    IMPRESSION,
    RATING,
    SPLITS,
    Event,
    event_key,
    is_entity,
)
from tastegraph.store.fact_rows import raw_rows
from tastegraph.store.revision import record_withdrawal
from tastegraph.store.schema import (
    event_items,
    event_log,
    event_order,
    event_types,
    event_users,
    events,
)

ROWS_PER_BATCH = 10_000
_NAMES = (
    ("event_users", "user_id", "user_id"), ("event_items", "item_id", "object_id"),
    ("event_types", "name", "type"),
)  # fmt: skip
_FIELDS = tuple(column for column in events.c if column.name != "seq")
MAX_IDS_PER_QUERY = 500
_EVERYTHING = 2**63 - 1
"""A revision that no log reaches."""
# Statements of every answer are built once: that takes longer than to carry them out.
_REVISION = select(func.max(event_log.c.seq))
_OF_USER = (events.c.user_id == bindparam("user_id"), events.c.seq <= bindparam("until"))
_USER_EVENTS = (
    select(*_FIELDS)
    .where(*_OF_USER, events.c.type != IMPRESSION)
    .order_by(*(column.desc() for column in event_order))
    .limit(bindparam("newest"))
)
_USER_OBJECTS = (
    select(events.c.item_id)
    .where(*_OF_USER, events.c.type.not_in(bindparam("without", expanding=True)))
    .distinct()
)
_INSERT = (
    "INSERT INTO event_log (event_id, user, item, type, value, timestamp, split, "
    "recommendation_id, position) VALUES (?, (SELECT user FROM event_users WHERE user_id = ?), "
    "(SELECT item FROM event_items WHERE item_id = ?), "
    "(SELECT type FROM event_types WHERE name = ?), ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class AppendResult:
    """How many of the appended events were new, and how many were in the log already."""

    accepted: int
    duplicates: int


def append(connection: Connection, new: Iterable[Event]) -> AppendResult:
    """Append single events; one whose id is in the log already changes nothing.

    :func:`tastegraph.store.event_columns.append_columns` is for many.

    Raises:
        RowError: an event is from the future; the caller must roll the transaction back.
    """
    run = connection.exec_driver_sql
    accepted = total = 0
    stream = _checked(new)
    while batch := list(islice(stream, ROWS_PER_BATCH)):
        by_key: dict[bytes, Event] = {}
        for event in batch:
            by_key.setdefault(event_key(event.event_id), event)
        for key in known_keys(connection, list(by_key)):
            del by_key[key]
        total += len(batch)
        accepted += len(by_key)
        for table, column, field in _NAMES:
            names = {getattr(event, field): None for event in by_key.values()}
            if names:
                query = f"INSERT OR IGNORE INTO {table} ({column}) VALUES (?)"
                run(query, [(name,) for name in names])
        if by_key:
            run(_INSERT, [_row(event) for event in by_key.values()])
    return AppendResult(accepted, total - accepted)


def known_keys(connection: Connection, keys: Sequence[bytes]) -> list[bytes]:
    """Those of ``keys`` (:func:`~tastegraph.core.records.event_key`) that the log has."""
    known: list[bytes] = []
    for start in range(0, len(keys), MAX_IDS_PER_QUERY):
        some_keys = keys[start : start + MAX_IDS_PER_QUERY]
        query = select(event_log.c.event_id).where(event_log.c.event_id.in_(some_keys))
        known += connection.scalars(query)
    return known


def _row(event: Event) -> tuple[object, ...]:
    """The parameters of :data:`_INSERT`."""
    split = None if event.split is None else SPLITS.index(event.split)
    return (
        event_key(event.event_id), event.user_id, event.object_id, event.type, event.value,
        event.timestamp, split, event.recommendation_id, event.position,
    )  # fmt: skip


def _checked(new: Iterable[Event]) -> Iterator[Event]:
    now = time.time()
    for number, event in enumerate(new, start=1):
        if event.is_in_future(now):
            timely = Message("expected.timely")
            raise RowError("events", number, "timestamp", event.timestamp, timely)
        yield event


def user_events(
    connection: Connection, user_id: str, newest: int, until: int | None = None
) -> Sequence[Event]:
    """The ``newest`` events of one user without impressions, oldest first.

    They are ordered by their own time, not by when they arrived.
    """
    until = _EVERYTHING if until is None else until
    parameters = {"user_id": user_id, "until": until, "newest": newest}
    return [_event(row) for row in connection.execute(_USER_EVENTS, parameters)][::-1]


def user_object_ids(
    connection: Connection, user_id: str, without: Collection[str], until: int | None = None
) -> set[str]:
    """Items and entities on which one user has an event whose type is not in ``without``.

    As :attr:`~tastegraph.core.records.Event.object_id` names them.
    """
    until = _EVERYTHING if until is None else until
    parameters = {"user_id": user_id, "until": until, "without": list(without)}
    return set(connection.scalars(_USER_OBJECTS, parameters))


def has_user(connection: Connection, user_id: str) -> bool:
    """Whether there is an event of a user, of whatever type."""
    events_of_user = select(true()).where(events.c.user_id == user_id).limit(1)
    return connection.scalar(events_of_user) is not None


def grouped_by_user(
    connection: Connection, until: int | None = None, users: Sequence[str] | None = None
) -> Iterator[Event]:
    """Yield every event, or those of some users, by user, each user's oldest event first."""
    query = select(*_FIELDS)
    if until is not None:
        query = query.where(events.c.seq <= until)
    if users is not None:
        query = query.where(events.c.user_id.in_(users))
    rows = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(
        query.order_by(events.c.user_id, *event_order)
    )
    return (_event(row) for row in rows)


def _event(row: Sequence[Any]) -> Event:
    """The event of a row of :data:`_FIELDS`."""
    event_id, user_id, object_id, *others = row
    event = Event(event_id, user_id, object_id, *others)
    if not is_entity(object_id):
        return event
    return replace(event, item_id="", entity_id=object_id.removeprefix(ENTITY))


def rating_values(connection: Connection, until: int | None = None) -> dict[float, int]:
    """Value of a rating → number of events of type ``rating`` that have it."""
    kind = select(event_types.c.type).where(event_types.c.name == RATING).scalar_subquery()
    rows = connection.execute(
        select(event_log.c.value, func.count())
        .where(event_log.c.type == kind, event_log.c.value.is_not(None), *_arrived(until))
        .group_by(event_log.c.value)
    )
    return {float(value): int(number) for value, number in rows}


def type_counts(connection: Connection, until: int | None = None) -> dict[str, int]:
    """Event type → number of events."""
    counts = select(event_log.c.type, func.count().label("n")).where(*_arrived(until))
    numbered = counts.group_by(event_log.c.type).subquery()
    rows = connection.execute(
        select(event_types.c.name, numbered.c.n)
        .join(numbered, numbered.c.type == event_types.c.type)
        .order_by(event_types.c.name)
    )
    return {kind: int(number) for kind, number in rows}


def _arrived(until: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if until is None else (event_log.c.seq <= until,)


def user_count(connection: Connection) -> int:
    """Number of users with at least one event."""
    query = select(func.count(event_log.c.user.distinct()))
    return connection.scalar(query) or 0


def count(connection: Connection) -> int:
    """Number of events in the log."""
    return connection.scalar(select(func.count()).select_from(event_log)) or 0


def item_ids(connection: Connection) -> list[str]:
    """Ids of the items that have at least one event."""
    return list(counts_by_item(connection))


def entity_ids(connection: Connection) -> list[str]:
    """Ids of the entities that have at least one event."""
    names = _counts_by_object(connection)
    return [name.removeprefix(ENTITY) for name in names if is_entity(name)]


def counts_by_item(connection: Connection) -> dict[str, int]:
    """Item id → number of events; items without events are left out."""
    counts = _counts_by_object(connection)
    return {name: count for name, count in counts.items() if not is_entity(name)}


def _counts_by_object(connection: Connection) -> dict[str, int]:
    numbers = np.fromiter(
        raw_rows(connection, select(event_log.c.item)), dtype=[("item", np.int64)]
    )
    counts = np.bincount(numbers["item"]).tolist()
    names = raw_rows(connection, select(event_items.c.item, event_items.c.item_id))
    return {item_id: counts[item] for item, item_id in names if item < len(counts) and counts[item]}


def delete_one(connection: Connection, event_id: str) -> int:
    """Delete one event. Returns 1, or 0 where there is none of this id.

    The next list does not know it; the next model is fitted without it. Its id may come again.
    """
    key = event_key(event_id)
    user = connection.scalar(select(event_log.c.user).where(event_log.c.event_id == key))
    if user is None:
        return 0
    connection.execute(delete(event_log).where(event_log.c.event_id == key))
    has_events = select(event_log.c.seq).where(event_log.c.user == user).limit(1)
    if connection.scalar(has_events) is None:
        connection.execute(delete(event_users).where(event_users.c.user == user))
    record_withdrawal(connection)
    return 1


def delete_of_user(connection: Connection, user_id: str) -> int:
    """Delete all events of a user, and the id. Returns how many events there were."""
    number = select(event_users.c.user).where(event_users.c.user_id == user_id)
    deleted = delete(event_log).where(event_log.c.user == number.scalar_subquery())
    n_events = connection.execute(deleted).rowcount
    connection.execute(delete(event_users).where(event_users.c.user_id == user_id))
    return n_events


def delete_of_item(connection: Connection, item_id: str) -> int:
    """Delete all events on an item, and its id. Returns how many events there were."""
    number = select(event_items.c.item).where(event_items.c.item_id == item_id)
    deleted = delete(event_log).where(event_log.c.item == number.scalar_subquery())
    n_events = connection.execute(deleted).rowcount
    connection.execute(delete(event_items).where(event_items.c.item_id == item_id))
    return n_events


def revision(connection: Connection) -> int:
    """Sequence number of the newest event; it grows with every event that is appended."""
    return connection.scalar(_REVISION) or 0
