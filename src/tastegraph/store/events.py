"""The event log: append-only, durable when acknowledged, idempotent by event id."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.errors import RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import IMPRESSION, RATING, Event
from tastegraph.store.schema import events, in_time

BATCH = 10_000
_FIELDS = tuple(column for column in events.c if column.name != "seq")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the events that were handed in."""

    accepted: int
    duplicates: int


def append(connection: Connection, new: Iterable[Event]) -> Receipt:
    """Add events; one whose id is in the log already changes nothing.

    Raises:
        RowError: an event is to come; the transaction is to be given up.
    """
    statement = insert(events).on_conflict_do_nothing(index_elements=["event_id"])
    accepted = total = 0
    stream = _timely(new)
    while batch := [asdict(event) for event in islice(stream, BATCH)]:
        total += len(batch)
        accepted += connection.execute(statement, batch).rowcount
    return Receipt(accepted, total - accepted)


def _timely(new: Iterable[Event]) -> Iterator[Event]:
    now = time.time()
    for number, event in enumerate(new, start=1):
        if event.is_to_come(now):
            timely = Message("expected.timely")
            raise RowError("events", number, "timestamp", event.timestamp, timely)
        yield event


def of_user(
    connection: Connection, user_id: str, newest: int, known: int | None = None
) -> Sequence[Event]:
    """The ``newest`` events of one person, oldest first, but impressions: those are of a list.

    One that came late stands where its time puts it. With ``known``, those alone that the log held
    at that :func:`revision`.
    """
    arrived = () if known is None else (events.c.seq <= known,)
    rows = connection.execute(
        select(*_FIELDS)
        .where(events.c.user_id == user_id, events.c.type != IMPRESSION, *arrived)
        .order_by(*(column.desc() for column in in_time))
        .limit(newest)
    )
    return [Event(*row) for row in rows][::-1]


def item_ids_of_user(
    connection: Connection, user_id: str, without: Collection[str], known: int | None = None
) -> set[str]:
    """Every item that one person has an event on of another type than those of ``without``.

    With ``known``, on which they had one when the log was at that :func:`revision`.
    """
    arrived = () if known is None else (events.c.seq <= known,)
    rows = connection.scalars(
        select(events.c.item_id)
        .where(events.c.user_id == user_id, events.c.type.not_in(without), *arrived)
        .distinct()
    )
    return set(rows)


def grouped_by_user(connection: Connection, known: int | None = None) -> Iterator[Event]:
    """Every event, grouped by user, oldest first; up to the :func:`revision` ``known``."""
    arrived = () if known is None else (events.c.seq <= known,)
    rows = connection.execution_options(yield_per=BATCH).execute(
        select(*_FIELDS).where(*arrived).order_by(events.c.user_id, *in_time)
    )
    return (Event(*row) for row in rows)


def rating_values(connection: Connection, known: int | None = None) -> dict[float, int]:
    """How often each value of a rating occurs; up to the :func:`revision` ``known``."""
    arrived = () if known is None else (events.c.seq <= known,)
    rows = connection.execute(
        select(events.c.value, func.count())
        .where(events.c.type == RATING, events.c.value.is_not(None), *arrived)
        .group_by(events.c.value)
    )
    return {float(value): int(number) for value, number in rows}


def type_counts(connection: Connection, known: int | None = None) -> dict[str, int]:
    """How many events of each type there are; up to the :func:`revision` ``known``."""
    arrived = () if known is None else (events.c.seq <= known,)
    rows = connection.execute(
        select(events.c.type, func.count()).where(*arrived).group_by(events.c.type)
    )
    return {kind: int(number) for kind, number in rows}


def users(connection: Connection) -> int:
    """How many people have an event."""
    return connection.scalar(select(func.count(events.c.user_id.distinct()))) or 0


def count(connection: Connection) -> int:
    """How many events the log holds."""
    return connection.scalar(select(func.count()).select_from(events)) or 0


def item_ids(connection: Connection) -> list[str]:
    """Ids of the items that events are about."""
    return list(connection.scalars(select(events.c.item_id).distinct()))


def counts_by_item(connection: Connection) -> dict[str, int]:
    """How many events there are on each item that has any."""
    rows = connection.execute(select(events.c.item_id, func.count()).group_by(events.c.item_id))
    return {item_id: int(number) for item_id, number in rows}


def revision(connection: Connection) -> int:
    """Grows with every event."""
    return connection.scalar(select(func.max(events.c.seq))) or 0
