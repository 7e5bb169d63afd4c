"""The event log: append-only, durable when acknowledged, idempotent by event id.

The revision of the log is the sequence number of its newest event. Functions that take a
``until`` read the log as it was at that revision; by default they read all of it.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import Connection, func, select, true
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import IMPRESSION, RATING, Event
from tastegraph.store.schema import event_order, events

ROWS_PER_BATCH = 10_000
_FIELDS = tuple(column for column in events.c if column.name != "seq")


@dataclass(frozen=True, slots=True)
class AppendResult:
    """How many of the appended events were new, and how many were in the log already."""

    accepted: int
    duplicates: int


def append(connection: Connection, new: Iterable[Event]) -> AppendResult:
    """Append events; one whose id is in the log already changes nothing.

    Raises:
        RowError: an event is from the future; the caller must roll the transaction back.
    """
    statement = insert(events).on_conflict_do_nothing(index_elements=["event_id"])
    accepted = total = 0
    stream = _checked(new)
    while batch := [asdict(event) for event in islice(stream, ROWS_PER_BATCH)]:
        total += len(batch)
        accepted += connection.execute(statement, batch).rowcount
    return AppendResult(accepted, total - accepted)


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
    arrived = () if until is None else (events.c.seq <= until,)
    rows = connection.execute(
        select(*_FIELDS)
        .where(events.c.user_id == user_id, events.c.type != IMPRESSION, *arrived)
        .order_by(*(column.desc() for column in event_order))
        .limit(newest)
    )
    return [Event(*row) for row in rows][::-1]


def user_item_ids(
    connection: Connection, user_id: str, without: Collection[str], until: int | None = None
) -> set[str]:
    """Items on which one user has an event whose type is not in ``without``."""
    arrived = () if until is None else (events.c.seq <= until,)
    rows = connection.scalars(
        select(events.c.item_id)
        .where(events.c.user_id == user_id, events.c.type.not_in(without), *arrived)
        .distinct()
    )
    return set(rows)


def has_user(connection: Connection, user_id: str) -> bool:
    """Whether there is an event of a user, of whatever type."""
    events_of_user = select(true()).where(events.c.user_id == user_id).limit(1)
    return connection.scalar(events_of_user) is not None


def grouped_by_user(connection: Connection, until: int | None = None) -> Iterator[Event]:
    """Yield every event, grouped by user, each user's oldest event first."""
    arrived = () if until is None else (events.c.seq <= until,)
    rows = connection.execution_options(yield_per=ROWS_PER_BATCH).execute(
        select(*_FIELDS).where(*arrived).order_by(events.c.user_id, *event_order)
    )
    return (Event(*row) for row in rows)


def rating_values(connection: Connection, until: int | None = None) -> dict[float, int]:
    """Value of a rating → number of events of type ``rating`` that have it."""
    arrived = () if until is None else (events.c.seq <= until,)
    rows = connection.execute(
        select(events.c.value, func.count())
        .where(events.c.type == RATING, events.c.value.is_not(None), *arrived)
        .group_by(events.c.value)
    )
    return {float(value): int(number) for value, number in rows}


def type_counts(connection: Connection, until: int | None = None) -> dict[str, int]:
    """Event type → number of events."""
    arrived = () if until is None else (events.c.seq <= until,)
    rows = connection.execute(
        select(events.c.type, func.count()).where(*arrived).group_by(events.c.type)
    )
    return {kind: int(number) for kind, number in rows}


def user_count(connection: Connection) -> int:
    """Number of users with at least one event."""
    return connection.scalar(select(func.count(events.c.user_id.distinct()))) or 0


def count(connection: Connection) -> int:
    """Number of events in the log."""
    return connection.scalar(select(func.count()).select_from(events)) or 0


def item_ids(connection: Connection) -> list[str]:
    """Ids of the items that have at least one event."""
    return list(connection.scalars(select(events.c.item_id).distinct()))


def counts_by_item(connection: Connection) -> dict[str, int]:
    """Item id → number of events; items without events are left out."""
    rows = connection.execute(select(events.c.item_id, func.count()).group_by(events.c.item_id))
    return {item_id: int(number) for item_id, number in rows}


def revision(connection: Connection) -> int:
    """Sequence number of the newest event; it grows with every event that is appended."""
    return connection.scalar(select(func.max(events.c.seq))) or 0
