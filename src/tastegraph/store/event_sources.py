"""The files that events came from: which there are, and taking one back."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from tastegraph.core.errors import TastegraphError
from tastegraph.store import revision
from tastegraph.store.event_columns import delete_events
from tastegraph.store.schema import event_log
from tastegraph.store.schema import event_sources as table


class EventSource(NamedTuple):
    """One file of events.

    Attributes:
        name: of the file; empty for events that came one by one: they have no file, and nothing
            replaces them.
        events: number of events that it states.
        first, last: time of the oldest and the newest, in seconds since 1970-01-01 UTC; ``None``
            where no event has a time.
        imported: when it was imported last, in seconds since 1970-01-01 UTC.
    """

    name: str
    events: int
    first: float | None
    last: float | None
    imported: float | None


def event_sources(connection: Connection) -> list[EventSource]:
    """Every file of events by its name; first those events that came one by one, if any did."""
    time = event_log.c.timestamp
    counts = select(event_log.c.source, func.count(), func.min(time), func.max(time))
    counted = {
        number: (n_events, first, last)
        for number, n_events, first, last in connection.execute(counts.group_by(event_log.c.source))
    }
    sources = [EventSource("", *counted.pop(None), None)] if None in counted else []
    for number, name, imported in connection.execute(select(table).order_by(table.c.name)):
        sources.append(EventSource(name, *counted.get(number, (0, None, None)), imported))
    return sources


def forget_events(connection: Connection, name: str) -> int:
    """Delete the events of a file. Returns how many there were.

    The next list does not know them; the next model is fitted as if they had never been.

    Raises:
        TastegraphError: no file of this name was imported.
    """
    numbers = {source: number for number, source, _ in connection.execute(select(table))}
    if name not in numbers:
        names = ", ".join(sorted(numbers)) or "none"
        raise TastegraphError(f"there is no source of events {name!r}; there are {names}")
    of_source = select(event_log.c.seq).where(event_log.c.source == numbers[name])
    n_events = delete_events(connection, list(connection.scalars(of_source)))
    connection.execute(delete(table).where(table.c.source == numbers[name]))
    revision.record_forgotten_source(connection)
    return n_events
