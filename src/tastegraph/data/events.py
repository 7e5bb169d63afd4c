"""Events of tables, as columns or one by one, with ids that stay the same when imported again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import cast, get_args

from tastegraph.core.messages import Message
from tastegraph.core.records import ENTITY, EVENT_TYPES, RATING, SESSION, Event, Split
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH, MAX_ID_LENGTH, TypedRow
from tastegraph.data.rejected_rows import RejectedRows

EVENT_ALIASES: Mapping[str, str] = {
    "userId": "user_id", "user": "user_id", "uid": "user_id",
    "itemId": "item_id", "item": "item_id", "iid": "item_id", "movieId": "item_id",
    "entity_id": "entity",
    "type": "event_type", "rating": "value", "weight": "value",
    "datetime": "timestamp", "time": "timestamp",
}  # fmt: skip
"""Column names of other tools → those of a frame; a column that has its name there goes first."""
_SPLITS = get_args(Split)


def read_events(
    path: Path,
    rejects: RejectedRows,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
) -> Iterator[Event]:
    """Yield the events of a table, one by one.

    See :func:`~tastegraph.data.event_tables.event_table`, which reads them as columns.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    from tastegraph.data.event_tables import event_table, events_of

    yield from events_of(event_table(path, rejects, types=types, split=split))


def event_from(
    values: Mapping[str, object],
    file: str,
    line: int,
    split: Split | None = None,
    types: Collection[str] = EVENT_TYPES,
    now: float | None = None,
) -> Event:
    """Check one row, from a file or the body of a request, and return its event.

    An event without an ``event_id`` gets a hash of the row's content.

    Args:
        values: the row, by column.
        file, line: where it stands.
        split: the split of a row that names none.
        types: the event types that are allowed.
        now: the current time, in seconds since 1970-01-01 UTC; by default the clock's.

    Raises:
        RowError: a value is missing or cannot be accepted, or the event is in the future.
    """
    row = TypedRow(values, file, line)
    user_id, item_id = user_of(row), row.optional_id("item_id")
    entity_id = row.optional_id("entity", MAX_ENTITY_LENGTH)
    if item_id is None and entity_id is None:
        raise row.error("item_id", Message("expected.id_present"))
    if item_id is not None and entity_id is not None:
        raise row.error("entity", Message("expected.item_or_entity"))
    value = row.number("value")
    if value is None:
        value = row.number("rating")
    kind = row.choice("type", tuple(types)) or ("click" if value is None else RATING)
    timestamp = row.timestamp("timestamp")
    event_split = cast("Split | None", row.choice("split", _SPLITS)) or split
    event_id = row.optional_id("event_id")
    if event_id is None:
        # As of tables, where the how manieth identical row it is stands last. No id contains \x1f.
        object_id = item_id or f"{ENTITY}{entity_id}"
        content = (user_id, object_id, kind, value, timestamp, event_split, 1)
        event_id = hashlib.sha256("\x1f".join(map(str, content)).encode()).hexdigest()[:32]
    event = Event(
        event_id=event_id,
        user_id=user_id,
        item_id=item_id or "",
        type=kind,
        value=value,
        timestamp=timestamp,
        split=event_split,
        recommendation_id=row.optional_id("recommendation_id"),
        position=row.whole("position"),
        entity_id=entity_id or "",
    )
    if event.is_in_future(time.time() if now is None else now):
        raise row.error("timestamp", Message("expected.timely"))
    return event


def user_of(row: TypedRow) -> str:
    """The id of the user whose event a row is; without one, that of its session: ``session:ID``.

    Raises:
        RowError: there is neither, or one cannot be accepted.
    """
    if row.value("user_id") is None:
        session_id = row.optional_id("session_id", MAX_ID_LENGTH - len(SESSION))
        if session_id is not None:
            return SESSION + session_id
    return row.id("user_id")
